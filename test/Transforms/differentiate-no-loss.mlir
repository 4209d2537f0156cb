// RUN: slp-opt %s --train-differentiate --verify-diagnostics | FileCheck %s

// A graph without a loss keeps all its inputs and outputs as @eval; nothing is trained.
// CHECK: module attributes {slp.stage = "differentiate"}
// expected-warning @below {{there is no loss, so that nothing is trained and the result has @eval alone: give a graph that ends in a loss, or --loss=softmax-cross-entropy}}
module attributes {slp.stage = "import"} {
  // CHECK: train.state @w
  // CHECK-NOT: @w.velocity
  train.state @w : tensor<3x4xf32>
  // CHECK-NOT: @step
  // CHECK: func.func @eval(%{{.*}}: tensor<2x4xf32> {train.name = "x"}) -> (tensor<2x3xf32> {train.name = "y"}, tensor<2x3xf32> {train.name = "z"})
  func.func @step(%x: tensor<2x4xf32> {train.name = "x"})
      -> (tensor<2x3xf32> {train.name = "y"}, tensor<2x3xf32> {train.name = "z"}) {
    %w = train.read @w : tensor<3x4xf32>
    // CHECK: train.matmul {{.*}}train.names = ["eval:y"]
    %y = train.matmul %x, %w {transpose_b, train.names = ["y"]} : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<2x3xf32>
    // CHECK: train.relu {{.*}}train.names = ["eval:z"]
    %z = train.relu %y {train.names = ["z"]} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    // CHECK-NOT: train.write
    return %y, %z : tensor<2x3xf32>, tensor<2x3xf32>
  }
}
