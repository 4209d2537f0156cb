// A nest that does not hold all of its tensors keeps the whole shared buffer: nothing stays there while it works, no state at all.
// RUN: slp-opt %s --chip-choose-homes | FileCheck %s

!f8 = !num.float<5, 2, 15, reserved, flush>
#dram = #chip.space<dram>
#shared = #chip.space<shared>

module attributes {slp.chip = "lnpu"} {
  // CHECK-NOT: home <shared>
  chip.tensor @large : memref<64x4096x!f8, #dram> home <dram> layout <row_major> {role = #chip.role<output>}
  chip.tensor @across : memref<2048x!f8, #dram> home <dram> layout <row_major> {role = #chip.role<temp>}
  chip.tensor @w : memref<32xf32, #dram> home <dram> layout <row_major> {role = #chip.role<state>}
  // CHECK: chip.tensor @before : memref<2048x!num_e5m2, #chip.space<shared>> home <shared>
  chip.tensor @before : memref<2048x!f8, #dram> home <dram> layout <row_major> {role = #chip.role<temp>}
  chip.tensor @y : memref<2048x!f8, #dram> home <dram> layout <row_major> {role = #chip.role<output>}
  func.func @step() {
    chip.nest "first" "train.x" "fp" loops [#chip.loop<"d0" 2048 cut_last>] {
      %x = chip.buffer of @before strides [1] from (d0) -> (d0) size (d0) -> (d0) extents [2048] store : memref<?x!f8, #shared>
      chip.v.fill(%x) value = 1.0 : memref<?x!f8, #shared>
    }
    chip.nest "second" "train.relu" "fp" loops [#chip.loop<"d0" 2048 cut_last>] {
      %x = chip.buffer of @before strides [1] from (d0) -> (d0) size (d0) -> (d0) extents [2048] load : memref<?x!f8, #shared>
      %y = chip.buffer of @across strides [1] from (d0) -> (d0) size (d0) -> (d0) extents [2048] store : memref<?x!f8, #shared>
      chip.v.relu(%y, %x) : memref<?x!f8, #shared>, memref<?x!f8, #shared>
    }
    // CHECK: chip.nest "widen"
    // CHECK-NOT: room
    // CHECK: chip.nest "update"
    chip.nest "widen" "train.x" "fp" loops [#chip.loop<"d0" 64>, #chip.loop<"d1" 4096 cut_last>] {
      %y = chip.buffer of @large strides [4096, 1] from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [64, 4096] store : memref<?x?x!f8, #shared>
      chip.v.fill(%y) value = 1.0 : memref<?x?x!f8, #shared>
    }
    chip.nest "update" "train.x" "up" loops [#chip.loop<"d0" 32 cut_last>] {
      %w = chip.buffer of @w strides [1] from (d0) -> (d0) size (d0) -> (d0) extents [32] load store : memref<?xf32, #shared>
      chip.v.relu(%w, %w) : memref<?xf32, #shared>, memref<?xf32, #shared>
    }
    chip.nest "last" "train.relu" "fp" loops [#chip.loop<"d0" 2048 cut_last>] {
      %x = chip.buffer of @across strides [1] from (d0) -> (d0) size (d0) -> (d0) extents [2048] load : memref<?x!f8, #shared>
      %y = chip.buffer of @y strides [1] from (d0) -> (d0) size (d0) -> (d0) extents [2048] store : memref<?x!f8, #shared>
      chip.v.relu(%y, %x) : memref<?x!f8, #shared>, memref<?x!f8, #shared>
    }
    return
  }
}
