//===- TrainOps.td - the ops of a training step -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What each op computes, to the bit, is docs/numerics.md; here are shapes and meanings. Activations are (N, C, ...).
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINOPS_TD
#define DIALECTS_TRAIN_TRAINOPS_TD

include "dialects/Train/TrainDialect.td"
include "dialects/Train/TrainInterfaces.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Train_FloatTensor : StaticShapeTensorOf<[F32, Num_FloatType]>;
def Train_F32Tensor : StaticShapeTensorOf<[F32]>;
def Train_LabelTensor : StaticShapeTensorOf<[I32]>;
def Train_IndexTensor : StaticShapeTensorOf<[I8]>;

class Train_Op<string mnemonic, list<Trait> traits = []> : Op<Train_Dialect, mnemonic, traits>;

/// An op that computes: pure, in a phase, its rounded results by `rounding` (absent for f32 results).
class Train_ComputeOp<string mnemonic, dag args, list<Trait> traits = []>
    : Train_Op<mnemonic, !listconcat([Pure, DeclareOpInterfaceMethods<Train_InferShapeInterface>], traits)> {
  let arguments = !con(args, (ins DefaultValuedAttr<Train_PhaseAttr, "::slp::train::Phase::fp">:$phase,
                                  OptionalAttr<Num_RoundingAttr>:$rounding));
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

/// A convolution's window. pads: top, left, bottom, right.
class Train_ConvFamilyOp<string mnemonic, dag args> : Train_ComputeOp<mnemonic, !con(args, (ins
    DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$strides, DefaultValuedAttr<DenseI64ArrayAttr, "{0, 0, 0, 0}">:$pads,
    DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$dilations, DefaultValuedAttr<I64Attr, "1">:$group,
    OptionalAttr<Num_AccumulateAttr>:$accumulate))> {
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------------------------===//
// State
//===----------------------------------------------------------------------------------------===//

def Train_StateOp : Train_Op<"state", [Symbol]> {
  let summary = "named state: a parameter or a piece of optimizer state";
  let description = [{
    Lives in DRAM from step to step. `init` gives its first value: a `#train.file`, a dense attribute of at most 4 KiB, or
    nothing for zero. The initial value is f32 and is rounded once to the state's format.

    ```mlir
    train.state @conv1.weight : tensor<8x1x3x3xf32> {init = #train.file<"m.onnx", offset = 0, length = 288, type = 1, checksum = 7>}
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<Train_FloatTensor>:$type, OptionalAttr<AnyAttr>:$init,
                       OptionalAttr<Num_RoundingAttr>:$rounding);
  let assemblyFormat = "$sym_name `:` $type attr-dict";
  let hasVerifier = 1;
}

def Train_ReadOp : Train_Op<"read", [DeclareOpInterfaceMethods<SymbolUserOpInterface>, MemoryEffects<[MemRead]>]> {
  let summary = "the value of a state at the beginning of the step";
  let description = [{
    ```mlir
    %w = train.read @conv1.weight : tensor<8x1x3x3xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$state);
  let results = (outs Train_FloatTensor:$result);
  let assemblyFormat = "$state attr-dict `:` type($result)";
}

def Train_WriteOp : Train_Op<"write", [DeclareOpInterfaceMethods<SymbolUserOpInterface>, MemoryEffects<[MemWrite]>]> {
  let summary = "the value of a state at the end of the step";
  let description = [{
    At most one write a state and step. Reads of the same step see the old value.

    ```mlir
    train.write @conv1.weight, %w2 : tensor<8x1x3x3xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$state, Train_FloatTensor:$value);
  let assemblyFormat = "$state `,` $value attr-dict `:` type($value)";
}

//===----------------------------------------------------------------------------------------===//
// Multiply-accumulate
//===----------------------------------------------------------------------------------------===//

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
  let summary = "gradient of a convolution with respect to its input";
  let description = [{
    dy (N, Co, OH, OW), w (Co, Ci/group, KH, KW) → dx of shape `input_shape`. The window is the forward op's.
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
    UnitAttr:$transpose_a, UnitAttr:$transpose_b, OptionalAttr<Num_AccumulateAttr>:$accumulate)> {
  let summary = "matrix product";
  let description = [{
    a (M, K) or, transposed, (K, M); b (K, N) or (N, K); bias (N) → y (M, N). The bias is the accumulator's first value.
    One op serves FP, BP and WG; `phase` tells which.
  }];
  let results = (outs Train_FloatTensor:$y);
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------------------------===//

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
def Train_BiasGradOp : Train_ComputeOp<"bias_grad", (ins Train_FloatTensor:$dy)> {
  let summary = "gradient of a bias";
  let description = "dy (N, C) or (N, C, H, W) → db (C), the sum over everything but C.";
  let results = (outs Train_FloatTensor:$db);
}
def Train_ReshapeOp : Train_Op<"reshape", [Pure]> {
  let summary = "the same elements in row-major order under another shape";
  let description = "Takes no time: both names mean the same memory.";
  let arguments = (ins Train_FloatTensor:$x, DefaultValuedAttr<Train_PhaseAttr, "::slp::train::Phase::fp">:$phase);
  let results = (outs Train_FloatTensor:$y);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------------------------===//

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

//===----------------------------------------------------------------------------------------===//
// Rows and losses
//===----------------------------------------------------------------------------------------===//

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
def Train_CrossEntropyOp : Train_ComputeOp<"cross_entropy", (ins Train_FloatTensor:$x, Train_LabelTensor:$labels)> {
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

//===----------------------------------------------------------------------------------------===//
// Update
//===----------------------------------------------------------------------------------------===//

def Train_SgdOp : Train_ComputeOp<"sgd", (ins Train_FloatTensor:$w, Train_FloatTensor:$v, Train_FloatTensor:$dw,
    DefaultValuedAttr<F32Attr, "1.0f">:$loss_scale)> {
  let summary = "stochastic gradient descent with momentum and weight decay";
  let description = "w, v, dw of one shape → the new w and v. Learning rate, momentum and weight decay are given at run time.";
  let results = (outs Train_FloatTensor:$w_out, Train_FloatTensor:$v_out);
  let hasVerifier = 1;
}

#endif // DIALECTS_TRAIN_TRAINOPS_TD
