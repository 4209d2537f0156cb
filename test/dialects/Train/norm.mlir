// RUN: slp-opt %s | slp-opt | FileCheck %s
// RUN: slp-opt %s --emit-bytecode | slp-opt | FileCheck %s

!fp8 = !num.float<5, 2, 15, reserved, flush>
#rne = #num.rounding<nearest_even>

// CHECK: train.state @mean : tensor<8xf32> {init = dense<0.000000e+00> : tensor<8xf32>, statistic}
train.state @mean : tensor<8xf32> {init = dense<0.0> : tensor<8xf32>, statistic}
train.state @var : tensor<8xf32> {init = dense<1.0> : tensor<8xf32>, statistic}

// CHECK-LABEL: @reductions
func.func @reductions(%x: tensor<4x8x5xf32>, %m: tensor<1x8x1xf32>) {
  // CHECK: train.reduce_sum %{{.*}} {axes = array<i64: 0, 2>} : (tensor<4x8x5xf32>) -> tensor<1x8x1xf32>
  %0 = train.reduce_sum %x {axes = array<i64: 0, 2>} : (tensor<4x8x5xf32>) -> tensor<1x8x1xf32>
  // CHECK: train.reduce_mean
  %1 = train.reduce_mean %x {axes = array<i64: 1>} : (tensor<4x8x5xf32>) -> tensor<4x1x5xf32>
  // CHECK: train.reduce_sum_square
  %2 = train.reduce_sum_square %x {axes = array<i64: 2>} : (tensor<4x8x5xf32>) -> tensor<4x8x1xf32>
  // CHECK: train.reduce_sum_abs
  %3 = train.reduce_sum_abs %x {axes = array<i64: 2>} : (tensor<4x8x5xf32>) -> tensor<4x8x1xf32>
  // CHECK: train.reduce_max
  %4 = train.reduce_max %x {axes = array<i64: 0, 1, 2>} : (tensor<4x8x5xf32>) -> tensor<1x1x1xf32>
  // CHECK: train.reduce_min
  %5 = train.reduce_min %x {axes = array<i64: 0>} : (tensor<4x8x5xf32>) -> tensor<1x8x5xf32>
  // CHECK: train.reduce_prod
  %6 = train.reduce_prod %x {axes = array<i64: 0>} : (tensor<4x8x5xf32>) -> tensor<1x8x5xf32>
  // CHECK: train.statistics
  %10:2 = train.statistics %x : (tensor<4x8x5xf32>) -> (tensor<1x8x1xf32>, tensor<1x8x1xf32>)
  // CHECK: train.variance
  %7 = train.variance %x, %m {axes = array<i64: 0, 2>} : (tensor<4x8x5xf32>, tensor<1x8x1xf32>) -> tensor<1x8x1xf32>
  // CHECK: train.variance_grad %{{.*}}, %{{.*}}, %{{.*}} {count = 20 : i64, phase = #train.phase<bp>}
  %8 = train.variance_grad %7, %x, %m {count = 20 : i64, phase = #train.phase<bp>} : (tensor<1x8x1xf32>, tensor<4x8x5xf32>, tensor<1x8x1xf32>) -> tensor<4x8x5xf32>
  // CHECK: train.spread %{{.*}} {divisor = 2.000000e+01 : f32, shape = array<i64: 4, 8, 5>}
  %9 = train.spread %m {shape = array<i64: 4, 8, 5>, divisor = 20.0 : f32} : (tensor<1x8x1xf32>) -> tensor<4x8x5xf32>
  return
}

// CHECK-LABEL: @normalisation
func.func @normalisation(%x: tensor<4x8xf32>, %c: tensor<1x8xf32>) {
  // CHECK: train.normalize {{.*}} {axes = array<i64: 0>, epsilon = 1.000000e-03 : f32, running = [@mean, @var]}
  %0 = train.normalize %x, %c, %c, %c, %c {axes = array<i64: 0>, epsilon = 1.0e-3 : f32, running = [@mean, @var]} : (tensor<4x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  // CHECK: train.normalize_sums
  %1:2 = train.normalize_sums %x, %x, %c, %c {axes = array<i64: 0>, epsilon = 1.0e-3 : f32} : (tensor<4x8xf32>, tensor<4x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>) -> (tensor<1x8xf32>, tensor<1x8xf32>)
  // CHECK: train.normalize_grad {{.*}} {count = 4 : i64, epsilon = 1.000000e-03 : f32, rounding = #num.rounding<nearest_even>}
  %2 = train.normalize_grad %x, %x, %c, %c, %1#0, %1#1, %c {count = 4 : i64, epsilon = 1.0e-3 : f32, rounding = #rne} : (tensor<4x8xf32>, tensor<4x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<4x8x!fp8>
  // CHECK: train.normalize_grad
  %3 = train.normalize_grad %x, %x, %c, %c, %1#0, %1#1 {count = 4 : i64, epsilon = 1.0e-3 : f32} : (tensor<4x8xf32>, tensor<4x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  // CHECK: train.normalize_fixed_grad
  %4 = train.normalize_fixed_grad %x, %c, %c {epsilon = 1.0e-3 : f32} : (tensor<4x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  // CHECK: train.moving_average
  %5 = train.moving_average %c, %c {momentum = 0.9 : f32} : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  // CHECK: train.dropout %{{.*}} {mask, ratio = 5.000000e-01 : f32, seed = 3 : i32, stream = 7 : i32}
  %6 = train.dropout %x {ratio = 0.5 : f32, seed = 3 : i32, stream = 7 : i32, mask} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// CHECK-LABEL: @losses
func.func @losses(%x: tensor<4x8xf32>, %labels: tensor<4xi32>, %w: tensor<8xf32>) {
  // CHECK: train.log_softmax
  %0 = train.log_softmax %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: train.log_softmax_grad
  %1 = train.log_softmax_grad %x, %0 : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: train.nll {{.*}} {ignore = 2 : i32} : (tensor<4x8xf32>, tensor<4xi32>, tensor<8xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  %2:2 = train.nll %0, %labels, %w {ignore = 2 : i32} : (tensor<4x8xf32>, tensor<4xi32>, tensor<8xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  // CHECK: train.nll_grad
  %3 = train.nll_grad %2#0, %labels {classes = 8 : i64} : (tensor<4xf32>, tensor<4xi32>) -> tensor<4x8xf32>
  // CHECK: train.seed {loss_scale = 1.280000e+02 : f32} : () -> tensor<f32>
  %4 = train.seed {loss_scale = 128.0 : f32} : () -> tensor<f32>
  return
}
