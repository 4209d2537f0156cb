// RUN: slp-opt %s --train-assign-precision="target=lnpu policy=fp8" | FileCheck %s --check-prefixes=CHECK,LNPU
// RUN: slp-opt %s --train-assign-precision="target=asu-fp8 policy=fp8 master-weights=fp32 loss-scale=2" | FileCheck %s --check-prefixes=CHECK,ASU
// RUN: slp-opt %s --train-assign-precision="target=lnpu policy=fp16" | FileCheck %s --check-prefix=FP16
// RUN: slp-opt %s --train-assign-precision="target=asu-fp8 policy=fp32" | FileCheck %s --check-prefix=FP32
// RUN: slp-opt %s --train-assign-precision="target=lnpu policy=fp8" --remarks-filter=precision -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// REMARK-DAG: [Passed] precision | Category:precision | Remark="input to fp8 (read by train.conv: activations of policy fp8)"
// REMARK-DAG: Remark="train.conv: operands fp8 (activations of policy fp8) and fp8 (weights of policy fp8), accumulator fp32, result fp16 (between multiplications)
// REMARK-DAG: Remark="train.conv_wg: operands fp8 (activations of policy fp8) and fp8 (errors of policy fp8), accumulator fp32, result fp32 (weight gradient)"

// LNPU: module attributes {num.formats = {fp16 = !num_e5m10, fp8 = !num_e5m2}, slp.stage = "precision", train.precision = {batch = 2 : i64, chip = "lnpu", loss_scale = 1.024000e+03 : f32, master_weights = "fp16", model_hash = "{{[0-9a-f]+}}", policy = "fp8"}}
// ASU: loss_scale = 2.000000e+00 : f32, master_weights = "fp32", model_hash = "{{[0-9a-f]+}}", policy = "fp8"
// FP16: loss_scale = 1.280000e+02 : f32, master_weights = "fp16", model_hash = "{{[0-9a-f]+}}", policy = "fp16"
// FP32: loss_scale = 1.000000e+00 : f32, master_weights = "fp32", model_hash = "{{[0-9a-f]+}}", policy = "fp32"
module attributes {slp.stage = "differentiate"} {
  // States are in the master format.
  // LNPU: train.state @w : tensor<3x1x2x2x!num_e5m10> {rounding = #num.rounding<nearest_even>}
  // ASU: train.state @w : tensor<3x1x2x2xf32>{{$}}
  // FP32: train.state @w : tensor<3x1x2x2xf32>{{$}}
  train.state @w : tensor<3x1x2x2xf32>
  train.state @w.velocity : tensor<3x1x2x2xf32>
  train.state @b : tensor<3xf32>

