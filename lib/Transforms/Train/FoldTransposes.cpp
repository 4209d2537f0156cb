//===- FoldTransposes.cpp - matrix products of transposed operands ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The pass train-fold-transposes (see Passes.td).
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Transforms/Train/Passes.h"

#include "dialects/Train/MatMulOp.h"
#include "dialects/Train/TransposeOp.h"

namespace slp {
#define GEN_PASS_DEF_TRAINFOLDTRANSPOSES
#include "slp/Transforms/Train/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::train;

/// Whether the last two dimensions change places and all others stay.
static bool exchangesLastTwo(TransposeOp op) {
  ArrayRef<int64_t> perm = op.getPerm();
  int64_t rank = perm.size();
  for (int64_t d = 0; d < rank; ++d)
    if (perm[d] != (d < rank - 2 ? d : 2 * rank - 3 - d))
      return false;
  return rank >= 2;
}

namespace {
struct TrainFoldTransposes : slp::impl::TrainFoldTransposesBase<TrainFoldTransposes> {
  using Base::Base;
  void runOnOperation() override {
    SmallVector<MatMulOp> products;
    getOperation().walk([&](MatMulOp op) { products.push_back(op); });
    for (MatMulOp op : products) {
      if (auto a = transposeOf(op.getA())) {
        op.getAMutable().assign(a.getX());
        op.setTransposeA(!op.getTransposeA());
        eraseIfUnused(a);
      }
      if (auto b = transposeOf(op.getB())) {
        op.getBMutable().assign(b.getX());
        op.setTransposeB(!op.getTransposeB());
        eraseIfUnused(b);
      }
    }
  }

private:
  static TransposeOp transposeOf(Value value) {
    auto op = value.getDefiningOp<TransposeOp>();
    return op && exchangesLastTwo(op) ? op : TransposeOp();
  }
  static void eraseIfUnused(TransposeOp op) {
    if (op->use_empty())
      op.erase();
  }
};
} // namespace
