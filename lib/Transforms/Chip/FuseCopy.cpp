//===- FuseCopy.cpp - write a compute copy with the state that it is of -----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// An update leaves the new weights in the shared buffer and stores them; a nest of one v.round
// would load them again. It rounds the tile instead while it is there.
//
//===----------------------------------------------------------------------------------------===//

#include "FuseNests.h"

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

bool slp::fuseCopy(HandOver pair) {
  SmallVector<EngineInstruction> runs = runsOf(pair.to);
  if (runs.size() != 1 || !isNamed(runs[0], "v.round"))
    return false;
  auto y = runs[0].getWritten().front().getDefiningOp<BufferOp>();
  if (!isAlike(pair, y))
    return false;
  addRun(pair, runs[0], {addBufferAlong(pair, y).getResult(), pair.stored.getResult()});
  return true;
}
