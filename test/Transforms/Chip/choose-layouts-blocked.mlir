// Blocks for tensors that all readers and writers can address so. Loops that run through channels and pixels become several.
// RUN: slp-opt %s --chip-choose-layouts=blocked | FileCheck %s
// RUN: slp-opt %s --chip-choose-layouts=seed=7 > %t.7 && slp-opt %s --chip-choose-layouts=seed=7 | cmp - %t.7
// RUN: slp-opt %s --chip-choose-layouts=seed=8 | not cmp -s - %t.7

#dram = #chip.space<dram>
#shared = #chip.space<shared>
// CHECK: chip.tensor @x : {{.*}} layout <channels16>
chip.tensor @x : memref<2x20x3x4xf32, #dram> {role = #chip.role<input>}
// CHECK: chip.tensor @y : {{.*}} layout <channels16>
chip.tensor @y : memref<2x20x3x4xf32, #dram> {role = #chip.role<temp>}
// Read by rows of channels and pixels, which nobody can split.
// CHECK: chip.tensor @z : {{.*}} layout <row_major>
chip.tensor @z : memref<2x20x3x4xf32, #dram> {role = #chip.role<temp>}
// Two parts of a concatenation, the second of which begins inside a block: coordinates are what counts.
// CHECK: chip.tensor @joined : {{.*}} layout <channels16>
chip.tensor @joined : memref<2x40x3x4xf32, #dram> {role = #chip.role<temp>}
// CHECK: chip.tensor @rows : {{.*}} layout <channels16>
chip.tensor @rows : memref<2x240xf32, #dram> {role = #chip.role<temp>}
// CHECK: chip.tensor @w : {{.*}} layout <blocks8x8>
chip.tensor @w : memref<16x20x3x3xf32, #dram> {role = #chip.role<state>}
// CHECK: chip.tensor @bias : {{.*}} layout <row_major>
chip.tensor @bias : memref<20xf32, #dram> {role = #chip.role<state>}
// A layout that is there stays.
// CHECK: chip.tensor @kept : {{.*}} layout <row_major>
chip.tensor @kept : memref<2x20x3x4xf32, #dram> layout <row_major> {role = #chip.role<temp>}

