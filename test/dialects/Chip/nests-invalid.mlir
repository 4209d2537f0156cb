// One refusal for each sentence of the verifiers of nests and their buffers.
// RUN: slp-opt %s --split-input-file --verify-diagnostics --allow-unregistered-dialect

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @two_loops_of_a_name() {
  // expected-error @below {{has two loops "a"}}
  chip.nest "" "train.x" "fp" loops [#chip.loop<"a" 4>, #chip.loop<"a" 8>] {
  }
  return
}

// -----

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @no_such_loop() {
  // expected-error @below {{expected whole_unless of loop "a" to be one of 1 loops, found 1}}
  chip.nest "" "train.x" "fp" loops [#chip.loop<"a" 4 whole_unless 1>] {
  }
  return
}

// -----

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @something_else() {
  chip.nest "" "train.x" "fp" loops [#chip.loop<"a" 4>, #chip.loop<"b" 8>] {
    // expected-error @below {{stands in a chip.nest, expected chip.buffer or an instruction}}
    %v = chip.view @x : memref<4x8xf32>
  }
  return
}

// -----

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @other_number_of_loops() {
  chip.nest "" "train.x" "fp" loops [#chip.loop<"a" 4>, #chip.loop<"b" 8>] {
    // expected-error @below {{expected maps of 2 loops, as the nest has}}
    %x = chip.buffer of @x strides [8, 1] from (d0, d1, d2) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [4, 8] load : memref<?x?xf32, #chip.space<shared>>
  }
  return
}

// -----

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @iterates_no_loop() {
  chip.nest "" "train.x" "fp" loops [#chip.loop<"a" 4>, #chip.loop<"b" 8>] {
    %x = chip.buffer of @x strides [8, 1] from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [4, 8] load : memref<?x?xf32, #chip.space<shared>>
    // expected-error @below {{iterates loop 2 of a nest of 2}}
    chip.v.relu(%x, %x) {iterates = array<i64: 2>} : memref<?x?xf32, #chip.space<shared>>, memref<?x?xf32, #chip.space<shared>>
  }
  return
}

// -----

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @known_size() {
  chip.nest "" "train.x" "fp" loops [#chip.loop<"a" 4>, #chip.loop<"b" 8>] {
    // expected-error @below {{expected a buffer of unknown sizes in shared, spm or acc, found 'memref<4x8xf32, #chip.space<shared>>'}}
    %x = chip.buffer of @x strides [8, 1] from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [4, 8] load : memref<4x8xf32, #chip.space<shared>>
  }
  return
}

// -----

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @in_dram() {
  chip.nest "" "train.x" "fp" loops [#chip.loop<"a" 4>, #chip.loop<"b" 8>] {
    // expected-error @below {{expected a buffer of unknown sizes in shared, spm or acc, found 'memref<?x?xf32>'}}
    %x = chip.buffer of @x strides [8, 1] from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [4, 8] load : memref<?x?xf32>
  }
  return
}

// -----

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @other_rank() {
  chip.nest "" "train.x" "fp" loops [#chip.loop<"a" 4>, #chip.loop<"b" 8>] {
    // expected-error @below {{expected 2 coordinates, sizes, extents and strides}}
    %x = chip.buffer of @x strides [8, 1] from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [4] load : memref<?x?xf32, #chip.space<shared>>
  }
  return
}

// -----

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @two_loops_in_one() {
  chip.nest "" "train.x" "fp" loops [#chip.loop<"a" 4>, #chip.loop<"b" 8>] {
    // expected-error @below {{expected dimension 1 to be a multiple of one loop plus a number, and its size too}}
    %x = chip.buffer of @x strides [8, 1] from (d0, d1) -> (d0, d1 + d0) size (d0, d1) -> (d0, d1) extents [4, 8] load : memref<?x?xf32, #chip.space<shared>>
  }
  return
}

// -----

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @size_of_another() {
  chip.nest "" "train.x" "fp" loops [#chip.loop<"a" 4>, #chip.loop<"b" 8>] {
    // expected-error @below {{expected dimension 1 to be a multiple of one loop plus a number, and its size too}}
    %x = chip.buffer of @x strides [8, 1] from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d0) extents [4, 8] load : memref<?x?xf32, #chip.space<shared>>
  }
  return
}

