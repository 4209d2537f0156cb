// Weight gradients where each image has a chain of its own.
// RUN: slp-opt %s --convert-train-to-chip=target=asu-fp8 --chip-fuse-nests=drains-only --chip-choose-layouts --chip-choose-tiles --chip-expand-nests | FileCheck %s

!f8 = !num.float<5, 2, 15, none, gradual>
!f16 = !num.float<5, 10, 15, none, gradual>
#sum = #num.accumulate<dot = 8, format = !f16, rounding = half_away, across = !f16>

// Gradient of the weights: images outside rows, one copy of the total (the chain of an image has the other bank).
// CHECK-LABEL: func.func @step()
func.func @step(%x: tensor<4x4x8x8x!f8> {train.name = "x"}, %dy: tensor<4x8x8x8x!f8> {train.name = "dy"})
    -> (tensor<8x4x3x3x!f16> {train.name = "dw"}) {
  // CHECK: chip.task "" "train.conv_wg" "wg"
  // CHECK: chip.alloc{{.*}} slots 1 : memref<{{.*}}x!num_e5m10, #chip.space<acc>>
  // CHECK: scf.for %[[N:.*]] = %{{.*}} to %c4 step %c1
  // CHECK-NEXT: scf.for %[[OY:.*]] = %{{.*}} to %c8 step %c2
  // CHECK: chip.alloc{{ ?}}[%[[N]], %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}] extents [4, 1, 4, 8, 8] {{.*}} : memref<1x1x{{.*}}x4x10x
  // CHECK: chip.alloc{{ ?}}[%[[N]], %{{.*}}, %{{.*}}, %[[OY]], %{{.*}}] extents [4, 1, 8, 8, 8] {{.*}} : memref<1x1x{{.*}}x2x8x
  // CHECK: chip.conv.wg{{.*}}
  // CHECK-NEXT: }
  // CHECK-NEXT: }
  // CHECK-NEXT: chip.v.round
  %dw = train.conv_wg %x, %dy {accumulate = #sum, pads = array<i64: 1, 1, 1, 1>, kernel = array<i64: 3, 3>, phase = #train.phase<wg>,
      train.names = ["dw"], slp.tile = {sizes = {n = 1, oy = 2}}}
      : (tensor<4x4x8x8x!f8>, tensor<4x8x8x8x!f8>) -> tensor<8x4x3x3x!f16>
  return %dw : tensor<8x4x3x3x!f16>
}

