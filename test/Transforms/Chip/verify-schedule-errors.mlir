// One refusal for each rule of the pass.
// RUN: slp-opt %s --split-input-file --verify-diagnostics --chip-verify-schedule

// V1: a loop that takes more than it gives.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : memref<64xf32, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @v1_body() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %xv = chip.view @x : memref<64xf32, #chip.space<dram>>
      %yv = chip.view @y : memref<64xf32, #chip.space<dram>>
      chip.signal <vector> 1 by 2
      // expected-error @below {{semaphore 1 has a net effect of -1, expected zero in each body}}
      scf.for %i = %c0 to %c64 step %c8 {
        %a = chip.alloc [%i] extents [64] core_stride [0] slots 2 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<shared>>
        chip.wait <shared_load> 1 by 1
        chip.load %xv to %a : memref<64xf32, #chip.space<dram>>, memref<8xf32, #chip.space<shared>>
        chip.signal <shared_load> 2 by 1
        chip.wait <vector> 2 by 1
        chip.v.relu(%a, %a) : memref<8xf32, #chip.space<shared>>, memref<8xf32, #chip.space<shared>>
      }
      chip.wait <shared_load> 1 by 2
    }
    return
  }
}

// -----

// V1: the signal of a loop behind it: the task as a whole is in balance neither.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : memref<64xf32, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @v1_moved_out() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %xv = chip.view @x : memref<64xf32, #chip.space<dram>>
      %yv = chip.view @y : memref<64xf32, #chip.space<dram>>
      chip.signal <vector> 1 by 2
      // expected-error @below {{semaphore 2 has a net effect of -1, expected zero in each body}}
      scf.for %i = %c0 to %c64 step %c8 {
        %a = chip.alloc [%i] extents [64] core_stride [0] slots 2 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<shared>>
        chip.wait <shared_load> 1 by 1
        chip.load %xv to %a : memref<64xf32, #chip.space<dram>>, memref<8xf32, #chip.space<shared>>
        chip.wait <vector> 2 by 1
        chip.v.relu(%a, %a) : memref<8xf32, #chip.space<shared>>, memref<8xf32, #chip.space<shared>>
        chip.signal <vector> 1 by 1
      }
      chip.wait <shared_load> 1 by 2
      chip.signal <shared_load> 2 by 1
    }
    return
  }
}

// -----

// V1: a task leaves credits behind.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : memref<64xf32, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @v1_task() {
    // expected-error @below {{semaphore 1 has a net effect of 2, expected zero in each body}}
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %xv = chip.view @x : memref<64xf32, #chip.space<dram>>
      %yv = chip.view @y : memref<64xf32, #chip.space<dram>>
      chip.signal <vector> 1 by 2
      scf.for %i = %c0 to %c64 step %c8 {
        %a = chip.alloc [%i] extents [64] core_stride [0] slots 2 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<shared>>
        chip.wait <shared_load> 1 by 1
        chip.load %xv to %a : memref<64xf32, #chip.space<dram>>, memref<8xf32, #chip.space<shared>>
        chip.signal <shared_load> 2 by 1
        chip.wait <vector> 2 by 1
        chip.v.relu(%a, %a) : memref<8xf32, #chip.space<shared>>, memref<8xf32, #chip.space<shared>>
        chip.signal <vector> 1 by 1
      }
    }
    return
  }
}

// -----

// V2: two engines signal.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : memref<64xf32, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @v2_two_signal() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %xv = chip.view @x : memref<64xf32, #chip.space<dram>>
      %yv = chip.view @y : memref<64xf32, #chip.space<dram>>
      chip.signal <vector> 1 by 2
      scf.for %i = %c0 to %c64 step %c8 {
        %a = chip.alloc [%i] extents [64] core_stride [0] slots 2 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<shared>>
        chip.wait <shared_load> 1 by 1
        chip.load %xv to %a : memref<64xf32, #chip.space<dram>>, memref<8xf32, #chip.space<shared>>
        chip.signal <shared_load> 2 by 1
        chip.wait <vector> 2 by 1
        chip.v.relu(%a, %a) : memref<8xf32, #chip.space<shared>>, memref<8xf32, #chip.space<shared>>
        // expected-error @below {{is a second engine that signals the semaphore, after vector}}
        chip.signal <mac> 1 by 1
      }
      chip.wait <shared_load> 1 by 2
    }
    return
  }
}

// -----

// V2: two engines wait.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : memref<64xf32, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @v2_two_wait() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %xv = chip.view @x : memref<64xf32, #chip.space<dram>>
      %yv = chip.view @y : memref<64xf32, #chip.space<dram>>
      chip.signal <vector> 1 by 2
      scf.for %i = %c0 to %c64 step %c8 {
        %a = chip.alloc [%i] extents [64] core_stride [0] slots 2 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<shared>>
        chip.wait <shared_load> 1 by 1
        chip.load %xv to %a : memref<64xf32, #chip.space<dram>>, memref<8xf32, #chip.space<shared>>
        chip.signal <shared_load> 2 by 1
        chip.wait <vector> 2 by 1
        chip.v.relu(%a, %a) : memref<8xf32, #chip.space<shared>>, memref<8xf32, #chip.space<shared>>
        chip.signal <vector> 1 by 1
      }
      // expected-error @below {{is a second engine that waits for the semaphore, after shared_load}}
      chip.wait <shared_store> 1 by 2
    }
    return
  }
}

// -----

