// What chip-verify-schedule accepts beyond what chip-insert-semaphores makes (for that see insert-semaphores.mlir).
// RUN: slp-opt %s --chip-verify-schedule | FileCheck %s

!coded = !num.mixed<<5, 10, 15, reserved, gradual>, <5, 10, 15, reserved, gradual>>

// CHECK: slp.chip
module attributes {slp.chip = "lnpu"} {
  chip.tensor @p : memref<1x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @q : memref<8x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @x : memref<64xf32, #chip.space<dram>> {role = #chip.role<state>}

  chip.tensor @z : memref<64x!coded, #chip.space<dram>> {role = #chip.role<state>}

  // In place: the store of a tile and the load of another do not meet.
  func.func @in_place() {
    chip.task "relu" "train.relu" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %v = chip.view @x : memref<64xf32, #chip.space<dram>>
      chip.signal <shared_store> 0 by 2
      scf.for %i = %c0 to %c64 step %c8 {
        %x = chip.alloc [%i] extents [64] core_stride [0] slots 2 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<shared>>
        chip.wait <shared_load> 0 by 1
        chip.load %v to %x : memref<64xf32, #chip.space<dram>>, memref<8xf32, #chip.space<shared>>
        chip.signal <shared_load> 1 by 1
        chip.wait <vector> 1 by 1
        chip.v.relu(%x, %x) : memref<8xf32, #chip.space<shared>>, memref<8xf32, #chip.space<shared>>
        chip.signal <vector> 2 by 1
        chip.wait <shared_store> 2 by 1
        chip.store %x to %v : memref<8xf32, #chip.space<shared>>, memref<64xf32, #chip.space<dram>>
        chip.signal <shared_store> 0 by 1
      }
      chip.wait <shared_load> 0 by 2
    }
    return
  }

  // In place in a compressed tensor: with one copy the next tile is loaded when the block has been rewritten (V8).
  func.func @in_place_compressed() {
    chip.task "relu" "train.relu" "fp" cores(2) {
      %c0 = arith.constant 0 : index
      %c16 = arith.constant 16 : index
      %c64 = arith.constant 64 : index
      %v = chip.view @z : memref<64x!coded, #chip.space<dram>>
      chip.signal <store> 0 by 1
      scf.for %i = %c0 to %c64 step %c16 {
        %x = chip.alloc [%i] extents [64] core_stride [8] slots 1 {offset = 0, slot_bytes = 32} : memref<8x!coded, #chip.space<spm>>
        chip.wait <load> 0 by 1
        chip.load %v to %x : memref<64x!coded, #chip.space<dram>>, memref<8x!coded, #chip.space<spm>>
        chip.signal <load> 1 by 1
        chip.wait <vector> 1 by 1
        chip.v.relu(%x, %x) : memref<8x!coded, #chip.space<spm>>, memref<8x!coded, #chip.space<spm>>
        chip.signal <vector> 2 by 1
        chip.wait <store> 2 by 1
        chip.store %x to %v : memref<8x!coded, #chip.space<spm>>, memref<64x!coded, #chip.space<dram>>
        chip.signal <store> 0 by 1
      }
      chip.wait <load> 0 by 1
    }
    return
  }

  // Two stores to one compressed tensor are in order in the queues of the cores, and the cores of each take turns (V8).
  func.func @stores_to_one_block() {
    chip.task "x" "train.x" "fp" cores(2) {
      %c0 = arith.constant 0 : index
      %c16 = arith.constant 16 : index
      %v = chip.view @z : memref<64x!coded, #chip.space<dram>>
      %a = chip.alloc [%c0] extents [64] core_stride [8] slots 1 {offset = 0, slot_bytes = 32} : memref<8x!coded, #chip.space<spm>>
      %b = chip.alloc [%c16] extents [64] core_stride [8] slots 1 {offset = 32, slot_bytes = 32} : memref<8x!coded, #chip.space<spm>>
      chip.store %a to %v : memref<8x!coded, #chip.space<spm>>, memref<64x!coded, #chip.space<dram>>
      chip.store %b to %v : memref<8x!coded, #chip.space<spm>>, memref<64x!coded, #chip.space<dram>>
    }
    return
  }

  // In place by way of the shared buffer: cores bring and take what is loaded and stored once.
  func.func @in_place_by_moves() {
    chip.task "relu" "train.relu" "fp" cores(2) {
      %c0 = arith.constant 0 : index
      %c16 = arith.constant 16 : index
      %c64 = arith.constant 64 : index
      %v = chip.view @x : memref<64xf32, #chip.space<dram>>
      scf.for %i = %c0 to %c64 step %c16 {
        %s = chip.alloc [%i] extents [64] core_stride [0] slots 1 {offset = 0, slot_bytes = 64} : memref<16xf32, #chip.space<shared>>
        %a = chip.alloc [%i] extents [64] core_stride [8] slots 1 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<spm>>
        chip.load %v to %s : memref<64xf32, #chip.space<dram>>, memref<16xf32, #chip.space<shared>>
        chip.signal <shared_load> 0 by 1
        chip.wait <load> 0 by 1
        chip.move %s to %a : memref<16xf32, #chip.space<shared>>, memref<8xf32, #chip.space<spm>>
        chip.signal <load> 1 by 1
        chip.wait <vector> 1 by 1
        chip.v.relu(%a, %a) : memref<8xf32, #chip.space<spm>>, memref<8xf32, #chip.space<spm>>
        chip.signal <vector> 2 by 1
        chip.wait <store> 2 by 1
        chip.move %a to %s : memref<8xf32, #chip.space<spm>>, memref<16xf32, #chip.space<shared>>
        chip.signal <store> 3 by 1
        chip.wait <shared_store> 3 by 1
        chip.store %s to %v : memref<16xf32, #chip.space<shared>>, memref<64xf32, #chip.space<dram>>
        chip.signal <shared_store> 4 by 1
        chip.wait <shared_load> 4 by 1
      }
    }
    return
  }

  // Groups of cores have rows, their cores parts of a row, through which each goes by a loop of its own; the second name for
  // the buffer is known to be the same memory.
  func.func @groups() {
    chip.task "x" "train.x" "fp" cores(4) groups(2) {
      %c0 = arith.constant 0 : index
      %c2 = arith.constant 2 : index
      %c4 = arith.constant 4 : index
      %q = chip.view @q : memref<8x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<dram>>
      scf.for %j = %c0 to %c4 step %c2 {
        scf.for %i = %c0 to %c4 step %c2 {
          %a = chip.alloc [%j, %i] extents [8, 8] core_stride [0, 4] group_stride [4, 0] slots 1 {offset = 0, slot_bytes = 16} : memref<2x2x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>
          %b = chip.alloc [%c0] extents [4] core_stride [0] slots 1 of(%a : memref<2x2x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>) {offset = 0, slot_bytes = 16} : memref<4x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>
          chip.load %q to %a : memref<8x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<dram>>, memref<2x2x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>
          chip.signal <load> 0 by 1
          chip.wait <vector> 0 by 1
          chip.v.relu(%b, %b) : memref<4x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>, memref<4x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>
          chip.signal <vector> 1 by 1
          chip.wait <store> 1 by 1
          chip.store %a to %q : memref<2x2x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>, memref<8x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<dram>>
          chip.signal <store> 2 by 1
          chip.wait <load> 2 by 1
        }
      }
    }
    return
  }

  // One engine alone needs no order; a semaphore may order two buffers at once; a loop without an iteration does nothing.
  func.func @one_semaphore_for_two_buffers() {
    chip.task "x" "train.x" "fp" cores(4) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %p = chip.view @p : memref<1x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<dram>>
      %q = chip.view @q : memref<8x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<dram>>
      %a = chip.alloc [%c0, %c0] extents [1, 8] core_stride [0, 0] slots 1 {offset = 0, slot_bytes = 16} : memref<1x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>
      %b = chip.alloc [%c0, %c0] extents [8, 8] core_stride [0, 0] slots 1 {offset = 32, slot_bytes = 64} : memref<8x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>
      %y = chip.alloc [%c0, %c0] extents [1, 8] core_stride [0, 0] slots 1 {offset = 0, slot_bytes = 2048} : memref<1x8xf32, #chip.space<acc>>
      chip.load %p to %a : memref<1x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<dram>>, memref<1x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>
      chip.load %q to %b : memref<8x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<dram>>, memref<8x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>
      chip.signal <load> 7 by 1
      chip.wait <mac> 7 by 1
      chip.matmul(%y, %a, %b) mode = zero : memref<1x8xf32, #chip.space<acc>>, memref<1x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>, memref<8x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>
      scf.for %i = %c0 to %c0 step %c1 {
        chip.load %p to %a : memref<1x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<dram>>, memref<1x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>
      }
    }
    return
  }

  // What fills the shared buffer tells each MAC core.
  func.func @bias_for_all_cores() {
    chip.task "x" "train.x" "fp" cores(2) {
      %c0 = arith.constant 0 : index
      %v = chip.view @x : memref<64xf32, #chip.space<dram>>
      %a = chip.alloc [%c0, %c0] extents [1, 8] core_stride [0, 0] slots 1 {offset = 0, slot_bytes = 16} : memref<1x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>
      %w = chip.alloc [%c0, %c0] extents [8, 8] core_stride [0, 0] slots 1 {offset = 32, slot_bytes = 64} : memref<8x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>
      %b = chip.alloc [%c0] extents [64] core_stride [0] slots 1 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<shared>>
      %c = chip.alloc [%c0, %c0] extents [1, 8] core_stride [0, 0] slots 1 {offset = 0, slot_bytes = 2048} : memref<1x8xf32, #chip.space<acc>>
      chip.load %v to %b : memref<64xf32, #chip.space<dram>>, memref<8xf32, #chip.space<shared>>
      chip.signal <shared_load> 1 by 1
      chip.wait <mac> 1 by 1
      chip.matmul(%c, %a, %w, %b) mode = bias : memref<1x8xf32, #chip.space<acc>>, memref<1x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>, memref<8x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>, memref<8xf32, #chip.space<shared>>
    }
    return
  }

  // Parts that cores have stored in the shared buffer reach other cores by way of an engine that waits for all of them; a
  // copy that follows the loop holds one iteration's parts alone.
  func.func @exchange() {
    chip.task "x" "train.x" "fp" cores(2) {
      %c0 = arith.constant 0 : index
      %c16 = arith.constant 16 : index
      %c64 = arith.constant 64 : index
      chip.signal <vector> 1 by 1
      scf.for %i = %c0 to %c64 step %c16 {
        %a = chip.alloc [%i] extents [64] core_stride [8] slots 1 {offset = 0, slot_bytes = 32} : memref<8xf32, #chip.space<spm>>
        %s = chip.alloc [%i] extents [64] core_stride [0] slots 1 {offset = 0, slot_bytes = 64} : memref<16xf32, #chip.space<shared>>
        %b = chip.alloc [%i] extents [64] core_stride [0] slots 1 {offset = 32, slot_bytes = 64} : memref<16xf32, #chip.space<spm>>
        chip.wait <store> 1 by 1
        chip.move %a to %s : memref<8xf32, #chip.space<spm>>, memref<16xf32, #chip.space<shared>>
        chip.signal <store> 0 by 1
        chip.wait <vector> 0 by 1
        chip.signal <vector> 3 by 1
        chip.wait <load> 3 by 1
        chip.move %s to %b : memref<16xf32, #chip.space<shared>>, memref<16xf32, #chip.space<spm>>
        chip.signal <load> 2 by 1
        chip.wait <vector> 2 by 1
        chip.signal <vector> 1 by 1
      }
      chip.wait <store> 1 by 1
    }
    return
  }
}
