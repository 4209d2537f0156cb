// Weights that are multiplied in another format than they are kept in have a copy from step to step.
// RUN: slp-opt %s --split-input-file --train-copy-weights | FileCheck %s

!f8 = !num.float<5, 2, 15, reserved, flush>
!f16 = !num.float<5, 10, 15, reserved, gradual>
#acc = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = f32>

// One copy for all functions; it is written behind its last reader, of the new value.
// CHECK: train.state @w : tensor<4x4x!num_e5m10>
// CHECK-NEXT: train.state @w.copy copy_of @w : tensor<4x4x!num_e5m2> {rounding = #num.rounding<nearest_even>}
train.state @w : tensor<4x4x!f16> {init = #train.random<"w", seed = 1, fan_in = 4>, rounding = #num.rounding<nearest_even>}
train.state @v : tensor<4x4x!f16> {rounding = #num.rounding<nearest_even>}
// CHECK-LABEL: func.func @step
// CHECK-DAG: %[[W:.*]] = train.read @w :
// CHECK-DAG: %[[COPY:.*]] = train.read @w.copy : tensor<4x4x!num_e5m2>
// CHECK: train.matmul %{{.*}}, %[[COPY]]
// CHECK: %[[NEW:.*]], %{{.*}} = train.sgd %[[W]]
// CHECK-NOT: train.round
// CHECK: train.matmul %{{.*}}, %[[COPY]]
// CHECK-NEXT: %[[ROUND:.*]] = train.round %[[NEW]] {phase = #train.phase<up>, rounding = #num.rounding<nearest_even>} : (tensor<4x4x!num_e5m10>) -> tensor<4x4x!num_e5m2>
// CHECK: train.write @w, %[[NEW]]
// CHECK: train.write @w.copy, %[[ROUND]]
func.func @step(%x: tensor<2x4x!f8>, %dw: tensor<4x4x!f16>) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
  %w = train.read @w : tensor<4x4x!f16>
  %v = train.read @v : tensor<4x4x!f16>
  %w8 = train.round %w {rounding = #num.rounding<nearest_even>} : (tensor<4x4x!f16>) -> tensor<4x4x!f8>
  %y = train.matmul %x, %w8 {accumulate = #acc} : (tensor<2x4x!f8>, tensor<4x4x!f8>) -> tensor<2x4xf32>
  %w2, %v2 = train.sgd %w, %v, %dw {phase = #train.phase<up>, rounding = #num.rounding<nearest_even>} : (tensor<4x4x!f16>, tensor<4x4x!f16>, tensor<4x4x!f16>) -> (tensor<4x4x!f16>, tensor<4x4x!f16>)
  %z = train.matmul %x, %w8 {accumulate = #acc} : (tensor<2x4x!f8>, tensor<4x4x!f8>) -> tensor<2x4xf32>
  train.write @w, %w2 : tensor<4x4x!f16>
  train.write @v, %v2 : tensor<4x4x!f16>
  return %y, %z : tensor<2x4xf32>, tensor<2x4xf32>
}
// CHECK-LABEL: func.func @eval
// CHECK-NOT: train.round
// CHECK: train.read @w.copy
// CHECK-NOT: train.write
func.func @eval(%x: tensor<2x4x!f8>) -> tensor<2x4xf32> {
  %w = train.read @w : tensor<4x4x!f16>
  %w8 = train.round %w {rounding = #num.rounding<nearest_even>} : (tensor<4x4x!f16>) -> tensor<4x4x!f8>
  %y = train.matmul %x, %w8 {accumulate = #acc} : (tensor<2x4x!f8>, tensor<4x4x!f8>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
!f16 = !num.float<5, 10, 15, reserved, gradual>

// A frozen state has one, too. Random numbers, and the first of two numbers, are rounded as before.
// CHECK: train.state @frozen.copy copy_of @frozen : {{.*}}frozen
// CHECK-NOT: copy_of
// CHECK-LABEL: func.func @step
// CHECK: %[[F:.*]] = train.read @frozen.copy
// CHECK: train.round %{{.*}} {rounding = #num.rounding<stochastic>
// CHECK: train.round
// CHECK: return %[[F]]
train.state @frozen : tensor<4x!f16> {frozen, init = #train.random<"f", seed = 1, fan_in = 4>, rounding = #num.rounding<nearest_even>}
train.state @a : tensor<4x!f16> {rounding = #num.rounding<nearest_even>}
train.state @b : tensor<4x!f16> {rounding = #num.rounding<nearest_even>}
func.func @step() -> (tensor<4x!f8>, tensor<4x!f8>, tensor<4x!f8>, tensor<4x!f16>) {
  %f = train.read @frozen : tensor<4x!f16>
  %f8 = train.round %f {rounding = #num.rounding<nearest_even>} : (tensor<4x!f16>) -> tensor<4x!f8>
  %a = train.read @a : tensor<4x!f16>
  %a8 = train.round %a {rounding = #num.rounding<stochastic>} : (tensor<4x!f16>) -> tensor<4x!f8>
  %b = train.read @b : tensor<4x!f16>
  %b8 = train.round %b {rounding = #num.rounding<nearest_even>} : (tensor<4x!f16>) -> tensor<4x!f8>
  %rest = train.sub %b, %b8 {rounding = #num.rounding<nearest_even>} : (tensor<4x!f16>, tensor<4x!f8>) -> tensor<4x!f16>
  return %f8, %a8, %b8, %rest : tensor<4x!f8>, tensor<4x!f8>, tensor<4x!f8>, tensor<4x!f16>
}
