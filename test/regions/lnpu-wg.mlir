// The weight gradient of ResNet-18's layer4.1.conv2 and the update behind it, on lnpu; the gradient is never stored.
// DRAM bounds it: weights and velocities, 16 bits each, read and written, are 18.9 of 19.3 MB.
//
// Runs: a block of 8 x 8 channels is 144 bytes of a row of the weights, 3 or 4 bursts of 64 for 2.25. So the shared
// buffer loads and stores 4 output channels x 128 input channels, 2,304 bytes in one piece, and each core takes 8 input
// channels of them by moves. That leaves half of the PEs without an output (4 of 8), which costs nothing here: MAC
// arrays work for 77 % of the time. 8 output channels x 64 input channels would read the error 8 times instead of 4,
// for 4 % more bytes.
// Order: input channels outermost, so that x is read once; the error is read again for each of 4 blocks of them.
//
// Semaphores are by hand: weights and velocities go together, under one semaphore where chip-insert-semaphores has two,
// which fill the store queue (64 % of the bound), and multiplication waits for the error alone, not for weights behind
// it in the load queue (76 %).

!e = !num.float<5, 2, 15, reserved, flush>
!h = !num.float<5, 10, 15, reserved, gradual>
!x = memref<$Nx1x512x7x7x!e, #chip.space<dram>>
!w = memref<1x512x512x3x3x!h, #chip.space<dram>>
!xt = memref<$Nx1x8x7x7x!e, #chip.space<spm>>
!dt = memref<$Nx1x4x7x7x!e, #chip.space<spm>>
!at = memref<1x4x8x3x3xf32, #chip.space<acc>>
!wt = memref<1x4x8x3x3x!h, #chip.space<spm>>
!ws = memref<1x4x128x3x3x!h, #chip.space<shared>>

module {
module @definition {
  func.func @step(%x: tensor<$Nx512x7x7x!e> {train.name = "x"}, %dy: tensor<$Nx512x7x7x!e> {train.name = "dy"},
                  %w: tensor<512x512x3x3x!h> {train.name = "w", test.deviation = 0.02}, %v: tensor<512x512x3x3x!h> {train.name = "v", test.deviation = 0.02}) {
    %dw = train.conv_wg %x, %dy {accumulate = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = none>, kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, phase = #train.phase<wg>, train.names = ["dw"]} : (tensor<$Nx512x7x7x!e>, tensor<$Nx512x7x7x!e>) -> tensor<512x512x3x3xf32>
    %w1, %v1 = train.sgd %w, %v, %dw {loss_scale = 1.024000e+03 : f32, phase = #train.phase<up>, rounding = #num.rounding<nearest_even>, train.names = ["w/next", "v/next"]} : (tensor<512x512x3x3x!h>, tensor<512x512x3x3x!h>, tensor<512x512x3x3xf32>) -> (tensor<512x512x3x3x!h>, tensor<512x512x3x3x!h>)
    return
  }
}

module @program attributes {slp.chip = "lnpu", slp.stage = "tile"} {
  chip.tensor @x : memref<$Nx512x7x7x!e, #chip.space<dram>> {role = #chip.role<input>}
  chip.tensor @dy : memref<$Nx512x7x7x!e, #chip.space<dram>> {role = #chip.role<input>}
  chip.tensor @w : memref<512x512x3x3x!h, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @v : memref<512x512x3x3x!h, #chip.space<dram>> {role = #chip.role<state>}

  func.func @step() {
    chip.task "conv" "train.conv_wg" "wg" cores(16) {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %c128 = arith.constant 128 : index
      %c512 = arith.constant 512 : index
      %x = chip.view @x : !x
      %dy = chip.view @dy : !x
      %w = chip.view @w : !w
      %v = chip.view @v : !w
      chip.signal <shared_store> 0 by 2 bank <shared>
      chip.signal <vector> 3 by 2
      chip.signal <store> 5 by 2
      chip.signal <mac> 7 by 2
      scf.for %i = %c0 to %c512 step %c128 {
        %xt = chip.alloc[%c0, %c0, %i, %c0, %c0] extents [$N, 1, 512, 7, 7] core_stride [0, 0, 8, 0, 0] slots 2 : !xt
        chip.load %x to %xt : !x, !xt
        scf.for %o = %c0 to %c512 step %c4 {
          %ws = chip.alloc[%c0, %o, %i, %c0, %c0] extents [1, 512, 512, 3, 3] core_stride [0, 0, 0, 0, 0] slots 2 : !ws
          %vs = chip.alloc[%c0, %o, %i, %c0, %c0] extents [1, 512, 512, 3, 3] core_stride [0, 0, 0, 0, 0] slots 2 : !ws
          %dt = chip.alloc[%c0, %c0, %o, %c0, %c0] extents [$N, 1, 512, 7, 7] core_stride [0, 0, 0, 0, 0] slots 2 : !dt
          %wt = chip.alloc[%c0, %o, %i, %c0, %c0] extents [1, 512, 512, 3, 3] core_stride [0, 0, 8, 0, 0] slots 2 : !wt
          %vt = chip.alloc[%c0, %o, %i, %c0, %c0] extents [1, 512, 512, 3, 3] core_stride [0, 0, 8, 0, 0] slots 2 : !wt
          %at = chip.alloc[%c0, %o, %i, %c0, %c0] extents [1, 512, 512, 3, 3] core_stride [0, 0, 8, 0, 0] slots 2 : !at

          chip.wait <shared_load> 0 by 1 bank <shared>
          chip.load %w to %ws : !w, !ws
          chip.load %v to %vs : !w, !ws
          chip.signal <shared_load> 0 by 1

          chip.wait <load> 7 by 1
          chip.load %dy to %dt : !x, !dt
          chip.signal <load> 8 by 1
          chip.wait <load> 5 by 1
          chip.wait <load> 0 by 1
          chip.move %ws to %wt : !ws, !wt
          chip.move %vs to %vt : !ws, !wt
          chip.signal <load> 1 by 1

          chip.wait <mac> 8 by 1
          chip.wait <mac> 3 by 1
          chip.conv.wg(%at, %xt, %dt) geom = [3, 3, 1, 1, 1, 1, 1, 1, 0] mode = zero {captures = [""]} : !at, !xt, !dt
          chip.signal <mac> 2 by 1
          chip.signal <mac> 7 by 1

          chip.wait <vector> 1 by 1
          chip.wait <vector> 2 by 1
          chip.v.sgd(%wt, %vt, %at) mode = absent unscale = 9.765625E-4 lrScale = 1.000000e+00 decayScale = 1.000000e+00 {captures = ["", ""]} : !wt, !wt, !at
          chip.signal <vector> 3 by 1
          chip.signal <vector> 4 by 1

          chip.wait <store> 4 by 1
          chip.move %wt to %ws : !wt, !ws
          chip.move %vt to %vs : !wt, !ws
          chip.signal <store> 6 by 1
          chip.signal <store> 5 by 1

          chip.wait <shared_store> 6 by 1
          chip.store %ws to %w : !ws, !w
          chip.store %vs to %v : !ws, !w
          chip.signal <shared_store> 0 by 1 bank <shared>
        }
      }
      chip.wait <shared_load> 0 by 2 bank <shared>
      chip.wait <mac> 3 by 2
      chip.wait <load> 5 by 2
      chip.wait <load> 7 by 2
    }
    return
  }
}
}
