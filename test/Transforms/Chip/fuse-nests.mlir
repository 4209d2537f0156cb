// What is done on the tiles of the nest that makes them, and what is not.
// RUN: slp-opt %s --split-input-file --chip-fuse-nests=drains-only | FileCheck %s

!f8 = !num.float<5, 2, 15, reserved, flush>
!f16 = !num.float<5, 10, 15, reserved, gradual>
!mixed = !num.mixed<!f8, !f16>
#dram = #chip.space<dram>
#shared = #chip.space<shared>
#spm = #chip.space<spm>
#acc = #chip.space<acc>

// A rounding takes the place of the drain, with its own way to round; a relu follows. Neither tensor between them is left.
chip.tensor @a : memref<6x40x!f8, #dram> {role = #chip.role<input>}
chip.tensor @b : memref<40x20x!f8, #dram> {role = #chip.role<input>}
chip.tensor @sum : memref<6x20xf32, #dram> {role = #chip.role<temp>}
chip.tensor @y : memref<6x20x!f8, #dram> {role = #chip.role<temp>}
chip.tensor @z : memref<6x20x!f8, #dram> {role = #chip.role<output>}
// CHECK-NOT: chip.tensor @sum
// CHECK-NOT: chip.tensor @y
// CHECK-LABEL: func.func @step
// CHECK: chip.nest "fc" "train.matmul" {{.*}} fused ["train.round", "train.relu"] {
// CHECK: %[[ACC:.*]] = chip.buffer from {{.*}} extents [6, 20] : memref<?x?xf32, #chip.space<acc>>
// CHECK-NEXT: %[[Y:.*]] = chip.buffer from (d0, d1, d2) -> (d0, d1) size (d0, d1, d2) -> (d0, d1) extents [6, 20] {rounding = #num.rounding<half_away>} : memref<?x?x!num_e5m2, #chip.space<spm>>
// CHECK-NEXT: %[[Z:.*]] = chip.buffer of @z from (d0, d1, d2) -> (d0, d1) size (d0, d1, d2) -> (d0, d1) extents [6, 20] store {slp.of = ["relu", "train.relu", "fp"]} : memref<?x?x!num_e5m2, #chip.space<spm>>
// CHECK-NEXT: chip.matmul(%[[ACC]]
// CHECK-NEXT: chip.v.round(%[[Y]], %[[ACC]]) {captures = ["y"], iterates = array<i64: 0, 1>}
// CHECK-NEXT: chip.v.relu(%[[Z]], %[[Y]]) {captures = ["z"], iterates = array<i64: 0, 1>, slp.of{{.*}}}
// CHECK-NOT: chip.nest
func.func @step() {
  chip.nest "fc" "train.matmul" "fp" on_cores loops [#chip.loop<"m" 6>, #chip.loop<"n" 20 on_pes>, #chip.loop<"k" 40 reduction granule 8>] {
    %a = chip.buffer of @a from (d0, d1, d2) -> (d0, d2) size (d0, d1, d2) -> (d0, d2) extents [6, 40] load : memref<?x?x!f8, #spm>
    %b = chip.buffer of @b from (d0, d1, d2) -> (d2, d1) size (d0, d1, d2) -> (d2, d1) extents [40, 20] load : memref<?x?x!f8, #spm>
    %acc = chip.buffer from (d0, d1, d2) -> (d0, d1) size (d0, d1, d2) -> (d0, d1) extents [6, 20] : memref<?x?xf32, #acc>
    %s = chip.buffer of @sum from (d0, d1, d2) -> (d0, d1) size (d0, d1, d2) -> (d0, d1) extents [6, 20] store : memref<?x?xf32, #spm>
    chip.matmul(%acc, %a, %b) mode = zero {captures = ["sum"]} : memref<?x?xf32, #acc>, memref<?x?x!f8, #spm>, memref<?x?x!f8, #spm>
    chip.v.round(%s, %acc) {captures = [""], iterates = array<i64: 0, 1>} : memref<?x?xf32, #spm>, memref<?x?xf32, #acc>
  }
  chip.nest "fc" "train.round" "fp" loops [#chip.loop<"d0" 6>, #chip.loop<"d1" 20 cut_last>] {
    %x = chip.buffer of @sum from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] load : memref<?x?xf32, #shared>
    %y = chip.buffer of @y from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] store {rounding = #num.rounding<half_away>} : memref<?x?x!f8, #shared>
    chip.v.round(%y, %x) {captures = ["y"]} : memref<?x?x!f8, #shared>, memref<?x?xf32, #shared>
  }
  chip.nest "relu" "train.relu" "fp" loops [#chip.loop<"d0" 6>, #chip.loop<"d1" 20 cut_last>] {
    %x = chip.buffer of @y from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] load : memref<?x?x!f8, #shared>
    %y = chip.buffer of @z from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] store : memref<?x?x!f8, #shared>
    chip.v.relu(%y, %x) {captures = ["z"]} : memref<?x?x!f8, #shared>, memref<?x?x!f8, #shared>
  }
  return
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
!f16 = !num.float<5, 10, 15, reserved, gradual>
!mixed = !num.mixed<!f8, !f16>
#dram = #chip.space<dram>
#shared = #chip.space<shared>
#spm = #chip.space<spm>
#acc = #chip.space<acc>