// V2: an engine would wait for itself.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : memref<64xf32, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @v2_itself() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %xv = chip.view @x : memref<64xf32, #chip.space<dram>>
      %yv = chip.view @y : memref<64xf32, #chip.space<dram>>
      chip.signal <vector> 1 by 2
      scf.for %i = %c0 to %c64 step %c8 {
        %a = chip.alloc [%i] extents [64] core_stride [0] slots 2 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<shared>>
        chip.wait <shared_load> 1 by 1
        chip.load %xv to %a : memref<64xf32, #chip.space<dram>>, memref<8xf32, #chip.space<shared>>
        chip.signal <shared_load> 2 by 1
        // expected-error @below {{lets engine shared_load both signal and wait for one semaphore}}
        chip.wait <shared_load> 2 by 1
        chip.v.relu(%a, %a) : memref<8xf32, #chip.space<shared>>, memref<8xf32, #chip.space<shared>>
        chip.signal <vector> 1 by 1
      }
      chip.wait <shared_load> 1 by 2
    }
    return
  }
}

// -----

// V3: nobody has given a credit: a deadlock.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : memref<64xf32, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @v3_no_credit() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %xv = chip.view @x : memref<64xf32, #chip.space<dram>>
      %yv = chip.view @y : memref<64xf32, #chip.space<dram>>
      scf.for %i = %c0 to %c64 step %c8 {
        %a = chip.alloc [%i] extents [64] core_stride [0] slots 2 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<shared>>
        // expected-error @below {{finds 0 of 1 credits in program order}}
        chip.wait <shared_load> 1 by 1
        chip.load %xv to %a : memref<64xf32, #chip.space<dram>>, memref<8xf32, #chip.space<shared>>
        chip.signal <shared_load> 2 by 1
        chip.wait <vector> 2 by 1
        chip.v.relu(%a, %a) : memref<8xf32, #chip.space<shared>>, memref<8xf32, #chip.space<shared>>
        chip.signal <vector> 1 by 1
      }
    }
    return
  }
}

// -----

// V3: the wait stands before its signal.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : memref<64xf32, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @v3_wait_first() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %xv = chip.view @x : memref<64xf32, #chip.space<dram>>
      %yv = chip.view @y : memref<64xf32, #chip.space<dram>>
      chip.signal <vector> 1 by 2
      scf.for %i = %c0 to %c64 step %c8 {
        %a = chip.alloc [%i] extents [64] core_stride [0] slots 2 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<shared>>
        chip.wait <shared_load> 1 by 1
        chip.load %xv to %a : memref<64xf32, #chip.space<dram>>, memref<8xf32, #chip.space<shared>>
        // expected-error @below {{finds 0 of 1 credits in program order}}
        chip.wait <vector> 2 by 1
        chip.signal <shared_load> 2 by 1
        chip.v.relu(%a, %a) : memref<8xf32, #chip.space<shared>>, memref<8xf32, #chip.space<shared>>
        chip.signal <vector> 1 by 1
      }
      chip.wait <shared_load> 1 by 2
    }
    return
  }
}

// -----

// V4: nothing orders the vector unit behind the load.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : memref<64xf32, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @v4_no_wait() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %xv = chip.view @x : memref<64xf32, #chip.space<dram>>
      %yv = chip.view @y : memref<64xf32, #chip.space<dram>>
      chip.signal <vector> 1 by 2
      scf.for %i = %c0 to %c64 step %c8 {
        %a = chip.alloc [%i] extents [64] core_stride [0] slots 2 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<shared>>
        chip.wait <shared_load> 1 by 1
        // expected-note @below {{that engine's access, earlier in program order}}
        chip.load %xv to %a : memref<64xf32, #chip.space<dram>>, memref<8xf32, #chip.space<shared>>
        // expected-error @below {{may run before engine shared_load is done with bytes 32 to 64 of shared}}
        chip.v.relu(%a, %a) : memref<8xf32, #chip.space<shared>>, memref<8xf32, #chip.space<shared>>
        chip.signal <vector> 1 by 1
      }
      chip.wait <shared_load> 1 by 2
    }
    return
  }
}

// -----

// V4: the load signals before it works.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : memref<64xf32, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @v4_signal_too_early() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %xv = chip.view @x : memref<64xf32, #chip.space<dram>>
      %yv = chip.view @y : memref<64xf32, #chip.space<dram>>
      chip.signal <vector> 1 by 2
      scf.for %i = %c0 to %c64 step %c8 {
        %a = chip.alloc [%i] extents [64] core_stride [0] slots 2 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<shared>>
        chip.wait <shared_load> 1 by 1
        chip.signal <shared_load> 2 by 1
        // expected-note @below {{that engine's access, earlier in program order}}
        chip.load %xv to %a : memref<64xf32, #chip.space<dram>>, memref<8xf32, #chip.space<shared>>
        chip.wait <vector> 2 by 1
        // expected-error @below {{may run before engine shared_load is done with bytes 32 to 64 of shared}}
        chip.v.relu(%a, %a) : memref<8xf32, #chip.space<shared>>, memref<8xf32, #chip.space<shared>>
        chip.signal <vector> 1 by 1
      }
      chip.wait <shared_load> 1 by 2
    }
    return
  }
}

// -----

// V4: one credit more than copies: the third tile goes where the first is read.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : memref<64xf32, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @v4_too_many_credits() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %xv = chip.view @x : memref<64xf32, #chip.space<dram>>
      %yv = chip.view @y : memref<64xf32, #chip.space<dram>>
      chip.signal <vector> 1 by 3
      scf.for %i = %c0 to %c64 step %c8 {
        %a = chip.alloc [%i] extents [64] core_stride [0] slots 2 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<shared>>
        chip.wait <shared_load> 1 by 1
        // expected-error @below {{may run before engine vector is done with bytes 32 to 64 of shared}}
        chip.load %xv to %a : memref<64xf32, #chip.space<dram>>, memref<8xf32, #chip.space<shared>>
        chip.signal <shared_load> 2 by 1
        chip.wait <vector> 2 by 1
        // expected-note @below {{that engine's access, earlier in program order}}
        chip.v.relu(%a, %a) : memref<8xf32, #chip.space<shared>>, memref<8xf32, #chip.space<shared>>
        chip.signal <vector> 1 by 1
      }
      chip.wait <shared_load> 1 by 3
    }
    return
  }
}

