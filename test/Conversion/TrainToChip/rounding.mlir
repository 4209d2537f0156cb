// How results are rounded, where that is not the chip's own way, and their random streams.
// RUN: slp-opt %s --split-input-file --verify-diagnostics --train-name-tensors=seed=2 --convert-train-to-chip --chip-fuse-nests=drains-only --chip-choose-layouts --chip-choose-tiles --chip-expand-nests | FileCheck %s

!f8 = !num.float<5, 2, 15, reserved, flush>
!f16 = !num.float<5, 10, 15, reserved, gradual>
#nearest = #num.rounding<nearest_even>
#away = #num.rounding<half_away>
#random = #num.rounding<stochastic>
#acc = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = f32>

module {
  train.state @w : tensor<8x4x!f16> {rounding = #random}
  train.state @v : tensor<8x4x!f16> {rounding = #random}
  // CHECK-LABEL: func.func @step()
  func.func @step(%x: tensor<4x8xf32> {train.name = "x"}, %b: tensor<8x8x!f8> {train.name = "b"}, %dw: tensor<8x4xf32> {train.name = "dw"}) -> (tensor<4x8x!f8> {train.name = "y"}) {
    // The chip's own rounding needs no word.
    // CHECK: chip.task "" "train.round" "fp"
    // CHECK-COUNT-2: slots 2 : memref
    // CHECK: chip.v.round
    %r = train.round %x {rounding = #nearest} : (tensor<4x8xf32>) -> tensor<4x8x!f8>
    // The first random stream of seed 2 is that of the product's rounding, not of its accumulator.
    // CHECK: chip.task "" "train.matmul" "fp"
    // CHECK: slots 2 : memref<4x8xf32, #chip.space<acc>>
    // CHECK: slots 1 {rounding = #num.rounding<stochastic>, stream = 8192 : i64} : memref<4x8x!num_e5m2, #chip.space<spm>>
    // What follows in the same task has its own.
    // CHECK: slots 2 {rounding = #num.rounding<half_away>, slp.of = ["", "train.relu", "fp"]} : memref<4x8x!num_e5m2, #chip.space<spm>>
    %p = train.matmul %r, %b {accumulate = #acc, slp.tile = {sizes = {m = 4, n = 8, k = 8}}} : (tensor<4x8x!f8>, tensor<8x8x!f8>) -> tensor<4x8xf32>
    %q = train.round %p {rounding = #random} : (tensor<4x8xf32>) -> tensor<4x8x!f8>
    %y = train.relu %q {rounding = #away} : (tensor<4x8x!f8>) -> tensor<4x8x!f8>
    // A stream for each state that is updated.
    // CHECK: chip.task "" "train.sgd" "up"
    // CHECK: {rounding = #num.rounding<stochastic>, stream = 8193 : i64} : memref<{{.*}}!num_e5m10
    // CHECK: {rounding = #num.rounding<stochastic>, stream = 8194 : i64} : memref<{{.*}}!num_e5m10
    %w = train.read @w : tensor<8x4x!f16>
    %v = train.read @v : tensor<8x4x!f16>
    %w1, %v1 = train.sgd %w, %v, %dw {loss_scale = 1.0 : f32, rounding = #random, phase = #train.phase<up>} : (tensor<8x4x!f16>, tensor<8x4x!f16>, tensor<8x4xf32>) -> (tensor<8x4x!f16>, tensor<8x4x!f16>)
    train.write @w, %w1 : tensor<8x4x!f16>
    train.write @v, %v1 : tensor<8x4x!f16>
    return %y : tensor<4x8x!f8>
  }
}
