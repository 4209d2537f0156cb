// Each hand-over of a buffer gets a semaphore: signal behind the last use, wait before the first. The last engine gives the
// copy back to the first, which begins with as many credits as there are copies. Hand-overs between the same engines that
// one later signal or one earlier wait of theirs implies need none.
// RUN: slp-opt %s --chip-insert-semaphores | FileCheck %s
// What the pass inserts, chip-verify-schedule accepts.
// RUN: slp-opt %s --chip-place-buffers --chip-insert-semaphores --chip-verify-schedule

// CHECK: module attributes {slp.chip = "lnpu", slp.stage = "schedule"}
module attributes {slp.chip = "lnpu"} {
  chip.tensor @a : memref<1x64x!num.float<5, 2, 15, reserved, flush>, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @b : memref<64x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @x : memref<64xf32, #chip.space<dram>> {role = #chip.role<input>}
  chip.tensor @z : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  chip.tensor @w : memref<64x8xf32, #chip.space<dram>> {role = #chip.role<input>}
  chip.tensor @y : memref<8xf32, #chip.space<dram>> {role = #chip.role<output>}

  // CHECK-LABEL: func.func @one_loop
  func.func @one_loop() {
    chip.task "relu" "train.relu" "fp" cores(1) {
      // The first engine of each buffer has its credits before anything runs ...
      // CHECK: chip.task
      // CHECK-NEXT: chip.signal <shared_store> 3 by 3 bank <shared>
      // CHECK-NEXT: chip.signal <vector> 1 by 2 bank <shared>
      %c0 = arith.constant 0 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %v = chip.view @x : memref<64xf32, #chip.space<dram>>
      %z = chip.view @z : memref<64xf32, #chip.space<dram>>
      // CHECK: scf.for
      scf.for %i = %c0 to %c64 step %c8 {
        // CHECK: %[[X:.*]] = chip.alloc
        // CHECK-NEXT: chip.wait <shared_load> 1 by 1 bank <shared>
        // CHECK-NEXT: chip.load %{{.*}} to %[[X]]
        // CHECK-NEXT: chip.signal <shared_load> 0 by 1 bank <shared>
        %x = chip.alloc [%i] extents [64] core_stride [0] slots 2 : memref<8xf32, #chip.space<shared>>
        chip.load %v to %x : memref<64xf32, #chip.space<dram>>, memref<8xf32, #chip.space<shared>>
        // CHECK: %[[Y:.*]] = chip.alloc
        // CHECK-NEXT: chip.wait <vector> 3 by 1 bank <shared>
        // CHECK-NEXT: chip.wait <vector> 0 by 1 bank <shared>
        // CHECK-NEXT: chip.v.relu(%[[Y]], %[[X]])
        // CHECK-NEXT: chip.signal <vector> 2 by 1 bank <shared>
        // CHECK-NEXT: chip.signal <vector> 1 by 1 bank <shared>
        // CHECK-NEXT: chip.wait <shared_store> 2 by 1 bank <shared>
        // CHECK-NEXT: chip.store %[[Y]]
        // CHECK-NEXT: chip.signal <shared_store> 3 by 1 bank <shared>
        // CHECK-NEXT: }
        %y = chip.alloc [%i] extents [64] core_stride [0] slots 3 : memref<8xf32, #chip.space<shared>>
        chip.v.relu(%y, %x) : memref<8xf32, #chip.space<shared>>, memref<8xf32, #chip.space<shared>>
        chip.store %y to %z : memref<8xf32, #chip.space<shared>>, memref<64xf32, #chip.space<dram>>
      }
      // ... and takes them back at the end, so that the next task begins with zero.
      // CHECK-NEXT: chip.wait <shared_load> 1 by 2 bank <shared>
      // CHECK-NEXT: chip.wait <vector> 3 by 3 bank <shared>
      // CHECK-NEXT: }
    }
    return
  }

