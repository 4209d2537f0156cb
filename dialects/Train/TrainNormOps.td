//===- TrainNormOps.td - normalisation, running averages, dropout -----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Operands have equal ranks; one whose extent is 1 in a dimension serves all coordinates there.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINNORMOPS_TD
#define DIALECTS_TRAIN_TRAINNORMOPS_TD

include "dialects/Train/TrainOp.td"
include "mlir/IR/SymbolInterfaces.td"

def Train_NormalizeOp : Train_ComputeOp<"normalize", (ins Train_FloatTensor:$x, Train_FloatTensor:$mean, Train_FloatTensor:$var,
    Train_FloatTensor:$scale, Train_FloatTensor:$bias, F32Attr:$epsilon, OptionalAttr<DenseI64ArrayAttr>:$axes,
    OptionalAttr<FlatSymbolRefArrayAttr>:$running), [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "normalise, scale and shift";
  let description = [{
    y = (x - mean) / sqrt(var + epsilon) * scale + bias, of x's shape. `axes`: mean and var are those of x over these
    dimensions, so that x has its gradient through them too, and they pass on none; without it they are constants.
    `running` names the states of mean and variance that @eval uses instead.

    ```mlir
    %y = train.normalize %x, %mean, %var, %scale, %bias {epsilon = 1.0e-5 : f32, axes = array<i64: 0, 2, 3>}
      : (tensor<4x8x5x5xf32>, tensor<1x8x1x1xf32>, tensor<1x8x1x1xf32>, tensor<1x8x1x1xf32>, tensor<1x8x1x1xf32>) -> tensor<4x8x5x5xf32>
    ```
  }];
  let results = (outs Train_FloatTensor:$y);
}

def Train_NormalizeSumsOp : Train_ComputeOp<"normalize_sums", (ins Train_FloatTensor:$dy, Train_FloatTensor:$x,
    Train_FloatTensor:$mean, Train_FloatTensor:$var, F32Attr:$epsilon, DenseI64ArrayAttr:$axes), [], "statistic"> {
  let summary = "sums over the error of a normalisation";
  let description = [{
    sum = the sum of dy over `axes`, products = that of dy * (x - mean) / sqrt(var + epsilon); their extents there are 1.
    They are the gradients of normalize's bias and scale, and what normalize_grad needs.
  }];
  let results = (outs Train_F32Tensor:$sum, Train_F32Tensor:$products);
}

def Train_NormalizeGradOp : Train_ComputeOp<"normalize_grad", (ins Train_FloatTensor:$dy, Train_FloatTensor:$x,
    Train_FloatTensor:$mean, Train_FloatTensor:$var, Train_FloatTensor:$sum, Train_FloatTensor:$products,
    Optional<Train_FloatTensor>:$scale, F32Attr:$epsilon, ConfinedAttr<I64Attr, [IntMinValue<1>]>:$count)> {
  let summary = "gradient of normalize through x and the statistics of x";
  let description = [{
    dx = (dy - sum / count - xhat * products / count) / sqrt(var + epsilon), times `scale` if there is one, with sum and
    products of normalize_sums over the dimensions that share a mean, `count` elements each.
  }];
  let results = (outs Train_FloatTensor:$dx);
}

def Train_NormalizeFixedGradOp : Train_ComputeOp<"normalize_fixed_grad", (ins Train_FloatTensor:$dy, Train_FloatTensor:$var,
    Train_FloatTensor:$scale, F32Attr:$epsilon)> {
  let summary = "gradient of normalize through x alone";
  let description = "dx = dy * scale / sqrt(var + epsilon): mean and variance are constants.";
  let results = (outs Train_FloatTensor:$dx);
}

def Train_MovingAverageOp : Train_ComputeOp<"moving_average", (ins Train_FloatTensor:$old, Train_FloatTensor:$value,
    F32Attr:$momentum), [], "state"> {
  let summary = "move an average towards a new value";
  let description = "y = old * momentum + value * (1 - momentum), of one shape: running statistics.";
  let results = (outs Train_FloatTensor:$y);
}

def Train_DropoutOp : Train_ComputeOp<"dropout", (ins Train_FloatTensor:$x, F32Attr:$ratio, I32Attr:$seed, I32Attr:$stream,
    UnitAttr:$mask, UnitAttr:$train_only)> {
  let summary = "drop elements at random";
  let description = [{
    y = +0 for a share `ratio` of the elements, x / (1 - ratio) for the others, drawn anew in every step. Its gradient is
    the same op on dy. With `mask`, y is 0 and 1 instead. @eval passes x on; that of a graph without a
    loss does so only with `train_only`.

    ```mlir
    %y = train.dropout %x {ratio = 5.0e-1 : f32, seed = 0 : i32, stream = 7 : i32} : (tensor<4x8xf32>) -> tensor<4x8xf32>
    ```
  }];
  let results = (outs Train_FloatTensor:$y);
  let hasVerifier = 1;
}

#endif // DIALECTS_TRAIN_TRAINNORMOPS_TD
