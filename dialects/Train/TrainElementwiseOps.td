//===- TrainElementwiseOps.td - element by element --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINELEMENTWISEOPS_TD
#define DIALECTS_TRAIN_TRAINELEMENTWISEOPS_TD

include "dialects/Train/TrainOp.td"

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
def Train_ReluGradOp : Train_ComputeOp<"relu_grad", (ins Train_FloatTensor:$dy, Train_FloatTensor:$y)> {
  let summary = "gradient of relu";
  let description = "dx = y > 0 ? dy : 0, with y the result of relu.";
  let results = (outs Train_FloatTensor:$dx);
}
def Train_AddOp : Train_ComputeOp<"add", (ins Train_FloatTensor:$a, Train_FloatTensor:$b)> {
  let summary = "sum of two tensors of one shape";
  let description = "y = a + b. Also adds the gradients of a value with several uses.";
  let results = (outs Train_FloatTensor:$y);
}
def Train_BiasAddOp : Train_ComputeOp<"bias_add", (ins Train_FloatTensor:$x, Train_FloatTensor:$bias)> {
  let summary = "add one number per channel";
  let description = "x (N, C, ...), bias (C) → y. For an ONNX Add of a vector; a convolution's bias is its own operand.";
  let results = (outs Train_FloatTensor:$y);
}

#endif // DIALECTS_TRAIN_TRAINELEMENTWISEOPS_TD
