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
///
/// Masks leave terms out (docs/numerics.md section 4); an entry that is zero closes. gate (N, ceil(Co/8), OH, OW): 8 output
/// channels of a pixel. groups (ceil(Co/8), ceil(Ci/8), KH, KW): 8 x 8 channels of a tap. For `group` 1 alone.
class Train_ConvFamilyOp<string mnemonic, dag args> : Train_ComputeOp<mnemonic, !con(args, (ins
    Optional<Train_FloatTensor>:$gate, Optional<Train_FloatTensor>:$groups,
    DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$strides, DefaultValuedAttr<DenseI64ArrayAttr, "{0, 0, 0, 0}">:$pads,
    DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$dilations, DefaultValuedAttr<I64Attr, "1">:$group,
    OptionalAttr<Num_AccumulateAttr>:$accumulate)), [AttrSizedOperandSegments], "accumulator"> {
  let hasVerifier = 1;
}

def Train_ConvOp : Train_ConvFamilyOp<"conv", (ins Train_FloatTensor:$x, Train_FloatTensor:$w, Optional<Train_FloatTensor>:$bias, Optional<Train_FloatTensor>:$init)> {
  let summary = "two-dimensional convolution";
  let description = [{
    x (N, Ci, H, W), w (Co, Ci/group, KH, KW), bias (Co) → y (N, Co, OH, OW). The bias is the accumulator's first value; so is,
    instead of a bias, `init` (N, Co, OH, OW), in the accumulator's format: the sum goes on from there. An output whose gate is
    closed takes no terms; terms of closed groups are absent.

    ```mlir
    %y = train.conv %x, %w, %b {pads = array<i64: 1, 1, 1, 1>} : (tensor<4x1x8x8xf32>, tensor<8x1x3x3xf32>, tensor<8xf32>) -> tensor<4x8x8x8xf32>
    %z = train.conv %y, %v init %y gate %d groups %g {pads = array<i64: 1, 1, 1, 1>}
      : (tensor<4x8x8x8xf32>, tensor<8x8x3x3xf32>, tensor<4x8x8x8xf32>, tensor<4x1x8x8xf32>, tensor<1x1x3x3xf32>) -> tensor<4x8x8x8xf32>
    ```
  }];
  let assemblyFormat = [{
    $x `,` $w (`,` $bias^)? (`init` $init^)? (`gate` $gate^)? (`groups` $groups^)? attr-dict `:` functional-type(operands, results)
  }];
  let results = (outs Train_FloatTensor:$y);
}

def Train_ConvBpOp : Train_ConvFamilyOp<"conv_bp", (ins Train_FloatTensor:$dy, Train_FloatTensor:$w, DenseI64ArrayAttr:$input_shape)> {
  let summary = "gradient of a convolution with respect to its input; transposed convolution";
  let description = [{
    dy (N, Co, OH, OW), w (Co, Ci/group, KH, KW) → dx of shape `input_shape`. The window is the forward op's. In phase fp
    it is a layer by itself, which enlarges its input. Terms of errors whose gate is closed are absent, and so are those of closed
    groups.
  }];
  let assemblyFormat = "$dy `,` $w (`gate` $gate^)? (`groups` $groups^)? attr-dict `:` functional-type(operands, results)";
  let results = (outs Train_FloatTensor:$dx);
}

def Train_ConvWgOp : Train_ConvFamilyOp<"conv_wg", (ins Train_FloatTensor:$x, Train_FloatTensor:$dy, DenseI64ArrayAttr:$kernel)> {
  let summary = "gradient of a convolution with respect to its weights";
  let description = [{
    x (N, Ci, H, W), dy (N, Co, OH, OW), kernel (KH, KW) → dw (Co, Ci/group, KH, KW). The window is the forward op's.
    Terms of errors whose gate is closed are absent; elements of closed groups are +0.
  }];
  let assemblyFormat = "$x `,` $dy (`gate` $gate^)? (`groups` $groups^)? attr-dict `:` functional-type(operands, results)";
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
