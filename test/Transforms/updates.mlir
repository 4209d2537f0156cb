// What differentiate builds behind the gradients.
// RUN: slp-opt %s --train-differentiate=optimizer=adamw | FileCheck %s --check-prefix=ADAMW
// RUN: slp-opt %s --train-differentiate=optimizer=adam | FileCheck %s --check-prefix=ADAM
// RUN: slp-opt %s --train-differentiate=optimizer=adagrad | FileCheck %s --check-prefix=ADAGRAD
// RUN: slp-opt %s "--train-differentiate=nesterov=true lr-scale=head.*:0.5,stem.*:4 no-decay=*.bias" | FileCheck %s --check-prefix=GROUPS
// RUN: slp-opt %s "--train-differentiate=freeze=stem.* freeze=body.weight" | FileCheck %s --check-prefix=FROZEN
// RUN: slp-opt %s "--train-differentiate=freeze=head.*" | FileCheck %s --check-prefix=HEAD
// RUN: slp-opt %s --train-differentiate=clip-norm=true | FileCheck %s --check-prefix=CLIP
// RUN: slp-opt %s "--train-differentiate=clip-norm=true micro-batches=3" | FileCheck %s --check-prefix=MICRO
// RUN: not slp-opt %s --train-differentiate=freeze=stm.weight 2>&1 | FileCheck %s --check-prefix=NEAR
// RUN: not slp-opt %s --train-differentiate=no-decay=bias 2>&1 | FileCheck %s --check-prefix=NODECAY
// RUN: not slp-opt %s --train-differentiate=lr-scale=head.* 2>&1 | FileCheck %s --check-prefix=NUMBER
// RUN: not slp-opt %s "--train-differentiate=lr-scale=head.*:-1" 2>&1 | FileCheck %s --check-prefix=NUMBER
// RUN: not slp-opt %s "--train-differentiate=lr-scale=had.*:1" 2>&1 | FileCheck %s --check-prefix=LRSCALE
// RUN: not slp-opt %s "--train-differentiate=freeze=head.*,stem.*,body.* no-decay=*" 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not slp-opt %s "--train-differentiate=nesterov=true optimizer=adam" 2>&1 | FileCheck %s --check-prefix=NESTEROV
// RUN: not slp-opt %s --train-differentiate=micro-batches=0 2>&1 | FileCheck %s --check-prefix=ZERO
// RUN: not slp-opt %s --train-differentiate=freeze=[ 2>&1 | FileCheck %s --check-prefix=PATTERN

// NEAR: error: --freeze=stm.weight: matches no parameter; near: stem.weight, 
// NODECAY: error: --no-decay=bias: matches no parameter; near: head.bias,
// NUMBER: error: --lr-scale=head.*{{.*}}: expected GLOB:X with a number X of at least 0
// LRSCALE: error: --lr-scale=had.*: matches no parameter; near: head.bias,
// NONE: error: --no-decay=*: matches no parameter, as there is none
// NESTEROV: error: --nesterov is for optimizer sgd, not adam
// ZERO: error: expected at least 1 micro-batch, found 0
// PATTERN: error: --freeze=[: not a pattern

// ADAMW: train.training = {micro_batches = 1 : i64, name = "adamw", numbers = {beta1 = 9.000000e-01 : f64, beta2 = {{.*}}, epsilon = {{.*}}, lr = {{.*}}, "weight-decay" = 1.000000e-02 : f64}}
// ADAMW: train.state @stem.weight.mean : tensor<4x3xf32>{{$}}
// ADAMW-NEXT: train.state @stem.weight.mean_square : tensor<4x3xf32> {statistic}
// ADAMW: train.adam {{.*}} {decoupled, phase = #train.phase<up>}
// ADAM: train.adam {{.*}} {phase = #train.phase<up>}
// ADAGRAD: train.state @stem.weight.square_sum : tensor<4x3xf32> {statistic}
// ADAGRAD: train.adagrad {{.*}} {phase = #train.phase<up>}

// GROUPS: train.training = {micro_batches = 1 : i64, name = "sgd", numbers = {lr = 5.000000e-02 : f64, momentum = 9.000000e-01 : f64, "weight-decay" = 0.000000e+00 : f64}}
// GROUPS: train.sgd {{.*}} {lr_scale = 4.000000e+00 : f32, nesterov, phase = #train.phase<up>}
// GROUPS: train.sgd {{.*}} {nesterov, phase = #train.phase<up>}
// GROUPS: train.sgd {{.*}} {lr_scale = 5.000000e-01 : f32, nesterov, phase = #train.phase<up>}
// GROUPS: train.sgd {{.*}} {decay_scale = 0.000000e+00 : f32, lr_scale = 5.000000e-01 : f32, nesterov, phase = #train.phase<up>}

