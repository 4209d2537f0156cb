// RUN: slp-opt %s | slp-opt | FileCheck %s
// RUN: slp-opt %s --mlir-print-op-generic | slp-opt | FileCheck %s
// RUN: slp-opt %s --emit-bytecode | slp-opt | FileCheck %s

#dram = #chip.space<dram>
#shared = #chip.space<shared>
#spm = #chip.space<spm>
#acc = #chip.space<acc>

// CHECK: chip.tensor @x : memref<4x8x6x6xf32, #chip.space<dram>> {role = #chip.role<input>}
chip.tensor @x : memref<4x8x6x6xf32, #dram> {role = #chip.role<input>}
// CHECK: chip.tensor @placed : memref<4xf32, #chip.space<dram>> home <dram> layout <row_major> {role = #chip.role<temp>}
chip.tensor @placed : memref<4xf32, #dram> home <dram> layout <row_major> {role = #chip.role<temp>}
// CHECK: chip.tensor @"conv1/weight" : memref<16x8xf32, #chip.space<dram>> {address = 4608 : i64, init = dense<0.000000e+00> : tensor<16x8xf32>, role = #chip.role<state>}
chip.tensor @"conv1/weight" : memref<16x8xf32, #dram> {role = #chip.role<state>, address = 4608 : i64, init = dense<0.0> : tensor<16x8xf32>}
// CHECK: chip.tensor @scalar : memref<f32, #chip.space<dram>> {role = #chip.role<output>}
chip.tensor @scalar : memref<f32, #dram> {role = #chip.role<output>}
// CHECK: chip.tensor @code : memref<7x!num_e5m2, #chip.space<dram>> {role = #chip.role<temp>}
chip.tensor @code : memref<7x!num.float<5, 2, 15, reserved, flush>, #dram> {role = #chip.role<temp>}

