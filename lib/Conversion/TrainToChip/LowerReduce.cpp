//===- LowerReduce.cpp - sums over dimensions -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The vector unit works in the shared buffer: load, one instruction, store.
//
//===----------------------------------------------------------------------------------------===//

#include "LowerOp.h"

#include "dialects/Train/TrainReduceOps.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;
using chip_ir::Space;

static Nest lowerBiasGrad(BiasGradOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  ArrayRef<int64_t> dy = shapeOf(op.getDy());
  int c = nest.addLoop("c", dy[1]), n = nest.addLoop("n", dy[0], /*reduction=*/true);
  SmallVector<NestDim> dims = {NestDim::along(n, dy[0]), NestDim::along(c, dy[1])};
  if (dy.size() == 4) {
    int h = nest.addLoop("h", dy[2], /*reduction=*/true);
    nest.loops[h].wholeUnless = n;
    dims.push_back(NestDim::along(h, dy[2]));
    dims.push_back(NestDim::whole(dy[3]));
  }
  unsigned in = addBuffer(nest, tensors, op.getDy(), Space::shared, dims, true, false);
  unsigned out =
      addBuffer(nest, tensors, op.getDb(), Space::shared, {NestDim::along(c, dy[1])}, false, true);
  addRun(nest, op, "v.bias.grad", {out}, {in}).mode = "zero";
  return nest;
}

void slp::addReduceLowerings(LoweringTable &table) { table.add<BiasGradOp>(lowerBiasGrad); }
