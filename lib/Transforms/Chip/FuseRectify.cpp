//===- FuseRectify.cpp - rectify what a MAC op's drain has rounded ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "FuseNests.h"

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

/// Whether a train op's rounding or classification is what writes `stored`, from accumulators.
static bool isRounded(HandOver pair) {
  EngineInstruction writer = pair.writer;
  if (!isNamed(writer, "v.round") && !isNamed(writer, "v.classify"))
    return false;
  Space space = spaceOf(cast<MemRefType>(writer.getOnlyRead().front().getType()));
  return space == Space::acc && !drained(pair);
}

bool slp::fuseRectify(HandOver pair) {
  SmallVector<EngineInstruction> runs = runsOf(pair.to);
  if (!isRounded(pair) || runs.size() != 1 || !isNamed(runs[0], "v.relu"))
    return false;
  auto y = runs[0].getWritten().front().getDefiningOp<BufferOp>();
  if (!isAlike(pair, y))
    return false;
  BufferOp rectified = addBufferAlong(pair, y);
  keepOnChip(pair);
  addRun(pair, runs[0], {rectified, pair.stored});
  return true;
}
