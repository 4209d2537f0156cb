// Nests whose loop over images runs over a list: tiles of one image, cores along another loop, trips and coordinates read from memory.
// RUN: slp-opt %s --split-input-file --chip-fuse-nests=drains-only --chip-choose-layouts --chip-choose-tiles | FileCheck %s --check-prefix=TILES
// RUN: slp-opt %s --split-input-file --chip-choose-layouts --chip-choose-tiles --chip-expand-nests --chip-place-buffers --chip-insert-semaphores --chip-verify-schedule | FileCheck %s

// Two nests over one list are fused; one over a list and one over all images are not.
// TILES-LABEL: func.func @step
// TILES: chip.nest "a" {{.*}}fused ["train.round"] tiling <sizes = [1, {{.*}}], {{(split = [1-9], )?}}cores
// TILES: } {slp.kept =
// TILES-NOT: chip.nest "b"
// TILES: chip.nest "c" {{.*}} tiling <sizes = [1, {{.*}}], {{(split = [1-9], )?}}cores
// TILES: } {slp.kept =
// TILES: chip.nest "d"

// CHECK: chip.task "a"
// CHECK: %[[IMAGES:.*]] = chip.view @list : memref<4xi32, #chip.space<dram>>
// CHECK: %[[OF:.*]] = chip.view @count : memref<1xi32, #chip.space<dram>>
// CHECK: %[[COUNT:.*]] = chip.count %[[OF]][%c0] most 4
// CHECK: scf.for %[[I:.*]] = %c0 to %[[COUNT]] step %c1
// CHECK: %[[IMAGE:.*]] = chip.element %[[IMAGES]][%[[I]]] below 4
// CHECK: chip.alloc[%[[IMAGE]],
module attributes {slp.chip = "asu-fp8"} {
  chip.tensor @list : memref<4xi32, #chip.space<dram>> {role = #chip.role<temp>}
  chip.tensor @count : memref<1xi32, #chip.space<dram>> {role = #chip.role<temp>}
  chip.tensor @dy : memref<4x8x4x4x!num.float<5, 2, 15, none, gradual>, #chip.space<dram>> {role = #chip.role<input>}
  chip.tensor @w : memref<8x8x3x3x!num.float<5, 2, 15, none, gradual>, #chip.space<dram>> {role = #chip.role<input>}
  chip.tensor @acc1 : memref<4x8x6x6x!num.float<5, 10, 15, none, gradual>, #chip.space<dram>> {role = #chip.role<temp>}
  chip.tensor @dx1 : memref<4x8x6x6x!num.float<5, 2, 15, none, gradual>, #chip.space<dram>> {role = #chip.role<output>}
  chip.tensor @acc2 : memref<4x8x6x6x!num.float<5, 10, 15, none, gradual>, #chip.space<dram>> {role = #chip.role<temp>}
  chip.tensor @dx2 : memref<4x8x6x6x!num.float<5, 2, 15, none, gradual>, #chip.space<dram>> {role = #chip.role<output>}
  func.func @step() {
    chip.nest "a" "train.conv_bp" "bp" on_cores loops [#chip.loop<"n" 4>, #chip.loop<"g" 1>, #chip.loop<"ci" 8 on_pes>, #chip.loop<"iy" 6>, #chip.loop<"ix" 6 cut_last columns 8>, #chip.loop<"co" 8 reduction granule 8>] items_of_point 9 {
      %0 = chip.buffer of @dy from (d0, d1, d2, d3, d4, d5) -> (d0, d1, d5, d3 - 2, d4 - 2) size (d0, d1, d2, d3, d4, d5) -> (d0, d1, d5, d3 + 2, d4 + 2) extents [4, 1, 8, 4, 4] load : memref<?x?x?x?x?x!num.float<5, 2, 15, none, gradual>, #chip.space<spm>>
      %1 = chip.buffer of @w from (d0, d1, d2, d3, d4, d5) -> (d1, d5, d2, 0, 0) size (d0, d1, d2, d3, d4, d5) -> (d1, d5, d2, 3, 3) extents [1, 8, 8, 3, 3] load : memref<?x?x?x?x?x!num.float<5, 2, 15, none, gradual>, #chip.space<spm>>
      %2 = chip.buffer from (d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3, d4) size (d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3, d4) extents [4, 1, 8, 6, 6] : memref<?x?x?x?x?x!num.float<5, 10, 15, none, gradual>, #chip.space<acc>>
      %3 = chip.buffer of @acc1 from (d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3, d4) size (d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3, d4) extents [4, 1, 8, 6, 6] store : memref<?x?x?x?x?x!num.float<5, 10, 15, none, gradual>, #chip.space<spm>>
      chip.conv.bp(%2, %0, %1) geom = [3, 3, 1, 1, 0, 0, 1, 1, 0] mode = zero {captures = ["acc1"]} : memref<?x?x?x?x?x!num.float<5, 10, 15, none, gradual>, #chip.space<acc>>, memref<?x?x?x?x?x!num.float<5, 2, 15, none, gradual>, #chip.space<spm>>, memref<?x?x?x?x?x!num.float<5, 2, 15, none, gradual>, #chip.space<spm>>
      chip.v.round(%3, %2) {captures = [""], iterates = array<i64: 0, 1, 2, 3, 4>} : memref<?x?x?x?x?x!num.float<5, 10, 15, none, gradual>, #chip.space<spm>>, memref<?x?x?x?x?x!num.float<5, 10, 15, none, gradual>, #chip.space<acc>>
    } {slp.kept = {loop = 0 : i64, count = @count, images = @list}}
    chip.nest "b" "train.round" "bp" loops [#chip.loop<"d0" 4>, #chip.loop<"d1" 8>, #chip.loop<"d2" 6>, #chip.loop<"d3" 6 cut_last>] {
      %0 = chip.buffer of @acc1 from (d0, d1, d2, d3) -> (d0, d1, d2, d3) size (d0, d1, d2, d3) -> (d0, d1, d2, d3) extents [4, 8, 6, 6] load : memref<?x?x?x?x!num.float<5, 10, 15, none, gradual>, #chip.space<shared>>
      %1 = chip.buffer of @dx1 from (d0, d1, d2, d3) -> (d0, d1, d2, d3) size (d0, d1, d2, d3) -> (d0, d1, d2, d3) extents [4, 8, 6, 6] store : memref<?x?x?x?x!num.float<5, 2, 15, none, gradual>, #chip.space<shared>>
      chip.v.round(%1, %0) {captures = ["dx1"]} : memref<?x?x?x?x!num.float<5, 2, 15, none, gradual>, #chip.space<shared>>, memref<?x?x?x?x!num.float<5, 10, 15, none, gradual>, #chip.space<shared>>
    } {slp.kept = {loop = 0 : i64, count = @count, images = @list}}
    chip.nest "c" "train.conv_bp" "bp" on_cores loops [#chip.loop<"n" 4>, #chip.loop<"g" 1>, #chip.loop<"ci" 8 on_pes>, #chip.loop<"iy" 6>, #chip.loop<"ix" 6 cut_last columns 8>, #chip.loop<"co" 8 reduction granule 8>] items_of_point 9 {
      %0 = chip.buffer of @dy from (d0, d1, d2, d3, d4, d5) -> (d0, d1, d5, d3 - 2, d4 - 2) size (d0, d1, d2, d3, d4, d5) -> (d0, d1, d5, d3 + 2, d4 + 2) extents [4, 1, 8, 4, 4] load : memref<?x?x?x?x?x!num.float<5, 2, 15, none, gradual>, #chip.space<spm>>
      %1 = chip.buffer of @w from (d0, d1, d2, d3, d4, d5) -> (d1, d5, d2, 0, 0) size (d0, d1, d2, d3, d4, d5) -> (d1, d5, d2, 3, 3) extents [1, 8, 8, 3, 3] load : memref<?x?x?x?x?x!num.float<5, 2, 15, none, gradual>, #chip.space<spm>>
      %2 = chip.buffer from (d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3, d4) size (d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3, d4) extents [4, 1, 8, 6, 6] : memref<?x?x?x?x?x!num.float<5, 10, 15, none, gradual>, #chip.space<acc>>
      %3 = chip.buffer of @acc2 from (d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3, d4) size (d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3, d4) extents [4, 1, 8, 6, 6] store : memref<?x?x?x?x?x!num.float<5, 10, 15, none, gradual>, #chip.space<spm>>
      chip.conv.bp(%2, %0, %1) geom = [3, 3, 1, 1, 0, 0, 1, 1, 0] mode = zero {captures = ["acc2"]} : memref<?x?x?x?x?x!num.float<5, 10, 15, none, gradual>, #chip.space<acc>>, memref<?x?x?x?x?x!num.float<5, 2, 15, none, gradual>, #chip.space<spm>>, memref<?x?x?x?x?x!num.float<5, 2, 15, none, gradual>, #chip.space<spm>>
      chip.v.round(%3, %2) {captures = [""], iterates = array<i64: 0, 1, 2, 3, 4>} : memref<?x?x?x?x?x!num.float<5, 10, 15, none, gradual>, #chip.space<spm>>, memref<?x?x?x?x?x!num.float<5, 10, 15, none, gradual>, #chip.space<acc>>
    } {slp.kept = {loop = 0 : i64, count = @count, images = @list}}
    chip.nest "d" "train.round" "bp" loops [#chip.loop<"d0" 4>, #chip.loop<"d1" 8>, #chip.loop<"d2" 6>, #chip.loop<"d3" 6 cut_last>] {
      %0 = chip.buffer of @acc2 from (d0, d1, d2, d3) -> (d0, d1, d2, d3) size (d0, d1, d2, d3) -> (d0, d1, d2, d3) extents [4, 8, 6, 6] load : memref<?x?x?x?x!num.float<5, 10, 15, none, gradual>, #chip.space<shared>>
      %1 = chip.buffer of @dx2 from (d0, d1, d2, d3) -> (d0, d1, d2, d3) size (d0, d1, d2, d3) -> (d0, d1, d2, d3) extents [4, 8, 6, 6] store : memref<?x?x?x?x!num.float<5, 2, 15, none, gradual>, #chip.space<shared>>
      chip.v.round(%1, %0) {captures = ["dx2"]} : memref<?x?x?x?x!num.float<5, 2, 15, none, gradual>, #chip.space<shared>>, memref<?x?x?x?x!num.float<5, 10, 15, none, gradual>, #chip.space<shared>>
    }
    return
  }
}
