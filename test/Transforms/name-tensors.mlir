// RUN: slp-opt %s --train-name-tensors | FileCheck %s
// Naming what has names changes nothing.
// RUN: slp-opt %s --train-name-tensors | slp-opt --train-name-tensors | FileCheck %s

!q = !num.float<5, 2, 15, reserved, flush>
#rne = #num.rounding<nearest_even>
#acc = #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = f32>

module attributes {slp.stage = "precision"} {
  train.state @w : tensor<2x2xf32>
  train.state @w.velocity : tensor<2x2xf32>
  func.func @step(%x: tensor<2x2xf32> {train.name = "x"}, %l: tensor<2xi32> {train.name = "labels"}) {
    // CHECK: train.round %{{.*}}train.names = ["x/round"]
    %0 = train.round %x {rounding = #rne} : (tensor<2x2xf32>) -> tensor<2x2x!q>
    // The value of a state has the state's name, its next value NAME/next.
    // CHECK: train.read @w {train.names = ["w"]}
    %1 = train.read @w : tensor<2x2xf32>
    // CHECK: train.round %{{.*}}train.names = ["w/round"]
    %2 = train.round %1 {rounding = #rne} : (tensor<2x2xf32>) -> tensor<2x2x!q>
    // The rounded tensor has the ONNX name, the accumulator's value NAME/acc.
    // CHECK: train.matmul {{.*}}train.names = ["hidden/acc"]
    %3 = train.matmul %0, %2 {accumulate = #acc, train.names = ["hidden"]} : (tensor<2x2x!q>, tensor<2x2x!q>) -> tensor<2x2xf32> loc("fc")
    // CHECK: train.round {{.*}}train.names = ["hidden"]
    %4 = train.round %3 {rounding = #rne} : (tensor<2x2xf32>) -> tensor<2x2x!q> loc("fc")
    // Without an ONNX name: the node's, and one name each.
    // CHECK: train.relu {{.*}}train.names = ["act"]
    %5 = train.relu %4 {rounding = #rne} : (tensor<2x2x!q>) -> tensor<2x2x!q> loc("act")
    // CHECK: train.relu {{.*}}train.names = ["act#2"]
    %6 = train.relu %5 {rounding = #rne} : (tensor<2x2x!q>) -> tensor<2x2x!q> loc("act")
    // CHECK: train.cross_entropy {{.*}}train.names = ["loss", "loss/losses"]
    %7, %8 = train.cross_entropy %6, %l : (tensor<2x2x!q>, tensor<2xi32>) -> (tensor<f32>, tensor<2xf32>) loc("loss")
    // CHECK: train.cross_entropy_grad {{.*}}train.names = ["loss/dx"]
    %9 = train.cross_entropy_grad %6, %l {phase = #train.phase<bp>, rounding = #rne} : (tensor<2x2x!q>, tensor<2xi32>) -> tensor<2x2x!q> loc("loss")
    // CHECK: train.matmul {{.*}}train.names = ["fc/dx/acc"]
    %10 = train.matmul %9, %2 {accumulate = #acc, phase = #train.phase<bp>, transpose_b} : (tensor<2x2x!q>, tensor<2x2x!q>) -> tensor<2x2xf32> loc("fc")
    // CHECK: train.round {{.*}}train.names = ["fc/dx"]
    %11 = train.round %10 {phase = #train.phase<bp>, rounding = #rne} : (tensor<2x2xf32>) -> tensor<2x2x!q> loc("fc")
    // CHECK: train.add {{.*}}train.names = ["act/dsum"]
    %12 = train.add %11, %9 {phase = #train.phase<bp>, rounding = #rne} : (tensor<2x2x!q>, tensor<2x2x!q>) -> tensor<2x2x!q> loc("act")
    // CHECK: train.matmul {{.*}}train.names = ["fc/dw"]
    %13 = train.matmul %0, %9 {accumulate = #acc, phase = #train.phase<wg>, transpose_a} : (tensor<2x2x!q>, tensor<2x2x!q>) -> tensor<2x2xf32> loc("fc")
    // CHECK: train.bias_grad {{.*}}train.names = ["fc/db"]
    %14 = train.bias_grad %9 {phase = #train.phase<wg>} : (tensor<2x2x!q>) -> tensor<2xf32> loc("fc")
    // CHECK: train.read @w.velocity {train.names = ["w.velocity"]}
    %15 = train.read @w.velocity : tensor<2x2xf32>
    // CHECK: train.sgd {{.*}}train.names = ["w/next", "w.velocity/next"]
    %16, %17 = train.sgd %1, %15, %13 {phase = #train.phase<up>} : (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>)
    // A tensor may not take the name of an input.
    // CHECK: train.relu {{.*}}train.names = ["x#2"]
    %18 = train.relu %1 {train.names = ["x"]} : (tensor<2x2xf32>) -> tensor<2x2xf32>
    return
  }
  // CHECK-LABEL: func.func @eval
  func.func @eval(%x: tensor<2x2xf32> {train.name = "x"}) {
    // CHECK: train.round {{.*}}train.names = ["eval:x/round"]
    %0 = train.round %x {rounding = #rne} : (tensor<2x2xf32>) -> tensor<2x2x!q>
    // CHECK: train.read @w {train.names = ["eval:w"]}
    %1 = train.read @w : tensor<2x2xf32>
    return
  }
}