func.func @step() {
  // The sum of two tensors and a bias, in one loop through images, one through channels and pixels.
  // CHECK: chip.nest "add" {{.*}} loops [#chip.loop<"d0.o" 2>, #chip.loop<"d0.i.o" 20>, #chip.loop<"d0.i.i" 12 cut_last>]
  chip.nest "add" "train.add" "fp" loops [#chip.loop<"d0" 480 cut_last>] {
    // CHECK: chip.buffer of @x strides [240, 12, 1] from (d0, d1, d2) -> (d0, d1, d2) size (d0, d1, d2) -> (d0, d1, d2) extents [2, 20, 12] load
    %x = chip.buffer of @x from (d0) -> (d0) size (d0) -> (d0) extents [480] load : memref<?xf32, #shared>
    // CHECK: chip.buffer of @y strides [240, 12, 1] {{.*}} extents [2, 20, 12] store : memref<?x?x?xf32, #chip.space<shared>>
    %y = chip.buffer of @y from (d0) -> (d0) size (d0) -> (d0) extents [480] store : memref<?xf32, #shared>
    chip.v.binary(%y, %x, %x) fn = add : memref<?xf32, #shared>, memref<?xf32, #shared>, memref<?xf32, #shared>
  }
  // What broadcasts has one element for each of the new dimensions.
  // CHECK: chip.nest "bias" {{.*}} loops [#chip.loop<"d0" 2>, #chip.loop<"d1.o" 20>, #chip.loop<"d1.i" 12 cut_last>]
  chip.nest "bias" "train.add" "fp" loops [#chip.loop<"d0" 2>, #chip.loop<"d1" 240 cut_last>] {
    %y = chip.buffer of @y from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [2, 240] load : memref<?x?xf32, #shared>
    // CHECK: chip.buffer of @bias strides [1, 1, 1] from (d0, d1, d2) -> (0, 0, 0) size (d0, d1, d2) -> (1, 1, 1) extents [1, 1, 1] load
    %b = chip.buffer of @bias strides [1, 1] from (d0, d1) -> (0, 0) size (d0, d1) -> (1, 1) extents [1, 1] load : memref<?x?xf32, #shared>
    %k = chip.buffer of @kept from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [2, 240] store : memref<?x?xf32, #shared>
    chip.v.binary(%k, %y, %b) fn = add : memref<?x?xf32, #shared>, memref<?x?xf32, #shared>, memref<?x?xf32, #shared>
  }
  chip.nest "reduce" "train.reduce_sum" "fp" loops [#chip.loop<"d0" 2>, #chip.loop<"d1" 240 reduction>] {
    %z = chip.buffer of @z from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [2, 240] load : memref<?x?xf32, #shared>
    %s = chip.buffer from (d0, d1) -> (d0, 0) size (d0, d1) -> (d0, 1) extents [2, 1] : memref<?x?xf32, #shared>
    chip.v.reduce(%s, %z) mode = zero axes = 2 fn = sum : memref<?x?xf32, #shared>, memref<?x?xf32, #shared>
  }
  // CHECK: chip.nest "concat" {{.*}} loops [#chip.loop<"outer" 2>, #chip.loop<"run.o" 20 exact>, #chip.loop<"run.i" 12 cut_last exact>]
  chip.nest "concat" "train.concat" "fp" loops [#chip.loop<"outer" 2>, #chip.loop<"run" 240 cut_last exact>] {
    %r = chip.buffer of @rows from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [2, 240] load : memref<?x?xf32, #shared>
    // CHECK: chip.buffer of @joined strides [480, 12, 1] from (d0, d1, d2) -> (d0, d1 + 20, d2) {{.*}} extents [2, 40, 12] store
    %j = chip.buffer of @joined from (d0, d1) -> (d0, d1 + 240) size (d0, d1) -> (d0, d1) extents [2, 480] store : memref<?x?xf32, #shared>
    chip.v.copy(%j, %r) fill = 0.0 : memref<?x?xf32, #shared>, memref<?x?xf32, #shared>
  }
  chip.nest "update" "train.sgd" "up" loops [#chip.loop<"d0" 16>, #chip.loop<"d1" 20>, #chip.loop<"d2" 3>, #chip.loop<"d3" 3 cut_last>] {
    %w = chip.buffer of @w from (d0, d1, d2, d3) -> (d0, d1, d2, d3) size (d0, d1, d2, d3) -> (d0, d1, d2, d3) extents [16, 20, 3, 3] load store : memref<?x?x?x?xf32, #shared>
    chip.v.relu(%w, %w) : memref<?x?x?x?xf32, #shared>, memref<?x?x?x?xf32, #shared>
  }
  return
}

// A nest that a tensor would have split, though another one, which is in blocks already, has no view in what comes of it.
!half = !num.float<5, 10, 15, reserved, gradual>
!mixed = !num.mixed<!num.float<5, 2, 15, reserved, gradual>, !half>
// CHECK: chip.tensor @slope : {{.*}} layout <blocks8x8>
chip.tensor @slope : memref<1x5x1x1xf32, #dram> {role = #chip.role<state>}
// CHECK: chip.tensor @packed : {{.*}} layout <row_major>
chip.tensor @packed : memref<1x5x6x29x!mixed, #dram> {role = #chip.role<temp>}
func.func @eval() {
  // CHECK: chip.nest "max" {{.*}} loops [#chip.loop<"d0" 5>, #chip.loop<"d1" 174 cut_last>]
  chip.nest "max" "train.max" "fp" loops [#chip.loop<"d0" 5>, #chip.loop<"d1" 174 cut_last>] {
    %p = chip.buffer of @packed from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [5, 174] load : memref<?x?x!mixed, #shared>
    %s = chip.buffer of @slope strides [1, 1] from (d0, d1) -> (d0, 0) size (d0, d1) -> (d0, 1) extents [5, 1] load : memref<?x?xf32, #shared>
    %y = chip.buffer from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [5, 174] : memref<?x?xf32, #shared>
    chip.v.binary(%y, %p, %s) fn = max : memref<?x?xf32, #shared>, memref<?x?x!mixed, #shared>, memref<?x?xf32, #shared>
  }
  return
}
