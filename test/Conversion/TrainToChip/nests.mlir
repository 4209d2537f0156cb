// What the pass itself leaves: a nest for each op, without a tiling, and a tensor in DRAM for each result.
// RUN: slp-opt %s --convert-train-to-chip | FileCheck %s

!f8 = !num.float<5, 2, 15, reserved, flush>
#sum = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = none>

// CHECK-NOT: slp.stage
// CHECK: chip.tensor @sum : memref<4x16x8x8xf32, #chip.space<dram>> {role = #chip.role<temp>}
// CHECK: chip.tensor @y : memref<4x16x8x8x!num_e5m2, #chip.space<dram>> {role = #chip.role<output>}
// CHECK-LABEL: func.func @step()
func.func @step(%x: tensor<4x8x8x8x!f8> {train.name = "x"}, %w: tensor<16x8x3x3x!f8> {train.name = "w"})
    -> (tensor<4x16x8x8x!f8> {train.name = "y"}) {
  // CHECK-NEXT: chip.nest "" "train.conv" "fp" on_cores loops [#chip.loop<"n" 4>, #chip.loop<"g" 1>, #chip.loop<"co" 16 on_pes>, #chip.loop<"oy" 8>, #chip.loop<"ox" 8 cut_last columns 8>, #chip.loop<"ci" 8 reduction granule 8>] {
  // The window begins one row and column before the outputs and is two larger.
  // CHECK-NEXT: %[[X:.*]] = chip.buffer of @x from (d0, d1, d2, d3, d4, d5) -> (d0, d1, d5, d3 - 1, d4 - 1) size (d0, d1, d2, d3, d4, d5) -> (d0, d1, d5, d3 + 2, d4 + 2) extents [4, 1, 8, 8, 8] load : memref<?x?x?x?x?x!num_e5m2, #chip.space<spm>>
  // CHECK-NEXT: %[[W:.*]] = chip.buffer of @w from (d0, d1, d2, d3, d4, d5) -> (d1, d2, d5, 0, 0) size (d0, d1, d2, d3, d4, d5) -> (d1, d2, d5, 3, 3) extents [1, 16, 8, 3, 3] load
  // CHECK-NEXT: %[[ACC:.*]] = chip.buffer from {{.*}} extents [4, 1, 16, 8, 8] : memref<?x?x?x?x?xf32, #chip.space<acc>>
  // CHECK-NEXT: %[[SUM:.*]] = chip.buffer of @sum {{.*}} store : memref<?x?x?x?x?xf32, #chip.space<spm>>
  // CHECK-NEXT: chip.conv.fp(%[[ACC]], %[[X]], %[[W]]) geom = [3, 3, 1, 1, 1, 1, 1, 1, 0] mode = zero {captures = ["sum"]}
  // The drain stands behind the reduction.
  // CHECK-NEXT: chip.v.round(%[[SUM]], %[[ACC]]) {captures = [""], iterates = array<i64: 0, 1, 2, 3, 4>}
  // A wish goes along.
  // CHECK-NEXT: } {slp.tile = {sizes = {n = 2 : i64}}}
  %y = train.conv %x, %w {accumulate = #sum, pads = array<i64: 1, 1, 1, 1>, train.names = ["sum"], slp.tile = {sizes = {n = 2}}}
      : (tensor<4x8x8x8x!f8>, tensor<16x8x3x3x!f8>) -> tensor<4x16x8x8xf32>
  // CHECK-NEXT: chip.nest "" "train.round" "fp" loops [#chip.loop<"d0" 4>, #chip.loop<"d1" 16>, #chip.loop<"d2" 8>, #chip.loop<"d3" 8 cut_last>] {
  // CHECK-NEXT: chip.buffer of @sum {{.*}} load : memref<?x?x?x?xf32, #chip.space<shared>>
  // Not the chip's way to round.
  // CHECK-NEXT: chip.buffer of @y {{.*}} store {rounding = #num.rounding<half_away>} : memref<?x?x?x?x!num_e5m2, #chip.space<shared>>
  // CHECK-NEXT: chip.v.round(%{{.*}}, %{{.*}}) {captures = ["rounded"]}
  %r = train.round %y {rounding = #num.rounding<half_away>, train.names = ["rounded"]} : (tensor<4x16x8x8xf32>) -> tensor<4x16x8x8x!f8>
  return %r : tensor<4x16x8x8x!f8>
}
