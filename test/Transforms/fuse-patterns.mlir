// Functions that an exporter took apart become one op again.
// RUN: slp-opt %s --train-fuse-patterns | FileCheck %s

// (x * (erf(x / sqrt 2) + 1)) * 0.5, as PyTorch 1.13 exports it.
// CHECK-LABEL: func.func @gelu(
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>
func.func @gelu(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK-NEXT: %[[Y:.*]] = train.gelu %[[X]] {train.names = ["y"]} : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK-NEXT: return %[[Y]]
  %0 = train.affine %x {scale = 0.70710677 : f32, offset = 0.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %1 = train.erf %0 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = train.affine %1 {scale = 1.0 : f32, offset = 1.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %3 = train.mul %x, %2 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %4 = train.affine %3 {scale = 0.5 : f32, offset = 0.0 : f32, train.names = ["y"]} : (tensor<4xf32>) -> tensor<4xf32>
  return %4 : tensor<4xf32>
}

// (0.5 * x) * (tanh(0.7979 * (x + 0.044715 * x ^ 3)) + 1). The cube is read elsewhere and stays.
// CHECK-LABEL: func.func @gelu_tanh(
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>
func.func @gelu_tanh(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK-NEXT: %[[CUBE:.*]] = train.affine %[[X]]
  // CHECK-NEXT: %[[Y:.*]] = train.gelu_tanh %[[X]]
  // CHECK-NEXT: return %[[Y]], %[[CUBE]]
  %0 = train.power %x {exponent = 3.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %1 = train.affine %0 {scale = 0.044715 : f32, offset = 0.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %2 = train.add %x, %1 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %3 = train.affine %2 {scale = 0.7978846 : f32, offset = 0.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %4 = train.tanh %3 : (tensor<4xf32>) -> tensor<4xf32>
  %5 = train.affine %4 {scale = 1.0 : f32, offset = 1.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %6 = train.affine %x {scale = 0.5 : f32, offset = 0.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %7 = train.mul %6, %5 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %7, %6 : tensor<4xf32>, tensor<4xf32>
}

// LayerNorm, as PyTorch 1.13 exports it.
// CHECK-LABEL: func.func @layer_norm(
// CHECK-SAME: %[[X:.*]]: tensor<4x8xf32>, %[[SCALE:.*]]: tensor<1x8xf32>, %[[BIAS:.*]]: tensor<1x8xf32>
func.func @layer_norm(%x: tensor<4x8xf32>, %scale: tensor<1x8xf32>, %bias: tensor<1x8xf32>) -> tensor<4x8xf32> {
  // CHECK-NEXT: %[[MEAN:.*]] = train.reduce_mean %[[X]]
  // CHECK-NEXT: %[[VAR:.*]] = train.variance %[[X]], %[[MEAN]] {axes = array<i64: 1>}
  // CHECK-NEXT: %[[Y:.*]] = train.normalize %[[X]], %[[MEAN]], %[[VAR]], %[[SCALE]], %[[BIAS]] {axes = array<i64: 1>, epsilon = {{1.0+e-05|9.99999974E-6}} : f32, train.names = ["y"]}
  // CHECK-NEXT: return %[[Y]]
  %0 = train.reduce_mean %x {axes = array<i64: 1>} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %1 = train.sub %x, %0 : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  %2 = train.power %1 {exponent = 2.0 : f32} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %3 = train.reduce_mean %2 {axes = array<i64: 1>} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %4 = train.affine %3 {scale = 1.0 : f32, offset = 1.0e-5 : f32} : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %5 = train.sqrt %4 : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %6 = train.div %1, %5 : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  %7 = train.mul %6, %scale : (tensor<4x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  %8 = train.add %7, %bias {train.names = ["y"]} : (tensor<4x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  return %8 : tensor<4x8xf32>
}

// Batch normalization written out: statistics of each channel.
// CHECK-LABEL: func.func @batch_norm(
// CHECK-SAME: %[[X:.*]]: tensor<4x8x5xf32>, %[[SCALE:.*]]: tensor<1x8x1xf32>, %[[BIAS:.*]]: tensor<1x8x1xf32>
func.func @batch_norm(%x: tensor<4x8x5xf32>, %scale: tensor<1x8x1xf32>, %bias: tensor<1x8x1xf32>) -> tensor<4x8x5xf32> {
  // CHECK-NEXT: %[[MEAN:.*]], %[[VAR:.*]] = train.statistics %[[X]] :
  // CHECK-NEXT: %[[Y:.*]] = train.normalize %[[X]], %[[MEAN]], %[[VAR]], %[[SCALE]], %[[BIAS]] {axes = array<i64: 0, 2>
  // CHECK-NEXT: return %[[Y]]
  %0 = train.reduce_mean %x {axes = array<i64: 0, 2>} : (tensor<4x8x5xf32>) -> tensor<1x8x1xf32>
  %1 = train.sub %x, %0 : (tensor<4x8x5xf32>, tensor<1x8x1xf32>) -> tensor<4x8x5xf32>
  %2 = train.power %1 {exponent = 2.0 : f32} : (tensor<4x8x5xf32>) -> tensor<4x8x5xf32>
  %3 = train.reduce_mean %2 {axes = array<i64: 0, 2>} : (tensor<4x8x5xf32>) -> tensor<1x8x1xf32>
  %4 = train.affine %3 {scale = 1.0 : f32, offset = 1.0e-5 : f32} : (tensor<1x8x1xf32>) -> tensor<1x8x1xf32>
  %5 = train.sqrt %4 : (tensor<1x8x1xf32>) -> tensor<1x8x1xf32>
  %6 = train.div %1, %5 : (tensor<4x8x5xf32>, tensor<1x8x1xf32>) -> tensor<4x8x5xf32>
  %7 = train.mul %6, %scale : (tensor<4x8x5xf32>, tensor<1x8x1xf32>) -> tensor<4x8x5xf32>
  %8 = train.add %7, %bias : (tensor<4x8x5xf32>, tensor<1x8x1xf32>) -> tensor<4x8x5xf32>
  return %8 : tensor<4x8x5xf32>
}

// RMSNorm, as transformers write it: w * (x * rsqrt(mean(x^2) + epsilon)).
// CHECK-LABEL: func.func @rms_norm(
// CHECK-SAME: %[[X:.*]]: tensor<4x8xf32>, %[[SCALE:.*]]: tensor<1x8xf32>
func.func @rms_norm(%x: tensor<4x8xf32>, %scale: tensor<1x8xf32>) -> tensor<4x8xf32> {
  // CHECK-NEXT: %[[MEAN:.*]] = train.constant dense<0.000000e+00> : tensor<4x1xf32>
  // CHECK-NEXT: %[[VAR:.*]] = train.variance %[[X]], %[[MEAN]] {axes = array<i64: 1>}
  // CHECK-NEXT: %[[ZERO:.*]] = train.constant dense<0.000000e+00> : tensor<1x1xf32>
  // CHECK-NEXT: %[[Y:.*]] = train.normalize %[[X]], %[[MEAN]], %[[VAR]], %[[SCALE]], %[[ZERO]] {axes = array<i64: 1>, epsilon = {{.*}} : f32, train.names = ["y"]}
  // CHECK-NEXT: return %[[Y]]
  %0 = train.power %x {exponent = 2.0 : f32} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = train.reduce_mean %0 {axes = array<i64: 1>} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %2 = train.affine %1 {scale = 1.0 : f32, offset = 1.0e-6 : f32} : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %3 = train.sqrt %2 : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %4 = train.reciprocal %3 : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %5 = train.mul %x, %4 : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  %6 = train.mul %scale, %5 {train.names = ["y"]} : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %6 : tensor<4x8xf32>
}

// The same as a quotient, without a scale; the mean is read elsewhere and stays.
// CHECK-LABEL: func.func @rms_norm_quotient(
func.func @rms_norm_quotient(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x1xf32>) {
  // CHECK: %[[SQUARES:.*]] = train.reduce_mean
  // CHECK: %[[Y:.*]] = train.normalize
  // CHECK-NEXT: return %[[Y]], %[[SQUARES]]
  %0 = train.mul %x, %x : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = train.reduce_mean %0 {axes = array<i64: 1>} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %2 = train.affine %1 {scale = 1.0 : f32, offset = 1.0e-6 : f32} : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %3 = train.sqrt %2 : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %4 = train.div %x, %3 : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  return %4, %1 : tensor<4x8xf32>, tensor<4x1xf32>
}

// Not by the squares of what is divided, or not by their mean itself.
// CHECK-LABEL: func.func @not_rms_norm(
func.func @not_rms_norm(%x: tensor<4x8xf32>, %z: tensor<4x8xf32>, %scale: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  // CHECK-NOT: train.normalize %{{.*}} -> tensor<4x8xf32>
  // CHECK: return
  %0 = train.power %z {exponent = 2.0 : f32} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = train.reduce_mean %0 {axes = array<i64: 1>} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %2 = train.affine %1 {scale = 1.0 : f32, offset = 1.0e-6 : f32} : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %3 = train.sqrt %2 : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %4 = train.div %x, %3 : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  %5 = train.affine %1 {scale = 2.0 : f32, offset = 1.0e-6 : f32} : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %6 = train.sqrt %5 : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %7 = train.div %z, %6 : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  return %4, %7 : tensor<4x8xf32>, tensor<4x8xf32>
}

// The same with the square as a product, whose operands are one value.
// CHECK-LABEL: func.func @layer_norm_mul(
func.func @layer_norm_mul(%x: tensor<4x8xf32>, %scale: tensor<1x8xf32>, %bias: tensor<1x8xf32>) -> tensor<4x8xf32> {
  // CHECK-NEXT: train.reduce_mean
  // CHECK-NEXT: train.variance
  // CHECK-NEXT: train.normalize
  // CHECK-NEXT: return
  %0 = train.reduce_mean %x {axes = array<i64: 1>} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %1 = train.sub %x, %0 : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  %2 = train.mul %1, %1 : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %3 = train.reduce_mean %2 {axes = array<i64: 1>} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %4 = train.affine %3 {scale = 1.0 : f32, offset = 1.0e-5 : f32} : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %5 = train.sqrt %4 : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %6 = train.div %1, %5 : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  %7 = train.mul %scale, %6 : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %8 = train.add %bias, %7 : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %8 : tensor<4x8xf32>
}

// The squares are those of another distance: no normalisation.
// CHECK-LABEL: func.func @not_layer_norm(
func.func @not_layer_norm(%x: tensor<4x8xf32>, %z: tensor<4x8xf32>, %scale: tensor<1x8xf32>, %bias: tensor<1x8xf32>) -> tensor<4x8xf32> {
  // CHECK-NOT: train.normalize
  // CHECK: return
  %0 = train.reduce_mean %x {axes = array<i64: 1>} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %1 = train.sub %x, %0 : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  %2 = train.power %z {exponent = 2.0 : f32} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %3 = train.reduce_mean %2 {axes = array<i64: 1>} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %4 = train.affine %3 {scale = 1.0 : f32, offset = 1.0e-5 : f32} : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %5 = train.sqrt %4 : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %6 = train.div %1, %5 : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  %7 = train.mul %6, %scale : (tensor<4x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  %8 = train.add %7, %bias : (tensor<4x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  return %8 : tensor<4x8xf32>
}

// CHECK-LABEL: func.func @hard_swish(
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>
func.func @hard_swish(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK-DAG: %[[A:.*]] = train.hard_swish %[[X]] : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK-DAG: %[[B:.*]] = train.hard_swish %[[X]] : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK-NEXT: return
  %0 = train.hard_sigmoid %x {alpha = 0.16666667 : f32, beta = 0.5 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %a = train.mul %x, %0 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %1 = train.affine %x {scale = 1.0 : f32, offset = 3.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %2 = train.clip %1 {min = 0.0 : f32, max = 6.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %3 = train.mul %x, %2 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %b = train.affine %3 {scale = 0.16666667 : f32, offset = 0.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  return %a, %b : tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: func.func @of_exp(
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>
func.func @of_exp(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK-NEXT: %[[A:.*]] = train.softplus %[[X]]
  // CHECK-NEXT: %[[B:.*]] = train.sigmoid %[[X]]
  // CHECK-NEXT: return %[[A]], %[[B]]
  %0 = train.exp %x : (tensor<4xf32>) -> tensor<4xf32>
  %1 = train.affine %0 {scale = 1.0 : f32, offset = 1.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %a = train.log %1 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = train.affine %x {scale = -1.0 : f32, offset = 0.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %3 = train.exp %2 : (tensor<4xf32>) -> tensor<4xf32>
  %4 = train.affine %3 {scale = 1.0 : f32, offset = 1.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %b = train.reciprocal %4 : (tensor<4xf32>) -> tensor<4xf32>
  return %a, %b : tensor<4xf32>, tensor<4xf32>
}

// Another number, another variable, a broadcast: left alone.
// CHECK-LABEL: func.func @others(
// CHECK-NOT: train.gelu
// CHECK-NOT: train.hard_swish
func.func @others(%x: tensor<4xf32>, %z: tensor<4xf32>, %s: tensor<1xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %0 = train.affine %x {scale = 0.7 : f32, offset = 0.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %1 = train.erf %0 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = train.affine %1 {scale = 0.5 : f32, offset = 0.5 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %a = train.mul %x, %2 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %3 = train.hard_sigmoid %x {alpha = 0.16666667 : f32, beta = 0.5 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %b = train.mul %z, %3 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %4 = train.hard_sigmoid %s {alpha = 0.16666667 : f32, beta = 0.5 : f32} : (tensor<1xf32>) -> tensor<1xf32>
  %c = train.mul %x, %4 : (tensor<4xf32>, tensor<1xf32>) -> tensor<4xf32>
  return %a, %b, %c : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
