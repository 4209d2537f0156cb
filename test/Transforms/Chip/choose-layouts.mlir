// A home and a layout for every tensor, strides for every view; what has them keeps them.
// RUN: slp-opt %s --chip-choose-layouts | FileCheck %s

#dram = #chip.space<dram>
#shared = #chip.space<shared>
// CHECK: chip.tensor @x : memref<4x8xf32, #chip.space<dram>> home <dram> layout <row_major> {role = #chip.role<input>}
chip.tensor @x : memref<4x8xf32, #dram> {role = #chip.role<input>}
// CHECK: chip.tensor @y : memref<8x4xf32, #chip.space<dram>> home <dram> layout <row_major> {role = #chip.role<output>}
chip.tensor @y : memref<8x4xf32, #dram> home <dram> {role = #chip.role<output>}
func.func @step() {
  chip.nest "" "train.transpose" "fp" loops [#chip.loop<"d0" 8>, #chip.loop<"d1" 4 cut_last>] {
    // CHECK: chip.buffer of @x strides [1, 8] from
    %x = chip.buffer of @x strides [1, 8] from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [8, 4] load : memref<?x?xf32, #shared>
    // CHECK: chip.buffer of @y strides [4, 1] from
    %y = chip.buffer of @y from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [8, 4] store : memref<?x?xf32, #shared>
    // CHECK: chip.buffer from (d0, d1) -> (d0)
    %z = chip.buffer from (d0, d1) -> (d0) size (d0, d1) -> (d0) extents [8] : memref<?xf32, #shared>
    chip.v.copy(%y, %x) fill = 0.0 : memref<?x?xf32, #shared>, memref<?x?xf32, #shared>
  }
  return
}
