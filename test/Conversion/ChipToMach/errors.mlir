// What the lowering refuses, with the message it gives.
// RUN: slp-opt %s --split-input-file --verify-diagnostics --convert-chip-to-mach

chip.tensor @x : memref<f32, #chip.space<dram>> {role = #chip.role<temp>, address = 0 : i64}
func.func @no_address() {
  chip.task "x" "train.x" "fp" cores(1) {
    // expected-error @below {{has no address; run chip-place-buffers first}}
    %a = chip.alloc [] extents [] core_stride [] slots 1 : memref<f32, #chip.space<shared>>
  }
  return
}

// -----

chip.tensor @x : memref<f32, #chip.space<dram>> {role = #chip.role<temp>, address = 0 : i64}
func.func @loop_of_unknown_length(%n: index) {
  chip.task "x" "train.x" "fp" cores(1) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    // expected-error @below {{expected a loop from 0 with constant step and trip count}}
    scf.for %i = %c0 to %n step %c1 {
    }
  }
  return
}

// -----

chip.tensor @x : memref<f32, #chip.space<dram>> {role = #chip.role<temp>, address = 0 : i64}
func.func @loop_from_one() {
  chip.task "x" "train.x" "fp" cores(1) {
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    // expected-error @below {{expected a loop from 0 with constant step and trip count}}
    scf.for %i = %c1 to %c4 step %c1 {
    }
  }
  return
}

// -----

chip.tensor @x : memref<f32, #chip.space<dram>> {role = #chip.role<temp>, address = 0 : i64}
func.func @two_variables() {
  chip.task "x" "train.x" "fp" cores(1) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    scf.for %i = %c0 to %c4 step %c1 {
      scf.for %j = %c0 to %c4 step %c1 {
        %s = affine.apply affine_map<(d0, d1) -> (d0 + d1)>(%i, %j)
        // expected-error @below {{expected a coordinate that is affine in one loop}}
        %a = chip.alloc [%s] extents [8] core_stride [0] slots 1 {offset = 0, slot_bytes = 16} : memref<1xf32, #chip.space<shared>>
      }
    }
  }
  return
}

// -----

chip.tensor @x : memref<f32, #chip.space<dram>> {role = #chip.role<temp>, address = 0 : i64}
func.func @not_linear() {
  chip.task "x" "train.x" "fp" cores(1) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    scf.for %i = %c0 to %c4 step %c1 {
      %s = affine.apply affine_map<(d0) -> (d0 mod 3)>(%i)
      // expected-error @below {{expected a linear coordinate, found affine_map<(d0) -> (d0 mod 3)>}}
      %a = chip.alloc [%s] extents [8] core_stride [0] slots 1 {offset = 0, slot_bytes = 16} : memref<1xf32, #chip.space<shared>>
    }
  }
  return
}

// -----

chip.tensor @x : memref<f32, #chip.space<dram>> {role = #chip.role<temp>, address = 0 : i64}
func.func @buffer_from_elsewhere(%a: memref<f32, #chip.space<shared>>) {
  chip.task "x" "train.x" "fp" cores(1) {
    %v = chip.view @x : memref<f32, #chip.space<dram>>
    // expected-error @below {{expected a buffer from chip.alloc}}
    chip.load %v to %a : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
  }
  return
}

// -----

chip.tensor @x : memref<f32, #chip.space<dram>> {role = #chip.role<temp>, address = 0 : i64}
func.func @run_on_argument(%a: memref<f32, #chip.space<shared>>) {
  chip.task "x" "train.x" "fp" cores(1) {
    // expected-error @below {{expected a buffer from chip.alloc}}
    chip.v.relu(%a, %a) : memref<f32, #chip.space<shared>>, memref<f32, #chip.space<shared>>
  }
  return
}

// -----

chip.tensor @x : memref<f32, #chip.space<dram>> {role = #chip.role<temp>, address = 0 : i64}
func.func @view_from_elsewhere(%v: memref<f32, #chip.space<dram>>) {
  chip.task "x" "train.x" "fp" cores(1) {
    %a = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    // expected-error @below {{expected a chip.view of a tensor with an address}}
    chip.load %v to %a : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
  }
  return
}

// -----

