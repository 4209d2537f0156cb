// What pulls a state has no images, also where the state has as many elements as the batch images.
// RUN: slp-opt %s --train-differentiate --train-assign-precision="target=asu-fp8 policy=fp8" --train-skip-gradients --train-name-tensors | FileCheck %s

// CHECK-LABEL: func.func @step
// CHECK: train.drop {{.*}}["loss/dx#2"]
// CHECK-NOT: train.drop
// CHECK: train.mul {{.*}}phase = #train.phase<wg>
// CHECK-NOT: train.drop
// CHECK: train.sgd
module attributes {slp.stage = "import"} {
  train.state @lambda : tensor<1xf32> {init = dense<0.5> : tensor<1xf32>, statistic}
  train.state @target : tensor<1xf32> {init = dense<1.0> : tensor<1xf32>, statistic}
  train.state @w : tensor<4xf32> {init = dense<0.5> : tensor<4xf32>, train.pull = [@lambda, @target]}
  train.state @fc : tensor<4x6xf32> {init = dense<0.5> : tensor<4x6xf32>}
  func.func @step(%image: tensor<4x6xf32> {train.name = "image"}, %labels: tensor<4xi32> {train.name = "labels"}) -> (tensor<f32> {train.name = "loss", train.role = "loss"}, tensor<4x4xf32> {train.name = "logits"}) {
    %w = train.read @w : tensor<4xf32>
    %fc = train.read @fc : tensor<4x6xf32>
    %logits = train.matmul %image, %fc, %w {transpose_b} : (tensor<4x6xf32>, tensor<4x6xf32>, tensor<4xf32>) -> tensor<4x4xf32> loc("fc")
    %loss, %losses = train.cross_entropy %logits, %labels : (tensor<4x4xf32>, tensor<4xi32>) -> (tensor<f32>, tensor<4xf32>) loc("loss")
    return %loss, %logits : tensor<f32>, tensor<4x4xf32>
  }
}