  // What goes by a second name is handed over like the buffer.
  // CHECK-LABEL: func.func @second_name
  func.func @second_name() {
    chip.task "relu" "train.relu" "fp" cores(1) {
      // CHECK: chip.task
      // CHECK-NEXT: chip.signal <shared_store> 2 by 1 bank <shared>
      %c0 = arith.constant 0 : index
      %v = chip.view @x : memref<64xf32, #chip.space<dram>>
      %z = chip.view @z : memref<64xf32, #chip.space<dram>>
      // CHECK: %[[X:.*]] = chip.alloc
      // CHECK-NEXT: chip.wait <shared_load> 2 by 1 bank <shared>
      // CHECK-NEXT: %[[Y:.*]] = chip.alloc{{.*}} of(%[[X]] :
      // CHECK-NEXT: chip.load %{{.*}} to %[[X]]
      // CHECK-NEXT: chip.signal <shared_load> 0 by 1 bank <shared>
      // CHECK-NEXT: chip.wait <vector> 0 by 1 bank <shared>
      // CHECK-NEXT: chip.v.relu(%[[Y]], %[[Y]])
      // CHECK-NEXT: chip.signal <vector> 1 by 1 bank <shared>
      // CHECK-NEXT: chip.wait <shared_store> 1 by 1 bank <shared>
      // CHECK-NEXT: chip.store %[[X]]
      // CHECK-NEXT: chip.signal <shared_store> 2 by 1 bank <shared>
      %x = chip.alloc [%c0] extents [64] core_stride [0] slots 1 : memref<64xf32, #chip.space<shared>>
      %y = chip.alloc [%c0, %c0] extents [8, 8] core_stride [0, 0] slots 1 of(%x : memref<64xf32, #chip.space<shared>>) : memref<8x8xf32, #chip.space<shared>>
      chip.load %v to %x : memref<64xf32, #chip.space<dram>>, memref<64xf32, #chip.space<shared>>
      chip.v.relu(%y, %y) : memref<8x8xf32, #chip.space<shared>>, memref<8x8xf32, #chip.space<shared>>
      chip.store %x to %z : memref<64xf32, #chip.space<shared>>, memref<64xf32, #chip.space<dram>>
    }
    return
  }

  // A buffer used inside a loop but allocated outside is handed over around the loop: the mac's turn is all its iterations.
  // CHECK-LABEL: func.func @around_a_loop
  func.func @around_a_loop() {
    chip.task "mm" "train.matmul" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c8 = arith.constant 8 : index
      %c64 = arith.constant 64 : index
      %xv = chip.view @a : memref<1x64x!num.float<5, 2, 15, reserved, flush>, #chip.space<dram>>
      %wv = chip.view @b : memref<64x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<dram>>
      %yv = chip.view @y : memref<1x8xf32, #chip.space<dram>>
      %acc = chip.alloc [%c0, %c0] extents [1, 8] core_stride [0, 0] slots 1 : memref<1x8xf32, #chip.space<acc>>
      %y = chip.alloc [%c0, %c0] extents [1, 8] core_stride [0, 0] slots 1 : memref<1x8xf32, #chip.space<spm>>
      // CHECK: %[[ACC:.*]] = chip.alloc{{.*}} #chip.space<acc>>
      // CHECK-NEXT: chip.wait <mac> 1 by 1
      // CHECK: scf.for
      // CHECK-NOT: <mac> 0
      // CHECK: chip.wait <load> 4 by 1
      // CHECK-NEXT: chip.load
      // CHECK-NEXT: chip.alloc
      // CHECK-NEXT: chip.load
      // CHECK-NEXT: chip.signal <load> 5 by 1
      // CHECK-NEXT: chip.wait <mac> 5 by 1
      // CHECK-NEXT: chip.matmul(%[[ACC]],
      // CHECK-NOT: <mac> 0
      // CHECK: chip.signal <mac> 4 by 1
      // CHECK-NEXT: }
      // CHECK-NEXT: chip.signal <mac> 0 by 1
      // CHECK: chip.wait <vector> 0 by 1
      // CHECK-NEXT: chip.v.round
      // CHECK: chip.signal <vector> 1 by 1
      scf.for %k = %c0 to %c64 step %c8 {
        %a = chip.alloc [%c0, %k] extents [1, 64] core_stride [0, 0] slots 2 : memref<1x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>
        chip.load %xv to %a : memref<1x64x!num.float<5, 2, 15, reserved, flush>, #chip.space<dram>>, memref<1x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>
        %b = chip.alloc [%k, %c0] extents [64, 8] core_stride [0, 0] slots 2 : memref<8x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>
        chip.load %wv to %b : memref<64x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<dram>>, memref<8x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>
        chip.matmul(%acc, %a, %b) mode = zero : memref<1x8xf32, #chip.space<acc>>, memref<1x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>, memref<8x8x!num.float<5, 2, 15, reserved, flush>, #chip.space<spm>>
      }
      chip.v.round(%y, %acc) : memref<1x8xf32, #chip.space<spm>>, memref<1x8xf32, #chip.space<acc>>
      chip.store %y to %yv : memref<1x8xf32, #chip.space<spm>>, memref<1x8xf32, #chip.space<dram>>
    }
    return
  }

