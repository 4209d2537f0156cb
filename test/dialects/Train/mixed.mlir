// RUN: slp-opt %s | slp-opt | FileCheck %s
// RUN: slp-opt %s --mlir-print-op-generic | slp-opt | FileCheck %s

!fp8 = !num.float<5, 2, 15, reserved, flush>
!fp16 = !num.float<5, 10, 15, reserved, gradual>
!mixed = !num.mixed<<5, 2, 15, reserved, flush>, <5, 10, 15, reserved, gradual>>
!coded = !num.mixed<<5, 10, 15, reserved, gradual>, <5, 10, 15, reserved, gradual>>

// CHECK-LABEL: @mixing
func.func @mixing(%x: tensor<2x8xf32>, %t: tensor<1xf32>, %c: tensor<4xf32>, %loss: tensor<f32>) {
  // CHECK: %[[Y:.*]], %[[H:.*]] = train.classify %{{.*}}, %{{.*}} {low = 9.99999974E-5 : f32, phase = #train.phase<bp>, rounding = #num.rounding<nearest_even>}
  // CHECK-SAME: -> (tensor<2x8x!num_mixed_e5m2_e5m10>, tensor<128xi32>)
  %y, %h = train.classify %x, %t {low = 1.0e-4 : f32, phase = #train.phase<bp>, rounding = #num.rounding<nearest_even>}
    : (tensor<2x8xf32>, tensor<1xf32>) -> (tensor<2x8x!mixed>, tensor<128xi32>)
  // CHECK: train.relu %[[Y]]
  %r = train.relu %y {rounding = #num.rounding<nearest_even>} : (tensor<2x8x!mixed>) -> tensor<2x8x!mixed>
  // CHECK: train.threshold %{{.*}}, %[[H]], %{{.*}} {phase = #train.phase<up>}
  %t2 = train.threshold %t, %h, %c {phase = #train.phase<up>} : (tensor<1xf32>, tensor<128xi32>, tensor<4xf32>) -> tensor<1xf32>
  // CHECK: train.share_target %{{.*}}, %{{.*}} {growth = 1.250000e+00 : f32, improvement = 0.00999999977 : f32, largest = 4.000000e-01 : f32, period = 64 : i64, phase = #train.phase<up>}
  %c2 = train.share_target %c, %loss {period = 64 : i64, improvement = 0.01 : f32, growth = 1.25 : f32, largest = 0.4 : f32, phase = #train.phase<up>}
    : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  // Zeros alone are coded: a rounding like any other.
  // CHECK: train.round {{.*}} -> tensor<2x8x!num_mixed_e5m10_e5m10>
  %z = train.round %x {rounding = #num.rounding<nearest_even>} : (tensor<2x8xf32>) -> tensor<2x8x!coded>
  return
}
