// What chip-verify-schedule refuses of the tasks of a region.
// RUN: slp-opt %s --chip-verify-schedule --split-input-file --verify-diagnostics

!d = memref<64xf32, #chip.space<dram>>
!t = memref<64xf32, #chip.space<spm>>

// V10: the second task loads what the first may not have stored.
module attributes {slp.chip = "asu-fp8"} {
  chip.tensor @y : !d {role = #chip.role<temp>}
  func.func @loads_early() {
    chip.region {
      chip.task "a" "train.x" "fp" cores(1) {
        %c0 = arith.constant 0 : index
        %v = chip.view @y : !d
        %x = chip.alloc [%c0] extents [64] core_stride [0] slots 1 {offset = 0, slot_bytes = 256} : !t
        // expected-note @below {{that engine's access, earlier in program order}}
        chip.store %x to %v : !t, !d
      }
      chip.task "b" "train.x" "fp" cores(1) {
        %c0 = arith.constant 0 : index
        %v = chip.view @y : !d
        %x = chip.alloc [%c0] extents [64] core_stride [0] slots 1 {offset = 256, slot_bytes = 256} : !t
        // expected-error @below {{'chip.load' op may run before engine store is done with tensor @y in an earlier task}}
        chip.load %v to %x : !d, !t
      }
    }
    return
  }
}

// -----

!d = memref<64xf32, #chip.space<dram>>
!t = memref<16xf32, #chip.space<spm>>

// V10: each core has waited for its own stores, and knows nothing of the others'.
module attributes {slp.chip = "asu-fp8"} {
  chip.tensor @y : !d {role = #chip.role<temp>}
  func.func @knows_its_own_core() {
    chip.region {
      chip.task "a" "train.x" "fp" cores(4) {
        %c0 = arith.constant 0 : index
        %v = chip.view @y : !d
        %x = chip.alloc [%c0] extents [64] core_stride [16] slots 1 {offset = 0, slot_bytes = 64} : !t
        // expected-note @below {{that engine's access, earlier in program order}}
        chip.store %x to %v : !t, !d
        chip.signal <store> 0 by 1 across
      }
      chip.task "b" "train.x" "fp" cores(4) {
        %c0 = arith.constant 0 : index
        %v = chip.view @y : !d
        %x = chip.alloc [%c0] extents [64] core_stride [16] slots 1 {offset = 64, slot_bytes = 64} : !t
        chip.wait <load> 0 by 1 across
        // expected-error @below {{'chip.load' op may run before engine store of another core is done with tensor @y in an earlier task}}
        chip.load %v to %x : !d, !t
      }
    }
    return
  }
}

// -----

!d = memref<64xf32, #chip.space<dram>>
!t = memref<64xf32, #chip.space<spm>>

// V10: another tensor lies where the one lay that the first task still stores.
module attributes {slp.chip = "asu-fp8"} {
  chip.tensor @x : !d {address = 0, role = #chip.role<temp>}
  chip.tensor @y : !d {address = 0, role = #chip.role<temp>}
  func.func @shares_bytes() {
    chip.region {
      chip.task "a" "train.x" "fp" cores(1) {
        %c0 = arith.constant 0 : index
        %v = chip.view @x : !d
        %x = chip.alloc [%c0] extents [64] core_stride [0] slots 1 {offset = 0, slot_bytes = 256} : !t
        // expected-note @below {{that engine's access, earlier in program order}}
        chip.store %x to %v : !t, !d
      }
      chip.task "b" "train.x" "fp" cores(1) {
        %c0 = arith.constant 0 : index
        %v = chip.view @y : !d
        %x = chip.alloc [%c0] extents [64] core_stride [0] slots 1 {offset = 256, slot_bytes = 256} : memref<64xf32, #chip.space<shared>>
        // expected-error @below {{'chip.store' op may run before engine store is done with tensor @y, in the place of which is @x in an earlier task}}
        chip.store %x to %v : memref<64xf32, #chip.space<shared>>, !d
      }
    }
    return
  }
}

// -----

!d = memref<64xf32, #chip.space<dram>>
!t = memref<64xf32, #chip.space<spm>>

// V4: the second task's buffer lies where the vector unit may still read the first one's.
module attributes {slp.chip = "asu-fp8"} {
  chip.tensor @x : !d {role = #chip.role<input>}
  func.func @overwrites() {
    chip.region {
      chip.task "a" "train.x" "fp" cores(1) {
        %c0 = arith.constant 0 : index
        %x = chip.alloc [%c0] extents [64] core_stride [0] slots 1 {offset = 0, slot_bytes = 256} : !t
        %y = chip.alloc [%c0] extents [64] core_stride [0] slots 1 {offset = 256, slot_bytes = 256} : !t
        // expected-note @below {{that engine's access, earlier in program order}}
        chip.v.relu(%y, %x) : !t, !t
      }
      chip.task "b" "train.x" "fp" cores(1) {
        %c0 = arith.constant 0 : index
        %v = chip.view @x : !d
        %x = chip.alloc [%c0] extents [64] core_stride [0] slots 1 {offset = 128, slot_bytes = 256} : !t
        // expected-error @below {{'chip.load' op may run before engine vector is done with bytes 128 to 384 of spm}}
        chip.load %v to %x : !d, !t
      }
    }
    return
  }
}

// -----

// V1: what is given in one task is taken in another, or the region is left with it.
module attributes {slp.chip = "asu-fp8"} {
  func.func @left_over() {
    // expected-error @below {{semaphore 3 has a net effect of 1 on 4 cores, expected zero in each region}}
    chip.region {
      chip.task "a" "train.x" "fp" cores(1) {
        chip.signal <store> 3 by 2 across
      }
      chip.task "b" "train.x" "fp" cores(4) {
        chip.wait <load> 3 by 1 across
      }
    }
    return
  }
}

// -----

// V3: on the cores that the first task lacks nobody has signalled.
module attributes {slp.chip = "asu-fp8"} {
  func.func @other_cores() {
    // expected-error @below {{semaphore 3 has a net effect of 1 on 1 cores, expected zero in each region}}
    chip.region {
      chip.task "a" "train.x" "fp" cores(1) {
        chip.signal <store> 3 by 1
      }
      chip.task "b" "train.x" "fp" cores(4) {
        chip.wait <load> 3 by 1
      }
    }
    return
  }
}

// -----

// What data decide has fences on both sides.
module attributes {slp.chip = "asu-fp8"} {
  chip.tensor @n : memref<1xi32, #chip.space<dram>> {role = #chip.role<input>}
  func.func @decides() {
    chip.region {
      chip.task "a" "train.x" "fp" cores(1) {
      }
      chip.task "b" "train.x" "fp" cores(1) {
        %c0 = arith.constant 0 : index
        %c1 = arith.constant 1 : index
        %v = chip.view @n : memref<1xi32, #chip.space<dram>>
        %n = chip.count %v[%c0] most 4 : memref<1xi32, #chip.space<dram>>
        // expected-error @below {{is decided by data in a region of several tasks, expected a fence before and behind its task}}
        scf.for %i = %c0 to %n step %c1 {
        }
      }
    }
    return
  }
}

// -----

// V7: two tensors are alive together in the same bytes.
!d = memref<64xf32, #chip.space<dram>>
!t = memref<64xf32, #chip.space<shared>>
module attributes {slp.chip = "asu-fp8"} {
  // expected-note @below {{at bytes 0 to 256}}
  chip.tensor @x : !d {address = 0, role = #chip.role<temp>}
  // expected-error @below {{overlaps another tensor at bytes 128 to 384 of dram}}
  chip.tensor @y : !d {address = 128, role = #chip.role<temp>}
  func.func @both_alive() {
    chip.task "a" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %v = chip.view @x : !d
      %w = chip.view @y : !d
      %x = chip.alloc [%c0] extents [64] core_stride [0] slots 1 {offset = 0, slot_bytes = 256} : !t
      chip.store %x to %v : !t, !d
      chip.store %x to %w : !t, !d
    }
    return
  }
}

// -----

!d = memref<64xf32, #chip.space<dram>>
!a = memref<64xf32, #chip.space<spm>>
!t = memref<16xf32, #chip.space<spm>>

// V10: an update in place is behind its own core's loads, not behind what other cores of the first task still load; that the
// second task loads the tensor, too, orders nothing.
module attributes {slp.chip = "asu-fp8"} {
  chip.tensor @w : !d {role = #chip.role<state>}
  func.func @updates_early() {
    chip.region {
      chip.task "a" "train.x" "fp" cores(4) {
        %c0 = arith.constant 0 : index
        %v = chip.view @w : !d
        %x = chip.alloc [%c0] extents [64] core_stride [0] slots 1 {offset = 0, slot_bytes = 256} : !a
        // expected-note @below {{that engine's access, earlier in program order}}
        chip.load %v to %x : !d, !a
      }
      chip.task "b" "train.x" "up" cores(4) {
        %c0 = arith.constant 0 : index
        %v = chip.view @w : !d
        %x = chip.alloc [%c0] extents [64] core_stride [16] slots 1 {offset = 256, slot_bytes = 64} : !t
        chip.load %v to %x : !d, !t
        chip.signal <load> 0 by 1
        chip.wait <store> 0 by 1
        // expected-error @below {{'chip.store' op may run before engine load of another core is done with tensor @w in an earlier task}}
        chip.store %x to %v : !t, !d
      }
    }
    return
  }
}

// -----

!d = memref<64xf32, #chip.space<dram>>
!t = memref<8xf32, #chip.space<shared>>

// V4: all trips of a loop count. The last of five tiles is in copy 1, where the second task's buffer is; that one knows of the last
// but one alone. After four, two more than there are copies, the last tile would be in copy 0. (In one loop by itself an iteration so late cannot
// be the first to go wrong: by V1 an engine is as many iterations behind another one in all of them, and a copy's second tile shows it.)
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : !d {role = #chip.role<input>}
  func.func @fifth_tile() {
    chip.region {
      chip.task "a" "train.x" "fp" cores(1) {
        %c0 = arith.constant 0 : index
        %c8 = arith.constant 8 : index
        %c40 = arith.constant 40 : index
        %v = chip.view @x : !d
        chip.signal <vector> 1 by 2
        scf.for %i = %c0 to %c40 step %c8 {
          %a = chip.alloc [%i] extents [64] core_stride [0] slots 2 {offset = 0, slot_bytes = 32} : !t
          chip.wait <shared_load> 1 by 1
          chip.load %v to %a : !d, !t
          chip.signal <shared_load> 2 by 1
          chip.wait <vector> 2 by 1
          // expected-note @below {{that engine's access, earlier in program order}}
          chip.v.relu(%a, %a) : !t, !t
          chip.signal <vector> 1 by 1
        }
      }
      chip.task "b" "train.x" "fp" cores(1) {
        %c0 = arith.constant 0 : index
        %v = chip.view @x : !d
        %a = chip.alloc [%c0] extents [64] core_stride [0] slots 1 {offset = 32, slot_bytes = 32} : !t
        chip.wait <shared_load> 1 by 1
        // expected-error @below {{'chip.load' op may run before engine vector is done with bytes 32 to 64 of shared}}
        chip.load %v to %a : !d, !t
        chip.wait <shared_load> 1 by 1
      }
    }
    return
  }
}

// -----

!d = memref<64xf32, #chip.space<dram>>
!t = memref<8xf32, #chip.space<shared>>

// V4: so does it after ten thousand and one, most of which are like others before them.
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : !d {role = #chip.role<input>}
  func.func @last_of_many() {
    chip.region {
      chip.task "a" "train.x" "fp" cores(1) {
        %c0 = arith.constant 0 : index
        %c1 = arith.constant 1 : index
        %c10001 = arith.constant 10001 : index
        %v = chip.view @x : !d
        chip.signal <vector> 1 by 2
        scf.for %i = %c0 to %c10001 step %c1 {
          %a = chip.alloc [%c0] extents [64] core_stride [0] slots 2 {offset = 0, slot_bytes = 32} : !t
          chip.wait <shared_load> 1 by 1
          chip.load %v to %a : !d, !t
          chip.signal <shared_load> 2 by 1
          chip.wait <vector> 2 by 1
          // expected-note @below {{that engine's access, earlier in program order}}
          chip.v.relu(%a, %a) : !t, !t
          chip.signal <vector> 1 by 1
        }
      }
      chip.task "b" "train.x" "fp" cores(1) {
        %c0 = arith.constant 0 : index
        %v = chip.view @x : !d
        %a = chip.alloc [%c0] extents [64] core_stride [0] slots 1 {offset = 32, slot_bytes = 32} : !t
        chip.wait <shared_load> 1 by 1
        // expected-error @below {{'chip.load' op may run before engine vector is done with bytes 32 to 64 of shared}}
        chip.load %v to %a : !d, !t
        chip.wait <shared_load> 1 by 1
      }
    }
    return
  }
}
