// Weight groups of the convolutions behind the first: masks, pulls of updates, and @refresh.
// RUN: slp-opt %s --train-differentiate --train-group-weights | FileCheck %s
// RUN: slp-opt %s --train-differentiate --train-group-weights --remarks-filter=sparsity -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// With micro-batches @accumulate has the masks too; the update takes the factor and the pull.
// RUN: slp-opt %s --train-differentiate="optimizer=adam clip-norm=true micro-batches=2" --train-group-weights="layers=second" | FileCheck %s --check-prefix=MICRO
// The first one by its name, and a glob that takes all.
// RUN: slp-opt %s --train-differentiate --train-group-weights="layers=f*,up" | FileCheck %s --check-prefix=NAMED
// RUN: slp-opt %s --train-differentiate --train-group-weights="layers=*" --remarks-filter=sparsity -o /dev/null 2>&1 | FileCheck %s --check-prefix=ALL
// What the pass leaves is what the later passes take: masks are fp8, means and numbers f32.
// RUN: slp-opt %s --train-differentiate --train-group-weights --train-scale-loss --train-assign-precision="target=asu-fp8 policy=fp8 loss-scale=1" --train-copy-weights --train-name-tensors | FileCheck %s --check-prefix=FP8
// Errors are one line each.
// RUN: not slp-opt %s --train-group-weights 2>&1 | FileCheck %s --check-prefix=STAGE
// RUN: not slp-opt %s --train-differentiate --train-group-weights="target=lnpu" 2>&1 | FileCheck %s --check-prefix=CHIP
// RUN: not slp-opt %s --train-differentiate --train-group-weights="layers=third" 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not slp-opt %s --train-differentiate --train-group-weights="layers=grouped" 2>&1 | FileCheck %s --check-prefix=GROUPED
// RUN: not slp-opt %s --train-differentiate --train-group-weights="layers=dense" 2>&1 | FileCheck %s --check-prefix=DENSE
// RUN: not slp-opt %s --train-differentiate --train-group-weights="layers=cold" 2>&1 | FileCheck %s --check-prefix=COLD
// RUN: not slp-opt %s --train-differentiate="freeze=v,u" --train-group-weights 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not slp-opt %s --train-differentiate --train-group-weights --train-group-weights 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: echo '{base: asu-fp8, name: tall, mechanisms: {weight-groups.output_channels: {value: 16, unit: channels, from: assumed}}}' > %t.yaml
// RUN: not slp-opt %s --train-differentiate --train-group-weights="target=%t.yaml" 2>&1 | FileCheck %s --check-prefix=SIZE

// STAGE: error: weight groups: expected a module of stage differentiate, found none
// CHIP: error: weight groups: need the feature weight-groups, which chip lnpu lacks
// UNKNOWN: error: weight groups: layer "third" names no layer of the model, whose layers are first, second, grouped, cold, up, dense
// GROUPED: error: weight groups: layer "grouped" is a convolution in 2 groups, expected a convolution of one group whose weights are trained
// DENSE: error: weight groups: layer "dense" is a matrix product, expected
// COLD: error: weight groups: layer "cold" has weights that are not trained, expected
// NONE: error: weight groups: the model has no layer for them: expected a convolution of one group whose weights are trained, behind the first
// TWICE: error: weight groups: the model has @weight_groups of its own
// SIZE: error: weight groups: chip tall has weight-groups.output_channels = 16, and only 8 is implemented

// REMARK: remark: {{.*}}no weight groups: it is a convolution in 2 groups
// REMARK: remark: {{.*}}no weight groups: it has weights that are not trained
// REMARK-NOT: matrix
// REMARK: remark: {{.*}}2 x 1 weight groups at each of 3 x 3 taps
// REMARK: remark: {{.*}}2 x 1 weight groups at each of 2 x 2 taps

// ALL: remark: {{.*}}no weight groups: it is a matrix product
// ALL: remark: {{.*}}1 x 1 weight groups at each of 3 x 3 taps

// CHECK: train.state @v.groups : tensor<2x1x3x3xf32> {init = dense<1.000000e+00> : tensor<2x1x3x3xf32>, statistic}
// CHECK-NEXT: train.state @v.groups.means : tensor<2x1x3x3xf32> {statistic}
// CHECK-NEXT: train.state @u.groups : tensor<2x1x2x2xf32>
// CHECK-NEXT: train.state @u.groups.means
// CHECK-NEXT: train.state @weight_groups : tensor<3xf32> {statistic}
// CHECK-LABEL: func.func @eval
// CHECK-DAG: %[[V:.*]] = train.read @v.groups :
// CHECK-DAG: %[[U:.*]] = train.read @u.groups :
// CHECK: train.conv %{{[^ ]*}}, %{{[^ ]*}} {pads
// CHECK: train.conv %{{.*}} groups %[[V]] :
// CHECK: train.conv_bp %{{.*}} groups %[[U]] {
// CHECK-LABEL: func.func @refresh() {
// CHECK: %[[MASK:.*]] = train.read @v.groups
// CHECK: %[[MEANS:.*]] = train.read @v.groups.means
// CHECK: %[[W:.*]] = train.read @v :
// CHECK: %[[N:.*]] = train.read @weight_groups
// CHECK: %[[M2:.*]], %[[A2:.*]] = train.group_refresh %[[MASK]], %[[MEANS]], %[[W]], %[[N]] {phase = #train.phase<up>}
// CHECK: train.write @v.groups, %[[M2]]
// CHECK: train.write @v.groups.means, %[[A2]]
// CHECK: train.write @u.groups,

