//===- Accumulator.h - multiply-accumulate by its definition ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md §3, for the kernels of convolutions and matrix products.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_REFERENCE_ACCUMULATOR_H
#define LIB_REFERENCE_ACCUMULATOR_H

#include "slp/Reference/Arithmetic.h"

#include "mlir/IR/BuiltinTypes.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace slp::reference {

/// One chain of terms. The caller goes through the places of terms in the order of §4.
template <typename Real> class Accumulator {
public:
  /// `attribute` is absent before `precision`: then everything is FP32. Roundings that saturate are
  /// added to `saturations`, if it is not null.
  explicit Accumulator(std::optional<num_ir::AccumulateAttr> attribute,
                       uint64_t *saturations = nullptr)
      : saturations(saturations) {
    if (attribute) {
      format = llvm::dyn_cast<num_ir::FloatType>(attribute->getFormat());
      dot = attribute->getDot();
    }
    if (format)
      mode = attribute->getRounding();
  }

  /// Begins a chain at +0, or at a bias that the accumulator holds exactly.
  void start(Real bias = 0) {
    value = positiveZero(bias);
    pending = false;
    group = 0;
  }
  /// Channels that come together at a tap.
  int64_t block() const { return std::max<int64_t>(dot, 8); }
  /// Places that a tap takes in the sequence of terms, if a group has `channels` channels: those of
  /// a block, or where there are few, no more than there are channels, so that dot groups take
  /// those of several taps.
  int64_t placesOfTap(int64_t channels) const { return channels < 8 ? channels : block(); }
  /// Goes to a place of the sequence, whose dot groups begin at multiples of the dot width.
  void moveTo(int64_t place) {
    if (place / dot != group)
      endGroup();
    group = place / dot;
  }
  /// A term with a zero operand is absent.
  void add(Real a, Real b) {
    if (a == 0 || b == 0)
      return;
    value = std::fma(a, b, value);
    pending = true;
  }
  /// The accumulator after its last group.
  Real result() {
    endGroup();
    return positiveZero(value);
  }

private:
  void endGroup() {
    if (format && pending && saturations && saturates(value, format, mode))
      ++*saturations;
    if (format && pending)
      value = static_cast<Real>(roundTo(value, format, mode));
    pending = false;
  }

  num_ir::FloatType format; // null: f32
  num_ir::Rounding mode = num_ir::Rounding::nearest_even;
  int64_t dot = 8;
  int64_t group = 0; // of the place in the sequence
  Real value = 0;
  bool pending = false; // the open group has a term that is present
  uint64_t *saturations;
};

/// The bias is widened exactly: an FP16 accumulator cannot start at an FP32 number.
template <typename Op> mlir::LogicalResult checkBias(Op op) {
  std::optional<num_ir::AccumulateAttr> attribute = op.getAccumulate();
  if (!op.getBias() || !attribute || attribute->getFormat().isF32())
    return mlir::success();
  auto bias = mlir::cast<mlir::RankedTensorType>(op.getBias().getType()).getElementType();
  if (!bias.isF32())
    return mlir::success();
  return op.emitOpError("expected a bias that an accumulator of ")
         << attribute->getFormat() << " holds exactly, found " << bias;
}

} // namespace slp::reference

#endif // LIB_REFERENCE_ACCUMULATOR_H
