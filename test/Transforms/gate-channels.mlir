// Channel gating: what is built of a convolution, and what reverse mode makes of it.
// RUN: slp-opt %s --train-gate-channels | FileCheck %s
// RUN: slp-opt %s --train-gate-channels="layers=second initial=0.5 lambda=0.25 target=2" | FileCheck %s --check-prefix=NAMED
// RUN: slp-opt %s --train-gate-channels --train-differentiate | FileCheck %s --check-prefix=GRAD
// RUN: slp-opt %s --train-gate-channels --train-differentiate="micro-batches=2" | FileCheck %s --check-prefix=MICRO
// RUN: slp-opt %s --train-gate-channels --train-differentiate="freeze=w2,w2.gate.threshold" | FileCheck %s --check-prefix=FROZEN
// RUN: slp-opt %s --train-gate-channels --train-differentiate --train-scale-loss | FileCheck %s --check-prefix=DYNAMIC
// RUN: slp-opt %s --train-gate-channels --train-differentiate --train-assign-precision="target=asu-fp8 policy=fp8" --train-copy-weights --train-name-tensors | FileCheck %s --check-prefix=FP8
// RUN: slp-opt %s --train-gate-channels --remarks-filter=sparsity -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// REMARK: remark: {{.*}}not gated: expected a multiple of 32 output channels, 4 chunks of whole slices, found 10
// REMARK: remark: {{.*}}gated: 8{{.*}} of 32{{.*}} input channels always, the others where one of 4{{.*}} gates of 8 output channels is open

// The first convolution is left alone; the mask of the base path opens chunk by chunk, that of the rest the others.
// CHECK: train.numbers = {"gating-lambda" = 9.99999974E-5 : f32, "gating-target" = 1.000000e+00 : f32}
// CHECK: train.state @w2 :
// CHECK: train.state @"gating-lambda" : tensor<1xf32> {init = dense<9.99999974E-5> : tensor<1xf32>, statistic}
// CHECK: train.state @"gating-target" : tensor<1xf32> {init = dense<1.000000e+00> : tensor<1xf32>, statistic}
// CHECK: train.state @w2.gate.threshold : tensor<4xf32> {init = dense<0.000000e+00> : tensor<4xf32>, train.pull = [@"gating-lambda", @"gating-target"]}
// CHECK: train.state @w2.gate.mean : tensor<32xf32> {init = dense<0.000000e+00> : tensor<32xf32>, statistic}
// CHECK: train.state @w2.gate.var : tensor<32xf32> {init = dense<1.000000e+00> : tensor<32xf32>, statistic}
// CHECK: train.state @w2.gate.base : tensor<4x4x1x1xf32> {frozen, init = dense<{{\[\[}}{{\[\[}}1.000000e+00]], {{\[\[}}0.000000e+00]], {{\[\[}}0.000000e+00]], {{\[\[}}0.000000e+00]]], {{\[\[\[}}0.000000e+00]], {{\[\[}}1.000000e+00]]
// CHECK: train.state @w2.gate.rest : tensor<4x4x1x1xf32> {frozen, init = dense<{{\[\[}}{{\[\[}}0.000000e+00]], {{\[\[}}1.000000e+00]]
// CHECK-LABEL: func.func @step
// CHECK: train.conv %arg0, %{{[0-9]+}} {train.names = ["one"]}
// CHECK: %[[W:.*]] = train.read @w2
// CHECK: %[[B:.*]] = train.read @b2
// CHECK: %[[MASK:.*]] = train.read @w2.gate.base
// CHECK: %[[P:.*]] = train.conv %[[X:.*]], %[[W]], %[[B]] groups %[[MASK]] {train.names = ["two/base"]}
// CHECK: train.read @w2.gate.mean
// CHECK: train.read @w2.gate.var
// CHECK: train.normalize %[[P]], %{{.*}} {epsilon = 9.99999974E-6 : f32}
// CHECK-NEXT: train.reshape %{{.*}} : (tensor<2x32x4x4xf32>) -> tensor<2x4x8x16xf32>
// CHECK-NEXT: %[[M:.*]] = train.reduce_mean %{{.*}} {axes = array<i64: 2>}
// CHECK: train.read @w2.gate.threshold
// CHECK: %[[D:.*]] = train.less %{{.*}}, %{{.*}} {straight_through = 2.000000e+00 : f32, train.names = ["two/gate"]} : (tensor<1x4x1x1xf32>, tensor<2x4x4x4xf32>) -> tensor<2x4x4x4xf32>
// CHECK: train.statistics %[[P]]
// CHECK: %[[OLD:.*]] = train.read @w2.gate.mean
// CHECK: train.moving_average %[[OLD]], %{{.*}} {momentum = 0.899999976 : f32, phase = #train.phase<up>}
// CHECK-NEXT: train.write @w2.gate.mean
// CHECK: train.moving_average
// CHECK: train.write @w2.gate.var
// CHECK: %[[REST:.*]] = train.read @w2.gate.rest
// CHECK-NEXT: train.conv %[[X]], %[[W]] init %[[P]] gate %[[D]] groups %[[REST]] {train.names = ["two"]}
// CHECK: train.conv %{{.*}}, %{{.*}} {train.names = ["three"]}

