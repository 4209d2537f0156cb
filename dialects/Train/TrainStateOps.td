//===- TrainStateOps.td - parameters and optimizer state --------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINSTATEOPS_TD
#define DIALECTS_TRAIN_TRAINSTATEOPS_TD

include "dialects/Train/TrainOp.td"
include "mlir/IR/SymbolInterfaces.td"

def Train_StateOp : Train_Op<"state", [Symbol]> {
  let summary = "named state: a parameter or a piece of optimizer state";
  let description = [{
    Lives in DRAM from step to step. `statistic`: not trained, in f32 whatever the precision. `init` gives its first value: a `#train.file`, a dense attribute of at most 4 KiB, or
    nothing for zero. The initial value is f32 and is rounded once to the state's format.

    ```mlir
    train.state @conv1.weight : tensor<8x1x3x3xf32> {init = #train.file<"m.onnx", offset = 0, length = 288, type = 1, checksum = 7>}
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<Train_FloatTensor>:$type, OptionalAttr<AnyAttr>:$init,
                       OptionalAttr<Num_RoundingAttr>:$rounding, UnitAttr:$statistic);
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

#endif // DIALECTS_TRAIN_TRAINSTATEOPS_TD
