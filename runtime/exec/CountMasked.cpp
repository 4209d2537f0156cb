//===- CountMasked.cpp - what masks leave out -------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Every dot group of every item is looked at, one element of the masks for up to 64 terms of 8
// outputs. A term is closed for an item if it is for each of its outputs.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/CountMasked.h"

#include "runtime/exec/CountItems.h"

#include <map>

namespace slp::exec {
namespace {

/// Adds dot groups to an item. Places come in ascending order.
class GroupTally {
public:
  GroupTally(int64_t dot, MacItemRun &item) : dot(dot), item(item) {}
  /// Terms at places [place, place + n), all open or all closed.
  void add(int64_t place, int64_t n, bool isOpen) {
    while (n > 0) {
      if (place / dot != group)
        finish();
      group = place / dot;
      int64_t here = std::min(n, (group + 1) * dot - place);
      terms += uint64_t(here);
      someOpen |= isOpen;
      place += here;
      n -= here;
    }
  }
  /// Ends the group: behind it places begin anew.
  void finish() {
    item.elements += terms;
    item.groups += terms != 0;
    if (!someOpen) {
      item.closed += terms;
      item.closedGroups += terms != 0;
    }
    terms = 0;
    someOpen = false;
  }

private:
  int64_t dot, group = -1;
  MacItemRun &item;
  uint64_t terms = 0;
  bool someOpen = false;
};

bool isInside(const WindowAxis &axis, int64_t output, int64_t tap, int64_t &source) {
  return axis.sourceOf(output, tap, source) && source >= 0 && source < axis.extent;
}

int64_t blocksOf(Channels c) { return ceilDiv(c.lo + c.size, maskChannels) - c.lo / maskChannels; }

/// Whether some block of channels satisfies `f`.
template <typename F> bool anyBlock(Channels channels, F f) {
  for (int64_t b = channels.lo / maskChannels; b * maskChannels < channels.lo + channels.size; ++b)
    if (f(b))
      return true;
  return false;
}

/// The channels of item number i.
Channels itemOf(Channels all, int64_t pes, int64_t i) {
  return {all.lo + i * pes, std::min(pes, all.size - i * pes)};
}

void add(MacItemRun &to, const MacItemRun &from) {
  to.elements += from.elements;
  to.groups += from.groups;
  to.closed += from.closed;
  to.closedGroups += from.closedGroups;
}

void addItem(const MacItemRun &item, int64_t outputs, CoreWork &work) {
  work.items.add(item);
  work.macSlots += (item.groups - item.closedGroups) * uint64_t(outputs);
  work.skippedMacs += item.closed * uint64_t(outputs);
}

} // namespace

void MaskedConv::countTerms(const Hits &hits, Channels tapRows, Channels tapColumns,
                            CoreWork &work) const {
  size_t taps = hits.all.size();
  forBlocks(outputs.lo, outputs.size, [&](int64_t cob, int64_t, int64_t co) {
    const uint64_t *open = hits.open.data() + size_t(cob - outputs.lo / maskChannels) * taps;
    for (size_t tap = 0; tap < taps; ++tap) {
      work.gatedMacs += (hits.all[tap] - open[tap]) * uint64_t(co * inputs.size);
      int64_t kh = tapRows.lo + int64_t(tap) / tapColumns.size,
              kw = tapColumns.lo + int64_t(tap) % tapColumns.size;
      forBlocks(inputs.lo, inputs.size, [&](int64_t cib, int64_t, int64_t ci) {
        if (!group.isOpen(0, cob, cib, kh, kw))
          work.groupedMacs += open[tap] * uint64_t(co * ci);
      });
    }
  });
}

void MaskedConv::countConv(const WindowAxis &rows, const WindowAxis &columns, bool isPacked,
                           CoreWork &work) const {
  bool isBackward = rows.backward;
  Channels lanes = isBackward ? inputs : outputs, terms = isBackward ? outputs : inputs;
  size_t taps = size_t(rows.kernel * columns.kernel);
  Hits hits{std::vector<uint64_t>(size_t(blocksOf(outputs)) * taps), std::vector<uint64_t>(taps)};
  /// Calls f(kh, kw, sy, sx) for the taps that meet a source of output (y, x).
  auto forTaps = [&](int64_t y, int64_t x, auto f) {
    for (int64_t kh = 0, sy; kh < rows.kernel; ++kh)
      if (isInside(rows, y, kh, sy))
        for (int64_t kw = 0, sx; kw < columns.kernel; ++kw)
          if (isInside(columns, x, kw, sx))
            f(kh, kw, sy, sx);
  };
  auto countHits = [&](int64_t n, int64_t y, int64_t x) {
    forTaps(y, x, [&](int64_t kh, int64_t kw, int64_t sy, int64_t sx) {
      size_t tap = size_t(kh * columns.kernel + kw);
      ++hits.all[tap];
      int64_t first = outputs.lo / maskChannels;
      for (int64_t b = 0; b < blocksOf(outputs); ++b)
        hits.open[size_t(b) * taps + tap] +=
            gate.isOpen(n, 0, first + b, isBackward ? sy : y, isBackward ? sx : x);
    });
  };
  auto addOutput = [&](MacItemRun &run, Channels item, int64_t n, int64_t y, int64_t x) {
    GroupTally tally(dot, run);
    forTaps(y, x, [&](int64_t kh, int64_t kw, int64_t sy, int64_t sx) {
      auto isOpen = [&](int64_t ofTerms) {
        if (isBackward && !gate.isOpen(n, 0, ofTerms, sy, sx))
          return false;
        return anyBlock(item, [&](int64_t b) {
          return isBackward ? group.isOpen(0, ofTerms, b, kh, kw)
                            : gate.isOpen(n, 0, b, y, x) && group.isOpen(0, b, ofTerms, kh, kw);
        });
      };
      // Packed, taps follow each other in dot groups. Otherwise a tap has groups of its own.
      int64_t place = isPacked ? (kh * columns.kernel + kw) * terms.size : 0;
      forBlocks(terms.lo, terms.size, [&](int64_t block, int64_t first, int64_t size) {
        tally.add(place + first, size, isOpen(block));
      });
      if (!isPacked)
        tally.finish();
    });
    tally.finish();
  };
  // Where no dot group has terms of two blocks or taps, a tap of an item is the same for all
  // outputs whose gate is open, or, backward, a block of it for all errors.
  auto ofBlock = [&](int64_t size, bool isOpen) {
    auto elements = uint64_t(size), groups = uint64_t(ceilDiv(size, dot));
    return MacItemRun{0, elements, groups, 0, isOpen ? 0 : elements, isOpen ? 0 : groups};
  };
  auto isGroupOpen = [&](Channels item, int64_t block, int64_t kh, int64_t kw) {
    return anyBlock(item, [&](int64_t b) {
      return isBackward ? group.isOpen(0, block, b, kh, kw) : group.isOpen(0, b, block, kh, kw);
    });
  };
  auto tapsOf = [&](Channels item) {
    std::vector<MacItemRun> result(taps);
    for (size_t tap = 0; tap < taps; ++tap)
      forBlocks(terms.lo, terms.size, [&](int64_t block, int64_t, int64_t size) {
        add(result[tap], ofBlock(size, isGroupOpen(item, block, int64_t(tap) / columns.kernel,
                                                   int64_t(tap) % columns.kernel)));
      });
    return result;
  };
  auto addSimple = [&](MacItemRun &run, Channels item, const std::vector<MacItemRun> &ofTaps,
                       int64_t n, int64_t y, int64_t x) {
    bool isOpen = isBackward || gate.isOpen(n, 0, item.lo / maskChannels, y, x);
    forTaps(y, x, [&](int64_t kh, int64_t kw, int64_t sy, int64_t sx) {
      MacItemRun ofTap = ofTaps[size_t(kh * columns.kernel + kw)];
      if (!isOpen) {
        ofTap.closed = ofTap.elements;
        ofTap.closedGroups = ofTap.groups;
      }
      add(run, ofTap);
      if (!isBackward || !gate.mayClose())
        return;
      forBlocks(terms.lo, terms.size, [&](int64_t block, int64_t, int64_t size) {
        if (gate.isOpen(n, 0, block, sy, sx) || !isGroupOpen(item, block, kh, kw))
          return;
        MacItemRun closed = ofBlock(size, false);
        run.closed += closed.closed;
        run.closedGroups += closed.closedGroups;
      });
    });
  };
  std::vector<std::vector<int64_t>> strips = stripsOf(columns);
  int64_t items = ceilDiv(lanes.size, pes);
  std::vector<std::vector<MacItemRun>> ofTaps;
  for (int64_t i = 0; i < items; ++i)
    ofTaps.push_back(tapsOf(itemOf(lanes, pes, i)));
  bool areAlike = isBackward && !group.mayClose(); // the items of a strip
  for (int64_t n = images.lo; n < images.lo + images.size; ++n)
    for (int64_t y = rows.lo; y < rows.lo + rows.size; ++y) {
      for (int64_t x = columns.lo; x < columns.lo + columns.size; ++x)
        countHits(n, y, x);
      for (const std::vector<int64_t> &strip : strips) {
        MacItemRun run;
        for (int64_t i = 0; i < items; ++i) {
          Channels item = itemOf(lanes, pes, i);
          if (i == 0 || !areAlike) {
            run = {1, 0, 0, 0, 0, 0};
            bool isSimple = !isPacked && dot <= maskChannels && (isBackward || blocksOf(item) == 1);
            for (int64_t x : strip)
              isSimple ? addSimple(run, item, ofTaps[size_t(i)], n, y, columns.lo + x)
                       : addOutput(run, item, n, y, columns.lo + x);
          }
          addItem(run, item.size, work);
        }
      }
    }
  countTerms(hits, {0, rows.kernel}, {0, columns.kernel}, work);
}

void MaskedConv::countWeightGrad(const WindowAxis &rows, const WindowAxis &columns,
                                 Channels tapRows, Channels tapColumns, CoreWork &work) const {
  size_t taps = size_t(tapRows.size * tapColumns.size);
  Hits hits{std::vector<uint64_t>(size_t(blocksOf(outputs)) * taps), std::vector<uint64_t>(taps)};
  /// Calls f(row, column) for the pixels that meet an input at a tap.
  auto forPixels = [&](int64_t kh, int64_t kw, auto f) {
    for (int64_t y = rows.lo, s; y < rows.lo + rows.size; ++y)
      if (isInside(rows, y, kh, s))
        for (int64_t x = columns.lo; x < columns.lo + columns.size; ++x)
          if (isInside(columns, x, kw, s))
            f(y, x);
  };
  /// The item of a tap with these blocks of output channels.
  auto itemAt = [&](int64_t kh, int64_t kw, const std::vector<int64_t> &blocks) {
    MacItemRun run{1, 0, 0, 0, 0, 0};
    for (int64_t n = images.lo; n < images.lo + images.size; ++n) {
      GroupTally tally(dot, run);
      forPixels(kh, kw, [&](int64_t y, int64_t x) {
        bool isOpen = std::any_of(blocks.begin(), blocks.end(),
                                  [&](int64_t b) { return gate.isOpen(n, 0, b, y, x); });
        tally.add(y * columns.size + x - columns.lo, 1, isOpen);
      });
      tally.finish();
    }
    return run;
  };
  int64_t items = ceilDiv(outputs.size, pes), firstBlock = inputs.lo / maskChannels;
  // By block of input channels, tap and item.
  std::vector<MacItemRun> runs;
  std::map<std::pair<size_t, std::vector<int64_t>>, MacItemRun> known;
  for (int64_t cib = 0; cib < blocksOf(inputs); ++cib)
    for (size_t tap = 0; tap < taps; ++tap)
      for (int64_t i = 0; i < items; ++i) {
        int64_t kh = tapRows.lo + int64_t(tap) / tapColumns.size,
                kw = tapColumns.lo + int64_t(tap) % tapColumns.size;
        std::vector<int64_t> open;
        anyBlock(itemOf(outputs, pes, i), [&](int64_t b) {
          if (group.isOpen(0, b, firstBlock + cib, kh, kw))
            open.push_back(b);
          return false;
        });
        auto [it, isNew] = known.try_emplace({tap, open});
        if (isNew)
          it->second = itemAt(kh, kw, open);
        runs.push_back(it->second);
      }
  for (int64_t ci = inputs.lo; ci < inputs.lo + inputs.size; ++ci) {
    const MacItemRun *run =
        runs.data() + size_t(ci / maskChannels - firstBlock) * taps * size_t(items);
    for (size_t tap = 0; tap < taps; ++tap)
      for (int64_t i = 0; i < items; ++i)
        addItem(*run++, itemOf(outputs, pes, i).size, work);
  }
  for (size_t tap = 0; tap < taps; ++tap)
    forPixels(tapRows.lo + int64_t(tap) / tapColumns.size,
              tapColumns.lo + int64_t(tap) % tapColumns.size, [&](int64_t y, int64_t x) {
                hits.all[tap] += uint64_t(images.size);
                for (int64_t n = images.lo; n < images.lo + images.size; ++n)
                  for (int64_t b = 0; b < blocksOf(outputs); ++b)
                    hits.open[size_t(b) * taps + tap] +=
                        gate.isOpen(n, 0, outputs.lo / maskChannels + b, y, x);
              });
  countTerms(hits, tapRows, tapColumns, work);
}

uint64_t MaskedConv::closedWeights(int64_t kh, int64_t kw) const {
  uint64_t count = 0;
  forBlocks(outputs.lo, outputs.size, [&](int64_t cob, int64_t, int64_t co) {
    forBlocks(inputs.lo, inputs.size, [&](int64_t cib, int64_t, int64_t ci) {
      for (int64_t y = 0; y < kh; ++y)
        for (int64_t x = 0; x < kw; ++x)
          count += group.isOpen(0, cob, cib, y, x) ? 0 : uint64_t(co * ci);
    });
  });
  return count;
}

uint64_t MaskedConv::closedErrors(const Box &errors) const {
  uint64_t count = 0;
  forBlocks(outputs.lo, outputs.size, [&](int64_t cob, int64_t, int64_t co) {
    for (int64_t n = errors.lo[0]; n < errors.lo[0] + errors.size[0]; ++n)
      for (int64_t y = errors.lo[3]; y < errors.lo[3] + errors.size[3]; ++y)
        for (int64_t x = errors.lo[4]; x < errors.lo[4] + errors.size[4]; ++x)
          count += gate.isOpen(n, 0, cob, y, x) ? 0 : uint64_t(co);
  });
  return count;
}

} // namespace slp::exec
