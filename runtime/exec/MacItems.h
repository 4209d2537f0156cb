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
};

/// The items of one core, in the order in which they start.
struct MacItems {
  std::vector<MacItemRun> runs;
  uint64_t repeats = 1;    // the runs stand for this many copies of them, one after the other
  bool isSkipping = false; // zeros are looked for, whether or not there are any

  /// Appends `count` items, to the last run if that has equal ones. Items without work are none.
  void add(uint64_t count, uint64_t elements, uint64_t groups, uint64_t skipped = 0) {
    if (count == 0 || elements == 0)
      return;
    if (!runs.empty() && runs.back().elements == elements && runs.back().groups == groups &&
        runs.back().skipped == skipped)
      runs.back().count += count;
    else
      runs.push_back({count, elements, groups, skipped});
  }
};

} // namespace slp::exec

#endif // RUNTIME_EXEC_MACITEMS_H