// -----

// V5.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : memref<64xf32, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @v5() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %xv = chip.view @x : memref<64xf32, #chip.space<dram>>
      %yv = chip.view @y : memref<64xf32, #chip.space<dram>>
      chip.signal <load> 0 by 255
      // expected-error @below {{raises the semaphore above 255}}
      chip.signal <load> 0 by 1
      chip.wait <mac> 0 by 255
      chip.wait <mac> 0 by 1
    }
    return
  }
}

// -----

// V6: read and written through different buffers.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : memref<64xf32, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @v6_two_buffers() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %xv = chip.view @x : memref<64xf32, #chip.space<dram>>
      %yv = chip.view @y : memref<64xf32, #chip.space<dram>>
      %a = chip.alloc [%c0] extents [64] core_stride [0] slots 1 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<shared>>
      %b = chip.alloc [%c0] extents [64] core_stride [0] slots 1 {offset = 32, slot_bytes = 32} : memref<8xf32, #chip.space<shared>>
      // expected-note @below {{read here}}
      chip.load %xv to %a : memref<64xf32, #chip.space<dram>>, memref<8xf32, #chip.space<shared>>
      // expected-error @below {{writes tensor @x, which the task reads elsewhere}}
      chip.store %b to %xv : memref<8xf32, #chip.space<shared>>, memref<64xf32, #chip.space<dram>>
    }
    return
  }
}

// -----

// V6: tiles of 8 at steps of 4: a tile may be read before or after its neighbour is written.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : memref<64xf32, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @v6_tiles_overlap() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %xv = chip.view @x : memref<64xf32, #chip.space<dram>>
      %yv = chip.view @y : memref<64xf32, #chip.space<dram>>
      chip.signal <shared_store> 0 by 2
      scf.for %i = %c0 to %c64 step %c4 {
        %a = chip.alloc [%i] extents [64] core_stride [0] slots 2 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<shared>>
        chip.wait <shared_load> 0 by 1
        // expected-note @below {{read here}}
        chip.load %xv to %a : memref<64xf32, #chip.space<dram>>, memref<8xf32, #chip.space<shared>>
        chip.signal <shared_load> 1 by 1
        chip.wait <shared_store> 1 by 1
        // expected-error @below {{writes tensor @x, which the task reads elsewhere}}
        chip.store %a to %xv : memref<8xf32, #chip.space<shared>>, memref<64xf32, #chip.space<dram>>
        chip.signal <shared_store> 0 by 1
      }
      chip.wait <shared_load> 0 by 2
    }
    return
  }
}

// -----

// V6: every iteration updates the same tile.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : memref<64xf32, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @v6_does_not_move() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %xv = chip.view @x : memref<64xf32, #chip.space<dram>>
      %yv = chip.view @y : memref<64xf32, #chip.space<dram>>
      chip.signal <shared_store> 0 by 2
      scf.for %i = %c0 to %c64 step %c8 {
        %a = chip.alloc [%c0] extents [64] core_stride [0] slots 2 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<shared>>
        chip.wait <shared_load> 0 by 1
        // expected-note @below {{read here}}
        chip.load %xv to %a : memref<64xf32, #chip.space<dram>>, memref<8xf32, #chip.space<shared>>
        chip.signal <shared_load> 1 by 1
        chip.wait <shared_store> 1 by 1
        // expected-error @below {{writes tensor @x, which the task reads elsewhere}}
        chip.store %a to %xv : memref<8xf32, #chip.space<shared>>, memref<64xf32, #chip.space<dram>>
        chip.signal <shared_store> 0 by 1
      }
      chip.wait <shared_load> 0 by 2
    }
    return
  }
}

// -----

// V6: both cores update the same tile.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : memref<64xf32, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @v6_cores_overlap() {
    chip.task "x" "train.x" "fp" cores(2) {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %xv = chip.view @x : memref<64xf32, #chip.space<dram>>
      %yv = chip.view @y : memref<64xf32, #chip.space<dram>>
      chip.signal <store> 0 by 2
      scf.for %i = %c0 to %c64 step %c8 {
        %a = chip.alloc [%i] extents [64] core_stride [0] slots 2 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<spm>>
        chip.wait <load> 0 by 1
        // expected-note @below {{read here}}
        chip.load %xv to %a : memref<64xf32, #chip.space<dram>>, memref<8xf32, #chip.space<spm>>
        chip.signal <load> 1 by 1
        chip.wait <store> 1 by 1
        // expected-error @below {{writes tensor @x, which the task reads elsewhere}}
        chip.store %a to %xv : memref<8xf32, #chip.space<spm>>, memref<64xf32, #chip.space<dram>>
        chip.signal <store> 0 by 1
      }
      chip.wait <load> 0 by 2
    }
    return
  }
}

// -----

// V6: tiles of two cores overlap.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : memref<64xf32, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @v6_cores_write() {
    chip.task "x" "train.x" "fp" cores(2) {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %xv = chip.view @x : memref<64xf32, #chip.space<dram>>
      %yv = chip.view @y : memref<64xf32, #chip.space<dram>>
      %a = chip.alloc [%c0] extents [64] core_stride [4] slots 1 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<spm>>
      // expected-error @below {{writes the same elements on several cores or in several iterations}}
      chip.store %a to %yv : memref<8xf32, #chip.space<spm>>, memref<64xf32, #chip.space<dram>>
    }
    return
  }
}

// -----

// V6: the tiles of one group reach into those of the next.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @v6_groups_write() {
    chip.task "x" "train.x" "fp" cores(4) groups(2) {
      %c0 = arith.constant 0 : index
      %yv = chip.view @y : memref<64xf32, #chip.space<dram>>
      %a = chip.alloc [%c0] extents [64] core_stride [8] group_stride [8] slots 1 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<spm>>
      // expected-error @below {{writes the same elements on several cores or in several iterations}}
      chip.store %a to %yv : memref<8xf32, #chip.space<spm>>, memref<64xf32, #chip.space<dram>>
    }
    return
  }
}

