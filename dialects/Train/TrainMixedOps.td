//===- TrainMixedOps.td - element-wise mixing of FP8 and FP16 -----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Fine-grained mixed precision: which elements of a tensor are FP16 follows from a threshold, which follows from the
// histogram of the step before and a target share. `precision` inserts these ops.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINMIXEDOPS_TD
#define DIALECTS_TRAIN_TRAINMIXEDOPS_TD

include "dialects/Train/TrainOp.td"

def Train_ClassifyOp : Train_ComputeOp<"classify", (ins Train_FloatTensor:$x, Train_F32Tensor:$threshold,
    DefaultValuedAttr<F32Attr, "0.0f">:$low)> {
  let summary = "round each element to one of two formats";
  let description = [{
    x, a threshold (one element) → y of x's shape in a `!num.mixed`, and a histogram of 128 counts. An element of at least
    the threshold, or one below `low` that is not zero, is rounded to the wider format, any other to the narrower one.
    The histogram counts the magnitudes of all elements that are not zero, a quarter of a binade each
    (docs/numerics.md section 5).

    ```mlir
    %y, %h = train.classify %x, %t {low = 6.1e-5 : f32, rounding = #num.rounding<nearest_even>} : (tensor<8xf32>, tensor<1xf32>)
      -> (tensor<8x!num.mixed<<5, 2, 15, reserved, flush>, <5, 10, 15, reserved, gradual>>>, tensor<128xi32>)
    ```
  }];
  let results = (outs StaticShapeTensorOf<[Num_MixedType]>:$y, Train_LabelTensor:$histogram);
}

def Train_ThresholdOp : Train_ComputeOp<"threshold", (ins Train_F32Tensor:$old, Train_LabelTensor:$histogram,
    Train_F32Tensor:$control, DefaultValuedAttr<F32Attr, "0.0f">:$low), [Train_InPlaceInterface], "statistic"> {
  let summary = "the threshold that gives a target share of the wider format";
  let description = [{
    The old threshold (one element), a histogram of `classify`, the control of `share_target` → the new threshold: that
    which would have made its target of the counted elements FP16, those below `low` included. The old one if nothing was
    counted.
  }];
  let results = (outs Train_F32Tensor:$threshold);
}

def Train_ShareTargetOp : Train_ComputeOp<"share_target", (ins Train_F32Tensor:$old, Train_F32Tensor:$loss,
    ConfinedAttr<I64Attr, [IntMinValue<1>]>:$period, F32Attr:$improvement, F32Attr:$growth, F32Attr:$largest),
    [Train_InPlaceInterface], "statistic"> {
  let summary = "raise the target share when the loss no longer falls";
  let description = [{
    The control (target, sum of losses, best mean, runs) and the loss, a scalar → the new control. After each `period` runs
    the mean loss is compared with the best so far: if it is not lower by the share `improvement`, the target grows by the
    factor `growth`, to at most `largest`.
  }];
  let results = (outs Train_F32Tensor:$control);
}

#endif // DIALECTS_TRAIN_TRAINMIXEDOPS_TD
