// Addresses: tensors in module order at bursts of 64 bytes, buffers of each task anew at 16 bytes, accumulator copies one a bank.
// RUN: slp-opt %s --chip-place-buffers | FileCheck %s

module attributes {slp.chip = "lnpu"} {
  // CHECK: chip.tensor @a : memref<5xf32, #chip.space<dram>> {address = 0 : i64
  chip.tensor @a : memref<5xf32, #chip.space<dram>> {role = #chip.role<temp>}
  // CHECK: chip.tensor @b : memref<17x!num_e5m10, #chip.space<dram>> {address = 64 : i64
  chip.tensor @b : memref<17x!num.float<5, 10, 15, reserved, gradual>, #chip.space<dram>> {role = #chip.role<temp>}
  // CHECK: chip.tensor @c : memref<65xi8, #chip.space<dram>> {address = 128 : i64
  chip.tensor @c : memref<65xi8, #chip.space<dram>> {role = #chip.role<temp>}
  // CHECK: chip.tensor @d : memref<f32, #chip.space<dram>> {address = 256 : i64
  chip.tensor @d : memref<f32, #chip.space<dram>> {role = #chip.role<temp>}
  // Channels in blocks of 16, the last padded: 2 * 2 * 3 * 16 elements.
  // CHECK: chip.tensor @e : memref<2x20x3xf32, #chip.space<dram>> layout <channels16> {address = 320 : i64
  chip.tensor @e : memref<2x20x3xf32, #chip.space<dram>> layout <channels16> {role = #chip.role<temp>}
  // 8 x 8 blocks: 2 * 1 * 9 * 64 elements.
  // CHECK: chip.tensor @f : memref<12x3x3x3xi8, #chip.space<dram>> layout <blocks8x8> {address = 1088 : i64
  chip.tensor @f : memref<12x3x3x3xi8, #chip.space<dram>> layout <blocks8x8> {role = #chip.role<temp>}
  // Two images of two blocks of 16 channels, whose two rows of 17 pixels take two compressed blocks each: 16 bitmaps first.
  // CHECK: chip.tensor @g : {{.*}} layout <channels16> {address = 2752 : i64
  chip.tensor @g : memref<2x20x2x17x!num.mixed<!num.float<5, 2, 15, reserved, gradual>, !num.float<5, 10, 15, reserved, gradual>>, #chip.space<dram>> layout <channels16> {role = #chip.role<temp>}
  // CHECK: chip.tensor @h : memref<f32, #chip.space<dram>> {address = 11968 : i64
  chip.tensor @h : memref<f32, #chip.space<dram>> {role = #chip.role<temp>}
  func.func @step() {
    // CHECK: chip.task "first"
    chip.task "first" "train.x" "fp" cores(1) {
      // CHECK: chip.alloc[] extents [] core_stride [] slots 2 {offset = 0 : i64, slot_bytes = 16 : i64} : memref<f32, #chip.space<spm>>
      %0 = chip.alloc [] extents [] core_stride [] slots 2 : memref<f32, #chip.space<spm>>
      %c0 = arith.constant 0 : index
      // CHECK: chip.alloc[%{{.*}}] extents [17] core_stride [0] slots 3 {offset = 32 : i64, slot_bytes = 48 : i64}
      %1 = chip.alloc [%c0] extents [17] core_stride [0] slots 3 : memref<17x!num.float<5, 10, 15, reserved, gradual>, #chip.space<spm>>
      // Each memory counts for itself.
      // CHECK: slots 1 {offset = 0 : i64, slot_bytes = 32 : i64} : memref<17xi8, #chip.space<shared>>
      %2 = chip.alloc [%c0] extents [17] core_stride [0] slots 1 : memref<17xi8, #chip.space<shared>>
      // CHECK: slots 2 {offset = 0 : i64, slot_bytes = 2048 : i64} : memref<17xf32, #chip.space<acc>>
      %3 = chip.alloc [%c0] extents [17] core_stride [0] slots 2 : memref<17xf32, #chip.space<acc>>
      // CHECK: slots 1 {offset = 176 : i64, slot_bytes = 16 : i64}
      %4 = chip.alloc [] extents [] core_stride [] slots 1 : memref<f32, #chip.space<spm>>
    }
    // CHECK: chip.task "second"
    chip.task "second" "train.x" "fp" cores(1) {
      // CHECK: slots 1 {offset = 0 : i64, slot_bytes = 16 : i64}
      %0 = chip.alloc [] extents [] core_stride [] slots 1 : memref<f32, #chip.space<spm>>
    }
    return
  }
}
