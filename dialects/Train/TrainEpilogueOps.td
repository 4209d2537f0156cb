//===- TrainEpilogueOps.td - what can end a MAC op: bias, rectifier, rounding -----------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINEPILOGUEOPS_TD
#define DIALECTS_TRAIN_TRAINEPILOGUEOPS_TD

include "dialects/Train/TrainElementwiseOp.td"

def Train_RoundOp : Train_ComputeOp<"round", (ins Train_FloatTensor:$x)> {
  let summary = "convert to the result's format";
  let description = "y = round(x) by `rounding`. Built by `precision` only.";
  let results = (outs Train_FloatTensor:$y);
}
def Train_ReluOp : Train_ComputeOp<"relu", (ins Train_FloatTensor:$x)> {
  let summary = "rectify";
  let description = "y = x > 0 ? x : 0.";
  let results = (outs Train_FloatTensor:$y);
}
def Train_ReluGradOp : Train_UnaryGradOp<"relu", "y", "activation">;
def Train_BiasAddOp : Train_ComputeOp<"bias_add", (ins Train_FloatTensor:$x, Train_FloatTensor:$bias)> {
  let summary = "add one number per channel";
  let description = "x (N, C, ...), bias (C) → y. For an ONNX Add of a vector; a convolution's bias is its own operand.";
  let results = (outs Train_FloatTensor:$y);
}

#endif // DIALECTS_TRAIN_TRAINEPILOGUEOPS_TD
