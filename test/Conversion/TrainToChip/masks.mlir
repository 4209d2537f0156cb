// Which tensors may saturate on purpose: what only a softmax reads and no parameter goes into, or a part of it does not.
// RUN: slp-opt %s --split-input-file --convert-train-to-chip --chip-fuse-nests=drains-only --chip-choose-layouts --chip-choose-tiles --chip-expand-nests | FileCheck %s

// A mask that is added to scores, from an input and from a constant; before the softmax the sum is scaled and turned.
// What the softmax gives is no mask, nor are scores that something else reads as well.
// CHECK: slp.masks = {mask = ["constant", "far"], scores = ["half", "masked", "moved", "turned"]}
// CHECK-LABEL: func.func @step()
train.state @w : tensor<4x4xf32>
func.func @step(%x: tensor<4x4xf32> {train.name = "x"}, %keep: tensor<1x4xf32> {train.name = "keep"})
    -> (tensor<4x4xf32> {train.name = "y"}, tensor<4x4xf32> {train.name = "z"}) {
  %constant = train.constant {train.names = ["constant"]} dense<-1.0e+9> : tensor<4x4xf32>
  %w = train.read @w {train.names = ["w/read"]} : tensor<4x4xf32>
  %scores = train.add %x, %w {train.names = ["scores"]} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %far = train.affine %keep {scale = 1.0e+9 : f32, offset = -1.0e+9 : f32, train.names = ["far"]} : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %masked = train.add %scores, %far {train.names = ["masked"]} : (tensor<4x4xf32>, tensor<1x4xf32>) -> tensor<4x4xf32>
  %moved = train.add %masked, %constant {train.names = ["moved"]} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %half = train.affine %moved {scale = 5.0e-1 : f32, offset = 0.0 : f32, train.names = ["half"]} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %turned = train.transpose %half {perm = array<i64: 1, 0>, train.names = ["turned"]} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %y = train.softmax %turned {train.names = ["y"]} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %read = train.affine %keep {scale = 2.0 : f32, offset = 0.0 : f32, train.names = ["read"]} : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %also = train.add %scores, %read {train.names = ["also"]} : (tensor<4x4xf32>, tensor<1x4xf32>) -> tensor<4x4xf32>
  %second = train.softmax %also {train.names = ["second"]} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %z = train.mul %second, %also {train.names = ["z"]} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %y, %z : tensor<4x4xf32>, tensor<4x4xf32>
}

// -----

// A mask that is selected, a large one that lies in a frozen state, and the logits of a loss under a mask. A trained state
// is no mask.
// CHECK: slp.masks = {mask = ["frozen", "frozen/read", "hide"], scores = ["chosen", "logits", "round"]}
// CHECK-LABEL: func.func @step()
train.state @frozen : tensor<4x4xf32> {frozen}
train.state @bias : tensor<4x4xf32>
func.func @step(%x: tensor<4x4xf32> {train.name = "x"}, %labels: tensor<4xi32> {train.name = "labels"})
    -> (tensor<f32> {train.name = "loss"}) {
  %frozen = train.read @frozen {train.names = ["frozen/read"]} : tensor<4x4xf32>
  %bias = train.read @bias {train.names = ["bias/read"]} : tensor<4x4xf32>
  %scores = train.mul %x, %bias {train.names = ["scores"]} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %biased = train.add %scores, %bias {train.names = ["biased"]} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %hide = train.less %x, %x {train.names = ["hide"]} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %chosen = train.select %hide, %frozen, %biased {train.names = ["chosen"]} : (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %round = train.round %chosen {rounding = #num.rounding<nearest_even>, train.names = ["round"]} : (tensor<4x4xf32>) -> tensor<4x4x!num.float<5, 10, 15, reserved, gradual>>
  %logits = train.reshape %round {train.names = ["logits"]} : (tensor<4x4x!num.float<5, 10, 15, reserved, gradual>>) -> tensor<4x4x!num.float<5, 10, 15, reserved, gradual>>
  %loss, %losses = train.cross_entropy %logits, %labels {train.names = ["loss", "losses"]}
      : (tensor<4x4x!num.float<5, 10, 15, reserved, gradual>>, tensor<4xi32>) -> (tensor<f32>, tensor<4xf32>)
  return %loss : tensor<f32>
}

// -----

// Nothing of the kind: no attribute.
// CHECK-NOT: slp.masks
// CHECK-LABEL: func.func @step()
train.state @v : tensor<4x4xf32>
func.func @step(%x: tensor<4x4xf32> {train.name = "x"}) -> (tensor<4x4xf32> {train.name = "y"}) {
  %v = train.read @v {train.names = ["v/read"]} : tensor<4x4xf32>
  %scores = train.add %x, %v {train.names = ["scores"]} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %y = train.relu %scores {train.names = ["y"]} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// -----

// A parameter that is added to the scores of attention may be a mask that the exporter has made a parameter of. One that
// multiplies them is none.
// CHECK: slp.masks = {scores = ["bias", "bias/read", "sum"]}
// CHECK-LABEL: func.func @step()
train.state @bias : tensor<4x4xf32>
train.state @scale : tensor<4x4xf32>
func.func @step(%x: tensor<4x4xf32> {train.name = "x"}) -> (tensor<4x4xf32> {train.name = "y"}) {
  %bias = train.read @bias {train.names = ["bias/read"]} : tensor<4x4xf32>
  %scale = train.read @scale {train.names = ["scale/read"]} : tensor<4x4xf32>
  %tanh = train.tanh %scale {train.names = ["tanh"]} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %scores = train.mul %tanh, %x {train.names = ["scores"]} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %sum = train.add %scores, %bias {train.names = ["sum"]} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %y = train.softmax %sum {train.names = ["y"]} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}
