// The forward convolution of ResNet-18's layer1.0.conv1 with the statistics of its result, on lnpu. MAC arrays bound it
// (588 k cycles of 8 images); DRAM has work for 62 % of the time, the vector unit for 43 %, 69 % with its operands'
// way.
//
// Tile: 6 items, one for each line of PEs, are 384 of the 512 sums of an accumulator bank, so that one bank drains
// while the other fills. 3 rows x 8 columns x 16 channels leave least over: 56 rows are 19 tiles, 1.8 % idle (6 rows x
// 8 channels: 7 %).
// Cores: 4 images at a time, a group of cores each, and 16 channels for each core of a group. A tile of x is one
// multicast to its group. Rows go innermost, since the rows of a strip's statistics stay in order on one core.
// Layout: x and y are [N, H, W, C]. A tile is narrow, and with channels innermost its 10 columns are 640 bytes in one
// piece. Cores bring 16 channels of y each, which the shared buffer gathers to whole rows of 64.
//
// Computation goes by second names of the buffers, in which images and channels are one dimension of 4 x 64: core c has
// 16 of them from 16 c, so that one instruction serves all cores. Transfers alone know of groups.
//
// Semaphores are by hand. The sequencer stops at the first full queue, and queues hold 8 entries, waits and signals
// included. Multiplication k + 1 must be in its queue before the vector unit gets the sums of k, so what the vector and
// the store queues take for one tile must leave room for the next: 6 and 3 entries. (One semaphore for each buffer, as
// chip-insert-semaphores gives them, takes 5 in the store queue, and 4.6 % more time.) So the store of y tells the
// vector unit that the buffers of y are free, in the scratchpads and in the shared buffer.

!e = !num.float<5, 2, 15, reserved, flush>
!x = memref<$Nx1x64x56x56x!e, strided<[200704, 200704, 1, 3584, 64]>, #chip.space<dram>>
!w = memref<1x64x64x3x3x!e, #chip.space<dram>>
!parts = memref<$Nx64x7x3xf32, strided<[1344, 3, 192, 1]>, #chip.space<dram>>
!c = memref<64xf32, #chip.space<dram>>
!xt = memref<1x1x64x5x10x!e, #chip.space<spm>>
!ws = memref<1x64x64x3x3x!e, #chip.space<shared>>
!wt = memref<1x16x64x3x3x!e, #chip.space<spm>>
!at = memref<1x1x16x3x8xf32, #chip.space<acc>>
!yt = memref<1x1x16x3x8x!e, #chip.space<spm>>
!y4 = memref<1x16x3x8x!e, #chip.space<spm>>
!ys = memref<4x1x64x3x8x!e, #chip.space<shared>>
!ym = memref<1x1x256x3x8x!e, #chip.space<shared>>
!pt = memref<1x16x1x3xf32, #chip.space<spm>>
!ps = memref<$Nx64x7x3xf32, #chip.space<shared>>
!cs = memref<64xf32, #chip.space<shared>>

