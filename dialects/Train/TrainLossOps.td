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
    Optional<Train_F32Tensor>:$scale, DefaultValuedAttr<F32Attr, "1.0f">:$loss_scale)> {
  let summary = "gradient of cross_entropy";
  let description = "x (N, C), labels (N) → dx = (softmax(x) - onehot) * (loss_scale / N), times the scalar `scale` if there is one.";
  let results = (outs Train_FloatTensor:$dx);
  let hasVerifier = 1;
}

def Train_NllOp : Train_ComputeOp<"nll", (ins Train_FloatTensor:$x, Train_LabelTensor:$labels, Optional<Train_FloatTensor>:$weights,
    DefaultValuedAttr<I32Attr, "-1">:$ignore), [], "statistic"> {
  let summary = "negative log likelihood of labels, row by row";
  let description = [{
    x (N, C), logarithms of probabilities; labels (N); weights (C). shares (N): the weight of each row's class, 1 without
    weights, 0 for the label `ignore` and one that is no class. losses (N) = -shares * x[label].
  }];
  let results = (outs Train_F32Tensor:$losses, Train_F32Tensor:$shares);
}
def Train_NllGradOp : Train_ComputeOp<"nll_grad", (ins Train_FloatTensor:$dy, Train_LabelTensor:$labels,
    Optional<Train_FloatTensor>:$weights, DefaultValuedAttr<I32Attr, "-1">:$ignore,
    ConfinedAttr<I64Attr, [IntMinValue<1>]>:$classes), [], "arithmetic"> {
  let summary = "gradient of nll";
  let description = "dy, labels (N), weights (C) → dx (N, C) = -share * dy at the label, 0 elsewhere.";
  let results = (outs Train_FloatTensor:$dx);
}
/// What docs/numerics.md section 11 calls gradient skipping; train-skip-gradients puts these two into a step.
def Train_KeepOp : Train_ComputeOp<"keep", (ins Train_F32Tensor:$losses), [], "statistic"> {
  let summary = "the images of a batch whose gradient is computed";
  let description = [{
    losses (N), one of each image → mask (N): 0 for an image that is dropped, as its loss is below the run-time number
    `skip-below`, 1 for one that is kept; kept (N): the numbers of the images that are kept, ascending, and 0 behind them;
    count (1): how many are kept.

    ```mlir
    %mask, %kept, %count = train.keep %losses : (tensor<8xf32>) -> (tensor<8xf32>, tensor<8xi32>, tensor<1xi32>)
    ```
  }];
  let results = (outs Train_F32Tensor:$mask, Train_LabelTensor:$kept, Train_LabelTensor:$count);
}
def Train_DropOp : Train_ComputeOp<"drop", (ins Train_FloatTensor:$dx, Train_F32Tensor:$mask), [], "same"> {
  let summary = "the error of the images that are kept";
  let description = [{
    dx (N, ...), mask (N) of `train.keep` → y = dx where the image's mask is not 0, +0 elsewhere.

    ```mlir
    %dy = train.drop %dx, %mask {phase = #train.phase<bp>} : (tensor<8x10xf32>, tensor<8xf32>) -> tensor<8x10xf32>
    ```
  }];
  let results = (outs Train_FloatTensor:$y);
}

def Train_SeedOp : Train_ComputeOp<"seed", (ins DefaultValuedAttr<F32Attr, "1.0f">:$loss_scale), [], "statistic"> {
  let summary = "the gradient of the loss";
  let description = "A scalar, the loss scale: where the backward pass begins.";
  let results = (outs Train_F32Tensor:$y);
  let hasVerifier = 1;
}

#endif // DIALECTS_TRAIN_TRAINLOSSOPS_TD
