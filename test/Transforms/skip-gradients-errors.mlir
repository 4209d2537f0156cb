// Losses that are none of images, each refused with one line.
// RUN: slp-opt %s --split-input-file --verify-diagnostics --train-differentiate --train-assign-precision="target=asu-fp8 policy=fp8" --train-skip-gradients -o /dev/null
// RUN: not slp-opt %S/skip-gradients.mlir --train-skip-gradients 2>&1 | FileCheck %s --check-prefix=STAGE
// STAGE: gradient-skip: expects a module of stage precision, found import

// expected-error@unknown {{gradient-skip: expected a loss that is a mean or a sum over the 2 images of the batch, found that of node "loss": it has 6 losses}}
module attributes {slp.stage = "import"} {
  train.state @w : tensor<4x5xf32> {init = dense<0.5> : tensor<4x5xf32>}
  func.func @step(%x: tensor<2x3x4xf32> {train.name = "x"}, %labels: tensor<6xi32> {train.name = "labels"}) -> (tensor<f32> {train.name = "loss"}) {
    %w = train.read @w : tensor<4x5xf32>
    %rows = train.reshape %x : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
    %y = train.matmul %rows, %w : (tensor<6x4xf32>, tensor<4x5xf32>) -> tensor<6x5xf32> loc("fc")
    %loss, %losses = train.cross_entropy %y, %labels : (tensor<6x5xf32>, tensor<6xi32>) -> (tensor<f32>, tensor<6xf32>) loc("loss")
    return %loss : tensor<f32>
  }
}

// -----

// expected-error@unknown {{found that of node "sum": train.add makes it, which is no sum over images}}
module attributes {slp.stage = "import"} {
  train.state @w : tensor<4x5xf32> {init = dense<0.5> : tensor<4x5xf32>}
  func.func @step(%x: tensor<2x4xf32> {train.name = "x"}, %labels: tensor<2xi32> {train.name = "labels"}) -> (tensor<f32> {train.name = "loss"}) {
    %w = train.read @w : tensor<4x5xf32>
    %y = train.matmul %x, %w : (tensor<2x4xf32>, tensor<4x5xf32>) -> tensor<2x5xf32> loc("fc")
    %a, %as = train.cross_entropy %y, %labels : (tensor<2x5xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2xf32>) loc("loss")
    %s = train.reduce_mean %y {axes = array<i64: 0, 1>} : (tensor<2x5xf32>) -> tensor<1x1xf32> loc("mean")
    %b = train.reshape %s : (tensor<1x1xf32>) -> tensor<f32>
    %loss = train.add %a, %b : (tensor<f32>, tensor<f32>) -> tensor<f32> loc("sum")
    return %loss : tensor<f32>
  }
}
