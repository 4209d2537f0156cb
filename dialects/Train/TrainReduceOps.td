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

/// A reduction over `axes`, ascending: y keeps them with extent 1.
class Train_ReductionOp<string mnemonic, dag args = (ins Train_FloatTensor:$x)>
    : Train_ComputeOp<mnemonic, !con(args, (ins DenseI64ArrayAttr:$axes)), [], "statistic"> {
  let results = (outs Train_F32Tensor:$y);
}

def Train_ReduceSumOp : Train_ReductionOp<"reduce_sum"> {
  let summary = "sum over dimensions";
  let description = [{
    y has x's shape with extent 1 in `axes`.

    ```mlir
    %y = train.reduce_sum %x {axes = array<i64: 0, 2>} : (tensor<4x8x5xf32>) -> tensor<1x8x1xf32>
    ```
  }];
}
def Train_ReduceMeanOp : Train_ReductionOp<"reduce_mean"> {
  let summary = "mean over dimensions";
  let description = "The sum, divided by the number of elements.";
}
def Train_ReduceSumSquareOp : Train_ReductionOp<"reduce_sum_square"> {
  let summary = "sum of squares over dimensions";
  let description = "y = sum of x * x.";
}
def Train_ReduceSumAbsOp : Train_ReductionOp<"reduce_sum_abs"> {
  let summary = "sum of magnitudes over dimensions";
  let description = "y = sum of |x|.";
}
def Train_ReduceMaxOp : Train_ReductionOp<"reduce_max"> {
  let summary = "largest element over dimensions";
  let description = "y has x's shape with extent 1 in `axes`.";
}
def Train_ReduceMinOp : Train_ReductionOp<"reduce_min"> {
  let summary = "smallest element over dimensions";
  let description = "y has x's shape with extent 1 in `axes`.";
}
def Train_ReduceProdOp : Train_ReductionOp<"reduce_prod"> {
  let summary = "product over dimensions";
  let description = "y has x's shape with extent 1 in `axes`.";
}
def Train_VarianceOp : Train_ReductionOp<"variance", (ins Train_FloatTensor:$x, Train_FloatTensor:$mean)> {
  let summary = "mean square distance over dimensions";
  let description = [{
    y = mean over `axes` of (x - mean)^2. An extent of 1 of mean serves all coordinates of x: with the mean of x this is
    its variance, with a target of x's shape a mean squared error.
  }];
}
def Train_StatisticsOp : Train_ComputeOp<"statistics", (ins Train_FloatTensor:$x), [], "statistic"> {
  let summary = "mean and variance of each channel";
  let description = [{
    x (N, C, ...), of rank 2 or more → mean and var, 1 everywhere but in C: those of batch normalization, in one pass.

    ```mlir
    %mean, %var = train.statistics %x : (tensor<4x8x5x5xf32>) -> (tensor<1x8x1x1xf32>, tensor<1x8x1x1xf32>)
    ```
  }];
  let results = (outs Train_F32Tensor:$mean, Train_F32Tensor:$var);
}
def Train_VarianceGradOp : Train_ComputeOp<"variance_grad", (ins Train_FloatTensor:$dy, Train_FloatTensor:$x,
    Train_FloatTensor:$mean, ConfinedAttr<I64Attr, [IntMinValue<1>]>:$count), [], "arithmetic"> {
  let summary = "gradient of variance";
  let description = "dx = (x - mean) * (2 / count) * dy, of x's shape; `count` elements make one variance.";
  let results = (outs Train_FloatTensor:$dx);
}
def Train_SpreadOp : Train_ComputeOp<"spread", (ins Train_FloatTensor:$x, DenseI64ArrayAttr:$shape,
    DefaultValuedAttr<F32Attr, "1.0f">:$divisor), [], "arithmetic"> {
  let summary = "repeat along dimensions and divide";
  let description = [{
    y = x / divisor, of `shape`, where x has these extents or 1: the gradient of a sum, and with a divisor of a mean.
  }];
  let results = (outs Train_FloatTensor:$y);
}

#endif // DIALECTS_TRAIN_TRAINREDUCEOPS_TD