// -----

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @clips_nothing() {
  chip.nest "" "train.x" "fp" loops [#chip.loop<"a" 4>, #chip.loop<"b" 8>] {
    // expected-error @below {{clips dimension 2 of 2}}
    %x = chip.buffer of @x strides [8, 1] from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [4, 8] clipped [2] load : memref<?x?xf32, #chip.space<shared>>
  }
  return
}

// -----

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @of_no_tensor() {
  chip.nest "" "train.x" "fp" loops [#chip.loop<"a" 4>, #chip.loop<"b" 8>] {
    // expected-error @below {{is transferred, but is of no tensor}}
    %x = chip.buffer from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [4, 8] load : memref<?x?xf32, #chip.space<shared>>
  }
  return
}

// -----

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @too_far() {
  chip.nest "" "train.x" "fp" loops [#chip.loop<"a" 4>, #chip.loop<"b" 8>] {
    // expected-error @below {{reaches element 39 of a tensor of 32}}
    %x = chip.buffer of @x strides [8, 1] from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [5, 8] load : memref<?x?xf32, #chip.space<shared>>
  }
  return
}

// -----

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @other_elements() {
  chip.nest "" "train.x" "fp" loops [#chip.loop<"a" 4>, #chip.loop<"b" 8>] {
    // expected-error @below {{expected element type 'f32' and at most 5 dimensions, found 'i32' and 2}}
    %x = chip.buffer of @x strides [8, 1] from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [4, 8] load : memref<?x?xi32, #chip.space<shared>>
  }
  return
}

