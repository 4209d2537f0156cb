// What the pass refuses, with the message it gives.
// RUN: slp-opt %s --split-input-file --verify-diagnostics --convert-train-to-chip --chip-fuse-nests=drains-only --chip-choose-layouts --chip-choose-tiles --chip-expand-nests

!f8 = !num.float<5, 2, 15, reserved, flush>
#sum = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = none>

func.func @reduction_outside(%x: tensor<4x24x8x8x!f8> {train.name = "x"}, %w: tensor<16x24x3x3x!f8> {train.name = "w"})
    -> (tensor<4x16x6x6xf32> {train.name = "y"}) {
  // expected-error @below {{train.conv: illegal loop order: reduction loop "ci" outside a parallel loop would interleave sums}}
  %y = train.conv %x, %w {accumulate = #sum, train.names = ["y"], slp.tile = {order = ["n", "g", "co", "ci", "oy", "ox"]}}
      : (tensor<4x24x8x8x!f8>, tensor<16x24x3x3x!f8>) -> tensor<4x16x6x6xf32>
  return %y : tensor<4x16x6x6xf32>
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
#sum = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = none>

func.func @rows_outside_images(%x: tensor<4x4x8x8x!f8> {train.name = "x"}, %dy: tensor<4x8x8x8x!f8> {train.name = "dy"})
    -> (tensor<8x4x3x3xf32> {train.name = "dw"}) {
  // expected-error @below {{train.conv_wg: illegal loop order: reduction loop "oy" out of the order of accumulation}}
  %dw = train.conv_wg %x, %dy {accumulate = #sum, pads = array<i64: 1, 1, 1, 1>, kernel = array<i64: 3, 3>, train.names = ["dw"],
      slp.tile = {order = ["g", "co", "ci", "oy", "n"]}} : (tensor<4x4x8x8x!f8>, tensor<4x8x8x8x!f8>) -> tensor<8x4x3x3xf32>
  return %dw : tensor<8x4x3x3xf32>
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
#sum = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = none>

func.func @rows_of_several_images(%x: tensor<4x4x8x8x!f8> {train.name = "x"}, %dy: tensor<4x8x8x8x!f8> {train.name = "dy"})
    -> (tensor<8x4x3x3xf32> {train.name = "dw"}) {
  // expected-error @below {{train.conv_wg: loop "oy" may be cut only with tiles of 1 of loop "n"}}
  %dw = train.conv_wg %x, %dy {accumulate = #sum, pads = array<i64: 1, 1, 1, 1>, kernel = array<i64: 3, 3>, train.names = ["dw"],
      slp.tile = {sizes = {n = 2, oy = 2}}} : (tensor<4x4x8x8x!f8>, tensor<4x8x8x8x!f8>) -> tensor<8x4x3x3xf32>
  return %dw : tensor<8x4x3x3xf32>
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
#sum = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = f32>

// Where images have chains of their own, a chip's banks hold the total and the chain: it is the chip that decides.
func.func @totals(%x: tensor<4x4x6x6x!f8> {train.name = "x"}, %dy: tensor<4x8x6x6x!f8> {train.name = "dy"})
    -> (tensor<8x4x3x3xf32> {train.name = "dw"}) {
  // expected-error @below {{'train.conv_wg' op adds up images with across = 'f32', expected what lnpu does (`numerics.across` of its description)}}
  %dw = train.conv_wg %x, %dy {accumulate = #sum, pads = array<i64: 1, 1, 1, 1>, kernel = array<i64: 3, 3>, train.names = ["dw"]}
      : (tensor<4x4x6x6x!f8>, tensor<4x8x6x6x!f8>) -> tensor<8x4x3x3xf32>
  return %dw : tensor<8x4x3x3xf32>
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
#sum = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = none>

func.func @channels_within_a_dot(%a: tensor<6x40x!f8> {train.name = "a"}, %b: tensor<40x20x!f8> {train.name = "b"})
    -> (tensor<6x20xf32> {train.name = "y"}) {
  // expected-error @below {{train.matmul: expected a tile of loop "k" that is a multiple of 8, found 12}}
  %y = train.matmul %a, %b {accumulate = #sum, train.names = ["y"], slp.tile = {sizes = {k = 12}}}
      : (tensor<6x40x!f8>, tensor<40x20x!f8>) -> tensor<6x20xf32>
  return %y : tensor<6x20xf32>
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
func.func @nothing(%a: tensor<6x40x!f8> {train.name = "a"}) -> (tensor<6x40x!f8> {train.name = "y"}) {
  // expected-error @below {{train.relu: expected a tile of loop "d0" that is a multiple of 1, found 0}}
  %y = train.relu %a {rounding = #num.rounding<nearest_even>, train.names = ["y"], slp.tile = {sizes = {d0 = 0}}} : (tensor<6x40x!f8>) -> tensor<6x40x!f8>
  return %y : tensor<6x40x!f8>
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
func.func @unknown_size(%a: tensor<6x40x!f8> {train.name = "a"}) -> (tensor<6x40x!f8> {train.name = "y"}) {
  // expected-error @below {{train.relu: tile size for unknown loop "k"}}
  %y = train.relu %a {rounding = #num.rounding<nearest_even>, train.names = ["y"], slp.tile = {sizes = {k = 8}}} : (tensor<6x40x!f8>) -> tensor<6x40x!f8>
  return %y : tensor<6x40x!f8>
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
func.func @unknown_order(%a: tensor<6x40x!f8> {train.name = "a"}) -> (tensor<6x40x!f8> {train.name = "y"}) {
  // expected-error @below {{train.relu: loop order names unknown loop "k"}}
  %y = train.relu %a {rounding = #num.rounding<nearest_even>, train.names = ["y"], slp.tile = {order = ["d0", "k"]}} : (tensor<6x40x!f8>) -> tensor<6x40x!f8>
  return %y : tensor<6x40x!f8>
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
func.func @twice(%a: tensor<6x40x!f8> {train.name = "a"}) -> (tensor<6x40x!f8> {train.name = "y"}) {
  // expected-error @below {{train.relu: loop order names twice the loop "d0"}}
  %y = train.relu %a {rounding = #num.rounding<nearest_even>, train.names = ["y"], slp.tile = {order = ["d0", "d0"]}} : (tensor<6x40x!f8>) -> tensor<6x40x!f8>
  return %y : tensor<6x40x!f8>
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
func.func @too_few(%a: tensor<6x40x!f8> {train.name = "a"}) -> (tensor<6x40x!f8> {train.name = "y"}) {
  // expected-error @below {{train.relu: loop order names 1 of 2 loops}}
  %y = train.relu %a {rounding = #num.rounding<nearest_even>, train.names = ["y"], slp.tile = {order = ["d0"]}} : (tensor<6x40x!f8>) -> tensor<6x40x!f8>
  return %y : tensor<6x40x!f8>
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
func.func @other_wish(%a: tensor<6x40x!f8> {train.name = "a"}) -> (tensor<6x40x!f8> {train.name = "y"}) {
  // expected-error @below {{slp.tile: expected order = [...] or sizes = {...}, found "slots"}}
  %y = train.relu %a {rounding = #num.rounding<nearest_even>, train.names = ["y"], slp.tile = {slots = 2}} : (tensor<6x40x!f8>) -> tensor<6x40x!f8>
  return %y : tensor<6x40x!f8>
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
func.func @not_a_dictionary(%a: tensor<6x40x!f8> {train.name = "a"}) -> (tensor<6x40x!f8> {train.name = "y"}) {
  // expected-error @below {{slp.tile: expected a dictionary, found 4}}
  %y = train.relu %a {rounding = #num.rounding<nearest_even>, train.names = ["y"], slp.tile = 4} : (tensor<6x40x!f8>) -> tensor<6x40x!f8>
  return %y : tensor<6x40x!f8>
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
func.func @not_a_name(%a: tensor<6x40x!f8> {train.name = "a"}) -> (tensor<6x40x!f8> {train.name = "y"}) {
  // expected-error @below {{slp.tile: expected loop names in order, found 1 : i64}}
  %y = train.relu %a {rounding = #num.rounding<nearest_even>, train.names = ["y"], slp.tile = {order = ["d0", 1]}} : (tensor<6x40x!f8>) -> tensor<6x40x!f8>
  return %y : tensor<6x40x!f8>
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
func.func @not_a_number(%a: tensor<6x40x!f8> {train.name = "a"}) -> (tensor<6x40x!f8> {train.name = "y"}) {
  // expected-error @below {{slp.tile: expected a whole number of loop "d0", found "all"}}
  %y = train.relu %a {rounding = #num.rounding<nearest_even>, train.names = ["y"], slp.tile = {sizes = {d0 = "all"}}} : (tensor<6x40x!f8>) -> tensor<6x40x!f8>
  return %y : tensor<6x40x!f8>
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>

// A softmax needs whole rows.
func.func @too_large(%x: tensor<2x100000x!f8> {train.name = "x"}) -> (tensor<2x100000x!f8> {train.name = "y"}) {
  // expected-error @below {{train.softmax: does not fit the memories of lnpu even in the smallest tiles: 200000 bytes for the 53248 of the shared buffer, most of them, 100000, for "x"}}
  %y = train.softmax %x {rounding = #num.rounding<nearest_even>, train.names = ["y"]} : (tensor<2x100000x!f8>) -> tensor<2x100000x!f8>
  return %y : tensor<2x100000x!f8>
}

// -----

func.func @no_name(%x: tensor<4xf32>) {
  return
}
// expected-error @-3 {{argument #0 has no train.name}}

// -----

!f16 = !num.float<5, 10, 15, reserved, gradual>
train.state @v : tensor<4x!f16> {rounding = #num.rounding<nearest_even>}
func.func @not_in_place(%w: tensor<4x!f16> {train.name = "w"}, %dw: tensor<4xf32> {train.name = "dw"}) {
  %v = train.read @v {train.names = ["v"]} : tensor<4x!f16>
  // expected-error @below {{expected a state that is updated in place}}
  %w1, %v1 = train.sgd %w, %v, %dw {loss_scale = 1.0 : f32, rounding = #num.rounding<nearest_even>, train.names = ["w1", "v1"]}
      : (tensor<4x!f16>, tensor<4x!f16>, tensor<4xf32>) -> (tensor<4x!f16>, tensor<4x!f16>)
  train.write @v, %v1 : tensor<4x!f16>
  return
}

// -----

!f16 = !num.float<5, 10, 15, reserved, gradual>
train.state @v : tensor<4x!f16> {rounding = #num.rounding<nearest_even>}
train.state @w : tensor<4x!f16> {rounding = #num.rounding<nearest_even>}
func.func @read_too_late(%dw: tensor<4xf32> {train.name = "dw"}) -> (tensor<4x!f16> {train.name = "y"}) {
  %w = train.read @w {train.names = ["w"]} : tensor<4x!f16>
  %v = train.read @v {train.names = ["v"]} : tensor<4x!f16>
  %w1, %v1 = train.sgd %w, %v, %dw {loss_scale = 1.0 : f32, rounding = #num.rounding<nearest_even>, train.names = ["w1", "v1"]}
      : (tensor<4x!f16>, tensor<4x!f16>, tensor<4xf32>) -> (tensor<4x!f16>, tensor<4x!f16>)
  // expected-error @below {{reads a state after its update in place}}
  %y = train.relu %w {rounding = #num.rounding<nearest_even>, train.names = ["y"]} : (tensor<4x!f16>) -> tensor<4x!f16>
  train.write @w, %w1 : tensor<4x!f16>
  train.write @v, %v1 : tensor<4x!f16>
  return %y : tensor<4x!f16>
}

// -----

func.func @too_many_dimensions(%x: tensor<2x2x2x2x2x64xf32> {train.name = "x"}) -> (tensor<2x2x2x2x2x2xf32> {train.name = "y"}) {
  // expected-error @below {{needs 6 dimensions on the chip, which has 5 ('tensor<2x2x2x2x2x64xf32>' to 'tensor<64x2x2x2x2x2xf32>')}}
  %t = train.transpose %x {perm = array<i64: 5, 4, 3, 2, 1, 0>, train.names = ["t"]} : (tensor<2x2x2x2x2x64xf32>) -> tensor<64x2x2x2x2x2xf32>
  %y = train.slice %t {starts = array<i64: 0, 0, 0, 0, 0, 0>, sizes = array<i64: 2, 2, 2, 2, 2, 2>, steps = array<i64: 1, 1, 1, 1, 1, 1>, train.names = ["s"]} : (tensor<64x2x2x2x2x2xf32>) -> tensor<2x2x2x2x2x2xf32>
  return %y : tensor<2x2x2x2x2x2xf32>
}

// -----

func.func @concat_overhangs(%x: tensor<3x4xf32> {train.name = "x"}) -> (tensor<3x8xf32> {train.name = "y"}) {
  // expected-error @below {{train.concat: expected a tile of loop "run" that divides 4, found 3}}
  %t = train.concat %x, %x {axis = 1 : i64, train.names = ["t"], slp.tile = {sizes = {run = 3}}} : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x8xf32>
  return %t : tensor<3x8xf32>
}

// -----

func.func @step(%a: tensor<2x1x2x1x2x1xf32> {train.name = "a"}, %b: tensor<1x2x1x2x1x2xf32> {train.name = "b"}) {
  // expected-error @below {{broadcasts in 6 groups of dimensions, the chip takes 5}}
  %y = train.add %a, %b {train.names = ["y"]} : (tensor<2x1x2x1x2x1xf32>, tensor<1x2x1x2x1x2xf32>) -> tensor<2x2x2x2x2x2xf32>
  return
}

// -----

// Tensors are told apart by their names.
func.func @no_name(%x: tensor<4xf32> {train.name = "x"}) -> (tensor<4xf32> {train.name = "z"}) {
  // expected-error @below {{'train.abs' op result #0 has no train.names; run train-name-tensors first}}
  %y = train.abs %x : (tensor<4xf32>) -> tensor<4xf32>
  %z = train.exp %y {train.names = ["z"]} : (tensor<4xf32>) -> tensor<4xf32>
  return %z : tensor<4xf32>
}

// -----

func.func @constant_without_name(%x: tensor<4xf32> {train.name = "x"}) -> (tensor<4xf32> {train.name = "z"}) {
  // expected-error @below {{'train.constant' op result #0 has no train.names; run train-name-tensors first}}
  %y = train.constant dense<1.0> : tensor<4xf32>
  %z = train.add %x, %y {train.names = ["z"]} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %z : tensor<4xf32>
}

// -----

func.func @one_name_twice(%x: tensor<4xf32> {train.name = "x"}) -> (tensor<4xf32> {train.name = "z"}) {
  %y = train.abs %x {train.names = ["y"]} : (tensor<4xf32>) -> tensor<4xf32>
  // expected-error @below {{'train.exp' op result #0 has the name "y", and another result too}}
  %e = train.exp %x {train.names = ["y"]} : (tensor<4xf32>) -> tensor<4xf32>
  %z = train.add %y, %e {train.names = ["z"]} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %z : tensor<4xf32>
}
