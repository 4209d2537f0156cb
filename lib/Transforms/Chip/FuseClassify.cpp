//===- FuseClassify.cpp - classify tiles where they are made ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A classification of what accumulators hold takes the place of the drain. Behind a vector
// instruction it is a second one, on the tile that the first has made.
//
//===----------------------------------------------------------------------------------------===//

#include "FuseNests.h"

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

/// A nest without reductions, whose last instruction computes all of the one tensor that it stores,
/// in tiles that can be cut in all dimensions: another one beside whole rows would leave room for
/// fewer. What is only copied could be classified before it.
static bool isOneVectorResult(HandOver pair) {
  NestOp nest = pair.from;
  auto isReduction = [](LoopAttr loop) { return loop.getReduction(); };
  auto isWhole = [](const NestDim &dim) { return dim.loop < 0 && dim.extent > 1; };
  if (nest.getOnCores() || llvm::any_of(dimsOf(pair.stored), isWhole) ||
      llvm::any_of(nest.getLoops().getAsRange<LoopAttr>(), isReduction))
    return false;
  auto isStored = [](BufferOp buffer) { return buffer.getStore(); };
  return llvm::count_if(nest.getBody().getOps<BufferOp>(), isStored) == 1 &&
         runsOf(nest).back() == pair.writer && !isNamed(pair.writer, "v.copy") &&
         !pair.writer.getIterates();
}

bool slp::fuseClassify(HandOver pair) {
  SmallVector<EngineInstruction> runs = runsOf(pair.to);
  bool hasHistogram = runs.size() == 2 && isNamed(runs[1], "v.histogram");
  if (!isNamed(runs[0], "v.classify") || (runs.size() != 1 && !hasHistogram))
    return false;
  auto y = runs[0].getWritten().front().getDefiningOp<BufferOp>();
  BufferOp source = drained(pair);
  if (!isAlike(pair, y) || (!source && !isOneVectorResult(pair)))
    return false;
  BufferOp stored = pair.stored;
  Space space = spaceOf(cast<MemRefType>(stored.getType()));
  bool replacesDrain = source != nullptr;
  if (!replacesDrain)
    source = stored;
  BufferOp threshold =
      addWholeBuffer(pair, runs[0].getOnlyRead()[1].getDefiningOp<BufferOp>(), space);
  BufferOp classified = addBufferAlong(pair, y);
  addRun(pair, runs[0], {classified, source, threshold});
  if (hasHistogram) {
    BufferOp counts =
        addWholeBuffer(pair, runs[1].getWritten().front().getDefiningOp<BufferOp>(), Space::shared);
    addRun(pair, runs[1], {counts, source});
  }
  if (replacesDrain) {
    pair.writer->erase();
    stored.erase();
  } else {
    keepOnChip(pair);
  }
  return true;
}
