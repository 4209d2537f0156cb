// RUN: not slp-opt %s --train-assign-precision="target=asu-fp8 policy=fp16" 2>&1 | FileCheck %s --check-prefix=FEATURE
// RUN: not slp-opt %s --train-assign-precision="policy=int8" 2>&1 | FileCheck %s --check-prefix=POLICY
// RUN: not slp-opt %s --train-assign-precision="master-weights=int8" 2>&1 | FileCheck %s --check-prefix=MASTER
// RUN: not slp-opt %s --train-assign-precision="loss-scale=100" 2>&1 | FileCheck %s --check-prefix=SCALE
// RUN: not slp-opt %s --train-assign-precision="loss-scale=-2" 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// RUN: not slp-opt %s --train-assign-precision="target=tpu" 2>&1 | FileCheck %s --check-prefix=TARGET
// RUN: slp-opt %s --train-assign-precision="policy=fp8" | not slp-opt --train-assign-precision 2>&1 | FileCheck %s --check-prefix=STAGE

// FEATURE: error: precision fp16: activations in fp16 need the feature fp16-mac, which chip asu-fp8 lacks (it has channel-gating, dot8, gradient-skip, weight-groups)
// POLICY: error: precision int8 is not supported, expected fp32, fp16, fp8, fgmp, sensitivity or a policy's file (.yaml)
// MASTER: error: master weights in int8 are not supported, expected fp8, fp16 or fp32
// SCALE: error: expected a power of two from 2^-63 to 2^63 as loss scale, found 100
// NEGATIVE: error: expected a power of two from 2^-63 to 2^63 as loss scale, found -2
// TARGET: error: {{.*}}tpu
// STAGE: error: precision expects a module of stage differentiate, found precision
module attributes {slp.stage = "differentiate"} {
  func.func @step(%x: tensor<2x3xf32>, %l: tensor<2xi32>) -> (tensor<f32>, tensor<2x3xf32>) {
    %loss, %losses = train.cross_entropy %x, %l : (tensor<2x3xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2xf32>)
    return %loss, %x : tensor<f32>, tensor<2x3xf32>
  }
}
