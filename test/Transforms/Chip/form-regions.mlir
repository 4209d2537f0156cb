// Tasks that follow each other make a region, but for fences that stay: before what reads the counter of saturations, and on
// both sides of what data decide.
// RUN: slp-opt %s --chip-form-regions | FileCheck %s

module {
  chip.tensor @count : memref<1xi32, #chip.space<dram>> {role = #chip.role<temp>}
  // CHECK-LABEL: func.func @step
  func.func @step() {
    // CHECK: chip.region {
    // CHECK-NEXT: chip.task "a"
    // CHECK: chip.task "b"
    // CHECK: }
    chip.task "a" "train.x" "fp" cores(1) {
    }
    chip.task "b" "train.x" "fp" cores(4) {
    }
    // CHECK: chip.region {
    // CHECK-NEXT: chip.task "saturated"
    // CHECK: chip.task "c"
    chip.task "saturated" "train.x" "up" cores(1) {
      %c0 = arith.constant 0 : index
      %n = chip.alloc [%c0] extents [1] core_stride [0] slots 1 : memref<1xf32, #chip.space<spm>>
      chip.v.saturations(%n) : memref<1xf32, #chip.space<spm>>
    }
    chip.task "c" "train.x" "fp" cores(1) {
    }
    // What stands alone has fences of its own.
    // CHECK: }
    // CHECK-NOT: chip.region
    // CHECK: chip.task "counted"
    chip.task "counted" "train.x" "bp" cores(1) {
      %c0 = arith.constant 0 : index
      %v = chip.view @count : memref<1xi32, #chip.space<dram>>
      %n = chip.count %v[%c0] most 4 : memref<1xi32, #chip.space<dram>>
    }
    // CHECK-NOT: chip.region
    // CHECK: chip.task "d"
    chip.task "d" "train.x" "fp" cores(1) {
    }
    return
  }
}
