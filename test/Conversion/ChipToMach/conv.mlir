// From a task to instructions: descriptors and constants first, then the loop nest, then a fence.
// RUN: slp-opt %s --convert-chip-to-mach | FileCheck %s

// CHECK: slp.stage = "lower"
module attributes {slp.chip = "lnpu", slp.stage = "schedule"} {
  // CHECK-DAG: mach.tensor @x "input" fp8 [4, 24, 8, 8] at 0 size 6144
  chip.tensor @x : memref<4x24x8x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<dram>> {role = #chip.role<input>, address = 0 : i64}
  // CHECK-DAG: mach.tensor @w "state" fp16 [24, 2] at 6144 size 96 {init = dense<1.000000e+00> : tensor<24x2xf32>, init_rounding = #num.rounding<nearest_even>}
  chip.tensor @w : memref<24x2x!num.float<5, 10, 15, reserved, gradual>, #chip.space<dram>> {role = #chip.role<state>, address = 6144 : i64, init = dense<1.0> : tensor<24x2xf32>, init_rounding = #num.rounding<nearest_even>}
  // CHECK-DAG: mach.tensor @y "output" f32 [4, 24] at 6272 size 384
  chip.tensor @y : memref<4x24xf32, #chip.space<dram>> {role = #chip.role<output>, address = 6272 : i64}
  // CHECK-DAG: mach.tensor @labels "temp" i32 [4] at 6656 size 16
  chip.tensor @labels : memref<4xi32, #chip.space<dram>> {role = #chip.role<temp>, address = 6656 : i64}
  // CHECK-DAG: mach.tensor @index "temp" u8 [4] at 6720 size 4
  chip.tensor @index : memref<4xi8, #chip.space<dram>> {role = #chip.role<temp>, address = 6720 : i64}

  // Bytes, not elements; the buffer has its own strides, its view those of the tensor.
  // CHECK: mach.descriptor @tile0 space = spm, format = fp8, rank = 4, slots = 2, slotBytes = 80, base = 32, rounding = chip, bias = 0, stream = 0,
  // CHECK-SAME: extent = [4, 24, 8, 8, 1], tile = [1, 8, 3, 3, 1], stride = [72, 9, 3, 1, 0], origin = [0, 0, -1, 0, 0], coreStride = [0, 8, 0, 0, 0]
  // CHECK: mach.descriptor @tile1 space = dram, format = fp8, rank = 4, slots = 1, slotBytes = 0, base = 0, rounding = chip, bias = 0, stream = 0,
  // CHECK-SAME: extent = [4, 24, 8, 8, 1], tile = [1, 8, 3, 3, 1], stride = [1536, 64, 8, 1, 0], origin = [0, 0, -1, 0, 0], coreStride = [0, 8, 0, 0, 0]
  // A view with strides of its own.
  // CHECK: mach.descriptor @tile2 space = spm, format = fp16, rank = 2, slots = 1, slotBytes = 96, base = 192, rounding = chip, bias = 0, stream = 0, extent = [2, 24, 1, 1, 1], tile = [2, 24, 1, 1, 1], stride = [48, 2, 0, 0, 0]
  // CHECK: mach.descriptor @tile3 space = dram, format = fp16, rank = 2, {{.*}} base = 6144, {{.*}} stride = [2, 4, 0, 0, 0]
  // Equal descriptors are stored once: both tasks name tile0 and tile1.
  // CHECK-NOT: mach.descriptor @tile4

  // There is nothing to do before the first step.
  // CHECK-LABEL: mach.program @init
  // CHECK-NEXT: mach.halt
  // CHECK-LABEL: mach.program @step
  func.func @step() {
    // CHECK-NEXT: mach.mask md = m0, cores = 7 {slp.node = "conv1", slp.op = "train.conv", slp.phase = "fp"}
    // CHECK-NEXT: mach.desc dd = d0, src = @tile0, slot = r0
    // CHECK-NEXT: mach.desc dd = d1, src = @tile1, slot = r0
    // CHECK-NEXT: mach.desc dd = d2, src = @tile2, slot = r0
    // CHECK-NEXT: mach.geom gd = g0, kh = 3, kw = 2, sh = 1, sw = 4, pt = 1, pl = 5, dh = 1, dw = 6, countPad = 1, pb = 7, pr = 8
    // 0.5 in FP32; h0 to h9 are the host's.
    // CHECK-NEXT: mach.hyper hd = h10, bits = 1056964608
    // CHECK-NEXT: mach.hyper hd = h11, bits = 1065353216
    // CHECK-NEXT: mach.hyper hd = h12, bits = 1065353216
    // CHECK-NEXT: mach.desc dd = d3, src = @tile3, slot = r0
    chip.task "conv1" "train.conv" "fp" cores(3) {
      %c0 = arith.constant 0 : index
      %cm1 = arith.constant -1 : index
      %c1 = arith.constant 1 : index
      %c4 = arith.constant 4 : index
      %c2 = arith.constant 2 : index
      %c7 = arith.constant 7 : index
      %xv = chip.view @x : memref<4x24x8x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<dram>>
      %wv = chip.view @w : memref<2x24x!num.float<5, 10, 15, reserved, gradual>, strided<[1, 2]>, #chip.space<dram>>
      // The trip count is rounded up; the loop's register counts in its step.
      // CHECK-NEXT: mach.loop rd = r1, step = 1, trip = 4, end = "L0"
      scf.for %n = %c0 to %c4 step %c1 {
        // CHECK-NEXT: mach.loop rd = r2, step = 2, trip = 4, end = "L1"
        scf.for %i = %c0 to %c7 step %c2 {
          // A loaded buffer takes its next copy; the coordinates are its view's. A multiple needs a register.
          // CHECK-NEXT: mach.rot dd = d0
          // CHECK-NEXT: mach.org dd = d1, dim = 0, rs = r1, imm = 0
          // CHECK-NEXT: mach.madd rd = r63, ra = r2, mul = 3, rb = r0, imm = 0
          // CHECK-NEXT: mach.org dd = d1, dim = 3, rs = r63, imm = -5
          %at = affine.apply affine_map<(d0) -> (d0 * 3 - 5)>(%i)
          %x = chip.alloc [%n, %c0, %cm1, %at] extents [4, 24, 8, 8] core_stride [0, 8, 0, 0] slots 2 {offset = 32, slot_bytes = 80} : memref<1x8x3x3x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>
          // CHECK-NEXT: mach.wait engine = load, sem = s3, count = 2, mask = m0, bank = cores
          chip.wait <load> 3 by 2
          // CHECK-NEXT: mach.ld dst = d0, src = d1, mask = m0
          chip.load %xv to %x : memref<4x24x8x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<dram>>, memref<1x8x3x3x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>
          // CHECK-NEXT: mach.signal engine = vector, sem = s63, count = 255, mask = m0, bank = cores
          chip.signal <vector> 63 by 255
          // One copy does not rotate.
          %w = chip.alloc [%c0, %c0] extents [2, 24] core_stride [0, 0] slots 1 {offset = 192, slot_bytes = 96} : memref<2x24x!num.float<5, 10, 15, reserved, gradual>, #chip.space<spm>>
          // CHECK-NEXT: mach.v.avg.pool dst = d0, src = d0, geom = g0, mask = m0 {{.*}}slp.tensor = ["y"]
          chip.v.avg.pool(%x, %x) geom = [3, 2, 1, 4, 1, 5, 1, 6, 1, 7, 8] {captures = ["y"]} : memref<1x8x3x3x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>, memref<1x8x3x3x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>
          // CHECK-NEXT: mach.v.sgd w = d2, v = d2, dw = d2, factor = d0, mode = absent, lr = h0, momentum = h1, decay = h2, dampening = h3, unscale = h10, lrScale = h11, decayScale = h12, mask = m0
          chip.v.sgd(%w, %w, %w) mode = absent unscale = 0.5 lrScale = 1.0 decayScale = 1.0 : memref<2x24x!num.float<5, 10, 15, reserved, gradual>, #chip.space<spm>>, memref<2x24x!num.float<5, 10, 15, reserved, gradual>, #chip.space<spm>>, memref<2x24x!num.float<5, 10, 15, reserved, gradual>, #chip.space<spm>>
          // CHECK-NEXT: mach.st dst = d3, src = d2, mask = m0
          chip.store %w to %wv : memref<2x24x!num.float<5, 10, 15, reserved, gradual>, #chip.space<spm>>, memref<2x24x!num.float<5, 10, 15, reserved, gradual>, strided<[1, 2]>, #chip.space<dram>>
        }
        // CHECK-NEXT: mach.label "L1"
      }
      // CHECK-NEXT: mach.label "L0"
      // CHECK-NEXT: mach.fence
    }
    // The next task begins with fresh registers.
    // CHECK-NEXT: mach.mask md = m0, cores = 18446744073709551615 {slp.node = "other"
    // CHECK-NEXT: mach.desc dd = d0, src = @tile0, slot = r0
    // CHECK-NEXT: mach.desc dd = d1, src = @tile1, slot = r0
    chip.task "other" "train.conv" "bp" cores(64) {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c1 = arith.constant 1 : index
      %cm1 = arith.constant -1 : index
      %xv = chip.view @x : memref<4x24x8x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<dram>>
      // CHECK-NEXT: mach.loop rd = r1, {{.*}} end = "L2"
      scf.for %n = %c0 to %c4 step %c1 {
        // CHECK-NEXT: mach.rot dd = d0
        // CHECK-NEXT: mach.org dd = d0, dim = 3, rs = r1, imm = 0
        %x = chip.alloc [%c0, %c0, %cm1, %n] extents [4, 24, 8, 8] core_stride [0, 8, 0, 0] slots 2 {offset = 32, slot_bytes = 80} : memref<1x8x3x3x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>
        // CHECK-NEXT: mach.st dst = d1, src = d0, mask = m0
        chip.store %x to %xv : memref<1x8x3x3x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>, memref<4x24x8x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<dram>>
      }
      // CHECK-NEXT: mach.label "L2"
      // CHECK-NEXT: mach.fence
    }
    // CHECK-NEXT: mach.halt
    return
  }
}
