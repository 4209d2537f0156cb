// Loops of a tiling: those that take more than one step, buffers as far outside as their coordinates allow.
// RUN: slp-opt %s --chip-expand-nests | FileCheck %s

!f8 = !num.float<5, 2, 15, reserved, flush>
#dram = #chip.space<dram>
#shared = #chip.space<shared>
#spm = #chip.space<spm>
#acc = #chip.space<acc>

module attributes {slp.chip = "lnpu"} {
  chip.tensor @a : memref<64x512x!f8, #dram> {role = #chip.role<input>}
  chip.tensor @b : memref<512x256x!f8, #dram> {role = #chip.role<input>}
  chip.tensor @y : memref<64x256x!f8, #dram> {role = #chip.role<output>}
  // CHECK-LABEL: func.func @step
  func.func @step() {
    // The tiles of n are spread over 4 cores: a step of the loop is 4 of them. Those of m are one step.
    // CHECK: chip.task "fc" "train.matmul" "fp" cores(4) {
    // CHECK-DAG: %[[A:.*]] = chip.view @a
    // CHECK-DAG: %[[B:.*]] = chip.view @b
    // CHECK-DAG: %[[Y:.*]] = chip.view @y
    // CHECK: scf.for %[[N:.*]] = %c0 to %c256 step %c64 {
    // Sums and results are born outside the reduction.
    // CHECK-NEXT: %[[ACC:.*]] = chip.alloc[%c0, %[[N]]] extents [64, 256] core_stride [0, 16] slots 1 : memref<64x16xf32, #chip.space<acc>>
    // CHECK-NEXT: %[[TILE:.*]] = chip.alloc[%c0, %[[N]]] extents [64, 256] core_stride [0, 16] slots 3 : memref<64x16x!num_e5m2, #chip.space<spm>>
    // CHECK-NEXT: scf.for %[[K:.*]] = %c0 to %c512 step %c128 {
    // CHECK-NEXT: %[[IN:.*]] = chip.alloc[%c0, %[[K]]] extents [64, 512] core_stride [0, 0] slots 3 : memref<64x128x!num_e5m2, #chip.space<spm>>
    // CHECK-NEXT: chip.load %[[A]] to %[[IN]]
    // CHECK-NEXT: %[[W:.*]] = chip.alloc[%[[K]], %[[N]]] extents [512, 256] core_stride [0, 16] slots 3
    // CHECK-NEXT: chip.load %[[B]] to %[[W]]
    // CHECK-NEXT: chip.matmul(%[[ACC]], %[[IN]], %[[W]]) mode = zero {captures = ["sum"]}
    // CHECK-NEXT: }
    // What does not iterate the reduction stands behind it.
    // CHECK-NEXT: chip.v.round(%[[TILE]], %[[ACC]]) {captures = ["y"]}
    // CHECK-NEXT: chip.store %[[TILE]] to %[[Y]]
    // CHECK-NEXT: }
    // CHECK-NOT: chip.nest
    // CHECK: return
  chip.nest "fc" "train.matmul" "fp" on_cores loops [#chip.loop<"m" 64>, #chip.loop<"n" 256 on_pes>, #chip.loop<"k" 512 reduction granule 8>] tiling <sizes = [64, 16, 128], order = [0, 1, 2], split = 1, cores = 4, slots = 3, acc_slots = 1> {
    %a = chip.buffer of @a strides [512, 1] from (d0, d1, d2) -> (d0, d2) size (d0, d1, d2) -> (d0, d2) extents [64, 512] load : memref<?x?x!f8, #spm>
    %b = chip.buffer of @b strides [256, 1] from (d0, d1, d2) -> (d2, d1) size (d0, d1, d2) -> (d2, d1) extents [512, 256] load : memref<?x?x!f8, #spm>
    %acc = chip.buffer from (d0, d1, d2) -> (d0, d1) size (d0, d1, d2) -> (d0, d1) extents [64, 256] : memref<?x?xf32, #acc>
    %y = chip.buffer of @y strides [256, 1] from (d0, d1, d2) -> (d0, d1) size (d0, d1, d2) -> (d0, d1) extents [64, 256] store : memref<?x?x!f8, #spm>
    chip.matmul(%acc, %a, %b) mode = zero {captures = ["sum"]} : memref<?x?xf32, #acc>, memref<?x?x!f8, #spm>, memref<?x?x!f8, #spm>
    chip.v.round(%y, %acc) {captures = ["y"], iterates = array<i64: 0, 1>} : memref<?x?x!f8, #spm>, memref<?x?xf32, #acc>
  }
  return
  }
}
