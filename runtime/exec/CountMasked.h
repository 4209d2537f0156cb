//===- CountMasked.h - what masks leave out ---------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Work items of convolutions of which gates and weight groups close terms (docs/timing.md, T7), and
// the terms that are closed, for MacConv.cpp and MacWeightGrad.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_COUNTMASKED_H
#define RUNTIME_EXEC_COUNTMASKED_H

#include "runtime/exec/MacItems.h"
#include "runtime/exec/MacMasks.h"
#include "runtime/exec/WindowAxis.h"

#include <cstdint>

namespace slp::exec {

/// A range of channels.
struct Channels {
  int64_t lo = 0, size = 0;
};

/// A convolution on one core, as far as counting goes: of one group, with masks that are there.
struct MaskedConv {
  const Mask &gate, &group;
  Channels images, outputs, inputs; // of the tile
  int dot, pes;

  /// Adds items, slots, and skipped and closed terms to `work`. conv.fp or conv.bp: `rows` and
  /// `columns` are those of the outputs of the instruction; `isPacked` as in CountItems.h.
  void countConv(const WindowAxis &rows, const WindowAxis &columns, bool isPacked,
                 CoreWork &work) const;
  /// conv.wg: the outputs of `rows` and `columns` are the pixels of the error tile; `taps` of a
  /// dimension are those of acc.
  void countWeightGrad(const WindowAxis &rows, const WindowAxis &columns, Channels tapRows,
                       Channels tapColumns, CoreWork &work) const;
  /// Weights of closed groups, and errors of closed gates, as many as the tile has.
  uint64_t closedWeights(int64_t kh, int64_t kw) const;
  uint64_t closedErrors(const Box &errors) const;

private:
  /// For each block of output channels and tap: pairs of an output pixel and an input that meet
  /// there, with the gate open; and all of them, by tap.
  struct Hits {
    std::vector<uint64_t> open, all;
  };
  void countTerms(const Hits &hits, Channels tapRows, Channels tapColumns, CoreWork &work) const;
};

} // namespace slp::exec

#endif // RUNTIME_EXEC_COUNTMASKED_H
