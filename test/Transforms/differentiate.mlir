// RUN: slp-opt %s --train-differentiate --split-input-file | FileCheck %s

// A convolution whose input does not train gets no conv_bp; a dense layer gets dX (bp), dW and db (wg).
// CHECK: module attributes {slp.stage = "differentiate", train.training = 
module attributes {slp.stage = "import"} {
  // CHECK: train.state @conv.w : tensor<4x1x3x3xf32> {init
  // CHECK-NEXT: train.state @conv.w.velocity : tensor<4x1x3x3xf32>{{$}}
  train.state @conv.w : tensor<4x1x3x3xf32> {init = dense<1.0> : tensor<4x1x3x3xf32>}
  train.state @fc.w : tensor<3x4xf32> {init = dense<1.0> : tensor<3x4xf32>}
  train.state @fc.b : tensor<3xf32>
  // A state that the loss does not depend on is not updated.
  // CHECK: train.state @unused
  // CHECK-NOT: @unused.velocity
  train.state @unused : tensor<3xf32>

  // CHECK-LABEL: func.func @step
  // CHECK-SAME: %[[X:[a-z0-9]*]]: tensor<2x1x3x3xf32> {train.name = "image"}, %[[L:[a-z0-9]*]]: tensor<2xi32> {train.name = "labels"}
  func.func @step(%x: tensor<2x1x3x3xf32> {train.name = "image"}, %labels: tensor<2xi32> {train.name = "labels"})
      -> (tensor<f32> {train.name = "loss"}, tensor<2x3xf32> {train.name = "logits"}) {
    // CHECK: %[[CW:.*]] = train.read @conv.w
    // CHECK: %[[Y:.*]] = train.conv
    %cw = train.read @conv.w : tensor<4x1x3x3xf32>
    %y = train.conv %x, %cw : (tensor<2x1x3x3xf32>, tensor<4x1x3x3xf32>) -> tensor<2x4x1x1xf32>
    // CHECK: %[[R:.*]] = train.relu %[[Y]]
    %r = train.relu %y : (tensor<2x4x1x1xf32>) -> tensor<2x4x1x1xf32>
    // CHECK: %[[F:.*]] = train.reshape %[[R]]
    %f = train.reshape %r : (tensor<2x4x1x1xf32>) -> tensor<2x4xf32>
    // CHECK: %[[W:.*]] = train.read @fc.w
    // CHECK: %[[B:.*]] = train.read @fc.b
    %w = train.read @fc.w : tensor<3x4xf32>
    %b = train.read @fc.b : tensor<3xf32>
    // CHECK: %[[Z:.*]] = train.matmul %[[F]], %[[W]], %[[B]] {transpose_b}
    %z = train.matmul %f, %w, %b {transpose_b} : (tensor<2x4xf32>, tensor<3x4xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    // What nobody needs is not part of the step.
    // CHECK-NOT: train.softmax
    %dead = train.softmax %z : (tensor<2x3xf32>) -> tensor<2x3xf32>
    // CHECK: %[[LOSS:.*]], %{{.*}} = train.cross_entropy %[[Z]], %[[L]]
    %loss, %losses = train.cross_entropy %z, %labels : (tensor<2x3xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2xf32>)
    // CHECK: %[[DZ:.*]] = train.cross_entropy_grad %[[Z]], %[[L]] {phase = #train.phase<bp>}
    // CHECK: %[[DF:.*]] = train.matmul %[[DZ]], %[[W]] {phase = #train.phase<bp>} : {{.*}} -> tensor<2x4xf32>
    // CHECK: %[[DW:.*]] = train.matmul %[[DZ]], %[[F]] {phase = #train.phase<wg>, transpose_a} : {{.*}} -> tensor<3x4xf32>
    // CHECK: %[[DB:.*]] = train.bias_grad %[[DZ]] {phase = #train.phase<wg>} : {{.*}} -> tensor<3xf32>
    // CHECK: %[[DR:.*]] = train.reshape %[[DF]] {phase = #train.phase<bp>}
    // CHECK: %[[DY:.*]] = train.relu_grad %[[DR]], %[[R]] {phase = #train.phase<bp>}
    // CHECK-NOT: train.conv_bp
    // CHECK: %[[DCW:.*]] = train.conv_wg %[[X]], %[[DY]] {kernel = array<i64: 3, 3>, phase = #train.phase<wg>}
    // CHECK: %[[CV:.*]] = train.read @conv.w.velocity
    // CHECK: %[[CW2:.*]], %[[CV2:.*]] = train.sgd %[[CW]], %[[CV]], %[[DCW]] {phase = #train.phase<up>}
    // CHECK: train.write @conv.w, %[[CW2]]
    // CHECK: train.write @conv.w.velocity, %[[CV2]]
    // CHECK: train.sgd %[[W]], %{{.*}}, %[[DW]]
    // CHECK: train.write @fc.w,
    // CHECK: train.sgd %[[B]], %{{.*}}, %[[DB]]
    // CHECK: return %[[LOSS]], %[[Z]]
    return %loss, %z : tensor<f32>, tensor<2x3xf32>
  }
  // CHECK-LABEL: func.func @eval
  // CHECK-SAME: (%[[X:[a-z0-9]*]]: tensor<2x1x3x3xf32> {train.name = "image"}) -> (tensor<2x3xf32> {train.name = "logits"})
  // CHECK: %[[Z:.*]] = train.matmul
  // CHECK-NOT: train.cross_entropy
  // CHECK: return %[[Z]]
}

// -----

// Transposed operands: the gradient has the operand's own shape. An activation's is bp, a state's wg.
module attributes {slp.stage = "import"} {
  train.state @a : tensor<4x2xf32>
  train.state @b : tensor<4x3xf32>
  // CHECK-LABEL: func.func @step
  func.func @step(%labels: tensor<2xi32>) -> (tensor<f32>, tensor<2x3xf32>) {
    // CHECK: %[[A:.*]] = train.read @a
    // CHECK: %[[B:.*]] = train.read @b
    %a = train.read @a : tensor<4x2xf32>
    %b = train.read @b : tensor<4x3xf32>
    %r = train.relu %b : (tensor<4x3xf32>) -> tensor<4x3xf32>
    %z = train.matmul %a, %r {transpose_a} : (tensor<4x2xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
    %loss, %losses = train.cross_entropy %z, %labels : (tensor<2x3xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2xf32>)
    // CHECK: %[[DZ:.*]] = train.cross_entropy_grad
    // CHECK: train.matmul %{{.*}}, %[[DZ]] {phase = #train.phase<wg>, transpose_b} : {{.*}} -> tensor<4x2xf32>
    // CHECK: train.matmul %[[A]], %[[DZ]] {phase = #train.phase<bp>} : {{.*}} -> tensor<4x3xf32>
    return %loss, %z : tensor<f32>, tensor<2x3xf32>
  }
}

// -----

// Gradients of a value with three uses are added in the order of the uses; those of a state in phase wg.
module attributes {slp.stage = "import"} {
  train.state @w : tensor<2x2xf32>
  // CHECK-LABEL: func.func @step
  func.func @step(%x: tensor<2x2xf32> {train.name = "x"}, %labels: tensor<2xi32> {train.name = "labels"})
      -> (tensor<f32> {train.name = "loss"}, tensor<2x2xf32> {train.name = "logits"}) {
    %w = train.read @w : tensor<2x2xf32>
    %h = train.matmul %x, %w : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
    %a = train.relu %h : (tensor<2x2xf32>) -> tensor<2x2xf32>
    %b = train.softmax %h : (tensor<2x2xf32>) -> tensor<2x2xf32>
    %c = train.matmul %h, %w : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
    %ab = train.add %a, %b : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
    %z = train.add %ab, %c : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
    %loss, %losses = train.cross_entropy %z, %labels : (tensor<2x2xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2xf32>)
    // CHECK: %[[DZ:.*]] = train.cross_entropy_grad
    // CHECK: %[[C:.*]] = train.matmul %[[DZ]], %{{.*}} {phase = #train.phase<bp>, transpose_b}
    // CHECK: %[[W2:.*]] = train.matmul %{{.*}}, %[[DZ]] {phase = #train.phase<wg>, transpose_a}
    // CHECK: %[[B:.*]] = train.softmax_grad %[[DZ]]
    // CHECK: %[[A:.*]] = train.relu_grad %[[DZ]]
    // CHECK: %[[AB:.*]] = train.add %[[A]], %[[B]] {phase = #train.phase<bp>}
    // CHECK: %[[DH:.*]] = train.add %[[AB]], %[[C]] {phase = #train.phase<bp>}
    // CHECK: %[[W1:.*]] = train.matmul %{{.*}}, %[[DH]] {phase = #train.phase<wg>, transpose_a}
    // CHECK: %[[DW:.*]] = train.add %[[W1]], %[[W2]] {phase = #train.phase<wg>}
    // CHECK: train.sgd %{{.*}}, %{{.*}}, %[[DW]]
    return %loss, %z : tensor<f32>, tensor<2x2xf32>
  }
}

// -----

// Windows of the forward ops go to their gradients.
module attributes {slp.stage = "import"} {
  train.state @w : tensor<2x2x3x3xf32>
  train.state @b : tensor<2xf32>
  // CHECK-LABEL: func.func @step
  func.func @step(%x: tensor<1x2x6x6xf32>, %labels: tensor<1xi32>) -> (tensor<f32>, tensor<1x2xf32>) {
    %w = train.read @w : tensor<2x2x3x3xf32>
    %b = train.read @b : tensor<2xf32>
    %c = train.conv %x, %w, %b {pads = array<i64: 1, 1, 1, 1>} : (tensor<1x2x6x6xf32>, tensor<2x2x3x3xf32>, tensor<2xf32>) -> tensor<1x2x6x6xf32>
    %d = train.conv %c, %w {strides = array<i64: 2, 2>, pads = array<i64: 1, 0, 1, 0>} : (tensor<1x2x6x6xf32>, tensor<2x2x3x3xf32>) -> tensor<1x2x3x2xf32>
    %e = train.bias_add %d, %b : (tensor<1x2x3x2xf32>, tensor<2xf32>) -> tensor<1x2x3x2xf32>
    %m, %i = train.max_pool %e {kernel = array<i64: 2, 2>, pads = array<i64: 1, 0, 0, 0>} : (tensor<1x2x3x2xf32>) -> (tensor<1x2x3x1xf32>, tensor<1x2x3x1xi8>)
    %a = train.avg_pool %m {kernel = array<i64: 3, 1>, count_include_pad} : (tensor<1x2x3x1xf32>) -> tensor<1x2x1x1xf32>
    %z = train.reshape %a : (tensor<1x2x1x1xf32>) -> tensor<1x2xf32>
    %loss, %losses = train.cross_entropy %z, %labels : (tensor<1x2xf32>, tensor<1xi32>) -> (tensor<f32>, tensor<1xf32>)
    // CHECK: %[[M:.*]], %[[I:.*]] = train.max_pool
    // CHECK: %[[DM:.*]] = train.avg_pool_grad %{{.*}} {count_include_pad, input_shape = array<i64: 1, 2, 3, 1>, kernel = array<i64: 3, 1>, phase = #train.phase<bp>}
    // CHECK: %[[DE:.*]] = train.max_pool_grad %[[DM]], %[[I]] {input_shape = array<i64: 1, 2, 3, 2>, kernel = array<i64: 2, 2>, pads = array<i64: 1, 0, 0, 0>, phase = #train.phase<bp>}
    // CHECK: train.bias_grad %[[DE]]
    // CHECK: train.conv_bp %[[DE]], %{{.*}} {input_shape = array<i64: 1, 2, 6, 6>, pads = array<i64: 1, 0, 1, 0>, phase = #train.phase<bp>, strides = array<i64: 2, 2>}
    // CHECK: train.conv_wg %{{.*}}, %[[DE]] {kernel = array<i64: 3, 3>, pads = array<i64: 1, 0, 1, 0>, phase = #train.phase<wg>, strides = array<i64: 2, 2>}
    return %loss, %z : tensor<f32>, tensor<1x2xf32>
  }
}

// -----

// An operand that was broadcast gets the sum of the errors it took part in; what is read is the operand or the result, as
// the gradient's definition says; nothing flows through a step.
module attributes {slp.stage = "import"} {
  train.state @w : tensor<2x3xf32>
  train.state @s : tensor<1x3xf32>
  // CHECK-LABEL: func.func @step
  // CHECK-SAME: %[[X:.*]]: tensor<4x2xf32>
  func.func @step(%x: tensor<4x2xf32>, %labels: tensor<4xi32>) -> (tensor<f32>, tensor<4x3xf32>) {
    %w = train.read @w : tensor<2x3xf32>
    // CHECK: %[[S:.*]] = train.read @s
    %s = train.read @s : tensor<1x3xf32>
    // CHECK: %[[H:.*]] = train.matmul
    %h = train.matmul %x, %w : (tensor<4x2xf32>, tensor<2x3xf32>) -> tensor<4x3xf32>
    // CHECK: %[[C:.*]] = train.elu %[[H]]
    %c = train.elu %h {alpha = 2.0 : f32, gamma = 1.0 : f32} : (tensor<4x3xf32>) -> tensor<4x3xf32>
    // CHECK: %[[T:.*]] = train.tanh %[[C]]
    %t = train.tanh %c : (tensor<4x3xf32>) -> tensor<4x3xf32>
    %f = train.floor %t : (tensor<4x3xf32>) -> tensor<4x3xf32>
    %m = train.mul %t, %s : (tensor<4x3xf32>, tensor<1x3xf32>) -> tensor<4x3xf32>
    %z = train.sub %f, %m : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
    %loss, %losses = train.cross_entropy %z, %labels : (tensor<4x3xf32>, tensor<4xi32>) -> (tensor<f32>, tensor<4xf32>)
    // CHECK: %[[DZ:.*]] = train.cross_entropy_grad
    // CHECK: %[[DM:.*]] = train.affine %[[DZ]] {offset = 0.000000e+00 : f32, phase = #train.phase<bp>, scale = -1.000000e+00 : f32}
    // CHECK: %[[DT:.*]] = train.mul %[[DM]], %[[S]] {phase = #train.phase<bp>} : (tensor<4x3xf32>, tensor<1x3xf32>) -> tensor<4x3xf32>
    // CHECK: %[[DS:.*]] = train.mul %[[DM]], %[[T]] {phase = #train.phase<bp>} : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
    // CHECK: train.reduce_sum %[[DS]] {axes = array<i64: 0>, phase = #train.phase<wg>} : {{.*}} -> tensor<1x3xf32>
    // CHECK: %[[DC:.*]] = train.tanh_grad %[[DT]], %[[T]] {phase = #train.phase<bp>}
    // CHECK: %[[DH:.*]] = train.elu_grad %[[DC]], %[[H]] {alpha = 2.000000e+00 : f32, gamma = 1.000000e+00 : f32, phase = #train.phase<bp>}
    // CHECK: train.matmul %[[X]], %[[DH]] {phase = #train.phase<wg>, transpose_a}
    return %loss, %z : tensor<f32>, tensor<4x3xf32>
  }
}
