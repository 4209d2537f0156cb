// A tensor of the graph may have the name that a state on the chip would get.
// RUN: slp-opt %s --chip-choose-homes | FileCheck %s

// CHECK: chip.tensor @w.chip_ : {{.*}} home <shared> {{.*}}copy_of = @w,
// CHECK: chip.tensor @w.chip : {{.*}} home <dram>
// CHECK: chip.buffer of @w.chip_ {{.*}}load store on_chip
module attributes {slp.chip = "lnpu"} {
  chip.tensor @w : memref<32xf32, #chip.space<dram>> home <dram> layout <row_major> {role = #chip.role<state>}
  chip.tensor @w.chip : memref<32xf32, #chip.space<dram>> home <dram> layout <row_major> {role = #chip.role<output>}
  func.func @step() {
    chip.nest "update" "train.x" "up" loops [#chip.loop<"d0" 32 cut_last>] {
      %w = chip.buffer of @w strides [1] from (d0) -> (d0) size (d0) -> (d0) extents [32] load store : memref<?xf32, #chip.space<shared>>
      chip.v.relu(%w, %w) : memref<?xf32, #chip.space<shared>>, memref<?xf32, #chip.space<shared>>
    }
    return
  }
}
