// Temporaries that every nest sees whole stay in the shared buffer, and nests get the room beside them.
// RUN: slp-opt %s --chip-choose-homes | FileCheck %s
// RUN: slp-opt %s --chip-choose-homes --remarks-filter=homes -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: slp-opt %s --chip-choose-homes --chip-choose-tiles --chip-expand-nests --chip-form-regions --chip-place-buffers --chip-insert-semaphores --chip-verify-schedule | FileCheck %s --check-prefix=TASKS

!f8 = !num.float<5, 2, 15, reserved, flush>
#dram = #chip.space<dram>
#shared = #chip.space<shared>
#spm = #chip.space<spm>
#acc = #chip.space<acc>

module attributes {slp.chip = "lnpu"} {
  // What programs exchange with the host is in DRAM.
  // CHECK: chip.tensor @a : {{.*}} home <dram>
  chip.tensor @a : memref<64x512x!f8, #dram> home <dram> layout <row_major> {role = #chip.role<input>}
  chip.tensor @b : memref<512x32x!f8, #dram> home <dram> layout <row_major> {role = #chip.role<input>}
  // CHECK: chip.tensor @sum : memref<64x32x!num_e5m2, #chip.space<shared>> home <shared> layout <row_major> {address = 49152 : i64, role = #chip.role<temp>}
  chip.tensor @sum : memref<64x32x!f8, #dram> home <dram> layout <row_major> {role = #chip.role<temp>}
  // CHECK: chip.tensor @flat : memref<2048x!num_e5m2, #chip.space<shared>> home <shared> layout <row_major> {address = 51200 : i64, role = #chip.role<temp>}
  chip.tensor @flat : memref<2048x!f8, #dram> home <dram> layout <row_major> {role = #chip.role<temp>}
  // It lies where the first was, which nobody needs any more: but one reads it turned.
  // CHECK: chip.tensor @turned : {{.*}} home <dram>
  chip.tensor @turned : memref<64x32x!f8, #dram> home <dram> layout <row_major> {role = #chip.role<temp>}
  // Read before it is written.
  // CHECK: chip.tensor @early : {{.*}} home <dram>
  chip.tensor @early : memref<2048x!f8, #dram> home <dram> layout <row_major> {role = #chip.role<temp>}
  // Written by nobody that needs all of it at once: a window reaches into padding around it.
  // CHECK: chip.tensor @padded : {{.*}} home <dram>
  chip.tensor @padded : memref<2048x!f8, #dram> home <dram> layout <row_major> {role = #chip.role<temp>}
  // CHECK: chip.tensor @y : {{.*}} home <dram>
  chip.tensor @y : memref<2048x!f8, #dram> home <dram> layout <row_major> {role = #chip.role<output>}

  // A state stays over steps; what the host sees is in DRAM.
  // CHECK: chip.tensor @w : memref<32xf32, #chip.space<dram>> home <dram>
  // CHECK: chip.tensor @w.chip : memref<32xf32, #chip.space<shared>> home <shared> layout <row_major> {address = 49024 : i64, copy_of = @w, role = #chip.role<copy>}
  chip.tensor @w : memref<32xf32, #dram> home <dram> layout <row_major> {role = #chip.role<state>, init = 0 : i64}

