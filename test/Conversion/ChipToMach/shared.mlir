// Transfers of the shared buffer: two engines of its own, one tile for all cores, and moves between it and the scratchpads.
// RUN: slp-opt %s --convert-chip-to-mach | FileCheck %s

module attributes {slp.chip = "lnpu", slp.stage = "schedule"} {
  chip.tensor @x : memref<64xf32, #chip.space<dram>> {role = #chip.role<input>, address = 0 : i64}
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>, address = 256 : i64}

  // The coordinates of what is loaded are its view's; what is moved keeps its own.
  // CHECK: mach.descriptor @tile0 space = shared, {{.*}} slots = 2, slotBytes = 64, {{.*}} extent = [64, 1, 1, 1, 1], tile = [16, 1, 1, 1, 1], {{.*}} coreStride = [0, 0, 0, 0, 0]
  // CHECK: mach.descriptor @tile1 space = dram, {{.*}} tile = [16, 1, 1, 1, 1], {{.*}} coreStride = [0, 0, 0, 0, 0]
  // CHECK: mach.descriptor @tile2 space = spm, {{.*}} extent = [64, 1, 1, 1, 1], tile = [8, 1, 1, 1, 1], {{.*}} coreStride = [8, 0, 0, 0, 0]
  // CHECK-LABEL: mach.program @step
  func.func @step() {
    // One mask, though what lies in the shared buffer is moved once.
    // CHECK-NEXT: mach.mask md = m0, cores = 3
    // CHECK-NEXT: mach.desc dd = d0, src = @tile0
    // CHECK-NEXT: mach.desc dd = d1, src = @tile1
    // CHECK-NEXT: mach.desc dd = d2, src = @tile2
    // CHECK-NEXT: mach.desc dd = d3, src = @tile3
    chip.task "x" "train.x" "fp" cores(2) {
      %c0 = arith.constant 0 : index
      %c16 = arith.constant 16 : index
      %c64 = arith.constant 64 : index
      %xv = chip.view @x : memref<64xf32, #chip.space<dram>>
      %yv = chip.view @y : memref<64xf32, #chip.space<dram>>
      // CHECK-NEXT: mach.loop
      scf.for %i = %c0 to %c64 step %c16 {
        // CHECK-NEXT: mach.rot dd = d0
        // CHECK-NEXT: mach.org dd = d1, dim = 0, rs = r1, imm = 0
        %s = chip.alloc [%i] extents [64] core_stride [0] slots 2 {offset = 0, slot_bytes = 64} : memref<16xf32, #chip.space<shared>>
        // CHECK-NEXT: mach.wait engine = shared_load, sem = s1, count = 1, mask = m0, bank = shared
        chip.wait <shared_load> 1 by 1 bank <shared>
        // CHECK-NEXT: mach.ld.shared dst = d0, src = d1 {
        chip.load %xv to %s : memref<64xf32, #chip.space<dram>>, memref<16xf32, #chip.space<shared>>
        // CHECK-NEXT: mach.signal engine = shared_load, sem = s0, count = 1, mask = m0, bank = cores
        chip.signal <shared_load> 0 by 1
        // CHECK-NEXT: mach.org dd = d2, dim = 0, rs = r1, imm = 0
        %a = chip.alloc [%i] extents [64] core_stride [8] slots 1 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<spm>>
        // CHECK-NEXT: mach.mv.load dst = d2, src = d0, mask = m0
        chip.move %s to %a : memref<16xf32, #chip.space<shared>>, memref<8xf32, #chip.space<spm>>
        // CHECK-NEXT: mach.mv.store dst = d0, src = d2, mask = m0
        chip.move %a to %s : memref<8xf32, #chip.space<spm>>, memref<16xf32, #chip.space<shared>>
        // CHECK-NEXT: mach.st.shared dst = d3, src = d0 {
        chip.store %s to %yv : memref<16xf32, #chip.space<shared>>, memref<64xf32, #chip.space<dram>>
      }
      // CHECK-NEXT: mach.label
      // CHECK-NEXT: mach.fence
    }
    return
  }
}