  // CHECK-LABEL: func.func @step
  // LNPU-SAME: tensor<2x3x!num_e5m10> {train.name = "logits"}
  // ASU-SAME: tensor<2x3x!num_e5m10> {train.name = "logits"}
  // FP32-LABEL: func.func @step
  // FP32-NOT: train.round
  func.func @step(%x: tensor<2x1x2x2xf32> {train.name = "image"}, %labels: tensor<2xi32> {train.name = "labels"})
      -> (tensor<f32> {train.name = "loss"}, tensor<2x3xf32> {train.name = "logits"}) {
    // The input once, for FP and WG.
    // LNPU: %[[X:.*]] = train.round %{{.*}} {rounding = #num.rounding<nearest_even>} : (tensor<2x1x2x2xf32>) -> tensor<2x1x2x2x!num_e5m2>
    // ASU: %[[X:.*]] = train.round %{{.*}} {rounding = #num.rounding<half_away>} : (tensor<2x1x2x2xf32>) -> tensor<2x1x2x2x!num_e5m2>
    // The compute copy once, for FP and BP.
    // CHECK: %[[WM:.*]] = train.read @w :
    // CHECK: %[[W:.*]] = train.round %[[WM]]
    %w = train.read @w : tensor<3x1x2x2xf32>
    // Biases stay in the master format, unless the accumulator could not hold it.
    // CHECK: %[[B:.*]] = train.read @b :
    // LNPU-NOT: train.round
    // ASU: %[[B16:.*]] = train.round %[[B]] {{.*}} -> tensor<3x!num_e5m10>
    %b = train.read @b : tensor<3xf32>
    // LNPU: %[[ACC:.*]] = train.conv %[[X]], %[[W]], %[[B]] {accumulate = #num_dot8_f32} : {{.*}} -> tensor<2x3x1x1xf32>
    // ASU: %[[ACC:.*]] = train.conv %[[X]], %[[W]], %[[B16]] {accumulate = #num_dot8_e5m10}
    // No multiplication reads it: FP16, which ASU's accumulator is.
    // LNPU: %[[Y:.*]] = train.round %[[ACC]] {{.*}} -> tensor<2x3x1x1x!num_e5m10>
    // ASU-NOT: train.round
    // FP16: %[[ACC:.*]] = train.conv
    // FP16: %[[Y:.*]] = train.round %[[ACC]]
    // FP32: train.conv {{.*}} {accumulate = #num_dot8_f32}
    %y = train.conv %x, %w, %b : (tensor<2x1x2x2xf32>, tensor<3x1x2x2xf32>, tensor<3xf32>) -> tensor<2x3x1x1xf32>
    // One rounding however many readers.
    // LNPU: train.relu %[[Y]] {rounding =
    // ASU: train.relu %[[ACC]] {rounding =
    // FP16: train.relu %[[Y]] {rounding =
    // FP16-NOT: train.round
    %r = train.relu %y : (tensor<2x3x1x1xf32>) -> tensor<2x3x1x1xf32>
    // LNPU: train.add %[[Y]]
    // ASU: train.add %[[ACC]]
    // Logits are fp16, also through a reshape.
    // LNPU-SAME: -> tensor<2x3x1x1x!num_e5m10>
    %s = train.add %y, %r : (tensor<2x3x1x1xf32>, tensor<2x3x1x1xf32>) -> tensor<2x3x1x1xf32>
    %z = train.reshape %s : (tensor<2x3x1x1xf32>) -> tensor<2x3xf32>
    // FP16: train.cross_entropy
    // CHECK: train.cross_entropy %{{.*}} -> (tensor<f32>, tensor<2xf32>)
    %loss, %losses = train.cross_entropy %z, %labels : (tensor<2x3xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2xf32>)
    // LNPU: train.cross_entropy_grad {{.*}} {loss_scale = 1.024000e+03 : f32, phase = #train.phase<bp>, rounding = #num.rounding<nearest_even>} : {{.*}} -> tensor<2x3x!num_e5m2>
    // ASU: train.cross_entropy_grad {{.*}} {loss_scale = 2.000000e+00 : f32
    %dz = train.cross_entropy_grad %z, %labels {phase = #train.phase<bp>} : (tensor<2x3xf32>, tensor<2xi32>) -> tensor<2x3xf32>
    %ds = train.reshape %dz {phase = #train.phase<bp>} : (tensor<2x3xf32>) -> tensor<2x3x1x1xf32>
    // CHECK: %[[DXACC:.*]] = train.conv_bp %{{.*}}, %[[W]]
    // LNPU-NEXT: %[[DX:.*]] = train.round {{.*}} {phase = #train.phase<bp>
    %dx = train.conv_bp %ds, %w {input_shape = array<i64: 2, 1, 2, 2>, phase = #train.phase<bp>}
      : (tensor<2x3x1x1xf32>, tensor<3x1x2x2xf32>) -> tensor<2x1x2x2xf32>
    // LNPU: train.relu_grad %[[DX]], %[[X]] {phase = #train.phase<bp>, rounding
    // ASU-NEXT: train.relu_grad %[[DXACC]], %[[X]] {phase = #train.phase<bp>, rounding
    %unused = train.relu_grad %dx, %x {phase = #train.phase<bp>} : (tensor<2x1x2x2xf32>, tensor<2x1x2x2xf32>) -> tensor<2x1x2x2xf32>
    // Weight gradients stay in the format of the sum over images; sums of them too.
    // LNPU: %[[DW:.*]] = train.conv_wg %[[X]], {{.*}} -> tensor<3x1x2x2xf32>
    // ASU: %[[DW:.*]] = train.conv_wg %[[X]], {{.*}} -> tensor<3x1x2x2x!num_e5m10>
    %dw = train.conv_wg %x, %ds {kernel = array<i64: 2, 2>, phase = #train.phase<wg>}
      : (tensor<2x1x2x2xf32>, tensor<2x3x1x1xf32>) -> tensor<3x1x2x2xf32>
    // LNPU: %[[DW2:.*]] = train.add %[[DW]], %[[DW]] {phase = #train.phase<wg>} : {{.*}} -> tensor<3x1x2x2xf32>
    // ASU: %[[DW2:.*]] = train.add %[[DW]], %[[DW]] {phase = #train.phase<wg>, rounding = #num.rounding<half_away>} : {{.*}} -> tensor<3x1x2x2x!num_e5m10>
    %dw2 = train.add %dw, %dw {phase = #train.phase<wg>} : (tensor<3x1x2x2xf32>, tensor<3x1x2x2xf32>) -> tensor<3x1x2x2xf32>
    // CHECK: train.bias_grad {{.*}} {phase = #train.phase<wg>} : {{.*}} -> tensor<3xf32>
    %db = train.bias_grad %ds {phase = #train.phase<wg>} : (tensor<2x3x1x1xf32>) -> tensor<3xf32>
    %v = train.read @w.velocity : tensor<3x1x2x2xf32>
    // The update reads and writes the master weights.
    // LNPU: train.sgd %[[WM]], %{{.*}}, %[[DW2]] {loss_scale = 1.024000e+03 : f32, phase = #train.phase<up>, rounding = #num.rounding<nearest_even>}
    // ASU: train.sgd %[[WM]], %{{.*}}, %[[DW2]] {loss_scale = 2.000000e+00 : f32, phase = #train.phase<up>}
    // FP32: train.sgd {{.*}} {phase = #train.phase<up>}
    %w2, %v2 = train.sgd %w, %v, %dw2 {phase = #train.phase<up>}
      : (tensor<3x1x2x2xf32>, tensor<3x1x2x2xf32>, tensor<3x1x2x2xf32>) -> (tensor<3x1x2x2xf32>, tensor<3x1x2x2xf32>)
    train.write @w, %w2 : tensor<3x1x2x2xf32>
    train.write @w.velocity, %v2 : tensor<3x1x2x2xf32>
    return %loss, %z : tensor<f32>, tensor<2x3xf32>
  }

  // @eval has the logits in the same format, with its own copy of the weights.
  // CHECK-LABEL: func.func @eval
  // LNPU-SAME: -> (tensor<2x3x!num_e5m10> {train.name = "logits"})
  // CHECK: %[[WE:.*]] = train.read @w :
  // CHECK: train.round %[[WE]]
  func.func @eval(%x: tensor<2x1x2x2xf32> {train.name = "image"}) -> (tensor<2x3xf32> {train.name = "logits"}) {
    %w = train.read @w : tensor<3x1x2x2xf32>
    // CHECK: %[[YE:.*]] = train.conv
    // LNPU: train.round %[[YE]] {{.*}} -> tensor<2x3x1x1x!num_e5m10>
    // The accumulator's format is the logits' on ASU-FP8: nothing to round.
    // ASU-NOT: train.round
    %y = train.conv %x, %w : (tensor<2x1x2x2xf32>, tensor<3x1x2x2xf32>) -> tensor<2x3x1x1xf32>
    %z = train.reshape %y : (tensor<2x3x1x1xf32>) -> tensor<2x3xf32>
    return %z : tensor<2x3xf32>
  }
}
