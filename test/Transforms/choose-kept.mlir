// Who runs over the images that are kept: what sums over images and gets nothing from the others, and what has no reader that is whole.
// RUN: slp-opt %s --split-input-file --train-choose-kept | FileCheck %s
// RUN: slp-opt %s --split-input-file --train-choose-kept --remarks-filter=sparsity -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// REMARK: train.relu_grad: runs over all images, which train.matmul reads

// A chain to a weight gradient: all of it.
// CHECK-LABEL: @chain
// CHECK: train.drop {{.*}}train.kept_only, train.over_kept
// CHECK: train.conv_bp {{.*}}train.kept_only, train.over_kept
// CHECK: train.round {{.*}}train.kept_only
// CHECK: train.conv_wg
// CHECK-SAME: phase = #train.phase<wg>, train.over_kept}
func.func @chain(%image: tensor<4x2x6x6xf32>, %losses: tensor<4xf32>, %w: tensor<3x2x3x3xf32>, %dy: tensor<4x3x4x4xf32>) -> tensor<2x2x3x3xf32> {
  %mask, %kept, %count = train.keep %losses : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xi32>, tensor<1xi32>)
  %0 = train.drop %dy, %mask {phase = #train.phase<bp>} : (tensor<4x3x4x4xf32>, tensor<4xf32>) -> tensor<4x3x4x4xf32>
  %1 = train.conv_bp %0, %w {input_shape = array<i64: 4, 2, 6, 6>, phase = #train.phase<bp>} : (tensor<4x3x4x4xf32>, tensor<3x2x3x3xf32>) -> tensor<4x2x6x6xf32>
  %2 = train.round %1 {phase = #train.phase<bp>} : (tensor<4x2x6x6xf32>) -> tensor<4x2x6x6xf32>
  %3 = train.conv_wg %image, %2 {kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, phase = #train.phase<wg>} : (tensor<4x2x6x6xf32>, tensor<4x2x6x6xf32>) -> tensor<2x2x3x3xf32>
  return %3 : tensor<2x2x3x3xf32>
}

// -----

// A matrix product reads whole tensors: what it reads is whole, and what that reads need not be.
// CHECK-LABEL: @whole
// CHECK: train.drop
// CHECK-NOT: over_kept
// CHECK: train.relu_grad
// CHECK-NOT: over_kept
// CHECK: train.matmul
// CHECK-NOT: over_kept
// CHECK: train.reduce_sum {{.*}}phase = #train.phase<wg>, train.over_kept}
func.func @whole(%image: tensor<4x6xf32>, %losses: tensor<4xf32>, %w: tensor<6x3xf32>, %dy: tensor<4x3xf32>) -> (tensor<4x6xf32>, tensor<1x3xf32>) {
  %mask, %kept, %count = train.keep %losses : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xi32>, tensor<1xi32>)
  %0 = train.drop %dy, %mask {phase = #train.phase<bp>} : (tensor<4x3xf32>, tensor<4xf32>) -> tensor<4x3xf32>
  %1 = train.relu_grad %0, %dy {phase = #train.phase<bp>} : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
  %2 = train.matmul %1, %w {phase = #train.phase<bp>, transpose_b} : (tensor<4x3xf32>, tensor<6x3xf32>) -> tensor<4x6xf32>
  %3 = train.reduce_sum %1 {axes = array<i64: 0>, phase = #train.phase<wg>} : (tensor<4x3xf32>) -> tensor<1x3xf32>
  return %2, %3 : tensor<4x6xf32>, tensor<1x3xf32>
}

// -----

// An error that is not known to be +0 is summed over all images: here it comes back from a mean over the batch.
// CHECK-LABEL: @coupled
// CHECK: train.drop
// CHECK-NOT: over_kept
// CHECK: train.sub
// CHECK-NOT: over_kept
// CHECK: return
func.func @coupled(%image: tensor<4x3xf32>, %losses: tensor<4xf32>, %dy: tensor<4x3xf32>, %mean: tensor<1x3xf32>) -> tensor<1x3xf32> {
  %mask, %kept, %count = train.keep %losses : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xi32>, tensor<1xi32>)
  %0 = train.drop %dy, %mask {phase = #train.phase<bp>} : (tensor<4x3xf32>, tensor<4xf32>) -> tensor<4x3xf32>
  %1 = train.sub %0, %mean {phase = #train.phase<bp>} : (tensor<4x3xf32>, tensor<1x3xf32>) -> tensor<4x3xf32>
  %2 = train.reduce_sum %1 {axes = array<i64: 0>, phase = #train.phase<wg>} : (tensor<4x3xf32>) -> tensor<1x3xf32>
  return %2 : tensor<1x3xf32>
}

// -----

// A batch of one image is computed whole.
// CHECK-LABEL: @one
// CHECK-NOT: over_kept
// CHECK: return
func.func @one(%image: tensor<1x2x6x6xf32>, %losses: tensor<1xf32>, %dy: tensor<1x2x6x6xf32>) -> tensor<2xf32> {
  %mask, %kept, %count = train.keep %losses : (tensor<1xf32>) -> (tensor<1xf32>, tensor<1xi32>, tensor<1xi32>)
  %0 = train.drop %dy, %mask {phase = #train.phase<bp>} : (tensor<1x2x6x6xf32>, tensor<1xf32>) -> tensor<1x2x6x6xf32>
  %1 = train.bias_grad %0 {phase = #train.phase<wg>} : (tensor<1x2x6x6xf32>) -> tensor<2xf32>
  return %1 : tensor<2xf32>
}
