// Work split over the cores in two dimensions, and buffers under a second name.
// RUN: slp-opt %s --convert-chip-to-mach | FileCheck %s

!x = memref<4x64xf32, #chip.space<dram>>
!s = memref<2x32xf32, #chip.space<shared>>
!t = memref<1x16xf32, #chip.space<spm>>
!l = memref<16xf32, #chip.space<spm>>
module attributes {slp.chip = "lnpu", slp.stage = "schedule"} {
  chip.tensor @x : memref<4x64xf32, #chip.space<dram>> {role = #chip.role<input>, address = 0 : i64}
  chip.tensor @y : memref<4x64xf32, #chip.space<dram>> {role = #chip.role<output>, address = 1024 : i64}

  // What a descriptor adds for each core counts from core 0.
  // CHECK-DAG: mach.descriptor @[[VIEW:tile[0-9]+]] space = dram, {{.*}} coreStride = [0, 16, 0, 0, 0]
  // CHECK-DAG: mach.descriptor @[[TILE:tile[0-9]+]] space = spm, {{.*}} rank = 2, slots = 2, {{.*}} coreStride = [0, 16, 0, 0, 0]
  // CHECK-DAG: mach.descriptor @[[LOCAL:tile[0-9]+]] space = spm, {{.*}} rank = 1, slots = 2, {{.*}} coreStride = [0, 0, 0, 0, 0]
  // CHECK-LABEL: mach.program @step
  func.func @step() {
    // Of all cores, of core 0, of each group.
    // CHECK-NEXT: mach.mask md = m0, cores = 15
    // CHECK-NEXT: mach.mask md = m1, cores = 1
    // CHECK-NEXT: mach.mask md = m2, cores = 3
    // CHECK-NEXT: mach.mask md = m3, cores = 12
    chip.task "x" "train.x" "fp" cores(4) groups(2) {
      %c0 = arith.constant 0 : index
      %c2 = arith.constant 2 : index
      %c4 = arith.constant 4 : index
      %xv = chip.view @x : !x
      %yv = chip.view @y : !x
      // CHECK: mach.loop rd = r1
      scf.for %i = %c0 to %c4 step %c2 {
        // CHECK-NEXT: mach.rot dd = [[A:d[0-9]+]]
        %a = chip.alloc [%i, %c0] extents [4, 64] core_stride [0, 16] group_stride [1, 0] slots 2 {offset = 0, slot_bytes = 64} : !t
        // CHECK-NEXT: mach.rot dd = [[L:d[0-9]+]]
        %l = chip.alloc [%c0] extents [16] core_stride [0] slots 2 of(%a : !t) {offset = 0, slot_bytes = 64} : !l
        // Group 1 is a row further, and its core 2 begins where core 0 does.
        // CHECK-NEXT: mach.org dd = [[V:d[0-9]+]], dim = 0, rs = r1, imm = 0
        // CHECK-NEXT: mach.org dd = [[V]], dim = 1, rs = r0, imm = 0
        // CHECK-NEXT: mach.ld dst = [[A]], src = [[V]], mask = m2
        // CHECK-NEXT: mach.org dd = [[V]], dim = 0, rs = r1, imm = 1
        // CHECK-NEXT: mach.org dd = [[V]], dim = 1, rs = r0, imm = -32
        // CHECK-NEXT: mach.ld dst = [[A]], src = [[V]], mask = m3
        chip.load %xv to %a : !x, !t
        // All cores at once: their coordinates are the same.
        // CHECK-NEXT: mach.v.relu dst = [[L]], src = [[L]], mask = m0
        chip.v.relu(%l, %l) : !l, !l
        // CHECK: mach.mv.store dst = [[S:d[0-9]+]], src = [[A]], mask = m2
        // CHECK: mach.mv.store dst = [[S]], src = [[A]], mask = m3
        %s = chip.alloc [%i, %c0] extents [4, 64] core_stride [0, 0] slots 1 {offset = 0, slot_bytes = 256} : !s
        chip.move %a to %s : !t, !s
        // What lies in the shared buffer alone is computed once.
        // CHECK-NEXT: mach.v.relu dst = [[S]], src = [[S]], mask = m1
        chip.v.relu(%s, %s) : !s, !s
        // CHECK-NEXT: mach.st.shared dst = {{d[0-9]+}}, src = [[S]] {
        chip.store %s to %yv : !s, !x
      }
    }
    return
  }
}
