// Operands of which fields say whether they are there: the ops round-trip, and what does not fit is refused.
// RUN: slp-opt %s --split-input-file --verify-diagnostics | slp-opt --split-input-file | FileCheck %s

!f = !num.float<5, 2, 15, none, gradual>
!h = !num.float<5, 10, 15, none, gradual>

// CHECK-LABEL: func.func @masks
func.func @masks(%a: memref<1x1x16x4x4x!h, #chip.space<acc>>, %x: memref<1x1x8x4x4x!f, #chip.space<spm>>, %w: memref<1x16x8x1x1x!f, #chip.space<spm>>,
                 %b: memref<1x16x!h, #chip.space<spm>>, %s: memref<1x1x16x4x4x!h, #chip.space<spm>>,
                 %gate: memref<1x1x2x4x4x!f, #chip.space<spm>>, %group: memref<1x2x1x1x1x!f, #chip.space<spm>>) {
  // CHECK: chip.conv.fp(%{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}}) geom = [1, 1, 1, 1, 0, 0, 1, 1, 0] mode = zero : memref<1x1x16x4x4
  chip.conv.fp(%a, %x, %w) geom = [1, 1, 1, 1, 0, 0, 1, 1, 0] mode = zero : memref<1x1x16x4x4x!h, #chip.space<acc>>, memref<1x1x8x4x4x!f, #chip.space<spm>>, memref<1x16x8x1x1x!f, #chip.space<spm>>
  // CHECK: chip.conv.fp(%{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}}, %[[GATE:arg5]]) geom = [1, 1, 1, 1, 0, 0, 1, 1, 0] mode = zero gated = present : memref
  chip.conv.fp(%a, %x, %w, %gate) geom = [1, 1, 1, 1, 0, 0, 1, 1, 0] mode = zero gated = present : memref<1x1x16x4x4x!h, #chip.space<acc>>, memref<1x1x8x4x4x!f, #chip.space<spm>>, memref<1x16x8x1x1x!f, #chip.space<spm>>, memref<1x1x2x4x4x!f, #chip.space<spm>>
  // The first values of channels, and of outputs; both with both masks.
  // CHECK: chip.conv.fp(%{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}}, %arg3, %[[GATE]], %arg6) geom = [1, 1, 1, 1, 0, 0, 1, 1, 0] mode = bias gated = present grouped = present : memref
  chip.conv.fp(%a, %x, %w, %b, %gate, %group) geom = [1, 1, 1, 1, 0, 0, 1, 1, 0] mode = bias gated = present grouped = present : memref<1x1x16x4x4x!h, #chip.space<acc>>, memref<1x1x8x4x4x!f, #chip.space<spm>>, memref<1x16x8x1x1x!f, #chip.space<spm>>, memref<1x16x!h, #chip.space<spm>>, memref<1x1x2x4x4x!f, #chip.space<spm>>, memref<1x2x1x1x1x!f, #chip.space<spm>>
  // CHECK: chip.conv.fp(%{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}}, %arg4, %arg6) geom = [1, 1, 1, 1, 0, 0, 1, 1, 0] mode = bias grouped = present : memref
  chip.conv.fp(%a, %x, %w, %s, %group) geom = [1, 1, 1, 1, 0, 0, 1, 1, 0] mode = bias grouped = present : memref<1x1x16x4x4x!h, #chip.space<acc>>, memref<1x1x8x4x4x!f, #chip.space<spm>>, memref<1x16x8x1x1x!f, #chip.space<spm>>, memref<1x1x16x4x4x!h, #chip.space<spm>>, memref<1x2x1x1x1x!f, #chip.space<spm>>
  // CHECK: chip.conv.bp(%{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}}, %arg6) geom = [1, 1, 1, 1, 0, 0, 1, 1, 0] mode = zero grouped = present : memref
  chip.conv.bp(%a, %x, %w, %group) geom = [1, 1, 1, 1, 0, 0, 1, 1, 0] mode = zero grouped = present : memref<1x1x16x4x4x!h, #chip.space<acc>>, memref<1x1x8x4x4x!f, #chip.space<spm>>, memref<1x16x8x1x1x!f, #chip.space<spm>>, memref<1x2x1x1x1x!f, #chip.space<spm>>
  return
}