chip.tensor @x : memref<f32, #chip.space<dram>> {role = #chip.role<temp>, address = 0 : i64}
func.func @loaded_twice() {
  chip.task "x" "train.x" "fp" cores(1) {
    %v = chip.view @x : memref<f32, #chip.space<dram>>
    // expected-error @below {{is loaded more than once}}
    %a = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    chip.load %v to %a : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
    chip.load %v to %a : memref<f32, #chip.space<dram>>, memref<f32, #chip.space<shared>>
  }
  return
}

// -----

chip.tensor @x : memref<f32, #chip.space<dram>> {role = #chip.role<temp>, address = 0 : i64}
func.func @no_instruction() {
  chip.task "x" "train.x" "fp" cores(1) {
    %c0 = arith.constant 0 : index
    // expected-error @below {{has no machine instruction}}
    %s = arith.addi %c0, %c0 : index
  }
  return
}

// -----

chip.tensor @x : memref<f32, #chip.space<dram>> {role = #chip.role<temp>, address = 0 : i64}
func.func @too_many_descriptors() {
  chip.task "x" "train.x" "fp" cores(1) {
    %a0 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a1 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a2 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a3 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a4 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a5 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a6 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a7 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a8 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a9 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a10 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a11 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a12 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a13 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a14 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a15 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a16 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a17 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a18 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a19 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a20 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a21 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a22 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a23 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a24 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a25 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a26 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a27 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a28 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a29 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a30 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    %a31 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
    // expected-error @below {{needs more than 32 descriptors in one task}}
    %a32 = chip.alloc [] extents [] core_stride [] slots 1 {offset = 0, slot_bytes = 16} : memref<f32, #chip.space<shared>>
  }
  return
}

// -----

chip.tensor @x : memref<f32, #chip.space<dram>> {role = #chip.role<temp>, address = 0 : i64}
func.func @too_many_windows() {
  chip.task "x" "train.x" "fp" cores(1) {
    %c0 = arith.constant 0 : index
    %a = chip.alloc [%c0, %c0, %c0, %c0] extents [1, 1, 1, 1] core_stride [0, 0, 0, 0] slots 1 {offset = 0, slot_bytes = 16} : memref<1x1x1x1xf32, #chip.space<shared>>
    chip.v.avg.pool(%a, %a) geom = [1, 1, 1, 1, 0, 0, 1, 1, 0] : memref<1x1x1x1xf32, #chip.space<shared>>, memref<1x1x1x1xf32, #chip.space<shared>>
    chip.v.avg.pool(%a, %a) geom = [1, 1, 1, 1, 0, 0, 1, 1, 1] : memref<1x1x1x1xf32, #chip.space<shared>>, memref<1x1x1x1xf32, #chip.space<shared>>
    chip.v.avg.pool(%a, %a) geom = [1, 1, 1, 1, 0, 0, 1, 1, 2] : memref<1x1x1x1xf32, #chip.space<shared>>, memref<1x1x1x1xf32, #chip.space<shared>>
    chip.v.avg.pool(%a, %a) geom = [1, 1, 1, 1, 0, 0, 1, 1, 3] : memref<1x1x1x1xf32, #chip.space<shared>>, memref<1x1x1x1xf32, #chip.space<shared>>
    chip.v.avg.pool(%a, %a) geom = [1, 1, 1, 1, 0, 0, 1, 1, 4] : memref<1x1x1x1xf32, #chip.space<shared>>, memref<1x1x1x1xf32, #chip.space<shared>>
    chip.v.avg.pool(%a, %a) geom = [1, 1, 1, 1, 0, 0, 1, 1, 5] : memref<1x1x1x1xf32, #chip.space<shared>>, memref<1x1x1x1xf32, #chip.space<shared>>
    chip.v.avg.pool(%a, %a) geom = [1, 1, 1, 1, 0, 0, 1, 1, 6] : memref<1x1x1x1xf32, #chip.space<shared>>, memref<1x1x1x1xf32, #chip.space<shared>>
    chip.v.avg.pool(%a, %a) geom = [1, 1, 1, 1, 0, 0, 1, 1, 7] : memref<1x1x1x1xf32, #chip.space<shared>>, memref<1x1x1x1xf32, #chip.space<shared>>
    // expected-error @below {{needs more than 8 windows in one task}}
    chip.v.avg.pool(%a, %a) geom = [1, 1, 1, 1, 0, 0, 1, 1, 8] : memref<1x1x1x1xf32, #chip.space<shared>>, memref<1x1x1x1xf32, #chip.space<shared>>
  }
  return
}

