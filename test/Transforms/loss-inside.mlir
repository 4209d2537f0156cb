// A cross entropy that is not the loss: its gradient is multiplied by the error that comes back, in which the loss scale is.
// RUN: slp-opt %s --split-input-file --train-differentiate | FileCheck %s
// RUN: slp-opt %s --split-input-file --train-differentiate --train-assign-precision="target=lnpu policy=fp8" | FileCheck %s --check-prefix=FP8
// RUN: slp-opt %s --split-input-file --train-differentiate --train-scale-loss | FileCheck %s --check-prefix=DYNAMIC

// The loss is a multiple: the seed has the loss scale, single numbers are f32, and so is the loss.
// CHECK-LABEL: func.func @step
// CHECK: %[[CE:.*]], %{{.*}} = train.cross_entropy %[[Z:.*]], %[[L:[a-z0-9]*]]
// CHECK: %[[SEED:.*]] = train.seed {phase = #train.phase<bp>}
// CHECK: %[[ERROR:.*]] = train.affine %[[SEED]] {{.*}}phase = #train.phase<bp>
// CHECK-NEXT: train.cross_entropy_grad %[[Z]], %[[L]], %[[ERROR]] {phase = #train.phase<bp>}
// FP8-LABEL: func.func @step
// FP8: train.affine {{.*}} -> tensor<f32>
// FP8: train.seed {loss_scale = 1.024000e+03 : f32
// FP8: train.affine {{.*}} -> tensor<f32>
// FP8: train.cross_entropy_grad %{{.*}}, %{{.*}}, %{{.*}} {phase = #train.phase<bp>, rounding
// DYNAMIC-LABEL: func.func @step
// DYNAMIC: %[[SCALE:.*]] = train.reshape {{.*}}loss_scale/scalar
// DYNAMIC: %[[ERROR:.*]] = train.affine %[[SCALE]]
// DYNAMIC: train.cross_entropy_grad %{{.*}}, %{{.*}}, %[[ERROR]] {phase
module attributes {slp.stage = "import"} {
  train.state @w : tensor<3x2xf32>
  func.func @step(%x: tensor<4x3xf32> {train.name = "x"}, %labels: tensor<4xi32> {train.name = "labels"})
      -> (tensor<f32> {train.name = "loss", train.role = "loss"}) {
    %w = train.read @w : tensor<3x2xf32>
    %z = train.matmul %x, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
    %ce, %losses = train.cross_entropy %z, %labels : (tensor<4x2xf32>, tensor<4xi32>) -> (tensor<f32>, tensor<4xf32>)
    %loss = train.affine %ce {scale = 10.0 : f32, offset = 0.0 : f32} : (tensor<f32>) -> tensor<f32>
    return %loss : tensor<f32>
  }
}

// -----

// A sum of two begins with the loss scale in both, as a loss of one does; so does one under another shape.
// CHECK-LABEL: func.func @step
// CHECK: train.cross_entropy_grad %{{.*}}, %{{.*}} {phase
// CHECK: train.cross_entropy_grad %{{.*}}, %{{.*}} {phase
// CHECK-NOT: train.seed
// FP8-LABEL: func.func @step
// FP8: train.cross_entropy_grad %{{.*}}, %{{.*}} {loss_scale = 1.024000e+03 : f32
// FP8: train.cross_entropy_grad %{{.*}}, %{{.*}} {loss_scale = 1.024000e+03 : f32
// DYNAMIC-LABEL: func.func @step
// DYNAMIC: %[[SCALE:.*]] = train.reshape {{.*}}loss_scale/scalar
// DYNAMIC: train.cross_entropy_grad %{{.*}}, %{{.*}}, %[[SCALE]] {phase
// DYNAMIC: train.cross_entropy_grad %{{.*}}, %{{.*}}, %[[SCALE]] {phase
module attributes {slp.stage = "import"} {
  train.state @w : tensor<3x2xf32>
  train.state @v : tensor<3x2xf32>
  func.func @step(%x: tensor<4x3xf32> {train.name = "x"}, %labels: tensor<4xi32> {train.name = "labels"})
      -> (tensor<f32> {train.name = "loss", train.role = "loss"}) {
    %w = train.read @w : tensor<3x2xf32>
    %v = train.read @v : tensor<3x2xf32>
    %a = train.matmul %x, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
    %b = train.matmul %x, %v : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
    %first, %losses = train.cross_entropy %a, %labels : (tensor<4x2xf32>, tensor<4xi32>) -> (tensor<f32>, tensor<4xf32>)
    %second, %others = train.cross_entropy %b, %labels : (tensor<4x2xf32>, tensor<4xi32>) -> (tensor<f32>, tensor<4xf32>)
    %one = train.reshape %second : (tensor<f32>) -> tensor<1xf32>
    %again = train.reshape %one : (tensor<1xf32>) -> tensor<f32>
    %loss = train.add %first, %again : (tensor<f32>, tensor<f32>) -> tensor<f32>
    return %loss : tensor<f32>
  }
}

// -----

// @eval returns a loss that the graph brings itself beside the logits.
// CHECK-LABEL: func.func @step
// CHECK: func.func @eval(%{{.*}}: tensor<4x3xf32> {train.name = "x"}, %{{.*}}: tensor<4xi32> {train.name = "labels"}) -> (tensor<f32> {train.evaluated, train.name = "loss", train.role = "loss"}, tensor<4x2xf32> {train.class_axis = 1 : i64, train.name = "z", train.role = "logits"})
// CHECK: %[[Z:.*]] = train.matmul
// CHECK: %[[LOSS:.*]], %{{.*}} = train.cross_entropy %[[Z]]
// CHECK: return %[[LOSS]], %[[Z]]
module attributes {slp.stage = "import"} {
  train.state @w : tensor<3x2xf32>
  func.func @step(%x: tensor<4x3xf32> {train.name = "x"}, %labels: tensor<4xi32> {train.name = "labels"})
      -> (tensor<f32> {train.name = "loss", train.role = "loss", train.evaluated},
          tensor<4x2xf32> {train.name = "z", train.role = "logits", train.class_axis = 1 : i64}) {
    %w = train.read @w : tensor<3x2xf32>
    %z = train.matmul %x, %w : (tensor<4x3xf32>, tensor<3x2xf32>) -> tensor<4x2xf32>
    %loss, %losses = train.cross_entropy %z, %labels : (tensor<4x2xf32>, tensor<4xi32>) -> (tensor<f32>, tensor<4xf32>)
    return %loss, %z : tensor<f32>, tensor<4x2xf32>
  }
}
