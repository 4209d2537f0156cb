// RUN: slp-opt %s --verify-diagnostics --chip-expand-nests

func.func @step() {
  // expected-error @below {{has no tiling; run chip-choose-tiles first}}
  chip.nest "" "train.clear_saturations" "bp" loops [] {
    chip.v.clear.saturations()
  }
  return
}
