// Convolutions and their gradients: which loops there are and in which order, what is cut, what is spread over cores.
// RUN: slp-opt %s --split-input-file --convert-train-to-chip --chip-fuse-nests=drains-only --chip-choose-layouts --chip-choose-tiles --chip-expand-nests | FileCheck %s
// RUN: slp-opt %s --split-input-file --convert-train-to-chip --chip-fuse-nests=drains-only --chip-choose-layouts --chip-choose-tiles=cores=1 --chip-expand-nests | FileCheck %s --check-prefix=ONE

!f8 = !num.float<5, 2, 15, reserved, flush>
!f16 = !num.float<5, 10, 15, reserved, gradual>
#sum = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = none>
#nearest = #num.rounding<nearest_even>

// A small op is one tile a core. The rounding is done while the tile drains: there is one task, and one tensor for it.
// CHECK-DAG: chip.tensor @x : memref<1x3x8x8x!num_e5m2, #chip.space<dram>> home <dram> layout <row_major> {role = #chip.role<input>}
// CHECK-DAG: chip.tensor @y : memref<1x128x8x8x!num_e5m2, #chip.space<dram>> home <dram> layout <row_major> {role = #chip.role<output>}
// CHECK-NOT: chip.tensor @"y/acc"
// CHECK-LABEL: func.func @step()
// CHECK: chip.task "" "train.conv" "fp" cores(16)
// CHECK-NOT: chip.task
// ONE-LABEL: func.func @step()
// ONE: chip.task "" "train.conv" "fp" cores(1)
func.func @step(%x: tensor<1x3x8x8x!f8> {train.name = "x"}, %w: tensor<128x3x3x3x!f8> {train.name = "w"},
                %b: tensor<128x!f16> {train.name = "b"}) -> (tensor<1x128x8x8x!f8> {train.name = "y"}) {
  // CHECK-DAG: %[[XV:.*]] = chip.view @x : memref<1x1x3x8x8x
  // CHECK-DAG: %[[WV:.*]] = chip.view @w : memref<1x128x3x3x3x
  // CHECK-DAG: %[[BV:.*]] = chip.view @b : memref<1x128x
  // CHECK-DAG: %[[YV:.*]] = chip.view @y : memref<1x1x128x8x8x
  // The channels are spread over the cores, as many each as a line has PEs; the window's border is outside the extents: padding.
  // CHECK: %[[X:.*]] = chip.alloc{{.*}} extents [1, 1, 3, 8, 8] core_stride [0, 0, 0, 0, 0] slots 2 : memref<[[XT:.*]], #chip.space<spm>>
  // CHECK-NEXT: chip.load %[[XV]] to %[[X]]
  // CHECK: %[[W:.*]] = chip.alloc{{.*}} extents [1, 128, 3, 3, 3] core_stride [0, 8, 0, 0, 0] slots 2 : memref<1x8x3x3x3x
  // CHECK-NEXT: chip.load %[[WV]] to %[[W]]
  // CHECK: %[[B:.*]] = chip.alloc{{.*}} extents [1, 128] core_stride [0, 8] slots 2
  // CHECK-NEXT: chip.load %[[BV]] to %[[B]]
  // CHECK: %[[A:.*]] = chip.alloc{{.*}} extents [1, 1, 128, 8, 8] core_stride [0, 0, 8, 0, 0] slots 2 : memref<[[YT:.*]]xf32, #chip.space<acc>>
  // CHECK-NEXT: %[[Y:.*]] = chip.alloc{{.*}} extents [1, 1, 128, 8, 8] core_stride [0, 0, 8, 0, 0] slots 2 : memref<[[YT]]x!num_e5m2, #chip.space<spm>>
  // CHECK-NEXT: chip.conv.fp(%[[A]], %[[X]], %[[W]], %[[B]]) geom = [3, 3, 1, 1, 1, 1, 1, 1, 0] mode = bias {captures = ["y/acc"]}
  // CHECK-NEXT: chip.v.round(%[[Y]], %[[A]]) {captures = ["y"]}
  // CHECK-NEXT: chip.store %[[Y]] to %[[YV]]
  %acc = train.conv %x, %w, %b {accumulate = #sum, pads = array<i64: 1, 1, 1, 1>, train.names = ["y/acc"], slp.tile = {sizes = {co = 8}}}
      : (tensor<1x3x8x8x!f8>, tensor<128x3x3x3x!f8>, tensor<128x!f16>) -> tensor<1x128x8x8xf32>
  %y = train.round %acc {rounding = #nearest, train.names = ["y"]} : (tensor<1x128x8x8xf32>) -> tensor<1x128x8x8x!f8>
  return %y : tensor<1x128x8x8x!f8>
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
#sum = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = none>

// The wish of slp.tile: its order, its sizes. The sums are kept over the loop of the reduction, which is innermost: they
// are allocated outside of it and drained behind it.
// CHECK: #[[BEFORE:.*]] = affine_map<(d0) -> (d0 - 1)>
// CHECK-LABEL: func.func @step()
func.func @step(%x: tensor<4x24x8x8x!f8> {train.name = "x"}, %w: tensor<128x24x3x3x!f8> {train.name = "w"})
    -> (tensor<4x128x8x8xf32> {train.name = "y"}) {
  // CHECK: chip.task "" "train.conv" "fp" cores(16)
  // CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
  // CHECK-DAG: %[[C2:.*]] = arith.constant 2 : index
  // CHECK-DAG: %[[C4:.*]] = arith.constant 4 : index
  // CHECK-DAG: %[[C3:.*]] = arith.constant 3 : index
  // CHECK-DAG: %[[C8:.*]] = arith.constant 8 : index
  // CHECK-DAG: %[[C24:.*]] = arith.constant 24 : index
  // CHECK: scf.for %[[OY:.*]] = %[[C0]] to %[[C8]] step %[[C3]]
  // CHECK: scf.for %[[N:.*]] = %[[C0]] to %[[C4]] step %[[C2]]
  // CHECK: %[[A:.*]] = chip.alloc{{ ?}}[%[[N]], %{{.*}}, %{{.*}}, %[[OY]], %{{.*}}] {{.*}} #chip.space<acc>>
  // CHECK: %[[Y:.*]] = chip.alloc{{ ?}}[%[[N]], %{{.*}}, %{{.*}}, %[[OY]], %{{.*}}] {{.*}} #chip.space<spm>>
  // CHECK: scf.for %[[CI:.*]] = %[[C0]] to %[[C24]] step %[[C8]]
  // An input tile begins a kernel's reach before its outputs and is as much larger.
  // CHECK: %[[IY:.*]] = affine.apply #{{.*}}(%[[OY]])
  // CHECK: chip.alloc{{ ?}}[%[[N]], %{{.*}}, %[[CI]], %[[IY]], %{{.*}}] extents [4, 1, 24, 8, 8] {{.*}} : memref<2x1x8x5x10x
  // CHECK: chip.conv.fp{{.*}}mode = zero{{.*}}
  // CHECK-NEXT: }
  // CHECK-NEXT: chip.v.round(%[[Y]], %[[A]]) {captures = [""]}
  // CHECK-NEXT: chip.store{{.*}}
  // CHECK-NEXT: }
  // CHECK-NEXT: }
  %y = train.conv %x, %w {accumulate = #sum, pads = array<i64: 1, 1, 1, 1>, train.names = ["y"],
      slp.tile = {order = ["oy", "co", "n", "g", "ox", "ci"], sizes = {n = 2, co = 8, oy = 3, ci = 8}}}
      : (tensor<4x24x8x8x!f8>, tensor<128x24x3x3x!f8>) -> tensor<4x128x8x8xf32>
  return %y : tensor<4x128x8x8xf32>
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
#sum = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = none>

// Gradient of the input: loops count strides of inputs; outputs that reach them are read.
// CHECK-LABEL: func.func @step()
func.func @step(%dy: tensor<2x8x4x4x!f8> {train.name = "dy"}, %w: tensor<8x4x3x3x!f8> {train.name = "w"})
    -> (tensor<2x4x8x8xf32> {train.name = "dx"}) {
  // ONE: chip.task "" "train.conv_bp" "bp"
  // ONE: scf.for %[[IY:.*]] = %{{.*}} to %{{.*}} step %{{.*}} {
  // ONE: %[[OY:.*]] = affine.apply #{{.*}}(%[[IY]])
  // ONE: chip.alloc{{ ?}}[%{{.*}}, %{{.*}}, %{{.*}}, %[[OY]], %{{.*}}] extents [2, 1, 8, 4, 4] {{.*}} : memref<2x1x8x3x6x!num_e5m
  // ONE: %[[ROW:.*]] = affine.apply #{{.*}}(%[[IY]])
  // ONE: chip.alloc{{ ?}}[%{{.*}}, %{{.*}}, %{{.*}}, %[[ROW]], %{{.*}}] extents [2, 1, 4, 8, 8] {{.*}} : memref<{{.*}}x2x8xf32, #chip.space<acc>>
  // ONE: chip.conv.bp
  // ONE-SAME: geom = [3, 3, 2, 2, 1, 1, 1, 1, 0]
  %dx = train.conv_bp %dy, %w {accumulate = #sum, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>, phase = #train.phase<bp>,
      input_shape = array<i64: 2, 4, 8, 8>, train.names = ["dx"], slp.tile = {sizes = {iy = 1}}}
      : (tensor<2x8x4x4x!f8>, tensor<8x4x3x3x!f8>) -> tensor<2x4x8x8xf32>
  return %dx : tensor<2x4x8x8xf32>
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
#sum = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = none>

// Gradient of the weights: images outside rows, a copy of the chains in each bank.
// CHECK-LABEL: func.func @step()
func.func @step(%x: tensor<4x4x8x8x!f8> {train.name = "x"}, %dy: tensor<4x8x8x8x!f8> {train.name = "dy"})
    -> (tensor<8x4x3x3xf32> {train.name = "dw"}) {
  // CHECK: chip.task "" "train.conv_wg" "wg"
  // CHECK: chip.alloc{{.*}} slots 2 : memref<{{.*}}xf32, #chip.space<acc>>
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
      : (tensor<4x4x8x8x!f8>, tensor<4x8x8x8x!f8>) -> tensor<8x4x3x3xf32>
  return %dw : tensor<8x4x3x3xf32>
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
#sum = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = none>

// A relu that is the only use of the rounded result follows on the tile: one task, and only its result reaches DRAM.
// CHECK-LABEL: func.func @step()
func.func @step(%x: tensor<4x8x8x8x!f8> {train.name = "x"}, %w: tensor<16x8x3x3x!f8> {train.name = "w"})
    -> (tensor<4x16x8x8x!f8> {train.name = "y"}) {
  // CHECK: chip.task "" "train.conv" "fp"
  // CHECK-COUNT-1: chip.view @y
  // CHECK: chip.conv.fp
  // CHECK: chip.v.round(%[[BETWEEN:[^,]*]], {{.*}}) {captures = ["rounded"]}
  // CHECK-NEXT: chip.v.relu(%[[Y:[^,]*]], %[[BETWEEN]]) {captures = ["rectified"], slp.of{{.*}}}
  // CHECK-NEXT: chip.store %[[Y]]
  // CHECK-NOT: chip.task
  %y = train.conv %x, %w {accumulate = #sum, pads = array<i64: 1, 1, 1, 1>, train.names = ["sum"]}
      : (tensor<4x8x8x8x!f8>, tensor<16x8x3x3x!f8>) -> tensor<4x16x8x8xf32>
  %r = train.round %y {rounding = #num.rounding<nearest_even>, train.names = ["rounded"]} : (tensor<4x16x8x8xf32>) -> tensor<4x16x8x8x!f8>
  %z = train.relu %r {rounding = #num.rounding<nearest_even>, train.names = ["rectified"]} : (tensor<4x16x8x8x!f8>) -> tensor<4x16x8x8x!f8>
  return %z : tensor<4x16x8x8x!f8>
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
#sum = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = none>

// With another use of the rounded result both tensors are needed, and the relu is a task of its own.
// CHECK-LABEL: func.func @step()
func.func @step(%x: tensor<4x8x8x8x!f8> {train.name = "x"}, %w: tensor<16x8x3x3x!f8> {train.name = "w"})
    -> (tensor<4x16x8x8x!f8> {train.name = "y"}, tensor<4x16x8x8x!f8> {train.name = "z"}) {
  // CHECK: chip.task "" "train.conv" "fp"
  // CHECK: chip.v.round
  // CHECK: chip.task "" "train.relu" "fp"
  %y = train.conv %x, %w {accumulate = #sum, pads = array<i64: 1, 1, 1, 1>, train.names = ["sum"]}
      : (tensor<4x8x8x8x!f8>, tensor<16x8x3x3x!f8>) -> tensor<4x16x8x8xf32>
  %r = train.round %y {rounding = #num.rounding<nearest_even>, train.names = ["rounded"]} : (tensor<4x16x8x8xf32>) -> tensor<4x16x8x8x!f8>
  %z = train.relu %r {rounding = #num.rounding<nearest_even>, train.names = ["rectified"]} : (tensor<4x16x8x8x!f8>) -> tensor<4x16x8x8x!f8>
  return %r, %z : tensor<4x16x8x8x!f8>, tensor<4x16x8x8x!f8>
}
