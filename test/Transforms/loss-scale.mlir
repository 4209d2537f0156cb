// A model with updates of its own gets a loss scale only if they divide it out.
// RUN: slp-opt %s --split-input-file --train-assign-precision="target=lnpu policy=fp16" | FileCheck %s
// RUN: not slp-opt %s --split-input-file --train-assign-precision="target=lnpu policy=fp16 loss-scale=4" 2>&1 | FileCheck %s --check-prefix=ERROR

// CHECK: loss_scale = 1.280000e+02 : f32, master_weights
// ERROR-NOT: error
module attributes {slp.stage = "differentiate", train.own_updates} {
  train.state @w : tensor<3x2xf32>
  train.state @v : tensor<3x2xf32> {frozen}
  // The gradient goes through linear ops to sgd alone.
  func.func @step(%x: tensor<4x3xf32>, %labels: tensor<4xi32>) -> (tensor<f32>, tensor<4x2xf32>) {
    %w = train.read @w : tensor<3x2xf32>
    %v = train.read @v : tensor<3x2xf32>
    %y = train.matmul %x, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
    %loss, %losses = train.cross_entropy %y, %labels : (tensor<4x2xf32>, tensor<4xi32>) -> (tensor<f32>, tensor<4xf32>)
    %dy = train.cross_entropy_grad %y, %labels {phase = #train.phase<bp>} : (tensor<4x2xf32>, tensor<4xi32>) -> tensor<4x2xf32>
    %dw = train.matmul %x, %dy {phase = #train.phase<wg>, transpose_a} : (tensor<4x3xf32>, tensor<4x2xf32>) -> tensor<3x2xf32>
    %w1, %v1 = train.sgd %w, %v, %dw {phase = #train.phase<up>} : (tensor<3x2xf32>, tensor<3x2xf32>, tensor<3x2xf32>) -> (tensor<3x2xf32>, tensor<3x2xf32>)
    train.write @w, %w1 : tensor<3x2xf32>
    train.write @v, %v1 : tensor<3x2xf32>
    return %loss, %y : tensor<f32>, tensor<4x2xf32>
  }
}

// -----

// CHECK: loss_scale = 1.000000e+00 : f32, master_weights
// ERROR: error: --loss-scale: the model's own updates do not divide the loss scale out, expected 1
module attributes {slp.stage = "differentiate", train.own_updates} {
  train.state @w : tensor<3x2xf32>
  train.state @v : tensor<3x2xf32> {frozen}
  // Weight decay is added to the scaled gradient.
  func.func @step(%x: tensor<4x3xf32>, %labels: tensor<4xi32>) -> (tensor<f32>, tensor<4x2xf32>) {
    %w = train.read @w : tensor<3x2xf32>
    %v = train.read @v : tensor<3x2xf32>
    %y = train.matmul %x, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
    %loss, %losses = train.cross_entropy %y, %labels : (tensor<4x2xf32>, tensor<4xi32>) -> (tensor<f32>, tensor<4xf32>)
    %dy = train.cross_entropy_grad %y, %labels {phase = #train.phase<bp>} : (tensor<4x2xf32>, tensor<4xi32>) -> tensor<4x2xf32>
    %dw = train.matmul %x, %dy {phase = #train.phase<wg>, transpose_a} : (tensor<4x3xf32>, tensor<4x2xf32>) -> tensor<3x2xf32>
    %decayed = train.add %dw, %w {phase = #train.phase<wg>} : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
    %w1, %v1 = train.sgd %w, %v, %decayed {phase = #train.phase<up>} : (tensor<3x2xf32>, tensor<3x2xf32>, tensor<3x2xf32>) -> (tensor<3x2xf32>, tensor<3x2xf32>)
    train.write @w, %w1 : tensor<3x2xf32>
    train.write @v, %v1 : tensor<3x2xf32>
    return %loss, %y : tensor<f32>, tensor<4x2xf32>
  }
}

// -----

// CHECK: loss_scale = 1.000000e+00 : f32, master_weights
// CHECK: %[[NEXT:.*]] = train.sub
// CHECK: %[[COPY:.*]] = train.transpose %[[NEXT]]
// CHECK: train.write @w, %[[COPY]]
module attributes {slp.stage = "differentiate", train.own_updates} {
  train.state @w : tensor<3x2xf32>
  // An update in ordinary ops: w changes when the step is over.
  func.func @step(%x: tensor<4x3xf32>, %labels: tensor<4xi32>) -> (tensor<f32>, tensor<4x2xf32>) {
    %w = train.read @w : tensor<3x2xf32>
    %y = train.matmul %x, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
    %loss, %losses = train.cross_entropy %y, %labels : (tensor<4x2xf32>, tensor<4xi32>) -> (tensor<f32>, tensor<4xf32>)
    %dy = train.cross_entropy_grad %y, %labels {phase = #train.phase<bp>} : (tensor<4x2xf32>, tensor<4xi32>) -> tensor<4x2xf32>
    %dw = train.matmul %x, %dy {phase = #train.phase<wg>, transpose_a} : (tensor<4x3xf32>, tensor<4x2xf32>) -> tensor<3x2xf32>
    %w1 = train.sub %w, %dw {phase = #train.phase<up>} : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
    train.write @w, %w1 : tensor<3x2xf32>
    return %loss, %y : tensor<f32>, tensor<4x2xf32>
  }
}

// -----

// A cross entropy inside a loss: the error that comes back to it has the scale, and its gradient is linear in it.
// CHECK: loss_scale = 1.280000e+02 : f32, master_weights
// CHECK: train.seed {loss_scale = 1.280000e+02 : f32
// CHECK: train.cross_entropy_grad %{{.*}}, %{{.*}}, %{{.*}} {phase = #train.phase<bp>, rounding
module attributes {slp.stage = "differentiate", train.own_updates} {
  train.state @w : tensor<3x2xf32>
  train.state @v : tensor<3x2xf32> {frozen}
  func.func @step(%x: tensor<4x3xf32>, %labels: tensor<4xi32>) -> (tensor<f32>, tensor<4x2xf32>) {
    %w = train.read @w : tensor<3x2xf32>
    %v = train.read @v : tensor<3x2xf32>
    %y = train.matmul %x, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
    %inner, %losses = train.cross_entropy %y, %labels : (tensor<4x2xf32>, tensor<4xi32>) -> (tensor<f32>, tensor<4xf32>)
    %loss = train.mul %inner, %inner : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %seed = train.seed {phase = #train.phase<bp>} : () -> tensor<f32>
    %half = train.mul %seed, %inner {phase = #train.phase<bp>} : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %error = train.add %half, %half {phase = #train.phase<bp>} : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %dy = train.cross_entropy_grad %y, %labels, %error {phase = #train.phase<bp>} : (tensor<4x2xf32>, tensor<4xi32>, tensor<f32>) -> tensor<4x2xf32>
    %dw = train.matmul %x, %dy {phase = #train.phase<wg>, transpose_a} : (tensor<4x3xf32>, tensor<4x2xf32>) -> tensor<3x2xf32>
    %w1, %v1 = train.sgd %w, %v, %dw {phase = #train.phase<up>} : (tensor<3x2xf32>, tensor<3x2xf32>, tensor<3x2xf32>) -> (tensor<3x2xf32>, tensor<3x2xf32>)
    train.write @w, %w1 : tensor<3x2xf32>
    train.write @v, %v1 : tensor<3x2xf32>
    return %loss, %y : tensor<f32>, tensor<4x2xf32>
  }
}

// -----

// Not where the error multiplies something scaled already.
// CHECK: loss_scale = 1.000000e+00 : f32, master_weights
module attributes {slp.stage = "differentiate", train.own_updates} {
  train.state @w : tensor<3x2xf32>
  train.state @v : tensor<3x2xf32> {frozen}
  func.func @step(%x: tensor<4x3xf32>, %labels: tensor<4xi32>) -> (tensor<f32>, tensor<4x2xf32>) {
    %w = train.read @w : tensor<3x2xf32>
    %v = train.read @v : tensor<3x2xf32>
    %y = train.matmul %x, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
    %loss, %losses = train.cross_entropy %y, %labels : (tensor<4x2xf32>, tensor<4xi32>) -> (tensor<f32>, tensor<4xf32>)
    %seed = train.seed {phase = #train.phase<bp>} : () -> tensor<f32>
    %square = train.mul %seed, %seed {phase = #train.phase<bp>} : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %dy = train.cross_entropy_grad %y, %labels, %square {phase = #train.phase<bp>} : (tensor<4x2xf32>, tensor<4xi32>, tensor<f32>) -> tensor<4x2xf32>
    %dw = train.matmul %x, %dy {phase = #train.phase<wg>, transpose_a} : (tensor<4x3xf32>, tensor<4x2xf32>) -> tensor<3x2xf32>
    %w1, %v1 = train.sgd %w, %v, %dw {phase = #train.phase<up>} : (tensor<3x2xf32>, tensor<3x2xf32>, tensor<3x2xf32>) -> (tensor<3x2xf32>, tensor<3x2xf32>)
    train.write @w, %w1 : tensor<3x2xf32>
    train.write @v, %v1 : tensor<3x2xf32>
    return %loss, %y : tensor<f32>, tensor<4x2xf32>
  }
}
