// A tiling for each nest: that of the least cycles by estimate.
// RUN: slp-opt %s --chip-choose-tiles | FileCheck %s
// RUN: slp-opt %s --chip-choose-tiles=cores=4 | FileCheck %s --check-prefix=FOUR
// RUN: slp-opt %s --chip-choose-tiles=tile-seed=3 > %t.3 && slp-opt %s --chip-choose-tiles=tile-seed=3 | cmp - %t.3
// RUN: slp-opt %s --chip-choose-tiles=tile-seed=4 | not cmp -s - %t.3
// RUN: slp-opt %s --chip-choose-tiles --remarks-filter=tile 2>&1 | FileCheck %s --check-prefix=REMARK

!f8 = !num.float<5, 2, 15, reserved, flush>
#dram = #chip.space<dram>
#shared = #chip.space<shared>
#spm = #chip.space<spm>
#acc = #chip.space<acc>

// CHECK: slp.stage = "tile"
module attributes {slp.chip = "lnpu"} {
  chip.tensor @a : memref<64x512x!f8, #dram> {role = #chip.role<input>}
  chip.tensor @b : memref<512x256x!f8, #dram> {role = #chip.role<input>}
  chip.tensor @y : memref<64x256x!f8, #dram> {role = #chip.role<output>}
  func.func @step() {
    // CHECK: chip.nest "free" {{.*}} tiling <sizes = [4, 64, 64], order = [0, 1, 2], split = 0, cores = 16, slots = 2, acc_slots = 2> {
    // FOUR: chip.nest "free" {{.*}} tiling <{{.*}} cores = 4, slots = 2, acc_slots = 2>
    // REMARK: train.matmul: m 4/64 split n 64/256 k 64/512 on 16 cores, 2 slots, {{[0-9]+}} cycles by estimate, the most, {{[0-9]+}}, for dram; the next best {{[0-9]+}}
  chip.nest "free" "train.matmul" "fp" on_cores loops [#chip.loop<"m" 64>, #chip.loop<"n" 256 on_pes>, #chip.loop<"k" 512 reduction granule 8>] {
    %a = chip.buffer of @a strides [512, 1] from (d0, d1, d2) -> (d0, d2) size (d0, d1, d2) -> (d0, d2) extents [64, 512] load : memref<?x?x!f8, #spm>
    %b = chip.buffer of @b strides [256, 1] from (d0, d1, d2) -> (d2, d1) size (d0, d1, d2) -> (d2, d1) extents [512, 256] load : memref<?x?x!f8, #spm>
    %acc = chip.buffer from (d0, d1, d2) -> (d0, d1) size (d0, d1, d2) -> (d0, d1) extents [64, 256] : memref<?x?xf32, #acc>
    %y = chip.buffer of @y strides [256, 1] from (d0, d1, d2) -> (d0, d1) size (d0, d1, d2) -> (d0, d1) extents [64, 256] store : memref<?x?x!f8, #spm>
    chip.matmul(%acc, %a, %b) mode = zero {captures = ["sum"]} : memref<?x?xf32, #acc>, memref<?x?x!f8, #spm>, memref<?x?x!f8, #spm>
    chip.v.round(%y, %acc) {captures = ["y"], iterates = array<i64: 0, 1>} : memref<?x?x!f8, #spm>, memref<?x?xf32, #acc>
  }
    // The wish is followed, and is gone.
    // CHECK: chip.nest "asked" {{.*}} tiling <sizes = [8, 16, 64], order = [1, 0, 2], {{.*}}> {
  chip.nest "asked" "train.matmul" "fp" on_cores loops [#chip.loop<"m" 64>, #chip.loop<"n" 256 on_pes>, #chip.loop<"k" 512 reduction granule 8>] {
    %a = chip.buffer of @a strides [512, 1] from (d0, d1, d2) -> (d0, d2) size (d0, d1, d2) -> (d0, d2) extents [64, 512] load : memref<?x?x!f8, #spm>
    %b = chip.buffer of @b strides [256, 1] from (d0, d1, d2) -> (d2, d1) size (d0, d1, d2) -> (d2, d1) extents [512, 256] load : memref<?x?x!f8, #spm>
    %acc = chip.buffer from (d0, d1, d2) -> (d0, d1) size (d0, d1, d2) -> (d0, d1) extents [64, 256] : memref<?x?xf32, #acc>
    %y = chip.buffer of @y strides [256, 1] from (d0, d1, d2) -> (d0, d1) size (d0, d1, d2) -> (d0, d1) extents [64, 256] store : memref<?x?x!f8, #spm>
    chip.matmul(%acc, %a, %b) mode = zero {captures = ["sum"]} : memref<?x?xf32, #acc>, memref<?x?x!f8, #spm>, memref<?x?x!f8, #spm>
    chip.v.round(%y, %acc) {captures = ["y"], iterates = array<i64: 0, 1>} : memref<?x?x!f8, #spm>, memref<?x?xf32, #acc>
  // CHECK: {{^    }$}}
  } {slp.tile = {order = ["n", "m", "k"], sizes = {m = 8, n = 16, k = 64}}}
  return
  }
}