// -----

// V6: what a loop inside of a core's part reaches is another core's.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @v6_loop_beyond_part() {
    chip.task "x" "train.x" "fp" cores(4) {
      %c0 = arith.constant 0 : index
      %c8 = arith.constant 8 : index
      %c24 = arith.constant 24 : index
      %yv = chip.view @y : memref<64xf32, #chip.space<dram>>
      scf.for %i = %c0 to %c24 step %c8 {
        %a = chip.alloc [%i] extents [64] core_stride [16] slots 1 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<spm>>
        // expected-error @below {{writes the same elements on several cores or in several iterations}}
        chip.store %a to %yv : memref<8xf32, #chip.space<spm>>, memref<64xf32, #chip.space<dram>>
      }
    }
    return
  }
}

// -----

// V7: a second name lies elsewhere.
module attributes {slp.chip = "lnpu"} {
  func.func @v7_name_elsewhere() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %a = chip.alloc [%c0] extents [8] core_stride [0] slots 1 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<spm>>
      // expected-error @below {{lies elsewhere than the buffer it is of}}
      %b = chip.alloc [%c0] extents [8] core_stride [0] slots 1 of(%a : memref<8xf32, #chip.space<spm>>) {offset = 32, slot_bytes = 32} : memref<8xf32, #chip.space<spm>>
    }
    return
  }
}

// -----

// V4: a second name for a buffer is the same memory.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : memref<8xf32, #chip.space<dram>> {role = #chip.role<input>}
  func.func @v4_second_name() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %xv = chip.view @x : memref<8xf32, #chip.space<dram>>
      %a = chip.alloc [%c0] extents [8] core_stride [0] slots 1 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<spm>>
      %b = chip.alloc [%c0, %c0] extents [2, 4] core_stride [0, 0] slots 1 of(%a : memref<8xf32, #chip.space<spm>>) {offset = 0, slot_bytes = 32} : memref<2x4xf32, #chip.space<spm>>
      // expected-note @below {{that engine's access, earlier in program order}}
      chip.load %xv to %a : memref<8xf32, #chip.space<dram>>, memref<8xf32, #chip.space<spm>>
      // expected-error @below {{may run before engine load is done with bytes 0 to 32 of spm}}
      chip.v.relu(%b, %b) : memref<2x4xf32, #chip.space<spm>>, memref<2x4xf32, #chip.space<spm>>
    }
    return
  }
}

// -----

// V6: parts of two cores overlap in the shared buffer.
module attributes {slp.chip = "lnpu"} {
  func.func @v6_cores_move() {
    chip.task "x" "train.x" "fp" cores(2) {
      %c0 = arith.constant 0 : index
      %s = chip.alloc [%c0] extents [64] core_stride [0] slots 1 {offset = 0, slot_bytes = 256} : memref<64xf32, #chip.space<shared>>
      %a = chip.alloc [%c0] extents [64] core_stride [4] slots 1 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<spm>>
      // expected-error @below {{writes the same elements on several cores or in several iterations}}
      chip.move %a to %s : memref<8xf32, #chip.space<spm>>, memref<64xf32, #chip.space<shared>>
    }
    return
  }
}

// -----

// V6: what a core moves in one iteration meets what another moves in the next, in one copy of the shared buffer.
module attributes {slp.chip = "lnpu"} {
  func.func @v6_iterations_move() {
    chip.task "x" "train.x" "fp" cores(2) {
      %c0 = arith.constant 0 : index
      %c8 = arith.constant 8 : index
      %c32 = arith.constant 32 : index
      %s = chip.alloc [%c0] extents [64] core_stride [0] slots 1 {offset = 0, slot_bytes = 256} : memref<64xf32, #chip.space<shared>>
      scf.for %i = %c0 to %c32 step %c8 {
        %a = chip.alloc [%i] extents [64] core_stride [8] slots 1 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<spm>>
        // expected-error @below {{writes the same elements on several cores or in several iterations}}
        chip.move %a to %s : memref<8xf32, #chip.space<spm>>, memref<64xf32, #chip.space<shared>>
      }
    }
    return
  }
}

// -----

// V6: two moves to one buffer.
module attributes {slp.chip = "lnpu"} {
  func.func @v6_two_moves() {
    chip.task "x" "train.x" "fp" cores(2) {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %s = chip.alloc [%c0] extents [64] core_stride [0] slots 1 {offset = 0, slot_bytes = 256} : memref<64xf32, #chip.space<shared>>
      %a = chip.alloc [%c0] extents [64] core_stride [8] slots 1 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<spm>>
      %b = chip.alloc [%c4] extents [64] core_stride [8] slots 1 {offset = 32, slot_bytes = 32} : memref<8xf32, #chip.space<spm>>
      // expected-note @below {{the other move}}
      chip.move %a to %s : memref<8xf32, #chip.space<spm>>, memref<64xf32, #chip.space<shared>>
      // expected-error @below {{writes a buffer like another move, on 2 cores, which are not ordered}}
      chip.move %b to %s : memref<8xf32, #chip.space<spm>>, memref<64xf32, #chip.space<shared>>
    }
    return
  }
}

// -----