// A classification too, with its histogram, which gathers from all tiles; the threshold goes where the tiles are.
chip.tensor @a : memref<6x40x!f8, #dram> {role = #chip.role<input>}
chip.tensor @b : memref<40x20x!f8, #dram> {role = #chip.role<input>}
chip.tensor @sum : memref<6x20xf32, #dram> {role = #chip.role<temp>}
chip.tensor @threshold : memref<1xf32, #dram> {role = #chip.role<state>}
chip.tensor @histogram : memref<128xi32, #dram> {role = #chip.role<temp>}
chip.tensor @y : memref<6x20x!mixed, #dram> {role = #chip.role<output>}
// CHECK-NOT: chip.tensor @sum
// CHECK-LABEL: func.func @step
// CHECK: chip.nest "fc" {{.*}} fused ["train.classify"] {
// CHECK: %[[ACC:.*]] = chip.buffer from {{.*}} #chip.space<acc>>
// CHECK-NEXT: %[[T:.*]] = chip.buffer of @threshold from (d0, d1, d2) -> (0) size (d0, d1, d2) -> (1) extents [1] load {slp.of = ["q", "train.classify", "fp"]} : memref<?xf32, #chip.space<spm>>
// CHECK-NEXT: %[[Y:.*]] = chip.buffer of @y {{.*}} store {slp.of{{.*}}} : memref<?x?x!num_mixed_e5m2_e5m10, #chip.space<spm>>
// CHECK-NEXT: %[[H:.*]] = chip.buffer of @histogram {{.*}} store total {slp.of{{.*}}} : memref<?xi32, #chip.space<shared>>
// CHECK-NEXT: chip.matmul
// CHECK-NEXT: chip.v.classify(%[[Y]], %[[ACC]], %[[T]]) low = 0.000000e+00 {captures = ["y"], iterates = array<i64: 0, 1>, slp.of{{.*}}}
// CHECK-NEXT: chip.v.histogram(%[[H]], %[[ACC]]) mode = zero {captures = ["h"], iterates = array<i64: 0, 1>, slp.of{{.*}}}
// CHECK-NOT: chip.nest
func.func @step() {
  chip.nest "fc" "train.matmul" "fp" on_cores loops [#chip.loop<"m" 6>, #chip.loop<"n" 20 on_pes>, #chip.loop<"k" 40 reduction granule 8>] {
    %a = chip.buffer of @a from (d0, d1, d2) -> (d0, d2) size (d0, d1, d2) -> (d0, d2) extents [6, 40] load : memref<?x?x!f8, #spm>
    %b = chip.buffer of @b from (d0, d1, d2) -> (d2, d1) size (d0, d1, d2) -> (d2, d1) extents [40, 20] load : memref<?x?x!f8, #spm>
    %acc = chip.buffer from (d0, d1, d2) -> (d0, d1) size (d0, d1, d2) -> (d0, d1) extents [6, 20] : memref<?x?xf32, #acc>
    %s = chip.buffer of @sum from (d0, d1, d2) -> (d0, d1) size (d0, d1, d2) -> (d0, d1) extents [6, 20] store : memref<?x?xf32, #spm>
    chip.matmul(%acc, %a, %b) mode = zero {captures = ["sum"]} : memref<?x?xf32, #acc>, memref<?x?x!f8, #spm>, memref<?x?x!f8, #spm>
    chip.v.round(%s, %acc) {captures = [""], iterates = array<i64: 0, 1>} : memref<?x?xf32, #spm>, memref<?x?xf32, #acc>
  }
  chip.nest "q" "train.classify" "fp" loops [#chip.loop<"d0" 6>, #chip.loop<"d1" 20 cut_last>] {
    %x = chip.buffer of @sum from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] load : memref<?x?xf32, #shared>
    %t = chip.buffer of @threshold from (d0, d1) -> (0) size (d0, d1) -> (1) extents [1] load : memref<?xf32, #shared>
    %y = chip.buffer of @y from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] store : memref<?x?x!mixed, #shared>
    %h = chip.buffer of @histogram from (d0, d1) -> (0) size (d0, d1) -> (128) extents [128] store total : memref<?xi32, #shared>
    chip.v.classify(%y, %x, %t) low = 0.0 {captures = ["y"]} : memref<?x?x!mixed, #shared>, memref<?x?xf32, #shared>, memref<?xf32, #shared>
    chip.v.histogram(%h, %x) mode = zero {captures = ["h"]} : memref<?xi32, #shared>, memref<?x?xf32, #shared>
  }
  return
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
!f16 = !num.float<5, 10, 15, reserved, gradual>
!mixed = !num.mixed<!f8, !f16>
#dram = #chip.space<dram>
#shared = #chip.space<shared>
#spm = #chip.space<spm>
#acc = #chip.space<acc>

