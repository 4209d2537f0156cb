// Dynamic loss scaling on the vector unit. The fences between tasks order the counter.
// RUN: slp-opt %s --convert-train-to-chip --chip-fuse-nests=drains-only --chip-choose-layouts --chip-choose-tiles --chip-expand-nests | FileCheck %s
// RUN: slp-opt %s --convert-train-to-chip --chip-fuse-nests=drains-only --chip-choose-layouts --chip-choose-tiles --chip-expand-nests --chip-place-buffers --chip-insert-semaphores --chip-verify-schedule --convert-chip-to-mach | FileCheck %s --check-prefix=MACH

!f8 = !num.float<5, 2, 15, reserved, flush>
#nearest = #num.rounding<nearest_even>

train.state @loss_scale : tensor<4xf32> {init = dense<[16.0, 0.0, 0.0, 0.0]> : tensor<4xf32>, statistic}
// CHECK-LABEL: func.func @step()
func.func @step(%x: tensor<2x5xf32> {train.name = "x"}, %labels: tensor<2xi32> {train.name = "labels"}) -> (tensor<f32> {train.name = "f"}) {
  %s = train.read @loss_scale {train.names = ["loss_scale"]} : tensor<4xf32>
  // CHECK: chip.task "" "train.slice" "bp"
  %0 = train.slice %s {starts = array<i64: 0>, sizes = array<i64: 1>, steps = array<i64: 1>, phase = #train.phase<bp>, train.names = ["scale"]} : (tensor<4xf32>) -> tensor<1xf32>
  %scale = train.reshape %0 {train.names = ["scalar"]} : (tensor<1xf32>) -> tensor<f32>
  // CHECK: chip.task "" "train.clear_saturations" "bp" cores(1)
  // CHECK-NEXT: chip.v.clear.saturations()
  // MACH: mach.v.clear.saturations
  // MACH-NEXT: mach.fence
  train.clear_saturations {phase = #train.phase<bp>}
  // CHECK: chip.task "" "train.cross_entropy_grad"
  // CHECK: %[[SCALE:.*]] = chip.alloc[] extents [] core_stride []
  // CHECK: chip.v.cross.entropy.grad(%{{.*}}, %{{.*}}, %{{.*}}, %[[SCALE]]) mode = present scale = 5.000000e-01 {captures = ["dx"]}
  // MACH: mach.v.cross.entropy.grad {{.*}}mode = present
  %dx = train.cross_entropy_grad %x, %labels, %scale {rounding = #nearest, phase = #train.phase<bp>, train.names = ["dx"]} : (tensor<2x5xf32>, tensor<2xi32>, tensor<f32>) -> tensor<2x5x!f8>
  // CHECK: chip.task "" "train.saturations" "up"
  // CHECK: chip.v.saturations(%[[COUNT:.*]]) {captures = ["count"]}
  // CHECK-NEXT: chip.store %[[COUNT]]
  // MACH: mach.fence
  // MACH: mach.v.saturations
  %count = train.saturations {phase = #train.phase<up>, train.names = ["count"]} : () -> tensor<1xf32>
  // The state is updated in place.
  // CHECK: chip.task "" "train.loss_scale_update"
  // CHECK: %[[VIEW:.*]] = chip.view @loss_scale
  // CHECK: %[[STATE:.*]] = chip.alloc{{.*}} extents [4]
  // CHECK: chip.load %[[VIEW]] to %[[STATE]]
  // CHECK: chip.v.loss.scale(%[[STATE]], %[[FACTOR:[^,]*]], %{{.*}}) growth = 2.000000e+00 backoff = 5.000000e-01 interval = 1.000000e+02 least = 5.96046448E-8 most = 0x4B800000 {captures = ["next", "factor"]}
  // CHECK: chip.store %[[STATE]] to %[[VIEW]]
  %next, %factor = train.loss_scale_update %s, %count {interval = 100 : i64, phase = #train.phase<up>, train.names = ["next", "factor"]} : (tensor<4xf32>, tensor<1xf32>) -> (tensor<4xf32>, tensor<f32>)
  train.write @loss_scale, %next : tensor<4xf32>
  %total = train.square_sum %dx {phase = #train.phase<up>, train.names = ["total"]} : (tensor<2x5x!f8>) -> tensor<f32>
  // CHECK: chip.v.clip.factor(%{{.*}}, %{{.*}}, %{{.*}}) mode = present {captures = ["clipped"]}
  %clipped = train.clip_factor %total, %factor {phase = #train.phase<up>, train.names = ["clipped"]} : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return %clipped : tensor<f32>
}
