//===- FuseRound.cpp - round accumulators while they drain ------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The drain of a MAC nest copies sums in their own format, which a nest of one v.round reads: the
// drain rounds them instead.
//
//===----------------------------------------------------------------------------------------===//

#include "FuseNests.h"

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

bool slp::fuseRound(HandOver pair) {
  SmallVector<EngineInstruction> runs = runsOf(pair.to);
  if (!drained(pair) || runs.size() != 1 || !isNamed(runs[0], "v.round"))
    return false;
  auto y = runs[0].getWritten().front().getDefiningOp<BufferOp>();
  Type element = cast<MemRefType>(y.getType()).getElementType();
  if (!isAlike(pair, y) || !num_ir::storageFormat(element))
    return false;
  BufferOp stored = pair.stored;
  auto type = cast<MemRefType>(stored.getType());
  stored.getResult().setType(MemRefType::get(type.getShape(), element, MemRefLayoutAttrInterface(),
                                             type.getMemorySpace()));
  stored.setTensorAttr(y.getTensorAttr());
  stored.setRoundingAttr(y.getRoundingAttr());
  stored.setStreamAttr(y.getStreamAttr());
  pair.writer->setAttr("captures", *runs[0].getCaptures());
  return true;
}