// -----

!f = !num.float<5, 2, 15, none, gradual>
!h = !num.float<5, 10, 15, none, gradual>
func.func @missing(%a: memref<1x1x8x4x4x!h, #chip.space<acc>>, %x: memref<1x1x8x4x4x!f, #chip.space<spm>>, %w: memref<1x8x8x1x1x!f, #chip.space<spm>>) {
  // expected-error @below {{'chip.conv.fp' op expected the operands `acc`, `x`, `w`, `gate`, found 3 buffers}}
  chip.conv.fp(%a, %x, %w) geom = [1, 1, 1, 1, 0, 0, 1, 1, 0] mode = zero gated = present : memref<1x1x8x4x4x!h, #chip.space<acc>>, memref<1x1x8x4x4x!f, #chip.space<spm>>, memref<1x8x8x1x1x!f, #chip.space<spm>>
  return
}

// -----

!f = !num.float<5, 2, 15, none, gradual>
!h = !num.float<5, 10, 15, none, gradual>
func.func @rank(%a: memref<1x1x8x4x4x!h, #chip.space<acc>>, %x: memref<1x1x8x4x4x!f, #chip.space<spm>>, %w: memref<1x8x8x1x1x!f, #chip.space<spm>>, %g: memref<1x1x4x4x!f, #chip.space<spm>>) {
  // expected-error @below {{operand `gate` is 'memref<1x1x4x4x!num.float<5, 2, 15, none, gradual>, #chip.space<spm>>', expected 5 dimensions}}
  chip.conv.bp(%a, %x, %w, %g) geom = [1, 1, 1, 1, 0, 0, 1, 1, 0] mode = zero gated = present : memref<1x1x8x4x4x!h, #chip.space<acc>>, memref<1x1x8x4x4x!f, #chip.space<spm>>, memref<1x8x8x1x1x!f, #chip.space<spm>>, memref<1x1x4x4x!f, #chip.space<spm>>
  return
}

// -----

!f = !num.float<5, 2, 15, none, gradual>
!h = !num.float<5, 10, 15, none, gradual>
func.func @wide(%a: memref<1x8x8x1x1x!h, #chip.space<acc>>, %x: memref<1x1x8x4x4x!f, #chip.space<spm>>, %g: memref<1x1x1x1x1x!h, #chip.space<spm>>) {
  // expected-error @below {{operand `group` is 'memref<1x1x1x1x1x!num.float<5, 10, 15, none, gradual>, #chip.space<spm>>', expected a format of 8 bits}}
  chip.conv.wg(%a, %x, %x, %g) geom = [1, 1, 1, 1, 0, 0, 1, 1, 0] mode = zero grouped = present : memref<1x8x8x1x1x!h, #chip.space<acc>>, memref<1x1x8x4x4x!f, #chip.space<spm>>, memref<1x1x8x4x4x!f, #chip.space<spm>>, memref<1x1x1x1x1x!h, #chip.space<spm>>
  return
}

// -----

!f = !num.float<5, 2, 15, none, gradual>
!h = !num.float<5, 10, 15, none, gradual>
func.func @memory(%a: memref<1x8x8x1x1x!h, #chip.space<acc>>, %x: memref<1x1x8x4x4x!f, #chip.space<spm>>, %g: memref<1x1x1x1x1x!f, #chip.space<shared>>) {
  // expected-error @below {{operand `group` is 'memref<1x1x1x1x1x!num.float<5, 2, 15, none, gradual>, #chip.space<shared>>', expected it in spm}}
  chip.conv.wg(%a, %x, %x, %g) geom = [1, 1, 1, 1, 0, 0, 1, 1, 0] mode = zero grouped = present : memref<1x8x8x1x1x!h, #chip.space<acc>>, memref<1x1x8x4x4x!f, #chip.space<spm>>, memref<1x1x8x4x4x!f, #chip.space<spm>>, memref<1x1x1x1x1x!f, #chip.space<shared>>
  return
}