// Behind a vector instruction it is a second one, on a tile that stays on the chip.
chip.tensor @a : memref<6x20xf32, #dram> {role = #chip.role<input>}
chip.tensor @sum : memref<6x20xf32, #dram> {role = #chip.role<temp>}
chip.tensor @threshold : memref<1xf32, #dram> {role = #chip.role<state>}
chip.tensor @histogram : memref<128xi32, #dram> {role = #chip.role<temp>}
chip.tensor @y : memref<6x20x!mixed, #dram> {role = #chip.role<output>}
// CHECK-LABEL: func.func @step
// CHECK: chip.nest "relu" "train.relu" {{.*}} fused ["train.classify"] {
// CHECK: %[[R:.*]] = chip.buffer from {{.*}} extents [6, 20] : memref<?x?xf32, #chip.space<shared>>
// CHECK: chip.v.relu(%[[R]], %{{.*}}) {captures = ["r"]}
// CHECK-NEXT: chip.v.classify(%{{.*}}, %[[R]], %{{.*}}) low = 0.000000e+00 {captures = ["y"], slp.of{{.*}}}
// CHECK-NOT: chip.nest
func.func @step() {
  chip.nest "relu" "train.relu" "fp" loops [#chip.loop<"d0" 6>, #chip.loop<"d1" 20 cut_last>] {
    %x = chip.buffer of @a from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] load : memref<?x?xf32, #shared>
    %y = chip.buffer of @sum from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] store : memref<?x?xf32, #shared>
    chip.v.relu(%y, %x) {captures = ["r"]} : memref<?x?xf32, #shared>, memref<?x?xf32, #shared>
  }
  chip.nest "q" "train.classify" "fp" loops [#chip.loop<"d0" 6>, #chip.loop<"d1" 20 cut_last>] {
    %x = chip.buffer of @sum from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] load : memref<?x?xf32, #shared>
    %t = chip.buffer of @threshold from (d0, d1) -> (0) size (d0, d1) -> (1) extents [1] load : memref<?xf32, #shared>
    %y = chip.buffer of @y from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] store : memref<?x?x!mixed, #shared>
    %h = chip.buffer of @histogram from (d0, d1) -> (0) size (d0, d1) -> (128) extents [128] store total : memref<?xi32, #shared>
    chip.v.classify(%y, %x, %t) low = 0.0 {captures = ["y"]} : memref<?x?x!mixed, #shared>, memref<?x?xf32, #shared>, memref<?xf32, #shared>
    chip.v.histogram(%h, %x) mode = zero {captures = ["h"]} : memref<?xi32, #shared>, memref<?x?xf32, #shared>
  }
  return
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
!f16 = !num.float<5, 10, 15, reserved, gradual>
!mixed = !num.mixed<!f8, !f16>
#dram = #chip.space<dram>
#shared = #chip.space<shared>
#spm = #chip.space<spm>
#acc = #chip.space<acc>

