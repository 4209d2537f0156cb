//===- TrainFormOps.td - what a file says of its own training ---------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINFORMOPS_TD
#define DIALECTS_TRAIN_TRAINFORMOPS_TD

include "dialects/Train/TrainOp.td"
include "mlir/IR/SymbolInterfaces.td"

def Train_DerivativeOp : Train_Op<"derivative", [Pure, AttrSizedOperandSegments]> {
  let summary = "derivatives that the graph asks for";
  let description = [{
    y (one element), xs, held → d y / d xs, of the shapes of xs. The xs count as independent variables even where one is
    computed from another, `held` as constants. For ONNX's Gradient; `differentiate` builds the ops that compute it.

    ```mlir
    %dw = train.derivative of %loss by %w hold %x : (tensor<f32>, tensor<3x4xf32>, tensor<2x4xf32>) -> tensor<3x4xf32>
    ```
  }];
  let arguments = (ins Train_F32Tensor:$y, Variadic<Train_F32Tensor>:$xs, Variadic<AnyTensor>:$held);
  let results = (outs Variadic<Train_F32Tensor>:$dxs);
  let assemblyFormat = "`of` $y `by` $xs (`hold` $held^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Train_GradientOp : Train_Op<"gradient", [DeclareOpInterfaceMethods<SymbolUserOpInterface>, MemoryEffects<[MemWrite]>]> {
  let summary = "the gradient of the loss with respect to a state, as the graph computes it";
  let description = [{
    At most one a state. `differentiate` replaces it by the update of the optimizer, where it would otherwise compute the
    gradient itself.

    ```mlir
    train.gradient @conv1.weight, %dw : tensor<8x1x3x3xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$state, Train_F32Tensor:$value);
  let assemblyFormat = "$state `,` $value attr-dict `:` type($value)";
}

#endif // DIALECTS_TRAIN_TRAINFORMOPS_TD
