// Where a dot group ends shows in FP16 accumulators: tiles of part of an image begin with one.
// RUN: slp-opt %s --verify-diagnostics --convert-train-to-chip=target=asu-fp8 --chip-fuse-nests=drains-only --chip-choose-layouts --chip-choose-tiles --chip-expand-nests

!f8 = !num.float<5, 2, 15, none, gradual>
!f16 = !num.float<5, 10, 15, none, gradual>
#sum = #num.accumulate<dot = 8, format = !f16, rounding = half_away, across = !f16>

// Rows of 6 pixels: only every fourth begins at a multiple of the dot width.
func.func @rows_within_a_dot(%x: tensor<4x4x6x6x!f8> {train.name = "x"}, %dy: tensor<4x8x6x6x!f8> {train.name = "dy"})
    -> (tensor<8x4x3x3x!f16> {train.name = "dw"}) {
  // expected-error @below {{train.conv_wg: expected a tile of loop "oy" that is a multiple of 4, found 2}}
  %dw = train.conv_wg %x, %dy {accumulate = #sum, pads = array<i64: 1, 1, 1, 1>, kernel = array<i64: 3, 3>, train.names = ["dw"],
      slp.tile = {sizes = {n = 1, oy = 2}}} : (tensor<4x4x6x6x!f8>, tensor<4x8x6x6x!f8>) -> tensor<8x4x3x3x!f16>
  return %dw : tensor<8x4x3x3x!f16>
}

