//===- TrainWindowOps.td - pooling ------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINWINDOWOPS_TD
#define DIALECTS_TRAIN_TRAINWINDOWOPS_TD

include "dialects/Train/TrainOp.td"

/// kernel (KH, KW); pads: top, left, bottom, right. The number of windows is rounded down, with ceil_mode up, but every
/// window begins in the input or the padding before it.
class Train_PoolOp<string mnemonic, dag args> : Train_ComputeOp<mnemonic, !con(args, (ins DenseI64ArrayAttr:$kernel,
    DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$strides, DefaultValuedAttr<DenseI64ArrayAttr, "{0, 0, 0, 0}">:$pads,
    DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$dilations,
    UnitAttr:$ceil_mode))>;

def Train_MaxPoolOp : Train_PoolOp<"max_pool", (ins Train_FloatTensor:$x)> {
  let summary = "maximum over a window, and which element it was";
  let description = "x (N, C, H, W) → y (N, C, OH, OW), index of the same shape: kh * KW + kw of the element taken, as i8 (read as unsigned), "
                    "as i32 if the kernel has more than 256 elements.";
  let results = (outs Train_FloatTensor:$y, Train_IndexTensor:$index);
  let hasVerifier = 1;
}
def Train_MaxPoolGradOp : Train_PoolOp<"max_pool_grad", (ins Train_FloatTensor:$dy, Train_IndexTensor:$index,
    DenseI64ArrayAttr:$input_shape)> {
  let summary = "gradient of max_pool; in phase fp its partial inverse";
  let description = "dy, index (N, C, OH, OW) → dx of shape `input_shape`.";
  let results = (outs Train_FloatTensor:$dx);
  let hasVerifier = 1;
}
def Train_MaxPoolTakeOp : Train_PoolOp<"max_pool_take", (ins Train_FloatTensor:$x, Train_IndexTensor:$index)> {
  let summary = "the elements that a max_pool took of another tensor; gradient of max_pool_grad";
  let description = "x (N, C, H, W), index (N, C, OH, OW) → y (N, C, OH, OW).";
  let results = (outs Train_FloatTensor:$y);
  let hasVerifier = 1;
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
