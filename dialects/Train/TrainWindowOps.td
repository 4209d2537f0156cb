//===- TrainWindowOps.td - pooling ------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINWINDOWOPS_TD
#define DIALECTS_TRAIN_TRAINWINDOWOPS_TD

include "dialects/Train/TrainOp.td"

/// kernel (KH, KW); pads: top, left, bottom, right; dilations only for max_pool.
class Train_PoolOp<string mnemonic, dag args> : Train_ComputeOp<mnemonic, !con(args, (ins DenseI64ArrayAttr:$kernel,
    DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$strides, DefaultValuedAttr<DenseI64ArrayAttr, "{0, 0, 0, 0}">:$pads,
    DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$dilations))>;

def Train_MaxPoolOp : Train_PoolOp<"max_pool", (ins Train_FloatTensor:$x)> {
  let summary = "maximum over a window, and which element it was";
  let description = "x (N, C, H, W) → y (N, C, OH, OW), index of the same shape: kh * KW + kw of the element taken, as u8.";
  let results = (outs Train_FloatTensor:$y, Train_IndexTensor:$index);
}
def Train_MaxPoolGradOp : Train_PoolOp<"max_pool_grad", (ins Train_FloatTensor:$dy, Train_IndexTensor:$index,
    DenseI64ArrayAttr:$input_shape)> {
  let summary = "gradient of max_pool";
  let description = "dy, index (N, C, OH, OW) → dx of shape `input_shape`.";
  let results = (outs Train_FloatTensor:$dx);
}
def Train_AvgPoolOp : Train_PoolOp<"avg_pool", (ins Train_FloatTensor:$x, UnitAttr:$count_include_pad)> {
  let summary = "mean over a window";
  let description = "x (N, C, H, W) → y (N, C, OH, OW). A global pool has the input's height and width as kernel.";
  let results = (outs Train_FloatTensor:$y);
}
def Train_AvgPoolGradOp : Train_PoolOp<"avg_pool_grad", (ins Train_FloatTensor:$dy, UnitAttr:$count_include_pad,
    DenseI64ArrayAttr:$input_shape)> {
  let summary = "gradient of avg_pool";
  let description = "dy (N, C, OH, OW) → dx of shape `input_shape`.";
  let results = (outs Train_FloatTensor:$dx);
}

#endif // DIALECTS_TRAIN_TRAINWINDOWOPS_TD