// A sum that somebody else reads as well is needed.
chip.tensor @a : memref<6x40x!f8, #dram> {role = #chip.role<input>}
chip.tensor @b : memref<40x20x!f8, #dram> {role = #chip.role<input>}
chip.tensor @sum : memref<6x20xf32, #dram> {role = #chip.role<temp>}
chip.tensor @y : memref<6x20x!f8, #dram> {role = #chip.role<output>}
chip.tensor @z : memref<6x20xf32, #dram> {role = #chip.role<output>}
// CHECK-LABEL: func.func @step
// CHECK: chip.nest "fc"
// CHECK-NOT: fused
// CHECK: chip.nest "fc"
func.func @step() {
  chip.nest "fc" "train.matmul" "fp" on_cores loops [#chip.loop<"m" 6>, #chip.loop<"n" 20 on_pes>, #chip.loop<"k" 40 reduction granule 8>] {
    %a = chip.buffer of @a from (d0, d1, d2) -> (d0, d2) size (d0, d1, d2) -> (d0, d2) extents [6, 40] load : memref<?x?x!f8, #spm>
    %b = chip.buffer of @b from (d0, d1, d2) -> (d2, d1) size (d0, d1, d2) -> (d2, d1) extents [40, 20] load : memref<?x?x!f8, #spm>
    %acc = chip.buffer from (d0, d1, d2) -> (d0, d1) size (d0, d1, d2) -> (d0, d1) extents [6, 20] : memref<?x?xf32, #acc>
    %s = chip.buffer of @sum from (d0, d1, d2) -> (d0, d1) size (d0, d1, d2) -> (d0, d1) extents [6, 20] store : memref<?x?xf32, #spm>
    chip.matmul(%acc, %a, %b) mode = zero {captures = ["sum"]} : memref<?x?xf32, #acc>, memref<?x?x!f8, #spm>, memref<?x?x!f8, #spm>
    chip.v.round(%s, %acc) {captures = [""], iterates = array<i64: 0, 1>} : memref<?x?xf32, #spm>, memref<?x?xf32, #acc>
  }
  chip.nest "fc" "train.round" "fp" loops [#chip.loop<"d0" 6>, #chip.loop<"d1" 20 cut_last>] {
    %x = chip.buffer of @sum from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] load : memref<?x?xf32, #shared>
    %y = chip.buffer of @y from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] store {rounding = #num.rounding<half_away>} : memref<?x?x!f8, #shared>
    chip.v.round(%y, %x) {captures = ["y"]} : memref<?x?x!f8, #shared>, memref<?x?xf32, #shared>
  }
  chip.nest "relu" "train.relu" "fp" loops [#chip.loop<"d0" 6>, #chip.loop<"d1" 20 cut_last>] {
    %x = chip.buffer of @sum from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] load : memref<?x?xf32, #shared>
    %y = chip.buffer of @z from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] store : memref<?x?xf32, #shared>
    chip.v.relu(%y, %x) {captures = ["z"]} : memref<?x?xf32, #shared>, memref<?x?xf32, #shared>
  }
  return
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
!f16 = !num.float<5, 10, 15, reserved, gradual>
!mixed = !num.mixed<!f8, !f16>
#dram = #chip.space<dram>
#shared = #chip.space<shared>
#spm = #chip.space<spm>
#acc = #chip.space<acc>

