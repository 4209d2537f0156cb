// The gradient of data movement is data movement; that of a moved weight stays a weight gradient.
// RUN: slp-opt %s --train-differentiate | FileCheck %s

module attributes {slp.stage = "import", train.model = "m.onnx"} {
train.state @w : tensor<4x6xf32>
train.state @e : tensor<7x6xf32>
// CHECK-LABEL: func.func @step
func.func @step(%x: tensor<3x6xf32> {train.name = "x"}, %labels: tensor<3xi32> {train.name = "labels"})
    -> (tensor<f32> {train.name = "loss"}, tensor<3x4xf32> {train.name = "logits"}) {
  %w = train.read @w : tensor<4x6xf32>
  %e = train.read @e : tensor<7x6xf32>
  %t = train.transpose %w {perm = array<i64: 1, 0>} : (tensor<4x6xf32>) -> tensor<6x4xf32>
  %table = train.reshape %e : (tensor<7x6xf32>) -> tensor<1x7x6xf32>
  %rows = train.gather %table, %labels : (tensor<1x7x6xf32>, tensor<3xi32>) -> tensor<1x3x6xf32>
  %flat = train.reshape %rows : (tensor<1x3x6xf32>) -> tensor<3x6xf32>
  %h = train.add %x, %flat : (tensor<3x6xf32>, tensor<3x6xf32>) -> tensor<3x6xf32>
  %s = train.slice %h {starts = array<i64: 0, 4>, sizes = array<i64: 3, 3>, steps = array<i64: 1, -2>} : (tensor<3x6xf32>) -> tensor<3x3xf32>
  %c = train.concat %s, %s {axis = 1 : i64} : (tensor<3x3xf32>, tensor<3x3xf32>) -> tensor<3x6xf32>
  %p = train.pad %c {low = array<i64: 0, -1>, high = array<i64: 0, 1>} : (tensor<3x6xf32>) -> tensor<3x6xf32>
  %y = train.matmul %p, %t : (tensor<3x6xf32>, tensor<6x4xf32>) -> tensor<3x4xf32>
  %loss:2 = train.cross_entropy %y, %labels : (tensor<3x4xf32>, tensor<3xi32>) -> (tensor<f32>, tensor<3xf32>)
  // CHECK: train.cross_entropy_grad
  // CHECK: %[[DT:.*]] = train.matmul {{.*}} {phase = #train.phase<wg>, transpose_a} {{.*}} -> tensor<6x4xf32>
  // CHECK: train.pad %{{.*}} {high = array<i64: 0, -1>, low = array<i64: 0, 1>, phase = #train.phase<bp>}
  // CHECK: %[[A:.*]] = train.slice {{.*}} {phase = #train.phase<bp>, sizes = array<i64: 3, 3>, starts = array<i64: 0, 0>, steps = array<i64: 1, 1>}
  // CHECK: %[[B:.*]] = train.slice {{.*}} {phase = #train.phase<bp>, sizes = array<i64: 3, 3>, starts = array<i64: 0, 3>, steps = array<i64: 1, 1>}
  // CHECK: %[[DS:.*]] = train.add %[[A]], %[[B]]
  // A step of -2: reversed, each element followed by a zero.
  // CHECK: %[[R:.*]] = train.slice %[[DS]] {{.*}} starts = array<i64: 0, 2>, steps = array<i64: 1, -1>}
  // CHECK: %[[ONES:.*]] = train.reshape %[[R]] {{.*}} -> tensor<3x1x3x1xf32>
  // CHECK: %[[GAPS:.*]] = train.pad %[[ONES]] {high = array<i64: 0, 0, 0, 1>, low = array<i64: 0, 0, 0, 0>
  // CHECK: %[[WIDE:.*]] = train.reshape %[[GAPS]] {{.*}} -> tensor<3x6xf32>
  // CHECK: %[[DH:.*]] = train.reshape %{{.*}} {phase = #train.phase<bp>} : (tensor<3x6xf32>) -> tensor<1x3x6xf32>
  // CHECK: %[[DE:.*]] = train.scatter_add %[[DH]], %{{.*}} {phase = #train.phase<wg>, rows = 7 : i64}
  // CHECK: train.reshape %[[DE]] {phase = #train.phase<wg>} : (tensor<1x7x6xf32>) -> tensor<7x6xf32>
  // CHECK: train.transpose %[[DT]] {perm = array<i64: 1, 0>, phase = #train.phase<wg>}
  return %loss#0, %y : tensor<f32>, tensor<3x4xf32>
}
}