// V6: a core that has stored its part of the shared buffer tells its own load queue, which reads the other core's part, too.
module attributes {slp.chip = "lnpu"} {
  func.func @v6_other_core() {
    chip.task "x" "train.x" "fp" cores(2) {
      %c0 = arith.constant 0 : index
      %s = chip.alloc [%c0] extents [16] core_stride [0] slots 1 {offset = 0, slot_bytes = 64} : memref<16xf32, #chip.space<shared>>
      %a = chip.alloc [%c0] extents [16] core_stride [8] slots 1 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<spm>>
      %b = chip.alloc [%c0] extents [16] core_stride [0] slots 1 {offset = 32, slot_bytes = 64} : memref<16xf32, #chip.space<spm>>
      // expected-note @below {{that engine's access, earlier in program order}}
      chip.move %a to %s : memref<8xf32, #chip.space<spm>>, memref<16xf32, #chip.space<shared>>
      chip.signal <store> 0 by 1
      chip.wait <load> 0 by 1
      // expected-error @below {{may run before engine store of another core is done with bytes 0 to 64 of shared}}
      chip.move %s to %b : memref<16xf32, #chip.space<shared>>, memref<16xf32, #chip.space<spm>>
    }
    return
  }
}

// -----

// V4: a move reads what is not there yet.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : memref<64xf32, #chip.space<dram>> {role = #chip.role<state>}
  func.func @v4_move() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %xv = chip.view @x : memref<64xf32, #chip.space<dram>>
      %s = chip.alloc [%c0] extents [64] core_stride [0] slots 1 {offset = 0, slot_bytes = 256} : memref<64xf32, #chip.space<shared>>
      %a = chip.alloc [%c0] extents [64] core_stride [0] slots 1 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<spm>>
      // expected-note @below {{that engine's access, earlier in program order}}
      chip.load %xv to %s : memref<64xf32, #chip.space<dram>>, memref<64xf32, #chip.space<shared>>
      // The semaphore of the cores, which has the number of the one that is signalled.
      chip.signal <shared_load> 3 by 1 bank <shared>
      chip.signal <vector> 3 by 1
      chip.wait <load> 3 by 1
      chip.wait <shared_store> 3 by 1 bank <shared>
      // expected-error @below {{may run before engine shared_load is done with bytes 0 to 256 of shared}}
      chip.move %s to %a : memref<64xf32, #chip.space<shared>>, memref<8xf32, #chip.space<spm>>
    }
    return
  }
}

// -----

// V1: semaphores of one number in two banks are two.
module attributes {slp.chip = "lnpu"} {
  func.func @v1_banks() {
    // expected-error @below {{semaphore 3 of the shared buffer has a net effect of 1, expected zero in each body}}
    chip.task "x" "train.x" "fp" cores(1) {
      chip.signal <shared_load> 3 by 1 bank <shared>
      chip.signal <mac> 4 by 1
      chip.wait <vector> 4 by 1
    }
    return
  }
}

// -----

// V6: store queues of two cores write one tensor from two buffers.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @v6_two_stores() {
    chip.task "x" "train.x" "fp" cores(2) {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %yv = chip.view @y : memref<64xf32, #chip.space<dram>>
      %a = chip.alloc [%c0] extents [64] core_stride [8] slots 1 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<spm>>
      %b = chip.alloc [%c4] extents [64] core_stride [8] slots 1 {offset = 32, slot_bytes = 32} : memref<8xf32, #chip.space<spm>>
      // expected-note @below {{the other store}}
      chip.store %a to %yv : memref<8xf32, #chip.space<spm>>, memref<64xf32, #chip.space<dram>>
      // expected-error @below {{writes tensor @y like another store, on 2 cores, which are not ordered}}
      chip.store %b to %yv : memref<8xf32, #chip.space<spm>>, memref<64xf32, #chip.space<dram>>
    }
    return
  }
}

// -----

// V6: on one core, the store queue and that of the shared buffer write one tensor.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @v6_two_engines() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %yv = chip.view @y : memref<64xf32, #chip.space<dram>>
      %a = chip.alloc [%c0] extents [64] core_stride [0] slots 1 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<spm>>
      %b = chip.alloc [%c0] extents [64] core_stride [0] slots 1 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<shared>>
      // expected-note @below {{the other store}}
      chip.store %a to %yv : memref<8xf32, #chip.space<spm>>, memref<64xf32, #chip.space<dram>>
      // expected-error @below {{writes tensor @y like another store, on another engine, with which nothing orders it}}
      chip.store %b to %yv : memref<8xf32, #chip.space<shared>>, memref<64xf32, #chip.space<dram>>
    }
    return
  }
}

// -----

// V6: coordinates of two cores differ, but name one element.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @v6_view_repeats() {
    chip.task "x" "train.x" "fp" cores(2) {
      %c0 = arith.constant 0 : index
      %yv = chip.view @y : memref<4x8xf32, strided<[4, 1]>, #chip.space<dram>>
      %a = chip.alloc [%c0, %c0] extents [4, 8] core_stride [2, 0] slots 1 {offset = 0, slot_bytes = 64} : memref<2x8xf32, #chip.space<spm>>
      // expected-error @below {{writes through a view of which two elements are one of the tensor}}
      chip.store %a to %yv : memref<2x8xf32, #chip.space<spm>>, memref<4x8xf32, strided<[4, 1]>, #chip.space<dram>>
    }
    return
  }
}

// -----

// V7: chip-place-buffers has not run.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : memref<64xf32, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @v7_no_address() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %xv = chip.view @x : memref<64xf32, #chip.space<dram>>
      %yv = chip.view @y : memref<64xf32, #chip.space<dram>>
      // expected-error @below {{has no address}}
      %a = chip.alloc [%c0] extents [64] core_stride [0] slots 1 : memref<8xf32, #chip.space<shared>>
    }
    return
  }
}

// -----

// V7: a buffer inside another.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : memref<64xf32, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @v7_overlap() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %xv = chip.view @x : memref<64xf32, #chip.space<dram>>
      %yv = chip.view @y : memref<64xf32, #chip.space<dram>>
      // expected-note @below {{at bytes 32 to 64}}
      %a = chip.alloc [%c0] extents [64] core_stride [0] slots 2 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<shared>>
      // expected-error @below {{overlaps another copy at bytes 48 to 80 of shared}}
      %b = chip.alloc [%c0] extents [64] core_stride [0] slots 1 {offset = 48, slot_bytes = 32} : memref<8xf32, #chip.space<shared>>
    }
    return
  }
}

