// RUN: slp-opt %s --split-input-file --verify-diagnostics --chip-place-buffers

// expected-error @below {{expected a module attribute slp.chip, which convert-train-to-chip sets}}
module {
}

// -----

// expected-error-re @below {{{{.*}}nothere}}
module attributes {slp.chip = "nothere"} {
}

// -----

module attributes {slp.chip = "lnpu"} {
  func.func @step() {
    chip.task "a" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %0 = chip.alloc [%c0] extents [2048] core_stride [0] slots 2 : memref<2048xf32, #chip.space<spm>>
      // expected-error @below {{needs 16400 bytes of spm, of which lnpu has 16384}}
      %1 = chip.alloc [] extents [] core_stride [] slots 1 : memref<f32, #chip.space<spm>>
    }
    return
  }
}

// -----

module attributes {slp.chip = "lnpu"} {
  func.func @step() {
    chip.task "a" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      // expected-error @below {{needs 6144 bytes of acc, of which lnpu has 4096}}
      %0 = chip.alloc [%c0] extents [8] core_stride [0] slots 3 : memref<8xf32, #chip.space<acc>>
    }
    return
  }
}

// -----

module attributes {slp.chip = "lnpu"} {
  func.func @step() {
    chip.task "a" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      // expected-error @below {{needs 60000 bytes of shared, of which lnpu has 53248}}
      %0 = chip.alloc [%c0] extents [60000] core_stride [0] slots 1 : memref<60000xi8, #chip.space<shared>>
    }
    return
  }
}

// -----

module attributes {slp.chip = "lnpu"} {
  func.func @step() {
    chip.task "a" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      // expected-error @below {{has copies of 16777216 bytes, of which a descriptor tells the distance up to 16777215}}
      %0 = chip.alloc [%c0] extents [16777201] core_stride [0] slots 1 : memref<16777201xi8, #chip.space<spm>>
    }
    return
  }
}

// -----

module attributes {slp.chip = "lnpu"} {
  chip.tensor @a : memref<1073741824xi8, #chip.space<dram>> {role = #chip.role<state>}
  // expected-error @below {{all tensors together need 1073741952 bytes of dram, of which lnpu has 1073741824; the largest, "a", takes 1073741824}}
  chip.tensor @b : memref<f32, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @c : memref<f32, #chip.space<dram>> {role = #chip.role<state>}
}

// -----

module attributes {slp.chip = "lnpu"} {
  func.func @step() {
    // expected-error @below {{'chip.nest' op has no loops yet; run chip-expand-nests first}}
    chip.nest "" "train.clear_saturations" "bp" loops [] tiling <sizes = [], order = [], cores = 1, slots = 1, acc_slots = 1> {
      chip.v.clear.saturations()
    }
    return
  }
}
