//===- TrainLossOps.td - losses ---------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINLOSSOPS_TD
#define DIALECTS_TRAIN_TRAINLOSSOPS_TD

include "dialects/Train/TrainOp.td"

def Train_CrossEntropyOp : Train_ComputeOp<"cross_entropy", (ins Train_FloatTensor:$x, Train_LabelTensor:$labels), [], "statistic"> {
  let summary = "cross entropy of softmax against labels, mean over the batch";
  let description = "x (N, C), labels (N) → loss (scalar f32), losses (N, f32): the loss of each image.";
  let results = (outs Train_F32Tensor:$loss, Train_F32Tensor:$losses);
}
def Train_CrossEntropyGradOp : Train_ComputeOp<"cross_entropy_grad", (ins Train_FloatTensor:$x, Train_LabelTensor:$labels,
    DefaultValuedAttr<F32Attr, "1.0f">:$loss_scale)> {
  let summary = "gradient of cross_entropy";
  let description = "x (N, C), labels (N) → dx = (softmax(x) - onehot) * (loss_scale / N).";
  let results = (outs Train_FloatTensor:$dx);
  let hasVerifier = 1;
}

#endif // DIALECTS_TRAIN_TRAINLOSSOPS_TD
