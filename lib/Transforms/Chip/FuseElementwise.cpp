//===- FuseElementwise.cpp - element by element on tiles that have just been made -------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Rectifiers, sums of branches, normalisations, gradients of functions, updates of weights: one
// instruction that makes each element of the elements at the same coordinates, or of one that
// serves several. Its other operands are loaded tile by tile. In front of it may stand what is
// computed once from statistics.
//
//===----------------------------------------------------------------------------------------===//

#include "FuseNests.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

/// Instructions that take one element at a time, whatever dimensions tiles have.
static bool isElementwise(EngineInstruction run) {
  static const llvm::StringSet<> names = {"v.round",
                                          "v.relu",
                                          "v.unary",
                                          "v.binary",
                                          "v.select",
                                          "v.normalize",
                                          "v.normalize.grad",
                                          "v.normalize.fixed.grad",
                                          "v.spread",
                                          "v.inverse.deviation",
                                          "v.sgd",
                                          "v.sgd.nesterov",
                                          "v.adagrad",
                                          "v.adam",
                                          "v.adamw",
                                          "v.adamw.last"};
  return names.contains(StringRef(run.getInfo().layout.name));
}

bool slp::fuseElementwise(HandOver pair) {
  if (!isWrittenOnce(pair) || !coversInOrder(pair.loaded))
    return false;
  SmallVector<EngineInstruction> runs = runsOf(pair.to);
  Alignment alignment(pair);
  Adoption adoption(pair, alignment);
  for (EngineInstruction run : runs)
    if (!isElementwise(run) || !adoption.canAdopt(run) || (run != runs.back()) != run.getInFront())
      return false;
  keepOnChip(pair);
  for (EngineInstruction run : runs)
    adoption.adopt(run);
  return true;
}
