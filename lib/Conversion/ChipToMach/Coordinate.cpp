//===- Coordinate.cpp - coordinates that the sequencer can compute ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "Coordinate.h"

#include "dialects/Chip/ElementOp.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace slp;

FailureOr<Coordinate> slp::coordinateOf(Operation *op, Value value) {
  if (auto constant = value.getDefiningOp<arith::ConstantIndexOp>())
    return Coordinate{Value(), 0, constant.value()};
  if (isa<BlockArgument>(value) || value.getDefiningOp<chip_ir::ElementOp>())
    return Coordinate{value, 1, 0};
  auto apply = value.getDefiningOp<affine::AffineApplyOp>();
  if (!apply || apply.getAffineMap().getNumDims() != 1 || apply.getAffineMap().getNumSymbols() != 0)
    return op->emitError("expected a coordinate that is affine in one loop or element, found ")
           << value;
  // Linear in one variable: two evaluations give it.
  Builder b(op->getContext());
  auto evaluate = [&](int64_t x) -> std::optional<int64_t> {
    SmallVector<Attribute> result;
    if (failed(apply.getAffineMap().constantFold({b.getIndexAttr(x)}, result)))
      return std::nullopt;
    return cast<IntegerAttr>(result[0]).getInt();
  };
  std::optional<int64_t> zero = evaluate(0), one = evaluate(1), big = evaluate(1 << 20);
  if (!zero || !one || !big || *big != *zero + (*one - *zero) * (int64_t(1) << 20))
    return op->emitError("expected a linear coordinate, found ") << apply.getMapAttr();
  return Coordinate{apply.getOperand(0), *one - *zero, *zero};
}
