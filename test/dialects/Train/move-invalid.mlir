// Each message of the verifiers of data movement.
// RUN: slp-opt %s -split-input-file -verify-diagnostics

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected a permutation of 2 dimensions, found 0, 0}}
  %0 = train.transpose %x {perm = array<i64: 0, 0>} : (tensor<2x3xf32>) -> tensor<2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected result #0 of type 'tensor<3x2xf32>', found 'tensor<2x3xf32>'}}
  %0 = train.transpose %x {perm = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected 2 starts, sizes and steps, found 2, 1 and 2}}
  %0 = train.slice %x {starts = array<i64: 0, 0>, sizes = array<i64: 1>, steps = array<i64: 1, 1>} : (tensor<2x3xf32>) -> tensor<1xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected a part of dimension 1 of 'tensor<2x3xf32>', found start 1, size 2, step -2}}
  %0 = train.slice %x {starts = array<i64: 0, 1>, sizes = array<i64: 1, 2>, steps = array<i64: 1, -2>} : (tensor<2x3xf32>) -> tensor<1x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected a part of dimension 0 of 'tensor<2x3xf32>', found start 0, size 1, step 0}}
  %0 = train.slice %x {starts = array<i64: 0, 1>, sizes = array<i64: 1, 2>, steps = array<i64: 0, 1>} : (tensor<2x3xf32>) -> tensor<1x2xf32>
  return
}

// -----

func.func @f() {
  // expected-error @below {{expected an operand}}
  %0 = train.concat {axis = 0 : i64} : () -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected an axis of 0 to 1, found 2}}
  %0 = train.concat %x, %x {axis = 2 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x6xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %y: tensor<3x2xf32>) {
  // expected-error @below {{expected operands of one shape but for dimension 0, found 'tensor<2x3xf32>' and 'tensor<3x2xf32>'}}
  %0 = train.concat %x, %y {axis = 0 : i64} : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<5x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected 2 low and high pads, found 1 and 2}}
  %0 = train.pad %x {low = array<i64: 0>, high = array<i64: 1, 1>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected pads that leave an element, found low 0, -2 and high 0, -1 of 'tensor<2x3xf32>'}}
  %0 = train.pad %x {low = array<i64: 0, -2>, high = array<i64: 0, -1>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected a finite value}}
  %0 = train.pad %x {low = array<i64: 0, 0>, high = array<i64: 0, 1>, value = 0xFF800000 : f32} : (tensor<2x3xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @below {{expected a shape that 'tensor<2x3xf32>' can be repeated to, found 4, 3}}
  %0 = train.expand %x {shape = array<i64: 4, 3>} : (tensor<2x3xf32>) -> tensor<4x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %i: tensor<2xi32>) {
  // expected-error @below {{expected a table of rank 3, found 'tensor<2x3xf32>'}}
  %0 = train.gather %x, %i : (tensor<2x3xf32>, tensor<2xi32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3x4xf32>, %i: tensor<2xi32>) {
  // expected-error @below {{expected 3 indices, found 'tensor<2xi32>'}}
  %0 = train.scatter_add %x, %i {rows = 4 : i64} : (tensor<2x3x4xf32>, tensor<2xi32>) -> tensor<2x4x4xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3x4xf32>, %i: tensor<3xi32>) {
  // expected-error @below {{expected at least one row, found 0}}
  %0 = train.scatter_add %x, %i {rows = 0 : i64} : (tensor<2x3x4xf32>, tensor<3xi32>) -> tensor<2x1x4xf32>
  return
}

// -----

func.func @f(%i: tensor<3xi32>) {
  // expected-error @below {{expected result #0 of type 'tensor<3xf32>', found 'tensor<4xf32>'}}
  %0 = train.to_float %i : (tensor<3xi32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<3xf32>) {
  // expected-error @below {{expected train.f32 to be a unit on an op of the vector unit, found 1}}
  %0 = train.relu %x {train.f32 = 1 : i64} : (tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @f(%a: tensor<2x3xf32>, %b: tensor<3x2xf32>) {
  // expected-error @below {{expected train.f32 to be a unit on an op of the vector unit}}
  %0 = train.matmul %a, %b {train.f32} : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<3x!num.float<5, 10, 15, ieee, gradual>>) {
  // expected-error @below {{expected results of f32, as it has train.f32}}
  %0 = train.relu %x {rounding = #num.rounding<nearest_even>, train.f32} : (tensor<3x!num.float<5, 10, 15, ieee, gradual>>) -> tensor<3x!num.float<5, 10, 15, ieee, gradual>>
  return
}
