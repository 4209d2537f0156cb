// Each value is read twice by the next, so that there are 2^40 ways back to the first: looked at once each, or not at all.
// RUN: slp-opt %s --train-fuse-patterns --train-stabilize-composites | FileCheck %s

// CHECK-LABEL: func.func @squares_of_norm(
// CHECK-COUNT-40: train.mul
// CHECK: train.div
func.func @squares_of_norm(%x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %0 = train.reduce_sum_abs %x {axes = array<i64: 1>} : (tensor<4x3xf32>) -> tensor<4x1xf32>
  %1 = train.mul %0, %0 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %2 = train.mul %1, %1 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %3 = train.mul %2, %2 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %4 = train.mul %3, %3 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %5 = train.mul %4, %4 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %6 = train.mul %5, %5 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %7 = train.mul %6, %6 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %8 = train.mul %7, %7 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %9 = train.mul %8, %8 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %10 = train.mul %9, %9 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %11 = train.mul %10, %10 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %12 = train.mul %11, %11 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %13 = train.mul %12, %12 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %14 = train.mul %13, %13 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %15 = train.mul %14, %14 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %16 = train.mul %15, %15 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %17 = train.mul %16, %16 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %18 = train.mul %17, %17 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %19 = train.mul %18, %18 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %20 = train.mul %19, %19 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %21 = train.mul %20, %20 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %22 = train.mul %21, %21 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %23 = train.mul %22, %22 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %24 = train.mul %23, %23 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %25 = train.mul %24, %24 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %26 = train.mul %25, %25 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %27 = train.mul %26, %26 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %28 = train.mul %27, %27 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %29 = train.mul %28, %28 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %30 = train.mul %29, %29 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %31 = train.mul %30, %30 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %32 = train.mul %31, %31 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %33 = train.mul %32, %32 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %34 = train.mul %33, %33 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %35 = train.mul %34, %34 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %36 = train.mul %35, %35 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %37 = train.mul %36, %36 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %38 = train.mul %37, %37 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %39 = train.mul %38, %38 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %40 = train.mul %39, %39 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %y = train.div %x, %40 : (tensor<4x3xf32>, tensor<4x1xf32>) -> tensor<4x3xf32>
  return %y : tensor<4x3xf32>
}

// One logarithm for each of the products, which are as deep as is looked back.
// CHECK-LABEL: func.func @squares_of_sigmoid(
// CHECK-COUNT-1: train.softplus
// CHECK-NOT: train.softplus
// CHECK-COUNT-14: train.add
// CHECK-NOT: train.add
// CHECK: return
func.func @squares_of_sigmoid(%x: tensor<4x1xf32>) -> tensor<4x1xf32> {
  %0 = train.sigmoid %x : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %1 = train.mul %0, %0 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %2 = train.mul %1, %1 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %3 = train.mul %2, %2 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %4 = train.mul %3, %3 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %5 = train.mul %4, %4 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %6 = train.mul %5, %5 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %7 = train.mul %6, %6 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %8 = train.mul %7, %7 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %9 = train.mul %8, %8 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %10 = train.mul %9, %9 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %11 = train.mul %10, %10 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %12 = train.mul %11, %11 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %13 = train.mul %12, %12 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %14 = train.mul %13, %13 : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %y = train.log %14 : (tensor<4x1xf32>) -> tensor<4x1xf32>
  return %y : tensor<4x1xf32>
}

// No maximum is found, so that the sum is rewritten.
// CHECK-LABEL: func.func @choices(
// CHECK-COUNT-40: train.select
// CHECK: train.reduce_max
// CHECK: train.log
func.func @choices(%x: tensor<4x3xf32>, %m: tensor<4x1xf32>, %c: tensor<4x1xf32>) -> tensor<4x1xf32> {
  %0 = train.relu %m : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %1 = train.select %c, %0, %0 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %2 = train.select %c, %1, %1 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %3 = train.select %c, %2, %2 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %4 = train.select %c, %3, %3 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %5 = train.select %c, %4, %4 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %6 = train.select %c, %5, %5 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %7 = train.select %c, %6, %6 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %8 = train.select %c, %7, %7 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %9 = train.select %c, %8, %8 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %10 = train.select %c, %9, %9 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %11 = train.select %c, %10, %10 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %12 = train.select %c, %11, %11 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %13 = train.select %c, %12, %12 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %14 = train.select %c, %13, %13 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %15 = train.select %c, %14, %14 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %16 = train.select %c, %15, %15 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %17 = train.select %c, %16, %16 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %18 = train.select %c, %17, %17 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %19 = train.select %c, %18, %18 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %20 = train.select %c, %19, %19 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %21 = train.select %c, %20, %20 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %22 = train.select %c, %21, %21 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %23 = train.select %c, %22, %22 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %24 = train.select %c, %23, %23 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %25 = train.select %c, %24, %24 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %26 = train.select %c, %25, %25 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %27 = train.select %c, %26, %26 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %28 = train.select %c, %27, %27 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %29 = train.select %c, %28, %28 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %30 = train.select %c, %29, %29 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %31 = train.select %c, %30, %30 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %32 = train.select %c, %31, %31 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %33 = train.select %c, %32, %32 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %34 = train.select %c, %33, %33 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %35 = train.select %c, %34, %34 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %36 = train.select %c, %35, %35 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %37 = train.select %c, %36, %36 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %38 = train.select %c, %37, %37 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %39 = train.select %c, %38, %38 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %40 = train.select %c, %39, %39 : (tensor<4x1xf32>, tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %d = train.sub %x, %40 : (tensor<4x3xf32>, tensor<4x1xf32>) -> tensor<4x3xf32>
  %e = train.exp %d : (tensor<4x3xf32>) -> tensor<4x3xf32>
  %s = train.reduce_sum %e {axes = array<i64: 1>} : (tensor<4x3xf32>) -> tensor<4x1xf32>
  %y = train.log %s : (tensor<4x1xf32>) -> tensor<4x1xf32>
  return %y : tensor<4x1xf32>
}