// NAMED: init = dense<2.500000e-01> : tensor<1xf32>
// NAMED: init = dense<2.000000e+00> : tensor<1xf32>
// NAMED: train.state @w2.gate.threshold : tensor<4xf32> {init = dense<5.000000e-01>
// NAMED: gate

// Both paths have gradients with their masks; the gate's comes from the sums as they are.
// GRAD-NOT: train.pull
// GRAD: train.training = {micro_batches = 1 : i64, name = "sgd", numbers = {dampening = {{.*}}, "gating-lambda" = {{.*}} : f64, "gating-target" = 1.000000e+00 : f64, lr =
// GRAD-LABEL: func.func @step
// GRAD: %[[P:.*]] = train.conv %[[X:[0-9]+]], %[[W:[0-9]+]], %{{[0-9]+}} groups %[[BASE:[0-9]+]] {train.names = ["two/base"]}
// GRAD: %[[M:.*]] = train.reduce_mean
// GRAD: %[[D:.*]] = train.less
// GRAD: %[[Y:.*]] = train.conv %[[X]], %[[W]] init %[[P]] gate %[[D]] groups %[[REST:[0-9]+]]
// GRAD: train.conv_bp %[[DY:[0-9]+]], %[[W]] gate %[[D]] groups %[[REST]]
// GRAD: train.conv_wg %[[X]], %[[DY]] gate %[[D]] groups %[[REST]]
// GRAD: %[[SUB:.*]] = train.sub %[[Y]], %[[P]] {phase = #train.phase<bp>, train.accumulators}
// GRAD: train.mul %[[DY]], %[[SUB]]
// GRAD: train.reduce_sum %{{.*}} {axes = array<i64: 2>, phase = #train.phase<bp>}
// GRAD: train.sub
// GRAD: train.affine %{{.*}} {offset = 0.000000e+00 : f32, phase = #train.phase<bp>, scale = 2.000000e+00 : f32}
// GRAD: train.sigmoid
// GRAD: train.sigmoid_grad
// GRAD: train.affine
// GRAD: train.reduce_sum %{{.*}} {axes = array<i64: 0, 2, 3>, phase = #train.phase<wg>}
// GRAD-NEXT: train.affine %{{.*}} {offset = 0.000000e+00 : f32, phase = #train.phase<wg>, scale = -1.000000e+00 : f32}
// GRAD: train.spread {{.*}}divisor = 8.000000e+00
// GRAD: train.normalize_fixed_grad
// GRAD: %[[G:.*]] = train.add
// GRAD: train.conv_bp %[[G]], %[[W]] groups %[[BASE]]
// GRAD: train.conv_wg %[[X]], %[[G]] groups %[[BASE]]
// GRAD: train.bias_grad %[[G]]
// The regulariser has the scale of the gradients; there is no weight decay besides.
// GRAD: %[[T:.*]] = train.read @w2.gate.threshold
// GRAD: train.sub %[[T]], %{{.*}} {phase = #train.phase<wg>, train.f32}
// GRAD: train.affine {{.*}}scale = 2.000000e+00 : f32, train.f32}
// GRAD: train.mul
// GRAD: train.mul
// GRAD: train.add {{.*}}train.f32}
// GRAD: train.sgd {{.*}} {decay_scale = 0.000000e+00 : f32
// GRAD: train.write @w2.gate.threshold
// Evaluation has the gate, and moves nothing.
// GRAD-LABEL: func.func @eval
// GRAD: %[[EP:.*]] = train.conv {{.*}} groups {{.*}} {train.names = ["eval:two/base"]}
// GRAD: train.less {{.*}} {straight_through = 2.000000e+00 : f32, train.names = ["eval:two/gate"]}
// GRAD-NOT: train.statistics
// GRAD: train.conv {{.*}} init %[[EP]] gate
// GRAD-NOT: train.write

