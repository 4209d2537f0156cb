// What the vector unit does, on tiles in the shared buffer: load, one instruction, store.
// RUN: slp-opt %s --split-input-file --convert-train-to-chip --chip-fuse-nests=drains-only --chip-choose-layouts --chip-choose-tiles --chip-expand-nests | FileCheck %s

!f8 = !num.float<5, 2, 15, reserved, flush>
!f16 = !num.float<5, 10, 15, reserved, gradual>
#nearest = #num.rounding<nearest_even>

// An update works in place: one buffer and one view each of weight and velocity, loaded and stored. States keep their
// initial value and the rounding it gets; a read and a write are no work. The old value is not compared, and it is said why.
// CHECK: #elided = #chip.elided<
// CHECK-NEXT: "w" : "the state w before the step",
// CHECK-NEXT: "v" : "the state v before the step"
// CHECK-NEXT: >
// CHECK-NEXT: #tensors = #chip.tensors<
// CHECK: module attributes {{.*}}slp.elided = #elided{{.*}}slp.tensors = #tensors
// CHECK-DAG: chip.tensor @w : memref<8x4x!num_e5m10, #chip.space<dram>> home <dram> layout <row_major> {init = dense<1.000000e+00> : tensor<8x4xf32>, init_rounding = #num.rounding<nearest_even>, role = #chip.role<state>}
// CHECK-DAG: chip.tensor @v : memref<8x4x!num_e5m10, #chip.space<dram>> home <dram> layout <row_major> {init_rounding = #num.rounding<nearest_even>, role = #chip.role<state>}
train.state @w : tensor<8x4x!f16> {init = dense<1.0> : tensor<8x4xf32>, rounding = #nearest}
train.state @v : tensor<8x4x!f16> {rounding = #nearest}
// CHECK-LABEL: func.func @step()
func.func @step(%dw: tensor<8x4xf32> {train.name = "dw"}) {
  // CHECK: chip.task "" "train.sgd" "up" cores(1)
  // CHECK-DAG: %[[WV:.*]] = chip.view @w
  // CHECK-DAG: %[[VV:.*]] = chip.view @v
  // CHECK-DAG: %[[DV:.*]] = chip.view @dw
  // CHECK: scf.for %[[I:.*]] = %{{.*}} to %c8 step %c2 {
  // CHECK: %[[W:.*]] = chip.alloc[%[[I]], %{{.*}}] extents [8, 4] core_stride [0, 0] slots 2 : memref<2x4x!num_e5m10, #chip.space<shared>>
  // CHECK-NEXT: chip.load %[[WV]] to %[[W]]
  // CHECK-NEXT: %[[V:.*]] = chip.alloc[%[[I]], %{{.*}}]
  // CHECK-NEXT: chip.load %[[VV]] to %[[V]]
  // CHECK-NEXT: %[[D:.*]] = chip.alloc[%[[I]], %{{.*}}]
  // CHECK-NEXT: chip.load %[[DV]] to %[[D]]
  // The gradient is divided by the loss scale.
  // CHECK-NEXT: chip.v.sgd(%[[W]], %[[V]], %[[D]]) mode = absent unscale = 7.812500e-03 lrScale = 1.000000e+00 decayScale = 1.000000e+00 {captures = ["w/next", "v/next"]}
  // CHECK-NEXT: chip.store %[[W]] to %[[WV]]
  // CHECK-NEXT: chip.store %[[V]] to %[[VV]]
  // CHECK-NEXT: }
  %w = train.read @w {train.names = ["w"]} : tensor<8x4x!f16>
  %v = train.read @v {train.names = ["v"]} : tensor<8x4x!f16>
  %w1, %v1 = train.sgd %w, %v, %dw {loss_scale = 128.0 : f32, rounding = #nearest, phase = #train.phase<up>,
      train.names = ["w/next", "v/next"], slp.tile = {sizes = {d0 = 2}}}
      : (tensor<8x4x!f16>, tensor<8x4x!f16>, tensor<8x4xf32>) -> (tensor<8x4x!f16>, tensor<8x4x!f16>)
  train.write @w, %w1 : tensor<8x4x!f16>
  train.write @v, %v1 : tensor<8x4x!f16>
  return
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
#nearest = #num.rounding<nearest_even>

// A reshape is no task: its user sees the same tensor.
// CHECK: "flat" : "the same memory as r"
// CHECK: module
// CHECK: chip.tensor @r : memref<2x3x4x4x
// CHECK-NOT: chip.tensor @flat
// CHECK-LABEL: func.func @step()
func.func @step(%x: tensor<2x3x4x4x!f8> {train.name = "x"}) -> (tensor<2x48x!f8> {train.name = "y"}) {
  // CHECK: chip.task "" "train.relu"
  // CHECK: chip.view @r : memref<2x3x4x4x!num_e5m2, #chip.space<dram>>
  %r = train.relu %x {rounding = #nearest, train.names = ["r"]} : (tensor<2x3x4x4x!f8>) -> tensor<2x3x4x4x!f8>
  %flat = train.reshape %r {train.names = ["flat"]} : (tensor<2x3x4x4x!f8>) -> tensor<2x48x!f8>
  // CHECK: chip.task "" "train.relu"
  // CHECK: chip.view @r : memref<2x48x!num_e5m2, #chip.space<dram>>
  // CHECK-NOT: chip.task
  %y = train.relu %flat {rounding = #nearest, train.names = ["y"]} : (tensor<2x48x!f8>) -> tensor<2x48x!f8>
  return %y : tensor<2x48x!f8>
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
#nearest = #num.rounding<nearest_even>

// Pooling reads a window for each tile of outputs and gives values and places of the maxima; its gradient runs over inputs.
// CHECK-LABEL: func.func @step()
func.func @step(%x: tensor<2x3x8x8x!f8> {train.name = "x"}, %dy: tensor<2x3x4x4x!f8> {train.name = "dy"})
    -> (tensor<2x3x4x4x!f8> {train.name = "y"}, tensor<2x3x8x8x!f8> {train.name = "dx"}) {
  // CHECK: chip.task "" "train.max_pool" "fp" cores(1)
  // CHECK: scf.for %[[OY:.*]] = %{{.*}} to %c4 step %c3
  // CHECK: %[[X:.*]] = chip.alloc{{.*}} extents [2, 3, 8, 8] {{.*}} : memref<2x3x6x8x
  // CHECK: %[[Y:.*]] = chip.alloc[%{{.*}}, %{{.*}}, %[[OY]], %{{.*}}] extents [2, 3, 4, 4] {{.*}} : memref<2x3x3x4x!num_e
  // CHECK: %[[I:.*]] = chip.alloc[%{{.*}}, %{{.*}}, %[[OY]], %{{.*}}] extents [2, 3, 4, 4] {{.*}} : memref<2x3x3x4xi8, #chip.space<shared>>
  // CHECK: chip.v.max.pool(%[[Y]], %[[I]], %[[X]]) geom = [2, 2, 2, 2, 0, 0, 1, 1, 0] {captures = ["y", "y/index"]}
  %y, %index = train.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, rounding = #nearest, train.names = ["y", "y/index"],
      slp.tile = {sizes = {oy = 3}}} : (tensor<2x3x8x8x!f8>) -> (tensor<2x3x4x4x!f8>, tensor<2x3x4x4xi8>)
  // CHECK: chip.task "" "train.max_pool_grad" "bp" cores(1)
  // CHECK: chip.v.max.pool.grad{{.*}} geom = [2, 2, 2, 2, 0, 0, 1, 1, 0] {captures = ["dx"]}
  %dx = train.max_pool_grad %dy, %index {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, rounding = #nearest, phase = #train.phase<bp>,
      input_shape = array<i64: 2, 3, 8, 8>, train.names = ["dx"]} : (tensor<2x3x4x4x!f8>, tensor<2x3x4x4xi8>) -> tensor<2x3x8x8x!f8>
  return %y, %dx : tensor<2x3x4x4x!f8>, tensor<2x3x8x8x!f8>
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>

// The parts of an image stay in their buffer while the loop over rows runs, and are joined behind it; the sums stay over all images.
// CHECK-LABEL: func.func @step()
func.func @step(%dy: tensor<4x6x8x8x!f8> {train.name = "dy"}) -> (tensor<6xf32> {train.name = "db"}) {
  // CHECK: scf.for %[[C:.*]] = %{{.*}} to %c6 step %c3 {
  // CHECK: %[[DB:.*]] = chip.alloc[%[[C]]] extents [6] {{.*}} : memref<3xf32, #chip.space<shared>>
  // CHECK-NEXT: scf.for %[[N:.*]] = %{{.*}} to %c4 step %c1 {
  // CHECK-NEXT: %[[PARTS:.*]] = chip.alloc[%[[N]], %[[C]], %{{.*}}] extents [4, 6, 1] core_stride [0, 0, 0] slots 1 : memref<1x3x1xf32, #chip.space<shared>>
  // CHECK-NEXT: scf.for %[[H:.*]] = %{{.*}} to %c8 step %c4 {
  // CHECK-NEXT: %[[DY:.*]] = chip.alloc[%[[N]], %[[C]], %[[H]], %{{.*}}] extents [4, 6, 8, 8] {{.*}} : memref<1x3x4x8x
  // CHECK: chip.v.channel.sums(%[[PARTS]], %[[DY]]) mode = zero{{.*}}
  // CHECK-NEXT: }
  // CHECK-NEXT: chip.v.channel.join(%[[DB]], %[[PARTS]]) mode = zero {captures = ["db"]}{{.*}}
  // CHECK-NEXT: }
  // CHECK-NEXT: chip.store %[[DB]]
  %db = train.bias_grad %dy {train.names = ["db"], phase = #train.phase<wg>, slp.tile = {sizes = {c = 3, n = 1, d2 = 4}}}
      : (tensor<4x6x8x8x!f8>) -> tensor<6xf32>
  return %db : tensor<6xf32>
}

// -----

!f16 = !num.float<5, 10, 15, reserved, gradual>
#nearest = #num.rounding<nearest_even>

// A cross entropy is two tasks: rows, then their mean. Its gradient is divided by the batch and multiplied by the loss scale.
// CHECK-LABEL: func.func @step()
func.func @step(%x: tensor<4x10x!f16> {train.name = "x"}, %labels: tensor<4xi32> {train.name = "labels"})
    -> (tensor<f32> {train.name = "loss"}, tensor<4x10x!f16> {train.name = "dx"}) {
  // CHECK: chip.task "" "train.cross_entropy" "fp" cores(1)
  // CHECK: chip.v.cross.entropy{{.*}} {captures = ["loss/losses"]}
  // CHECK: chip.task "" "train.cross_entropy" "fp" cores(1)
  // CHECK: chip.v.mean{{.*}} {captures = ["loss"]} : memref<f32, #chip.space<shared>>, memref<4xf32, #chip.space<shared>>
  %loss, %losses = train.cross_entropy %x, %labels {train.names = ["loss", "loss/losses"]} : (tensor<4x10x!f16>, tensor<4xi32>) -> (tensor<f32>, tensor<4xf32>)
  // CHECK: chip.task "" "train.cross_entropy_grad" "bp" cores(1)
  // CHECK: chip.v.cross.entropy.grad{{.*}} scale = 2.560000e+02 {captures = ["dx"]}
  %dx = train.cross_entropy_grad %x, %labels {loss_scale = 1024.0 : f32, rounding = #nearest, phase = #train.phase<bp>, train.names = ["dx"]}
      : (tensor<4x10x!f16>, tensor<4xi32>) -> tensor<4x10x!f16>
  return %loss, %dx : tensor<f32>, tensor<4x10x!f16>
}

// -----

// Functions of elements: neighbouring dimensions that broadcast alike become one, an operand of extent 1 has a tile of 1,
// the op's numbers follow in order.
// CHECK-LABEL: func.func @step()
func.func @step(%x: tensor<2x3x4x5x6x7xf32> {train.name = "x"}, %c: tensor<1x3x1x1x1x1xf32> {train.name = "c"}) {
  // CHECK: chip.task "" "train.clip" "fp" cores(1)
  // CHECK: chip.view @x : memref<5040xf32, #chip.space<dram>>
  // CHECK: chip.v.unary({{.*}} fn = clip a = -1.000000e+00 b = 6.000000e+00 {captures = ["r"]}
  %r = train.clip %x {min = -1.0 : f32, max = 6.0 : f32, train.names = ["r"]} : (tensor<2x3x4x5x6x7xf32>) -> tensor<2x3x4x5x6x7xf32>
  // CHECK: chip.task "" "train.mul" "fp" cores(1)
  // CHECK-DAG: chip.view @r : memref<2x3x840xf32, #chip.space<dram>>
  // CHECK-DAG: chip.view @c : memref<1x3x1xf32, #chip.space<dram>>
  // CHECK: chip.alloc[%{{.*}}, %{{.*}}, %{{.*}}] extents [1, 3, 1] core_stride [0, 0, 0] slots 2 : memref<1x{{[123]}}x1xf32, #chip.space<shared>>
  // CHECK: chip.v.binary({{.*}} fn = mul {captures = ["y"]}
  %y = train.mul %r, %c {train.names = ["y"]} : (tensor<2x3x4x5x6x7xf32>, tensor<1x3x1x1x1x1xf32>) -> tensor<2x3x4x5x6x7xf32>
  // CHECK: chip.v.select({{.*}} {captures = ["s"]}
  %s = train.select %c, %y, %r {train.names = ["s"]} : (tensor<1x3x1x1x1x1xf32>, tensor<2x3x4x5x6x7xf32>, tensor<2x3x4x5x6x7xf32>) -> tensor<2x3x4x5x6x7xf32>
  return
}