// -----

// V7: copies of one buffer.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : memref<64xf32, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @v7_slots_overlap() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %xv = chip.view @x : memref<64xf32, #chip.space<dram>>
      %yv = chip.view @y : memref<64xf32, #chip.space<dram>>
      // expected-note @below {{at bytes 0 to 32}}
      // expected-error @below {{overlaps another copy at bytes 16 to 48 of shared}}
      %a = chip.alloc [%c0] extents [64] core_stride [0] slots 2 {offset = 0, slot_bytes = 16} : memref<8xf32, #chip.space<shared>>
    }
    return
  }
}

// -----

// V7: beyond the end of the memory.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : memref<64xf32, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @v7_beyond() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %xv = chip.view @x : memref<64xf32, #chip.space<dram>>
      %yv = chip.view @y : memref<64xf32, #chip.space<dram>>
      // expected-error @below {{lies at bytes 16368 to 16400 of spm, which has 16384}}
      %a = chip.alloc [%c0] extents [64] core_stride [0] slots 1 {offset = 16368, slot_bytes = 32} : memref<8xf32, #chip.space<spm>>
    }
    return
  }
}

// -----

// V7: conv.wg keeps the chain of an image in bank 1, on a chip that has one.
module attributes {slp.chip = "asu-fp8"} {
  chip.tensor @x : memref<64xf32, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @y : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @v7_chain() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %xv = chip.view @x : memref<64xf32, #chip.space<dram>>
      %yv = chip.view @y : memref<64xf32, #chip.space<dram>>
      %a = chip.alloc [%c0, %c0, %c0, %c0, %c0] extents [1, 1, 8, 1, 1] core_stride [0, 0, 0, 0, 0] slots 1 {offset = 0, slot_bytes = 16} : memref<1x1x8x1x1x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>
      // expected-error @below {{overlaps another copy at bytes 16384 to 16416 of acc}}
      %c = chip.alloc [%c0, %c0, %c0, %c0, %c0] extents [1, 8, 1, 1, 1] core_stride [0, 0, 0, 0, 0] slots 1 {offset = 0, slot_bytes = 16384} : memref<1x8x1x1x1xf32, #chip.space<acc>>
      // expected-note @below {{at bytes 16384 to 16416}}
      %d = chip.alloc [%c0] extents [64] core_stride [0] slots 1 {offset = 16384, slot_bytes = 16384} : memref<8xf32, #chip.space<acc>>
      chip.conv.wg(%c, %a, %a) geom = [1, 1, 1, 1, 0, 0, 1, 1, 0] mode = zero : memref<1x8x1x1x1xf32, #chip.space<acc>>, memref<1x1x8x1x1x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>, memref<1x1x8x1x1x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>
    }
    return
  }
}

// -----

// V7: the bitmaps of a compressed tensor lie in front of it.
module attributes {slp.chip = "lnpu"} {
  // expected-note @below {{at bytes 0 to 256}}
  chip.tensor @x : memref<64xf32, #chip.space<dram>> {address = 0 : i64, role = #chip.role<input>}
  // expected-error @below {{overlaps another tensor at bytes 224 to 1312 of dram}}
  chip.tensor @y : memref<300x!num.mixed<<5, 10, 15, reserved, gradual>, <5, 10, 15, reserved, gradual>>, #chip.space<dram>> {address = 288 : i64, role = #chip.role<output>}
}

// -----

// V8: a tile is loaded while the block it lies in is rewritten for the tile before.
!coded = !num.mixed<<5, 10, 15, reserved, gradual>, <5, 10, 15, reserved, gradual>>
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : memref<64x!coded, #chip.space<dram>> {role = #chip.role<state>}
  func.func @v8_in_place() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %xv = chip.view @x : memref<64x!coded, #chip.space<dram>>
      chip.signal <shared_store> 0 by 2
      scf.for %i = %c0 to %c64 step %c8 {
        %a = chip.alloc [%i] extents [64] core_stride [0] slots 2 {offset = 0, slot_bytes = 32} : memref<8x!coded, #chip.space<shared>>
        chip.wait <shared_load> 0 by 1
        // expected-error @below {{may run before engine shared_store is done with the compressed tensor @x, of which a store rewrites whole blocks}}
        chip.load %xv to %a : memref<64x!coded, #chip.space<dram>>, memref<8x!coded, #chip.space<shared>>
        chip.signal <shared_load> 1 by 1
        chip.wait <shared_store> 1 by 1
        // expected-note @below {{that engine's access, earlier in program order}}
        chip.store %a to %xv : memref<8x!coded, #chip.space<shared>>, memref<64x!coded, #chip.space<dram>>
        chip.signal <shared_store> 0 by 1
      }
      chip.wait <shared_load> 0 by 2
    }
    return
  }
}

// -----

// V8: the store of the first tile may come before the second is loaded, on both cores.
!coded = !num.mixed<<5, 10, 15, reserved, gradual>, <5, 10, 15, reserved, gradual>>
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : memref<64x!coded, #chip.space<dram>> {role = #chip.role<state>}
  func.func @v8_store_first() {
    chip.task "x" "train.x" "fp" cores(2) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %xv = chip.view @x : memref<64x!coded, #chip.space<dram>>
      %a = chip.alloc [%c0] extents [64] core_stride [8] slots 1 {offset = 0, slot_bytes = 32} : memref<8x!coded, #chip.space<spm>>
      // expected-note @below {{that engine's access, earlier in program order}}
      chip.load %xv to %a : memref<64x!coded, #chip.space<dram>>, memref<8x!coded, #chip.space<spm>>
      // expected-error @below {{may run before engine load is done with the compressed tensor @x}}
      chip.store %a to %xv : memref<8x!coded, #chip.space<spm>>, memref<64x!coded, #chip.space<dram>>
    }
    return
  }
}

