//===- Lines.h - the lines of PEs of a core ---------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// How the items of a MAC instruction are spread over the lines of PEs (docs/timing.md, T7). A line
// takes one item at a time.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_TIMING_LINES_H
#define RUNTIME_TIMING_LINES_H

#include <algorithm>
#include <cstdint>
#include <vector>

namespace slp::timing {

/// Items that follow each other and take equally long.
struct LineItems {
  uint64_t count = 0;
  int64_t cycles = 0; // of one
};

/// Cycles of `lines` lines for the items in order: a line that becomes free takes the longest of
/// the next `window` items that nobody has taken, of equal ones the first. At most `most`.
int64_t cyclesByGreed(const std::vector<LineItems> &items, int lines, int window, int64_t most);

/// Cycles of `lines` lines for the items in order, `repeats` times over: as many items as there are
/// lines start together, and the next ones when all of them are done. At most `most`.
int64_t cyclesOfLines(const std::vector<LineItems> &items, uint64_t repeats, int lines,
                      int64_t most);

} // namespace slp::timing

#endif // RUNTIME_TIMING_LINES_H
