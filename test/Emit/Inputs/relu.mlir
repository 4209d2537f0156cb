// A step of one op, as `precision` leaves it.
!f8 = !num.float<5, 2, 15, reserved, flush>
!f16 = !num.float<5, 10, 15, reserved, gradual>
#nearest = #num.rounding<nearest_even>
module attributes {slp.stage = "precision", train.model = "relu.onnx", train.precision = {loss_scale = 16.0 : f32}} {
  train.state @w : tensor<2x2x!f16> {init = dense<[[1.0, -2.0], [0.5, -0.0]]> : tensor<2x2xf32>, rounding = #nearest}
  train.state @w.velocity : tensor<2x2x!f16> {rounding = #nearest}
  func.func @step(%x: tensor<2x2x!f8> {train.name = "x"}, %dw: tensor<2x2xf32> {train.name = "dw"}) -> (tensor<2x2x!f8> {train.name = "y/out"}) {
    %y = train.relu %x {rounding = #nearest, train.names = ["y"]} : (tensor<2x2x!f8>) -> tensor<2x2x!f8> loc("layer1/Relu")
    %w = train.read @w {train.names = ["w"]} : tensor<2x2x!f16>
    %v = train.read @w.velocity {train.names = ["v"]} : tensor<2x2x!f16>
    %w1, %v1 = train.sgd %w, %v, %dw {loss_scale = 16.0 : f32, rounding = #nearest, phase = #train.phase<up>, train.names = ["w/next", "v/next"]}
        : (tensor<2x2x!f16>, tensor<2x2x!f16>, tensor<2x2xf32>) -> (tensor<2x2x!f16>, tensor<2x2x!f16>) loc("w")
    train.write @w, %w1 : tensor<2x2x!f16>
    train.write @w.velocity, %v1 : tensor<2x2x!f16>
    return %y : tensor<2x2x!f8>
  }
}
