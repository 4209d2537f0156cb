// The backward convolution of ResNet-18's layer1.0.conv1, the mask of the ReLU below it and the sums for the
// normalization below that, on asu-fp8. As asu-fp8-fp.mlir; the mask is applied where sums are rounded, in place of the
// activation that it is made of.

!e = !num.float<5, 2, 15, none, gradual>
!h = !num.float<5, 10, 15, none, gradual>
!x = memref<$Nx1x64x56x56x!e, #chip.space<dram>>
!w = memref<1x64x64x3x3x!e, #chip.space<dram>>
!c = memref<64xf32, #chip.space<dram>>
!x4 = memref<$Nx64x56x56x!e, #chip.space<dram>>
!c4 = memref<1x64x1x1xf32, #chip.space<dram>>
!dt = memref<1x1x64x9x58x!e, #chip.space<spm>>
!wt = memref<1x64x8x3x3x!e, #chip.space<spm>>
!at = memref<1x1x8x7x56x!h, #chip.space<acc>>
!zt = memref<1x1x8x7x56x!e, #chip.space<spm>>
!z4 = memref<1x8x7x56x!e, #chip.space<spm>>
!mt = memref<1x8x1x1xf32, #chip.space<spm>>
!pt = memref<1x8x7xf32, #chip.space<spm>>
!ct = memref<8xf32, #chip.space<spm>>

