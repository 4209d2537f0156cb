// Ops of dynamic loss scaling, in both forms.
// RUN: slp-opt %s | slp-opt | FileCheck %s
// RUN: slp-opt %s --mlir-print-op-generic | slp-opt | FileCheck %s
// RUN: slp-opt %s --emit-bytecode | slp-opt | FileCheck %s

// CHECK-LABEL: @step
func.func @step(%x: tensor<2x5xf32>, %labels: tensor<2xi32>, %state: tensor<4xf32>, %w: tensor<4xf32>) {
  // CHECK: train.clear_saturations {phase = #train.phase<bp>}
  train.clear_saturations {phase = #train.phase<bp>}
  // CHECK: train.clear_saturations{{$}}
  train.clear_saturations
  %slice = train.slice %state {starts = array<i64: 0>, sizes = array<i64: 1>, steps = array<i64: 1>} : (tensor<4xf32>) -> tensor<1xf32>
  %scale = train.reshape %slice : (tensor<1xf32>) -> tensor<f32>
  // CHECK: train.cross_entropy_grad %{{.*}}, %{{.*}}, %{{.*}} {phase = #train.phase<bp>} : (tensor<2x5xf32>, tensor<2xi32>, tensor<f32>) -> tensor<2x5xf32>
  %dx = train.cross_entropy_grad %x, %labels, %scale {phase = #train.phase<bp>} : (tensor<2x5xf32>, tensor<2xi32>, tensor<f32>) -> tensor<2x5xf32>
  // CHECK: %[[COUNT:.*]] = train.saturations {phase = #train.phase<up>} : () -> tensor<1xf32>
  %count = train.saturations {phase = #train.phase<up>} : () -> tensor<1xf32>
  // CHECK: %{{.*}}, %[[FACTOR:.*]] = train.loss_scale_update %{{.*}}, %[[COUNT]] {interval = 100 : i64, phase = #train.phase<up>} : (tensor<4xf32>, tensor<1xf32>) -> (tensor<4xf32>, tensor<f32>)
  %next, %unscale = train.loss_scale_update %state, %count {interval = 100 : i64, phase = #train.phase<up>} : (tensor<4xf32>, tensor<1xf32>) -> (tensor<4xf32>, tensor<f32>)
  %total = train.square_sum %w : (tensor<4xf32>) -> tensor<f32>
  // CHECK: train.clip_factor %{{.*}}, %[[FACTOR]] : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %factor = train.clip_factor %total, %unscale : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return
}