// -----

chip.tensor @x : memref<f32, #chip.space<dram>> {role = #chip.role<temp>, address = 0 : i64}
func.func @too_many_scalars() {
  chip.task "x" "train.x" "fp" cores(1) {
    %c0 = arith.constant 0 : index
    %x = chip.alloc [%c0, %c0] extents [1, 4] core_stride [0, 0] slots 1 {offset = 0, slot_bytes = 16} : memref<1x4xf32, #chip.space<shared>>
    %l = chip.alloc [%c0] extents [1] core_stride [0] slots 1 {offset = 16, slot_bytes = 16} : memref<1xi32, #chip.space<shared>>
    chip.v.cross.entropy.grad(%x, %x, %l) mode = absent scale = 0.0 : memref<1x4xf32, #chip.space<shared>>, memref<1x4xf32, #chip.space<shared>>, memref<1xi32, #chip.space<shared>>
    chip.v.cross.entropy.grad(%x, %x, %l) mode = absent scale = 1.0 : memref<1x4xf32, #chip.space<shared>>, memref<1x4xf32, #chip.space<shared>>, memref<1xi32, #chip.space<shared>>
    chip.v.cross.entropy.grad(%x, %x, %l) mode = absent scale = 2.0 : memref<1x4xf32, #chip.space<shared>>, memref<1x4xf32, #chip.space<shared>>, memref<1xi32, #chip.space<shared>>
    chip.v.cross.entropy.grad(%x, %x, %l) mode = absent scale = 3.0 : memref<1x4xf32, #chip.space<shared>>, memref<1x4xf32, #chip.space<shared>>, memref<1xi32, #chip.space<shared>>
    chip.v.cross.entropy.grad(%x, %x, %l) mode = absent scale = 4.0 : memref<1x4xf32, #chip.space<shared>>, memref<1x4xf32, #chip.space<shared>>, memref<1xi32, #chip.space<shared>>
    chip.v.cross.entropy.grad(%x, %x, %l) mode = absent scale = 5.0 : memref<1x4xf32, #chip.space<shared>>, memref<1x4xf32, #chip.space<shared>>, memref<1xi32, #chip.space<shared>>
    // expected-error @below {{needs more than 16 numbers in one task}}
    chip.v.cross.entropy.grad(%x, %x, %l) mode = absent scale = 13.0 : memref<1x4xf32, #chip.space<shared>>, memref<1x4xf32, #chip.space<shared>>, memref<1xi32, #chip.space<shared>>
  }
  return
}

// -----

// expected-error @below {{has no address; run chip-place-buffers first}}
chip.tensor @x : memref<f32, #chip.space<dram>> {role = #chip.role<temp>}
func.func @step() {
  return
}

// -----

module attributes {slp.chip = "lnpu"} {
  func.func @step() {
    // expected-error @below {{'chip.nest' op has no loops yet; run chip-expand-nests first}}
    chip.nest "" "train.clear_saturations" "bp" loops [] tiling <sizes = [], order = [], cores = 1, slots = 1, acc_slots = 1> {
      chip.v.clear.saturations()
    }
    return
  }
}

// -----

chip.tensor @x : memref<4xf32, #chip.space<dram>> {role = #chip.role<temp>, address = 0 : i64}
func.func @coordinate_from_outside(%n: index) {
  chip.task "x" "train.x" "fp" cores(1) {
    // expected-error @below {{expected a coordinate of a loop of the task}}
    %a = chip.alloc [%n] extents [4] core_stride [0] slots 1 {offset = 0, slot_bytes = 4} : memref<1xf32, #chip.space<spm>>
  }
  return
}

// -----

