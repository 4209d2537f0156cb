// RUN: slp-opt %s --split-input-file --verify-diagnostics --convert-train-to-chip --chip-fuse-nests=drains-only --chip-choose-layouts --chip-choose-tiles --chip-expand-nests

func.func @step(%x: tensor<4x8xf32> {train.name = "x"}) {
  // expected-error @below {{rounds at random, but has no train.streams; run train-name-tensors first}}
  %y = train.round %x {rounding = #num.rounding<stochastic>, train.names = ["y"]} : (tensor<4x8xf32>) -> tensor<4x8x!num.float<5, 2, 15, reserved, flush>>
  return
}

// -----

// Between a sum and a relu, which take it along, a rounding is no tensor in memory and needs a stream all the same.
!f8 = !num.float<5, 2, 15, reserved, flush>
#sum = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = f32>
func.func @step(%a: tensor<4x8x!f8> {train.name = "a"}, %b: tensor<8x4x!f8> {train.name = "b"}) -> (tensor<4x4x!f8> {train.name = "z"}) {
  %sums = train.matmul %a, %b {accumulate = #sum, train.names = ["sums"]} : (tensor<4x8x!f8>, tensor<8x4x!f8>) -> tensor<4x4xf32>
  // expected-error @below {{rounds at random, but has no train.streams; run train-name-tensors first}}
  %y = train.round %sums {rounding = #num.rounding<stochastic>, train.names = ["y"]} : (tensor<4x4xf32>) -> tensor<4x4x!f8>
  %z = train.relu %y {rounding = #num.rounding<nearest_even>, train.names = ["z"]} : (tensor<4x4x!f8>) -> tensor<4x4x!f8>
  return %z : tensor<4x4x!f8>
}
