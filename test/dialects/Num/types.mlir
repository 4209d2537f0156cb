// RUN: slp-opt %s | slp-opt | FileCheck %s
// RUN: slp-opt %s --mlir-print-op-generic | slp-opt | FileCheck %s
// RUN: slp-opt %s --emit-bytecode | slp-opt | FileCheck %s

// CHECK-LABEL: @formats
// CHECK-SAME: tensor<2x!num.float<5, 2, 15, reserved, flush>>
// CHECK-SAME: tensor<2x!num.float<5, 10, 15, none, gradual>>
// CHECK-SAME: memref<2x!num.float<4, 3, 7, ieee, gradual>>
// CHECK-SAME: tensor<2x!num.float<4, 3, 7, nan, gradual>>
// CHECK-SAME: tensor<2x!num.float<5, 2, 15, none, flush, flush_below = 0.000125>>
// CHECK-SAME: tensor<2x!num.float<6, 9, 60, none, flush, flush_below = 1.0e-10>>
func.func private @formats(tensor<2x!num.float<5, 2, 15, reserved, flush>>,
                           tensor<2x!num.float<5, 10, 15, none, gradual>>,
                           memref<2x!num.float<4, 3, 7, ieee, gradual>>,
                           tensor<2x!num.float<4, 3, 7, nan, gradual>>,
                           tensor<2x!num.float<5, 2, 15, none, flush, flush_below = 1.25e-4>>,
                           tensor<2x!num.float<6, 9, 60, none, flush, flush_below = 0.0000000001>>)

// CHECK-LABEL: @roundings
// CHECK-SAME: a = #num.rounding<nearest_even>
// CHECK-SAME: b = #num.rounding<half_away>
// CHECK-SAME: c = #num.rounding<toward_zero>
// CHECK-SAME: d = #num.rounding<stochastic>
func.func private @roundings() attributes {
  a = #num.rounding<nearest_even>, b = #num.rounding<half_away>, c = #num.rounding<toward_zero>,
  d = #num.rounding<stochastic>}

// CHECK-LABEL: @accumulators
// CHECK-SAME: narrow = #num.accumulate<dot = 8, format = !num.float<5, 10, 15, none, gradual>, rounding = half_away, across = !num.float<5, 10, 15, none, gradual>>
// CHECK-SAME: wide = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = f32>
func.func private @accumulators() attributes {
  wide = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = f32>,
  narrow = #num.accumulate<dot = 8, format = !num.float<5, 10, 15, none, gradual>, rounding = half_away,
                           across = !num.float<5, 10, 15, none, gradual>>}
