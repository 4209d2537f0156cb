//===- MacMasks.h - terms that gates and weight groups close ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Operands of convolutions whose zeros close: a gate for 8 output channels of a pixel, a group for
// the weights of 8 output and 8 input channels at a tap. A closed term is absent, so a zero in the
// packed operands stands for it; but outputs of which some lanes are open and others closed run
// with weights of their own.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_MACMASKS_H
#define RUNTIME_EXEC_MACMASKS_H

#include "runtime/exec/Mac.h"

#include <algorithm>
#include <vector>

namespace slp::exec {

/// Channels of an element of a mask.
constexpr int64_t maskChannels = 8;

/// A mask on one core: gate (n, 0, cob, oy, ox) or group (0, cob, cib, kh, kw). One that is not
/// there is open, and so is one without values.
class Mask {
public:
  /// Reads the elements of `needed`; fails if the tile lacks one. `operand`: index, or -1 for a
  /// mask that is not there.
  static Result<Mask> read(const CorePart &part, const Issue &issue, int operand, const Box &needed,
                           const char *name);
  bool isThere() const { return isOperand; }
  /// Whether it has elements that may close something.
  bool mayClose() const { return !open.empty(); }
  /// By logical coordinates.
  bool isOpen(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e) const {
    if (open.empty())
      return true;
    const Box &box = view.box;
    return open[size_t(
               ((((a - box.lo[0]) * box.size[1] + b - box.lo[1]) * box.size[2] + c - box.lo[2]) *
                    box.size[3] +
                d - box.lo[3]) *
                   box.size[4] +
               e - box.lo[4])] != 0;
  }
  /// Whether the same terms are closed.
  bool operator==(const Mask &other) const {
    return open == other.open && view.box.lo == other.view.box.lo &&
           view.box.size == other.view.box.size;
  }
  const TileView &tile() const { return view; }

private:
  TileView view;
  bool isOperand = false;
  std::vector<uint8_t> open; // row-major in the box of the view
};

/// Blocks of 8 that channels [lo, lo + n) lie in, as dimension d of a box.
inline void setBlocks(Box &box, size_t d, int64_t lo, int64_t n) {
  box.lo[d] = lo / maskChannels;
  box.size[d] = ceilDiv(lo + n, maskChannels) - box.lo[d];
}

/// Calls f(block, first, n) for the pieces of channels [lo, lo + n) that lie in one block of 8
/// each, with `first` counted from lo.
template <typename F> void forBlocks(int64_t lo, int64_t n, F f) {
  for (int64_t first = 0; first < n;) {
    int64_t channel = lo + first;
    int64_t size = std::min(maskChannels - channel % maskChannels, n - first);
    f(channel / maskChannels, first, size);
    first += size;
  }
}

/// What an instruction with masks must be beyond its roles. `groupDim`: that of acc which counts
/// groups of the convolution.
Status checkMasks(const Issue &issue, size_t groupDim);
/// Whether the tile begins at a block of 8 in dimension d.
Status checkMaskStart(const Issue &issue, const TileView &acc, int d);

/// Runs a loop in which lane l of pixel p takes terms where bit l of open[p] is set. `used`: the
/// bits of lanes that have outputs. Uses `masked`, `maskedX` and `maskedAcc` of the scratch.
void runOpen(const MacEngine &engine, const MacLoop &loop, const std::vector<uint16_t> &open,
             uint16_t used, MacScratch &scratch, num::Events &events);

/// Bits of lanes [lane, lane + n).
inline uint16_t laneBits(int64_t lane, int64_t n) {
  return uint16_t(((uint32_t(1) << n) - 1) << lane);
}

} // namespace slp::exec

#endif // RUNTIME_EXEC_MACMASKS_H
