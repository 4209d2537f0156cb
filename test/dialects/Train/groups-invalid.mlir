// Weight groups: shapes.
// RUN: slp-opt %s --split-input-file --verify-diagnostics

func.func @f(%w: tensor<12x8x3xf32>, %g: tensor<2x1x3xf32>, %n: tensor<3xf32>) {
  // expected-error @below {{expected weights of rank 4, found 'tensor<12x8x3xf32>'}}
  %0, %1, %2 = train.group_pull %g, %w, %n : (tensor<2x1x3xf32>, tensor<12x8x3xf32>, tensor<3xf32>) -> (tensor<2x1x3xf32>, tensor<2x1x3xf32>, tensor<2x1x3xf32>)
  return
}

// -----

func.func @f(%w: tensor<12x8x3x3xf32>, %g: tensor<1x1x3x3xf32>, %n: tensor<3xf32>) {
  // expected-error @below {{expected an operand of shape 'tensor<2x1x3x3xf32>', found 'tensor<1x1x3x3xf32>'}}
  %0, %1, %2 = train.group_pull %g, %w, %n : (tensor<1x1x3x3xf32>, tensor<12x8x3x3xf32>, tensor<3xf32>) -> (tensor<1x1x3x3xf32>, tensor<1x1x3x3xf32>, tensor<1x1x3x3xf32>)
  return
}

// -----

func.func @f(%w: tensor<8x8x1x1xf32>, %g: tensor<1x1x1x1xf32>, %n: tensor<4xf32>) {
  // expected-error @below {{expected 3 numbers, found 'tensor<4xf32>'}}
  %0, %1 = train.group_refresh %g, %g, %w, %n : (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>, tensor<8x8x1x1xf32>, tensor<4xf32>) -> (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>)
  return
}

// -----

func.func @f(%w: tensor<9x8x1x1xf32>, %g: tensor<2x1x1x1xf32>, %m: tensor<1x2x1x1xf32>, %n: tensor<3xf32>) {
  // expected-error @below {{expected an operand of shape 'tensor<2x1x1x1xf32>', found 'tensor<1x2x1x1xf32>'}}
  %0, %1 = train.group_refresh %g, %m, %w, %n : (tensor<2x1x1x1xf32>, tensor<1x2x1x1xf32>, tensor<9x8x1x1xf32>, tensor<3xf32>) -> (tensor<2x1x1x1xf32>, tensor<1x2x1x1xf32>)
  return
}

// -----

func.func @f(%w: tensor<9x8x1x1xf32>, %c: tensor<1x1x1x1xf32>) {
  // expected-error @below {{expected a pull of shape 'tensor<2x1x1x1xf32>', found 'tensor<1x1x1x1xf32>'}}
  %0, %1 = train.sgd %w, %w, %w pull %c : (tensor<9x8x1x1xf32>, tensor<9x8x1x1xf32>, tensor<9x8x1x1xf32>, tensor<1x1x1x1xf32>) -> (tensor<9x8x1x1xf32>, tensor<9x8x1x1xf32>)
  return
}

// -----

func.func @f(%w: tensor<8xf32>, %c: tensor<1xf32>) {
  // expected-error @below {{expected weights of rank 4, found 'tensor<8xf32>'}}
  %0, %1 = train.adagrad %w, %w, %w pull %c : (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<1xf32>) -> (tensor<8xf32>, tensor<8xf32>)
  return
}
