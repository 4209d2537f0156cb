// A CNN for the digits that is wide enough for channel gating; its values are drawn.
module attributes {slp.stage = "import", train.model = "digits-wide.mlir"} {
  train.state @conv1_weight : tensor<32x1x3x3xf32> {init = #train.random<"conv1_weight", seed = 1, fan_in = 9>}
  train.state @conv1_bias : tensor<32xf32> {init = #train.random<"conv1_bias", seed = 1, fan_in = 36>}
  train.state @conv2_weight : tensor<32x32x3x3xf32> {init = #train.random<"conv2_weight", seed = 1, fan_in = 288>}
  train.state @conv2_bias : tensor<32xf32> {init = #train.random<"conv2_bias", seed = 1, fan_in = 1152>}
  train.state @conv3_weight : tensor<64x32x3x3xf32> {init = #train.random<"conv3_weight", seed = 1, fan_in = 288>}
  train.state @conv3_bias : tensor<64xf32> {init = #train.random<"conv3_bias", seed = 1, fan_in = 1152>}
  train.state @fc_weight : tensor<10x64xf32> {init = #train.random<"fc_weight", seed = 1, fan_in = 64>}
  train.state @fc_bias : tensor<10xf32> {init = #train.random<"fc_bias", seed = 1, fan_in = 256>}
  func.func @step(%image: tensor<32x1x8x8xf32> {train.name = "image"}, %labels: tensor<32xi32> {train.name = "labels", train.role = "labels", train.classes = 10 : i64}) -> (tensor<f32> {train.name = "loss", train.role = "loss"}, tensor<32x10xf32> {train.name = "logits", train.role = "logits", train.class_axis = 1 : i64}) {
    %conv1_weight = train.read @conv1_weight : tensor<32x1x3x3xf32>
    %conv1_bias = train.read @conv1_bias : tensor<32xf32>
    %conv1 = train.conv %image, %conv1_weight, %conv1_bias {pads = array<i64: 1, 1, 1, 1>, train.names = ["conv1"]} : (tensor<32x1x8x8xf32>, tensor<32x1x3x3xf32>, tensor<32xf32>) -> tensor<32x32x8x8xf32> loc("conv1")
    %conv1_relu = train.relu %conv1 {train.names = ["conv1/relu"]} : (tensor<32x32x8x8xf32>) -> tensor<32x32x8x8xf32> loc("conv1/relu")
    %conv2_weight = train.read @conv2_weight : tensor<32x32x3x3xf32>
    %conv2_bias = train.read @conv2_bias : tensor<32xf32>
    %conv2 = train.conv %conv1_relu, %conv2_weight, %conv2_bias {pads = array<i64: 1, 1, 1, 1>, train.names = ["conv2"]} : (tensor<32x32x8x8xf32>, tensor<32x32x3x3xf32>, tensor<32xf32>) -> tensor<32x32x8x8xf32> loc("conv2")
    %conv2_relu = train.relu %conv2 {train.names = ["conv2/relu"]} : (tensor<32x32x8x8xf32>) -> tensor<32x32x8x8xf32> loc("conv2/relu")
    %pool, %index = train.max_pool %conv2_relu {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, train.names = ["pool", "pool/index"]} : (tensor<32x32x8x8xf32>) -> (tensor<32x32x4x4xf32>, tensor<32x32x4x4xi8>) loc("pool")
    %conv3_weight = train.read @conv3_weight : tensor<64x32x3x3xf32>
    %conv3_bias = train.read @conv3_bias : tensor<64xf32>
    %conv3 = train.conv %pool, %conv3_weight, %conv3_bias {pads = array<i64: 1, 1, 1, 1>, train.names = ["conv3"]} : (tensor<32x32x4x4xf32>, tensor<64x32x3x3xf32>, tensor<64xf32>) -> tensor<32x64x4x4xf32> loc("conv3")
    %conv3_relu = train.relu %conv3 {train.names = ["conv3/relu"]} : (tensor<32x64x4x4xf32>) -> tensor<32x64x4x4xf32> loc("conv3/relu")
    %mean = train.avg_pool %conv3_relu {kernel = array<i64: 4, 4>, train.names = ["mean"]} : (tensor<32x64x4x4xf32>) -> tensor<32x64x1x1xf32> loc("mean")
    %flat = train.reshape %mean : (tensor<32x64x1x1xf32>) -> tensor<32x64xf32> loc("flat")
    %fc_weight = train.read @fc_weight : tensor<10x64xf32>
    %fc_bias = train.read @fc_bias : tensor<10xf32>
    %logits = train.matmul %flat, %fc_weight, %fc_bias {transpose_b, train.names = ["logits"]} : (tensor<32x64xf32>, tensor<10x64xf32>, tensor<10xf32>) -> tensor<32x10xf32> loc("fc")
    %loss, %losses = train.cross_entropy %logits, %labels {train.names = ["loss", "losses"]} : (tensor<32x10xf32>, tensor<32xi32>) -> (tensor<f32>, tensor<32xf32>) loc("loss")
    return %loss, %logits : tensor<f32>, tensor<32x10xf32>
  }
}