#m1 = affine_map<(d0) -> (d0 - 1)>
#strip = affine_map<(d0) -> (d0 floordiv 8)>
module {
module @definition {
  func.func @step(%x: tensor<$Nx64x56x56x!e> {train.name = "x"}, %w: tensor<64x64x3x3x!e> {train.name = "w", test.deviation = 0.05}) {
    %acc = train.conv %x, %w {accumulate = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = none>, pads = array<i64: 1, 1, 1, 1>, train.names = ["y/acc"]} : (tensor<$Nx64x56x56x!e>, tensor<64x64x3x3x!e>) -> tensor<$Nx64x56x56xf32>
    %y = train.round %acc {rounding = #num.rounding<nearest_even>, train.names = ["y"]} : (tensor<$Nx64x56x56xf32>) -> tensor<$Nx64x56x56x!e>
    %mean, %var = train.statistics %y {train.names = ["mean", "var"]} : (tensor<$Nx64x56x56x!e>) -> (tensor<1x64x1x1xf32>, tensor<1x64x1x1xf32>)
    return
  }
}
module @program attributes {slp.chip = "lnpu", slp.stage = "tile"} {
  chip.tensor @x : memref<$Nx56x56x64x!e, #chip.space<dram>> {role = #chip.role<input>}
  chip.tensor @w : memref<64x64x3x3x!e, #chip.space<dram>> {role = #chip.role<state>}
  chip.tensor @y : memref<$Nx56x56x64x!e, #chip.space<dram>> {role = #chip.role<output>}
  chip.tensor @parts : memref<$Nx7x64x3xf32, #chip.space<dram>> {role = #chip.role<temp>}
  chip.tensor @mean : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}
  chip.tensor @var : memref<64xf32, #chip.space<dram>> {role = #chip.role<output>}

  func.func @step() {
    chip.task "conv" "train.conv" "fp" cores(16) groups(4) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c3 = arith.constant 3 : index
      %c4 = arith.constant 4 : index
      %c7 = arith.constant 7 : index
      %n = arith.constant $N : index
      %c57 = arith.constant 57 : index
      %x = chip.view @x : !x
      %w = chip.view @w : !w
      %y = chip.view @y : !x
      %p = chip.view @parts : !parts
      // The weights are read once, handed out from the shared buffer, and stay.
      %ws = chip.alloc[%c0, %c0, %c0, %c0, %c0] extents [1, 64, 64, 3, 3] core_stride [0, 0, 0, 0, 0] slots 1 : !ws
      chip.load %w to %ws : !w, !ws
      chip.signal <shared_load> 0 by 1
      %wt = chip.alloc[%c0, %c0, %c0, %c0, %c0] extents [1, 64, 64, 3, 3] core_stride [0, 16, 0, 0, 0] slots 1 : !wt
      %wl = chip.alloc[%c0, %c0, %c0, %c0, %c0] extents [1, 256, 64, 3, 3] core_stride [0, 16, 0, 0, 0] group_stride [0, 64, 0, 0, 0] slots 1 of(%wt : !wt) : !wt
      chip.wait <load> 0 by 1
      chip.move %ws to %wt : !ws, !wt
      chip.signal <mac> 2 by 2
      chip.signal <vector> 4 by 2
      chip.signal <shared_store> 8 by 1 bank <shared>
      chip.signal <store> 12 by 2
      scf.for %i = %c0 to %n step %c4 {
        scf.for %s = %c0 to %c7 step %c1 {
          %o = affine.apply affine_map<(d0) -> (8 * d0)>(%s)
          %oh = affine.apply affine_map<(d0) -> (8 * d0 - 1)>(%s)
          %pt = chip.alloc[%i, %c0, %s, %c0] extents [$N, 64, 7, 3] core_stride [0, 16, 0, 0] group_stride [1, 0, 0, 0] slots 2 : !pt
          %pl = chip.alloc[%c0, %c0, %s, %c0] extents [1, 256, 7, 3] core_stride [0, 16, 0, 0] group_stride [0, 64, 0, 0] slots 2 of(%pt : !pt) : !pt
          chip.wait <vector> 12 by 1
          scf.for %r = %c0 to %c57 step %c3 {
            %rh = affine.apply affine_map<(d0) -> (d0 - 1)>(%r)
            %xt = chip.alloc[%i, %c0, %c0, %rh, %oh] extents [$N, 1, 64, 56, 56] core_stride [0, 0, 0, 0, 0] group_stride [1, 0, 0, 0, 0] slots 2 : !xt
            %xl = chip.alloc[%c0, %c0, %c0, %rh, %oh] extents [1, 1, 64, 56, 56] core_stride [0, 0, 0, 0, 0] slots 2 of(%xt : !xt) : !xt
            chip.wait <load> 2 by 1
            chip.load %x to %xt : !x, !xt
            chip.signal <load> 1 by 1
            // Sums, in images x channels from here on.
            %al = chip.alloc[%c0, %c0, %c0, %r, %o] extents [1, 1, 256, 56, 56] core_stride [0, 0, 16, 0, 0] group_stride [0, 0, 64, 0, 0] slots 2 : !at
            chip.wait <mac> 1 by 1
            chip.wait <mac> 4 by 1
            chip.conv.fp(%al, %xl, %wl) geom = [3, 3, 1, 1, 1, 1, 1, 1, 0] mode = zero {captures = [""]} : !at, !xt, !wt
            chip.signal <mac> 2 by 1
            chip.signal <mac> 3 by 1
            %yl = chip.alloc[%c0, %c0, %c0, %r, %o] extents [1, 1, 256, 56, 56] core_stride [0, 0, 16, 0, 0] group_stride [0, 0, 64, 0, 0] slots 1 : !yt
            %y4 = chip.alloc[%c0, %c0, %r, %o] extents [1, 256, 56, 56] core_stride [0, 16, 0, 0] group_stride [0, 64, 0, 0] slots 1 of(%yl : !yt) : !y4
            chip.wait <vector> 8 by 1 bank <shared>
            chip.wait <vector> 3 by 1
            chip.v.round(%yl, %al) {captures = [""]} : !yt, !at
            chip.signal <vector> 4 by 1
            chip.v.statistics(%pl, %y4) mode = zero {captures = [""]} : !pt, !y4
            chip.signal <vector> 7 by 1
            %ys = chip.alloc[%i, %c0, %c0, %r, %o] extents [$N, 1, 64, 56, 56] core_stride [0, 0, 0, 0, 0] slots 2 : !ys
            %ym = chip.alloc[%c0, %c0, %c0, %r, %o] extents [1, 1, 256, 56, 56] core_stride [0, 0, 0, 0, 0] slots 2 of(%ys : !ys) : !ym
            chip.wait <store> 7 by 1
            chip.move %yl to %ym : !yt, !ym
            chip.signal <store> 9 by 1
            chip.wait <shared_store> 9 by 1
            chip.store %ys to %y : !ys, !x
            chip.signal <shared_store> 8 by 1 bank <shared>
          }
          chip.signal <vector> 11 by 1
          chip.wait <store> 11 by 1
          chip.store %pt to %p : !pt, !parts
          chip.signal <store> 12 by 1
        }
      }
      chip.wait <load> 2 by 2
      chip.wait <mac> 4 by 2
      chip.wait <vector> 8 by 1 bank <shared>
      chip.wait <vector> 12 by 2
    }
    // Images are spread over the groups, and parts are joined in their order.
    chip.task "statistics" "train.statistics" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %p = chip.view @parts : !parts
      %mean = chip.view @mean : !c
      %var = chip.view @var : !c
      %ps = chip.alloc[%c0, %c0, %c0, %c0] extents [$N, 64, 7, 3] core_stride [0, 0, 0, 0] slots 1 : !ps
      chip.load %p to %ps : !parts, !ps
      chip.signal <shared_load> 0 by 1 bank <shared>
      chip.wait <vector> 0 by 1 bank <shared>
      %m = chip.alloc[%c0] extents [64] core_stride [0] slots 1 : !cs
      %v = chip.alloc[%c0] extents [64] core_stride [0] slots 1 : !cs
      chip.v.statistics.join(%m, %v, %ps) mode = zero rows = 56 columns = 56 {captures = ["", ""]} : !cs, !cs, !ps
      chip.signal <vector> 1 by 1 bank <shared>
      chip.wait <shared_store> 1 by 1 bank <shared>
      chip.store %m to %mean : !cs, !c
      chip.store %v to %var : !cs, !c
    }
    return
  }
}
}
