//===- TrainReduceOps.td - sums over dimensions -----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINREDUCEOPS_TD
#define DIALECTS_TRAIN_TRAINREDUCEOPS_TD

include "dialects/Train/TrainOp.td"

def Train_BiasGradOp : Train_ComputeOp<"bias_grad", (ins Train_FloatTensor:$dy), [], "statistic"> {
  let summary = "gradient of a bias";
  let description = "dy (N, C) or (N, C, H, W) → db (C), the sum over everything but C.";
  let results = (outs Train_FloatTensor:$db);
}

#endif // DIALECTS_TRAIN_TRAINREDUCEOPS_TD
