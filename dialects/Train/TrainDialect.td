//===- TrainDialect.td - the train dialect, its enums and attributes --------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINDIALECT_TD
#define DIALECTS_TRAIN_TRAINDIALECT_TD

include "dialects/Num/NumDialect.td"
include "dialects/Train/TrainEnums.td"

def Train_Dialect : Dialect {
  let name = "train";
  let cppNamespace = "::slp::train";
  let summary = "one training step as a graph on tensors";
  let description = [{
    Forward (FP), backward (BP), weight-gradient (WG) and update (UP) of one step, as ops on ranked static tensors in
    `func.func @step`; forward alone in `func.func @eval`. Parameters and optimizer state are `train.state` symbols, read
    by `train.read` and written by `train.write`. Before `precision` all floats are f32; after it every tensor has its
    storage format, MAC ops carry `accumulate` and give the accumulator's format, and `train.round` makes it a storage
    format. Names of tensors are in the discardable attribute `train.names`, ONNX node names in locations.
  }];
  let dependentDialects = ["::slp::num_ir::NumDialect"];
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
  let extraClassDeclaration = [{
    /// Registers the ops of a family: defined in Train<Family>Ops.cpp.
    void addStateOps();
    void addMacOps();
    void addEpilogueOps();
    void addArithmeticOps();
    void addElementwiseOps();
    void addLogicOps();
    void addReduceOps();
    void addMoveOps();
    void addWindowOps();
    void addRowOps();
    void addNormOps();
    void addLossOps();
    void addUpdateOps();
    void addScaleOps();
    void addFormOps();
    void addMixedOps();
  }];
}

def Train_PhaseAttr : EnumAttr<Train_Dialect, Train_Phase, "phase"> {
  let assemblyFormat = "`<` $value `>`";
}

def Train_FileAttr : AttrDef<Train_Dialect, "File"> {
  let mnemonic = "file";
  let summary = "initial values that stay in a file";
  let description = [{
    `length` bytes at `offset` of the file `path` (relative to the model's folder), little-endian elements of `type`
    (an ONNX TensorProto data type number), row-major; `checksum` is their XXH3 64. Only `emit` and the reference read
    them.

    ```mlir
    #train.file<"digits-cnn.onnx", offset = 128, length = 288, type = 1, checksum = 1234567890>
    ```
  }];
  let parameters = (ins StringRefParameter<>:$path, "uint64_t":$offset, "uint64_t":$length, "unsigned":$type,
                        "uint64_t":$checksum);
  let assemblyFormat = "`<` $path `,` `offset` `=` $offset `,` `length` `=` $length `,` `type` `=` $type `,` `checksum` `=` $checksum `>`";
}

def Train_RandomAttr : AttrDef<Train_Dialect, "Random"> {
  let mnemonic = "random";
  let summary = "initial values drawn at random";
  let description = [{
    Kaiming initialisation of the tensor `name` (docs/numerics.md section 7): uniform within sqrt(6 / fan_in), each element
    by its index, so that neither order nor host shows.

    ```mlir
    #train.random<"conv1.weight", seed = 7, fan_in = 9>
    ```
  }];
  let parameters = (ins StringRefParameter<>:$name, "uint32_t":$seed, "uint64_t":$fan_in);
  let assemblyFormat = "`<` $name `,` `seed` `=` $seed `,` `fan_in` `=` $fan_in `>`";
}

#endif // DIALECTS_TRAIN_TRAINDIALECT_TD
