// Data movement: a view with other strides, or a tile with other coordinates, and v.copy between them.
// RUN: slp-opt %s --split-input-file --convert-train-to-chip --chip-fuse-nests=drains-only --chip-choose-layouts --chip-choose-tiles --chip-expand-nests | FileCheck %s

// A transpose is a view. Dimensions that stay neighbours are one: (2, 3) and (4, 5) here.
// CHECK-LABEL: func.func @step()
func.func @step(%x: tensor<2x3x4x5xf32> {train.name = "x"}) -> (tensor<4x5x2x3xf32> {train.name = "y"}) {
  // CHECK-DAG: %[[X:.*]] = chip.view @x : memref<20x6xf32, strided<[1, 20]>, #chip.space<dram>>
  // CHECK-DAG: %[[Y:.*]] = chip.view @y : memref<20x6xf32, #chip.space<dram>>
  // CHECK: chip.load %[[X]] to %[[A:.*]] :
  // CHECK: chip.v.copy(%[[B:[^,]*]], %[[A]]) fill = 0.000000e+00 {captures = ["t"]}
  // CHECK: chip.store %[[B]] to %[[Y]]
  %t = train.transpose %x {perm = array<i64: 2, 3, 0, 1>, train.names = ["t"]} : (tensor<2x3x4x5xf32>) -> tensor<4x5x2x3xf32>
  return %t : tensor<4x5x2x3xf32>
}

// -----

// So is a slice: it begins at an offset, and runs backwards where the step is negative.
// CHECK-LABEL: func.func @step()
func.func @step(%x: tensor<6x10xf32> {train.name = "x"}) -> (tensor<3x5xf32> {train.name = "y"}) {
  // CHECK: chip.view @x : memref<3x5xf32, strided<[10, -2], offset: 19>, #chip.space<dram>>
  %t = train.slice %x {starts = array<i64: 1, 9>, sizes = array<i64: 3, 5>, steps = array<i64: 1, -2>, train.names = ["t"]} : (tensor<6x10xf32>) -> tensor<3x5xf32>
  return %t : tensor<3x5xf32>
}

// -----

// A pad's source tile begins `low` before the result's, outside its tensor, where the fill stands.
// CHECK-LABEL: func.func @step()
func.func @step(%x: tensor<6x10xf32> {train.name = "x"}) -> (tensor<9x10xf32> {train.name = "y"}) {
  // CHECK-DAG: %[[LOW:.*]] = arith.constant -20 : index
  // CHECK: chip.alloc[%[[LOW]]] extents [60] core_stride [0] slots {{.*}} : memref<90xf32
  // CHECK: chip.alloc[%{{.*}}] extents [90] core_stride [0] slots {{.*}} : memref<90xf32
  // CHECK: chip.v.copy({{.*}} fill = 5.000000e-01
  %t = train.pad %x {low = array<i64: 2, 0>, high = array<i64: 1, 0>, value = 0.5 : f32, train.names = ["t"]} : (tensor<6x10xf32>) -> tensor<9x10xf32>
  return %t : tensor<9x10xf32>
}

// -----

// Each operand of a concat has a task, which writes its part at the result's coordinates, in tiles that divide it.
// CHECK-LABEL: func.func @step()
func.func @step(%x: tensor<3x4x2xf32> {train.name = "x"}, %z: tensor<3x1x2xf32> {train.name = "z"}) -> (tensor<3x5x2xf32> {train.name = "y"}) {
  // CHECK: chip.task "" "train.concat"
  // CHECK: chip.view @y : memref<3x10xf32, #chip.space<dram>>
  // CHECK: scf.for {{.*}} to %c8 step %c2 {
  // CHECK: chip.task "" "train.concat"
  // CHECK-DAG: %[[BEGIN:.*]] = arith.constant 8 : index
  // CHECK: chip.alloc[%{{.*}}, %[[BEGIN]]] extents [3, 10] core_stride [0, 0] slots {{.*}} : memref<3x2xf32
  %t = train.concat %x, %z {axis = 1 : i64, train.names = ["t"], slp.tile = {sizes = {outer = 3, run = 2}}} : (tensor<3x4x2xf32>, tensor<3x1x2xf32>) -> tensor<3x5x2xf32>
  return %t : tensor<3x5x2xf32>
}

