//===- CountItems.cpp - work items of convolutions --------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The present taps of an output are those of its row
// times those of its column, and few rows and columns differ in theirs.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/CountItems.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace slp::exec {
namespace {

/// Neighbouring columns of one item.
constexpr int64_t stripColumns = 8;

/// Outputs of an axis by the taps that read inside the extents.
struct AxisTaps {
  std::vector<std::vector<int64_t>> kinds; // ascending taps
  std::vector<size_t> kindOf;              // by output of the tile

  explicit AxisTaps(const WindowAxis &axis) {
    std::map<std::vector<int64_t>, size_t> known;
    for (int64_t o = axis.lo; o < axis.lo + axis.size; ++o) {
      std::vector<int64_t> taps;
      for (int64_t k = 0, s; k < axis.kernel; ++k)
        if (axis.sourceOf(o, k, s) && s >= 0 && s < axis.extent)
          taps.push_back(k);
      auto [it, isNew] = known.emplace(taps, kinds.size());
      if (isNew)
        kinds.push_back(std::move(taps));
      kindOf.push_back(it->second);
    }
  }
};

/// Counts the pieces of `size` places that something lies in. Places come in ascending order.
class PieceCounter {
public:
  explicit PieceCounter(int64_t size) : size(size) {}
  /// Places [first, first + n).
  void add(int64_t first, int64_t n) {
    if (n == 0)
      return;
    int64_t begin = std::max(first / size, next), end = (first + n - 1) / size + 1;
    count += uint64_t(std::max<int64_t>(end - begin, 0));
    next = std::max(next, end);
  }
  uint64_t count = 0;

private:
  int64_t size, next = 0; // the first piece not counted yet
};

} // namespace

std::vector<std::vector<int64_t>> stripsOf(const WindowAxis &columns) {
  std::vector<std::vector<int64_t>> strips;
  for (int64_t phase = 0; phase < columns.phases(); ++phase) {
    size_t first = strips.size();
    for (int64_t x = 0; x < columns.size; ++x) {
      if (columns.phaseOf(columns.lo + x) != phase)
        continue;
      if (strips.size() == first || int64_t(strips.back().size()) == stripColumns)
        strips.emplace_back();
      strips.back().push_back(x);
    }
  }
  return strips;
}

MacItems countConvItems(const WindowAxis &rows, const WindowAxis &columns, int64_t terms,
                        bool isPacked, int dot, int64_t outputGroups,
                        const std::vector<uint32_t> &nonZero) {
  AxisTaps ofRows(rows), ofColumns(columns);
  /// Dot groups of an output with these taps.
  auto groupsOf = [&](const std::vector<int64_t> &inColumn, const std::vector<int64_t> &inRow) {
    if (!isPacked)
      return uint64_t(inColumn.size() * inRow.size()) * uint64_t((terms + dot - 1) / dot);
    PieceCounter counter(dot);
    for (int64_t kh : inColumn)
      for (int64_t kw : inRow)
        counter.add((kh * columns.kernel + kw) * terms, terms);
    return counter.count;
  };
  std::vector<std::vector<int64_t>> strips = stripsOf(columns);
  std::vector<std::vector<ItemSize>> sizes; // of the strips of a row, by the kind of the row
  for (const std::vector<int64_t> &inColumn : ofRows.kinds) {
    std::vector<uint64_t> groups; // by the kind of the column
    groups.reserve(ofColumns.kinds.size());
    for (const std::vector<int64_t> &inRow : ofColumns.kinds)
      groups.push_back(groupsOf(inColumn, inRow));
    std::vector<ItemSize> &ofRow = sizes.emplace_back();
    for (const std::vector<int64_t> &strip : strips) {
      ItemSize &size = ofRow.emplace_back();
      for (int64_t x : strip) {
        size_t kind = ofColumns.kindOf[size_t(x)];
        size.elements += uint64_t(inColumn.size() * ofColumns.kinds[kind].size()) * uint64_t(terms);
        size.groups += groups[kind];
      }
    }
  }
  MacItems items;
  auto addRow = [&](size_t kind, const uint32_t *nonZeroOfRow) {
    for (size_t s = 0; s < strips.size(); ++s) {
      uint64_t kept = nonZeroOfRow ? 0 : sizes[kind][s].elements;
      for (size_t i = 0; nonZeroOfRow && i < strips[s].size(); ++i)
        kept += nonZeroOfRow[strips[s][i]];
      items.add(uint64_t(outputGroups), sizes[kind][s].elements, sizes[kind][s].groups,
                sizes[kind][s].elements - kept);
    }
  };
  size_t copies = nonZero.empty() ? 1 : nonZero.size() / size_t(rows.size * columns.size);
  for (size_t copy = 0; copy < copies; ++copy)
    for (size_t row = 0; row < ofRows.kindOf.size(); ++row)
      addRow(ofRows.kindOf[row],
             nonZero.empty()
                 ? nullptr
                 : nonZero.data() + (copy * size_t(rows.size) + row) * size_t(columns.size));
  return items;
}

std::vector<ItemSize> sizesOfTaps(const WindowAxis &rows, const WindowAxis &columns,
                                  int64_t firstTapRow, int64_t tapRows, int64_t firstTapColumn,
                                  int64_t tapColumns, int dot) {
  /// Outputs [first, second) that read inside the extents at a tap: with a stride of at least 1
  /// they are neighbours.
  auto presentOf = [](const WindowAxis &axis, int64_t tap) {
    std::pair<int64_t, int64_t> range{0, 0};
    for (int64_t o = axis.lo, s; o < axis.lo + axis.size; ++o)
      if (axis.sourceOf(o, tap, s) && s >= 0 && s < axis.extent) {
        if (range.second == 0)
          range.first = o;
        range.second = o + 1;
      }
    return range;
  };
  std::vector<ItemSize> sizes;
  for (int64_t kh = firstTapRow; kh < firstTapRow + tapRows; ++kh) {
    auto [firstRow, endRow] = presentOf(rows, kh);
    for (int64_t kw = firstTapColumn; kw < firstTapColumn + tapColumns; ++kw) {
      auto [firstColumn, endColumn] = presentOf(columns, kw);
      PieceCounter counter(dot);
      for (int64_t row = firstRow; row < endRow; ++row)
        counter.add(row * columns.size + firstColumn, endColumn - firstColumn);
      sizes.push_back({uint64_t((endRow - firstRow) * (endColumn - firstColumn)), counter.count});
    }
  }
  return sizes;
}

MacItems countWeightItems(const std::vector<ItemSize> &taps, uint64_t inputs,
                          uint64_t outputGroups) {
  MacItems items;
  for (const ItemSize &tap : taps)
    items.add(outputGroups, tap.elements, tap.groups);
  items.repeats = inputs;
  return items;
}

MacItems countProductItems(uint64_t batches, uint64_t rows, uint64_t columnGroups, uint64_t terms,
                           int dot) {
  MacItems items;
  items.add(rows * columnGroups, terms, (terms + uint64_t(dot) - 1) / uint64_t(dot));
  items.repeats = batches;
  return items;
}

uint64_t groupsOf(const MacItems &items) {
  uint64_t sum = 0;
  for (const MacItemRun &run : items.runs)
    sum += run.count * run.groups;
  return sum * items.repeats;
}

} // namespace slp::exec
