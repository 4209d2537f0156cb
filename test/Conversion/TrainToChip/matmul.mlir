// Matrix products: transposes are views, the sum over k is innermost, results without a rounding of their own are stored as they are.
// RUN: slp-opt %s --split-input-file --convert-train-to-chip --chip-fuse-nests=drains-only --chip-choose-layouts --chip-choose-tiles --chip-expand-nests | FileCheck %s

!f8 = !num.float<5, 2, 15, reserved, flush>
!f16 = !num.float<5, 10, 15, reserved, gradual>
#sum = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = f32>
#nearest = #num.rounding<nearest_even>

// CHECK-LABEL: func.func @step()
func.func @step(%a: tensor<40x6x!f8> {train.name = "a"}, %b: tensor<20x40x!f8> {train.name = "b"},
                %bias: tensor<20x!f16> {train.name = "bias"}) -> (tensor<6x20x!f16> {train.name = "y"}) {
  // CHECK: chip.task "dense" "train.matmul" "fp" cores(16)
  // CHECK-DAG: %[[AV:.*]] = chip.view @a : memref<6x40x!num_e5m2, strided<[1, 6]>, #chip.space<dram>>
  // CHECK-DAG: %[[BV:.*]] = chip.view @b : memref<40x20x!num_e5m2, strided<[1, 40]>, #chip.space<dram>>
  // CHECK-DAG: %[[YV:.*]] = chip.view @y : memref<6x20x!num_e5m10, #chip.space<dram>>
  // CHECK: scf.for %[[N:.*]] =
  // CHECK: %[[BIAS:.*]] = chip.alloc[%[[N]]] extents [20]
  // CHECK: scf.for %[[M:.*]] =
  // CHECK: %[[ACC:.*]] = chip.alloc[%[[M]], %[[N]]] extents [6, 20] {{.*}} : memref<3x[[NT:.*]]xf32, #chip.space<acc>>
  // CHECK: %[[Y:.*]] = chip.alloc[%[[M]], %[[N]]] extents [6, 20] {{.*}} : memref<3x[[NT]]x!num_e5m10, #chip.space<spm>>
  // CHECK: scf.for %[[K:.*]] = %{{.*}} to %c40 step %c16 {
  // CHECK-DAG: %[[A:.*]] = chip.alloc[%[[M]], %[[K]]] extents [6, 40] {{.*}} : memref<3x16x
  // CHECK-DAG: %[[B:.*]] = chip.alloc[%[[K]], %[[N]]] extents [40, 20] {{.*}} : memref<16x[[NT]]x
  // CHECK: chip.matmul(%[[ACC]], %[[A]], %[[B]], %[[BIAS]]) mode = bias {captures = ["y/acc"]}{{.*}}
  // CHECK-NEXT: }
  // CHECK-NEXT: chip.v.round(%[[Y]], %[[ACC]]) {captures = ["y"]}
  // CHECK-NEXT: chip.store %[[Y]] to %[[YV]]
  %acc = train.matmul %a, %b, %bias {accumulate = #sum, transpose_a, transpose_b, train.names = ["y/acc"],
      slp.tile = {order = ["n", "m", "k"], sizes = {m = 3, n = 1, k = 16}}}
      : (tensor<40x6x!f8>, tensor<20x40x!f8>, tensor<20x!f16>) -> tensor<6x20xf32> loc("dense")
  %y = train.round %acc {rounding = #nearest, train.names = ["y"]} : (tensor<6x20xf32>) -> tensor<6x20x!f16>
  return %y : tensor<6x20x!f16>
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
#sum = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = f32>

// Each batch is a product of its own: batches are split over the cores like rows, and a transposed operand has its last
// two strides exchanged.
// CHECK-LABEL: func.func @step()
func.func @step(%a: tensor<4x6x40x!f8> {train.name = "a"}, %b: tensor<4x20x40x!f8> {train.name = "b"})
    -> (tensor<4x6x20xf32> {train.name = "y"}) {
  // CHECK: chip.task "attention" "train.matmul" "fp" cores(
  // CHECK-DAG: chip.view @a : memref<4x6x40x!num_e5m2, #chip.space<dram>>
  // CHECK-DAG: chip.view @b : memref<4x40x20x!num_e5m2, strided<[800, 1, 40]>, #chip.space<dram>>
  // CHECK: scf.for %[[B:.*]] = %{{.*}} to %c4 step %{{.*}} {
  // CHECK: chip.alloc[%[[B]], %{{.*}}, %{{.*}}] extents [4, 6, 20]
  // CHECK: chip.matmul({{.*}} mode = zero
  %y = train.matmul %a, %b {accumulate = #sum, transpose_b, train.names = ["y"],
      slp.tile = {order = ["b", "m", "n", "k"], sizes = {b = 1, m = 3}}}
      : (tensor<4x6x40x!f8>, tensor<4x20x40x!f8>) -> tensor<4x6x20xf32> loc("attention")
  return %y : tensor<4x6x20xf32>
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
#sum = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = f32>
#nearest = #num.rounding<nearest_even>

// A sum with a second use is stored in the accumulator's format, and its rounding is a task of its own.
// CHECK-DAG: chip.tensor @sum : memref<6x20xf32, #chip.space<dram>> home <dram> layout <row_major> {role = #chip.role<output>}
// CHECK-DAG: chip.tensor @rounded : memref<6x20x!num_e5m2, #chip.space<dram>> home <dram> layout <row_major> {role = #chip.role<output>}
// CHECK-LABEL: func.func @step()
func.func @step(%a: tensor<6x40x!f8> {train.name = "a"}, %b: tensor<40x20x!f8> {train.name = "b"})
    -> (tensor<6x20xf32> {train.name = "sum"}, tensor<6x20x!f8> {train.name = "rounded"}) {
  // CHECK: chip.task "" "train.matmul" "wg"
  // CHECK: chip.matmul{{.*}} mode = zero {captures = ["y/acc"]}
  // CHECK: chip.v.round{{.*}} {captures = [""]}
  // CHECK: chip.task "" "train.round" "fp" cores(1)
  // CHECK: chip.v.round{{.*}} {captures = ["y"]} : memref<6x20x{{.*}}, #chip.space<shared>>, memref<6x20xf32, #chip.space<shared>>
  %acc = train.matmul %a, %b {accumulate = #sum, phase = #train.phase<wg>, train.names = ["y/acc"]}
      : (tensor<6x40x!f8>, tensor<40x20x!f8>) -> tensor<6x20xf32>
  %y = train.round %acc {rounding = #nearest, train.names = ["y"]} : (tensor<6x20xf32>) -> tensor<6x20x!f8>
  return %acc, %y : tensor<6x20xf32>, tensor<6x20x!f8>
}

// -----

!f8 = !num.float<5, 2, 15, reserved, flush>
#sum = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = f32>

// Too large for the chip in one piece: tiles are cut until all copies fit 16 KiB of scratchpad and 2 KiB of accumulators a core.
// chip-place-buffers refuses what does not fit.
// RUN: slp-opt %s --split-input-file --convert-train-to-chip --chip-fuse-nests=drains-only --chip-choose-layouts --chip-choose-tiles --chip-expand-nests --chip-place-buffers | FileCheck %s --check-prefix=FITS
// FITS-LABEL: extents [4096, 4096]
// FITS: offset = {{[0-9]+}}
func.func @step(%a: tensor<4096x4096x!f8> {train.name = "a"}, %b: tensor<4096x4096x!f8> {train.name = "b"})
    -> (tensor<4096x4096xf32> {train.name = "y"}) {
  // CHECK: chip.task "" "train.matmul" "fp" cores(16)
  // CHECK: scf.for
  // CHECK: scf.for
  // CHECK: scf.for
  // CHECK-NOT: slots 1
  // CHECK: chip.store
  %y = train.matmul %a, %b {accumulate = #sum, train.names = ["y"]}
      : (tensor<4096x4096x!f8>, tensor<4096x4096x!f8>) -> tensor<4096x4096xf32>
  return %y : tensor<4096x4096xf32>
}
