// RUN: slp-opt %s --split-input-file --verify-diagnostics

// expected-error @+1 {{expected two formats of which the second has more mantissa bits and otherwise the same fields}}
func.func private @other_bias(tensor<2x!num.mixed<<5, 2, 15, reserved, flush>, <5, 10, 16, reserved, gradual>>>)

// -----

// A subnormal number of the first would be none of the second.
// expected-error @+1 {{expected two formats of which the second has more mantissa bits and otherwise the same fields}}
func.func private @subnormals(tensor<2x!num.mixed<<5, 2, 15, reserved, gradual>, <5, 10, 15, reserved, flush>>>)

// -----

// expected-error @+1 {{expected a format of 8 and one of 16 bits, found 9 and 16}}
func.func private @widths(tensor<2x!num.mixed<<5, 3, 15, reserved, flush>, <5, 10, 15, reserved, gradual>>>)

// -----

!mixed = !num.mixed<<5, 2, 15, reserved, flush>, <5, 10, 15, reserved, gradual>>
func.func @threshold(%x: tensor<8xf32>, %t: tensor<2xf32>) {
  // expected-error @+1 {{expected a threshold of 1 element, found 'tensor<2xf32>'}}
  %y, %h = train.classify %x, %t {rounding = #num.rounding<nearest_even>} : (tensor<8xf32>, tensor<2xf32>) -> (tensor<8x!mixed>, tensor<128xi32>)
  return
}

// -----

!mixed = !num.mixed<<5, 2, 15, reserved, flush>, <5, 10, 15, reserved, gradual>>
func.func @histogram(%x: tensor<8xf32>, %t: tensor<1xf32>) {
  // expected-error @+1 {{expected result #1 of type 'tensor<128xi32>', found 'tensor<64xi32>'}}
  %y, %h = train.classify %x, %t {rounding = #num.rounding<nearest_even>} : (tensor<8xf32>, tensor<1xf32>) -> (tensor<8x!mixed>, tensor<64xi32>)
  return
}

// -----

!mixed = !num.mixed<<5, 2, 15, reserved, flush>, <5, 10, 15, reserved, gradual>>
func.func @rounding(%x: tensor<8xf32>, %t: tensor<1xf32>) {
  // expected-error @+1 {{expected a rounding for a result of}}
  %y, %h = train.classify %x, %t : (tensor<8xf32>, tensor<1xf32>) -> (tensor<8x!mixed>, tensor<128xi32>)
  return
}

// -----

func.func @control(%t: tensor<1xf32>, %h: tensor<128xi32>, %c: tensor<3xf32>) {
  // expected-error @+1 {{expected a control of 4 elements, found 'tensor<3xf32>'}}
  %n = train.threshold %t, %h, %c : (tensor<1xf32>, tensor<128xi32>, tensor<3xf32>) -> tensor<1xf32>
  return
}

// -----

func.func @counts(%t: tensor<1xf32>, %h: tensor<127xi32>, %c: tensor<4xf32>) {
  // expected-error @+1 {{expected a histogram of 128 elements, found 'tensor<127xi32>'}}
  %n = train.threshold %t, %h, %c : (tensor<1xf32>, tensor<127xi32>, tensor<4xf32>) -> tensor<1xf32>
  return
}

// -----

func.func @loss(%c: tensor<4xf32>, %loss: tensor<2xf32>) {
  // expected-error @+1 {{loss}}
  %n = train.share_target %c, %loss {period = 1 : i64, improvement = 0.0 : f32, growth = 1.0 : f32, largest = 1.0 : f32}
    : (tensor<4xf32>, tensor<2xf32>) -> tensor<4xf32>
  return
}
