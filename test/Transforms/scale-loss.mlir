// Dynamic loss scaling around the gradients that train-differentiate builds.
// RUN: slp-opt %s --train-differentiate="clip-norm=false" --train-scale-loss | FileCheck %s
// RUN: slp-opt %s --train-differentiate="optimizer=adam clip-norm=true" --train-scale-loss="initial=0x1p40 interval=7 min=0.5" | FileCheck %s --check-prefix=CLIP
// RUN: slp-opt %s --train-differentiate="micro-batches=2" --train-scale-loss | FileCheck %s --check-prefix=MICRO
// What the pass leaves is what train-assign-precision takes: the scale stays in f32, and is divided out once.
// RUN: slp-opt %s --train-differentiate --train-scale-loss --train-assign-precision="target=asu-fp8 policy=fp8 loss-scale=1" --train-name-tensors | FileCheck %s --check-prefix=FP8
// RUN: slp-opt %s --train-differentiate --train-scale-loss --remarks-filter=precision -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// REMARK: remark: {{.*}}dynamic loss scale from 65536{{.*}}, times 2{{.*}} after 2000 good steps, times 0.5{{.*}} after a saturation

// CHECK: train.training = {loss_scale_state = "loss_scale", micro_batches = 1
// CHECK: train.state @loss_scale : tensor<4xf32> {init = dense<[6.553600e+04, 0.000000e+00, 0.000000e+00, 0.000000e+00]> : tensor<4xf32>, statistic}
// CHECK-LABEL: func.func @step
// CHECK: train.cross_entropy %
// CHECK: %[[STATE:.*]] = train.read @loss_scale : tensor<4xf32>
// CHECK-NEXT: %[[SLICE:.*]] = train.slice %[[STATE]] {phase = #train.phase<bp>, sizes = array<i64: 1>, starts = array<i64: 0>, steps = array<i64: 1>
// CHECK-NEXT: %[[SCALE:.*]] = train.reshape %[[SLICE]]
// CHECK-NEXT: train.clear_saturations {phase = #train.phase<bp>}
// CHECK-NEXT: train.cross_entropy_grad %{{.*}}, %{{.*}}, %[[SCALE]] {phase = #train.phase<bp>}
// CHECK: train.conv_wg
// CHECK-NOT: phase<up>
// CHECK: %[[COUNT:.*]] = train.saturations {phase = #train.phase<up>
// CHECK-NEXT: %[[NEXT:.*]], %[[FACTOR:.*]] = train.loss_scale_update %[[STATE]], %[[COUNT]] {phase = #train.phase<up>
// CHECK-NEXT: train.write @loss_scale, %[[NEXT]]
// CHECK: train.sgd %{{.*}}, %{{.*}}, %{{.*}}, %[[FACTOR]] {phase = #train.phase<up>}
// CHECK: train.sgd %{{.*}}, %{{.*}}, %{{.*}}, %[[FACTOR]] {phase = #train.phase<up>}
// CHECK-NOT: train.saturations
// CHECK-LABEL: func.func @eval
// CHECK-NOT: loss_scale

// A first scale above the greatest is the greatest.
// CLIP: train.state @loss_scale : tensor<4xf32> {init = dense<[1.09951163E+12, 0.000000e+00
// CLIP: %{{.*}}, %[[UNSCALE:.*]] = train.loss_scale_update {{.*}}{interval = 7 : i64, least = 5.000000e-01 : f32, most = 1.09951163E+12 : f32
// CLIP: train.square_sum
// CLIP: %[[CLIP:.*]] = train.clip_factor %{{.*}}, %[[UNSCALE]] {phase = #train.phase<up>} : (tensor<f32>, tensor<f32>) -> tensor<f32>
// CLIP: train.adam %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[CLIP]] {phase = #train.phase<up>}

// MICRO: train.state @loss_scale.saturations : tensor<1xf32> {init = dense<0.000000e+00> : tensor<1xf32>, statistic}
// MICRO-LABEL: func.func @step
// MICRO: %[[COUNT:.*]] = train.saturations
// MICRO-NEXT: %[[OLD:.*]] = train.read @loss_scale.saturations
// MICRO-NEXT: %[[LEFT:.*]], %[[SUM:.*]] = train.drain %[[OLD]], %[[COUNT]]
// MICRO-NEXT: train.write @loss_scale.saturations, %[[LEFT]]
// MICRO-NEXT: train.loss_scale_update %{{.*}}, %[[SUM]]
// MICRO: train.sgd %{{.*}} {micro_batches = 2 : i64, phase = #train.phase<up>}
// MICRO-LABEL: func.func @accumulate
// MICRO: train.clear_saturations
// MICRO-NEXT: train.cross_entropy_grad
// MICRO: %[[COUNT:.*]] = train.saturations
// MICRO-NEXT: %[[OLD:.*]] = train.read @loss_scale.saturations
// MICRO-NEXT: %[[NEW:.*]] = train.accumulate %[[OLD]], %[[COUNT]]
// MICRO-NEXT: train.write @loss_scale.saturations, %[[NEW]]
// MICRO-NOT: train.loss_scale_update

// FP8: loss_scale = 1.000000e+00 : f32
// FP8: train.state @loss_scale : tensor<4xf32>
// FP8: train.reshape {{.*}} {phase = #train.phase<bp>, train.names = ["loss_scale/scalar"]} : (tensor<1xf32>) -> tensor<f32>
// FP8: train.cross_entropy_grad {{.*}} {phase = #train.phase<bp>, rounding = #num.rounding<half_away>
// FP8-SAME: tensor<f32>) -> tensor<2x5x!num_e5m2
// FP8: train.saturations {{.*}} train.names = ["loss_scale/saturations"]} : () -> tensor<1xf32>
// FP8: train.loss_scale_update {{.*}} train.names = ["loss_scale/next", "loss_scale/factor"]} : (tensor<4xf32>, tensor<1xf32>) -> (tensor<4xf32>, tensor<f32>)
// FP8: train.sgd %{{.*}}, %{{.*}}, %{{.*}}, %factor {phase = #train.phase<up>

train.state @conv.weight : tensor<4x3x3x3xf32>
train.state @fc.weight : tensor<64x5xf32>
func.func @step(%x: tensor<2x3x4x4xf32> {train.name = "image"}, %labels: tensor<2xi32> {train.name = "labels"}) -> (tensor<f32> {train.name = "loss"}, tensor<2x5xf32> {train.name = "logits"}) {
  %w = train.read @conv.weight : tensor<4x3x3x3xf32>
  %v = train.read @fc.weight : tensor<64x5xf32>
  %0 = train.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<2x3x4x4xf32>, tensor<4x3x3x3xf32>) -> tensor<2x4x4x4xf32>
  %1 = train.relu %0 : (tensor<2x4x4x4xf32>) -> tensor<2x4x4x4xf32>
  %2 = train.reshape %1 : (tensor<2x4x4x4xf32>) -> tensor<2x64xf32>
  %3 = train.matmul %2, %v : (tensor<2x64xf32>, tensor<64x5xf32>) -> tensor<2x5xf32>
  %loss, %losses = train.cross_entropy %3, %labels : (tensor<2x5xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2xf32>)
  return %loss, %3 : tensor<f32>, tensor<2x5xf32>
}