  // REMARK-DAG: "w.chip" stays in the shared buffer, 128 bytes, for {{.*}}, over steps
  // REMARK-DAG: "sum" stays in the shared buffer, 2048 bytes, for 2 nests
  // REMARK-DAG: "flat" stays in the shared buffer, 2048 bytes, for 2 nests
  // REMARK-NOT: stays
  func.func @step() {
    // The tiles of scratchpads are moved to where the tensor stays.
    // CHECK: chip.nest "fc" {{.*}}room [0, 49024]
    // TASKS: chip.task "fc" "train.matmul" "fp" cores(16) room [0, 49024] {
    // TASKS: %[[SUM:.*]] = chip.alloc[%c0, %c0] extents [64, 32] core_stride [0, 0] slots 1 holds @sum {offset = 49152 : i64, slot_bytes = 2048 : i64}
    // TASKS: chip.v.round(%[[TILE:.*]], %{{.*}})
    // TASKS: chip.move %[[TILE]] to %[[SUM]]
    chip.nest "fc" "train.matmul" "fp" on_cores loops [#chip.loop<"m" 64>, #chip.loop<"n" 32 on_pes>, #chip.loop<"k" 512 reduction granule 8>] {
      %a = chip.buffer of @a strides [512, 1] from (d0, d1, d2) -> (d0, d2) size (d0, d1, d2) -> (d0, d2) extents [64, 512] load : memref<?x?x!f8, #spm>
      %b = chip.buffer of @b strides [32, 1] from (d0, d1, d2) -> (d2, d1) size (d0, d1, d2) -> (d2, d1) extents [512, 32] load : memref<?x?x!f8, #spm>
      %acc = chip.buffer from (d0, d1, d2) -> (d0, d1) size (d0, d1, d2) -> (d0, d1) extents [64, 32] : memref<?x?xf32, #acc>
      %y = chip.buffer of @sum strides [32, 1] from (d0, d1, d2) -> (d0, d1) size (d0, d1, d2) -> (d0, d1) extents [64, 32] store : memref<?x?x!f8, #spm>
      chip.matmul(%acc, %a, %b) mode = zero {captures = ["sum"]} : memref<?x?xf32, #acc>, memref<?x?x!f8, #spm>, memref<?x?x!f8, #spm>
      chip.v.round(%y, %acc) {captures = ["sum/round"], iterates = array<i64: 0, 1>} : memref<?x?x!f8, #spm>, memref<?x?xf32, #acc>
    }
    // What works in the shared buffer works on the tensors, under whatever shape, and does not cut them.
    // CHECK: chip.nest "relu" {{.*}}loops [#chip.loop<"d0" 2048 granule 2048 cut_last>] room [0, 49024]
    // TASKS: chip.task "relu"
    // TASKS-DAG: %[[IN:.*]] = chip.alloc[%c0] extents [2048] core_stride [0] slots 1 holds @sum
    // TASKS-DAG: %[[OUT:.*]] = chip.alloc[%c0] extents [2048] core_stride [0] slots 1 holds @flat
    // TASKS-NOT: chip.load
    // TASKS: chip.v.relu(%[[OUT]], %[[IN]])
    // TASKS-NOT: chip.store
    chip.nest "relu" "train.relu" "fp" loops [#chip.loop<"d0" 2048 cut_last>] {
      %x = chip.buffer of @sum strides [1] from (d0) -> (d0) size (d0) -> (d0) extents [2048] load : memref<?x!f8, #shared>
      %y = chip.buffer of @flat strides [1] from (d0) -> (d0) size (d0) -> (d0) extents [2048] store : memref<?x!f8, #shared>
      chip.v.relu(%y, %x) {captures = ["flat"]} : memref<?x!f8, #shared>, memref<?x!f8, #shared>
    }
    // CHECK: chip.nest "copy" {{.*}}room [0, 49024]
    // TASKS: chip.task "copy"
    // TASKS: %[[X:.*]] = chip.alloc[%c0] extents [2048] core_stride [0] slots 1 holds @flat
    // TASKS: chip.v.relu(%[[Y:.*]], %[[X]])
    // TASKS: chip.store %[[Y]]
    chip.nest "copy" "train.relu" "fp" loops [#chip.loop<"d0" 2048 cut_last>] {
      %x = chip.buffer of @flat strides [1] from (d0) -> (d0) size (d0) -> (d0) extents [2048] load : memref<?x!f8, #shared>
      %y = chip.buffer of @turned strides [1] from (d0) -> (d0) size (d0) -> (d0) extents [2048] store : memref<?x!f8, #shared>
      chip.v.relu(%y, %x) {captures = ["turned"]} : memref<?x!f8, #shared>, memref<?x!f8, #shared>
    }
    // It is turned as it comes from DRAM.
    // CHECK: chip.nest "turn" {{.*}}loops [#chip.loop<"d0" 32>, #chip.loop<"d1" 64 cut_last>] room
    chip.nest "turn" "train.transpose" "fp" loops [#chip.loop<"d0" 32>, #chip.loop<"d1" 64 cut_last>] {
      %x = chip.buffer of @turned strides [1, 32] from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [32, 64] load : memref<?x?x!f8, #shared>
      %z = chip.buffer of @early strides [64, 1] from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [32, 64] load : memref<?x?x!f8, #shared>
      %y = chip.buffer of @y strides [64, 1] from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [32, 64] store : memref<?x?x!f8, #shared>
      chip.v.binary(%y, %x, %z) fn = mul : memref<?x?x!f8, #shared>, memref<?x?x!f8, #shared>, memref<?x?x!f8, #shared>
    }
    chip.nest "fill" "train.x" "fp" loops [#chip.loop<"d0" 2048 cut_last>] {
      %y = chip.buffer of @padded strides [1] from (d0) -> (d0) size (d0) -> (d0) extents [2048] store : memref<?x!f8, #shared>
      chip.v.fill(%y) value = 1.0 : memref<?x!f8, #shared>
    }
    chip.nest "use" "train.x" "fp" loops [#chip.loop<"d0" 2048 cut_last>] {
      %x = chip.buffer of @padded strides [1] from (d0) -> (d0 - 1) size (d0) -> (d0 + 2) extents [2048] load : memref<?x!f8, #shared>
      %y = chip.buffer of @early strides [1] from (d0) -> (d0) size (d0) -> (d0) extents [2048] store : memref<?x!f8, #shared>
      chip.v.relu(%y, %x) : memref<?x!f8, #shared>, memref<?x!f8, #shared>
    }
    // TASKS: chip.task "update" "train.x" "up" cores(1) room [0, 49024]
    // TASKS: %[[W:.*]] = chip.alloc[%c0] extents [32] core_stride [0] slots 1 holds @w.chip
    // TASKS: chip.v.relu(%[[W]], %[[W]])
    chip.nest "update" "train.x" "up" loops [#chip.loop<"d0" 32 cut_last>] {
      %w = chip.buffer of @w strides [1] from (d0) -> (d0) size (d0) -> (d0) extents [32] load : memref<?xf32, #shared>
      %out = chip.buffer of @w strides [1] from (d0) -> (d0) size (d0) -> (d0) extents [32] store : memref<?xf32, #shared>
      chip.v.relu(%out, %w) : memref<?xf32, #shared>, memref<?xf32, #shared>
    }
    return
  }
  // The host runs these: before the first step, and before it reads.
  // TASKS: func.func @init
  // TASKS: %[[VIEW:.*]] = chip.view @w
  // TASKS: %[[BUFFER:.*]] = chip.alloc{{.*}} holds @w.chip
  // TASKS: chip.load %[[VIEW]] to %[[BUFFER]]
  // TASKS: func.func @sync
  // TASKS: %[[VIEW:.*]] = chip.view @w
  // TASKS: %[[BUFFER:.*]] = chip.alloc{{.*}} holds @w.chip
  // TASKS: chip.store %[[BUFFER]] to %[[VIEW]]
}
