// Data movement: printed as it is read.
// RUN: slp-opt %s | slp-opt | FileCheck %s

// CHECK-LABEL: @moves
func.func @moves(%x: tensor<2x3x4xf32>, %labels: tensor<2x1xi32>) {
  // CHECK: train.transpose %{{.*}} {perm = array<i64: 2, 0, 1>} : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
  %0 = train.transpose %x {perm = array<i64: 2, 0, 1>} : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
  // CHECK: train.slice %{{.*}} {sizes = array<i64: 1, 2, 2>, starts = array<i64: 1, 2, 0>, steps = array<i64: 1, -2, 3>}
  %1 = train.slice %x {starts = array<i64: 1, 2, 0>, sizes = array<i64: 1, 2, 2>, steps = array<i64: 1, -2, 3>} : (tensor<2x3x4xf32>) -> tensor<1x2x2xf32>
  // CHECK: train.concat %{{.*}}, %{{.*}} {axis = 1 : i64} : (tensor<2x3x4xf32>, tensor<2x3x4xf32>) -> tensor<2x6x4xf32>
  %2 = train.concat %x, %x {axis = 1 : i64} : (tensor<2x3x4xf32>, tensor<2x3x4xf32>) -> tensor<2x6x4xf32>
  // CHECK: train.pad %{{.*}} {high = array<i64: -1, 2, 0>, low = array<i64: 0, 1, 3>, value = 5.000000e-01 : f32}
  %3 = train.pad %x {low = array<i64: 0, 1, 3>, high = array<i64: -1, 2, 0>, value = 0.5 : f32} : (tensor<2x3x4xf32>) -> tensor<1x6x7xf32>
  // CHECK: train.expand %{{.*}} {shape = array<i64: 1, 5, 2, 2>}
  %4 = train.reshape %1 : (tensor<1x2x2xf32>) -> tensor<1x1x2x2xf32>
  %5 = train.expand %4 {shape = array<i64: 1, 5, 2, 2>} : (tensor<1x1x2x2xf32>) -> tensor<1x5x2x2xf32>
  // CHECK: train.reshape %{{.*}} : (tensor<2x1xi32>) -> tensor<2xi32>
  %indices = train.reshape %labels : (tensor<2x1xi32>) -> tensor<2xi32>
  // CHECK: train.gather %{{.*}}, %{{.*}} : (tensor<2x3x4xf32>, tensor<2xi32>) -> tensor<2x2x4xf32>
  %6 = train.gather %x, %indices : (tensor<2x3x4xf32>, tensor<2xi32>) -> tensor<2x2x4xf32>
  // CHECK: train.scatter_add %{{.*}}, %{{.*}} {phase = #train.phase<wg>, rows = 3 : i64} : (tensor<2x2x4xf32>, tensor<2xi32>) -> tensor<2x3x4xf32>
  %7 = train.scatter_add %6, %indices {rows = 3 : i64, phase = #train.phase<wg>} : (tensor<2x2x4xf32>, tensor<2xi32>) -> tensor<2x3x4xf32>
  // CHECK: train.to_float %{{.*}} : (tensor<2xi32>) -> tensor<2xf32>
  %8 = train.to_float %indices : (tensor<2xi32>) -> tensor<2xf32>
  // CHECK: train.affine %{{.*}} {offset = 1.000000e+00 : f32, scale = 2.000000e+00 : f32, train.f32}
  %9 = train.affine %8 {scale = 2.0 : f32, offset = 1.0 : f32, train.f32} : (tensor<2xf32>) -> tensor<2xf32>
  // CHECK: train.to_integer %{{.*}} : (tensor<2xf32>) -> tensor<2xi32>
  %10 = train.to_integer %9 : (tensor<2xf32>) -> tensor<2xi32>
  return
}