module {
module @definition {
  func.func @step(%dy: tensor<$Nx64x56x56x!e> {train.name = "dy"}, %w: tensor<64x64x3x3x!e> {train.name = "w", test.deviation = 0.05},
                  %z: tensor<$Nx64x56x56x!e> {train.name = "z"}, %x: tensor<$Nx64x56x56x!e> {train.name = "x"},
                  %mean: tensor<1x64x1x1xf32> {train.name = "mean"}, %var: tensor<1x64x1x1xf32> {train.name = "var", test.positive}) {
    %acc = train.conv_bp %dy, %w {accumulate = #num.accumulate<dot = 8, format = !h, rounding = half_away, across = !h>, input_shape = array<i64: $N, 64, 56, 56>, pads = array<i64: 1, 1, 1, 1>, phase = #train.phase<bp>, train.names = ["acc"]} : (tensor<$Nx64x56x56x!e>, tensor<64x64x3x3x!e>) -> tensor<$Nx64x56x56x!h>
    %dz = train.round %acc {phase = #train.phase<bp>, rounding = #num.rounding<half_away>, train.names = ["dz"]} : (tensor<$Nx64x56x56x!h>) -> tensor<$Nx64x56x56x!e>
    %dx = train.relu_grad %dz, %z {phase = #train.phase<bp>, rounding = #num.rounding<half_away>, train.names = ["dx"]} : (tensor<$Nx64x56x56x!e>, tensor<$Nx64x56x56x!e>) -> tensor<$Nx64x56x56x!e>
    %sum, %products = train.normalize_sums %dx, %x, %mean, %var {axes = array<i64: 0, 2, 3>, epsilon = 9.99999974E-6 : f32, phase = #train.phase<bp>, train.names = ["sum", "products"]} : (tensor<$Nx64x56x56x!e>, tensor<$Nx64x56x56x!e>, tensor<1x64x1x1xf32>, tensor<1x64x1x1xf32>) -> (tensor<1x64x1x1xf32>, tensor<1x64x1x1xf32>)
    return
  }
}

module @program attributes {slp.chip = "asu-fp8", slp.stage = "tile"} {
  chip.tensor @dy : memref<$Nx64x56x56x!e, #chip.space<dram>> {role = #chip.role<input>}
  chip.tensor @w : memref<64x64x3x3x!e, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @z : memref<$Nx64x56x56x!e, #chip.space<dram>> {role = #chip.role<input>}
  chip.tensor @x : memref<$Nx64x56x56x!e, #chip.space<dram>> {role = #chip.role<input>}
  chip.tensor @mean : memref<1x64x1x1xf32, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @var : memref<1x64x1x1xf32, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @dx : memref<$Nx64x56x56x!e, #chip.space<dram>> {role = #chip.role<output>}
  chip.tensor @sum : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  chip.tensor @products : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}

  func.func @step() {
    chip.task "conv" "train.conv_bp" "bp" cores(8) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %cm1 = arith.constant -1 : index
      %c7 = arith.constant 7 : index
      %n = arith.constant $N : index
      %c56 = arith.constant 56 : index
      %dy = chip.view @dy : !x
      %w = chip.view @w : !w
      %z = chip.view @z : !x
      %x = chip.view @x : !x4
      %mean = chip.view @mean : !c4
      %var = chip.view @var : !c4
      %dx = chip.view @dx : !x
      %sum = chip.view @sum : !c
      %products = chip.view @products : !c
      %wt = chip.alloc[%c0, %c0, %c0, %c0, %c0] extents [1, 64, 64, 3, 3] core_stride [0, 0, 8, 0, 0] slots 1 : !wt
      chip.load %w to %wt : !w, !wt
      %mt = chip.alloc[%c0, %c0, %c0, %c0] extents [1, 64, 1, 1] core_stride [0, 8, 0, 0] slots 1 : !mt
      chip.load %mean to %mt : !c4, !mt
      %vt = chip.alloc[%c0, %c0, %c0, %c0] extents [1, 64, 1, 1] core_stride [0, 8, 0, 0] slots 1 : !mt
      chip.load %var to %vt : !c4, !mt
      %it = chip.alloc[%c0, %c0, %c0, %c0] extents [1, 64, 1, 1] core_stride [0, 8, 0, 0] slots 1 : !mt
      chip.v.inverse.deviation(%it, %vt) eps = 9.99999974E-6 : !mt, !mt
      %st = chip.alloc[%c0] extents [64] core_stride [8] slots 1 : !ct
      %qt = chip.alloc[%c0] extents [64] core_stride [8] slots 1 : !ct
      scf.for %i = %c0 to %n step %c1 {
        %ps = chip.alloc[%i, %c0, %c0] extents [$N, 64, 7] core_stride [0, 8, 0] slots 1 : !pt
        %pq = chip.alloc[%i, %c0, %c0] extents [$N, 64, 7] core_stride [0, 8, 0] slots 1 : !pt
        scf.for %r = %c0 to %c56 step %c7 {
          %rh = affine.apply affine_map<(d0) -> (d0 - 1)>(%r)
          %dt = chip.alloc[%i, %c0, %c0, %rh, %cm1] extents [$N, 1, 64, 56, 56] core_stride [0, 0, 0, 0, 0] slots 2 : !dt
          chip.load %dy to %dt : !x, !dt
          %zt = chip.alloc[%i, %c0, %c0, %r, %c0] extents [$N, 1, 64, 56, 56] core_stride [0, 0, 8, 0, 0] slots 2 : !zt
          chip.load %z to %zt : !x, !zt
          %xt = chip.alloc[%i, %c0, %r, %c0] extents [$N, 64, 56, 56] core_stride [0, 8, 0, 0] slots 2 : !z4
          chip.load %x to %xt : !x4, !z4
          %at = chip.alloc[%i, %c0, %c0, %r, %c0] extents [$N, 1, 64, 56, 56] core_stride [0, 0, 8, 0, 0] slots 2 : !at
          chip.conv.bp(%at, %dt, %wt) geom = [3, 3, 1, 1, 1, 1, 1, 1, 0] mode = zero {captures = [""]} : !at, !dt, !wt
          // The mask in place of the activation that gives it.
          chip.v.binary(%zt, %at, %zt) fn = relu_grad a = 0.0 b = 0.0 {captures = [""]} : !zt, !at, !zt
          %z4 = chip.alloc[%i, %c0, %r, %c0] extents [$N, 64, 56, 56] core_stride [0, 8, 0, 0] slots 2 of(%zt : !zt) : !z4
          chip.v.normalize.channel.sums(%ps, %pq, %z4, %xt, %mt, %it) mode = zero {captures = ["", ""]} : !pt, !pt, !z4, !z4, !mt, !mt
          chip.store %zt to %dx : !zt, !x
        }
        chip.v.channel.join(%st, %ps) mode = zero {captures = [""]} : !ct, !pt
        chip.v.channel.join(%qt, %pq) mode = zero {captures = [""]} : !ct, !pt
      }
      chip.store %st to %sum : !ct, !c
      chip.store %qt to %products : !ct, !c
    }
    return
  }
}
}
