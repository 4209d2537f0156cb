// Of a layer in both directions the loss sees the last step alone: the last state of one direction and the first of the
// other. What moves them there is followed back, so that the steps between get no zeros to add.
// RUN: slp-opt %s --train-differentiate | FileCheck %s

module attributes {slp.stage = "import", train.model = "m.onnx"} {
train.state @w : tensor<3x4xf32>
// CHECK-LABEL: func.func @step
func.func @step(%x: tensor<2x3xf32> {train.name = "x"}, %labels: tensor<2xi32> {train.name = "labels"})
    -> (tensor<f32> {train.name = "loss"}, tensor<2x4xf32> {train.name = "logits"}) {
  %w = train.read @w : tensor<3x4xf32>
  %p = train.matmul %x, %w : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  %h0 = train.reshape %p : (tensor<2x4xf32>) -> tensor<2x1x2x2xf32>
  %h1 = train.tanh %h0 : (tensor<2x1x2x2xf32>) -> tensor<2x1x2x2xf32>
  %h2 = train.tanh %h1 : (tensor<2x1x2x2xf32>) -> tensor<2x1x2x2xf32>
  %steps = train.concat %h0, %h1, %h2 {axis = 1 : i64} : (tensor<2x1x2x2xf32>, tensor<2x1x2x2xf32>, tensor<2x1x2x2xf32>) -> tensor<2x3x2x2xf32>
  %forward = train.slice %steps {starts = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 3, 2, 2>, steps = array<i64: 1, 1, 1, 1>} : (tensor<2x3x2x2xf32>) -> tensor<1x3x2x2xf32>
  %back = train.slice %steps {starts = array<i64: 1, 2, 0, 0>, sizes = array<i64: 1, 3, 2, 2>, steps = array<i64: 1, -1, 1, 1>} : (tensor<2x3x2x2xf32>) -> tensor<1x3x2x2xf32>
  %both = train.concat %forward, %back {axis = 0 : i64} : (tensor<1x3x2x2xf32>, tensor<1x3x2x2xf32>) -> tensor<2x3x2x2xf32>
  %t = train.transpose %both {perm = array<i64: 1, 2, 0, 3>} : (tensor<2x3x2x2xf32>) -> tensor<3x2x2x2xf32>
  %features = train.reshape %t : (tensor<3x2x2x2xf32>) -> tensor<3x2x4xf32>
  %rows = train.transpose %features {perm = array<i64: 1, 0, 2>} : (tensor<3x2x4xf32>) -> tensor<2x3x4xf32>
  %last = train.slice %rows {starts = array<i64: 0, 2, 0>, sizes = array<i64: 2, 1, 4>, steps = array<i64: 1, 1, 1>} : (tensor<2x3x4xf32>) -> tensor<2x1x4xf32>
  %y = train.reshape %last : (tensor<2x1x4xf32>) -> tensor<2x4xf32>
  %loss:2 = train.cross_entropy %y, %labels : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2xf32>)
  // CHECK: train.cross_entropy_grad
  // CHECK: %[[STEPS:.*]] = train.concat %{{.*}}, %{{.*}} {axis = 0 : i64, phase = #train.phase<bp>}
  // CHECK-NEXT: train.slice %[[STEPS]] {{.*}} starts = array<i64: 0, 0, 0, 0>
  // CHECK-NEXT: train.slice %[[STEPS]] {{.*}} starts = array<i64: 0, 2, 0, 0>
  // CHECK-NOT: train.slice %[[STEPS]]
  // CHECK: train.matmul
  return %loss#0, %y : tensor<f32>, tensor<2x4xf32>
}
}
