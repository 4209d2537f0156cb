// Which operand of a multiplication is streamed without its zeros: the first, or of a gradient of weights the one with more.
// RUN: slp-opt %s --split-input-file --chip-skip-zeros | FileCheck %s

!f8 = !num.float<5, 2, 15, reserved, flush>
#dram = #chip.space<dram>
#shared = #chip.space<shared>
#spm = #chip.space<spm>
#acc = #chip.space<acc>

// Neither is rectified: inputs. Then the errors come through the gradient of a rectifier.
chip.tensor @x : memref<1x1x8x6x6x!f8, #dram> {role = #chip.role<input>}
chip.tensor @e : memref<1x1x8x6x6x!f8, #dram> {role = #chip.role<input>}
chip.tensor @z : memref<1x1x8x6x6x!f8, #dram> {role = #chip.role<input>}
chip.tensor @dy : memref<1x1x8x6x6x!f8, #dram> {role = #chip.role<temp>}
chip.tensor @w : memref<1x8x8x1x1x!f8, #dram> {role = #chip.role<input>}
chip.tensor @dx : memref<1x1x8x6x6xf32, #dram> {role = #chip.role<output>}
chip.tensor @dw : memref<1x8x8x1x1xf32, #dram> {role = #chip.role<output>}
chip.tensor @dv : memref<1x8x8x1x1xf32, #dram> {role = #chip.role<output>}
// CHECK-LABEL: func.func @step
// CHECK: chip.v.binary
// CHECK: chip.conv.bp({{.*}}) geom = {{.*}} mode = zero skip = a :
// CHECK: chip.conv.wg({{.*}}) geom = {{.*}} mode = zero skip = b :
// CHECK: chip.conv.wg({{.*}}) geom = {{.*}} mode = zero skip = a :
func.func @step() {
  chip.nest "relu" "train.relu_grad" "bp" loops [#chip.loop<"c" 8>] {
    %e = chip.buffer of @e from (d0) -> (0, 0, d0, 0, 0) size (d0) -> (1, 1, d0, 6, 6) extents [1, 1, 8, 6, 6] load : memref<?x?x?x?x?x!f8, #shared>
    %z = chip.buffer of @z from (d0) -> (0, 0, d0, 0, 0) size (d0) -> (1, 1, d0, 6, 6) extents [1, 1, 8, 6, 6] load : memref<?x?x?x?x?x!f8, #shared>
    %dy = chip.buffer of @dy from (d0) -> (0, 0, d0, 0, 0) size (d0) -> (1, 1, d0, 6, 6) extents [1, 1, 8, 6, 6] store : memref<?x?x?x?x?x!f8, #shared>
    chip.v.binary(%dy, %e, %z) fn = relu_grad : memref<?x?x?x?x?x!f8, #shared>, memref<?x?x?x?x?x!f8, #shared>, memref<?x?x?x?x?x!f8, #shared>
  }
  chip.nest "conv" "train.conv_bp" "bp" on_cores loops [#chip.loop<"ci" 8>, #chip.loop<"co" 8 reduction granule 8>] {
    %dy = chip.buffer of @dy from (d0, d1) -> (0, 0, d1, 0, 0) size (d0, d1) -> (1, 1, d1, 6, 6) extents [1, 1, 8, 6, 6] load : memref<?x?x?x?x?x!f8, #spm>
    %w = chip.buffer of @w from (d0, d1) -> (0, d1, d0, 0, 0) size (d0, d1) -> (1, d1, d0, 1, 1) extents [1, 8, 8, 1, 1] load : memref<?x?x?x?x?x!f8, #spm>
    %acc = chip.buffer from (d0, d1) -> (0, 0, d0, 0, 0) size (d0, d1) -> (1, 1, d0, 6, 6) extents [1, 1, 8, 6, 6] : memref<?x?x?x?x?xf32, #acc>
    %dx = chip.buffer of @dx from (d0, d1) -> (0, 0, d0, 0, 0) size (d0, d1) -> (1, 1, d0, 6, 6) extents [1, 1, 8, 6, 6] store : memref<?x?x?x?x?xf32, #spm>
    chip.conv.bp(%acc, %dy, %w) geom = [1, 1, 1, 1, 0, 0, 1, 1, 0] mode = zero : memref<?x?x?x?x?xf32, #acc>, memref<?x?x?x?x?x!f8, #spm>, memref<?x?x?x?x?x!f8, #spm>
    chip.v.round(%dx, %acc) {iterates = array<i64: 0>} : memref<?x?x?x?x?xf32, #spm>, memref<?x?x?x?x?xf32, #acc>
  }
  chip.nest "conv" "train.conv_wg" "wg" on_cores loops [#chip.loop<"co" 8>, #chip.loop<"oy" 6 reduction granule 1>] {
    %x = chip.buffer of @x from (d0, d1) -> (0, 0, 0, d1, 0) size (d0, d1) -> (1, 1, 8, d1, 6) extents [1, 1, 8, 6, 6] load : memref<?x?x?x?x?x!f8, #spm>
    %dy = chip.buffer of @dy from (d0, d1) -> (0, 0, d0, d1, 0) size (d0, d1) -> (1, 1, d0, d1, 6) extents [1, 1, 8, 6, 6] load : memref<?x?x?x?x?x!f8, #spm>
    %acc = chip.buffer from (d0, d1) -> (0, d0, 0, 0, 0) size (d0, d1) -> (1, d0, 8, 1, 1) extents [1, 8, 8, 1, 1] : memref<?x?x?x?x?xf32, #acc>
    %dw = chip.buffer of @dw from (d0, d1) -> (0, d0, 0, 0, 0) size (d0, d1) -> (1, d0, 8, 1, 1) extents [1, 8, 8, 1, 1] store : memref<?x?x?x?x?xf32, #spm>
    chip.conv.wg(%acc, %x, %dy) geom = [1, 1, 1, 1, 0, 0, 1, 1, 0] mode = zero : memref<?x?x?x?x?xf32, #acc>, memref<?x?x?x?x?x!f8, #spm>, memref<?x?x?x?x?x!f8, #spm>
    chip.v.round(%dw, %acc) {iterates = array<i64: 0>} : memref<?x?x?x?x?xf32, #spm>, memref<?x?x?x?x?xf32, #acc>
  }
  chip.nest "conv" "train.conv_wg" "wg" on_cores loops [#chip.loop<"co" 8>, #chip.loop<"oy" 6 reduction granule 1>] {
    %x = chip.buffer of @x from (d0, d1) -> (0, 0, 0, d1, 0) size (d0, d1) -> (1, 1, 8, d1, 6) extents [1, 1, 8, 6, 6] load : memref<?x?x?x?x?x!f8, #spm>
    %e = chip.buffer of @e from (d0, d1) -> (0, 0, d0, d1, 0) size (d0, d1) -> (1, 1, d0, d1, 6) extents [1, 1, 8, 6, 6] load : memref<?x?x?x?x?x!f8, #spm>
    %acc = chip.buffer from (d0, d1) -> (0, d0, 0, 0, 0) size (d0, d1) -> (1, d0, 8, 1, 1) extents [1, 8, 8, 1, 1] : memref<?x?x?x?x?xf32, #acc>
    %dv = chip.buffer of @dv from (d0, d1) -> (0, d0, 0, 0, 0) size (d0, d1) -> (1, d0, 8, 1, 1) extents [1, 8, 8, 1, 1] store : memref<?x?x?x?x?xf32, #spm>
    chip.conv.wg(%acc, %x, %e) geom = [1, 1, 1, 1, 0, 0, 1, 1, 0] mode = zero : memref<?x?x?x?x?xf32, #acc>, memref<?x?x?x?x?x!f8, #spm>, memref<?x?x?x?x?x!f8, #spm>
    chip.v.round(%dv, %acc) {iterates = array<i64: 0>} : memref<?x?x?x?x?xf32, #spm>, memref<?x?x?x?x?xf32, #acc>
  }
  return
}
// -----

