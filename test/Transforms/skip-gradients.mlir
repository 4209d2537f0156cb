// Which images have a backward pass, between precision and names.
// RUN: slp-opt %s --split-input-file --train-differentiate --train-assign-precision="target=asu-fp8 policy=fp8" --train-skip-gradients --train-name-tensors --train-choose-kept | FileCheck %s
// RUN: slp-opt %s --split-input-file --train-differentiate --train-assign-precision="target=asu-fp8 policy=fp8" --train-skip-gradients="divide=kept" --train-name-tensors | FileCheck %s --check-prefix=KEPT
// RUN: slp-opt %s --split-input-file --train-differentiate="micro-batches=2" --train-scale-loss --train-assign-precision="target=asu-fp8 policy=fp8 loss-scale=1" --train-skip-gradients --train-name-tensors | FileCheck %s --check-prefix=MICRO

// The losses are those of the cross entropy. Its gradient is computed in f32, and rounded as what is left of it; matrix products read it
// whole. The error of the convolution is that of kept images alone.
// CHECK: train.training = {{.*}}"skip-below" = 0.000000e+00
// CHECK-LABEL: func.func @step
// CHECK: %{{.*}}, %[[LOSSES:.*]] = train.cross_entropy
// CHECK: %[[MASK:.*]], %{{.*}}, %{{.*}} = train.keep %[[LOSSES]] {train.names = ["keep/mask", "keep/list", "keep/count"]} : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xi32>, tensor<1xi32>)
// CHECK: %[[ALL:.*]] = train.cross_entropy_grad {{.*}}train.names = ["loss/dx/all"]} : {{.*}} -> tensor<4x3xf32>
// CHECK-NEXT: train.drop %[[ALL]], %[[MASK]] {phase = #train.phase<bp>, rounding = #num.rounding<half_away>, train.names = ["loss/dx"]} : (tensor<4x3xf32>, tensor<4xf32>) -> tensor<4x3x!num_e5m2>
// CHECK: train.matmul {{.*}}phase = #train.phase<bp>
// CHECK-NOT: over_kept
// CHECK: train.relu_grad {{.*}}train.kept_only
// CHECK-SAME: train.over_kept
// CHECK: train.normalize_sums
// CHECK-NOT: train.kept_only
// CHECK-SAME: train.over_kept
// CHECK: %[[DX:.*]] = train.normalize_grad {{.*}}train.kept_only{{.*}}train.over_kept{{.*}} -> tensor<4x2x4x4xf32>
// CHECK-NEXT: train.drop %[[DX]], %[[MASK]] {{.*}}train.kept_only{{.*}}train.over_kept
// CHECK: train.conv_wg
// CHECK-NOT: train.kept_only
// CHECK-SAME: train.over_kept
// CHECK-LABEL: func.func @eval
// CHECK-NOT: train.keep
// CHECK-NOT: train.drop

// KEPT-LABEL: func.func @step
// KEPT: %[[MASK:.*]], %{{.*}}, %{{.*}} = train.keep
// KEPT: %[[SUM:.*]] = train.reduce_sum %[[MASK]]
// KEPT: %[[LEAST:.*]] = train.max %[[SUM]],
// KEPT: %[[RATIO:.*]] = train.div %{{.*}}, %[[LEAST]]
// KEPT: %[[FACTOR:.*]] = train.reshape %[[RATIO]] {{.*}} -> tensor<1x1x1x1xf32>
// KEPT: train.mul %{{.*}}, %[[FACTOR]]
// KEPT: train.mul %{{.*}}, %[[FACTOR]]
// KEPT: train.normalize_grad

// MICRO-LABEL: func.func @step
// MICRO: train.keep
// MICRO: train.drop
// MICRO-LABEL: func.func @accumulate
// MICRO: train.keep {{.*}}train.names = ["accumulate:keep/mask", "accumulate:keep/list", "accumulate:keep/count"]
// MICRO: train.drop
module attributes {slp.stage = "import"} {
  train.state @w : tensor<2x1x3x3xf32> {init = dense<0.5> : tensor<2x1x3x3xf32>}
  train.state @gamma : tensor<2xf32> {init = dense<1.0> : tensor<2xf32>}
  train.state @beta : tensor<2xf32> {init = dense<0.0> : tensor<2xf32>}
  train.state @fc : tensor<32x3xf32> {init = dense<0.5> : tensor<32x3xf32>}
  func.func @step(%image: tensor<4x1x6x6xf32> {train.name = "image"}, %labels: tensor<4xi32> {train.name = "labels"}) -> (tensor<f32> {train.name = "loss", train.role = "loss"}, tensor<4x3xf32> {train.name = "logits"}) {
    %w = train.read @w : tensor<2x1x3x3xf32>
    %y = train.conv %image, %w : (tensor<4x1x6x6xf32>, tensor<2x1x3x3xf32>) -> tensor<4x2x4x4xf32> loc("conv")
    %g = train.read @gamma : tensor<2xf32>
    %gamma = train.reshape %g : (tensor<2xf32>) -> tensor<1x2x1x1xf32>
    %b = train.read @beta : tensor<2xf32>
    %beta = train.reshape %b : (tensor<2xf32>) -> tensor<1x2x1x1xf32>
    %mean, %var = train.statistics %y : (tensor<4x2x4x4xf32>) -> (tensor<1x2x1x1xf32>, tensor<1x2x1x1xf32>) loc("bn")
    %n = train.normalize %y, %mean, %var, %gamma, %beta {epsilon = 1.0e-5 : f32, axes = array<i64: 0, 2, 3>} : (tensor<4x2x4x4xf32>, tensor<1x2x1x1xf32>, tensor<1x2x1x1xf32>, tensor<1x2x1x1xf32>, tensor<1x2x1x1xf32>) -> tensor<4x2x4x4xf32> loc("bn")
    %r = train.relu %n : (tensor<4x2x4x4xf32>) -> tensor<4x2x4x4xf32> loc("relu")
    %flat = train.reshape %r : (tensor<4x2x4x4xf32>) -> tensor<4x32xf32>
    %fc = train.read @fc : tensor<32x3xf32>
    %logits = train.matmul %flat, %fc : (tensor<4x32xf32>, tensor<32x3xf32>) -> tensor<4x3xf32> loc("fc")
    %loss, %losses = train.cross_entropy %logits, %labels : (tensor<4x3xf32>, tensor<4xi32>) -> (tensor<f32>, tensor<4xf32>) loc("loss")
    return %loss, %logits : tensor<f32>, tensor<4x3xf32>
  }
}
