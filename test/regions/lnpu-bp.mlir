// The backward convolution of ResNet-18's layer1.0.conv1, the mask of the ReLU below it and the sums for the
// normalization below that, on lnpu. MAC arrays bound it (588 k cycles of 8 images), but hardly: the vector unit is
// busy for 77 % of that with its operands' way, and DRAM for 81 % with compulsory traffic, for 103 % with the rows and
// columns that tiles of 3 x 8 read again.
//
// Tiles, cores, layouts and second names are those of lnpu-fp.mlir. The mask and what was normalized stay in the shared
// buffer, where the vector unit reads them at no cost of transport; moved to the cores they would not fit either:
// weights take 9,216 bytes of a scratchpad's 16,384 and two tiles of the error 6,400. The mask is applied where sums
// are rounded: one operation an element instead of two, and the same bits, since the mask chooses between what is
// rounded anyway and zero.
//
// What takes whose place: the vector unit waits for the tiles of the shared buffer, the scratchpad's dx and the sums,
// gives the sums back as soon as they are rounded, and hands dx on: 7 entries of a queue of 8. The store queue takes 4,
// so that two tiles fit. That dx in the shared buffer is free it knows by way of the loads, which wait for its store,
// and of the vector unit, which waits for them.

!e = !num.float<5, 2, 15, reserved, flush>
!x = memref<$Nx1x64x56x56x!e, strided<[200704, 200704, 1, 3584, 64]>, #chip.space<dram>>
!x4 = memref<$Nx64x56x56x!e, strided<[200704, 1, 3584, 64]>, #chip.space<dram>>
!w = memref<1x64x64x3x3x!e, #chip.space<dram>>
!c = memref<64xf32, #chip.space<dram>>
!c4 = memref<1x64x1x1xf32, #chip.space<dram>>
!parts = memref<$Nx64x7xf32, strided<[448, 1, 64]>, #chip.space<dram>>
!dt = memref<1x1x64x5x10x!e, #chip.space<spm>>
!wt = memref<1x64x16x3x3x!e, #chip.space<spm>>
!at = memref<1x1x16x3x8xf32, #chip.space<acc>>
!zt = memref<1x1x16x3x8x!e, #chip.space<spm>>
!z4 = memref<1x16x3x8x!e, #chip.space<spm>>
!zs = memref<4x1x64x3x8x!e, #chip.space<shared>>
!xs = memref<4x64x3x8x!e, #chip.space<shared>>
!zm = memref<1x1x256x3x8x!e, #chip.space<shared>>
!xm = memref<1x256x3x8x!e, #chip.space<shared>>
!mt = memref<1x16x1x1xf32, #chip.space<spm>>
!pt = memref<1x16x1xf32, #chip.space<spm>>
!ps = memref<$Nx64x7xf32, #chip.space<shared>>
!cs = memref<64xf32, #chip.space<shared>>

