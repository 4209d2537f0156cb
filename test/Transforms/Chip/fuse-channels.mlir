// Sums by channel are made on the tiles of a convolution, and what takes one element at a time follows where its operands are there in front.
// RUN: slp-opt %s --split-input-file --convert-train-to-chip --chip-fuse-nests=all | FileCheck %s
// RUN: slp-opt %s --split-input-file --convert-train-to-chip --chip-fuse-nests=drains-only | FileCheck %s --check-prefix=DRAINS

!f8 = !num.float<5, 2, 15, reserved, flush>
!f16 = !num.float<5, 10, 15, reserved, gradual>
#sum = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = none>
#nearest = #num.rounding<nearest_even>

// Rows of a strip come in order, so that their loop is a reduction, in front of that of the convolution; columns go by strips of 8, of
// which the last is short, and the window by as many. What joins the parts needs nothing else, and is where it was. The normalisation needs what
// is joined; the rectifier follows it.
// CHECK: chip.tensor @mean.parts : memref<2x16x3x3xf32, #chip.space<dram>> {role = #chip.role<temp>}
// CHECK-LABEL: func.func @forward
// CHECK: chip.nest "" "train.conv" "fp" on_cores loops [#chip.loop<"n" 2>, #chip.loop<"g" 1>, #chip.loop<"co" 16 on_pes>, #chip.loop<"oy" 12 reduction>, #chip.loop<"ox" 3 cut_last>, #chip.loop<"ci" 4 reduction granule 8>]
// CHECK-SAME: fused ["train.round", "train.statistics"]
// CHECK: chip.buffer of @x from (d0, d1, d2, d3, d4, d5) -> (d0, d1, d5, d3 - 1, d4 * 8 - 1) size (d0, d1, d2, d3, d4, d5) -> (d0, d1, d5, d3 + 2, d4 * 8 + 2)
// CHECK: %[[Y:.*]] = chip.buffer of @y from (d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3, d4 * 8) size (d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3, d4 * 8) extents [2, 1, 16, 12, 20] clipped [4] store
// CHECK: %[[P:.*]] = chip.buffer of @mean.parts from (d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d4, 0) size (d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d4, 3) extents [2, 1, 16, 3, 3] clipped [3] store {slp.of = ["", "train.statistics", "fp"]} : memref<?x?x?x?x?xf32, #chip.space<spm>>
// CHECK: chip.v.round(%[[Y]]
// CHECK: chip.v.statistics(%[[P]], %[[Y]]) mode = zero {iterates = array<i64: 0, 1, 2, 3, 4>, slp.of = ["", "train.statistics", "fp"]}
// CHECK: chip.nest "" "train.statistics" "fp" loops [#chip.loop<"c" 16>, #chip.loop<"n" 2 reduction>, #chip.loop<"s" 3 reduction whole_unless 1 cut_last>, #chip.loop<"d2" 1 reduction>]
// CHECK-NEXT: %[[J:.*]] = chip.buffer of @mean.parts {{.*}} extents [2, 16, 3, 3] load
// CHECK-NEXT: chip.buffer of @mean
// CHECK-NEXT: chip.buffer of @var
// CHECK-NEXT: chip.v.statistics.join({{.*}}, %[[J]])
// CHECK: chip.nest "" "train.normalize" {{.*}} fused ["train.relu"]
// CHECK: chip.v.normalize(
// CHECK: chip.v.relu(
// CHECK-NOT: chip.nest
// DRAINS-NOT: .parts
// DRAINS-LABEL: func.func @forward
// DRAINS: chip.nest "" "train.conv" {{.*}} fused ["train.round"]
// DRAINS: chip.nest "" "train.statistics"
// DRAINS: chip.nest "" "train.normalize"
// DRAINS: chip.nest "" "train.relu"
func.func @forward(%x: tensor<2x4x12x20x!f8> {train.name = "x"}, %w: tensor<16x4x3x3x!f8> {train.name = "w"}, %s: tensor<1x16x1x1x!f16> {train.name = "s"},
                   %b: tensor<1x16x1x1x!f16> {train.name = "b"}) -> (tensor<2x16x12x20x!f8> {train.name = "z"}) {
  %0 = train.conv %x, %w {accumulate = #sum, pads = array<i64: 1, 1, 1, 1>, train.names = ["acc"]} : (tensor<2x4x12x20x!f8>, tensor<16x4x3x3x!f8>) -> tensor<2x16x12x20xf32>
  %1 = train.round %0 {rounding = #nearest, train.names = ["y"]} : (tensor<2x16x12x20xf32>) -> tensor<2x16x12x20x!f16>
  %mean, %var = train.statistics %1 {train.names = ["mean", "var"]} : (tensor<2x16x12x20x!f16>) -> (tensor<1x16x1x1xf32>, tensor<1x16x1x1xf32>)
  %2 = train.normalize %1, %mean, %var, %s, %b {axes = array<i64: 0, 2, 3>, epsilon = 1.0e-5 : f32, rounding = #nearest, train.names = ["n"]} : (tensor<2x16x12x20x!f16>, tensor<1x16x1x1xf32>, tensor<1x16x1x1xf32>, tensor<1x16x1x1x!f16>, tensor<1x16x1x1x!f16>) -> tensor<2x16x12x20x!f8>
  %3 = train.relu %2 {rounding = #nearest, train.names = ["z"]} : (tensor<2x16x12x20x!f8>) -> tensor<2x16x12x20x!f8>
  return %3 : tensor<2x16x12x20x!f8>
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
!f16 = !num.float<5, 10, 15, reserved, gradual>
#sum = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = none>
#nearest = #num.rounding<nearest_even>

// Backwards: the gradient of the rectifier, with another operand; then the sums of the normalisation's gradient, which need more of them, and what
// is computed once of the variance, in front of the loops. Two units of the stride's columns are 4 columns, so that 4 of them are a strip.
// CHECK-DAG: chip.tensor @dsum.parts : memref<2x4x3xf32
// CHECK-DAG: chip.tensor @dproducts.parts : memref<2x4x3xf32
// CHECK-LABEL: func.func @backward
// CHECK: chip.nest "" "train.conv_bp" "bp" on_cores loops [#chip.loop<"n" 2>, #chip.loop<"g" 1>, #chip.loop<"ci" 4 on_pes>, #chip.loop<"iy" 6 reduction>, #chip.loop<"ix" 3 cut_last columns 2>, #chip.loop<"co" 16 reduction granule 8>]
// CHECK-SAME: fused ["train.round", "train.relu_grad", "train.normalize_sums", "train.round"]
// CHECK: %[[E:.*]] = chip.buffer from {{.*}} -> (d0, d1, d2, d3 * 2, d4 * 8) {{.*}} extents [2, 1, 4, 12, 20] clipped [4] {slp.of = ["", "train.relu_grad", "bp"]}
// CHECK: chip.v.binary(%[[E]]
// CHECK: chip.v.inverse.deviation({{.*}} {in_front, iterates = array<i64: 1, 2>
// CHECK: chip.v.normalize.channel.sums({{.*}}, %[[E]],
// CHECK: chip.nest "" "train.normalize_sums"
// CHECK: chip.v.channel.join
// CHECK-NEXT: chip.v.channel.join
func.func @backward(%dy: tensor<2x16x6x10x!f8> {train.name = "dy"}, %w: tensor<16x4x3x3x!f8> {train.name = "w"}, %r: tensor<2x4x12x20x!f8> {train.name = "r"},
                    %x: tensor<2x4x12x20x!f16> {train.name = "x"}, %mean: tensor<1x4x1x1xf32> {train.name = "mean"}, %var: tensor<1x4x1x1xf32> {train.name = "var"})
    -> (tensor<1x4x1x1xf32> {train.name = "dsum"}, tensor<1x4x1x1xf32> {train.name = "dproducts"}, tensor<2x4x12x20x!f16> {train.name = "e2"}) {
  %0 = train.conv_bp %dy, %w {accumulate = #sum, input_shape = array<i64: 2, 4, 12, 20>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>, phase = #train.phase<bp>, train.names = ["acc"]} : (tensor<2x16x6x10x!f8>, tensor<16x4x3x3x!f8>) -> tensor<2x4x12x20xf32>
  %1 = train.round %0 {rounding = #nearest, phase = #train.phase<bp>, train.names = ["dx"]} : (tensor<2x4x12x20xf32>) -> tensor<2x4x12x20x!f16>
  %2 = train.relu_grad %1, %r {rounding = #nearest, phase = #train.phase<bp>, train.names = ["e"]} : (tensor<2x4x12x20x!f16>, tensor<2x4x12x20x!f8>) -> tensor<2x4x12x20x!f16>
  %sum, %products = train.normalize_sums %2, %x, %mean, %var {axes = array<i64: 0, 2, 3>, epsilon = 1.0e-5 : f32, phase = #train.phase<bp>, train.names = ["dsum", "dproducts"]} : (tensor<2x4x12x20x!f16>, tensor<2x4x12x20x!f16>, tensor<1x4x1x1xf32>, tensor<1x4x1x1xf32>) -> (tensor<1x4x1x1xf32>, tensor<1x4x1x1xf32>)
  %3 = train.round %2 {rounding = #nearest, phase = #train.phase<bp>, train.names = ["e2"]} : (tensor<2x4x12x20x!f16>) -> tensor<2x4x12x20x!f16>
  return %sum, %products, %3 : tensor<1x4x1x1xf32>, tensor<1x4x1x1xf32>, tensor<2x4x12x20x!f16>
}