chip.tensor @x : memref<4xf32, #chip.space<dram>> {role = #chip.role<temp>, address = 0 : i64}
func.func @too_many_scalars() {
  chip.task "x" "train.x" "fp" cores(1) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    scf.for %i0 = %c0 to %c1 step %c1 { }
    scf.for %i1 = %c0 to %c1 step %c1 { }
    scf.for %i2 = %c0 to %c1 step %c1 { }
    scf.for %i3 = %c0 to %c1 step %c1 { }
    scf.for %i4 = %c0 to %c1 step %c1 { }
    scf.for %i5 = %c0 to %c1 step %c1 { }
    scf.for %i6 = %c0 to %c1 step %c1 { }
    scf.for %i7 = %c0 to %c1 step %c1 { }
    scf.for %i8 = %c0 to %c1 step %c1 { }
    scf.for %i9 = %c0 to %c1 step %c1 { }
    scf.for %i10 = %c0 to %c1 step %c1 { }
    scf.for %i11 = %c0 to %c1 step %c1 { }
    scf.for %i12 = %c0 to %c1 step %c1 { }
    scf.for %i13 = %c0 to %c1 step %c1 { }
    scf.for %i14 = %c0 to %c1 step %c1 { }
    scf.for %i15 = %c0 to %c1 step %c1 { }
    scf.for %i16 = %c0 to %c1 step %c1 { }
    scf.for %i17 = %c0 to %c1 step %c1 { }
    scf.for %i18 = %c0 to %c1 step %c1 { }
    scf.for %i19 = %c0 to %c1 step %c1 { }
    scf.for %i20 = %c0 to %c1 step %c1 { }
    scf.for %i21 = %c0 to %c1 step %c1 { }
    scf.for %i22 = %c0 to %c1 step %c1 { }
    scf.for %i23 = %c0 to %c1 step %c1 { }
    scf.for %i24 = %c0 to %c1 step %c1 { }
    scf.for %i25 = %c0 to %c1 step %c1 { }
    scf.for %i26 = %c0 to %c1 step %c1 { }
    scf.for %i27 = %c0 to %c1 step %c1 { }
    scf.for %i28 = %c0 to %c1 step %c1 { }
    scf.for %i29 = %c0 to %c1 step %c1 { }
    scf.for %i30 = %c0 to %c1 step %c1 { }
    scf.for %i31 = %c0 to %c1 step %c1 { }
    scf.for %i32 = %c0 to %c1 step %c1 { }
    scf.for %i33 = %c0 to %c1 step %c1 { }
    scf.for %i34 = %c0 to %c1 step %c1 { }
    scf.for %i35 = %c0 to %c1 step %c1 { }
    scf.for %i36 = %c0 to %c1 step %c1 { }
    scf.for %i37 = %c0 to %c1 step %c1 { }
    scf.for %i38 = %c0 to %c1 step %c1 { }
    scf.for %i39 = %c0 to %c1 step %c1 { }
    scf.for %i40 = %c0 to %c1 step %c1 { }
    scf.for %i41 = %c0 to %c1 step %c1 { }
    scf.for %i42 = %c0 to %c1 step %c1 { }
    scf.for %i43 = %c0 to %c1 step %c1 { }
    scf.for %i44 = %c0 to %c1 step %c1 { }
    scf.for %i45 = %c0 to %c1 step %c1 { }
    scf.for %i46 = %c0 to %c1 step %c1 { }
    scf.for %i47 = %c0 to %c1 step %c1 { }
    scf.for %i48 = %c0 to %c1 step %c1 { }
    scf.for %i49 = %c0 to %c1 step %c1 { }
    scf.for %i50 = %c0 to %c1 step %c1 { }
    scf.for %i51 = %c0 to %c1 step %c1 { }
    scf.for %i52 = %c0 to %c1 step %c1 { }
    scf.for %i53 = %c0 to %c1 step %c1 { }
    scf.for %i54 = %c0 to %c1 step %c1 { }
    scf.for %i55 = %c0 to %c1 step %c1 { }
    scf.for %i56 = %c0 to %c1 step %c1 { }
    scf.for %i57 = %c0 to %c1 step %c1 { }
    scf.for %i58 = %c0 to %c1 step %c1 { }
    scf.for %i59 = %c0 to %c1 step %c1 { }
    scf.for %i60 = %c0 to %c1 step %c1 { }
    scf.for %i61 = %c0 to %c1 step %c1 { }
    // expected-error @below {{needs more than 62 scalar registers in one task}}
    scf.for %i62 = %c0 to %c1 step %c1 { }
  }
  return
}
