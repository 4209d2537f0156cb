// RUN: slp-opt %s --verify-diagnostics --chip-choose-tiles

module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : memref<4xf32, #chip.space<dram>> {role = #chip.role<input>}
  func.func @step() {
    chip.nest "" "train.relu" "fp" loops [#chip.loop<"d0" 4>] {
      // expected-error @below {{has no strides; run chip-choose-layouts first}}
      %x = chip.buffer of @x from (d0) -> (d0) size (d0) -> (d0) extents [4] load store : memref<?xf32, #chip.space<shared>>
      chip.v.relu(%x, %x) : memref<?xf32, #chip.space<shared>>, memref<?xf32, #chip.space<shared>>
    }
    return
  }
}