  // One engine needs no semaphore.
  // CHECK-LABEL: func.func @one_engine
  // CHECK-NOT: chip.wait
  // CHECK-NOT: chip.signal
  func.func @one_engine() {
    chip.task "x" "train.x" "fp" cores(1) {
      %a = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<shared>>
      chip.v.relu(%a, %a) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
    }
    return
  }

  // By way of the shared buffer to two cores and back: whoever each core has takes the semaphores of the cores, whatever
  // the other side is; the two of the shared buffer and the vector unit take those of its bank.
  // CHECK-LABEL: func.func @moves
  func.func @moves() {
    chip.task "x" "train.x" "fp" cores(2) {
      // CHECK: chip.task
      // CHECK-NEXT: chip.signal <shared_store> 7 by 2
      // CHECK-NEXT: chip.signal <store> 5 by 2
      // CHECK-NEXT: chip.signal <vector> 3 by 2
      // CHECK-NEXT: chip.signal <load> 1 by 2
      %c0 = arith.constant 0 : index
      %c16 = arith.constant 16 : index
      %c64 = arith.constant 64 : index
      %xv = chip.view @x : memref<64xf32, #chip.space<dram>>
      %zv = chip.view @z : memref<64xf32, #chip.space<dram>>
      scf.for %i = %c0 to %c64 step %c16 {
        // CHECK: %[[S:.*]] = chip.alloc
        // CHECK-NEXT: chip.wait <shared_load> 1 by 1
        // CHECK-NEXT: chip.load %{{.*}} to %[[S]]
        // CHECK-NEXT: chip.signal <shared_load> 0 by 1 bank <shared>
        // CHECK-NEXT: chip.wait <vector> 0 by 1 bank <shared>
        // CHECK-NEXT: chip.v.relu
        // CHECK-NEXT: chip.signal <vector> 0 by 1
        %s = chip.alloc [%i] extents [64] core_stride [0] slots 2 : memref<16xf32, #chip.space<shared>>
        chip.load %xv to %s : memref<64xf32, #chip.space<dram>>, memref<16xf32, #chip.space<shared>>
        chip.v.relu(%s, %s) : memref<16xf32, #chip.space<shared>>, memref<16xf32, #chip.space<shared>>
        // CHECK: %[[A:.*]] = chip.alloc
        // CHECK-NEXT: chip.wait <load> 3 by 1
        // CHECK-NEXT: chip.wait <load> 0 by 1
        // CHECK-NEXT: chip.move %[[S]] to %[[A]]
        // CHECK-NEXT: chip.signal <load> 2 by 1
        // CHECK-NEXT: chip.signal <load> 1 by 1
        %a = chip.alloc [%i] extents [64] core_stride [8] slots 2 : memref<8xf32, #chip.space<spm>>
        chip.move %s to %a : memref<16xf32, #chip.space<shared>>, memref<8xf32, #chip.space<spm>>
        %b = chip.alloc [%i] extents [64] core_stride [8] slots 2 : memref<8xf32, #chip.space<spm>>
        chip.v.relu(%b, %a) : memref<8xf32, #chip.space<spm>>, memref<8xf32, #chip.space<spm>>
        %t = chip.alloc [%i] extents [64] core_stride [0] slots 2 : memref<16xf32, #chip.space<shared>>
        chip.move %b to %t : memref<8xf32, #chip.space<spm>>, memref<16xf32, #chip.space<shared>>
        chip.store %t to %zv : memref<16xf32, #chip.space<shared>>, memref<64xf32, #chip.space<dram>>
      }
    }
    return
  }
}