// So is one that is a result.
chip.tensor @a : memref<6x40x!f8, #dram> {role = #chip.role<input>}
chip.tensor @b : memref<40x20x!f8, #dram> {role = #chip.role<input>}
chip.tensor @sum : memref<6x20xf32, #dram> {role = #chip.role<output>}
chip.tensor @y : memref<6x20x!f8, #dram> {role = #chip.role<output>}
// CHECK-LABEL: func.func @step
// CHECK: chip.nest "fc"
// CHECK-NOT: fused
// CHECK: chip.nest "fc"
func.func @step() {
  chip.nest "fc" "train.matmul" "fp" on_cores loops [#chip.loop<"m" 6>, #chip.loop<"n" 20 on_pes>, #chip.loop<"k" 40 reduction granule 8>] {
    %a = chip.buffer of @a from (d0, d1, d2) -> (d0, d2) size (d0, d1, d2) -> (d0, d2) extents [6, 40] load : memref<?x?x!f8, #spm>
    %b = chip.buffer of @b from (d0, d1, d2) -> (d2, d1) size (d0, d1, d2) -> (d2, d1) extents [40, 20] load : memref<?x?x!f8, #spm>
    %acc = chip.buffer from (d0, d1, d2) -> (d0, d1) size (d0, d1, d2) -> (d0, d1) extents [6, 20] : memref<?x?xf32, #acc>
    %s = chip.buffer of @sum from (d0, d1, d2) -> (d0, d1) size (d0, d1, d2) -> (d0, d1) extents [6, 20] store : memref<?x?xf32, #spm>
    chip.matmul(%acc, %a, %b) mode = zero {captures = ["sum"]} : memref<?x?xf32, #acc>, memref<?x?x!f8, #spm>, memref<?x?x!f8, #spm>
    chip.v.round(%s, %acc) {captures = [""], iterates = array<i64: 0, 1>} : memref<?x?xf32, #spm>, memref<?x?xf32, #acc>
  }
  chip.nest "fc" "train.round" "fp" loops [#chip.loop<"d0" 6>, #chip.loop<"d1" 20 cut_last>] {
    %x = chip.buffer of @sum from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] load : memref<?x?xf32, #shared>
    %y = chip.buffer of @y from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] store {rounding = #num.rounding<half_away>} : memref<?x?x!f8, #shared>
    chip.v.round(%y, %x) {captures = ["y"]} : memref<?x?x!f8, #shared>, memref<?x?xf32, #shared>
  }
  return
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
!f16 = !num.float<5, 10, 15, reserved, gradual>
!mixed = !num.mixed<!f8, !f16>
#dram = #chip.space<dram>
#shared = #chip.space<shared>
#spm = #chip.space<spm>
#acc = #chip.space<acc>

// The relu of sums that nobody has rounded is left alone.
chip.tensor @a : memref<6x40x!f8, #dram> {role = #chip.role<input>}
chip.tensor @b : memref<40x20x!f8, #dram> {role = #chip.role<input>}
chip.tensor @sum : memref<6x20xf32, #dram> {role = #chip.role<temp>}
chip.tensor @z : memref<6x20xf32, #dram> {role = #chip.role<output>}
// CHECK-LABEL: func.func @step
// CHECK: chip.nest "fc"
// CHECK-NOT: fused
// CHECK: chip.nest "relu"
func.func @step() {
  chip.nest "fc" "train.matmul" "fp" on_cores loops [#chip.loop<"m" 6>, #chip.loop<"n" 20 on_pes>, #chip.loop<"k" 40 reduction granule 8>] {
    %a = chip.buffer of @a from (d0, d1, d2) -> (d0, d2) size (d0, d1, d2) -> (d0, d2) extents [6, 40] load : memref<?x?x!f8, #spm>
    %b = chip.buffer of @b from (d0, d1, d2) -> (d2, d1) size (d0, d1, d2) -> (d2, d1) extents [40, 20] load : memref<?x?x!f8, #spm>
    %acc = chip.buffer from (d0, d1, d2) -> (d0, d1) size (d0, d1, d2) -> (d0, d1) extents [6, 20] : memref<?x?xf32, #acc>
    %s = chip.buffer of @sum from (d0, d1, d2) -> (d0, d1) size (d0, d1, d2) -> (d0, d1) extents [6, 20] store : memref<?x?xf32, #spm>
    chip.matmul(%acc, %a, %b) mode = zero {captures = ["sum"]} : memref<?x?xf32, #acc>, memref<?x?x!f8, #spm>, memref<?x?x!f8, #spm>
    chip.v.round(%s, %acc) {captures = [""], iterates = array<i64: 0, 1>} : memref<?x?xf32, #spm>, memref<?x?xf32, #acc>
  }
  chip.nest "relu" "train.relu" "fp" loops [#chip.loop<"d0" 6>, #chip.loop<"d1" 20 cut_last>] {
    %x = chip.buffer of @sum from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] load : memref<?x?xf32, #shared>
    %y = chip.buffer of @z from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] store : memref<?x?xf32, #shared>
    chip.v.relu(%y, %x) {captures = ["z"]} : memref<?x?xf32, #shared>, memref<?x?xf32, #shared>
  }
  return
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
!f16 = !num.float<5, 10, 15, reserved, gradual>
!mixed = !num.mixed<!f8, !f16>
#dram = #chip.space<dram>
#shared = #chip.space<shared>
#spm = #chip.space<spm>
#acc = #chip.space<acc>