// MICRO-LABEL: func.func @step
// MICRO: %[[A:.*]] = train.read @v.groups :
// MICRO: train.conv_wg %{{.*}} groups
// MICRO: %[[PULL:.*]], %{{.*}}, %{{.*}} = train.group_pull
// MICRO-NEXT: train.adam %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} pull %[[PULL]] {micro_batches = 2
// MICRO-LABEL: func.func @accumulate
// MICRO-DAG: train.conv %{{.*}} groups
// MICRO-DAG: train.conv_bp %{{.*}} groups
// MICRO-DAG: train.conv_wg %{{.*}} groups
// MICRO-NOT: group_pull

// NAMED: train.state @w.groups :
// NAMED-NOT: @v.groups
// NAMED: train.state @u.groups :

// FP8: train.state @v.groups : tensor<2x1x3x3x!num{{.*}}5{{.*}}2{{.*}}> {init = dense<1.000000e+00>
// FP8: train.state @v.groups.means : tensor<2x1x3x3xf32>
// FP8-LABEL: func.func @step
// FP8: train.sgd %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} pull %{{.*}} {{.*}}train.names = ["v/next", "v.velocity/next"]
// FP8-LABEL: func.func @refresh
// FP8: train.names = ["refresh:v.groups/next", "refresh:v.groups.means/next"]

train.state @w : tensor<8x3x3x3xf32> {init = #train.random<"w", seed = 1, fan_in = 27>}
train.state @v : tensor<12x8x3x3xf32> {init = #train.random<"v", seed = 1, fan_in = 72>}
train.state @g : tensor<12x6x1x1xf32> {init = #train.random<"g", seed = 1, fan_in = 6>}
train.state @c : tensor<12x12x1x1xf32> {frozen, init = #train.random<"c", seed = 1, fan_in = 12>}
train.state @u : tensor<12x5x2x2xf32> {init = #train.random<"u", seed = 1, fan_in = 48>}
train.state @d : tensor<320x4xf32> {init = #train.random<"d", seed = 1, fan_in = 320>}
func.func @step(%x: tensor<2x3x6x6xf32> {train.name = "x"}, %labels: tensor<2xi32> {train.classes = 4 : i64, train.name = "labels", train.role = "labels"})
    -> (tensor<f32> {train.name = "loss", train.role = "loss"}, tensor<2x4xf32> {train.name = "logits", train.role = "logits"}) {
  %w = train.read @w : tensor<8x3x3x3xf32>
  %v = train.read @v : tensor<12x8x3x3xf32>
  %g = train.read @g : tensor<12x6x1x1xf32>
  %c = train.read @c : tensor<12x12x1x1xf32>
  %u = train.read @u : tensor<12x5x2x2xf32>
  %d = train.read @d : tensor<320x4xf32>
  %0 = train.conv %x, %w {pads = array<i64: 1, 1, 1, 1>} : (tensor<2x3x6x6xf32>, tensor<8x3x3x3xf32>) -> tensor<2x8x6x6xf32> loc("first")
  %1 = train.conv %0, %v : (tensor<2x8x6x6xf32>, tensor<12x8x3x3xf32>) -> tensor<2x12x4x4xf32> loc("second")
  %2 = train.conv %1, %g {group = 2 : i64} : (tensor<2x12x4x4xf32>, tensor<12x6x1x1xf32>) -> tensor<2x12x4x4xf32> loc("grouped")
  %3 = train.conv %2, %c : (tensor<2x12x4x4xf32>, tensor<12x12x1x1xf32>) -> tensor<2x12x4x4xf32> loc("cold")
  %4 = train.conv_bp %3, %u {input_shape = array<i64: 2, 5, 8, 8>, strides = array<i64: 2, 2>} : (tensor<2x12x4x4xf32>, tensor<12x5x2x2xf32>) -> tensor<2x5x8x8xf32> loc("up")
  %5 = train.reshape %4 : (tensor<2x5x8x8xf32>) -> tensor<2x320xf32>
  %6 = train.matmul %5, %d : (tensor<2x320xf32>, tensor<320x4xf32>) -> tensor<2x4xf32> loc("dense")
  %loss, %losses = train.cross_entropy %6, %labels : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2xf32>)
  return %loss, %6 : tensor<f32>, tensor<2x4xf32>
}
