// What data decides: a list of images that is as long as it says, read before the loops, and for each image which of two
// instructions runs; then rows, as many of each image as another list says.
//
// step: for each kept image, all cores take two rows each: y = relu(x) where flag is not 0, else |x|. What is not kept stays.
// Then z = x for the first `lengths[i]` rows of each image i.

!x = memref<4x8x16xf32, #chip.space<dram>>
!xt = memref<1x2x16xf32, #chip.space<spm>>
!row = memref<1x1x16xf32, #chip.space<shared>>

module {
module @program attributes {slp.chip = "lnpu", slp.stage = "tile"} {
  chip.tensor @count : memref<1xi32, #chip.space<dram>> {role = #chip.role<temp>}
  chip.tensor @kept : memref<2x4xi32, #chip.space<dram>> {role = #chip.role<temp>}
  chip.tensor @flag : memref<4xi32, #chip.space<dram>> {role = #chip.role<temp>}
  chip.tensor @lengths : memref<4xi32, #chip.space<dram>> {role = #chip.role<temp>}
  chip.tensor @x : memref<4x8x16xf32, #chip.space<dram>> {role = #chip.role<input>}
  chip.tensor @y : memref<4x8x16xf32, #chip.space<dram>> {role = #chip.role<output>}
  chip.tensor @z : memref<4x8x16xf32, #chip.space<dram>> {role = #chip.role<output>}

  func.func @step() {
    chip.task "kept" "train.relu" "bp" cores(4) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %cv = chip.view @count : memref<1xi32, #chip.space<dram>>
      // The second row of the list.
      %kv = chip.view @kept : memref<4xi32, strided<[1], offset: 4>, #chip.space<dram>>
      %fv = chip.view @flag : memref<4xi32, #chip.space<dram>>
      %xv = chip.view @x : !x
      %yv = chip.view @y : !x
      %n = chip.count %cv[%c0] most 4 : memref<1xi32, #chip.space<dram>>
      scf.for %i = %c0 to %n step %c1 {
        %image = chip.element %kv[%i] below 4 : memref<4xi32, strided<[1], offset: 4>, #chip.space<dram>>
        %flag = chip.element %fv[%image] below 100 : memref<4xi32, #chip.space<dram>>
        %a = chip.alloc [%image, %c0, %c0] extents [4, 8, 16] core_stride [0, 2, 0] slots 2 : !xt
        %b = chip.alloc [%image, %c0, %c0] extents [4, 8, 16] core_stride [0, 2, 0] slots 2 : !xt
        chip.load %xv to %a : !x, !xt
        chip.if %flag {
          chip.v.relu(%b, %a) : !xt, !xt
        } else {
          chip.v.unary(%b, %a) fn = abs : !xt, !xt
        }
        chip.store %b to %yv : !xt, !x
      }
    }
    chip.task "rows" "train.reshape" "bp" cores(1) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c4 = arith.constant 4 : index
      %lv = chip.view @lengths : memref<4xi32, #chip.space<dram>>
      %xv = chip.view @x : !x
      %zv = chip.view @z : !x
      scf.for %i = %c0 to %c4 step %c1 {
        %n = chip.count %lv[%i] most 8 : memref<4xi32, #chip.space<dram>>
        chip.if %n {
          scf.for %r = %c0 to %n step %c1 {
            %a = chip.alloc [%i, %r, %c0] extents [4, 8, 16] core_stride [0, 0, 0] slots 2 : !row
            chip.load %xv to %a : !x, !row
            chip.store %a to %zv : !row, !x
          }
        }
      }
    }
    return
  }
}
}
