//===- TrainMoveOps.td - the same elements elsewhere ------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINMOVEOPS_TD
#define DIALECTS_TRAIN_TRAINMOVEOPS_TD

include "dialects/Train/TrainOp.td"

/// A tensor that a reshape may rename: numbers, or labels and indices.
def Train_AnyTensor : StaticShapeTensorOf<[F32, Num_FloatType, Num_MixedType, I32]>;

def Train_ReshapeOp : Train_Op<"reshape", [Pure]> {
  let summary = "the same elements in row-major order under another shape";
  let description = "Takes no time: both names mean the same memory.";
  let arguments = (ins Train_AnyTensor:$x, DefaultValuedAttr<Train_PhaseAttr, "::slp::train::Phase::fp">:$phase);
  let results = (outs Train_AnyTensor:$y);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

/// Results are in the format of operand 0, of concat's widest.
class Train_MoveOp<string mnemonic, dag args> : Train_ComputeOp<mnemonic, args, [], "same">;

def Train_TransposeOp : Train_MoveOp<"transpose", (ins Train_FloatTensor:$x, DenseI64ArrayAttr:$perm)> {
  let summary = "the dimensions in another order";
  let description = [{
    Dimension d of y is dimension perm[d] of x.

    ```mlir
    %y = train.transpose %x {perm = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
    ```
  }];
  let results = (outs Train_FloatTensor:$y);
}
def Train_SliceOp : Train_MoveOp<"slice", (ins Train_FloatTensor:$x, DenseI64ArrayAttr:$starts, DenseI64ArrayAttr:$sizes,
    DenseI64ArrayAttr:$steps)> {
  let summary = "part of a tensor";
  let description = "In dimension d the elements starts[d] + i * steps[d], i < sizes[d]. Steps may be negative.";
  let results = (outs Train_FloatTensor:$y);
}
def Train_ConcatOp : Train_MoveOp<"concat", (ins Variadic<Train_FloatTensor>:$x, I64Attr:$axis)> {
  let summary = "tensors one after the other along a dimension";
  let description = "Shapes of one rank that agree in all other dimensions.";
  let results = (outs Train_FloatTensor:$y);
}
def Train_PadOp : Train_MoveOp<"pad", (ins Train_FloatTensor:$x, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high,
    DefaultValuedAttr<F32Attr, "0.0f">:$value)> {
  let summary = "a number around a tensor";
  let description = "low[d] elements `value` before and high[d] after the elements of x; negative ones leave elements of x out.";
  let results = (outs Train_FloatTensor:$y);
}
def Train_ExpandOp : Train_MoveOp<"expand", (ins Train_FloatTensor:$x, DenseI64ArrayAttr:$shape)> {
  let summary = "repeat along dimensions";
  let description = "x has the rank of `shape`, and extent 1 where it differs.";
  let results = (outs Train_FloatTensor:$y);
}
def Train_GatherOp : Train_MoveOp<"gather", (ins Train_FloatTensor:$table, Train_LabelTensor:$indices)> {
  let summary = "rows of a table by index";
  let description = "table (O, V, R), indices (I) → y (O, I, R). A negative index counts from the end; one outside [-V, V) gives zeros.";
  let results = (outs Train_FloatTensor:$y);
}
def Train_ScatterAddOp : Train_Op<"scatter_add", [Pure, DeclareOpInterfaceMethods<Train_InferShapeInterface>,
    DeclareOpInterfaceMethods<Train_StorageInterface, ["getStorageClass"]>]> {
  let summary = "add rows to a table of zeros by index: the gradient of gather";
  let description = [{
    dy (O, I, R), indices (I) → dtable (O, `rows`, R). Indices as in gather; one outside adds nothing. A weight gradient
    (phase wg) is stored as a statistic, any other as an activation.
  }];
  let arguments = (ins Train_FloatTensor:$dy, Train_LabelTensor:$indices, I64Attr:$rows,
                       DefaultValuedAttr<Train_PhaseAttr, "::slp::train::Phase::fp">:$phase,
                       OptionalAttr<Num_RoundingAttr>:$rounding);
  let results = (outs Train_FloatTensor:$dtable);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

def Train_ToFloatOp : Train_ComputeOp<"to_float", (ins Train_LabelTensor:$x), [], "statistic"> {
  let summary = "labels and indices as numbers";
  let description = [{
    y = x, f32 in every policy: FP32 has all integers of the step, up to 2^24 in magnitude. No gradient.

    ```mlir
    %y = train.to_float %mask : (tensor<4x6xi32>) -> tensor<4x6xf32>
    ```
  }];
  let results = (outs Train_F32Tensor:$y);
}
def Train_ToIntegerOp : Train_ComputeOp<"to_integer", (ins Train_FloatTensor:$x)> {
  let summary = "numbers as labels and indices";
  let description = "y = x without its fraction, 0 for NaN, at most 2^24 in magnitude. No gradient.";
  let results = (outs Train_LabelTensor:$y);
}

#endif // DIALECTS_TRAIN_TRAINMOVEOPS_TD