// MICRO-LABEL: func.func @accumulate
// MICRO: train.write @w2.gate.mean
// MICRO: train.accumulate
// MICRO: train.write @w2.gate.threshold.accumulated

// FROZEN-LABEL: func.func @step
// FROZEN-NOT: train.write @w2.gate.threshold
// FROZEN: train.write @w2.gate.mean
// FROZEN: train.conv_bp
// FROZEN-NOT: train.write @w2.gate.threshold

// DYNAMIC-LABEL: func.func @step
// DYNAMIC: %[[ELEMENT:.*]] = train.slice %{{.*}} {phase = #train.phase<bp>
// DYNAMIC: %[[SCALAR:.*]] = train.reshape %[[ELEMENT]]
// DYNAMIC: %[[SEED:.*]] = train.reshape %[[SCALAR]] {phase = #train.phase<wg>} : (tensor<f32>) -> tensor<1xf32>
// DYNAMIC-NEXT: train.mul %{{.*}}, %[[SEED]]

// Masks are fp8; sums that go on, or that the gate's gradient reads, are as the accumulator holds them.
// FP8: train.state @w2.gate.threshold : tensor<4x!num_e5m10>
// FP8: train.state @w2.gate.mean : tensor<32xf32>
// FP8: train.state @w2.gate.base : tensor<4x4x1x1x!num_e5m2> {frozen
// FP8-LABEL: func.func @step
// FP8: %[[P:.*]] = train.conv {{.*}} groups {{.*}} -> tensor<2x32x4x4x!num_e5m10>
// FP8: %[[D:.*]] = train.less {{.*}} -> tensor<2x4x4x4x!num_e5m2>
// FP8: %[[Y:.*]] = train.conv %{{.*}}, %{{.*}} init %[[P]] gate %[[D]]
// FP8: %[[R:.*]] = train.round %[[Y]] {{.*}} -> tensor<2x32x4x4x!num_e5m2>
// FP8-NEXT: train.relu %[[R]]
// FP8: train.sub %[[Y]], %[[P]]
module attributes {slp.stage = "import"} {
  train.state @w1 : tensor<32x3x1x1xf32>
  train.state @w2 : tensor<32x32x1x1xf32>
  train.state @b2 : tensor<32xf32>
  train.state @w3 : tensor<10x32x1x1xf32>
  func.func @step(%x: tensor<2x3x4x4xf32> {train.name = "x"}, %labels: tensor<2xi32> {train.classes = 10 : i64, train.name = "labels", train.role = "labels"}) -> (tensor<f32> {train.name = "loss", train.role = "loss"}, tensor<2x10xf32> {train.class_axis = 1 : i64, train.name = "logits", train.role = "logits"}) {
    %w1 = train.read @w1 : tensor<32x3x1x1xf32>
    %one = train.conv %x, %w1 {train.names = ["one"]} : (tensor<2x3x4x4xf32>, tensor<32x3x1x1xf32>) -> tensor<2x32x4x4xf32> loc("first")
    %w2 = train.read @w2 : tensor<32x32x1x1xf32>
    %b2 = train.read @b2 : tensor<32xf32>
    %two = train.conv %one, %w2, %b2 {train.names = ["two"]} : (tensor<2x32x4x4xf32>, tensor<32x32x1x1xf32>, tensor<32xf32>) -> tensor<2x32x4x4xf32> loc("second")
    %positive = train.relu %two : (tensor<2x32x4x4xf32>) -> tensor<2x32x4x4xf32>
    %w3 = train.read @w3 : tensor<10x32x1x1xf32>
    %three = train.conv %positive, %w3 {train.names = ["three"]} : (tensor<2x32x4x4xf32>, tensor<10x32x1x1xf32>) -> tensor<2x10x4x4xf32> loc("third")
    %pooled = train.avg_pool %three {kernel = array<i64: 4, 4>} : (tensor<2x10x4x4xf32>) -> tensor<2x10x1x1xf32>
    %logits = train.reshape %pooled : (tensor<2x10x1x1xf32>) -> tensor<2x10xf32>
    %loss, %losses = train.cross_entropy %logits, %labels : (tensor<2x10xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2xf32>)
    return %loss, %logits : tensor<f32>, tensor<2x10xf32>
  }
}
