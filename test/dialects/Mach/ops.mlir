// RUN: slp-opt %s | slp-opt | FileCheck %s
// RUN: slp-opt %s --mlir-print-op-generic | slp-opt | FileCheck %s
// RUN: slp-opt %s --emit-bytecode | slp-opt | FileCheck %s

// CHECK: mach.tensor @"conv1/weight" "state" fp16 [8, 4, 3, 3] at 4096 size 576 {init = 0 : i64}
mach.tensor @"conv1/weight" "state" fp16 [8, 4, 3, 3] at 4096 size 576 {init = 0 : i64}
// CHECK: mach.tensor @y "temp" fp8 [8, 8] at 0 size 128 strides [16, 1]
mach.tensor @y "temp" fp8 [8, 8] at 0 size 128 strides [16, 1]

// CHECK: mach.descriptor @x space = spm, format = fp8, rank = 1, slots = 2, slotBytes = 64, base = 281474976710655, rounding = chip, bias = 0, stream = 0,
// CHECK-SAME: extent = [8, 1, 1, 1, 1], tile = [8, 1, 1, 1, 1], stride = [1, 0, 0, 0, 0],
// CHECK-SAME: origin = [-4, 0, 0, 0, 0], coreStride = [-8, 0, 0, 0, 0]
mach.descriptor @x space = spm, format = fp8, rank = 1, slots = 2, slotBytes = 64, base = 281474976710655, rounding = chip, bias = 0, stream = 0,
  extent = [8, 1, 1, 1, 1], tile = [8, 1, 1, 1, 1], stride = [1, 0, 0, 0, 0], origin = [-4, 0, 0, 0, 0],
  coreStride = [-8, 0, 0, 0, 0]

// CHECK-LABEL: mach.program @step {
mach.program @step {
  // CHECK: mach.mask md = m1, cores = 18446744073709551615
  mach.mask md = m1, cores = 18446744073709551615
  // CHECK: mach.li rd = r63, imm = -9223372036854775808
  mach.li rd = r63, imm = -9223372036854775808
  // CHECK: mach.desc dd = d31, src = @x, slot = r0
  mach.desc dd = d31, src = @x, slot = r0
  // CHECK: mach.loop rd = r1, step = -1, trip = 4294967295, end = "done"
  mach.loop rd = r1, step = -1, trip = 4294967295, end = "done"
  // CHECK: mach.wait engine = mac, sem = s63, count = 255, mask = m7, bank = cores
  mach.wait engine = mac, sem = s63, count = 255, mask = m7, bank = cores
  // CHECK: mach.signal engine = shared_store, sem = s1, count = 2, mask = m0, bank = shared
  mach.signal engine = shared_store, sem = s1, count = 2, mask = m0, bank = shared
  // CHECK: mach.mv.load dst = d1, src = d2, mask = m3
  mach.mv.load dst = d1, src = d2, mask = m3
  // CHECK: mach.conv.fp acc = d3, x = d1, w = d2, bias = d0, geom = g0, mask = m0, mode = continue
  // CHECK-SAME: {slp.node = "conv1", slp.phase = "fp", slp.tensor = "conv1/y"}
  mach.conv.fp acc = d3, x = d1, w = d2, bias = d0, geom = g0, mask = m0, mode = continue
    {slp.node = "conv1", slp.phase = "fp", slp.tensor = "conv1/y"}
  // Fields that are 0 are left out, each by itself.
  // CHECK: mach.matmul acc = d3, a = d1, b = d2, bias = d0, mask = m0, mode = zero skip = a
  mach.matmul acc = d3, a = d1, b = d2, bias = d0, mask = m0, mode = zero skip = a
  // CHECK: mach.matmul acc = d3, a = d1, b = d2, bias = d0, mask = m0, mode = zero first = r5 skip = a
  mach.matmul acc = d3, a = d1, b = d2, bias = d0, mask = m0, mode = zero first = r5 skip = a
  // CHECK: mach.conv.bp acc = d3, dy = d1, w = d2, geom = g0, mask = m0, mode = zero gated = present gate = d4
  mach.conv.bp acc = d3, dy = d1, w = d2, geom = g0, mask = m0, mode = zero gated = present gate = d4
  // CHECK: mach.conv.wg acc = d3, x = d1, dy = d2, geom = g0, mask = m0, mode = zero gated = present grouped = present gate = d4 group = d31
  mach.conv.wg acc = d3, x = d1, dy = d2, geom = g0, mask = m0, mode = zero gated = present grouped = present gate = d4 group = d31
  // CHECK: mach.v.max.pool dst = d0, index = d1, src = d2, geom = g7, mask = m0 {slp.tensor = ["p", "p/index"]}
  mach.v.max.pool dst = d0, index = d1, src = d2, geom = g7, mask = m0 {slp.tensor = ["p", "p/index"]}
  // CHECK: mach.v.relu dst = d0, src = d1, mask = m0 again {slp.tensor = "r"}
  mach.v.relu dst = d0, src = d1, mask = m0 again {slp.tensor = "r"}
  // CHECK: mach.v.sgd w = d0, v = d1, dw = d2, factor = d3, mode = present, lr = h0, momentum = h1, decay = h2, dampening = h3, unscale = h15, lrScale = h14, decayScale = h13, mask = m0
  mach.v.sgd w = d0, v = d1, dw = d2, factor = d3, mode = present, lr = h0, momentum = h1, decay = h2, dampening = h3, unscale = h15, lrScale = h14, decayScale = h13, mask = m0
  // CHECK: mach.label "done"
  mach.label "done"
  // CHECK: mach.halt
  mach.halt
}

// Loops nest, follow each other, and may end at the same place; a branch may leave for its loop's end.
// CHECK-LABEL: mach.program @loops {
mach.program @loops {
  mach.loop rd = r1, step = 1, trip = 2, end = "a"
  mach.loop rd = r2, step = 1, trip = 2, end = "b"
  mach.bz rs = r3, target = "b"
  mach.rot dd = d0
  mach.label "b"
  mach.loopr rd = r2, step = 1, rt = r4, end = "a"
  mach.rot dd = d0
  mach.label "a"
  mach.loop rd = r1, step = 1, trip = 2, end = "c"
  mach.rot dd = d0
  // CHECK: mach.label "c"
  mach.label "c"
  mach.halt
}
