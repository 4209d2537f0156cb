// V11: what stays in the shared buffer is left alone, and written before it is read.
// RUN: slp-opt %s --split-input-file --verify-diagnostics --chip-verify-schedule

// A task in between takes its bytes; behind its last task they are free.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @t : memref<16xf32, #chip.space<shared>> home <shared> {address = 64 : i64, role = #chip.role<temp>}
  func.func @step() {
    chip.task "from" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      // expected-note @below {{from this task on}}
      %t = chip.alloc [%c0] extents [16] core_stride [0] slots 1 holds @t {offset = 64 : i64, slot_bytes = 64 : i64} : memref<16xf32, #chip.space<shared>>
      chip.v.fill(%t) value = 1.0 : memref<16xf32, #chip.space<shared>>
    }
    chip.task "between" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      // expected-error @below {{takes bytes of @t, which stays at bytes 64 to 128 of shared}}
      %x = chip.alloc [%c0] extents [16] core_stride [0] slots 1 {offset = 112 : i64, slot_bytes = 64 : i64} : memref<16xf32, #chip.space<shared>>
      chip.v.fill(%x) value = 1.0 : memref<16xf32, #chip.space<shared>>
    }
    chip.task "to" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %t = chip.alloc [%c0] extents [16] core_stride [0] slots 1 holds @t {offset = 64 : i64, slot_bytes = 64 : i64} : memref<16xf32, #chip.space<shared>>
      %x = chip.alloc [%c0] extents [16] core_stride [0] slots 1 {offset = 128 : i64, slot_bytes = 64 : i64} : memref<16xf32, #chip.space<shared>>
      chip.v.relu(%x, %t) : memref<16xf32, #chip.space<shared>>, memref<16xf32, #chip.space<shared>>
    }
    chip.task "behind" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %x = chip.alloc [%c0] extents [16] core_stride [0] slots 1 {offset = 64 : i64, slot_bytes = 64 : i64} : memref<16xf32, #chip.space<shared>>
      chip.v.fill(%x) value = 1.0 : memref<16xf32, #chip.space<shared>>
    }
    return
  }
}

// -----

// Another one that stays.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @t : memref<16xf32, #chip.space<shared>> home <shared> {address = 64 : i64, role = #chip.role<temp>}
  chip.tensor @u : memref<16xf32, #chip.space<shared>> home <shared> {address = 80 : i64, role = #chip.role<temp>}
  func.func @step() {
    chip.task "t" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      // expected-note @below {{from this task on}}
      %t = chip.alloc [%c0] extents [16] core_stride [0] slots 1 holds @t {offset = 64 : i64, slot_bytes = 64 : i64} : memref<16xf32, #chip.space<shared>>
      chip.v.fill(%t) value = 1.0 : memref<16xf32, #chip.space<shared>>
    }
    chip.task "u" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      // expected-error @below {{takes bytes of @t, which stays at bytes 64 to 128 of shared}}
      %u = chip.alloc [%c0] extents [16] core_stride [0] slots 1 holds @u {offset = 80 : i64, slot_bytes = 64 : i64} : memref<16xf32, #chip.space<shared>>
      chip.v.fill(%u) value = 1.0 : memref<16xf32, #chip.space<shared>>
    }
    chip.task "both" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %t = chip.alloc [%c0] extents [16] core_stride [0] slots 1 holds @t {offset = 64 : i64, slot_bytes = 64 : i64} : memref<16xf32, #chip.space<shared>>
      chip.v.fill(%t) value = 1.0 : memref<16xf32, #chip.space<shared>>
    }
    return
  }
}

// -----

// Nothing has been written there.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @t : memref<16xf32, #chip.space<shared>> home <shared> {address = 64 : i64, role = #chip.role<temp>}
  func.func @step() {
    chip.task "t" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      // expected-error @below {{is read, but no task before has written @t, which is nowhere else}}
      %t = chip.alloc [%c0] extents [16] core_stride [0] slots 1 holds @t {offset = 64 : i64, slot_bytes = 64 : i64} : memref<16xf32, #chip.space<shared>>
      %x = chip.alloc [%c0] extents [16] core_stride [0] slots 1 {offset = 128 : i64, slot_bytes = 64 : i64} : memref<16xf32, #chip.space<shared>>
      chip.v.relu(%x, %t) : memref<16xf32, #chip.space<shared>>, memref<16xf32, #chip.space<shared>>
    }
    return
  }
}

// -----

// It is elsewhere.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @t : memref<16xf32, #chip.space<shared>> home <shared> {address = 64 : i64, role = #chip.role<temp>}
  func.func @step() {
    chip.task "t" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      // expected-error @below {{lies at byte 128, expected it at the address of @t, 64}}
      %t = chip.alloc [%c0] extents [16] core_stride [0] slots 1 holds @t {offset = 128 : i64, slot_bytes = 64 : i64} : memref<16xf32, #chip.space<shared>>
      chip.v.fill(%t) value = 1.0 : memref<16xf32, #chip.space<shared>>
    }
    return
  }
}

// -----

// A state on the chip that nothing brings there.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @w : memref<16xf32, #chip.space<dram>> {address = 0 : i64, role = #chip.role<state>}
  // expected-error @below {{is a state on the chip, expected @init to load it}}
  chip.tensor @w.chip : memref<16xf32, #chip.space<shared>> home <shared> {address = 64 : i64, role = #chip.role<copy>, copy_of = @w}
  func.func @step() {
    chip.task "t" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %t = chip.alloc [%c0] extents [16] core_stride [0] slots 1 holds @w.chip {offset = 64 : i64, slot_bytes = 64 : i64} : memref<16xf32, #chip.space<shared>>
      chip.v.relu(%t, %t) : memref<16xf32, #chip.space<shared>>, memref<16xf32, #chip.space<shared>>
    }
    return
  }
}

// -----

// It stays also while another program runs.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @w : memref<16xf32, #chip.space<dram>> {address = 0 : i64, role = #chip.role<state>}
  // expected-note @below {{over steps}}
  chip.tensor @w.chip : memref<16xf32, #chip.space<shared>> home <shared> {address = 64 : i64, role = #chip.role<copy>, copy_of = @w}
  func.func @eval() {
    chip.task "t" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      // expected-error @below {{takes bytes of @w.chip, which stays at bytes 64 to 128 of shared}}
      %x = chip.alloc [%c0] extents [32] core_stride [0] slots 1 {offset = 0 : i64, slot_bytes = 128 : i64} : memref<32xf32, #chip.space<shared>>
      chip.v.fill(%x) value = 1.0 : memref<32xf32, #chip.space<shared>>
    }
    return
  }
}
