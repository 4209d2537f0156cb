// One refusal for each sentence of the verifiers.
// RUN: slp-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{'chip.tensor' op expected a tensor in dram, its home, found 'memref<4xf32, #chip.space<spm>>'}}
chip.tensor @x : memref<4xf32, #chip.space<spm>> {role = #chip.role<temp>}

// -----

// expected-error @below {{expected a row-major tensor, found 'memref<4x2xf32, strided<[1, 4]>>'}}
chip.tensor @x : memref<4x2xf32, strided<[1, 4]>> {role = #chip.role<temp>}

// -----

// expected-error @below {{expected at most 8 dimensions, found 9}}
chip.tensor @x : memref<1x1x1x1x1x1x1x1x1xf32> {role = #chip.role<temp>}

// -----

// expected-error @below {{has an initial value but is no state and no constant}}
chip.tensor @x : memref<4xf32> {role = #chip.role<input>, init = 0 : i64}

// -----

// expected-error @below {{expected a tensor in shared, its home, found 'memref<4xf32>'}}
chip.tensor @x : memref<4xf32> home <shared> {role = #chip.role<temp>}

// -----

// expected-error @below {{expected a home in dram or shared, found spm}}
chip.tensor @x : memref<4xf32, #chip.space<spm>> home <spm> {address = 0 : i64, role = #chip.role<temp>}

// -----

// expected-error @below {{expected role temp or copy of what is not in dram, found output}}
chip.tensor @x : memref<4xf32, #chip.space<shared>> home <shared> {address = 0 : i64, role = #chip.role<output>}

// -----

// expected-error @below {{expected layout row_major of what is not in dram, found channels16}}
chip.tensor @x : memref<1x16xf32, #chip.space<shared>> home <shared> layout <channels16> {address = 0 : i64, role = #chip.role<temp>}

// -----

// expected-error @below {{expected a format that is not compressed on the chip, found}}
chip.tensor @x : memref<8x!num.mixed<!num.float<5, 2, 15, reserved, gradual>, !num.float<5, 10, 15, reserved, gradual>>, #chip.space<shared>> home <shared> {address = 0 : i64, role = #chip.role<temp>}

// -----

// expected-error @below {{expected an address with a home that is not dram}}
chip.tensor @x : memref<4xf32, #chip.space<shared>> home <shared> {role = #chip.role<temp>}

// -----

chip.tensor @x : memref<4xf32, #chip.space<shared>> home <shared> {address = 0 : i64, role = #chip.role<temp>}
func.func @view_of_resident() {
  // expected-error @below {{expected a tensor in dram, found}}
  %v = chip.view @x : memref<4xf32>
  return
}

// -----

chip.tensor @x : memref<4xf32, #chip.space<shared>> home <shared> {address = 0 : i64, role = #chip.role<temp>}
func.func @part_of_resident() {
  chip.task "a" "b" "fp" cores(1) {
    %c0 = arith.constant 0 : index
    // expected-error @below {{expected all elements of @x in its home, found 'memref<2xf32, #chip.space<shared>>' of 'memref<4xf32, #chip.space<shared>>'}}
    %x = chip.alloc [%c0] extents [2] core_stride [0] slots 1 holds @x : memref<2xf32, #chip.space<shared>>
  }
  return
}

// -----

chip.tensor @x : memref<4xf32, #chip.space<shared>> home <shared> {address = 0 : i64, role = #chip.role<temp>}
func.func @copies_of_resident() {
  chip.task "a" "b" "fp" cores(1) {
    %c0 = arith.constant 0 : index
    // expected-error @below {{holds a tensor, expected one copy and no `of`}}
    %x = chip.alloc [%c0] extents [4] core_stride [0] slots 2 holds @x : memref<4xf32, #chip.space<shared>>
  }
  return
}

// -----

chip.tensor @x : memref<4x2xf32, #chip.space<shared>> home <shared> {address = 0 : i64, role = #chip.role<temp>}
func.func @turned_resident() {
  chip.nest "" "train.transpose" "fp" loops [#chip.loop<"d0" 2>, #chip.loop<"d1" 4 cut_last>] {
    // expected-error @below {{expected all elements of @x in their order, as it is not in dram}}
    %x = chip.buffer of @x strides [1, 2] from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [2, 4] load on_chip : memref<?x?xf32, #chip.space<shared>>
  }
  return
}

// -----

func.func @no_room() {
  // expected-error @below {{expected a room of a first byte and the one behind the last, found [64, 32]}}
  chip.task "a" "b" "fp" cores(1) room [64, 32] {
  }
  return
}

// -----

// expected-error @below {{layout channels16 needs at least 2 dimensions, found 1}}
chip.tensor @x : memref<4xf32> layout <channels16> {role = #chip.role<temp>}

// -----

// expected-error @below {{layout blocks8x8 needs a format that is not compressed}}
chip.tensor @x : memref<8x8x!num.mixed<!num.float<5, 2, 15, reserved, gradual>, !num.float<5, 10, 15, reserved, gradual>>> layout <blocks8x8> {role = #chip.role<temp>}

// -----

chip.tensor @x : memref<2x32x4x5xf32> layout <channels16> {role = #chip.role<temp>}
func.func @f() {
  // expected-error @below {{layout channels16 has no view whose dimensions merge channels with others, found one of @x}}
  %v = chip.view @x : memref<2x640xf32>
  return
}

// -----

chip.tensor @x : memref<2x32x4x5xf32> layout <channels16> {role = #chip.role<temp>}
func.func @f() {
  // expected-error @below {{layout channels16 has no view that cuts blocks of channels, or takes them in another order, found one of @x}}
  %v = chip.view @x : memref<16x20xf32, strided<[20, 1], offset: 160>>
  return
}

// -----

// expected-error @+2 {{expected ::slp::chip_ir::Role to be one of: input, output, state, temp, constant}}
// expected-error @+1 {{failed to parse Chip_RoleAttr parameter 'value'}}
chip.tensor @x : memref<4xf32> {role = #chip.role<weight>}

// -----

func.func @unknown() {
  // expected-error @below {{names @nobody, which is not a chip.tensor}}
  %v = chip.view @nobody : memref<4xf32>
  return
}

// -----

chip.tensor @x : memref<4x2xf32> {role = #chip.role<temp>}
func.func @not_strided() {
  // expected-error @below {{expected a strided view, found 'memref<4xf32, affine_map<(d0) -> (d0 mod 2)>>'}}
  %v = chip.view @x : memref<4xf32, affine_map<(d0) -> (d0 mod 2)>>
  return
}

// -----

chip.tensor @x : memref<4x2xf32> {role = #chip.role<temp>}
func.func @other_element() {
  // expected-error @below {{expected element type 'f32' and at most 5 dimensions, found 'i32' and 2}}
  %v = chip.view @x : memref<4x2xi32>
  return
}

// -----

chip.tensor @x : memref<4x2xf32> {role = #chip.role<temp>}
func.func @too_many_dimensions() {
  // expected-error @below {{expected element type 'f32' and at most 5 dimensions, found 'f32' and 6}}
  %v = chip.view @x : memref<4x2x1x1x1x1xf32>
  return
}

// -----

chip.tensor @x : memref<4x2xf32> {role = #chip.role<temp>}
func.func @too_far() {
  // expected-error @below {{reaches element 8 of a tensor of 8}}
  %v = chip.view @x : memref<4x2xf32, strided<[2, 1], offset: 1>>
  return
}

// -----

chip.tensor @x : memref<4x2xf32> {role = #chip.role<temp>}
func.func @before_the_start() {
  // expected-error @below {{reaches element -2 of a tensor of 8}}
  %v = chip.view @x : memref<3xf32, strided<[-1], offset: 0>>
  return
}

// -----

func.func @no_cores() {
  // expected-error @below {{attribute 'cores' failed to satisfy constraint: 64-bit signless integer attribute whose minimum value is 1 whose maximum value is 64}}
  chip.task "a" "b" "fp" cores(0) {
  }
  return
}

// -----

func.func @too_many_cores() {
  // expected-error @below {{attribute 'cores' failed to satisfy constraint: 64-bit signless integer attribute whose minimum value is 1 whose maximum value is 64}}
  chip.task "a" "b" "fp" cores(65) {
  }
  return
}

// -----

func.func @uneven_groups() {
  // expected-error @below {{expected groups of equal size, found 4 groups of 6 cores}}
  chip.task "a" "b" "fp" cores(6) groups(4) {
  }
  return
}

// -----

func.func @too_many_groups() {
  // expected-error @below {{attribute 'groups' failed to satisfy constraint: 64-bit signless integer attribute whose minimum value is 1 whose maximum value is 6}}
  chip.task "a" "b" "fp" cores(14) groups(7) {
  }
  return
}

// -----

func.func @group_strides_of_other_rank(%i: index) {
  // expected-error @below {{expected 2 group strides}}
  %b = chip.alloc [%i, %i] extents [4, 2] core_stride [0, 0] group_stride [1] slots 1 : memref<4x2xf32, #chip.space<spm>>
  return
}

// -----

func.func @groups_of_the_shared_buffer(%i: index) {
  // expected-error @below {{expected core_stride 0 in shared, which has one tile for all cores, found array<i64: 1>}}
  %b = chip.alloc [%i] extents [4] core_stride [0] group_stride [1] slots 1 : memref<4xf32, #chip.space<shared>>
  return
}

// -----

func.func @name_of_a_name(%i: index) {
  %a = chip.alloc [%i] extents [4] core_stride [0] slots 1 : memref<4xf32, #chip.space<spm>>
  %b = chip.alloc [%i] extents [4] core_stride [0] slots 1 of(%a : memref<4xf32, #chip.space<spm>>) : memref<4xf32, #chip.space<spm>>
  // expected-error @below {{expected `of` a buffer with memory of its own in the same block}}
  %c = chip.alloc [%i] extents [4] core_stride [0] slots 1 of(%b : memref<4xf32, #chip.space<spm>>) : memref<4xf32, #chip.space<spm>>
  return
}

// -----

func.func @name_in_another_block(%i: index, %n: index) {
  %a = chip.alloc [%i] extents [4] core_stride [0] slots 1 : memref<4xf32, #chip.space<spm>>
  scf.for %j = %i to %n step %n {
    // expected-error @below {{expected `of` a buffer with memory of its own in the same block}}
    %b = chip.alloc [%i] extents [4] core_stride [0] slots 1 of(%a : memref<4xf32, #chip.space<spm>>) : memref<4xf32, #chip.space<spm>>
  }
  return
}

// -----

func.func @name_of_other_size(%i: index) {
  %a = chip.alloc [%i] extents [4] core_stride [0] slots 2 : memref<4xf32, #chip.space<spm>>
  // expected-error @below {{expected the elements, space and slots of the buffer it is of, found 'memref<2xf32, #chip.space<spm>>' of 'memref<4xf32, #chip.space<spm>>'}}
  %b = chip.alloc [%i] extents [4] core_stride [0] slots 2 of(%a : memref<4xf32, #chip.space<spm>>) : memref<2xf32, #chip.space<spm>>
  return
}

// -----

func.func @buffer_in_dram() {
  // expected-error @below {{expected a buffer in shared, spm or acc, found 'memref<f32>'}}
  %b = chip.alloc [] extents [] core_stride [] slots 1 : memref<f32>
  return
}

// -----

func.func @not_row_major(%i: index) {
  // expected-error @below {{expected a row-major buffer, found}}
  %b = chip.alloc [%i, %i] extents [4, 2] core_stride [0, 0] slots 1 : memref<4x2xf32, strided<[1, 4]>, #chip.space<spm>>
  return
}

// -----

func.func @origin_of_other_rank(%i: index) {
  // expected-error @below {{expected 2 coordinates, extents and core strides}}
  %b = chip.alloc [%i] extents [4, 2] core_stride [0, 0] slots 1 : memref<4x2xf32, #chip.space<spm>>
  return
}

// -----

func.func @extents_of_other_rank(%i: index) {
  // expected-error @below {{expected 2 coordinates, extents and core strides}}
  %b = chip.alloc [%i, %i] extents [4] core_stride [0, 0] slots 1 : memref<4x2xf32, #chip.space<spm>>
  return
}

// -----

func.func @strides_of_other_rank(%i: index) {
  // expected-error @below {{expected 2 coordinates, extents and core strides}}
  %b = chip.alloc [%i, %i] extents [4, 2] core_stride [0, 0, 0] slots 1 : memref<4x2xf32, #chip.space<spm>>
  return
}

// -----

func.func @random_without_stream(%i: index) {
  // expected-error @below {{expected a stream with stochastic rounding, and only there}}
  %b = chip.alloc [%i] extents [4] core_stride [0] slots 1 {rounding = #num.rounding<stochastic>} : memref<4xf32, #chip.space<spm>>
  return
}

// -----

func.func @stream_without_random(%i: index) {
  // expected-error @below {{expected a stream with stochastic rounding, and only there}}
  %b = chip.alloc [%i] extents [4] core_stride [0] slots 1 {rounding = #num.rounding<half_away>, stream = 1 : i64} : memref<4xf32, #chip.space<spm>>
  return
}

// -----

func.func @stream_too_large(%i: index) {
  // expected-error @below {{expected a stream of 0 to 16777215, found 16777216}}
  %b = chip.alloc [%i] extents [4] core_stride [0] slots 1 {rounding = #num.rounding<stochastic>, stream = 16777216 : i64} : memref<4xf32, #chip.space<spm>>
  return
}

// -----

func.func @no_slots() {
  // expected-error @below {{expected 1 to 15 slots, found 0}}
  %b = chip.alloc [] extents [] core_stride [] slots 0 : memref<f32, #chip.space<spm>>
  return
}

// -----

func.func @too_many_slots() {
  // expected-error @below {{expected 1 to 15 slots, found 16}}
  %b = chip.alloc [] extents [] core_stride [] slots 16 : memref<f32, #chip.space<spm>>
  return
}

// -----

func.func @load_from_buffer(%a: memref<4xf32, #chip.space<spm>>, %b: memref<4xf32, #chip.space<spm>>) {
  // expected-error @below {{'chip.load' op expected a view of dram, found 'memref<4xf32, #chip.space<spm>>'}}
  chip.load %a to %b : memref<4xf32, #chip.space<spm>>, memref<4xf32, #chip.space<spm>>
  return
}

// -----

func.func @load_to_accumulators(%a: memref<4xf32>, %b: memref<4xf32, #chip.space<acc>>) {
  // expected-error @below {{'chip.load' op expected a buffer in spm or shared, found 'memref<4xf32, #chip.space<acc>>'}}
  chip.load %a to %b : memref<4xf32>, memref<4xf32, #chip.space<acc>>
  return
}

// -----

func.func @load_other_rank(%a: memref<4x1xf32>, %b: memref<4xf32, #chip.space<spm>>) {
  // expected-error @below {{'chip.load' op expected one element type and rank, found 'memref<4x1xf32>' and 'memref<4xf32, #chip.space<spm>>'}}
  chip.load %a to %b : memref<4x1xf32>, memref<4xf32, #chip.space<spm>>
  return
}

// -----

func.func @store_to_buffer(%a: memref<4xf32, #chip.space<spm>>, %b: memref<4xf32, #chip.space<spm>>) {
  // expected-error @below {{'chip.store' op expected a view of dram, found 'memref<4xf32, #chip.space<spm>>'}}
  chip.store %a to %b : memref<4xf32, #chip.space<spm>>, memref<4xf32, #chip.space<spm>>
  return
}

// -----

func.func @store_from_accumulators(%a: memref<4xf32, #chip.space<acc>>, %b: memref<4xf32>) {
  // expected-error @below {{'chip.store' op expected a buffer in spm or shared, found 'memref<4xf32, #chip.space<acc>>'}}
  chip.store %a to %b : memref<4xf32, #chip.space<acc>>, memref<4xf32>
  return
}

// -----

func.func @store_converts(%a: memref<4xi32, #chip.space<spm>>, %b: memref<4xf32>) {
  // expected-error @below {{'chip.store' op expected one element type and rank, found 'memref<4xf32>' and 'memref<4xi32, #chip.space<spm>>'}}
  chip.store %a to %b : memref<4xi32, #chip.space<spm>>, memref<4xf32>
  return
}

// -----

func.func @core_stride_in_shared(%i: index) {
  // expected-error @below {{expected core_stride 0 in shared, which has one tile for all cores, found array<i64: 4>}}
  %b = chip.alloc [%i] extents [8] core_stride [4] slots 1 : memref<4xf32, #chip.space<shared>>
  return
}

// -----

func.func @move_within_scratchpads(%a: memref<4xf32, #chip.space<spm>>, %b: memref<4xf32, #chip.space<spm>>) {
  // expected-error @below {{'chip.move' op expected one buffer in shared and one in spm, found 'memref<4xf32, #chip.space<spm>>' and 'memref<4xf32, #chip.space<spm>>'}}
  chip.move %a to %b : memref<4xf32, #chip.space<spm>>, memref<4xf32, #chip.space<spm>>
  return
}

// -----

func.func @move_other_rank(%a: memref<4x1xf32, #chip.space<shared>>, %b: memref<4xf32, #chip.space<spm>>) {
  // expected-error @below {{'chip.move' op expected one element type and rank, found 'memref<4x1xf32, #chip.space<shared>>' and 'memref<4xf32, #chip.space<spm>>'}}
  chip.move %a to %b : memref<4x1xf32, #chip.space<shared>>, memref<4xf32, #chip.space<spm>>
  return
}

// -----

func.func @move_of_an_argument(%a: memref<4xf32, #chip.space<shared>>, %b: memref<4xf32, #chip.space<spm>>) {
  // expected-error @below {{expected buffers from chip.alloc}}
  chip.move %a to %b : memref<4xf32, #chip.space<shared>>, memref<4xf32, #chip.space<spm>>
  return
}

// -----

func.func @move_other_extents(%i: index) {
  %a = chip.alloc [%i] extents [8] core_stride [0] slots 1 : memref<4xf32, #chip.space<shared>>
  %b = chip.alloc [%i] extents [9] core_stride [0] slots 1 : memref<4xf32, #chip.space<spm>>
  // expected-error @below {{expected equal extents, found array<i64: 8> and array<i64: 9>}}
  chip.move %a to %b : memref<4xf32, #chip.space<shared>>, memref<4xf32, #chip.space<spm>>
  return
}

// -----

func.func @wait_out_of_reach() {
  // expected-error @below {{'chip.wait' op expected an engine with one queue in bank shared, found mac}}
  chip.wait <mac> 1 by 1 bank <shared>
  return
}

// -----

func.func @signal_out_of_reach() {
  // expected-error @below {{'chip.signal' op expected an engine with one queue in bank shared, found store}}
  chip.signal <store> 1 by 1 bank <shared>
  return
}

// -----

func.func @no_such_semaphore() {
  // expected-error @below {{attribute 'semaphore' failed to satisfy constraint: 64-bit signless integer attribute whose minimum value is 0 whose maximum value is 63}}
  chip.wait <mac> 64 by 1
  return
}

// -----

func.func @count_of_nothing() {
  // expected-error @below {{attribute 'count' failed to satisfy constraint: 64-bit signless integer attribute whose minimum value is 1 whose maximum value is 255}}
  chip.signal <mac> 3 by 0
  return
}

// -----

func.func @count_beyond_the_semaphore() {
  // expected-error @below {{attribute 'count' failed to satisfy constraint}}
  chip.wait <mac> 3 by 256
  return
}

// -----

func.func @no_such_engine() {
  // expected-error @+2 {{expected ::slp::chip_ir::Engine to be one of: load, store, mac, vector}}
  // expected-error @+1 {{failed to parse Chip_EngineAttr parameter 'value'}}
  chip.wait <sequencer> 3 by 1
  return
}

// -----

func.func @count_of_floats(%v: memref<4xf32>, %i: index) {
  // expected-error @below {{'chip.count' op expected a view of dram with i32 elements, found 'memref<4xf32>'}}
  %n = chip.count %v[%i] most 3 : memref<4xf32>
  return
}

// -----

func.func @element_of_a_buffer(%v: memref<4xi32, #chip.space<spm>>, %i: index) {
  // expected-error @below {{'chip.element' op expected a view of dram with i32 elements}}
  %n = chip.element %v[%i] below 3 : memref<4xi32, #chip.space<spm>>
  return
}

// -----

func.func @element_of_a_row(%v: memref<2x4xi32>, %i: index) {
  // expected-error @below {{'chip.element' op expected 2 coordinates}}
  %n = chip.element %v[%i] below 3 : memref<2x4xi32>
  return
}

// -----

func.func @no_count(%v: memref<4xi32>, %i: index) {
  // expected-error @below {{attribute 'most' failed to satisfy constraint: 64-bit signless integer attribute whose minimum value is 1}}
  %n = chip.count %v[%i] most 0 : memref<4xi32>
  return
}

// -----

func.func @if_constant() {
  %c1 = arith.constant 1 : index
  // expected-error @below {{'chip.if' op expected a chip.count, a chip.element or a loop's variable}}
  chip.if %c1 {
  }
  return
}

// -----

func.func @if_argument(%n: index) {
  // expected-error @below {{'chip.if' op expected a chip.count, a chip.element or a loop's variable}}
  chip.if %n {
  }
  return
}

// -----

func.func @region_of_more_than_tasks() {
  chip.region {
    // expected-error @below {{expected nothing but chip.task in a region}}
    %c1 = arith.constant 1 : index
  }
  return
}

// -----

func.func @across_in_a_loop() {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  chip.task "x" "train.x" "fp" cores(1) {
    scf.for %i = %c0 to %c1 step %c1 {
      // expected-error @below {{'chip.wait' op expected `across` in the body of a task, not in a loop or branch}}
      chip.wait <mac> 1 by 1 across
    }
  }
  return
}
