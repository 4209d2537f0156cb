// 64 channels of 7 x 7 on 3 x 224 x 224 with stride 2, then a classifier, as the importer would give it; weights zero.
module attributes {slp.stage = "import", train.model = "conv-224"} {
  train.state @conv.weight : tensor<64x3x7x7xf32>
  train.state @fc.weight : tensor<10x64xf32>
  func.func @step(%image: tensor<1x3x224x224xf32> {train.name = "image"}, %labels: tensor<1xi32> {train.name = "labels"})
      -> (tensor<f32> {train.name = "loss"}, tensor<1x10xf32> {train.name = "logits"}) {
    %w = train.read @conv.weight : tensor<64x3x7x7xf32>
    %c = train.conv %image, %w {strides = array<i64: 2, 2>, pads = array<i64: 3, 3, 3, 3>}
        : (tensor<1x3x224x224xf32>, tensor<64x3x7x7xf32>) -> tensor<1x64x112x112xf32> loc("conv")
    %r = train.relu %c : (tensor<1x64x112x112xf32>) -> tensor<1x64x112x112xf32> loc("relu")
    %p = train.avg_pool %r {kernel = array<i64: 112, 112>, strides = array<i64: 1, 1>} : (tensor<1x64x112x112xf32>) -> tensor<1x64x1x1xf32> loc("pool")
    %f = train.reshape %p : (tensor<1x64x1x1xf32>) -> tensor<1x64xf32> loc("flatten")
    %v = train.read @fc.weight : tensor<10x64xf32>
    %logits = train.matmul %f, %v {transpose_b} : (tensor<1x64xf32>, tensor<10x64xf32>) -> tensor<1x10xf32> loc("fc")
    %loss, %losses = train.cross_entropy %logits, %labels : (tensor<1x10xf32>, tensor<1xi32>) -> (tensor<f32>, tensor<1xf32>) loc("loss")
    return %loss, %logits : tensor<f32>, tensor<1x10xf32>
  }
}
