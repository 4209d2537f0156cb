// Running statistics, dropout and losses written out: what differs between @step and @eval.
// RUN: slp-opt %s --train-differentiate | FileCheck %s
// RUN: slp-opt %s --train-differentiate --train-assign-precision="policy=fp8 target=lnpu" | FileCheck %s --check-prefix=FP8

// FP8-DAG: train.state @scale : tensor<3x!num_e5m10
// FP8-DAG: train.state @mean : tensor<3xf32> {init = dense<0.000000e+00> : tensor<3xf32>, statistic}
module attributes {slp.stage = "import", train.model = "norm.onnx"} {
train.state @scale : tensor<3xf32> {init = dense<1.0> : tensor<3xf32>}
train.state @bias : tensor<3xf32>
// CHECK-NOT: @mean.velocity
train.state @mean : tensor<3xf32> {init = dense<0.0> : tensor<3xf32>, statistic}
train.state @var : tensor<3xf32> {init = dense<1.0> : tensor<3xf32>, statistic}

// CHECK-LABEL: func.func @step
// CHECK: train.normalize {{.*}} {axes = array<i64: 0>, epsilon = 5.000000e-01 : f32} :
// CHECK: train.write @mean
// CHECK: train.dropout
// CHECK: %[[SEED:.*]] = train.seed {phase = #train.phase<bp>}
// CHECK: train.variance_grad %{{.*}}, %{{.*}}, %{{.*}} {count = 12 : i64
// CHECK: train.dropout %{{.*}} {phase = #train.phase<bp>, ratio = 5.000000e-01 : f32, seed = 1 : i32, stream = 9 : i32
// CHECK: %[[SUM:.*]], %[[PRODUCTS:.*]] = train.normalize_sums {{.*}} {axes = array<i64: 0>
// CHECK-NOT: train.normalize_grad
// CHECK: train.sgd
// FP8: train.seed {loss_scale = 1.024000e+03 : f32
func.func @step(%x: tensor<4x3xf32> {train.name = "x"}, %targets: tensor<4x3xf32> {train.name = "targets"}) -> (tensor<f32> {train.name = "loss"}, tensor<4x3xf32> {train.name = "y"}) {
  %scale = train.read @scale : tensor<3xf32>
  %bias = train.read @bias : tensor<3xf32>
  %mean = train.read @mean : tensor<3xf32>
  %s = train.reshape %scale : (tensor<3xf32>) -> tensor<1x3xf32>
  %b = train.reshape %bias : (tensor<3xf32>) -> tensor<1x3xf32>
  %m = train.reduce_mean %x {axes = array<i64: 0>} : (tensor<4x3xf32>) -> tensor<1x3xf32>
  %v = train.variance %x, %m {axes = array<i64: 0>} : (tensor<4x3xf32>, tensor<1x3xf32>) -> tensor<1x3xf32>
  %n = train.normalize %x, %m, %v, %s, %b {axes = array<i64: 0>, epsilon = 0.5 : f32, running = [@mean, @var]} : (tensor<4x3xf32>, tensor<1x3xf32>, tensor<1x3xf32>, tensor<1x3xf32>, tensor<1x3xf32>) -> tensor<4x3xf32>
  %batch = train.reshape %m : (tensor<1x3xf32>) -> tensor<3xf32>
  %next = train.moving_average %mean, %batch {momentum = 0.9 : f32, phase = #train.phase<up>} : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  train.write @mean, %next : tensor<3xf32>
  %y = train.dropout %n {ratio = 0.5 : f32, seed = 1 : i32, stream = 9 : i32} : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %e = train.variance %y, %targets {axes = array<i64: 0, 1>} : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<1x1xf32>
  %loss = train.reshape %e : (tensor<1x1xf32>) -> tensor<f32>
  return %loss, %y : tensor<f32>, tensor<4x3xf32>
}
}

// CHECK-LABEL: func.func @eval(%arg0: tensor<4x3xf32> {train.name = "x"})
// CHECK-NOT: train.reduce_mean
// CHECK: %[[MEAN:.*]] = train.read @mean
// CHECK: %[[M:.*]] = train.reshape %[[MEAN]]
// CHECK: %[[VAR:.*]] = train.read @var
// CHECK: %[[V:.*]] = train.reshape %[[VAR]]
// CHECK: %[[Y:.*]] = train.normalize %arg0, %[[M]], %[[V]], %{{.*}}, %{{.*}} {epsilon = 5.000000e-01 : f32} :
// CHECK-NOT: train.dropout
// CHECK: return %[[Y]]
