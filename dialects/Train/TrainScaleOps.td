//===- TrainScaleOps.td - dynamic loss scaling --------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md section 10. train-scale-loss puts these ops into a step.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINSCALEOPS_TD
#define DIALECTS_TRAIN_TRAINSCALEOPS_TD

include "dialects/Train/TrainOp.td"

def Train_ClearSaturationsOp : Train_Op<"clear_saturations", [MemoryEffects<[MemWrite]>]> {
  let summary = "begin to count roundings that saturate";
  let description = [{
    Sets the counter of saturations to 0. What is between this op and `train.saturations` is counted, so that the order of
    ops matters.

    ```mlir
    train.clear_saturations {phase = #train.phase<bp>}
    ```
  }];
  let arguments = (ins DefaultValuedAttr<Train_PhaseAttr, "::slp::train::Phase::fp">:$phase);
  let assemblyFormat = "attr-dict";
}
def Train_SaturationsOp : Train_Op<"saturations", [DeclareOpInterfaceMethods<Train_InferShapeInterface>,
    Train_StorageInterface, MemoryEffects<[MemRead]>]> {
  let summary = "how many roundings saturated";
  let description = [{
    count (1): roundings since `train.clear_saturations` that saturated or met a NaN, accumulators included.

    ```mlir
    %count = train.saturations {phase = #train.phase<up>} : () -> tensor<1xf32>
    ```
  }];
  let arguments = (ins DefaultValuedAttr<Train_PhaseAttr, "::slp::train::Phase::fp">:$phase);
  let results = (outs Train_F32Tensor:$count);
  let assemblyFormat = "attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = "static ::slp::train::StorageClass storageClass() { return ::slp::train::StorageClass::statistic; }";
}
def Train_LossScaleUpdateOp : Train_ComputeOp<"loss_scale_update", (ins Train_F32Tensor:$state, Train_F32Tensor:$count,
    DefaultValuedAttr<F32Attr, "2.0f">:$growth, DefaultValuedAttr<F32Attr, "0.5f">:$backoff,
    DefaultValuedAttr<I64Attr, "2000">:$interval, DefaultValuedAttr<F32Attr, "0x1p-24f">:$least,
    DefaultValuedAttr<F32Attr, "0x1p24f">:$most),
    [DeclareOpInterfaceMethods<Train_InPlaceInterface, ["numInPlace"]>], "statistic"> {
  let summary = "back off after saturation, grow after good steps";
  let description = [{
    state (4): scale, good steps, skipped steps, held; count (1) → the new state, in place, and the factor (scalar) of the
    updates: 1 / scale, or -1 if count is not 0 and they are held. Then the scale is multiplied by `backoff`, but stays at
    least `least`; after `interval` good steps it is multiplied by `growth`, but stays at most `most`.

    ```mlir
    %s1, %factor = train.loss_scale_update %s, %count {interval = 100 : i64, phase = #train.phase<up>}
        : (tensor<4xf32>, tensor<1xf32>) -> (tensor<4xf32>, tensor<f32>)
    ```
  }];
  let results = (outs Train_F32Tensor:$state_out, Train_F32Tensor:$factor);
  let hasVerifier = 1;
}

#endif // DIALECTS_TRAIN_TRAINSCALEOPS_TD