// -----

// V8: the store queues of the cores and of the shared buffer are not in order among each other.
!coded = !num.mixed<<5, 10, 15, reserved, gradual>, <5, 10, 15, reserved, gradual>>
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : memref<64x!coded, #chip.space<dram>> {role = #chip.role<state>}
  func.func @v8_stores_of_two_engines() {
    chip.task "x" "train.x" "fp" cores(2) {
      %c0 = arith.constant 0 : index
      %c16 = arith.constant 16 : index
      %xv = chip.view @x : memref<64x!coded, #chip.space<dram>>
      %a = chip.alloc [%c0] extents [64] core_stride [8] slots 1 {offset = 0, slot_bytes = 32} : memref<8x!coded, #chip.space<spm>>
      %b = chip.alloc [%c16] extents [64] core_stride [0] slots 1 {offset = 0, slot_bytes = 32} : memref<8x!coded, #chip.space<shared>>
      // expected-note @below {{that engine's access, earlier in program order}}
      chip.store %a to %xv : memref<8x!coded, #chip.space<spm>>, memref<64x!coded, #chip.space<dram>>
      // expected-error @below {{may run before engine store is done with the compressed tensor @x}}
      chip.store %b to %xv : memref<8x!coded, #chip.space<shared>>, memref<64x!coded, #chip.space<dram>>
    }
    return
  }
}

// -----

// Only loops whose length is known can be followed.
module attributes {slp.chip = "lnpu"} {
  func.func @loop_bounds(%n: index) {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      // expected-error @below {{expected a loop with a constant trip count}}
      scf.for %i = %c0 to %n step %c1 {
      }
    }
    return
  }
}

// -----

module attributes {slp.chip = "lnpu"} {
  func.func @not_allocated(%a: memref<8xf32, #chip.space<spm>>) {
    chip.task "x" "train.x" "fp" cores(1) {
      // expected-error @below {{uses a buffer that is not from chip.alloc}}
      chip.v.relu(%a, %a) : memref<8xf32, #chip.space<spm>>, memref<8xf32, #chip.space<spm>>
    }
    return
  }
}

// -----

// expected-error @below {{expected a module attribute slp.chip}}
module {
}

// -----

// V8: groups of cores have stores of their own, which rewrite the same blocks.
!coded = !num.mixed<<5, 10, 15, reserved, gradual>, <5, 10, 15, reserved, gradual>>
module attributes {slp.chip = "lnpu"} {
  chip.tensor @z : memref<64x!coded, #chip.space<dram>> {role = #chip.role<state>}
  func.func @v8_groups() {
    chip.task "x" "train.x" "fp" cores(4) groups(2) {
      %c0 = arith.constant 0 : index
      %v = chip.view @z : memref<64x!coded, #chip.space<dram>>
      %a = chip.alloc [%c0] extents [64] core_stride [8] group_stride [32] slots 1 {offset = 0, slot_bytes = 32} : memref<8x!coded, #chip.space<spm>>
      // expected-error @below {{writes the compressed tensor @z in groups of cores, which are not ordered}}
      chip.store %a to %v : memref<8x!coded, #chip.space<spm>>, memref<64x!coded, #chip.space<dram>>
    }
    return
  }
}

// -----

// V9: the sequencer reads ahead of the store.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @n : memref<4xi32, #chip.space<dram>> {role = #chip.role<temp>}
  func.func @v9() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %v = chip.view @n : memref<4xi32, #chip.space<dram>>
      // expected-error @below {{reads tensor @n, which the task writes}}
      %n = chip.count %v[%c0] most 4 : memref<4xi32, #chip.space<dram>>
      %a = chip.alloc [%c0] extents [4] core_stride [0] slots 1 {offset = 0, slot_bytes = 16} : memref<4xi32, #chip.space<spm>>
      // expected-note @below {{written here}}
      chip.store %a to %v : memref<4xi32, #chip.space<spm>>, memref<4xi32, #chip.space<dram>>
    }
    return
  }
}

// -----

// V4 in one arm alone: what the vector unit writes there nobody waits for.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @n : memref<1xi32, #chip.space<dram>> {role = #chip.role<temp>}
  chip.tensor @x : memref<8xf32, #chip.space<dram>> {role = #chip.role<temp>}
  chip.tensor @y : memref<8xf32, #chip.space<dram>> {role = #chip.role<temp>}
  func.func @v4_other_arm() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %v = chip.view @n : memref<1xi32, #chip.space<dram>>
      %xv = chip.view @x : memref<8xf32, #chip.space<dram>>
      %yv = chip.view @y : memref<8xf32, #chip.space<dram>>
      %n = chip.count %v[%c0] most 1 : memref<1xi32, #chip.space<dram>>
      %a = chip.alloc [%c0] extents [8] core_stride [0] slots 1 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<spm>>
      // expected-remark @below {{if data decides on the other arm}}
      chip.if %n {
        chip.load %xv to %a : memref<8xf32, #chip.space<dram>>, memref<8xf32, #chip.space<spm>>
      } else {
        // expected-note @below {{that engine's access, earlier in program order}}
        chip.v.unary(%a, %a) fn = abs : memref<8xf32, #chip.space<spm>>, memref<8xf32, #chip.space<spm>>
      }
      chip.signal <load> 0 by 1
      chip.wait <store> 0 by 1
      // expected-error @below {{may run before engine vector is done with bytes 0 to 32 of spm}}
      chip.store %a to %yv : memref<8xf32, #chip.space<spm>>, memref<8xf32, #chip.space<dram>>
    }
    return
  }
}

// -----

