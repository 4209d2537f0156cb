// What narrow formats lose is computed in another way, or stays in FP32.
// RUN: slp-opt %s --train-stabilize-composites 2>%t.notes | FileCheck %s
// RUN: FileCheck %s --check-prefix=NOTE --input-file=%t.notes

// NOTE: note: log(sigmoid(x)) is computed as -softplus(-x); as it is written, fp32 loses it for x below -87
// NOTE: note: log(1 - sigmoid(x)) is computed as -softplus(x); as it is written, fp32 loses it for x above 16
// NOTE: note: log(softmax(x)) is computed as log_softmax(x); as it is written, fp32 loses it for x that are 87 below the largest
// NOTE: note: exp(x) / sum(exp(x)) is computed as softmax(x); as it is written, fp32 loses it for x above 88
// NOTE: note: log(sum(exp(x))) is computed with the largest x taken out; as it is written, fp32 loses it for x above 88
// NOTE: note: the gradient of x * log(x) is 0 where x is 0; PyTorch's is NaN
// NOTE: note: a quotient by a norm is 0, and has no gradient, where the norm is 0; PyTorch has NaN

// The two logarithms of PyTorch's binary cross entropy. The sigmoid goes.
// CHECK-LABEL: func.func @log_sigmoid(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<4xf32>
func.func @log_sigmoid(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK-NEXT: %[[OPPOSITE:.*]] = train.affine %[[X]] {offset = 0.000000e+00 : f32, scale = -1.000000e+00 : f32}
  // CHECK-NEXT: %[[A:.*]] = train.softplus %[[OPPOSITE]]
  // CHECK-NEXT: %[[LOG:.*]] = train.affine %[[A]] {offset = 0.000000e+00 : f32, scale = -1.000000e+00 : f32, train.names = ["log"]}
  // CHECK-NEXT: %[[B:.*]] = train.softplus %[[X]]
  // CHECK-NEXT: %[[REST:.*]] = train.affine %[[B]] {offset = 0.000000e+00 : f32, scale = -1.000000e+00 : f32, train.names = ["rest"]}
  // CHECK-NEXT: return %[[LOG]], %[[REST]]
  %0 = train.sigmoid %x : (tensor<4xf32>) -> tensor<4xf32>
  %1 = train.log %0 {train.names = ["log"]} : (tensor<4xf32>) -> tensor<4xf32>
  %2 = train.affine %0 {scale = -1.0 : f32, offset = 1.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %3 = train.log %2 {train.names = ["rest"]} : (tensor<4xf32>) -> tensor<4xf32>
  return %1, %3 : tensor<4xf32>, tensor<4xf32>
}

// log(sigmoid(-x)), and 1 - p as -(p - 1). A sigmoid that something else reads stays.
// CHECK-LABEL: func.func @other_spellings(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<4xf32>
func.func @other_spellings(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  // CHECK-NEXT: %[[A:.*]] = train.softplus %[[X]]
  // CHECK-NEXT: %[[B:.*]] = train.affine %[[A]] {offset = 0.000000e+00 : f32, scale = -1.000000e+00 : f32}
  // CHECK-NEXT: %[[P:.*]] = train.sigmoid %[[X]]
  // CHECK-NEXT: %[[C:.*]] = train.softplus %[[X]]
  // CHECK-NEXT: %[[D:.*]] = train.affine %[[C]] {offset = 0.000000e+00 : f32, scale = -1.000000e+00 : f32}
  // CHECK-NEXT: return %[[B]], %[[P]], %[[D]]
  %0 = train.affine %x {scale = -1.0 : f32, offset = 0.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %1 = train.sigmoid %0 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = train.log %1 : (tensor<4xf32>) -> tensor<4xf32>
  %3 = train.sigmoid %x : (tensor<4xf32>) -> tensor<4xf32>
  %4 = train.affine %3 {scale = 1.0 : f32, offset = -1.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %5 = train.affine %4 {scale = -1.0 : f32, offset = 0.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %6 = train.log %5 : (tensor<4xf32>) -> tensor<4xf32>
  return %2, %3, %6 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// Bounds of a probability become bounds of its logarithm; so do those of what is left to 1.
// CHECK-LABEL: func.func @bounded(
func.func @bounded(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK: train.softplus
  // CHECK: train.clip %{{.*}} {max = -1.19{{.*}}E-7 : f32, min = -16.118{{.*}} : f32}
  // CHECK: train.softplus
  // CHECK: train.clip %{{.*}} {max = -1.0{{.*}} : f32, min = -15.94{{.*}} : f32}
  // CHECK-NOT: train.log
  %0 = train.sigmoid %x : (tensor<4xf32>) -> tensor<4xf32>
  %1 = train.clip %0 {min = 1.0e-7 : f32, max = 0.9999999 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %2 = train.log %1 : (tensor<4xf32>) -> tensor<4xf32>
  %3 = train.affine %1 {scale = -1.0 : f32, offset = 1.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %4 = train.log %3 : (tensor<4xf32>) -> tensor<4xf32>
  return %2, %4 : tensor<4xf32>, tensor<4xf32>
}

// A softmax over the channels of a map: what moves its elements moves the logarithm's.
// CHECK-LABEL: func.func @log_softmax(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<8x3xf32>
func.func @log_softmax(%x: tensor<8x3xf32>) -> tensor<2x3x4xf32> {
  // CHECK-NEXT: %[[L:.*]] = train.log_softmax %[[X]]
  // CHECK-NEXT: %[[R:.*]] = train.reshape %[[L]] : (tensor<8x3xf32>) -> tensor<2x4x3xf32>
  // CHECK-NEXT: %[[T:.*]] = train.transpose %[[R]] {perm = array<i64: 0, 2, 1>, train.names = ["logs"]}
  // CHECK-NEXT: return %[[T]]
  %0 = train.softmax %x : (tensor<8x3xf32>) -> tensor<8x3xf32>
  %1 = train.reshape %0 : (tensor<8x3xf32>) -> tensor<2x4x3xf32>
  %2 = train.transpose %1 {perm = array<i64: 0, 2, 1>} : (tensor<2x4x3xf32>) -> tensor<2x3x4xf32>
  %3 = train.log %2 {train.names = ["logs"]} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %3 : tensor<2x3x4xf32>
}

// exp(x) / sum(exp(x)) over the channels of a map, and its logarithm.
// CHECK-LABEL: func.func @softmax_by_hand(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<2x3x4xf32>
func.func @softmax_by_hand(%x: tensor<2x3x4xf32>) -> (tensor<2x3x4xf32>, tensor<2x3x4xf32>) {
  // CHECK-NEXT: %[[T:.*]] = train.transpose %[[X]] {perm = array<i64: 0, 2, 1>}
  // CHECK-NEXT: %[[R:.*]] = train.reshape %[[T]] : (tensor<2x4x3xf32>) -> tensor<8x3xf32>
  // CHECK-NEXT: %[[S:.*]] = train.softmax %[[R]]
  // CHECK-NEXT: %[[B:.*]] = train.reshape %[[S]] : (tensor<8x3xf32>) -> tensor<2x4x3xf32>
  // CHECK-NEXT: %[[Y:.*]] = train.transpose %[[B]] {perm = array<i64: 0, 2, 1>, train.names = ["y"]}
  // CHECK-NEXT: train.log_softmax %[[R]]
  // CHECK-NOT: train.exp
  // CHECK-NOT: train.log %
  %0 = train.exp %x : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %1 = train.reduce_sum %0 {axes = array<i64: 1>} : (tensor<2x3x4xf32>) -> tensor<2x1x4xf32>
  %2 = train.expand %1 {shape = array<i64: 2, 3, 4>} : (tensor<2x1x4xf32>) -> tensor<2x3x4xf32>
  %3 = train.div %0, %2 {train.names = ["y"]} : (tensor<2x3x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %4 = train.log %3 : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %3, %4 : tensor<2x3x4xf32>, tensor<2x3x4xf32>
}

// The sum is repeated beyond the shape of exp(x): the quotient is no softmax of that shape.
// CHECK-LABEL: func.func @repeated_softmax(
func.func @repeated_softmax(%x: tensor<1x3xf32>) -> tensor<2x3xf32> {
  // CHECK-NOT: train.softmax
  // CHECK: train.div {{.*}} -> tensor<2x3xf32>
  %0 = train.exp %x : (tensor<1x3xf32>) -> tensor<1x3xf32>
  %1 = train.reduce_sum %0 {axes = array<i64: 1>} : (tensor<1x3xf32>) -> tensor<1x1xf32>
  %2 = train.expand %1 {shape = array<i64: 2, 1>} : (tensor<1x1xf32>) -> tensor<2x1xf32>
  %3 = train.div %0, %2 : (tensor<1x3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  return %3 : tensor<2x3xf32>
}

// The sum of another exp: no softmax. Nothing is below zero, so that the divisor needs FP32 as it is.
// CHECK-LABEL: func.func @not_softmax(
func.func @not_softmax(%x: tensor<2x3xf32>, %z: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // CHECK-NOT: train.softmax
  // CHECK: train.div
  %0 = train.exp %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %1 = train.exp %z : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %2 = train.reduce_sum %1 {axes = array<i64: 1>} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  %3 = train.div %0, %2 : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  return %3 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @log_sum_exp(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<2x3xf32>
func.func @log_sum_exp(%x: tensor<2x3xf32>) -> tensor<2x1xf32> {
  // CHECK-NEXT: %[[M:.*]] = train.reduce_max %[[X]] {axes = array<i64: 1>}
  // CHECK-NEXT: %[[D:.*]] = train.sub %[[X]], %[[M]]
  // CHECK-NEXT: %[[E:.*]] = train.exp %[[D]]
  // CHECK-NEXT: %[[S:.*]] = train.reduce_sum %[[E]] {axes = array<i64: 1>{{.*}}}
  // CHECK-NEXT: %[[L:.*]] = train.log %[[S]] {train.f32}
  // CHECK-NEXT: %[[Y:.*]] = train.add %[[L]], %[[M]] {train.f32, train.names = ["y"]}
  // CHECK-NEXT: return %[[Y]]
  %0 = train.exp %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %1 = train.reduce_sum %0 {axes = array<i64: 1>} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  %2 = train.log %1 {train.names = ["y"]} : (tensor<2x1xf32>) -> tensor<2x1xf32>
  return %2 : tensor<2x1xf32>
}

// The largest is taken out already: left as it is.
// CHECK-LABEL: func.func @log_sum_exp_of_less(
func.func @log_sum_exp_of_less(%x: tensor<2x3xf32>) -> tensor<2x1xf32> {
  // CHECK: train.reduce_max
  // CHECK-NOT: train.reduce_max
  // CHECK: return
  %0 = train.reduce_max %x {axes = array<i64: 1>} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  %1 = train.sub %x, %0 : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  %2 = train.exp %1 : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %3 = train.reduce_sum %2 {axes = array<i64: 1>} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  %4 = train.log %3 : (tensor<2x1xf32>) -> tensor<2x1xf32>
  %5 = train.add %4, %0 : (tensor<2x1xf32>, tensor<2x1xf32>) -> tensor<2x1xf32>
  return %5 : tensor<2x1xf32>
}

// A number beside the probability, another factor, an unknown one: no identity. What the logarithm
// is computed from stays in FP32, back to the input.
// CHECK-LABEL: func.func @wide(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<4xf32>
func.func @wide(%x: tensor<4xf32>, %t: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK-NEXT: %[[P:.*]] = train.sigmoid %[[X]] {train.f32}
  // CHECK-NEXT: %[[A:.*]] = train.affine %[[P]] {offset = {{.*}} : f32, scale = 1.000000e+00 : f32, train.f32}
  // CHECK-NEXT: train.log %[[A]] :
  // CHECK-NEXT: %[[B:.*]] = train.mul %[[P]], %{{.*}} {train.f32}
  // CHECK-NEXT: train.log %[[B]] :
  %0 = train.sigmoid %x : (tensor<4xf32>) -> tensor<4xf32>
  %1 = train.affine %0 {scale = 1.0 : f32, offset = 1.0e-7 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %2 = train.log %1 : (tensor<4xf32>) -> tensor<4xf32>
  %3 = train.mul %0, %t : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %4 = train.log %3 : (tensor<4xf32>) -> tensor<4xf32>
  return %2, %4 : tensor<4xf32>, tensor<4xf32>
}

// A sum is as small as what it sums; one of squares is not what its square root reads.
// CHECK-LABEL: func.func @wide_sums(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<2x3xf32>
func.func @wide_sums(%x: tensor<2x3xf32>, %t: tensor<2x3xf32>) -> (tensor<2x1xf32>, tensor<2x1xf32>) {
  // CHECK-NEXT: %[[P:.*]] = train.softmax %[[X]] {train.f32}
  // CHECK-NEXT: %[[M:.*]] = train.mul %[[P]], %{{.*}} {train.f32}
  // CHECK-NEXT: %[[S:.*]] = train.reduce_sum %[[M]] {axes = array<i64: 1>, train.f32}
  // CHECK-NEXT: train.log %[[S]] :
  // CHECK-NEXT: %[[D:.*]] = train.sub %[[X]], %{{.*}} : (
  // CHECK-NEXT: %[[Q:.*]] = train.reduce_sum_square %[[D]] {axes = array<i64: 1>, train.f32}
  // CHECK-NEXT: train.sqrt %[[Q]] :
  %0 = train.softmax %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %1 = train.mul %0, %t : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %2 = train.reduce_sum %1 {axes = array<i64: 1>} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  %3 = train.log %2 : (tensor<2x1xf32>) -> tensor<2x1xf32>
  %4 = train.sub %x, %t : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %5 = train.reduce_sum_square %4 {axes = array<i64: 1>} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  %6 = train.sqrt %5 : (tensor<2x1xf32>) -> tensor<2x1xf32>
  return %3, %6 : tensor<2x1xf32>, tensor<2x1xf32>
}

// Nothing steep: 1 + a square, a magnitude and 2, a sigmoid between 0.5 and 1.
// CHECK-LABEL: func.func @flat(
func.func @flat(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  // CHECK-NOT: train.f32
  // CHECK: return
  %0 = train.mul %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %1 = train.affine %0 {scale = 1.0 : f32, offset = 1.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %2 = train.log %1 : (tensor<4xf32>) -> tensor<4xf32>
  %3 = train.abs %x : (tensor<4xf32>) -> tensor<4xf32>
  %4 = train.affine %3 {scale = 1.0 : f32, offset = 2.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %5 = train.div %x, %4 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %6 = train.sigmoid %3 : (tensor<4xf32>) -> tensor<4xf32>
  %7 = train.affine %6 {scale = 1.0 : f32, offset = 0.5 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %8 = train.sqrt %7 : (tensor<4xf32>) -> tensor<4xf32>
  return %2, %5, %8 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// p * log(p) where p may be zero; not where it cannot, nor for the logarithm of something else.
// CHECK-LABEL: func.func @entropy(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<4xf32>
func.func @entropy(%x: tensor<4xf32>, %t: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK-NEXT: %[[P:.*]] = train.relu %[[X]]
  // CHECK-NEXT: %[[ISZERO:.*]] = train.logical_not %[[P]] {train.f32}
  // CHECK-NEXT: %[[Q:.*]] = train.add %[[P]], %[[ISZERO]] {train.f32}
  // CHECK-NEXT: %[[L:.*]] = train.log %[[Q]] {train.names = ["l"]}
  // CHECK-NEXT: train.mul %[[P]], %[[L]]
  // CHECK-NEXT: %[[E:.*]] = train.affine %[[P]]
  // CHECK-NEXT: %[[M:.*]] = train.log %[[E]]
  // CHECK-NEXT: train.mul %[[E]], %[[M]]
  %p = train.relu %x : (tensor<4xf32>) -> tensor<4xf32>
  %l = train.log %p {train.names = ["l"]} : (tensor<4xf32>) -> tensor<4xf32>
  %a = train.mul %p, %l : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %e = train.affine %p {scale = 1.0 : f32, offset = 1.0e-3 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %m = train.log %e : (tensor<4xf32>) -> tensor<4xf32>
  %b = train.mul %e, %m : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %a, %b : tensor<4xf32>, tensor<4xf32>
}

// Sums, means and roots of squares, however they are written.
// CHECK-LABEL: func.func @squares(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<2x3xf32>, %[[Z:[a-z0-9]+]]: tensor<1x3xf32>
func.func @squares(%x: tensor<2x3xf32>, %z: tensor<1x3xf32>) -> (tensor<2x1xf32>, tensor<2x1xf32>, tensor<2x1xf32>, tensor<2x3xf32>) {
  // CHECK-NEXT: %[[A:.*]] = train.reduce_sum_square %[[X]] {axes = array<i64: 1>}
  // CHECK-NEXT: %[[B:.*]] = train.variance %[[X]], %[[Z]] {axes = array<i64: 1>}
  // CHECK-NEXT: %[[S:.*]] = train.reduce_sum_square %[[X]] {axes = array<i64: 1>}
  // CHECK-NEXT: %[[C:.*]] = train.affine %[[S]] {offset = 0.000000e+00 : f32, scale = 0.333333343 : f32, train.f32}
  // CHECK-NEXT: %[[D:.*]] = train.abs %[[X]]
  // CHECK-NEXT: return %[[A]], %[[B]], %[[C]], %[[D]]
  %0 = train.abs %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %1 = train.power %0 {exponent = 2.0 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %2 = train.reduce_sum %1 {axes = array<i64: 1>} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  %3 = train.sub %z, %x : (tensor<1x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %4 = train.mul %3, %3 : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %5 = train.reduce_mean %4 {axes = array<i64: 1>} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  %6 = train.mul %x, %x : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %7 = train.reduce_mean %6 {axes = array<i64: 1>} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  %8 = train.sqrt %6 : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %2, %5, %7, %8 : tensor<2x1xf32>, tensor<2x1xf32>, tensor<2x1xf32>, tensor<2x3xf32>
}

// The product of two tensors is no square.
// CHECK-LABEL: func.func @not_squares(
func.func @not_squares(%x: tensor<2x3xf32>, %z: tensor<2x3xf32>) -> (tensor<2x1xf32>, tensor<2x3xf32>) {
  // CHECK: train.mul
  // CHECK-NEXT: train.reduce_sum %
  // CHECK-NEXT: train.power
  // CHECK-NEXT: train.sqrt
  %0 = train.mul %x, %z : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %1 = train.reduce_sum %0 {axes = array<i64: 1>} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  %2 = train.power %x {exponent = 3.0 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %3 = train.sqrt %2 : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %1, %3 : tensor<2x1xf32>, tensor<2x3xf32>
}

// x / |x|: 0 where |x| is, and its parts, one for each row, in FP32.
// CHECK-LABEL: func.func @quotient(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<2x3xf32>
func.func @quotient(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // CHECK-NEXT: %[[S:.*]] = train.reduce_sum_square %[[X]] {axes = array<i64: 1>, train.f32}
  // CHECK-NEXT: %[[N:.*]] = train.sqrt %[[S]] {train.f32}
  // CHECK-NEXT: %[[B:.*]] = train.clip %[[N]] {{.*}}min = 1.08{{.*}}E-19 : f32, train.f32}
  // CHECK-NEXT: %[[I:.*]] = train.reciprocal %[[B]] {train.f32}
  // CHECK-NEXT: %[[NOT:.*]] = train.logical_not %[[N]]{{.*}}
  // CHECK-NEXT: %[[IS:.*]] = train.logical_not %[[NOT]] {train.f32}
  // CHECK-NEXT: %[[R:.*]] = train.mul %[[I]], %[[IS]] {train.f32}
  // CHECK-NEXT: train.mul %[[X]], %[[R]] {train.names = ["y"]}
  %0 = train.reduce_sum_square %x {axes = array<i64: 1>} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  %1 = train.sqrt %0 : (tensor<2x1xf32>) -> tensor<2x1xf32>
  %2 = train.expand %1 {shape = array<i64: 2, 3>} : (tensor<2x1xf32>) -> tensor<2x3xf32>
  %3 = train.div %x, %2 {train.names = ["y"]} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %3 : tensor<2x3xf32>
}

// As F.normalize bounds the norm, what the file says for a row of zeros is 0 / 1e-12: left, in FP32.
// CHECK-LABEL: func.func @bounded_quotient(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<2x3xf32>
func.func @bounded_quotient(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // CHECK-NEXT: %[[S:.*]] = train.reduce_sum_square %[[X]] {axes = array<i64: 1>, train.f32}
  // CHECK-NEXT: %[[N:.*]] = train.sqrt %[[S]] {train.f32}
  // CHECK-NEXT: %[[B:.*]] = train.clip %[[N]] {{.*}}train.f32}
  // CHECK-NEXT: train.div %[[X]], %[[B]]
  %0 = train.reduce_sum_square %x {axes = array<i64: 1>} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  %1 = train.sqrt %0 : (tensor<2x1xf32>) -> tensor<2x1xf32>
  %2 = train.clip %1 {min = 1.0e-12 : f32, max = 3.4028234e+38 : f32} : (tensor<2x1xf32>) -> tensor<2x1xf32>
  %3 = train.expand %2 {shape = array<i64: 2, 3>} : (tensor<2x1xf32>) -> tensor<2x3xf32>
  %4 = train.div %x, %3 : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %4 : tensor<2x3xf32>
}

// What a file writes of its backward pass or update stays as it is.
// CHECK-LABEL: func.func @written(
func.func @written(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK: train.log %{{.*}} {phase = #train.phase<bp>}
  // CHECK: train.log %{{.*}} {phase = #train.phase<up>}
  %0 = train.sigmoid %x {phase = #train.phase<bp>} : (tensor<4xf32>) -> tensor<4xf32>
  %1 = train.log %0 {phase = #train.phase<bp>} : (tensor<4xf32>) -> tensor<4xf32>
  %2 = train.exp %x {phase = #train.phase<up>} : (tensor<4xf32>) -> tensor<4xf32>
  %3 = train.log %2 {phase = #train.phase<up>} : (tensor<4xf32>) -> tensor<4xf32>
  return %1, %3 : tensor<4xf32>, tensor<4xf32>
}