// Nothing trains below the head: the error does not go there.
// FROZEN-LABEL: func.func @step
// FROZEN: train.cross_entropy_grad
// FROZEN-NEXT: train.matmul {{.*}} {phase = #train.phase<wg>
// FROZEN-NEXT: train.bias_grad
// FROZEN-NOT: relu_grad
// FROZEN-NOT: train.read @stem
// FROZEN: train.write @head.weight,
// FROZEN: train.write @head.bias,
// FROZEN-NOT: train.write @{{stem|body}}
// FROZEN: return

// HEAD-LABEL: func.func @step
// HEAD: train.cross_entropy_grad
// HEAD-NEXT: train.matmul {{.*}} {phase = #train.phase<bp>}
// HEAD-NOT: bias_grad
// HEAD: train.write @stem.weight,
// HEAD: train.write @body.weight,
// HEAD-NOT: train.write @head
// HEAD: return

// CLIP: train.training = {{.*}}"clip-norm" = 1.000000e+00
// CLIP-LABEL: func.func @step
// CLIP: %[[T0:.*]] = train.square_sum %[[G0:[0-9]+]] {phase = #train.phase<up>} : (tensor<4x3xf32>) -> tensor<f32>
// CLIP-NEXT: %[[T1:.*]] = train.square_sum %{{.*}}, %[[T0]] {
// CLIP-NEXT: %[[T2:.*]] = train.square_sum %{{.*}}, %[[T1]] {
// CLIP-NEXT: %[[T3:.*]] = train.square_sum %{{.*}}, %[[T2]] {
// CLIP-NEXT: %[[F:.*]] = train.clip_factor %[[T3]]
// CLIP: train.sgd %{{.*}}, %{{.*}}, %[[G0]], %[[F]] {

// MICRO: train.training = {micro_batches = 3 : i64
// MICRO: train.state @stem.weight.accumulated : tensor<4x3xf32> {statistic}
// MICRO-LABEL: func.func @step
// MICRO: %[[A:.*]] = train.read @stem.weight.accumulated
// MICRO-NEXT: %[[Z:.*]], %[[S:.*]] = train.drain %[[A]], %{{.*}} {phase = #train.phase<up>}
// MICRO-NEXT: train.write @stem.weight.accumulated, %[[Z]]
// MICRO: train.square_sum %[[S]] {micro_batches = 3 : i64, phase = #train.phase<up>}
// MICRO: train.sgd %{{.*}}, %{{.*}}, %[[S]], %{{.*}} {micro_batches = 3 : i64, phase = #train.phase<up>}
// MICRO-LABEL: func.func @eval
// MICRO-LABEL: func.func @accumulate(
// MICRO-SAME: train.name = "labels"
// MICRO: train.cross_entropy_grad
// MICRO: %[[A:.*]] = train.read @stem.weight.accumulated
// MICRO-NEXT: %[[S:.*]] = train.accumulate %[[A]], %{{.*}} {phase = #train.phase<up>}
// MICRO-NEXT: train.write @stem.weight.accumulated, %[[S]]
// MICRO-NOT: train.sgd
// MICRO: return
module attributes {slp.stage = "import"} {
  train.state @stem.weight : tensor<4x3xf32> {init = dense<1.0> : tensor<4x3xf32>}
  train.state @body.weight : tensor<4x4xf32> {init = dense<1.0> : tensor<4x4xf32>}
  train.state @head.weight : tensor<2x4xf32> {init = dense<1.0> : tensor<2x4xf32>}
  train.state @head.bias : tensor<2xf32>
  func.func @step(%x: tensor<2x3xf32> {train.name = "x"}, %labels: tensor<2xi32> {train.name = "labels"})
      -> (tensor<f32> {train.name = "loss"}, tensor<2x2xf32> {train.name = "logits"}) {
    %sw = train.read @stem.weight : tensor<4x3xf32>
    %0 = train.matmul %x, %sw {transpose_b} : (tensor<2x3xf32>, tensor<4x3xf32>) -> tensor<2x4xf32>
    %1 = train.relu %0 : (tensor<2x4xf32>) -> tensor<2x4xf32>
    %bw = train.read @body.weight : tensor<4x4xf32>
    %2 = train.matmul %1, %bw {transpose_b} : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
    %3 = train.relu %2 : (tensor<2x4xf32>) -> tensor<2x4xf32>
    %hw = train.read @head.weight : tensor<2x4xf32>
    %hb = train.read @head.bias : tensor<2xf32>
    %4 = train.matmul %3, %hw, %hb {transpose_b} : (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2xf32>) -> tensor<2x2xf32>
    %loss, %losses = train.cross_entropy %4, %labels : (tensor<2x2xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2xf32>)
    return %loss, %4 : tensor<f32>, tensor<2x2xf32>
  }
}