// Elements in another order are not those of the tile.
chip.tensor @a : memref<6x40x!f8, #dram> {role = #chip.role<input>}
chip.tensor @b : memref<40x20x!f8, #dram> {role = #chip.role<input>}
chip.tensor @sum : memref<6x20xf32, #dram> {role = #chip.role<temp>}
chip.tensor @y : memref<6x20x!f8, #dram> {role = #chip.role<output>}
// CHECK-LABEL: func.func @step
// CHECK: chip.nest "fc"
// CHECK-NOT: fused
// CHECK: chip.nest "fc"
func.func @step() {
  chip.nest "fc" "train.matmul" "fp" on_cores loops [#chip.loop<"m" 6>, #chip.loop<"n" 20 on_pes>, #chip.loop<"k" 40 reduction granule 8>] {
    %a = chip.buffer of @a from (d0, d1, d2) -> (d0, d2) size (d0, d1, d2) -> (d0, d2) extents [6, 40] load : memref<?x?x!f8, #spm>
    %b = chip.buffer of @b from (d0, d1, d2) -> (d2, d1) size (d0, d1, d2) -> (d2, d1) extents [40, 20] load : memref<?x?x!f8, #spm>
    %acc = chip.buffer from (d0, d1, d2) -> (d0, d1) size (d0, d1, d2) -> (d0, d1) extents [6, 20] : memref<?x?xf32, #acc>
    %s = chip.buffer of @sum from (d0, d1, d2) -> (d0, d1) size (d0, d1, d2) -> (d0, d1) extents [6, 20] store : memref<?x?xf32, #spm>
    chip.matmul(%acc, %a, %b) mode = zero {captures = ["sum"]} : memref<?x?xf32, #acc>, memref<?x?x!f8, #spm>, memref<?x?x!f8, #spm>
    chip.v.round(%s, %acc) {captures = [""], iterates = array<i64: 0, 1>} : memref<?x?xf32, #spm>, memref<?x?xf32, #acc>
  }
  chip.nest "fc" "train.round" "fp" loops [#chip.loop<"d0" 6>, #chip.loop<"d1" 20 cut_last>] {
    %x = chip.buffer of @sum strides [1, 20] from (d0, d1) -> (d1, d0) size (d0, d1) -> (d1, d0) extents [20, 6] load : memref<?x?xf32, #shared>
    %y = chip.buffer of @y from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] store : memref<?x?x!f8, #shared>
    chip.v.round(%y, %x) {captures = ["y"]} : memref<?x?x!f8, #shared>, memref<?x?xf32, #shared>
  }
  return
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
!f16 = !num.float<5, 10, 15, reserved, gradual>
!mixed = !num.mixed<!f8, !f16>
#dram = #chip.space<dram>
#shared = #chip.space<shared>
#spm = #chip.space<spm>
#acc = #chip.space<acc>