// -----

// A repeated dimension is loaded once.
// CHECK-LABEL: func.func @step()
func.func @step(%x: tensor<3x1x2xf32> {train.name = "x"}) -> (tensor<3x7x2xf32> {train.name = "y"}) {
  // CHECK: chip.view @x : memref<3x1x2xf32, strided<[2, 1, 1]>, #chip.space<dram>>
  // CHECK: chip.alloc[{{.*}}] extents [3, 1, 2] core_stride [0, 0, 0] slots {{.*}} : memref<3x1x2xf32
  // CHECK: chip.alloc[{{.*}}] extents [3, 7, 2] core_stride [0, 0, 0] slots {{.*}} : memref<3x7x2xf32
  %t = train.expand %x {shape = array<i64: 3, 7, 2>, train.names = ["t"]} : (tensor<3x1x2xf32>) -> tensor<3x7x2xf32>
  return %t : tensor<3x7x2xf32>
}

// -----

// A table that does not fit is read in pieces, in ascending order; its gradient is summed whole.
// CHECK-LABEL: func.func @step()
func.func @step(%x: tensor<1x9x4xf32> {train.name = "x"}, %i: tensor<5xi32> {train.name = "i"}) -> (tensor<1x5x4xf32> {train.name = "y"}, tensor<1x9x4xf32> {train.name = "dx"}) {
  // CHECK: chip.task "" "train.gather"
  // CHECK: scf.for {{.*}} to %c9 step %c4 {
  // CHECK: chip.v.gather({{.*}}, {{.*}}) mode = zero {captures = ["t"]}
  // CHECK: }
  // CHECK: chip.store
  %t = train.gather %x, %i {train.names = ["t"], slp.tile = {sizes = {v = 4}}} : (tensor<1x9x4xf32>, tensor<5xi32>) -> tensor<1x5x4xf32>
  // CHECK: chip.task "" "train.scatter_add"
  // CHECK: chip.v.scatter.add
  %d = train.scatter_add %t, %i {rows = 9 : i64, train.names = ["d"]} : (tensor<1x5x4xf32>, tensor<5xi32>) -> tensor<1x9x4xf32>
  return %t, %d : tensor<1x5x4xf32>, tensor<1x9x4xf32>
}

// -----

// A tensor of six dimensions keeps them; a tile has five.
// CHECK: chip.tensor @u : memref<2x3x2x4x3x5xf32
// CHECK-LABEL: func.func @step()
func.func @step(%x: tensor<2x3x40x3xf32> {train.name = "x"}) -> (tensor<288xf32> {train.name = "y"}) {
  // CHECK: chip.view @x : memref<6x2x4x3x5xf32, strided<[120, 15, 30, 1, 3]>
  %r = train.reshape %x {train.names = ["r"]} : (tensor<2x3x40x3xf32>) -> tensor<2x3x4x2x5x3xf32>
  %u = train.transpose %r {perm = array<i64: 0, 1, 3, 2, 5, 4>, train.names = ["u"]} : (tensor<2x3x4x2x5x3xf32>) -> tensor<2x3x2x4x3x5xf32>
  %v = train.slice %u {starts = array<i64: 0, 0, 0, 0, 0, 0>, sizes = array<i64: 2, 3, 2, 4, 3, 2>, steps = array<i64: 1, 1, 1, 1, 1, 2>, train.names = ["v"]} : (tensor<2x3x2x4x3x5xf32>) -> tensor<2x3x2x4x3x2xf32>
  %f = train.reshape %v {train.names = ["f"]} : (tensor<2x3x2x4x3x2xf32>) -> tensor<288xf32>
  return %f : tensor<288xf32>
}
