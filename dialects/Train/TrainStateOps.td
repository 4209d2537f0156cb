//===- TrainStateOps.td - parameters and optimizer state --------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINSTATEOPS_TD
#define DIALECTS_TRAIN_TRAINSTATEOPS_TD

include "dialects/Train/TrainOp.td"
include "mlir/IR/SymbolInterfaces.td"

def Train_StateOp : Train_Op<"state", [Symbol, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "named state: a parameter or a piece of optimizer state";
  let description = [{
    Lives in DRAM from step to step. `init` gives its first value: a `#train.file`, `#train.random`, a dense attribute of at
    most 4 KiB, or nothing for zero. The initial value is f32 and is rounded once to the state's format. A `frozen` state
    has no gradient: a large constant (its dense attribute may have 1 MiB), or what the user does not train. A
    `statistic` has none either, and is f32 whatever the precision. With `copy_of` it is the compute copy of another state
    of its shape: that state's value, rounded by `rounding`, which draws no random numbers. Whoever writes the one writes
    the other; the host does so by itself.

    ```mlir
    train.state @conv1.weight : tensor<8x1x3x3xf32> {init = #train.file<"m.onnx", offset = 0, length = 288, type = 1, checksum = 7>}
    train.state @conv1.weight.copy copy_of @conv1.weight : tensor<8x1x3x3x!num_e5m2> {rounding = #num.rounding<nearest_even>}
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<Train_FloatTensor>:$type, OptionalAttr<AnyAttr>:$init,
                       OptionalAttr<Num_RoundingAttr>:$rounding, OptionalAttr<FlatSymbolRefAttr>:$copy_of,
                       UnitAttr:$statistic, UnitAttr:$frozen);
  let assemblyFormat = "$sym_name (`copy_of` $copy_of^)? `:` $type attr-dict";
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

def Train_ConstantOp : Train_Op<"constant", [Pure, AllTypesMatch<["value", "y"]>]> {
  let summary = "a tensor of known values";
  let description = [{
    At most 4 KiB, or one value for all elements. f32, or i32 for indices. Lies in DRAM like a state, but never changes; a
    multiply-accumulate reads a `train.round` of it. Larger constants are frozen states.

    ```mlir
    %two = train.constant dense<2.0> : tensor<f32>
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs StaticShapeTensorOf<[F32, I32]>:$y);
  let assemblyFormat = "attr-dict $value";
  let hasVerifier = 1;
}

#endif // DIALECTS_TRAIN_TRAINSTATEOPS_TD
