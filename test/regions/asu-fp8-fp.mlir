// The forward convolution of ResNet-18's layer1.0.conv1 with the statistics of its result, on asu-fp8. MAC arrays bound
// it; scratchpads are large and a core has one line of PEs, so that nothing is left over: 8 cores have 8 output
// channels each, and take 7 whole rows of an image at a time, which are long runs of DRAM. x is one multicast. Channels
// stay on their core, which joins their statistics image by image. Semaphores are those of chip-insert-semaphores.

!e = !num.float<5, 2, 15, none, gradual>
!h = !num.float<5, 10, 15, none, gradual>
!x = memref<$Nx1x64x56x56x!e, #chip.space<dram>>
!w = memref<1x64x64x3x3x!e, #chip.space<dram>>
!c = memref<64xf32, #chip.space<dram>>
!xt = memref<1x1x64x9x58x!e, #chip.space<spm>>
!wt = memref<1x8x64x3x3x!e, #chip.space<spm>>
!at = memref<1x1x8x7x56x!h, #chip.space<acc>>
!yt = memref<1x1x8x7x56x!e, #chip.space<spm>>
!y4 = memref<1x8x7x56x!e, #chip.space<spm>>
!pt = memref<1x8x7x3xf32, #chip.space<spm>>
!ct = memref<8xf32, #chip.space<spm>>

module {
module @definition {
  func.func @step(%x: tensor<$Nx64x56x56x!e> {train.name = "x"}, %w: tensor<64x64x3x3x!e> {train.name = "w", test.deviation = 0.05}) {
    %acc = train.conv %x, %w {accumulate = #num.accumulate<dot = 8, format = !h, rounding = half_away, across = !h>, pads = array<i64: 1, 1, 1, 1>, train.names = ["y/acc"]} : (tensor<$Nx64x56x56x!e>, tensor<64x64x3x3x!e>) -> tensor<$Nx64x56x56x!h>
    %y = train.round %acc {rounding = #num.rounding<half_away>, train.names = ["y"]} : (tensor<$Nx64x56x56x!h>) -> tensor<$Nx64x56x56x!e>
    %mean, %var = train.statistics %y {train.names = ["mean", "var"]} : (tensor<$Nx64x56x56x!e>) -> (tensor<1x64x1x1xf32>, tensor<1x64x1x1xf32>)
    return
  }
}

module @program attributes {slp.chip = "asu-fp8", slp.stage = "tile"} {
  chip.tensor @x : memref<$Nx64x56x56x!e, #chip.space<dram>> {role = #chip.role<input>}
  chip.tensor @w : memref<64x64x3x3x!e, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @y : memref<$Nx64x56x56x!e, #chip.space<dram>> {role = #chip.role<output>}
  chip.tensor @mean : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  chip.tensor @var : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}

  func.func @step() {
    chip.task "conv" "train.conv" "fp" cores(8) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %cm1 = arith.constant -1 : index
      %c7 = arith.constant 7 : index
      %n = arith.constant $N : index
      %c56 = arith.constant 56 : index
      %x = chip.view @x : !x
      %w = chip.view @w : !w
      %y = chip.view @y : !x
      %mean = chip.view @mean : !c
      %var = chip.view @var : !c
      %wt = chip.alloc[%c0, %c0, %c0, %c0, %c0] extents [1, 64, 64, 3, 3] core_stride [0, 8, 0, 0, 0] slots 1 : !wt
      chip.load %w to %wt : !w, !wt
      %m = chip.alloc[%c0] extents [64] core_stride [8] slots 1 : !ct
      %v = chip.alloc[%c0] extents [64] core_stride [8] slots 1 : !ct
      scf.for %i = %c0 to %n step %c1 {
        %pt = chip.alloc[%i, %c0, %c0, %c0] extents [$N, 64, 7, 3] core_stride [0, 8, 0, 0] slots 1 : !pt
        scf.for %r = %c0 to %c56 step %c7 {
          %rh = affine.apply affine_map<(d0) -> (d0 - 1)>(%r)
          %xt = chip.alloc[%i, %c0, %c0, %rh, %cm1] extents [$N, 1, 64, 56, 56] core_stride [0, 0, 0, 0, 0] slots 2 : !xt
          chip.load %x to %xt : !x, !xt
          %at = chip.alloc[%i, %c0, %c0, %r, %c0] extents [$N, 1, 64, 56, 56] core_stride [0, 0, 8, 0, 0] slots 2 : !at
          chip.conv.fp(%at, %xt, %wt) geom = [3, 3, 1, 1, 1, 1, 1, 1, 0] mode = zero {captures = [""]} : !at, !xt, !wt
          %yt = chip.alloc[%i, %c0, %c0, %r, %c0] extents [$N, 1, 64, 56, 56] core_stride [0, 0, 8, 0, 0] slots 2 : !yt
          chip.v.round(%yt, %at) {captures = [""]} : !yt, !at
          // Without the dimension of groups, as statistics take it.
          %y4 = chip.alloc[%i, %c0, %r, %c0] extents [$N, 64, 56, 56] core_stride [0, 8, 0, 0] slots 2 of(%yt : !yt) : !y4
          chip.v.statistics(%pt, %y4) mode = zero {captures = [""]} : !pt, !y4
          chip.store %yt to %y : !yt, !x
        }
        chip.v.statistics.join(%m, %v, %pt) mode = zero rows = 56 columns = 56 {captures = ["", ""]} : !ct, !ct, !pt
      }
      chip.store %m to %mean : !ct, !c
      chip.store %v to %var : !ct, !c
    }
    return
  }
}
}
