// RUN: slp-opt %s --split-input-file --verify-diagnostics

func.func @f(%x: tensor<2x5xf32>, %labels: tensor<2xi32>, %scale: tensor<1xf32>) {
  // expected-error @below {{expected scale of rank 0, found 'tensor<1xf32>'}}
  %dx = train.cross_entropy_grad %x, %labels, %scale : (tensor<2x5xf32>, tensor<2xi32>, tensor<1xf32>) -> tensor<2x5xf32>
  return
}

// -----

func.func @f(%total: tensor<f32>, %unscale: tensor<1xf32>) {
  // expected-error @below {{expected unscale of rank 0, found 'tensor<1xf32>'}}
  %factor = train.clip_factor %total, %unscale : (tensor<f32>, tensor<1xf32>) -> tensor<f32>
  return
}

// -----

func.func @f() {
  // expected-error @below {{expected result #0 of type 'tensor<1xf32>', found 'tensor<2xf32>'}}
  %count = train.saturations : () -> tensor<2xf32>
  return
}

// -----

func.func @f(%s: tensor<3xf32>, %n: tensor<1xf32>) {
  // expected-error @below {{expected a state of shape 4, found 'tensor<3xf32>'}}
  %0, %1 = train.loss_scale_update %s, %n : (tensor<3xf32>, tensor<1xf32>) -> (tensor<3xf32>, tensor<f32>)
  return
}

// -----

func.func @f(%s: tensor<4xf32>, %n: tensor<f32>) {
  // expected-error @below {{expected a count of shape 1, found 'tensor<f32>'}}
  %0, %1 = train.loss_scale_update %s, %n : (tensor<4xf32>, tensor<f32>) -> (tensor<4xf32>, tensor<f32>)
  return
}

// -----

func.func @f(%s: tensor<4xf32>, %n: tensor<1xf32>) {
  // expected-error @below {{expected a power of two as growth, found 3.0}}
  %0, %1 = train.loss_scale_update %s, %n {growth = 3.0 : f32} : (tensor<4xf32>, tensor<1xf32>) -> (tensor<4xf32>, tensor<f32>)
  return
}

// -----

func.func @f(%s: tensor<4xf32>, %n: tensor<1xf32>) {
  // expected-error @below {{expected a growth of at least 1 and a backoff of at most 1, found 2.000000e+00 and 2.000000e+00}}
  %0, %1 = train.loss_scale_update %s, %n {backoff = 2.0 : f32} : (tensor<4xf32>, tensor<1xf32>) -> (tensor<4xf32>, tensor<f32>)
  return
}

// -----

func.func @f(%s: tensor<4xf32>, %n: tensor<1xf32>) {
  // expected-error @below {{expected a least scale that is not above the greatest, found 8.000000e+00 and 4.000000e+00}}
  %0, %1 = train.loss_scale_update %s, %n {least = 8.0 : f32, most = 4.0 : f32} : (tensor<4xf32>, tensor<1xf32>) -> (tensor<4xf32>, tensor<f32>)
  return
}

// -----

func.func @f(%s: tensor<4xf32>, %n: tensor<1xf32>) {
  // expected-error @below {{expected an interval of 1 to 16777216 steps, found 0}}
  %0, %1 = train.loss_scale_update %s, %n {interval = 0 : i64} : (tensor<4xf32>, tensor<1xf32>) -> (tensor<4xf32>, tensor<f32>)
  return
}