// V4 with enough iterations alone: two find a copy each.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @n : memref<4xi32, #chip.space<dram>> {role = #chip.role<temp>}
  chip.tensor @x : memref<8xf32, #chip.space<dram>> {role = #chip.role<temp>}
  chip.tensor @y : memref<8xf32, #chip.space<dram>> {role = #chip.role<temp>}
  func.func @v4_trips() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %v = chip.view @n : memref<4xi32, #chip.space<dram>>
      %xv = chip.view @x : memref<8xf32, #chip.space<dram>>
      %yv = chip.view @y : memref<8xf32, #chip.space<dram>>
      %n = chip.count %v[%c0] most 4 : memref<4xi32, #chip.space<dram>>
      // expected-remark @below {{if data decides on 3 iterations}}
      scf.for %i = %c0 to %n step %c1 {
        %a = chip.alloc [%i] extents [8] core_stride [0] slots 2 {offset = 0, slot_bytes = 4} : memref<1xf32, #chip.space<spm>>
        // The third finds the copy of the first, which is not free yet.
        // expected-error @below {{may run before engine store is done with bytes 4 to 8 of spm}}
        chip.load %xv to %a : memref<8xf32, #chip.space<dram>>, memref<1xf32, #chip.space<spm>>
        chip.signal <load> 0 by 1
        chip.wait <store> 0 by 1
        // expected-note @below {{that engine's access, earlier in program order}}
        chip.store %a to %yv : memref<1xf32, #chip.space<spm>>, memref<8xf32, #chip.space<dram>>
      }
    }
    return
  }
}

// -----

// Coordinates that are read may be the same twice: on the cores of a split there is no telling.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @n : memref<4xi32, #chip.space<dram>> {role = #chip.role<temp>}
  chip.tensor @y : memref<8x4xf32, #chip.space<dram>> {role = #chip.role<temp>}
  func.func @v6_element() {
    chip.task "x" "train.x" "fp" cores(2) {
      %c0 = arith.constant 0 : index
      %v = chip.view @n : memref<4xi32, #chip.space<dram>>
      %yv = chip.view @y : memref<8x4xf32, #chip.space<dram>>
      %e = chip.element %v[%c0] below 4 : memref<4xi32, #chip.space<dram>>
      %a = chip.alloc [%e, %c0] extents [8, 4] core_stride [1, 0] slots 1 {offset = 0, slot_bytes = 16} : memref<1x4xf32, #chip.space<spm>>
      // expected-error @below {{writes the same elements on several cores or in several iterations}}
      chip.store %a to %yv : memref<1x4xf32, #chip.space<spm>>, memref<8x4xf32, #chip.space<dram>>
    }
    return
  }
}

// -----

module attributes {slp.chip = "lnpu"} {
  chip.tensor @n : memref<4xi32, #chip.space<dram>> {role = #chip.role<temp>}
  func.func @by_two() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c2 = arith.constant 2 : index
      %v = chip.view @n : memref<4xi32, #chip.space<dram>>
      %n = chip.count %v[%c0] most 4 : memref<4xi32, #chip.space<dram>>
      // expected-error @below {{expected a loop with a constant trip count, or from 0 by 1 to a chip.count}}
      scf.for %i = %c0 to %n step %c2 {
      }
    }
    return
  }
}

// -----

// Seven branches in a loop, each of which goes four ways.
module attributes {slp.chip = "lnpu"} {
  func.func @too_much() {
    // expected-error @below {{has loops and branches on data with more than 10000 combinations of trips and arms to prove}}
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      scf.for %i = %c0 to %c2 step %c1 {
        chip.if %i { }
        chip.if %i { }
        chip.if %i { }
        chip.if %i { }
        chip.if %i { }
        chip.if %i { }
        chip.if %i { }
      }
    }
    return
  }
}

// -----

// V4: nothing orders the MAC engine behind the load of a mask.
!f = !num.float<5, 2, 15, none, gradual>
module attributes {slp.chip = "asu-fp8"} {
  chip.tensor @gate : memref<1x1x1x4x4x!f, #chip.space<dram>> {role = #chip.role<input>}
  func.func @mask_not_loaded() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %gv = chip.view @gate : memref<1x1x1x4x4x!f, #chip.space<dram>>
      %x = chip.alloc [%c0, %c0, %c0, %c0, %c0] extents [1, 1, 8, 4, 4] core_stride [0, 0, 0, 0, 0] slots 1 {offset = 0, slot_bytes = 128} : memref<1x1x8x4x4x!f, #chip.space<spm>>
      %w = chip.alloc [%c0, %c0, %c0, %c0, %c0] extents [1, 8, 8, 1, 1] core_stride [0, 0, 0, 0, 0] slots 1 {offset = 128, slot_bytes = 64} : memref<1x8x8x1x1x!f, #chip.space<spm>>
      %gate = chip.alloc [%c0, %c0, %c0, %c0, %c0] extents [1, 1, 1, 4, 4] core_stride [0, 0, 0, 0, 0] slots 1 {offset = 192, slot_bytes = 16} : memref<1x1x1x4x4x!f, #chip.space<spm>>
      %acc = chip.alloc [%c0, %c0, %c0, %c0, %c0] extents [1, 1, 8, 4, 4] core_stride [0, 0, 0, 0, 0] slots 1 {offset = 0, slot_bytes = 512} : memref<1x1x8x4x4xf32, #chip.space<acc>>
      // expected-note @below {{that engine's access, earlier in program order}}
      chip.load %gv to %gate : memref<1x1x1x4x4x!f, #chip.space<dram>>, memref<1x1x1x4x4x!f, #chip.space<spm>>
      // expected-error @below {{may run before engine load is done with bytes 192 to 208 of spm}}
      chip.conv.bp(%acc, %x, %w, %gate) geom = [1, 1, 1, 1, 0, 0, 1, 1, 0] mode = zero gated = present : memref<1x1x8x4x4xf32, #chip.space<acc>>, memref<1x1x8x4x4x!f, #chip.space<spm>>, memref<1x8x8x1x1x!f, #chip.space<spm>>, memref<1x1x1x4x4x!f, #chip.space<spm>>
    }
    return
  }
}
