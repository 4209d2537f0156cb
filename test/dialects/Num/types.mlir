// RUN: slp-opt %s | slp-opt | FileCheck %s
// RUN: slp-opt %s --mlir-print-op-generic | slp-opt | FileCheck %s
// RUN: slp-opt %s --emit-bytecode | slp-opt | FileCheck %s

// A line for each format and each way to accumulate, named by its fields; equal names are numbered.
// CHECK-DAG: ![[RESERVED:num_e5m2(_[0-9]+)?]] = !num.float<5, 2, 15, reserved, flush>
// CHECK-DAG: ![[FLUSHED:num_e5m2(_[0-9]+)?]] = !num.float<5, 2, 15, none, flush, flush_below = 0.000125>
// CHECK-DAG: ![[IEEE:num_e4m3(_[0-9]+)?]] = !num.float<4, 3, 7, ieee, gradual>
// CHECK-DAG: ![[NAN:num_e4m3(_[0-9]+)?]] = !num.float<4, 3, 7, nan, gradual>
// CHECK-DAG: !num_e5m10 = !num.float<5, 10, 15, none, gradual>
// CHECK-DAG: !num_e6m9b60 = !num.float<6, 9, 60, none, flush, flush_below = 1.0e-10>
// CHECK-DAG: ![[GRADUAL:num_e5m2(_[0-9]+)?]] = !num.float<5, 2, 15, none, gradual>
// CHECK-DAG: !num_mixed_e5m2_e5m10 = !num.mixed<![[GRADUAL]], !num_e5m10>
// CHECK-DAG: #num_dot8_e5m10 = #num.accumulate<dot = 8, format = !num_e5m10, rounding = half_away, across = !num_e5m10>
// CHECK-DAG: #num_dot8_f32 = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = f32>
// CHECK-DAG: #num_dot16_f32 = #num.accumulate<dot = 16, format = f32, rounding = nearest_even, across = none>

// CHECK-LABEL: @formats
// CHECK-SAME: tensor<2x![[RESERVED]]>
// CHECK-SAME: tensor<2x!num_e5m10>
// CHECK-SAME: memref<2x![[IEEE]]>
// CHECK-SAME: tensor<2x![[NAN]]>
// CHECK-SAME: tensor<2x![[FLUSHED]]>
// CHECK-SAME: tensor<2x!num_e6m9b60>
// CHECK-SAME: tensor<2x!num_mixed_e5m2_e5m10>
func.func private @formats(tensor<2x!num.float<5, 2, 15, reserved, flush>>,
                           tensor<2x!num.float<5, 10, 15, none, gradual>>,
                           memref<2x!num.float<4, 3, 7, ieee, gradual>>,
                           tensor<2x!num.float<4, 3, 7, nan, gradual>>,
                           tensor<2x!num.float<5, 2, 15, none, flush, flush_below = 1.25e-4>>,
                           tensor<2x!num.float<6, 9, 60, none, flush, flush_below = 0.0000000001>>,
                           tensor<2x!num.mixed<<5, 2, 15, none, gradual>, <5, 10, 15, none, gradual>>>)

// CHECK-LABEL: @roundings
// CHECK-SAME: a = #num.rounding<nearest_even>
// CHECK-SAME: b = #num.rounding<half_away>
// CHECK-SAME: c = #num.rounding<toward_zero>
// CHECK-SAME: d = #num.rounding<stochastic>
func.func private @roundings() attributes {
  a = #num.rounding<nearest_even>, b = #num.rounding<half_away>, c = #num.rounding<toward_zero>,
  d = #num.rounding<stochastic>}

// CHECK-LABEL: @accumulators
// CHECK-SAME: narrow = #num_dot8_e5m10
// CHECK-SAME: one_chain = #num_dot16_f32
// CHECK-SAME: wide = #num_dot8_f32
func.func private @accumulators() attributes {
  one_chain = #num.accumulate<dot = 16, format = f32, rounding = nearest_even, across = none>,
  wide = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = f32>,
  narrow = #num.accumulate<dot = 8, format = !num.float<5, 10, 15, none, gradual>, rounding = half_away,
                           across = !num.float<5, 10, 15, none, gradual>>}
