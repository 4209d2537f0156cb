// RUN: slp-opt %s --train-recognize-backward | FileCheck %s

// A step written in ordinary ops: a convolution that strides, relu, a global average, a loss.

module attributes {slp.stage = "import", train.own_updates} {
  train.state @w : tensor<4x2x3x3xf32>
  train.state @b : tensor<4xf32>
  train.state @v : tensor<5xf32>

  // CHECK: train.file_optimizer = "sgd"
  // CHECK-SAME: train.hyper = {lr = 1.250000e-01 : f32, momentum = 0.000000e+00 : f32, "weight-decay" = 0.000000e+00 : f32}
  // CHECK-SAME: train.own_updates
  // CHECK-LABEL: func.func @step(
  // CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<3x2x8x8xf32>
  // CHECK-SAME: %[[LABELS:[a-z0-9]+]]: tensor<3xi32>
  func.func @step(%x: tensor<3x2x8x8xf32> {train.name = "x"}, %labels: tensor<3xi32> {train.name = "labels"})
      -> (tensor<f32>, tensor<3x4xf32>) {
    %w = train.read @w : tensor<4x2x3x3xf32>
    %b = train.read @b : tensor<4xf32>
    %v = train.read @v : tensor<5xf32>
    %zero = train.constant dense<0.0> : tensor<f32>
    %zeros = train.reshape %zero : (tensor<f32>) -> tensor<1x1x1x1xf32>
    %identity = train.constant dense<[[[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]]> : tensor<1x4x4xf32>

    // CHECK: %[[C:.*]] = train.conv
    // CHECK: %[[R:.*]] = train.relu %[[C]]
    // CHECK: %[[P:.*]] = train.avg_pool %[[R]]
    // CHECK: %[[LOGITS:.*]] = train.reshape %[[P]]
    %c = train.conv %x, %w, %b {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>} : (tensor<3x2x8x8xf32>, tensor<4x2x3x3xf32>, tensor<4xf32>) -> tensor<3x4x4x4xf32>
    %r = train.relu %c : (tensor<3x4x4x4xf32>) -> tensor<3x4x4x4xf32>
    %p = train.avg_pool %r {kernel = array<i64: 4, 4>} : (tensor<3x4x4x4xf32>) -> tensor<3x4x1x1xf32>
    %logits = train.reshape %p : (tensor<3x4x1x1xf32>) -> tensor<3x4xf32>
    %loss, %losses = train.cross_entropy %logits, %labels : (tensor<3x4xf32>, tensor<3xi32>) -> (tensor<f32>, tensor<3xf32>)

    // CHECK: %[[DL:.*]] = train.cross_entropy_grad %[[LOGITS]], %[[LABELS]] {{.*}}bp
    %s = train.softmax %logits : (tensor<3x4xf32>) -> tensor<3x4xf32>
    %rows = train.gather %identity, %labels : (tensor<1x4x4xf32>, tensor<3xi32>) -> tensor<1x3x4xf32>
    %hot = train.reshape %rows : (tensor<1x3x4xf32>) -> tensor<3x4xf32>
    %difference = train.sub %s, %hot : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
    %dl = train.affine %difference {scale = 0.333333343 : f32, offset = 0.0 : f32} : (tensor<3x4xf32>) -> tensor<3x4xf32>

    // CHECK: %[[DP:.*]] = train.reshape %[[DL]] {{.*}}bp
    // CHECK: %[[DR:.*]] = train.avg_pool_grad %[[DP]] {{.*}}bp
    %dp = train.reshape %dl : (tensor<3x4xf32>) -> tensor<3x4x1x1xf32>
    %share = train.affine %dp {scale = 0.0625 : f32, offset = 0.0 : f32} : (tensor<3x4x1x1xf32>) -> tensor<3x4x1x1xf32>
    %dr = train.expand %share {shape = array<i64: 3, 4, 4, 4>} : (tensor<3x4x1x1xf32>) -> tensor<3x4x4x4xf32>

    // CHECK: %[[DC:.*]] = train.relu_grad %[[DR]], %[[C]] {{.*}}bp
    %positive = train.less %zeros, %c : (tensor<1x1x1x1xf32>, tensor<3x4x4x4xf32>) -> tensor<3x4x4x4xf32>
    %dc = train.mul %dr, %positive : (tensor<3x4x4x4xf32>, tensor<3x4x4x4xf32>) -> tensor<3x4x4x4xf32>

    // CHECK: %[[DW:.*]] = train.conv_wg %[[X]], %[[DC]]
    // CHECK-SAME: kernel = array<i64: 3, 3>
    // CHECK-SAME: pads = array<i64: 1, 1, 1, 1>
    // CHECK-SAME: wg
    // CHECK-SAME: strides = array<i64: 2, 2>
    %xt = train.transpose %x {perm = array<i64: 1, 0, 2, 3>} : (tensor<3x2x8x8xf32>) -> tensor<2x3x8x8xf32>
    %dct = train.transpose %dc {perm = array<i64: 1, 0, 2, 3>} : (tensor<3x4x4x4xf32>) -> tensor<4x3x4x4xf32>
    %dwt = train.conv %xt, %dct {dilations = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>} : (tensor<2x3x8x8xf32>, tensor<4x3x4x4xf32>) -> tensor<2x4x4x4xf32>
    %cut = train.slice %dwt {starts = array<i64: 0, 0, 0, 0>, sizes = array<i64: 2, 4, 3, 3>, steps = array<i64: 1, 1, 1, 1>} : (tensor<2x4x4x4xf32>) -> tensor<2x4x3x3xf32>
    %dw = train.transpose %cut {perm = array<i64: 1, 0, 2, 3>} : (tensor<2x4x3x3xf32>) -> tensor<4x2x3x3xf32>

    // CHECK: %[[DB:.*]] = train.bias_grad %[[DC]] {{.*}}wg
    %sum = train.reduce_sum %dc {axes = array<i64: 0, 2, 3>} : (tensor<3x4x4x4xf32>) -> tensor<1x4x1x1xf32>
    %db = train.reshape %sum : (tensor<1x4x1x1xf32>) -> tensor<4xf32>

    // CHECK-DAG: train.gradient @w, %[[DW]]
    // CHECK-DAG: train.gradient @b, %[[DB]]
    %wstep = train.affine %dw {scale = 0.125 : f32, offset = 0.0 : f32} : (tensor<4x2x3x3xf32>) -> tensor<4x2x3x3xf32>
    %wnew = train.sub %w, %wstep : (tensor<4x2x3x3xf32>, tensor<4x2x3x3xf32>) -> tensor<4x2x3x3xf32>
    train.write @w, %wnew : tensor<4x2x3x3xf32>
    %bstep = train.affine %db {scale = -0.125 : f32, offset = 0.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
    %bnew = train.add %bstep, %b : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    train.write @b, %bnew : tensor<4xf32>

    // What is no known update stays, in its phase.
    // CHECK: %[[HALF:.*]] = train.affine {{.*}} {{.*}}up
    // CHECK: train.write @v, %[[HALF]]
    %half = train.affine %v {scale = 0.5 : f32, offset = 0.0 : f32} : (tensor<5xf32>) -> tensor<5xf32>
    train.write @v, %half : tensor<5xf32>
    return %loss, %logits : tensor<f32>, tensor<3x4xf32>
  }
}
