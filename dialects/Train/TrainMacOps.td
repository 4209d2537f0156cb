//===- TrainMacOps.td - multiply-accumulate ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINMACOPS_TD
#define DIALECTS_TRAIN_TRAINMACOPS_TD

include "dialects/Train/TrainOp.td"

/// A convolution's window. pads: top, left, bottom, right. Below and on the right they may be negative: rows and columns
/// of the input that no window reads.
class Train_ConvFamilyOp<string mnemonic, dag args> : Train_ComputeOp<mnemonic, !con(args, (ins
    DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$strides, DefaultValuedAttr<DenseI64ArrayAttr, "{0, 0, 0, 0}">:$pads,
    DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$dilations, DefaultValuedAttr<I64Attr, "1">:$group,
    OptionalAttr<Num_AccumulateAttr>:$accumulate)), [], "accumulator"> {
  let hasVerifier = 1;
}



def Train_ConvOp : Train_ConvFamilyOp<"conv", (ins Train_FloatTensor:$x, Train_FloatTensor:$w, Optional<Train_FloatTensor>:$bias)> {
  let summary = "two-dimensional convolution";
  let description = [{
    x (N, Ci, H, W), w (Co, Ci/group, KH, KW), bias (Co) → y (N, Co, OH, OW). The bias is the accumulator's first value.

    ```mlir
    %y = train.conv %x, %w, %b {pads = array<i64: 1, 1, 1, 1>} : (tensor<4x1x8x8xf32>, tensor<8x1x3x3xf32>, tensor<8xf32>) -> tensor<4x8x8x8xf32>
    ```
  }];
  let results = (outs Train_FloatTensor:$y);
}

def Train_ConvBpOp : Train_ConvFamilyOp<"conv_bp", (ins Train_FloatTensor:$dy, Train_FloatTensor:$w, DenseI64ArrayAttr:$input_shape)> {
  let summary = "gradient of a convolution with respect to its input; transposed convolution";
  let description = [{
    dy (N, Co, OH, OW), w (Co, Ci/group, KH, KW) → dx of shape `input_shape`. The window is the forward op's. In phase fp
    it is a layer by itself, which enlarges its input.
  }];
  let results = (outs Train_FloatTensor:$dx);
}

def Train_ConvWgOp : Train_ConvFamilyOp<"conv_wg", (ins Train_FloatTensor:$x, Train_FloatTensor:$dy, DenseI64ArrayAttr:$kernel)> {
  let summary = "gradient of a convolution with respect to its weights";
  let description = [{
    x (N, Ci, H, W), dy (N, Co, OH, OW), kernel (KH, KW) → dw (Co, Ci/group, KH, KW). The window is the forward op's.
  }];
  let results = (outs Train_FloatTensor:$dw);
}

def Train_MatMulOp : Train_ComputeOp<"matmul", (ins Train_FloatTensor:$a, Train_FloatTensor:$b, Optional<Train_FloatTensor>:$bias,
    UnitAttr:$transpose_a, UnitAttr:$transpose_b, OptionalAttr<Num_AccumulateAttr>:$accumulate), [], "accumulator"> {
  let summary = "matrix product";
  let description = [{
    a (M, K) or, transposed, (K, M); b (K, N) or (N, K); bias (N) → y (M, N). The bias is the accumulator's first value.
    Operands of rank 3 have a leading batch dimension, the same in both, and so has y; transposition exchanges the last
    two. One op serves FP, BP and WG; `phase` tells which.

    ```mlir
    %scores = train.matmul %q, %k {transpose_b} : (tensor<8x16x4xf32>, tensor<8x16x4xf32>) -> tensor<8x16x16xf32>
    ```
  }];
  let results = (outs Train_FloatTensor:$y);
  let hasVerifier = 1;
}

#endif // DIALECTS_TRAIN_TRAINMACOPS_TD
