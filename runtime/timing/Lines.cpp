//===- Lines.cpp - the lines of PEs of a core -------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/timing/Lines.h"

#include <functional>
#include <queue>

namespace slp::timing {
namespace {

/// Rounds of items that start together.
class Rounds {
public:
  Rounds(uint64_t lines, int64_t most) : lines(lines), most(most) {}

  void add(uint64_t count, int64_t cycles) {
    uint64_t begun = std::min(count, (lines - started) % lines); // go with those before them
    if (begun) {
      started = (started + begun) % lines;
      longest = std::max(longest, cycles);
      if (started == 0)
        finish(1, longest);
    }
    count -= begun;
    finish(count / lines, cycles);
    if (count % lines) {
      started = count % lines;
      longest = cycles;
    }
  }
  int64_t total() {
    if (started)
      finish(1, longest);
    started = 0;
    return static_cast<int64_t>(sum);
  }

private:
  void finish(uint64_t rounds, int64_t cycles) {
    unsigned __int128 more = static_cast<unsigned __int128>(rounds) * static_cast<uint64_t>(cycles);
    auto left = static_cast<uint64_t>(most) - sum;
    sum += more > left ? left : static_cast<uint64_t>(more);
  }

  uint64_t lines;
  int64_t most;
  uint64_t sum = 0;
  uint64_t started = 0; // items of the open round
  int64_t longest = 0;  // of them
};

} // namespace

int64_t cyclesByGreed(const std::vector<LineItems> &items, int lines, int window, int64_t most) {
  // When each line becomes free, the earliest first; and the window, in the order of the items.
  std::priority_queue<int64_t, std::vector<int64_t>, std::greater<>> free;
  for (int i = 0; i < lines; ++i)
    free.push(0);
  std::vector<int64_t> next;
  size_t run = 0;
  uint64_t taken = 0; // of the run
  int64_t last = 0;
  auto refill = [&] {
    while (next.size() < size_t(window) && run < items.size()) {
      if (taken == items[run].count) {
        ++run;
        taken = 0;
        continue;
      }
      next.push_back(items[run].cycles);
      ++taken;
    }
    return !next.empty();
  };
  while (refill()) {
    auto longest = std::max_element(next.begin(), next.end());
    int64_t start = free.top();
    int64_t end = *longest > most - start ? most : start + *longest;
    next.erase(longest);
    free.pop();
    free.push(end);
    last = std::max(last, end);
  }
  return last;
}

int64_t cyclesOfLines(const std::vector<LineItems> &items, uint64_t repeats, int lines,
                      int64_t most) {
  Rounds rounds(static_cast<uint64_t>(lines), most);
  if (items.size() == 1) {
    unsigned __int128 count = static_cast<unsigned __int128>(items[0].count) * repeats;
    rounds.add(count > UINT64_MAX ? UINT64_MAX : static_cast<uint64_t>(count), items[0].cycles);
    return rounds.total();
  }
  for (uint64_t i = 0; i < repeats && !items.empty(); ++i)
    for (const LineItems &item : items)
      rounds.add(item.count, item.cycles);
  return rounds.total();
}

} // namespace slp::timing
