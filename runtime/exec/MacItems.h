//===- MacItems.h - work items of a MAC instruction ------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A line of PEs takes one item at a time: the terms of as many neighbouring outputs as it has PEs,
// streamed to all of them (docs/timing.md, T7). MAC instructions describe their items here;
// runtime/timing makes cycles of them.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_MACITEMS_H
#define RUNTIME_EXEC_MACITEMS_H

#include <cstdint>
#include <vector>

namespace slp::exec {

/// Equal items that follow each other.
struct MacItemRun {
  uint64_t count = 0;
  uint64_t elements = 0; // of one item: terms of one of its outputs, padding excluded
  uint64_t groups = 0;   // of one item: dot groups that have such a term
  uint64_t skipped = 0;  // of `elements`: those that are zero and take no time
  // Dot groups all of whose terms are closed for all outputs of an item, and their elements: they
  // take no time.
  uint64_t closed = 0, closedGroups = 0;
  bool operator==(const MacItemRun &other) const { return count == other.count && isLike(other); }
  /// Whether their items are equal.
  bool isLike(const MacItemRun &other) const {
    return elements == other.elements && groups == other.groups && skipped == other.skipped &&
           closed == other.closed && closedGroups == other.closedGroups;
  }
};

/// The items of one core, in the order in which they start.
struct MacItems {
  std::vector<MacItemRun> runs;
  uint64_t repeats = 1;    // the runs stand for this many copies of them, one after the other
  bool isSkipping = false; // zeros are looked for, whether or not there are any

  /// Appends `count` items, to the last run if that has equal ones. Items without work are none.
  void add(uint64_t count, uint64_t elements, uint64_t groups, uint64_t skipped = 0) {
    add({count, elements, groups, skipped, 0, 0});
  }
  void add(const MacItemRun &run) {
    if (run.count == 0 || run.elements == 0)
      return;
    if (!runs.empty() && runs.back().isLike(run))
      runs.back().count += run.count;
    else
      runs.push_back(run);
  }
};

} // namespace slp::exec

#endif // RUNTIME_EXEC_MACITEMS_H
