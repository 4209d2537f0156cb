// Two tasks of a region: one on 4 cores, the next on one. The second reads in DRAM what the first stores, and its buffer lies
// where the first one's lay.
// RUN: slp-opt %s --chip-place-buffers --chip-insert-semaphores --chip-verify-schedule | FileCheck %s
// RUN: slp-opt %s --chip-place-buffers --chip-insert-semaphores --convert-chip-to-mach | FileCheck %s --check-prefix=MACH

module attributes {slp.chip = "asu-fp8"} {
  chip.tensor @x : memref<65536xf32, #chip.space<dram>> {role = #chip.role<input>}
  chip.tensor @y : memref<65536xf32, #chip.space<dram>> {role = #chip.role<temp>}
  chip.tensor @z : memref<65536xf32, #chip.space<dram>> {role = #chip.role<output>}
  func.func @step() {
    chip.region {
      // Free copies begin with the region and end with it, on all of its cores.
      // CHECK: chip.task "first" "train.relu" "fp" cores(4)
      // CHECK: chip.signal <store> [[FREE:[0-9]+]] by 2 across
      chip.task "first" "train.relu" "fp" cores(4) {
        %c0 = arith.constant 0 : index
        %c8192 = arith.constant 8192 : index
        %c65536 = arith.constant 65536 : index
        %v = chip.view @x : memref<65536xf32, #chip.space<dram>>
        %w = chip.view @y : memref<65536xf32, #chip.space<dram>>
        scf.for %i = %c0 to %c65536 step %c8192 {
          // CHECK: chip.alloc{{.*}}offset = 0 : i64
          // CHECK-NEXT: chip.wait <load> [[FREE]] by 1
          %x = chip.alloc [%i] extents [65536] core_stride [2048] slots 2 : memref<2048xf32, #chip.space<spm>>
          chip.load %v to %x : memref<65536xf32, #chip.space<dram>>, memref<2048xf32, #chip.space<spm>>
          chip.v.relu(%x, %x) : memref<2048xf32, #chip.space<spm>>, memref<2048xf32, #chip.space<spm>>
          chip.store %x to %w : memref<2048xf32, #chip.space<spm>>, memref<65536xf32, #chip.space<dram>>
        }
        // CHECK: chip.store
        // CHECK: }
        // CHECK: chip.signal <store> [[DONE:[0-9]+]] by 1 across
        // CHECK-NEXT: }
      }
      // All cores of the first task have stored before any core of the second loads.
      // CHECK: chip.task "second" "train.relu" "fp" cores(1)
      chip.task "second" "train.relu" "fp" cores(1) {
        %c0 = arith.constant 0 : index
        %v = chip.view @y : memref<65536xf32, #chip.space<dram>>
        %w = chip.view @z : memref<65536xf32, #chip.space<dram>>
        // CHECK: chip.alloc{{.*}}offset = 0 : i64
        %x = chip.alloc [%c0] extents [65536] core_stride [0] slots 1 : memref<32768xf32, #chip.space<spm>>
        // CHECK: chip.wait <shared_store> [[DONE]] by 1 across
        // CHECK-NEXT: chip.signal <shared_store> [[MET:[0-9]+]] by 1 across
        // CHECK-NEXT: chip.wait <load> [[MET]] by 1 across
        // CHECK-NEXT: chip.load
        chip.load %v to %x : memref<65536xf32, #chip.space<dram>>, memref<32768xf32, #chip.space<spm>>
        chip.v.relu(%x, %x) : memref<32768xf32, #chip.space<spm>>, memref<32768xf32, #chip.space<spm>>
        chip.store %x to %w : memref<32768xf32, #chip.space<spm>>, memref<65536xf32, #chip.space<dram>>
        // CHECK: chip.wait <load> [[FREE]] by 2 across
      }
    }
    return
  }
}

// One fence. What goes from task to task is of all cores, for which the second task changes the mask and back.
// MACH: mach.program
// MACH-LABEL: mach.program @step
// MACH: mach.mask {{.*}}15
// MACH-NOT: mach.fence
// MACH: mach.mask {{.*}} 1
// MACH: mach.mask {{.*}}15
// MACH: mach.wait
// MACH: mach.signal
// MACH: mach.wait
// MACH: mach.mask {{.*}} 1
// MACH: mach.ld
// MACH: mach.fence
// MACH-NOT: mach.fence
// MACH: mach.halt
