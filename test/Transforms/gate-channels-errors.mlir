// What cannot be gated is refused by name.
// RUN: not slp-opt %s --train-gate-channels=layers=none 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not slp-opt %s --train-gate-channels=layers=[ 2>&1 | FileCheck %s --check-prefix=PATTERN
// RUN: not slp-opt %s --train-gate-channels=layers=first 2>&1 | FileCheck %s --check-prefix=NARROW
// RUN: not slp-opt %s --train-gate-channels=layers=depthwise 2>&1 | FileCheck %s --check-prefix=GROUPS
// RUN: not slp-opt %s --train-gate-channels=layers=twice 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: not slp-opt %s --train-gate-channels="layers=good groups=3" 2>&1 | FileCheck %s --check-prefix=CHUNKS
// RUN: not slp-opt %s --train-gate-channels="groups=8" 2>&1 | FileCheck %s --check-prefix=NOTHING
// RUN: not slp-opt %s --train-gate-channels=groups=1 2>&1 | FileCheck %s --check-prefix=ONE
// RUN: not slp-opt %s --train-gate-channels=slice=32 2>&1 | FileCheck %s --check-prefix=SLICE
// RUN: not slp-opt %s --train-gate-channels=alpha=0 2>&1 | FileCheck %s --check-prefix=ALPHA
// RUN: not slp-opt %s --train-gate-channels=lambda=-1 2>&1 | FileCheck %s --check-prefix=LAMBDA
// RUN: not slp-opt %s --train-gate-channels=target=1e5 2>&1 | FileCheck %s --check-prefix=TARGET
// RUN: not slp-opt %s --train-gate-channels=initial=nan 2>&1 | FileCheck %s --check-prefix=INITIAL
// RUN: not slp-opt %s --train-gate-channels=momentum=1 2>&1 | FileCheck %s --check-prefix=MOMENTUM
// RUN: not slp-opt %s --train-gate-channels=epsilon=0 2>&1 | FileCheck %s --check-prefix=EPSILON
// UNKNOWN: error: channel gating: layer "none" names no convolution of the model, which has first, good, depthwise, twice, twice
// PATTERN: error: channel gating: layer "[" is no pattern
// NARROW: error: channel gating: node "first": expected a multiple of 32 input channels, 4 chunks of whole slices, found 3
// GROUPS: error: channel gating: node "depthwise": expected a convolution of one group, found 32
// TWICE: error: channel gating: node "twice": it is more than one convolution of two dimensions
// CHUNKS: error: channel gating: node "good": expected a multiple of 24 input channels, 3 chunks of whole slices, found 32
// NOTHING: error: channel gating: no convolution of the model can be gated, expected one of 64 input and output channels or a multiple, which is not the first
// ONE: error: channel gating: input channels in 1 groups, expected 2 to 1024
// SLICE: error: channel gating: slices of 32 output channels, expected 8, which is what an entry of a mask is for
// ALPHA: error: channel gating: alpha 0{{.*}}, expected a finite number above 0
// LAMBDA: error: channel gating: lambda -1{{.*}}, expected a finite number of at least 0
// TARGET: error: channel gating: target of the thresholds 100000{{.*}}, expected -1024 to 1024 deviations
// INITIAL: error: channel gating: first threshold nan, expected -1024 to 1024 deviations
// MOMENTUM: error: channel gating: momentum 1{{.*}}, expected at least 0 and less than 1
// EPSILON: error: channel gating: epsilon 0{{.*}}, expected a finite number above 0

// A model that computes its gradients itself; a name that is taken.
// RUN: sed 's/slp.stage = "import"/slp.stage = "import", train.own_updates/' %s > own.mlir
// RUN: not slp-opt own.mlir --train-gate-channels 2>&1 | FileCheck %s --check-prefix=OWN
// OWN: error: channel gating: the model computes its own gradients, expected a forward graph
// RUN: sed 's/@w1/@"gating-lambda"/' %s > taken.mlir
// RUN: not slp-opt taken.mlir --train-gate-channels 2>&1 | FileCheck %s --check-prefix=TAKEN
// TAKEN: error: channel gating: the model has a state @gating-lambda of its own
// TAKEN: note: the name is taken here
module attributes {slp.stage = "import"} {
  train.state @w1 : tensor<32x3x1x1xf32>
  train.state @w2 : tensor<32x32x1x1xf32>
  train.state @w3 : tensor<32x1x1x1xf32>
  func.func @step(%x: tensor<2x3x4x4xf32> {train.name = "x"}) -> (tensor<f32>) {
    %w1 = train.read @w1 : tensor<32x3x1x1xf32>
    %one = train.conv %x, %w1 : (tensor<2x3x4x4xf32>, tensor<32x3x1x1xf32>) -> tensor<2x32x4x4xf32> loc("first")
    %w2 = train.read @w2 : tensor<32x32x1x1xf32>
    %two = train.conv %one, %w2 : (tensor<2x32x4x4xf32>, tensor<32x32x1x1xf32>) -> tensor<2x32x4x4xf32> loc("good")
    %w3 = train.read @w3 : tensor<32x1x1x1xf32>
    %three = train.conv %two, %w3 {group = 32 : i64} : (tensor<2x32x4x4xf32>, tensor<32x1x1x1xf32>) -> tensor<2x32x4x4xf32> loc("depthwise")
    %four = train.conv %three, %w2 : (tensor<2x32x4x4xf32>, tensor<32x32x1x1xf32>) -> tensor<2x32x4x4xf32> loc("twice")
    %five = train.conv %four, %w2 : (tensor<2x32x4x4xf32>, tensor<32x32x1x1xf32>) -> tensor<2x32x4x4xf32> loc("twice")
    %flat = train.reshape %five : (tensor<2x32x4x4xf32>) -> tensor<1024xf32>
    %sum = train.reduce_sum %flat {axes = array<i64: 0>} : (tensor<1024xf32>) -> tensor<1xf32>
    %loss = train.reshape %sum : (tensor<1xf32>) -> tensor<f32>
    return %loss : tensor<f32>
  }
}