// The threshold is another one between the two nests.
chip.tensor @a : memref<6x40x!f8, #dram> {role = #chip.role<input>}
chip.tensor @b : memref<40x20x!f8, #dram> {role = #chip.role<input>}
chip.tensor @sum : memref<6x20xf32, #dram> {role = #chip.role<temp>}
chip.tensor @threshold : memref<1xf32, #dram> {role = #chip.role<state>}
chip.tensor @histogram : memref<128xi32, #dram> {role = #chip.role<temp>}
chip.tensor @y : memref<6x20x!mixed, #dram> {role = #chip.role<output>}
chip.tensor @other : memref<128xi32, #dram> {role = #chip.role<input>}
chip.tensor @control : memref<4xf32, #dram> {role = #chip.role<input>}
// CHECK-LABEL: func.func @step
// CHECK: chip.nest "fc"
// CHECK-NOT: fused
// CHECK: chip.nest "update"
// CHECK-NOT: fused
// CHECK: chip.nest "q"
func.func @step() {
  chip.nest "fc" "train.matmul" "fp" on_cores loops [#chip.loop<"m" 6>, #chip.loop<"n" 20 on_pes>, #chip.loop<"k" 40 reduction granule 8>] {
    %a = chip.buffer of @a from (d0, d1, d2) -> (d0, d2) size (d0, d1, d2) -> (d0, d2) extents [6, 40] load : memref<?x?x!f8, #spm>
    %b = chip.buffer of @b from (d0, d1, d2) -> (d2, d1) size (d0, d1, d2) -> (d2, d1) extents [40, 20] load : memref<?x?x!f8, #spm>
    %acc = chip.buffer from (d0, d1, d2) -> (d0, d1) size (d0, d1, d2) -> (d0, d1) extents [6, 20] : memref<?x?xf32, #acc>
    %s = chip.buffer of @sum from (d0, d1, d2) -> (d0, d1) size (d0, d1, d2) -> (d0, d1) extents [6, 20] store : memref<?x?xf32, #spm>
    chip.matmul(%acc, %a, %b) mode = zero {captures = ["sum"]} : memref<?x?xf32, #acc>, memref<?x?x!f8, #spm>, memref<?x?x!f8, #spm>
    chip.v.round(%s, %acc) {captures = [""], iterates = array<i64: 0, 1>} : memref<?x?xf32, #spm>, memref<?x?xf32, #acc>
  }
  chip.nest "update" "train.threshold" "fp" loops [#chip.loop<"d0" 6>, #chip.loop<"d1" 20 cut_last>] {
    %t = chip.buffer of @threshold from (d0, d1) -> (0) size (d0, d1) -> (1) extents [1] load store : memref<?xf32, #shared>
    %h = chip.buffer of @other from (d0, d1) -> (0) size (d0, d1) -> (128) extents [128] load : memref<?xi32, #shared>
    %c = chip.buffer of @control from (d0, d1) -> (0) size (d0, d1) -> (4) extents [4] load : memref<?xf32, #shared>
    chip.v.threshold(%t, %h, %c) low = 0.0 : memref<?xf32, #shared>, memref<?xi32, #shared>, memref<?xf32, #shared>
  }
  chip.nest "q" "train.classify" "fp" loops [#chip.loop<"d0" 6>, #chip.loop<"d1" 20 cut_last>] {
    %x = chip.buffer of @sum from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] load : memref<?x?xf32, #shared>
    %t = chip.buffer of @threshold from (d0, d1) -> (0) size (d0, d1) -> (1) extents [1] load : memref<?xf32, #shared>
    %y = chip.buffer of @y from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] store : memref<?x?x!mixed, #shared>
    %h = chip.buffer of @histogram from (d0, d1) -> (0) size (d0, d1) -> (128) extents [128] store total : memref<?xi32, #shared>
    chip.v.classify(%y, %x, %t) low = 0.0 {captures = ["y"]} : memref<?x?x!mixed, #shared>, memref<?x?xf32, #shared>, memref<?xf32, #shared>
    chip.v.histogram(%h, %x) mode = zero {captures = ["h"]} : memref<?xi32, #shared>, memref<?x?xf32, #shared>
  }
  return
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
!f16 = !num.float<5, 10, 15, reserved, gradual>
#dram = #chip.space<dram>
#shared = #chip.space<shared>

