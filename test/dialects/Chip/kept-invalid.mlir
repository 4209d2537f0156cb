// What chip.nest asks of a loop that runs over a list.
// RUN: slp-opt %s --split-input-file --verify-diagnostics -o /dev/null

func.func @f() {
  // expected-error @below {{expected slp.kept to be {loop, count, images} with one of 1 loops and two tensors, found}}
  chip.nest "" "train.relu" "bp" loops [#chip.loop<"d0" 4>] {
    %x = chip.buffer from (d0) -> (d0) size (d0) -> (d0) extents [4] : memref<?xf32, #chip.space<shared>>
    chip.v.relu(%x, %x) : memref<?xf32, #chip.space<shared>>, memref<?xf32, #chip.space<shared>>
  } {slp.kept = {loop = 1 : i64, count = @count, images = @list}}
  return
}

// -----

func.func @f() {
  chip.nest "" "train.relu" "bp" loops [#chip.loop<"d0" 4>] {
    // expected-error @below {{expected dimensions along loop "d0", which runs over a list, to have its coordinates}}
    %x = chip.buffer from (d0) -> (d0 * 2) size (d0) -> (d0) extents [4] : memref<?xf32, #chip.space<shared>>
    chip.v.relu(%x, %x) : memref<?xf32, #chip.space<shared>>, memref<?xf32, #chip.space<shared>>
  } {slp.kept = {loop = 0 : i64, count = @count, images = @list}}
  return
}

// -----

func.func @f() {
  // expected-error @below {{expected a tile of loop "d0" that is one image, as it runs over a list of them, found 2}}
  chip.nest "" "train.relu" "bp" loops [#chip.loop<"d0" 4>] tiling <sizes = [2], order = [0], cores = 1, slots = 2, acc_slots = 2> {
    %x = chip.buffer from (d0) -> (d0) size (d0) -> (d0) extents [4] : memref<?xf32, #chip.space<shared>>
    chip.v.relu(%x, %x) : memref<?xf32, #chip.space<shared>>, memref<?xf32, #chip.space<shared>>
  } {slp.kept = {loop = 0 : i64, count = @count, images = @list}}
  return
}

// -----

func.func @f() {
  // expected-error @below {{expected a tiling split along another loop than that over a list}}
  chip.nest "" "train.relu" "bp" on_cores loops [#chip.loop<"d0" 4>] tiling <sizes = [1], order = [0], split = 0, cores = 2, slots = 2, acc_slots = 2> {
    %x = chip.buffer from (d0) -> (d0) size (d0) -> (d0) extents [4] : memref<?xf32, #chip.space<shared>>
    chip.v.relu(%x, %x) : memref<?xf32, #chip.space<shared>>, memref<?xf32, #chip.space<shared>>
  } {slp.kept = {loop = 0 : i64, count = @count, images = @list}}
  return
}
