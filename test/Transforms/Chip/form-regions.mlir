// Tasks that follow each other make a region, but for fences that stay: before what reads the counter of saturations, and on
// both sides of what data decide.
// RUN: slp-opt %s --chip-form-regions | FileCheck %s
// RUN: slp-opt %s --chip-form-regions --remarks-filter=regions -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

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
    // REMARK: train.x, up: a fence before it: it reads or clears the counter of saturations, as it is when it is issued
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
    // REMARK: train.x, bp: fences before and behind it: a number decides what it does
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
