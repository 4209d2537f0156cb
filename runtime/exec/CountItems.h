//===- CountItems.h - work items of convolutions ----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What MacConv.cpp and MacWeightGrad.cpp report to the timing model (docs/timing.md, T7), counted
// from the coordinates of a tile alone.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_COUNTITEMS_H
#define RUNTIME_EXEC_COUNTITEMS_H

#include "runtime/exec/MacItems.h"
#include "runtime/exec/WindowAxis.h"

namespace slp::exec {

/// conv.fp and conv.bp: an item is eight columns of a row, those of one phase of the stride, times
/// one of `outputGroups` groups of output channels. Items of one image and group of the
/// convolution, by row, phase, columns, output group. `terms` are the channels of the sum in the
/// tile; `isPacked`: dot groups take neighbours in the sequence of all taps and channels.
/// With `nonZero`, which has the elements that are not zero of each output, [image and group][row]
/// [column], the items of all images and groups; the others are skipped.
MacItems countConvItems(const WindowAxis &rows, const WindowAxis &columns, int64_t terms,
                        bool isPacked, int dot, int64_t outputGroups,
                        const std::vector<uint32_t> &nonZero = {});

/// Columns of a row that make items, as numbers of the tile's columns: eight of one phase each.
std::vector<std::vector<int64_t>> stripsOf(const WindowAxis &columns);

/// Size of an item.
struct ItemSize {
  uint64_t elements = 0, groups = 0;
};
/// conv.wg: an item is a tap, its terms the output pixels, which are the outputs of `rows` and
/// `columns`; dot groups are counted from pixel 0 of the image. Sizes of the items of one image and
/// input channel, by tap.
std::vector<ItemSize> sizesOfTaps(const WindowAxis &rows, const WindowAxis &columns,
                                  int64_t firstTapRow, int64_t tapRows, int64_t firstTapColumn,
                                  int64_t tapColumns, int dot);
/// Items of conv.wg, one of each input channel and tap with each of `outputGroups` groups of output
/// channels; `inputs` counts the input channels of all groups of the convolution.
MacItems countWeightItems(const std::vector<ItemSize> &taps, uint64_t inputs,
                          uint64_t outputGroups);
/// matmul: an item is a row's `terms` with each group of columns.
MacItems countProductItems(uint64_t batches, uint64_t rows, uint64_t columnGroups, uint64_t terms,
                           int dot);
/// Dot groups of all items, of one output each.
uint64_t groupsOf(const MacItems &items);

} // namespace slp::exec

#endif // RUNTIME_EXEC_COUNTITEMS_H
