// What cannot be scaled is refused by name, before anything is changed.
// RUN: not slp-opt %s --split-input-file --train-scale-loss 2>&1 | FileCheck %s
// RUN: not slp-opt %s --split-input-file --train-scale-loss=initial=100 2>&1 | FileCheck %s --check-prefix=POWER
// RUN: not slp-opt %s --split-input-file --train-scale-loss=max=-2 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// RUN: not slp-opt %s --split-input-file --train-scale-loss=interval=0 2>&1 | FileCheck %s --check-prefix=INTERVAL
// RUN: not slp-opt %s --split-input-file --train-scale-loss="growth=0.5" 2>&1 | FileCheck %s --check-prefix=GROWTH
// RUN: not slp-opt %s --split-input-file --train-scale-loss="initial=2 min=4" 2>&1 | FileCheck %s --check-prefix=LEAST
// POWER: error: --loss-scale=dynamic: expected a power of two from 2^-63 to 2^63 as initial, found 100
// NEGATIVE: error: --loss-scale=dynamic: expected a power of two from 2^-63 to 2^63 as max, found -2
// INTERVAL: error: --loss-scale=dynamic: expected an interval of 1 to 16777216 steps, found 0
// GROWTH: error: --loss-scale=dynamic: expected a growth of at least 1 and a backoff of at most 1
// LEAST: error: --loss-scale=dynamic: expected a least scale of at most the first and the greatest

// CHECK: error: --loss-scale=dynamic: the model has no gradients to scale
module attributes {slp.stage = "differentiate"} {
  func.func @step(%x: tensor<4xf32>) -> tensor<4xf32> {
    return %x : tensor<4xf32>
  }
}

// -----

// CHECK: error: --loss-scale=dynamic: expects a module of stage differentiate, found import
module attributes {slp.stage = "import"} {
}

// -----

// CHECK: error: --loss-scale=dynamic: the model has no loss to scale
module attributes {slp.stage = "differentiate"} {
  func.func @eval(%x: tensor<4xf32>) -> tensor<4xf32> {
    return %x : tensor<4xf32>
  }
}

// -----

// CHECK: error: --loss-scale=dynamic: the model's own updates do not divide the loss scale out
module attributes {slp.stage = "differentiate", train.own_updates} {
  train.state @w : tensor<3x2xf32>
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

// CHECK: error: --loss-scale=dynamic: the model has a state @loss_scale of its own
// CHECK: note: the name is taken here
module attributes {slp.stage = "differentiate"} {
  train.state @loss_scale : tensor<4xf32>
  func.func @step() -> tensor<f32> {
    %0 = train.seed {phase = #train.phase<bp>} : () -> tensor<f32>
    return %0 : tensor<f32>
  }
}

// -----

// CHECK: error: --loss-scale=dynamic: an update stands before the last gradient
module attributes {slp.stage = "differentiate"} {
  func.func @step(%w: tensor<4xf32>) -> tensor<f32> {
    %w1, %v1 = train.sgd %w, %w, %w {phase = #train.phase<up>} : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
    %0 = train.seed {phase = #train.phase<bp>} : () -> tensor<f32>
    return %0 : tensor<f32>
  }
}
