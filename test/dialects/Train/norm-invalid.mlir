// RUN: slp-opt %s --split-input-file --verify-diagnostics

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @below {{expected ascending axes of 2 dimensions, found 2}}
  %0 = train.reduce_sum %x {axes = array<i64: 0, 2>} : (tensor<4x8xf32>) -> tensor<1x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @below {{expected ascending axes of 2 dimensions, found 0}}
  %0 = train.reduce_max %x {axes = array<i64: 1, 0>} : (tensor<4x8xf32>) -> tensor<1x1xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @below {{expected an axis to reduce, found none}}
  %0 = train.reduce_prod %x {axes = array<i64>} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%x: tensor<8xf32>) {
  // expected-error @below {{expected an operand of rank 2 or more, found 'tensor<8xf32>'}}
  %0:2 = train.statistics %x : (tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>)
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %m: tensor<1x4xf32>) {
  // expected-error @below {{expected extents of 1 or those of 'tensor<4x8xf32>', found 'tensor<1x4xf32>'}}
  %0 = train.variance %x, %m {axes = array<i64: 0>} : (tensor<4x8xf32>, tensor<1x4xf32>) -> tensor<1x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @below {{expected extents of 1 or those of the shape, found 'tensor<4x8xf32>'}}
  %0 = train.spread %x {shape = array<i64: 4, 16>} : (tensor<4x8xf32>) -> tensor<4x16xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %m: tensor<1x8xf32>, %r: tensor<4x1xf32>) {
  // expected-error @below {{expected statistics of shape 'tensor<1x8xf32>', found 'tensor<4x1xf32>'}}
  %0 = train.normalize %x, %m, %r, %m, %m {axes = array<i64: 0>, epsilon = 1.0e-5 : f32} : (tensor<4x8xf32>, tensor<1x8xf32>, tensor<4x1xf32>, tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %m: tensor<1x8xf32>) {
  // expected-error @below {{names @nowhere, which is not a train.state}}
  %0 = train.normalize %x, %m, %m, %m, %m {axes = array<i64: 0>, epsilon = 1.0e-5 : f32, running = [@nowhere, @nowhere]} : (tensor<4x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %m: tensor<1x8xf32>) {
  // expected-error @below {{expected the states of mean and variance, found []}}
  %0 = train.normalize %x, %m, %m, %m, %m {axes = array<i64: 0>, epsilon = 1.0e-5 : f32, running = []} : (tensor<4x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @below {{expected a ratio of at least 0 and below 1, found 1.000000e+00}}
  %0 = train.dropout %x {ratio = 1.0 : f32, seed = 0 : i32, stream = 0 : i32} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%x: tensor<4x8xf32>, %labels: tensor<4xi32>, %w: tensor<7xf32>) {
  // expected-error @below {{expected 8 weights, found 'tensor<7xf32>'}}
  %0:2 = train.nll %x, %labels, %w : (tensor<4x8xf32>, tensor<4xi32>, tensor<7xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

func.func @f(%dy: tensor<4xf32>, %labels: tensor<3xi32>) {
  // expected-error @below {{expected 4 labels, found 'tensor<3xi32>'}}
  %0 = train.nll_grad %dy, %labels {classes = 8 : i64} : (tensor<4xf32>, tensor<3xi32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @f() {
  // expected-error @below {{expected a power of two as loss_scale, found 3.000000e+00}}
  %0 = train.seed {loss_scale = 3.0 : f32} : () -> tensor<f32>
  return
}
