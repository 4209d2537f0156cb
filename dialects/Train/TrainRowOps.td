//===- TrainRowOps.td - functions of whole rows -----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINROWOPS_TD
#define DIALECTS_TRAIN_TRAINROWOPS_TD

include "dialects/Train/TrainOp.td"

def Train_SoftmaxOp : Train_ComputeOp<"softmax", (ins Train_FloatTensor:$x)> {
  let summary = "softmax over the last dimension";
  let description = "x (N, C) → y (N, C).";
  let results = (outs Train_FloatTensor:$y);
}
def Train_SoftmaxGradOp : Train_ComputeOp<"softmax_grad", (ins Train_FloatTensor:$dy, Train_FloatTensor:$y)> {
  let summary = "gradient of softmax";
  let description = "dy, y (N, C) → dx (N, C).";
  let results = (outs Train_FloatTensor:$dx);
}

def Train_LogSoftmaxOp : Train_ComputeOp<"log_softmax", (ins Train_FloatTensor:$x), [], "arithmetic"> {
  let summary = "logarithm of softmax over the last dimension";
  let description = "x (N, C) → y (N, C).";
  let results = (outs Train_FloatTensor:$y);
}
def Train_LogSoftmaxGradOp : Train_ComputeOp<"log_softmax_grad", (ins Train_FloatTensor:$dy, Train_FloatTensor:$y), [], "arithmetic"> {
  let summary = "gradient of log_softmax";
  let description = "dy, y (N, C) → dx = dy - exp(y) * sum(dy) (N, C).";
  let results = (outs Train_FloatTensor:$dx);
}

#endif // DIALECTS_TRAIN_TRAINROWOPS_TD