// The compute copy is made of the new weights while they are there, and both are stored.
chip.tensor @w : memref<6x20x!f16, #dram> {role = #chip.role<state>}
chip.tensor @v : memref<6x20x!f16, #dram> {role = #chip.role<state>}
chip.tensor @dw : memref<6x20x!f16, #dram> {role = #chip.role<temp>}
chip.tensor @w.copy : memref<6x20x!f8, #dram> {copy_of = @w, role = #chip.role<copy>}
// CHECK-LABEL: func.func @step
// CHECK: chip.nest "w" "train.sgd" {{.*}} fused ["train.round"] {
// CHECK-NEXT: %[[W:.*]] = chip.buffer of @w {{.*}} load store
// CHECK: %[[COPY:.*]] = chip.buffer of @w.copy {{.*}} store {rounding = #num.rounding<nearest_even>, slp.of = ["w", "train.round", "up"]}
// CHECK-NEXT: chip.v.sgd
// CHECK-NEXT: chip.v.round(%[[COPY]], %[[W]]) {captures = ["w.copy/next"], slp.of{{.*}}}
// CHECK-NOT: chip.nest
func.func @step() {
  chip.nest "w" "train.sgd" "up" loops [#chip.loop<"d0" 6>, #chip.loop<"d1" 20 cut_last>] {
    %w = chip.buffer of @w from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] load store : memref<?x?x!f16, #shared>
    %v = chip.buffer of @v from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] load store : memref<?x?x!f16, #shared>
    %dw = chip.buffer of @dw from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] load : memref<?x?x!f16, #shared>
    chip.v.sgd(%w, %v, %dw) mode = absent unscale = 1.0 lrScale = 1.0 decayScale = 1.0 {captures = ["w/next", "v/next"]} : memref<?x?x!f16, #shared>, memref<?x?x!f16, #shared>, memref<?x?x!f16, #shared>
  }
  chip.nest "w" "train.round" "up" loops [#chip.loop<"d0" 6>, #chip.loop<"d1" 20 cut_last>] {
    %x = chip.buffer of @w from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] load : memref<?x?x!f16, #shared>
    %y = chip.buffer of @w.copy from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] store {rounding = #num.rounding<nearest_even>} : memref<?x?x!f8, #shared>
    chip.v.round(%y, %x) {captures = ["w.copy/next"]} : memref<?x?x!f8, #shared>, memref<?x?x!f16, #shared>
  }
  return
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
!f16 = !num.float<5, 10, 15, reserved, gradual>
#dram = #chip.space<dram>
#shared = #chip.space<shared>

// Not where the old copy is still read behind the update.
chip.tensor @w : memref<6x20x!f16, #dram> {role = #chip.role<state>}
chip.tensor @v : memref<6x20x!f16, #dram> {role = #chip.role<state>}
chip.tensor @dw : memref<6x20x!f16, #dram> {role = #chip.role<temp>}
chip.tensor @y : memref<6x20x!f8, #dram> {role = #chip.role<output>}
chip.tensor @w.copy : memref<6x20x!f8, #dram> {copy_of = @w, role = #chip.role<copy>}
// CHECK-LABEL: func.func @step
// CHECK: "train.sgd"
// CHECK-NOT: fused
// CHECK: "train.relu"
// CHECK: "train.round"
func.func @step() {
  chip.nest "w" "train.sgd" "up" loops [#chip.loop<"d0" 6>, #chip.loop<"d1" 20 cut_last>] {
    %w = chip.buffer of @w from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] load store : memref<?x?x!f16, #shared>
    %v = chip.buffer of @v from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] load store : memref<?x?x!f16, #shared>
    %dw = chip.buffer of @dw from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] load : memref<?x?x!f16, #shared>
    chip.v.sgd(%w, %v, %dw) mode = absent unscale = 1.0 lrScale = 1.0 decayScale = 1.0 {captures = ["w/next", "v/next"]} : memref<?x?x!f16, #shared>, memref<?x?x!f16, #shared>, memref<?x?x!f16, #shared>
  }
  chip.nest "relu" "train.relu" "bp" loops [#chip.loop<"d0" 6>, #chip.loop<"d1" 20 cut_last>] {
    %x = chip.buffer of @w.copy from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] load : memref<?x?x!f8, #shared>
    %y = chip.buffer of @y from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] store : memref<?x?x!f8, #shared>
    chip.v.relu(%y, %x) {captures = ["y"]} : memref<?x?x!f8, #shared>, memref<?x?x!f8, #shared>
  }
  chip.nest "w" "train.round" "up" loops [#chip.loop<"d0" 6>, #chip.loop<"d1" 20 cut_last>] {
    %x = chip.buffer of @w from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] load : memref<?x?x!f16, #shared>
    %y = chip.buffer of @w.copy from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [6, 20] store {rounding = #num.rounding<nearest_even>} : memref<?x?x!f8, #shared>
    chip.v.round(%y, %x) {captures = ["w.copy/next"]} : memref<?x?x!f8, #shared>, memref<?x?x!f16, #shared>
  }
  return
}