// -----

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @no_stream() {
  chip.nest "" "train.x" "fp" loops [#chip.loop<"a" 4>, #chip.loop<"b" 8>] {
    // expected-error @below {{expected a stream with stochastic rounding, and only there}}
    %x = chip.buffer of @x strides [8, 1] from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [4, 8] load {rounding = #num.rounding<stochastic>} : memref<?x?xf32, #chip.space<shared>>
  }
  return
}

// -----

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @unknown_size_outside() {
  %x = "test.buffer"() : () -> memref<?x?xf32, #chip.space<shared>>
  // expected-error @below {{operand `dst` is 'memref<?x?xf32, #chip.space<shared>>', expected known sizes outside a nest}}
  chip.v.relu(%x, %x) : memref<?x?xf32, #chip.space<shared>>, memref<?x?xf32, #chip.space<shared>>
  return
}

// -----

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @sizes_of_some() {
  // expected-error @below {{expected a tiling with a size of each of 3 loops, and each once in the order}}
  chip.nest "" "train.x" "fp" loops [#chip.loop<"a" 4>, #chip.loop<"b" 8 reduction granule 2>, #chip.loop<"c" 6 reduction whole_unless 1>] tiling <sizes = [4, 8], order = [0, 1, 2], cores = 1, slots = 2, acc_slots = 2> {
  }
  return
}

// -----

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @order_of_some() {
  // expected-error @below {{expected a tiling with a size of each of 3 loops, and each once in the order}}
  chip.nest "" "train.x" "fp" loops [#chip.loop<"a" 4>, #chip.loop<"b" 8 reduction granule 2>, #chip.loop<"c" 6 reduction whole_unless 1>] tiling <sizes = [4, 8, 6], order = [0, 1, 1], cores = 1, slots = 2, acc_slots = 2> {
  }
  return
}

// -----

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @reduction_outside() {
  // expected-error @below {{illegal loop order: reduction loop "b" outside a parallel loop would interleave sums}}
  chip.nest "" "train.x" "fp" loops [#chip.loop<"a" 4>, #chip.loop<"b" 8 reduction granule 2>, #chip.loop<"c" 6 reduction whole_unless 1>] tiling <sizes = [4, 8, 6], order = [1, 0, 2], cores = 1, slots = 2, acc_slots = 2> {
  }
  return
}

// -----

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @reductions_swapped() {
  // expected-error @below {{illegal loop order: reduction loop "c" out of the order of accumulation}}
  chip.nest "" "train.x" "fp" loops [#chip.loop<"a" 4>, #chip.loop<"b" 8 reduction granule 2>, #chip.loop<"c" 6 reduction whole_unless 1>] tiling <sizes = [4, 8, 6], order = [0, 2, 1], cores = 1, slots = 2, acc_slots = 2> {
  }
  return
}

// -----

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @not_a_multiple() {
  // expected-error @below {{expected a tile of loop "b" that is a multiple of 2, found 3}}
  chip.nest "" "train.x" "fp" loops [#chip.loop<"a" 4>, #chip.loop<"b" 8 reduction granule 2>, #chip.loop<"c" 6 reduction whole_unless 1>] tiling <sizes = [4, 3, 6], order = [0, 1, 2], cores = 1, slots = 2, acc_slots = 2> {
  }
  return
}

// -----

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @too_large() {
  // expected-error @below {{expected a tile of loop "a" of at most 4, found 5}}
  chip.nest "" "train.x" "fp" loops [#chip.loop<"a" 4>, #chip.loop<"b" 8 reduction granule 2>, #chip.loop<"c" 6 reduction whole_unless 1>] tiling <sizes = [5, 8, 6], order = [0, 1, 2], cores = 1, slots = 2, acc_slots = 2> {
  }
  return
}

// -----

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @cut_too_early() {
  // expected-error @below {{loop "c" may be cut only with tiles of 1 of loop "b"}}
  chip.nest "" "train.x" "fp" loops [#chip.loop<"a" 4>, #chip.loop<"b" 8 reduction granule 2>, #chip.loop<"c" 6 reduction whole_unless 1>] tiling <sizes = [4, 2, 3], order = [0, 1, 2], cores = 1, slots = 2, acc_slots = 2> {
  }
  return
}

// -----

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @split_of_a_reduction() {
  // expected-error @below {{expected a tiling split along a parallel loop, found 1}}
  chip.nest "" "train.x" "fp" on_cores loops [#chip.loop<"a" 4>, #chip.loop<"b" 8 reduction granule 2>, #chip.loop<"c" 6 reduction whole_unless 1>] tiling <sizes = [4, 2, 6], order = [0, 1, 2], split = 1, cores = 4, slots = 2, acc_slots = 2> {
  }
  return
}

// -----

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @vector_work_on_cores() {
  // expected-error @below {{expected 1 to 64 cores, more than 1 where MAC work is split, found 4}}
  chip.nest "" "train.x" "fp" loops [#chip.loop<"a" 4>, #chip.loop<"b" 8 reduction granule 2>, #chip.loop<"c" 6 reduction whole_unless 1>] tiling <sizes = [1, 8, 6], order = [0, 1, 2], split = 0, cores = 4, slots = 2, acc_slots = 2> {
  }
  return
}

// -----

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @many_slots() {
  // expected-error @below {{expected 1 to 15 slots and 1 or 2 of accumulators, found 16 and 2}}
  chip.nest "" "train.x" "fp" loops [#chip.loop<"a" 4>, #chip.loop<"b" 8 reduction granule 2>, #chip.loop<"c" 6 reduction whole_unless 1>] tiling <sizes = [4, 8, 6], order = [0, 1, 2], cores = 1, slots = 16, acc_slots = 2> {
  }
  return
}

// -----

// expected-error @below {{expected reduction, granule, whole_unless, cut_last, exact, on_pes or columns, found parallel}}
module attributes {test.loop = #chip.loop<"a" 4 parallel>} {}

// -----

// expected-error @below {{expected extent, granule and columns of loop "a" to be at least 1}}
module attributes {test.loop = #chip.loop<"a" 0>} {}

// -----

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @no_extent() {
  chip.nest "" "train.x" "fp" loops [#chip.loop<"a" 4>, #chip.loop<"b" 8>] {
    // expected-error @below {{expected extents of 1 to 8388608, found 0}}
    %x = chip.buffer of @x from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [4, 0] load : memref<?x?xf32, #chip.space<shared>>
  }
  return
}

// -----

chip.tensor @x : memref<4x8xf32> {role = #chip.role<temp>}
func.func @far_away() {
  chip.nest "" "train.x" "fp" loops [#chip.loop<"a" 4>, #chip.loop<"b" 8>] {
    // expected-error @below {{expected coordinates of up to 8388608 in dimension 1}}
    %x = chip.buffer of @x from (d0, d1) -> (d0, d1 + 9000000) size (d0, d1) -> (d0, d1) extents [4, 8] load : memref<?x?xf32, #chip.space<shared>>
  }
  return
}

// -----

func.func @iterates_outside() {
  %x = "test.buffer"() : () -> memref<4xf32, #chip.space<shared>>
  // expected-error @below {{says which loops it iterates, but stands in no nest}}
  chip.v.relu(%x, %x) {iterates = array<i64: 0>} : memref<4xf32, #chip.space<shared>>, memref<4xf32, #chip.space<shared>>
  return
}
