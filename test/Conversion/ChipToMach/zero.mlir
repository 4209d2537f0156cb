// A sum that starts at +0 by an instruction of its own.
// RUN: slp-opt %s --convert-chip-to-mach | FileCheck %s

module attributes {slp.chip = "lnpu", slp.stage = "schedule"} {
  // CHECK-LABEL: mach.program @step
  func.func @step() {
    // CHECK-NEXT: mach.mask md = m0, cores = 3
    // CHECK-NEXT: mach.desc dd = d0
    // CHECK-NEXT: mach.zero acc = d0, mask = m0 {{.*}}slp.tensor = ["y"]
    chip.task "x" "train.x" "fp" cores(2) {
      %c0 = arith.constant 0 : index
      %acc = chip.alloc [%c0, %c0] extents [8, 8] core_stride [4, 0] slots 1 {offset = 0, slot_bytes = 2048} : memref<4x8xf32, #chip.space<acc>>
      chip.zero(%acc) {captures = ["y"]} : memref<4x8xf32, #chip.space<acc>>
    }
    return
  }
}
