//===- ShadowMemory.h - who has written and read the bytes of a memory ------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Neighbouring bytes of one history are one stretch, so that a tile costs about as much as it has
// rows, and neighbours that become equal are joined. For CheckOrder.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_SHADOWMEMORY_H
#define RUNTIME_EXEC_SHADOWMEMORY_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace slp::exec {

/// The last write of some bytes, and the reads since then. What the numbers mean is the user's.
struct History {
  uint32_t writer = 0, readers = 0;
  friend bool operator==(const History &a, const History &b) {
    return a.writer == b.writer && a.readers == b.readers;
  }
};

class ShadowMemory {
public:
  explicit ShadowMemory(uint64_t bytes) : pages((bytes + pageBytes - 1) / pageBytes) {}

  /// Calls f(begin, end, history) for each stretch of [begin, end), in order, while it returns
  /// true; f may change the history. False if a call of f was.
  template <typename F> bool forStretches(uint64_t begin, uint64_t end, F f) {
    while (begin < end) {
      uint64_t first = begin / pageBytes * pageBytes;
      uint64_t last = std::min(end, first + pageBytes);
      if (!ofPage(first, uint32_t(begin - first), uint32_t(last - first), f))
        return false;
      begin = last;
    }
    return true;
  }

  /// Calls f(history) for all that is not as it was in the beginning.
  template <typename F> void forAll(F f) {
    for (Page &page : pages)
      for (Stretch &stretch : page)
        f(stretch.history);
  }

private:
  static constexpr uint64_t pageBytes = 1024;
  /// Up to byte `end` of the page, from where the stretch before it ends.
  struct Stretch {
    uint32_t end;
    History history;
  };
  using Page = std::vector<Stretch>; // empty: nobody has been there

  template <typename F> bool ofPage(uint64_t first, uint32_t begin, uint32_t end, F f) {
    Page &page = pages[first / pageBytes];
    if (page.empty())
      page.push_back({uint32_t(pageBytes), {}});
    auto at = std::upper_bound(page.begin(), page.end(), begin,
                               [](uint32_t byte, const Stretch &s) { return byte < s.end; });
    if (at->end >= end)
      return ofStretch(page, size_t(at - page.begin()), first, begin, end, f);
    // What becomes of the stretches [from, at): the first and the last of them may be cut.
    size_t from = size_t(at - page.begin());
    uint32_t before = from ? page[from - 1].end : 0;
    changed.clear();
    if (before < begin)
      changed.push_back({begin, at->history});
    bool isGood = true;
    uint32_t cut = begin;
    for (; cut < end; ++at) {
      uint32_t to = std::min(at->end, end);
      History history = at->history;
      isGood = isGood && f(first + cut, first + to, history);
      append({to, history});
      if (at->end > end)
        append({at->end, at->history});
      cut = to;
    }
    size_t to = size_t(at - page.begin());
    replace(page, from, to);
    return isGood;
  }

  /// Most accesses lie in one stretch, or are one.
  template <typename F>
  bool ofStretch(Page &page, size_t at, uint64_t first, uint32_t begin, uint32_t end, F f) {
    History history = page[at].history;
    bool isGood = f(first + begin, first + end, history);
    if (history == page[at].history)
      return isGood;
    uint32_t before = at ? page[at - 1].end : 0;
    bool isWhole = before == begin && page[at].end == end;
    bool joins = (at && page[at - 1].history == history) ||
                 (at + 1 < page.size() && page[at + 1].history == history);
    if (isWhole && !joins) {
      page[at].history = history;
      return isGood;
    }
    changed.clear();
    if (before < begin)
      changed.push_back({begin, page[at].history});
    append({end, history});
    if (end < page[at].end)
      append({page[at].end, page[at].history});
    replace(page, at, at + 1);
    return isGood;
  }

  void append(const Stretch &stretch) {
    if (!changed.empty() && changed.back().history == stretch.history)
      changed.back().end = stretch.end;
    else
      changed.push_back(stretch);
  }

  /// Puts `changed` in the place of the stretches [from, to), joined with its neighbours.
  void replace(Page &page, size_t from, size_t to) {
    if (to < page.size() && page[to].history == changed.back().history)
      changed.back().end = page[to++].end;
    if (from && page[from - 1].history == changed.front().history)
      --from;
    size_t kept = std::min(changed.size(), to - from);
    std::copy_n(changed.begin(), kept, page.begin() + std::ptrdiff_t(from));
    if (kept < changed.size())
      page.insert(page.begin() + std::ptrdiff_t(from + kept),
                  changed.begin() + std::ptrdiff_t(kept), changed.end());
    else
      page.erase(page.begin() + std::ptrdiff_t(from + kept), page.begin() + std::ptrdiff_t(to));
  }

  std::vector<Page> pages;
  Page changed; // scratch
};

} // namespace slp::exec

#endif // RUNTIME_EXEC_SHADOWMEMORY_H
