// A tensor that is read part by part gets one gradient of all parts that lie side by side.
// RUN: slp-opt %s --train-differentiate | FileCheck %s

module attributes {slp.stage = "import", train.model = "m.onnx"} {
train.state @w : tensor<3x8xf32>
// CHECK-LABEL: func.func @step
func.func @step(%x: tensor<2x3xf32> {train.name = "x"}, %labels: tensor<2xi32> {train.name = "labels"})
    -> (tensor<f32> {train.name = "loss"}, tensor<2x2xf32> {train.name = "logits"}) {
  %w = train.read @w : tensor<3x8xf32>
  %all = train.matmul %x, %w : (tensor<2x3xf32>, tensor<3x8xf32>) -> tensor<2x8xf32>
  // Part 1 of four is read twice, once beside part 0 and once beside part 2; nobody reads part 3.
  %c = train.slice %all {starts = array<i64: 0, 4>, sizes = array<i64: 2, 2>, steps = array<i64: 1, 1>} : (tensor<2x8xf32>) -> tensor<2x2xf32>
  %a = train.slice %all {starts = array<i64: 0, 0>, sizes = array<i64: 2, 2>, steps = array<i64: 1, 1>} : (tensor<2x8xf32>) -> tensor<2x2xf32>
  %b = train.slice %all {starts = array<i64: 0, 2>, sizes = array<i64: 2, 2>, steps = array<i64: 1, 1>} : (tensor<2x8xf32>) -> tensor<2x2xf32>
  %again = train.slice %all {starts = array<i64: 0, 2>, sizes = array<i64: 2, 2>, steps = array<i64: 1, 1>} : (tensor<2x8xf32>) -> tensor<2x2xf32>
  %sa = train.sigmoid %a : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %sb = train.tanh %b : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %sc = train.exp %c : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %sd = train.relu %again : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %ab = train.mul %sa, %sb : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %cd = train.mul %sc, %sd : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  // Of the steps of a sequence the loss sees the last, through a transpose.
  %s0 = train.reshape %ab : (tensor<2x2xf32>) -> tensor<1x2x2xf32>
  %h = train.add %ab, %cd : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %s1 = train.reshape %h : (tensor<2x2xf32>) -> tensor<1x2x2xf32>
  %steps = train.concat %s0, %s1 {axis = 0 : i64} : (tensor<1x2x2xf32>, tensor<1x2x2xf32>) -> tensor<2x2x2xf32>
  %rows = train.transpose %steps {perm = array<i64: 1, 0, 2>} : (tensor<2x2x2xf32>) -> tensor<2x2x2xf32>
  %last = train.slice %rows {starts = array<i64: 0, 1, 0>, sizes = array<i64: 2, 1, 2>, steps = array<i64: 1, 1, 1>} : (tensor<2x2x2xf32>) -> tensor<2x1x2xf32>
  %y = train.reshape %last : (tensor<2x1x2xf32>) -> tensor<2x2xf32>
  %loss:2 = train.cross_entropy %y, %labels : (tensor<2x2xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2xf32>)
  // CHECK: train.cross_entropy_grad
  // CHECK: %[[ROWS:.*]] = train.pad %{{.*}} {high = array<i64: 0, 0, 0>, low = array<i64: 0, 1, 0>, phase = #train.phase<bp>}
  // CHECK: %[[STEPS:.*]] = train.transpose %[[ROWS]]
  // The first step gets no gradient here, as there is none.
  // CHECK-NEXT: %[[LAST:.*]] = train.slice %[[STEPS]] {{.*}} starts = array<i64: 1, 0, 0>
  // CHECK-NEXT: %[[DH:.*]] = train.reshape %[[LAST]]
  // CHECK: train.mul %[[DH]]
  // CHECK: %[[DAGAIN:.*]] = train.relu_grad
  // CHECK: %[[DC:.*]] = train.mul
  // CHECK: %[[DB:.*]] = train.tanh_grad
  // CHECK: %[[DA:.*]] = train.sigmoid_grad
  // CHECK-NEXT: %[[AB:.*]] = train.concat %[[DA]], %[[DB]] {axis = 1 : i64, phase = #train.phase<bp>} : {{.*}} -> tensor<2x4xf32>
  // CHECK-NEXT: %[[FIRST:.*]] = train.pad %[[AB]] {high = array<i64: 0, 4>, low = array<i64: 0, 0>, phase = #train.phase<bp>}
  // CHECK-NEXT: %[[BC:.*]] = train.concat %[[DAGAIN]], %[[DC]] {axis = 1
  // CHECK-NEXT: %[[SECOND:.*]] = train.pad %[[BC]] {high = array<i64: 0, 2>, low = array<i64: 0, 2>, phase = #train.phase<bp>}
  // CHECK-NEXT: train.add %[[SECOND]], %[[FIRST]]
  // CHECK-NOT: train.pad
  // CHECK: train.matmul
  return %loss#0, %y : tensor<f32>, tensor<2x2xf32>
}
}
