// Formats of the chip, shared exponent biases, and roundings of what is stored.
// RUN: slp-opt %s --convert-chip-to-mach --split-input-file --verify-diagnostics | FileCheck %s

module attributes {slp.stage = "schedule", num.formats = {
    fp8 = !num.float<4, 3, 11, none, gradual>, fp16 = !num.float<5, 10, 15, reserved, gradual>,
    alpha = !num.float<8, 7, 127, reserved, gradual>, beta = !num.float<5, 2, 15, none, gradual>,
    gamma = !num.float<5, 2, 15, none, flush, flush_below = 0.125>, zeta = !num.float<6, 9, 31, none, gradual>}} {
  // Names count within the formats of one byte and of two.
  // CHECK-DAG: mach.tensor @forward "temp" fp8 [8] at 0 size 8{{$}}
  chip.tensor @forward : memref<8x!num.float<4, 3, 11, none, gradual>, #chip.space<dram>> {role = #chip.role<temp>, address = 0 : i64}
  // CHECK-DAG: mach.tensor @backward "temp" x0 [8] at 64 size 8{{$}}
  chip.tensor @backward : memref<8x!num.float<5, 2, 15, none, gradual>, #chip.space<dram>> {role = #chip.role<temp>, address = 64 : i64}
  // CHECK-DAG: mach.tensor @wide "temp" x4 [8] at 128 size 16{{$}}
  chip.tensor @wide : memref<8x!num.float<8, 7, 127, reserved, gradual>, #chip.space<dram>> {role = #chip.role<temp>, address = 128 : i64}
  // CHECK-DAG: mach.tensor @master "temp" x5 [8] at 192 size 16 bias 4{{$}}
  chip.tensor @master : memref<8x!num.float<6, 9, 35, none, gradual>, #chip.space<dram>> {role = #chip.role<temp>, address = 192 : i64}
  // The threshold moves with the bias; -3 makes values eight times as large.
  // CHECK-DAG: mach.tensor @flushed "temp" x1 [8] at 256 size 8 bias -3{{$}}
  chip.tensor @flushed : memref<8x!num.float<5, 2, 12, none, flush, flush_below = 1.0>, #chip.space<dram>> {role = #chip.role<temp>, address = 256 : i64}

  // CHECK: mach.descriptor @tile0 space = shared, format = x0, {{.*}} rounding = stochastic, bias = 6, stream = 4097,
  // CHECK: mach.descriptor @tile1 space = shared, format = x5, {{.*}} rounding = toward_zero, bias = 0, stream = 0,
  // CHECK: mach.descriptor @tile2 space = shared, format = f32, {{.*}} rounding = chip, bias = 0, stream = 0,
  func.func @step() {
    chip.task "round" "train.round" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %y = chip.alloc [%c0] extents [8] core_stride [0] slots 1 {offset = 0 : i64, slot_bytes = 16 : i64, rounding = #num.rounding<stochastic>, stream = 4097 : i64} : memref<8x!num.float<5, 2, 21, none, gradual>, #chip.space<shared>>
      %z = chip.alloc [%c0] extents [8] core_stride [0] slots 1 {offset = 16 : i64, slot_bytes = 16 : i64, rounding = #num.rounding<toward_zero>} : memref<8x!num.float<6, 9, 31, none, gradual>, #chip.space<shared>>
      %x = chip.alloc [%c0] extents [8] core_stride [0] slots 1 {offset = 32 : i64, slot_bytes = 32 : i64} : memref<8xf32, #chip.space<shared>>
      chip.v.round(%y, %x) : memref<8x!num.float<5, 2, 21, none, gradual>, #chip.space<shared>>, memref<8xf32, #chip.space<shared>>
      chip.v.round(%z, %x) : memref<8x!num.float<6, 9, 31, none, gradual>, #chip.space<shared>>, memref<8xf32, #chip.space<shared>>
    }
    return
  }
}

// -----

module attributes {slp.stage = "schedule", num.formats = {
    fp8 = !num.float<5, 2, 15, none, gradual>, fp16 = !num.float<5, 10, 15, none, gradual>}} {
  // expected-error @below {{the chip has no format '!num.float<4, 3, 7, none, gradual>', up to its bias}}
  chip.tensor @x : memref<8x!num.float<4, 3, 7, none, gradual>, #chip.space<dram>> {role = #chip.role<temp>, address = 0 : i64}
}
