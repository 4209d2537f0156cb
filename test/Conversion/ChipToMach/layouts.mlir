// Descriptors of tensors in blocks: strides of blocks, the dimension of channels, groups.
// RUN: slp-opt %s --convert-chip-to-mach | FileCheck %s

#dram = #chip.space<dram>
#spm = #chip.space<spm>
module {
  // CHECK: mach.tensor @x "temp" f32 [2, 20, 3, 4] at 0 size 3072 layout = channels16
  chip.tensor @x : memref<2x20x3x4xf32, #dram> layout <channels16> {role = #chip.role<temp>, address = 0 : i64}
  // CHECK: mach.tensor @w "temp" f32 [12, 10, 3, 3] at 3072 size 9216 layout = blocks8x8
  chip.tensor @w : memref<12x10x3x3xf32, #dram> layout <blocks8x8> {role = #chip.role<temp>, address = 3072 : i64}
  // CHECK: mach.tensor @r "temp" f32 [4] at 12288 size 16{{$}}
  chip.tensor @r : memref<4xf32, #dram> layout <row_major> {role = #chip.role<temp>, address = 12288 : i64}
  func.func @step() {
    chip.task "conv" "train.conv" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      // The second image.
      // CHECK-DAG: mach.descriptor @{{.*}} base = 1536, {{.*}} layout = channels16 channel = 2 grouped, extent = [1, 4, 5, 3, 4], tile = [1, 2, 5, 3, 4], stride = [0, 0, 768, 256, 64]
      %x = chip.view @x : memref<1x4x5x3x4xf32, strided<[240, 60, 12, 4, 1], offset: 240>, #dram>
      // CHECK-DAG: mach.descriptor @{{.*}} base = 3072, {{.*}} layout = blocks8x8 channel = 1 grouped, extent = [4, 3, 10, 3, 3], {{.*}}stride = [0, 4608, 2304, 768, 256]
      %w = chip.view @w : memref<4x3x10x3x3xf32, #dram>
      %0 = chip.alloc [%c0, %c0, %c0, %c0, %c0] extents [1, 4, 5, 3, 4] core_stride [0, 0, 0, 0, 0] slots 1 {offset = 0 : i64, slot_bytes = 512 : i64} : memref<1x2x5x3x4xf32, #spm>
      chip.load %x to %0 : memref<1x4x5x3x4xf32, strided<[240, 60, 12, 4, 1], offset: 240>, #dram>, memref<1x2x5x3x4xf32, #spm>
      %1 = chip.alloc [%c0, %c0, %c0, %c0, %c0] extents [4, 3, 10, 3, 3] core_stride [0, 0, 0, 0, 0] slots 1 {offset = 512 : i64, slot_bytes = 4352 : i64} : memref<4x3x10x3x3xf32, #spm>
      chip.load %w to %1 : memref<4x3x10x3x3xf32, #dram>, memref<4x3x10x3x3xf32, #spm>
    }
    return
  }
}
