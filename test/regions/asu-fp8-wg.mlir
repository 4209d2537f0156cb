// The weight gradient of ResNet-18's layer4.1.conv2 and the update behind it, on asu-fp8; the gradient is never stored.
// DRAM bounds it. A core has 64 output channels and keeps their errors; x comes once, 32 input channels at a time, so
// that all traffic is compulsory and a run of the weights is 576 bytes, 9 whole bursts. Semaphores are those of chip-
// insert-semaphores.

!e = !num.float<5, 2, 15, none, gradual>
!h = !num.float<5, 10, 15, none, gradual>
!x = memref<$Nx1x512x7x7x!e, #chip.space<dram>>
!w = memref<1x512x512x3x3x!h, #chip.space<dram>>
!xt = memref<$Nx1x32x7x7x!e, #chip.space<spm>>
!dt = memref<$Nx1x64x7x7x!e, #chip.space<spm>>
!at = memref<1x8x32x3x3x!h, #chip.space<acc>>
!wt = memref<1x8x32x3x3x!h, #chip.space<spm>>

module {
module @definition {
  func.func @step(%x: tensor<$Nx512x7x7x!e> {train.name = "x"}, %dy: tensor<$Nx512x7x7x!e> {train.name = "dy"},
                  %w: tensor<512x512x3x3x!h> {train.name = "w", test.deviation = 0.02}, %v: tensor<512x512x3x3x!h> {train.name = "v", test.deviation = 0.02}) {
    %dw = train.conv_wg %x, %dy {accumulate = #num.accumulate<dot = 8, format = !h, rounding = half_away, across = !h>, kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, phase = #train.phase<wg>, train.names = ["dw"]} : (tensor<$Nx512x7x7x!e>, tensor<$Nx512x7x7x!e>) -> tensor<512x512x3x3x!h>
    %w1, %v1 = train.sgd %w, %v, %dw {loss_scale = 1.024000e+03 : f32, phase = #train.phase<up>, rounding = #num.rounding<half_away>, train.names = ["w/next", "v/next"]} : (tensor<512x512x3x3x!h>, tensor<512x512x3x3x!h>, tensor<512x512x3x3x!h>) -> (tensor<512x512x3x3x!h>, tensor<512x512x3x3x!h>)
    return
  }
}

module @program attributes {slp.chip = "asu-fp8", slp.stage = "tile"} {
  chip.tensor @x : memref<$Nx512x7x7x!e, #chip.space<dram>> {role = #chip.role<input>}
  chip.tensor @dy : memref<$Nx512x7x7x!e, #chip.space<dram>> {role = #chip.role<input>}
  chip.tensor @w : memref<512x512x3x3x!h, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @v : memref<512x512x3x3x!h, #chip.space<dram>> {role = #chip.role<state>}

  func.func @step() {
    chip.task "conv" "train.conv_wg" "wg" cores(8) {
      %c0 = arith.constant 0 : index
      %c8 = arith.constant 8 : index
      %c32 = arith.constant 32 : index
      %c64 = arith.constant 64 : index
      %c512 = arith.constant 512 : index
      %x = chip.view @x : !x
      %dy = chip.view @dy : !x
      %w = chip.view @w : !w
      %v = chip.view @v : !w
      %dt = chip.alloc[%c0, %c0, %c0, %c0, %c0] extents [$N, 1, 512, 7, 7] core_stride [0, 0, 64, 0, 0] slots 1 : !dt
      chip.load %dy to %dt : !x, !dt
      scf.for %i = %c0 to %c512 step %c32 {
        %xt = chip.alloc[%c0, %c0, %i, %c0, %c0] extents [$N, 1, 512, 7, 7] core_stride [0, 0, 0, 0, 0] slots 2 : !xt
        chip.load %x to %xt : !x, !xt
        scf.for %o = %c0 to %c64 step %c8 {
          %wt = chip.alloc[%c0, %o, %i, %c0, %c0] extents [1, 512, 512, 3, 3] core_stride [0, 64, 0, 0, 0] slots 2 : !wt
          chip.load %w to %wt : !w, !wt
          %vt = chip.alloc[%c0, %o, %i, %c0, %c0] extents [1, 512, 512, 3, 3] core_stride [0, 64, 0, 0, 0] slots 2 : !wt
          chip.load %v to %vt : !w, !wt
          %at = chip.alloc[%c0, %o, %i, %c0, %c0] extents [1, 512, 512, 3, 3] core_stride [0, 64, 0, 0, 0] slots 1 : !at
          chip.conv.wg(%at, %xt, %dt) geom = [3, 3, 1, 1, 1, 1, 1, 1, 0] mode = zero {captures = [""]} : !at, !xt, !dt
          chip.v.sgd(%wt, %vt, %at) mode = absent unscale = 9.765625E-4 lrScale = 1.000000e+00 decayScale = 1.000000e+00 {captures = ["", ""]} : !wt, !wt, !at
          chip.store %wt to %w : !wt, !w
          chip.store %vt to %v : !wt, !w
        }
      }
    }
    return
  }
}
}