// What has masks is dense: an instruction takes one or the other.
!f8 = !num.float<5, 2, 15, reserved, flush>
#dram = #chip.space<dram>
#spm = #chip.space<spm>
#acc = #chip.space<acc>
chip.tensor @dy : memref<1x1x8x6x6x!f8, #dram> {role = #chip.role<input>}
chip.tensor @w : memref<1x8x8x1x1x!f8, #dram> {role = #chip.role<input>}
chip.tensor @group : memref<1x1x1x1x1x!f8, #dram> {role = #chip.role<input>}
chip.tensor @dx : memref<1x1x8x6x6xf32, #dram> {role = #chip.role<output>}
// CHECK-LABEL: func.func @step
// CHECK: chip.conv.bp({{.*}}) geom = {{.*}} mode = zero grouped = present :
func.func @step() {
  chip.nest "conv" "train.conv_bp" "bp" on_cores loops [#chip.loop<"ci" 1>, #chip.loop<"co" 1 reduction>] {
    %dy = chip.buffer of @dy from (d0, d1) -> (0, 0, d1 * 8, 0, 0) size (d0, d1) -> (1, 1, d1 * 8, 6, 6) extents [1, 1, 8, 6, 6] load : memref<?x?x?x?x?x!f8, #spm>
    %w = chip.buffer of @w from (d0, d1) -> (0, d1 * 8, d0 * 8, 0, 0) size (d0, d1) -> (1, d1 * 8, d0 * 8, 1, 1) extents [1, 8, 8, 1, 1] load : memref<?x?x?x?x?x!f8, #spm>
    %group = chip.buffer of @group from (d0, d1) -> (0, d1, d0, 0, 0) size (d0, d1) -> (1, d1, d0, 1, 1) extents [1, 1, 1, 1, 1] load : memref<?x?x?x?x?x!f8, #spm>
    %acc = chip.buffer from (d0, d1) -> (0, 0, d0 * 8, 0, 0) size (d0, d1) -> (1, 1, d0 * 8, 6, 6) extents [1, 1, 8, 6, 6] : memref<?x?x?x?x?xf32, #acc>
    %dx = chip.buffer of @dx from (d0, d1) -> (0, 0, d0 * 8, 0, 0) size (d0, d1) -> (1, 1, d0 * 8, 6, 6) extents [1, 1, 8, 6, 6] store : memref<?x?x?x?x?xf32, #spm>
    chip.conv.bp(%acc, %dy, %w, %group) geom = [1, 1, 1, 1, 0, 0, 1, 1, 0] mode = zero grouped = present : memref<?x?x?x?x?xf32, #acc>, memref<?x?x?x?x?x!f8, #spm>, memref<?x?x?x?x?x!f8, #spm>, memref<?x?x?x?x?x!f8, #spm>
    chip.v.round(%dx, %acc) {iterates = array<i64: 0>} : memref<?x?x?x?x?xf32, #spm>, memref<?x?x?x?x?xf32, #acc>
  }
  return
}
