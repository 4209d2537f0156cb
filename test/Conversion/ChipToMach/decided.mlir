// What data decides: scalar loads with what was proved of them, loops of as many iterations, branches forward.
// RUN: slp-opt %s --convert-chip-to-mach | FileCheck %s

module attributes {slp.chip = "lnpu", slp.stage = "schedule"} {
  chip.tensor @n : memref<2x4xi32, #chip.space<dram>> {role = #chip.role<temp>, address = 0 : i64}
  chip.tensor @x : memref<8xf32, #chip.space<dram>> {role = #chip.role<temp>, address = 64 : i64}

  // The second row of the list: 4 elements of 4 bytes behind the first.
  // CHECK: mach.descriptor @tile0 space = dram, format = i32, rank = 1, {{.*}} base = 16, {{.*}}extent = [4, 1, 1, 1, 1], tile = [1, 1, 1, 1, 1]
  // CHECK-LABEL: mach.program @step
  func.func @step() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %v = chip.view @n : memref<4xi32, strided<[1], offset: 4>, #chip.space<dram>>
      %xv = chip.view @x : memref<8xf32, #chip.space<dram>>
      // CHECK: mach.lds rd = r1, src = d0, bound = 4 {
      %n = chip.count %v[%c0] most 3 : memref<4xi32, strided<[1], offset: 4>, #chip.space<dram>>
      // CHECK-NEXT: mach.loopr rd = r2, step = 1, rt = r1, end = "[[LOOP:L[0-9]+]]"
      scf.for %i = %c0 to %n step %c1 {
        // An affine function of what is read is a coordinate, too.
        // CHECK-NEXT: mach.madd rd = r63, ra = r2, mul = -1
        // CHECK-NEXT: mach.org dd = d1, dim = 0, rs = r63, imm = 3
        // CHECK-NEXT: mach.lds rd = r3, src = d1, bound = 8 {
        %back = affine.apply affine_map<(d0) -> (3 - d0)>(%i)
        %e = chip.element %v[%back] below 8 : memref<4xi32, strided<[1], offset: 4>, #chip.space<dram>>
        // CHECK-NEXT: mach.bz rs = r3, target = "[[ELSE:L[0-9]+]]"
        chip.if %e {
          // CHECK-NEXT: mach.org dd = d3, dim = 0, rs = r3, imm = 1
          %next = affine.apply affine_map<(d0) -> (d0 + 1)>(%e)
          %a = chip.alloc [%next] extents [8] core_stride [0] slots 1 {offset = 0, slot_bytes = 4} : memref<1xf32, #chip.space<spm>>
          // CHECK-NEXT: mach.ld dst = d2, src = d3
          chip.load %xv to %a : memref<8xf32, #chip.space<dram>>, memref<1xf32, #chip.space<spm>>
          // CHECK-NEXT: mach.bz rs = r0, target = "[[END:L[0-9]+]]"
          // CHECK-NEXT: mach.label "[[ELSE]]"
        } else {
          // CHECK-NEXT: mach.bz rs = r2, target = "[[ONLY:L[0-9]+]]"
          chip.if %i {
            // CHECK-NEXT: mach.org dd = d4
            %b = chip.alloc [%i] extents [8] core_stride [0] slots 1 {offset = 4, slot_bytes = 4} : memref<1xf32, #chip.space<spm>>
          }
          // CHECK-NEXT: mach.label "[[ONLY]]"
        }
        // CHECK-NEXT: mach.label "[[END]]"
      }
      // CHECK-NEXT: mach.label "[[LOOP]]"
    }
    return
  }
}
