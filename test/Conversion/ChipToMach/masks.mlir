// Masks of convolutions are operands as others: scheduled, proved, and lowered to their fields.
// RUN: slp-opt %s --chip-insert-semaphores --chip-verify-schedule --convert-chip-to-mach | FileCheck %s

!f = !num.float<5, 2, 15, none, gradual>
!h = !num.float<5, 10, 15, none, gradual>

module attributes {slp.chip = "asu-fp8", slp.stage = "tile"} {
  chip.tensor @x : memref<1x1x8x4x4x!f, #chip.space<dram>> {role = #chip.role<input>, address = 0 : i64}
  chip.tensor @w : memref<1x8x8x1x1x!f, #chip.space<dram>> {role = #chip.role<state>, address = 128 : i64}
  chip.tensor @gate : memref<1x1x1x4x4x!f, #chip.space<dram>> {role = #chip.role<input>, address = 192 : i64}
  chip.tensor @group : memref<1x1x1x1x1x!f, #chip.space<dram>> {role = #chip.role<input>, address = 256 : i64}
  chip.tensor @y : memref<1x1x8x4x4x!h, #chip.space<dram>> {role = #chip.role<output>, address = 320 : i64}

  // CHECK-LABEL: mach.program @step
  func.func @step() {
    chip.task "conv1" "train.conv" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %xv = chip.view @x : memref<1x1x8x4x4x!f, #chip.space<dram>>
      %wv = chip.view @w : memref<1x8x8x1x1x!f, #chip.space<dram>>
      %gv = chip.view @gate : memref<1x1x1x4x4x!f, #chip.space<dram>>
      %mv = chip.view @group : memref<1x1x1x1x1x!f, #chip.space<dram>>
      %yv = chip.view @y : memref<1x1x8x4x4x!h, #chip.space<dram>>
      %x = chip.alloc [%c0, %c0, %c0, %c0, %c0] extents [1, 1, 8, 4, 4] core_stride [0, 0, 0, 0, 0] slots 1 {offset = 0, slot_bytes = 128} : memref<1x1x8x4x4x!f, #chip.space<spm>>
      %w = chip.alloc [%c0, %c0, %c0, %c0, %c0] extents [1, 8, 8, 1, 1] core_stride [0, 0, 0, 0, 0] slots 1 {offset = 128, slot_bytes = 64} : memref<1x8x8x1x1x!f, #chip.space<spm>>
      %gate = chip.alloc [%c0, %c0, %c0, %c0, %c0] extents [1, 1, 1, 4, 4] core_stride [0, 0, 0, 0, 0] slots 1 {offset = 192, slot_bytes = 16} : memref<1x1x1x4x4x!f, #chip.space<spm>>
      %group = chip.alloc [%c0, %c0, %c0, %c0, %c0] extents [1, 1, 1, 1, 1] core_stride [0, 0, 0, 0, 0] slots 1 {offset = 208, slot_bytes = 16} : memref<1x1x1x1x1x!f, #chip.space<spm>>
      %acc = chip.alloc [%c0, %c0, %c0, %c0, %c0] extents [1, 1, 8, 4, 4] core_stride [0, 0, 0, 0, 0] slots 1 {offset = 0, slot_bytes = 256} : memref<1x1x8x4x4x!h, #chip.space<acc>>
      %base = chip.alloc [%c0, %c0, %c0, %c0, %c0] extents [1, 1, 8, 4, 4] core_stride [0, 0, 0, 0, 0] slots 1 {offset = 256, slot_bytes = 256} : memref<1x1x8x4x4x!h, #chip.space<spm>>
      %next = chip.alloc [%c0, %c0, %c0, %c0, %c0] extents [1, 1, 8, 4, 4] core_stride [0, 0, 0, 0, 0] slots 1 {offset = 256, slot_bytes = 256} : memref<1x1x8x4x4x!h, #chip.space<acc>>
      %y = chip.alloc [%c0, %c0, %c0, %c0, %c0] extents [1, 1, 8, 4, 4] core_stride [0, 0, 0, 0, 0] slots 1 {offset = 512, slot_bytes = 256} : memref<1x1x8x4x4x!h, #chip.space<spm>>
      // CHECK: mach.ld dst = d[[X:[0-9]+]]
      chip.load %xv to %x : memref<1x1x8x4x4x!f, #chip.space<dram>>, memref<1x1x8x4x4x!f, #chip.space<spm>>
      // CHECK: mach.ld dst = d[[W:[0-9]+]]
      chip.load %wv to %w : memref<1x8x8x1x1x!f, #chip.space<dram>>, memref<1x8x8x1x1x!f, #chip.space<spm>>
      // CHECK: mach.ld dst = d[[GATE:[0-9]+]]
      chip.load %gv to %gate : memref<1x1x1x4x4x!f, #chip.space<dram>>, memref<1x1x1x4x4x!f, #chip.space<spm>>
      // CHECK: mach.ld dst = d[[GROUP:[0-9]+]]
      chip.load %mv to %group : memref<1x1x1x1x1x!f, #chip.space<dram>>, memref<1x1x1x1x1x!f, #chip.space<spm>>
      // The mask is waited for as the factors are.
      // CHECK: mach.signal engine = load
      // CHECK: mach.wait engine = mac
      // CHECK: mach.conv.fp acc = d[[ACC:[0-9]+]], x = d[[X]], w = d[[W]], bias = d0, geom = g0, mask = m0, mode = zero gated = present gate = d[[GATE]] {
      chip.conv.fp(%acc, %x, %w, %gate) geom = [1, 1, 1, 1, 0, 0, 1, 1, 0] mode = zero gated = present : memref<1x1x8x4x4x!h, #chip.space<acc>>, memref<1x1x8x4x4x!f, #chip.space<spm>>, memref<1x8x8x1x1x!f, #chip.space<spm>>, memref<1x1x1x4x4x!f, #chip.space<spm>>
      // CHECK: mach.conv.fp acc = d[[ACC]], x = d[[X]], w = d[[W]], bias = d0, geom = g1, mask = m0, mode = continue gated = present grouped = present gate = d[[GATE]] group = d[[GROUP]] {
      chip.conv.fp(%acc, %x, %w, %gate, %group) geom = [1, 1, 1, 1, 0, 0, 1, 1, 0] mode = continue gated = present grouped = present : memref<1x1x8x4x4x!h, #chip.space<acc>>, memref<1x1x8x4x4x!f, #chip.space<spm>>, memref<1x8x8x1x1x!f, #chip.space<spm>>, memref<1x1x1x4x4x!f, #chip.space<spm>>, memref<1x1x1x1x1x!f, #chip.space<spm>>
      chip.v.round(%base, %acc) : memref<1x1x8x4x4x!h, #chip.space<spm>>, memref<1x1x8x4x4x!h, #chip.space<acc>>
      // CHECK: mach.v.round dst = d[[BASE:[0-9]+]], src = d[[ACC]]
      // What starts the next sum, of each output.
      // CHECK: mach.conv.fp acc = d{{[0-9]+}}, x = d[[X]], w = d[[W]], bias = d[[BASE]], geom = g2, mask = m0, mode = bias grouped = present group = d[[GROUP]] {
      chip.conv.fp(%next, %x, %w, %base, %group) geom = [1, 1, 1, 1, 0, 0, 1, 1, 0] mode = bias grouped = present : memref<1x1x8x4x4x!h, #chip.space<acc>>, memref<1x1x8x4x4x!f, #chip.space<spm>>, memref<1x8x8x1x1x!f, #chip.space<spm>>, memref<1x1x8x4x4x!h, #chip.space<spm>>, memref<1x1x1x1x1x!f, #chip.space<spm>>
      chip.v.round(%y, %next) : memref<1x1x8x4x4x!h, #chip.space<spm>>, memref<1x1x8x4x4x!h, #chip.space<acc>>
      chip.store %y to %yv : memref<1x1x8x4x4x!h, #chip.space<spm>>, memref<1x1x8x4x4x!h, #chip.space<dram>>
    }
    return
  }
}
