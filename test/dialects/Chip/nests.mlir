// Nests: what is printed is read again, and what is the default is left out.
// RUN: slp-opt %s | slp-opt | FileCheck %s
// RUN: slp-opt %s --mlir-print-op-generic | slp-opt | FileCheck %s
// RUN: slp-opt %s --emit-bytecode | slp-opt | FileCheck %s

#dram = #chip.space<dram>
#spm = #chip.space<spm>
#acc = #chip.space<acc>
#shared = #chip.space<shared>

chip.tensor @a : memref<6x40xf32, #dram> {role = #chip.role<input>}
chip.tensor @b : memref<40x20xf32, #dram> {role = #chip.role<input>}
chip.tensor @y : memref<6x20xf32, #dram> {role = #chip.role<output>}
chip.tensor @scalar : memref<f32, #dram> {role = #chip.role<output>}

// CHECK-LABEL: func.func @step
func.func @step() {
  // CHECK: chip.nest "fc" "train.matmul" "fp" on_cores loops [#chip.loop<"m" 6>, #chip.loop<"n" 20 on_pes>, #chip.loop<"k" 40 reduction granule 8>] items_of_point 3 fused ["train.round", "train.relu"] tiling <sizes = [6, 8, 16], order = [1, 0, 2], split = 1, cores = 3, slots = 2, acc_slots = 2> {
  chip.nest "fc" "train.matmul" "fp" on_cores loops [#chip.loop<"m" 6>, #chip.loop<"n" 20 on_pes>, #chip.loop<"k" 40 reduction granule 8>]
      items_of_point 3 fused ["train.round", "train.relu"] tiling <sizes = [6, 8, 16], order = [1, 0, 2], split = 1, cores = 3, slots = 2, acc_slots = 2> {
    // CHECK-NEXT: %[[A:.*]] = chip.buffer of @a strides [40, 1] from (d0, d1, d2) -> (d0, d2) size (d0, d1, d2) -> (d0, d2) extents [6, 40] load : memref<?x?xf32, #chip.space<spm>>
    %a = chip.buffer of @a strides [40, 1] from (d0, d1, d2) -> (d0, d2) size (d0, d1, d2) -> (d0, d2) extents [6, 40] load : memref<?x?xf32, #spm>
    // The view of a transpose; a window that begins one before its coordinate and is two larger; a whole dimension.
    // CHECK-NEXT: chip.buffer of @b strides [1, 20] first 5 from (d0, d1, d2) -> (d1 * 2 - 1, 0) size (d0, d1, d2) -> (d1 * 2 + 2, 7) extents [14, 35] clipped [1] load : memref<?x?xf32, #chip.space<spm>>
    %w = chip.buffer of @b strides [1, 20] first 5 from (d0, d1, d2) -> (d1 * 2 - 1, 0) size (d0, d1, d2) -> (d1 * 2 + 2, 7) extents [14, 35] clipped [1] load : memref<?x?xf32, #spm>
    %b = chip.buffer of @b strides [20, 1] from (d0, d1, d2) -> (d2, d1) size (d0, d1, d2) -> (d2, d1) extents [40, 20] load : memref<?x?xf32, #spm>
    // CHECK: chip.buffer from (d0, d1, d2) -> (d0, d1) size (d0, d1, d2) -> (d0, d1) extents [6, 20] : memref<?x?xf32, #chip.space<acc>>
    %acc = chip.buffer from (d0, d1, d2) -> (d0, d1) size (d0, d1, d2) -> (d0, d1) extents [6, 20] : memref<?x?xf32, #acc>
    // CHECK: store {rounding = #num.rounding<stochastic>, stream = 4 : i64} : memref<?x?xf32, #chip.space<spm>>
    %y = chip.buffer of @y strides [20, 1] from (d0, d1, d2) -> (d0, d1) size (d0, d1, d2) -> (d0, d1) extents [6, 20] store {rounding = #num.rounding<stochastic>, stream = 4 : i64} : memref<?x?xf32, #spm>
    // CHECK: chip.v.round(%{{.*}}, %{{.*}}) {captures = [""], iterates = array<i64: 0, 1>}
    chip.v.round(%y, %acc) {captures = [""], iterates = array<i64: 0, 1>} : memref<?x?xf32, #spm>, memref<?x?xf32, #acc>
  }
  // No loops, a number, and a total.
  // CHECK: chip.nest "" "train.x" "up" loops [] one_acc_slot may_join_banks tiling <sizes = [], order = [], cores = 1, slots = 1, acc_slots = 1> {
  chip.nest "" "train.x" "up" loops [] one_acc_slot may_join_banks tiling <sizes = [], order = [], cores = 1, slots = 1, acc_slots = 1> {
    // CHECK-NEXT: chip.buffer of @scalar strides [] from () -> () size () -> () extents [] load store total : memref<f32, #chip.space<shared>>
    %s = chip.buffer of @scalar strides [] from () -> () size () -> () extents [] load store total : memref<f32, #shared>
    // CHECK-NEXT: chip.v.fill(%{{.*}}) value = 1.000000e+00 {in_front, iterates = array<i64>}
    chip.v.fill(%s) value = 1.0 {in_front, iterates = array<i64>} : memref<f32, #shared>
  }
  // All that a loop can be.
  // CHECK: loops [#chip.loop<"n" 4 reduction>, #chip.loop<"x" 8 reduction granule 2 whole_unless 0 cut_last exact columns 8>] {
  chip.nest "" "train.x" "up" loops [#chip.loop<"n" 4 reduction>, #chip.loop<"x" 8 exact reduction cut_last columns 8 granule 2 whole_unless 0>] {
  }
  return
}
