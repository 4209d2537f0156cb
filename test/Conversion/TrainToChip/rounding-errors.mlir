// RUN: slp-opt %s --split-input-file --verify-diagnostics --convert-train-to-chip

func.func @step(%x: tensor<4x8xf32> {train.name = "x"}) {
  // expected-error @below {{rounds otherwise than the chip, but has no train.streams; run train-name-tensors first}}
  %y = train.round %x {rounding = #num.rounding<stochastic>, train.names = ["y"]} : (tensor<4x8xf32>) -> tensor<4x8x!num.float<5, 2, 15, reserved, flush>>
  return
}

// -----

func.func @step(%x: tensor<4x8xf32> {train.name = "x"}) {
  // expected-error @below {{rounds otherwise than the chip, but has no train.names; run train-name-tensors first}}
  %y = train.round %x {rounding = #num.rounding<toward_zero>} : (tensor<4x8xf32>) -> tensor<4x8x!num.float<5, 2, 15, reserved, flush>>
  return
}
