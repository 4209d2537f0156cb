// What computes known values anew says so to the machine.
// RUN: slp-opt %s --convert-chip-to-mach | FileCheck %s

module attributes {slp.chip = "lnpu", slp.stage = "schedule"} {
  // CHECK-LABEL: mach.program @step
  func.func @step() {
    // CHECK: mach.v.relu dst = d0, src = d0, mask = m0 {{.*}}slp.tensor = ["y"]
    // CHECK: mach.v.relu dst = d0, src = d0, mask = m0 again {{.*}}slp.tensor = ["y"]
    chip.task "x" "train.x" "fp" cores(2) {
      %c0 = arith.constant 0 : index
      %a = chip.alloc [%c0] extents [8] core_stride [4] slots 1 {offset = 0, slot_bytes = 32} : memref<4xf32, #chip.space<spm>>
      chip.v.relu(%a, %a) {captures = ["y"]} : memref<4xf32, #chip.space<spm>>, memref<4xf32, #chip.space<spm>>
      chip.v.relu(%a, %a) again {captures = ["y"]} : memref<4xf32, #chip.space<spm>>, memref<4xf32, #chip.space<spm>>
    }
    return
  }
}
