// A gradient that is longer than coordinates reach is summed up in pieces of whole blocks, each of which goes on from the sum of the
// one before; a shorter one in a single nest. Elementwise ops merge no more dimensions than coordinates reach.
// RUN: slp-opt %s --convert-train-to-chip=target=lnpu --chip-fuse-nests=drains-only --chip-choose-layouts --chip-choose-tiles --chip-expand-nests | FileCheck %s

module attributes {slp.stage = "precision"} {
  // CHECK-LABEL: func.func @step
  func.func @step(%dw: tensor<2897x2899xf32> {train.name = "dw"}, %db: tensor<2048x4096xf32> {train.name = "db"}) -> (tensor<f32> {train.name = "total"}) {
    // CHECK: chip.task "" "train.square_sum"
    // CHECK-DAG: %[[X:.*]] = chip.view @dw : memref<4194304xf32, #chip.space<dram>>
    // CHECK-DAG: %[[S:.*]] = chip.view @first : memref<f32, #chip.space<dram>>
    // CHECK: %[[T:.*]] = chip.alloc[] extents [] {{.*}} : memref<f32, #chip.space<shared>>
    // CHECK-NOT: chip.load %[[S]]
    // CHECK: scf.for
    // CHECK: chip.load %[[X]]
    // CHECK: chip.v.square.sum(%[[T]], %{{[^,)]*}}) mode = zero{{.*}} {captures = [""]
    // CHECK: chip.store %[[T]] to %[[S]]
    // CHECK: chip.task "" "train.square_sum"
    // CHECK-DAG: %[[X:.*]] = chip.view @dw : memref<4194304xf32, strided<[1], offset: 4194304>, #chip.space<dram>>
    // CHECK-DAG: %[[S:.*]] = chip.view @first : memref<f32, #chip.space<dram>>
    // CHECK: chip.load %[[S]] to %[[T:.*]] :
    // CHECK: scf.for
    // CHECK: chip.v.square.sum(%[[T]], %{{[^,]*}}, %[[T]]) mode = bias{{.*}} {captures = [""]
    // CHECK: chip.store %[[T]] to %[[S]]
    // CHECK: chip.task "" "train.square_sum"
    // CHECK: chip.view @dw : memref<9795xf32, strided<[1], offset: 8388608>, #chip.space<dram>>
    // CHECK: chip.v.square.sum(%[[T:[^,]*]], %{{[^,]*}}, %[[T]]) mode = bias{{.*}} {captures = ["first"]
    %first = train.square_sum %dw {phase = #train.phase<up>, train.names = ["first"]} : (tensor<2897x2899xf32>) -> tensor<f32>

    // The longest that is one: 2^23 elements. It begins with the sum of what came before.
    // CHECK: chip.task "" "train.square_sum"
    // CHECK-DAG: chip.view @db : memref<8388608xf32, #chip.space<dram>>
    // CHECK-DAG: %[[F:.*]] = chip.view @first
    // CHECK: chip.load %[[F]] to %[[B:.*]] :
    // CHECK: chip.v.square.sum(%{{[^,]*}}, %{{[^,]*}}, %[[B]]) mode = bias{{.*}} {captures = ["total"]
    %total = train.square_sum %db, %first {phase = #train.phase<up>, train.names = ["total"]} : (tensor<2048x4096xf32>, tensor<f32>) -> tensor<f32>
    // CHECK-NOT: chip.task
    return %total : tensor<f32>
  }

  // CHECK-LABEL: func.func @merged
  func.func @merged(%a: tensor<2897x2899xf32> {train.name = "a"}, %b: tensor<2048x4096xf32> {train.name = "b"}) -> (tensor<2897x2899xf32> {train.name = "x"}, tensor<2048x4096xf32> {train.name = "y"}, tensor<2899x2897xf32> {train.name = "z"}) {
    // CHECK: chip.view @a : memref<2897x2899xf32, #chip.space<dram>>
    %x = train.mul %a, %a {train.names = ["x"]} : (tensor<2897x2899xf32>, tensor<2897x2899xf32>) -> tensor<2897x2899xf32>
    // CHECK: chip.view @b : memref<8388608xf32, #chip.space<dram>>
    %y = train.mul %b, %b {train.names = ["y"]} : (tensor<2048x4096xf32>, tensor<2048x4096xf32>) -> tensor<2048x4096xf32>
    // CHECK: chip.task "" "train.slice"
    // CHECK: chip.view @a : memref<2897x2899xf32, #chip.space<dram>>
    %z = train.slice %a {starts = array<i64: 0, 0>, sizes = array<i64: 2897, 2899>, steps = array<i64: 1, 1>, train.names = ["s"]} : (tensor<2897x2899xf32>) -> tensor<2897x2899xf32>
    %t = train.transpose %z {perm = array<i64: 1, 0>, train.names = ["z"]} : (tensor<2897x2899xf32>) -> tensor<2899x2897xf32>
    return %x, %y, %t : tensor<2897x2899xf32>, tensor<2048x4096xf32>, tensor<2899x2897xf32>
  }
}
