// RUN: slp-opt %s --train-differentiate --split-input-file --verify-diagnostics
// RUN: not slp-opt %s --train-differentiate=optimizer=lion --split-input-file 2>&1 | FileCheck %s
// CHECK: error: optimizer lion is not supported, expected sgd, adagrad, adam or adamw

// expected-error @below {{differentiate expects a module of stage import, found differentiate}}
module attributes {slp.stage = "differentiate"} {
}

// -----

// expected-error @below {{differentiate expects a function @step of one block}}
module attributes {slp.stage = "import"} {
}

// -----

// expected-error @below {{differentiate makes a function @eval, but there is one already}}
module attributes {slp.stage = "import"} {
  func.func @step(%x: tensor<2x3xf32>, %l: tensor<2xi32>) -> (tensor<f32>, tensor<2x3xf32>) {
    %loss, %losses = train.cross_entropy %x, %l : (tensor<2x3xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2xf32>)
    return %loss, %x : tensor<f32>, tensor<2x3xf32>
  }
  func.func private @eval()
}

// -----

module attributes {slp.stage = "import"} {
  train.state @w : tensor<2x3xf32>
  func.func @step(%l: tensor<2xi32>) -> (tensor<f32>, tensor<2x3xf32>) {
    %w = train.read @w : tensor<2x3xf32>
    // expected-error @unknown {{the gradient of train.round is missing, needed for node "rounding"}}
    %x = train.round %w : (tensor<2x3xf32>) -> tensor<2x3xf32> loc("rounding")
    %loss, %losses = train.cross_entropy %x, %l : (tensor<2x3xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2xf32>)
    return %loss, %x : tensor<f32>, tensor<2x3xf32>
  }
}

// -----

module attributes {slp.stage = "import"} {
  // expected-error @below {{cannot have a state @w.velocity}}
  train.state @w : tensor<2x3xf32>
  // expected-note @below {{the name is taken here}}
  train.state @w.velocity : tensor<2x3xf32>
  func.func @step(%l: tensor<2xi32>) -> (tensor<f32>, tensor<2x3xf32>) {
    %w = train.read @w : tensor<2x3xf32>
    %loss, %losses = train.cross_entropy %w, %l : (tensor<2x3xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2xf32>)
    return %loss, %w : tensor<f32>, tensor<2x3xf32>
  }
}
