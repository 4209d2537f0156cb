// RUN: slp-opt %s --split-input-file --verify-diagnostics

mach.program @p {
  // expected-error @below {{expected a register from d0 to d31}}
  mach.rot dd = d32
}

// -----

mach.program @p {
  // expected-error @below {{expected a register from d0 to d31}}
  mach.rot dd = r1
}

// -----

mach.program @p {
  // expected-error @below {{expected one of seq, load, store, mac, vector}}
  mach.wait engine = gpu, sem = s0, count = 1, mask = m0, bank = cores
}

// -----

mach.program @p {
  // expected-error @below {{attribute 'dd' failed to satisfy constraint: 64-bit signless integer attribute that numbers one of 32 registers}}
  "mach.rot"() <{dd = 32 : i64}> : () -> ()
}

// -----

mach.program @p {
  // expected-error @below {{attribute 'mode' failed to satisfy constraint: 64-bit signless integer attribute that numbers a value of AccMode}}
  "mach.matmul"() <{acc = 0, a = 0, b = 0, bias = 0, mask = 0, mode = 3}> : () -> ()
}

// -----

mach.program @p {
  // expected-error @below {{attribute 'count' failed to satisfy constraint: 64-bit signless integer attribute that fits in 8 bits}}
  mach.wait engine = mac, sem = s0, count = 256, mask = m0, bank = cores
}

// -----

mach.program @p {
  // expected-error @below {{attribute 'imm' failed to satisfy constraint: 64-bit signless integer attribute that fits in 32 bits with its sign}}
  mach.org dd = d0, dim = 0, rs = r0, imm = 2147483648
}

// -----

// expected-error @below {{expects parent op 'mach.program'}}
mach.halt

// -----

mach.program @p {
  // expected-error @below {{names 'y', which is no mach.descriptor}}
  mach.desc dd = d0, src = @y, slot = r0
}

// -----

mach.program @p {
  // expected-error @below {{field 'end' names the label "L", which the program does not have}}
  mach.loop rd = r1, step = 1, trip = 1, end = "L"
}

// -----

mach.program @p {
  // expected-note @below {{the label is here}}
  mach.label "L"
  // expected-error @below {{field 'target' must name a label that lies ahead}}
  mach.bz rs = r1, target = "L"
}

// -----

mach.program @p {
  // expected-error @below {{attribute 'target' failed to satisfy constraint: string attribute that names a label}}
  mach.bz rs = r1, target = ""
}

// -----

mach.program @p {
  // expected-note @below {{first definition is here}}
  mach.label "L"
  // expected-error @below {{"L" is defined twice}}
  mach.label "L"
}

// -----

mach.program @p {
  // expected-error @below {{is neither an instruction nor a label, which is all that a mach.program holds}}
  %0 = builtin.unrealized_conversion_cast to i32
}

// -----

mach.program @p {
  // expected-error @below {{attribute 'slp.node' must be a string}}
  mach.halt {slp.node = 1}
}

// -----

mach.program @p {
  // expected-error @below {{attribute 'slp.phase' must be "fp", "bp", "wg" or "up"}}
  mach.halt {slp.phase = "forward"}
}

// -----

mach.program @p {
  // expected-error @below {{attribute 'slp.tensor' must be a string or an array of strings}}
  mach.halt {slp.tensor = [1]}
}

// -----

// expected-error @below {{arrays must have 5 numbers, found 2}}
mach.descriptor @x space = spm, format = fp8, rank = 1, slots = 1, slotBytes = 0, base = 0, rounding = chip, bias = 0, stream = 0, extent = [8, 1],
  tile = [8, 1, 1, 1, 1], stride = [1, 0, 0, 0, 0], origin = [0, 0, 0, 0, 0], coreStride = [0, 0, 0, 0, 0]

// -----

// expected-error @below {{TensorTile.dim0: field 'origin0' is -8388609, expected -8388608 to 8388607}}
mach.descriptor @x space = spm, format = fp8, rank = 1, slots = 1, slotBytes = 0, base = 0, rounding = chip, bias = 0, stream = 0, extent = [8, 1, 1, 1, 1],
  tile = [8, 1, 1, 1, 1], stride = [1, 0, 0, 0, 0], origin = [-8388609, 0, 0, 0, 0], coreStride = [0, 0, 0, 0, 0]

// -----

// expected-error @below {{rank must be at most 5, found 6}}
mach.descriptor @x space = spm, format = fp8, rank = 6, slots = 1, slotBytes = 0, base = 0, rounding = chip, bias = 0, stream = 0, extent = [8, 1, 1, 1, 1],
  tile = [8, 1, 1, 1, 1], stride = [1, 0, 0, 0, 0], origin = [0, 0, 0, 0, 0], coreStride = [0, 0, 0, 0, 0]

// -----