module {
module @definition {
  func.func @step(%dy: tensor<$Nx64x56x56x!e> {train.name = "dy"}, %w: tensor<64x64x3x3x!e> {train.name = "w", test.deviation = 0.05},
                  %z: tensor<$Nx64x56x56x!e> {train.name = "z"}, %x: tensor<$Nx64x56x56x!e> {train.name = "x"},
                  %mean: tensor<1x64x1x1xf32> {train.name = "mean"}, %var: tensor<1x64x1x1xf32> {train.name = "var", test.positive}) {
    %acc = train.conv_bp %dy, %w {accumulate = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = none>, input_shape = array<i64: $N, 64, 56, 56>, pads = array<i64: 1, 1, 1, 1>, phase = #train.phase<bp>, train.names = ["acc"]} : (tensor<$Nx64x56x56x!e>, tensor<64x64x3x3x!e>) -> tensor<$Nx64x56x56xf32>
    %dz = train.round %acc {phase = #train.phase<bp>, rounding = #num.rounding<nearest_even>, train.names = ["dz"]} : (tensor<$Nx64x56x56xf32>) -> tensor<$Nx64x56x56x!e>
    %dx = train.relu_grad %dz, %z {phase = #train.phase<bp>, rounding = #num.rounding<nearest_even>, train.names = ["dx"]} : (tensor<$Nx64x56x56x!e>, tensor<$Nx64x56x56x!e>) -> tensor<$Nx64x56x56x!e>
    %sum, %products = train.normalize_sums %dx, %x, %mean, %var {axes = array<i64: 0, 2, 3>, epsilon = 9.99999974E-6 : f32, phase = #train.phase<bp>, train.names = ["sum", "products"]} : (tensor<$Nx64x56x56x!e>, tensor<$Nx64x56x56x!e>, tensor<1x64x1x1xf32>, tensor<1x64x1x1xf32>) -> (tensor<1x64x1x1xf32>, tensor<1x64x1x1xf32>)
    return
  }
}

module @program attributes {slp.chip = "lnpu", slp.stage = "tile"} {
  chip.tensor @dy : memref<$Nx56x56x64x!e, #chip.space<dram>> {role = #chip.role<input>}
  chip.tensor @w : memref<64x64x3x3x!e, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @z : memref<$Nx56x56x64x!e, #chip.space<dram>> {role = #chip.role<input>}
  chip.tensor @x : memref<$Nx56x56x64x!e, #chip.space<dram>> {role = #chip.role<input>}
  chip.tensor @mean : memref<1x64x1x1xf32, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @var : memref<1x64x1x1xf32, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @dx : memref<$Nx56x56x64x!e, #chip.space<dram>> {role = #chip.role<output>}
  chip.tensor @sums : memref<$Nx7x64xf32, #chip.space<dram>> {role = #chip.role<temp>}
  chip.tensor @productSums : memref<$Nx7x64xf32, #chip.space<dram>> {role = #chip.role<temp>}
  chip.tensor @sum : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  chip.tensor @products : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}

  func.func @step() {
    chip.task "conv" "train.conv_bp" "bp" cores(16) groups(4) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c3 = arith.constant 3 : index
      %c4 = arith.constant 4 : index
      %c7 = arith.constant 7 : index
      %n = arith.constant $N : index
      %c57 = arith.constant 57 : index
      %dy = chip.view @dy : !x
      %w = chip.view @w : !w
      %z = chip.view @z : !x
      %x = chip.view @x : !x4
      %mean = chip.view @mean : !c4
      %var = chip.view @var : !c4
      %dx = chip.view @dx : !x
      %sums = chip.view @sums : !parts
      %productSums = chip.view @productSums : !parts
      %mt = chip.alloc[%c0, %c0, %c0, %c0] extents [1, 64, 1, 1] core_stride [0, 16, 0, 0] slots 1 : !mt
      %ml = chip.alloc[%c0, %c0, %c0, %c0] extents [1, 256, 1, 1] core_stride [0, 16, 0, 0] group_stride [0, 64, 0, 0] slots 1 of(%mt : !mt) : !mt
      chip.load %mean to %mt : !c4, !mt
      %vt = chip.alloc[%c0, %c0, %c0, %c0] extents [1, 64, 1, 1] core_stride [0, 16, 0, 0] slots 1 : !mt
      %il = chip.alloc[%c0, %c0, %c0, %c0] extents [1, 256, 1, 1] core_stride [0, 16, 0, 0] group_stride [0, 64, 0, 0] slots 1 of(%vt : !mt) : !mt
      chip.load %var to %vt : !c4, !mt
      chip.signal <load> 13 by 1
      chip.wait <vector> 13 by 1
      chip.v.inverse.deviation(%il, %il) eps = 9.99999974E-6 : !mt, !mt
      %wt = chip.alloc[%c0, %c0, %c0, %c0, %c0] extents [1, 64, 64, 3, 3] core_stride [0, 0, 16, 0, 0] slots 1 : !wt
      %wl = chip.alloc[%c0, %c0, %c0, %c0, %c0] extents [1, 64, 256, 3, 3] core_stride [0, 0, 16, 0, 0] group_stride [0, 0, 64, 0, 0] slots 1 of(%wt : !wt) : !wt
      chip.load %w to %wt : !w, !wt
      chip.signal <mac> 2 by 2
      chip.signal <vector> 4 by 2
      chip.signal <shared_store> 6 by 2 bank <shared>
      chip.signal <store> 8 by 1
      chip.signal <store> 12 by 2
      scf.for %i = %c0 to %n step %c4 {
        scf.for %s = %c0 to %c7 step %c1 {
          %o = affine.apply affine_map<(d0) -> (8 * d0)>(%s)
          %oh = affine.apply affine_map<(d0) -> (8 * d0 - 1)>(%s)
          %ps = chip.alloc[%i, %c0, %s] extents [$N, 64, 7] core_stride [0, 16, 0] group_stride [1, 0, 0] slots 2 : !pt
          %psl = chip.alloc[%c0, %c0, %s] extents [1, 256, 7] core_stride [0, 16, 0] group_stride [0, 64, 0] slots 2 of(%ps : !pt) : !pt
          %pq = chip.alloc[%i, %c0, %s] extents [$N, 64, 7] core_stride [0, 16, 0] group_stride [1, 0, 0] slots 2 : !pt
          %pql = chip.alloc[%c0, %c0, %s] extents [1, 256, 7] core_stride [0, 16, 0] group_stride [0, 64, 0] slots 2 of(%pq : !pt) : !pt
          chip.wait <vector> 12 by 1
          scf.for %r = %c0 to %c57 step %c3 {
            %rh = affine.apply affine_map<(d0) -> (d0 - 1)>(%r)
            // The error: 3 rows x 8 columns with their neighbours, all channels.
            %dt = chip.alloc[%i, %c0, %c0, %rh, %oh] extents [$N, 1, 64, 56, 56] core_stride [0, 0, 0, 0, 0] group_stride [1, 0, 0, 0, 0] slots 2 : !dt
            %dl = chip.alloc[%c0, %c0, %c0, %rh, %oh] extents [1, 1, 64, 56, 56] core_stride [0, 0, 0, 0, 0] slots 2 of(%dt : !dt) : !dt
            chip.wait <load> 2 by 1
            chip.load %dy to %dt : !x, !dt
            chip.signal <load> 1 by 1
            %al = chip.alloc[%c0, %c0, %c0, %r, %o] extents [1, 1, 256, 56, 56] core_stride [0, 0, 16, 0, 0] group_stride [0, 0, 64, 0, 0] slots 2 : !at
            chip.wait <mac> 1 by 1
            chip.wait <mac> 4 by 1
            chip.conv.bp(%al, %dl, %wl) geom = [3, 3, 1, 1, 1, 1, 1, 1, 0] mode = zero {captures = [""]} : !at, !dt, !wt
            chip.signal <mac> 2 by 1
            chip.signal <mac> 3 by 1
            %zs = chip.alloc[%i, %c0, %c0, %r, %o] extents [$N, 1, 64, 56, 56] core_stride [0, 0, 0, 0, 0] slots 2 : !zs
            %zm = chip.alloc[%c0, %c0, %c0, %r, %o] extents [1, 1, 256, 56, 56] core_stride [0, 0, 0, 0, 0] slots 2 of(%zs : !zs) : !zm
            chip.wait <shared_load> 6 by 1 bank <shared>
            chip.load %z to %zs : !x, !zs
            %xs = chip.alloc[%i, %c0, %r, %o] extents [$N, 64, 56, 56] core_stride [0, 0, 0, 0] slots 2 : !xs
            %xm = chip.alloc[%c0, %c0, %r, %o] extents [1, 256, 56, 56] core_stride [0, 0, 0, 0] slots 2 of(%xs : !xs) : !xm
            chip.load %x to %xs : !x4, !xs
            chip.signal <shared_load> 5 by 1 bank <shared>
            %zl = chip.alloc[%c0, %c0, %c0, %r, %o] extents [1, 1, 256, 56, 56] core_stride [0, 0, 16, 0, 0] group_stride [0, 0, 64, 0, 0] slots 1 : !zt
            %z4 = chip.alloc[%c0, %c0, %r, %o] extents [1, 256, 56, 56] core_stride [0, 16, 0, 0] group_stride [0, 64, 0, 0] slots 1 of(%zl : !zt) : !z4
            chip.wait <vector> 5 by 1 bank <shared>
            chip.wait <vector> 8 by 1
            chip.wait <vector> 3 by 1
            chip.v.binary(%zl, %al, %zm) fn = relu_grad a = 0.0 b = 0.0 {captures = [""]} : !zt, !at, !zm
            chip.signal <vector> 4 by 1
            chip.v.normalize.channel.sums(%psl, %pql, %z4, %xm, %ml, %il) mode = zero {captures = ["", ""]} : !pt, !pt, !z4, !xm, !mt, !mt
            chip.signal <vector> 7 by 1
            %ds = chip.alloc[%i, %c0, %c0, %r, %o] extents [$N, 1, 64, 56, 56] core_stride [0, 0, 0, 0, 0] slots 2 : !zs
            %dm = chip.alloc[%c0, %c0, %c0, %r, %o] extents [1, 1, 256, 56, 56] core_stride [0, 0, 0, 0, 0] slots 2 of(%ds : !zs) : !zm
            chip.wait <store> 7 by 1
            chip.move %zl to %dm : !zt, !zm
            chip.signal <store> 8 by 1
            chip.signal <store> 9 by 1
            chip.wait <shared_store> 9 by 1
            chip.store %ds to %dx : !zs, !x
            chip.signal <shared_store> 6 by 1 bank <shared>
          }
          chip.signal <vector> 11 by 1
          chip.wait <store> 11 by 1
          chip.store %ps to %sums : !pt, !parts
          chip.store %pq to %productSums : !pt, !parts
          chip.signal <store> 12 by 1
        }
      }
      chip.wait <load> 2 by 2
      chip.wait <mac> 4 by 2
      chip.wait <shared_load> 6 by 2 bank <shared>
      chip.wait <vector> 8 by 1
      chip.wait <vector> 12 by 2
    }
    // Images are spread over the groups, and parts are added in their order.
    chip.task "sums" "train.normalize_sums" "bp" cores(1) {
      %c0 = arith.constant 0 : index
      %sums = chip.view @sums : !parts
      %productSums = chip.view @productSums : !parts
      %sum = chip.view @sum : !c
      %products = chip.view @products : !c
      %ps = chip.alloc[%c0, %c0, %c0] extents [$N, 64, 7] core_stride [0, 0, 0] slots 1 : !ps
      chip.load %sums to %ps : !parts, !ps
      %pq = chip.alloc[%c0, %c0, %c0] extents [$N, 64, 7] core_stride [0, 0, 0] slots 1 : !ps
      chip.load %productSums to %pq : !parts, !ps
      chip.signal <shared_load> 0 by 1 bank <shared>
      chip.wait <vector> 0 by 1 bank <shared>
      %s = chip.alloc[%c0] extents [64] core_stride [0] slots 1 : !cs
      chip.v.channel.join(%s, %ps) mode = zero {captures = [""]} : !cs, !ps
      chip.signal <vector> 1 by 1 bank <shared>
      chip.wait <shared_store> 1 by 1 bank <shared>
      chip.store %s to %sum : !cs, !c
      %q = chip.alloc[%c0] extents [64] core_stride [0] slots 1 : !cs
      chip.v.channel.join(%q, %pq) mode = zero {captures = [""]} : !cs, !ps
      chip.signal <vector> 1 by 1 bank <shared>
      chip.wait <shared_store> 1 by 1 bank <shared>
      chip.store %q to %products : !cs, !c
    }
    return
  }
}
}
