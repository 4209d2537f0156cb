//===- TrainMoveOps.td - the same elements elsewhere ------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINMOVEOPS_TD
#define DIALECTS_TRAIN_TRAINMOVEOPS_TD

include "dialects/Train/TrainOp.td"

def Train_ReshapeOp : Train_Op<"reshape", [Pure]> {
  let summary = "the same elements in row-major order under another shape";
  let description = "Takes no time: both names mean the same memory.";
  let arguments = (ins Train_FloatTensor:$x, DefaultValuedAttr<Train_PhaseAttr, "::slp::train::Phase::fp">:$phase);
  let results = (outs Train_FloatTensor:$y);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

#endif // DIALECTS_TRAIN_TRAINMOVEOPS_TD