// expected-error @below {{slots must be at least 1}}
mach.descriptor @x space = spm, format = fp8, rank = 1, slots = 0, slotBytes = 0, base = 0, rounding = chip, bias = 0, stream = 0, extent = [8, 1, 1, 1, 1],
  tile = [8, 1, 1, 1, 1], stride = [1, 0, 0, 0, 0], origin = [0, 0, 0, 0, 0], coreStride = [0, 0, 0, 0, 0]

// -----

// expected-error @below {{dimension 1 is beyond the rank 1: extent and tile must be 1, origin and coreStride 0}}
mach.descriptor @x space = spm, format = fp8, rank = 1, slots = 1, slotBytes = 0, base = 0, rounding = chip, bias = 0, stream = 0, extent = [8, 2, 1, 1, 1],
  tile = [8, 1, 1, 1, 1], stride = [1, 0, 0, 0, 0], origin = [0, 0, 0, 0, 0], coreStride = [0, 0, 0, 0, 0]

// -----

// expected-error @below {{that is input, output, state, temp, constant or copy}}
mach.tensor @t "scratch" f32 [1] at 0 size 4

// -----

// expected-error @below {{address and bytes must lie within 48 bits}}
mach.tensor @t "temp" f32 [1] at 281474976710656 size 4

// -----

// expected-error @below {{extents of the shape must be at least 1}}
mach.tensor @t "temp" f32 [0] at 0 size 4

// -----

// expected-error @below {{has 2 strides for 1 dimensions}}
mach.tensor @t "temp" f32 [1] at 0 size 4 strides [4, 4]

// -----

// expected-error @below {{with an initial value must be state or constant, not temp}}
mach.tensor @t "temp" f32 [1] at 0 size 4 {init = 0}

// -----

mach.program @p {
  // expected-error @below {{must not hold the sequencer, which has no queue to wait in}}
  mach.wait engine = seq, sem = s0, count = 1, mask = m0, bank = cores
}

// -----

mach.program @p {
  // expected-error @below {{bank shared is for vector, shared_load and shared_store alone}}
  mach.wait engine = load, sem = s0, count = 1, mask = m0, bank = shared
}

// -----

mach.program @p {
  // expected-error @below {{bank shared is for vector, shared_load and shared_store alone}}
  mach.signal engine = seq, sem = s0, count = 1, mask = m0, bank = shared
}

// -----

mach.program @p {
  // expected-error @below {{dim must be at most 4, found 5}}
  mach.org dd = d0, dim = 5, rs = r0, imm = 0
}

// -----

mach.program @p {
  // expected-error @below {{kernel, strides and dilations must be at least 1}}
  mach.geom gd = g0, kh = 3, kw = 3, sh = 0, sw = 1, pt = 0, pl = 0, dh = 1, dw = 1, countPad = 0, pb = 0, pr = 0
}

// -----

mach.program @p {
  // expected-error @below {{bits must be a finite FP32 number}}
  mach.hyper hd = h0, bits = 0x7f800000
}

// -----

mach.program @p {
  // expected-error @below {{mode must be zero or continue, there is no bias tile}}
  mach.conv.bp acc = d0, dy = d1, w = d2, geom = g0, mask = m0, mode = bias
}

// -----

mach.program @p {
  // expected-note @below {{the loop is here}}
  mach.loop rd = r1, step = 1, trip = 2, end = "inner"
  // expected-error @below {{field 'end' must name a label within the loop around it}}
  mach.loop rd = r2, step = 1, trip = 2, end = "outer"
  mach.label "inner"
  mach.label "outer"
}

// -----

mach.program @p {
  // expected-note @below {{the loop is here}}
  mach.loopr rd = r1, step = 1, rt = r2, end = "body"
  // expected-error @below {{field 'target' must name a label within the loop around it}}
  mach.bz rs = r2, target = "after"
  mach.label "body"
  mach.halt
  mach.label "after"
}

// -----

// expected-error @below {{layout channels16 has blocks 8 bytes apart, expected at least 16}}
mach.descriptor @x space = dram, format = fp8, rank = 2, slots = 1, slotBytes = 0, base = 0, rounding = chip, bias = 0, stream = 0 layout = channels16 channel = 1,
  extent = [1, 32, 1, 1, 1], tile = [1, 32, 1, 1, 1], stride = [16, 8, 0, 0, 0], origin = [0, 0, 0, 0, 0], coreStride = [0, 0, 0, 0, 0]

// -----

// expected-error @below {{expected no strides with a layout, which has its own}}
mach.tensor @x "temp" fp8 [2, 32] at 0 size 64 strides [32, 16] layout = channels16

// -----

// expected-error @below {{layout channels16 needs at least 2 dimensions, found 1}}
mach.tensor @x "temp" fp8 [32] at 0 size 64 layout = channels16