// CHECK-LABEL: func.func @step
func.func @step() {
  // CHECK: chip.task "conv1" "train.conv" "fp" cores(16) {
  chip.task "conv1" "train.conv" "fp" cores(16) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    // A view may reorder dimensions.
    // CHECK: chip.view @"conv1/weight" : memref<8x16xf32, strided<[1, 8]>, #chip.space<dram>>
    %w = chip.view @"conv1/weight" : memref<8x16xf32, strided<[1, 8]>, #dram>
    // CHECK: %[[V:.*]] = chip.view @x : memref<4x8x6x6xf32, #chip.space<dram>>
    %x = chip.view @x : memref<4x8x6x6xf32, #dram>
    scf.for %n = %c0 to %c4 step %c1 {
      // CHECK: %[[B:.*]] = chip.alloc[%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}] extents [4, 8, 6, 6] core_stride [0, 2, 0, 0] slots 2 {offset = 64 : i64, slot_bytes = 288 : i64} : memref<1x2x6x6xf32, #chip.space<spm>>
      %b = chip.alloc [%n, %c0, %c0, %c0] extents [4, 8, 6, 6] core_stride [0, 2, 0, 0] slots 2 {offset = 64, slot_bytes = 288} : memref<1x2x6x6xf32, #spm>
      // CHECK: chip.alloc[%{{.*}}] extents [8] core_stride [0] slots 1 {rounding = #num.rounding<stochastic>, stream = 4097 : i64} : memref<8x!num_e5m2, #chip.space<spm>>
      %r = chip.alloc [%n] extents [8] core_stride [0] slots 1 {rounding = #num.rounding<stochastic>, stream = 4097 : i64} : memref<8x!num.float<5, 2, 15, reserved, flush>, #spm>
      // CHECK: chip.wait <load> 3 by 1
      chip.wait <load> 3 by 1
      // Bank cores is not printed.
      // CHECK: chip.wait <shared_load> 3 by 1 bank <shared>
      chip.wait <shared_load> 3 by 1 bank <shared>
      // CHECK: chip.wait <shared_load> 4 by 1{{$}}
      chip.wait <shared_load> 4 by 1 bank <cores>
      // CHECK: chip.signal <vector> 5 by 2 bank <shared>
      chip.signal <vector> 5 by 2 bank <shared>
      // CHECK: %[[ALL:.*]] = chip.alloc
      %all = chip.alloc [%n, %c0, %c0, %c0] extents [4, 8, 6, 6] core_stride [0, 0, 0, 0] slots 2 : memref<1x8x6x6xf32, #shared>
      // CHECK: chip.move %[[ALL]] to %[[B]] : memref<1x8x6x6xf32, #chip.space<shared>>, memref<1x2x6x6xf32, #chip.space<spm>>
      chip.move %all to %b : memref<1x8x6x6xf32, #shared>, memref<1x2x6x6xf32, #spm>
      // CHECK: chip.move %[[B]] to %[[ALL]] : memref<1x2x6x6xf32, #chip.space<spm>>, memref<1x8x6x6xf32, #chip.space<shared>>
      chip.move %b to %all : memref<1x2x6x6xf32, #spm>, memref<1x8x6x6xf32, #shared>
      // CHECK: chip.load %[[V]] to %[[B]] : memref<4x8x6x6xf32, #chip.space<dram>>, memref<1x2x6x6xf32, #chip.space<spm>>
      chip.load %x to %b : memref<4x8x6x6xf32, #dram>, memref<1x2x6x6xf32, #spm>
      // CHECK: chip.signal <mac> 63 by 255
      chip.signal <mac> 63 by 255
      // CHECK: %[[S:.*]] = chip.alloc[] extents [] core_stride [] slots 1 : memref<f32, #chip.space<shared>>
      %s = chip.alloc [] extents [] core_stride [] slots 1 : memref<f32, #shared>
      // CHECK: %[[A:.*]] = chip.alloc
      %a = chip.alloc [%n, %c0] extents [4, 4] core_stride [0, 0] slots 1 : memref<1x4xf32, #acc>
      %p = chip.alloc [%n, %c0] extents [4, 8] core_stride [0, 0] slots 1 : memref<1x8x!num.float<5, 2, 15, reserved, flush>, #spm>
      %q = chip.alloc [%c0, %c0] extents [8, 4] core_stride [0, 0] slots 1 : memref<8x4x!num.float<5, 2, 15, reserved, flush>, #spm>
      // CHECK: chip.matmul(%[[A]], %{{.*}}, %{{.*}}) mode = zero {captures = ["mm/y"]} : memref<1x4xf32, #chip.space<acc>>, memref<1x8x!num_e5m2, #chip.space<spm>>, memref<8x4x!num_e5m2, #chip.space<spm>>
      chip.matmul(%a, %p, %q) mode = zero {captures = ["mm/y"]} : memref<1x4xf32, #acc>, memref<1x8x!num.float<5, 2, 15, reserved, flush>, #spm>, memref<8x4x!num.float<5, 2, 15, reserved, flush>, #spm>
      // CHECK: chip.v.relu(%[[B]], %[[B]]) again {captures = ["r"]} : memref
      chip.v.relu(%b, %b) again {captures = ["r"]} : memref<1x2x6x6xf32, #spm>, memref<1x2x6x6xf32, #spm>
      // CHECK: chip.v.avg.pool(%[[B]], %[[B]]) geom = [3, 3, 1, 1, 1, 1, 1, 1, 0] : memref<1x2x6x6xf32, #chip.space<spm>>, memref<1x2x6x6xf32, #chip.space<spm>>
      chip.v.avg.pool(%b, %b) geom = [3, 3, 1, 1, 1, 1, 1, 1, 0] : memref<1x2x6x6xf32, #spm>, memref<1x2x6x6xf32, #spm>
      // A function takes the numbers that it has.
      // CHECK: chip.v.unary(%[[B]], %[[B]]) fn = leaky_relu a = 1.000000e-01 : memref
      chip.v.unary(%b, %b) fn = leaky_relu a = 0.1 : memref<1x2x6x6xf32, #spm>, memref<1x2x6x6xf32, #spm>
      // An operand may depend on a field.
      // CHECK: chip.v.clip.factor(%[[S]], %[[S]], %[[S]]) mode = present : memref<f32
      chip.v.clip.factor(%s, %s, %s) mode = present : memref<f32, #shared>, memref<f32, #shared>, memref<f32, #shared>
      // CHECK: chip.v.clip.factor(%[[S]], %[[S]]) mode = absent : memref<f32
      chip.v.clip.factor(%s, %s) mode = absent : memref<f32, #shared>, memref<f32, #shared>
      // CHECK: chip.v.sgd(%[[B]], %[[B]], %[[B]]) mode = absent unscale = 5.000000e-01 lrScale = 1.000000e+00 decayScale = 1.000000e+00 : memref<1x2x6x6xf32, #chip.space<spm>>, memref<1x2x6x6xf32, #chip.space<spm>>, memref<1x2x6x6xf32, #chip.space<spm>>
      chip.v.sgd(%b, %b, %b) mode = absent unscale = 0.5 lrScale = 1.0 decayScale = 1.0 : memref<1x2x6x6xf32, #spm>, memref<1x2x6x6xf32, #spm>, memref<1x2x6x6xf32, #spm>
      // CHECK: chip.store %[[B]] to %[[V]] : memref<1x2x6x6xf32, #chip.space<spm>>, memref<4x8x6x6xf32, #chip.space<dram>>
      chip.store %b to %x : memref<1x2x6x6xf32, #spm>, memref<4x8x6x6xf32, #dram>
    }
  }
  return
}

// What data decides.
// CHECK-LABEL: func.func @decided
chip.tensor @list : memref<2x4xi32, #dram> {role = #chip.role<temp>}
func.func @decided() {
  chip.task "x" "train.x" "fp" cores(1) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    // CHECK: %[[LIST:.*]] = chip.view
    %list = chip.view @list : memref<2x4xi32, #dram>
    // CHECK: %[[N:.*]] = chip.count %[[LIST]][%{{.*}}, %{{.*}}] most 3 : memref<2x4xi32, #chip.space<dram>>
    %n = chip.count %list[%c0, %c0] most 3 : memref<2x4xi32, #dram>
    // CHECK: scf.for %[[I:.*]] = %{{.*}} to %[[N]]
    scf.for %i = %c0 to %n step %c1 {
      // CHECK: %[[E:.*]] = chip.element %[[LIST]][%{{.*}}, %[[I]]] below 8 : memref<2x4xi32, #chip.space<dram>>
      %e = chip.element %list[%c1, %i] below 8 : memref<2x4xi32, #dram>
      // CHECK: chip.if %[[E]] {
      // CHECK: } else {
      chip.if %e {
        %a = chip.alloc [%e] extents [8] core_stride [0] slots 1 : memref<1xf32, #spm>
      } else {
        %b = chip.alloc [%i] extents [8] core_stride [0] slots 1 : memref<1xf32, #spm>
      }
      // CHECK: chip.if %[[I]] {
      // CHECK-NOT: else
      chip.if %i {
      }
    }
  }
  return
}
