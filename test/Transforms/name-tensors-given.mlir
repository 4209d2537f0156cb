// A name that the file gives is kept for its tensor: another op of the node, though it comes first, gets the next.
// RUN: slp-opt %s --train-name-tensors | FileCheck %s

module attributes {slp.stage = "precision"} {
  func.func @step(%x: tensor<2x2xf32> {train.name = "x"}) -> (tensor<2x2xf32> {train.name = "loss"}) {
    // CHECK: train.exp {{.*}}train.names = ["loss#2"]
    %0 = train.exp %x : (tensor<2x2xf32>) -> tensor<2x2xf32> loc("loss")
    // CHECK: train.tanh {{.*}}train.names = ["loss"]
    %1 = train.tanh %0 {train.names = ["loss"]} : (tensor<2x2xf32>) -> tensor<2x2xf32> loc("loss")
    return %1 : tensor<2x2xf32>
  }
}
