//===- OpsTest.cpp - ops of the reference against values worked out by hand -------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Convolutions and matrix products are in GradientTest.cpp and AccumulatorTest.cpp.
//
//===----------------------------------------------------------------------------------------===//

#include "EvaluateModule.h"

using namespace slp;
using namespace slp::reference;
using Values = std::vector<float>;

TEST(Ops, Elementwise) {
  EvaluatedModule m(R"mlir(
func.func @f(%x: tensor<1x2x2xf32> {train.name = "x"}, %b: tensor<2xf32> {train.name = "b"}) {
  %r = train.relu %x {train.names = ["relu"]} : (tensor<1x2x2xf32>) -> tensor<1x2x2xf32>
  %g = train.relu_grad %x, %r {train.names = ["relu_grad"]} : (tensor<1x2x2xf32>, tensor<1x2x2xf32>) -> tensor<1x2x2xf32>
  %a = train.add %x, %r {train.names = ["add"]} : (tensor<1x2x2xf32>, tensor<1x2x2xf32>) -> tensor<1x2x2xf32>
  %c = train.bias_add %x, %b {train.names = ["bias_add"]} : (tensor<1x2x2xf32>, tensor<2xf32>) -> tensor<1x2x2xf32>
  %s = train.reshape %x {train.names = ["reshape"]} : (tensor<1x2x2xf32>) -> tensor<4xf32>
  return
})mlir");
  NamedTensors r = m.run(
      "f", {{"x", makeTensor({1, 2, 2}, {1, -2, 0.5f, -0.0f})}, {"b", makeTensor({2}, {10, 2})}});
  EXPECT_EQ(r["relu"].values, (Values{1, 0, 0.5f, 0}));
  EXPECT_EQ(r["relu_grad"].values, (Values{1, 0, 0.5f, 0}));
  EXPECT_EQ(r["add"].values, (Values{2, -2, 1, 0}));
  EXPECT_FALSE(std::signbit(r["add"][3]));
  EXPECT_EQ(r["bias_add"].values, (Values{11, 8, 2.5f, 2}));
  EXPECT_EQ(r["reshape"].values, (Values{1, -2, 0.5f, 0}));
  EXPECT_EQ(r["reshape"].shape, (llvm::SmallVector<int64_t>{4}));
}

TEST(Ops, GradientsAreZeroWhereTheSlopeIsInfinite) {
  EvaluatedModule m(R"mlir(
func.func @f(%x: tensor<4xf32> {train.name = "x"}, %dy: tensor<4xf32> {train.name = "dy"}) {
  %y = train.sqrt %x {train.names = ["sqrt"]} : (tensor<4xf32>) -> tensor<4xf32>
  %s = train.sqrt_grad %dy, %y {train.names = ["sqrt_grad"]} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %p = train.power_grad %dy, %x {exponent = 0.5 : f32, train.names = ["power_grad"]} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %q = train.power_grad %dy, %x {exponent = 1.0 : f32, train.names = ["power_grad of 1"]} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return
})mlir");
  NamedTensors r = m.run("f", {{"x", makeTensor({4}, {0, 0x1p-128f, 0x1p-126f, 4})},
                               {"dy", makeTensor({4}, {2, 0x1p-30f, 0x1p-20f, 2})}});
  EXPECT_EQ(r["sqrt_grad"].values, (Values{0, 0x1p33f, 0x1p42f, 0.5f}));
  EXPECT_EQ(r["power_grad"][0], 0);
  EXPECT_EQ(r["power_grad of 1"][0], 2);
}

TEST(Ops, BiasGradAddsStripsInOrder) {
  EvaluatedModule m(R"mlir(
func.func @f(%x: tensor<2x1x2x2xf32> {train.name = "x"}, %y: tensor<3x2xf32> {train.name = "y"}) {
  %a = train.bias_grad %x {train.names = ["a"]} : (tensor<2x1x2x2xf32>) -> tensor<1xf32>
  %b = train.bias_grad %y {train.names = ["b"]} : (tensor<3x2xf32>) -> tensor<2xf32>
  return
})mlir");
  // x: row (1, 1) makes 2, which survives next to 2^24; the quarters of image 1 make 1/2,
  // which is lost. y: its images are columns of one strip, (v0 + v2) + v1.
  NamedTensors r =
      m.run("f", {{"x", makeTensor({2, 1, 2, 2}, {16777216.0f, 0, 1, 1, 0.25f, 0, 0.25f, 0})},
                  {"y", makeTensor({3, 2}, {16777216.0f, 1, 1, 1, 1, 16777216.0f})}});
  EXPECT_EQ(r["a"].values, (Values{16777218.0f}));
  EXPECT_EQ(r["b"].values, (Values{16777216.0f, 16777216.0f}));
}

TEST(Ops, StatisticsJoinParts) {
  EvaluatedModule m(R"mlir(
func.func @f(%x: tensor<3x1xf32> {train.name = "x"}, %y: tensor<2x2x1xf32> {train.name = "y"}) {
  %a, %b = train.statistics %x {train.names = ["mean", "var"]} : (tensor<3x1xf32>) -> (tensor<1x1xf32>, tensor<1x1xf32>)
  %c, %d = train.statistics %y {train.names = ["means", "vars"]} : (tensor<2x2x1xf32>) -> (tensor<1x2x1xf32>, tensor<1x2x1xf32>)
  return
})mlir");
  // x: one part, k = 1, differences 0, 1, 5: 26 - 6 * 2. y: two parts of one element each; the
  // second channel is so far from 0 that its mean is rounded.
  NamedTensors r = m.run("f", {{"x", makeTensor({3, 1}, {1, 2, 6})},
                               {"y", makeTensor({2, 2, 1}, {1, 16777216.0f, 4, 16777218.0f})}});
  EXPECT_EQ(r["mean"].values, (Values{3}));
  EXPECT_EQ(r["var"].values, (Values{14.0f / 3.0f}));
  EXPECT_EQ(r["means"].values, (Values{2.5f, 16777216.0f}));
  EXPECT_EQ(r["vars"].values, (Values{2.25f, 1.0f}));
}

TEST(Ops, MaxPoolTakesTheFirstOfEqualElements) {
  EvaluatedModule m(R"mlir(
func.func @f(%x: tensor<1x1x3x3xf32> {train.name = "x"}, %dy: tensor<1x1x2x2xf32> {train.name = "dy"}) {
  %y, %i = train.max_pool %x {kernel = array<i64: 2, 2>, pads = array<i64: 1, 1, 0, 0>, strides = array<i64: 2, 2>, train.names = ["y", "i"]}
    : (tensor<1x1x3x3xf32>) -> (tensor<1x1x2x2xf32>, tensor<1x1x2x2xi8>)
  %dx = train.max_pool_grad %dy, %i {kernel = array<i64: 2, 2>, pads = array<i64: 1, 1, 0, 0>, strides = array<i64: 2, 2>, input_shape = array<i64: 1, 1, 3, 3>, train.names = ["dx"]}
    : (tensor<1x1x2x2xf32>, tensor<1x1x2x2xi8>) -> tensor<1x1x3x3xf32>
  %z, %j = train.max_pool %x {kernel = array<i64: 2, 2>, train.names = ["z", "j"]}
    : (tensor<1x1x3x3xf32>) -> (tensor<1x1x2x2xf32>, tensor<1x1x2x2xi8>)
  %dz = train.max_pool_grad %dy, %j {kernel = array<i64: 2, 2>, input_shape = array<i64: 1, 1, 3, 3>, train.names = ["dz"]}
    : (tensor<1x1x2x2xf32>, tensor<1x1x2x2xi8>) -> tensor<1x1x3x3xf32>
  return
})mlir");
  NamedTensors r = m.run("f", {{"x", makeTensor({1, 1, 3, 3}, {-1, 2, 2, 3, 9, 5, -4, 5, 5})},
                               {"dy", makeTensor({1, 1, 2, 2}, {1, 2, 4, 8})}});
  // Padding is absent, not zero: the corner window holds only -1, at tap 3.
  EXPECT_EQ(r["y"].values, (Values{-1, 2, 3, 9}));
  EXPECT_EQ(r["i"].values, (Values{3, 2, 1, 0}));
  EXPECT_EQ(r["dx"].values, (Values{1, 2, 0, 4, 8, 0, 0, 0, 0}));
  EXPECT_EQ(r["z"].values, (Values{9, 9, 9, 9}));
  EXPECT_EQ(r["j"].values, (Values{3, 2, 1, 0}));
  EXPECT_EQ(r["dz"].values, (Values{0, 0, 0, 0, 15, 0, 0, 0, 0}));
}

TEST(Ops, AveragePoolCountsPaddingOnlyIfAsked) {
  EvaluatedModule m(R"mlir(
func.func @f(%x: tensor<1x1x3x3xf32> {train.name = "x"}, %dy: tensor<1x1x2x2xf32> {train.name = "dy"}) {
  %y = train.avg_pool %x {kernel = array<i64: 2, 2>, pads = array<i64: 1, 1, 0, 0>, strides = array<i64: 2, 2>, train.names = ["y"]}
    : (tensor<1x1x3x3xf32>) -> tensor<1x1x2x2xf32>
  %z = train.avg_pool %x {count_include_pad, kernel = array<i64: 2, 2>, pads = array<i64: 1, 1, 0, 0>, strides = array<i64: 2, 2>, train.names = ["z"]}
    : (tensor<1x1x3x3xf32>) -> tensor<1x1x2x2xf32>
  %dx = train.avg_pool_grad %dy {kernel = array<i64: 2, 2>, pads = array<i64: 1, 1, 0, 0>, strides = array<i64: 2, 2>, input_shape = array<i64: 1, 1, 3, 3>, train.names = ["dx"]}
    : (tensor<1x1x2x2xf32>) -> tensor<1x1x3x3xf32>
  %dz = train.avg_pool_grad %dy {count_include_pad, kernel = array<i64: 2, 2>, pads = array<i64: 1, 1, 0, 0>, strides = array<i64: 2, 2>, input_shape = array<i64: 1, 1, 3, 3>, train.names = ["dz"]}
    : (tensor<1x1x2x2xf32>) -> tensor<1x1x3x3xf32>
  return
})mlir");
  NamedTensors r = m.run("f", {{"x", makeTensor({1, 1, 3, 3}, {8, 2, 4, 6, 1, 2, 10, 3, 6})},
                               {"dy", makeTensor({1, 1, 2, 2}, {1, 2, 4, 8})}});
  EXPECT_EQ(r["y"].values, (Values{8, 3, 8, 3}));
  EXPECT_EQ(r["z"].values, (Values{2, 1.5f, 4, 3}));
  EXPECT_EQ(r["dx"].values, (Values{1, 1, 1, 2, 2, 2, 2, 2, 2}));
  EXPECT_EQ(r["dz"].values, (Values{0.25f, 0.5f, 0.5f, 1, 2, 2, 1, 2, 2}));
}

TEST(Ops, CeilModeCountsWhatLiesWithinThePadding) {
  EvaluatedModule m(R"mlir(
func.func @f(%x: tensor<1x1x1x4xf32> {train.name = "x"}) {
  %y = train.avg_pool %x {ceil_mode, kernel = array<i64: 1, 3>, pads = array<i64: 0, 1, 0, 1>, strides = array<i64: 1, 2>, train.names = ["y"]}
    : (tensor<1x1x1x4xf32>) -> tensor<1x1x1x3xf32>
  %z = train.avg_pool %x {ceil_mode, count_include_pad, kernel = array<i64: 1, 3>, pads = array<i64: 0, 1, 0, 1>, strides = array<i64: 1, 2>, train.names = ["z"]}
    : (tensor<1x1x1x4xf32>) -> tensor<1x1x1x3xf32>
  %w, %i = train.max_pool %x {ceil_mode, kernel = array<i64: 1, 3>, strides = array<i64: 1, 3>, train.names = ["w", "i"]}
    : (tensor<1x1x1x4xf32>) -> (tensor<1x1x1x2xf32>, tensor<1x1x1x2xi8>)
  return
})mlir");
  NamedTensors r = m.run("f", {{"x", makeTensor({1, 1, 1, 4}, {3, 6, 9, 12})}});
  // Windows at -1, 1 and 3; the last holds 12, one element of padding and one beyond it.
  EXPECT_EQ(r["y"].values, (Values{4.5f, 9, 12}));
  EXPECT_EQ(r["z"].values, (Values{3, 9, 6}));
  EXPECT_EQ(r["w"].values, (Values{9, 12}));
  EXPECT_EQ(r["i"].values, (Values{2, 0}));
}

TEST(Ops, MaxPoolWindowOfPaddingOnlyIsAnError) {
  EvaluatedModule m(R"mlir(
func.func @f(%x: tensor<1x1x1x1xf32> {train.name = "x"}) {
  %y, %i = train.max_pool %x {kernel = array<i64: 2, 2>, pads = array<i64: 2, 2, 2, 2>, dilations = array<i64: 4, 4>}
    : (tensor<1x1x1x1xf32>) -> (tensor<1x1x1x1xf32>, tensor<1x1x1x1xi8>)
  return
})mlir");
  m.run("f", {{"x", makeTensor({1, 1, 1, 1}, {1})}});
  EXPECT_NE(m.error.find("every element is padding"), std::string::npos) << m.error;
}

TEST(Ops, LossOfUniformLogits) {
  EvaluatedModule m(R"mlir(
func.func @f(%x: tensor<2x4xf32> {train.name = "x"}, %labels: tensor<2xi32> {train.name = "labels"}) {
  %loss, %each = train.cross_entropy %x, %labels {train.names = ["loss", "each"]} : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2xf32>)
  %dx = train.cross_entropy_grad %x, %labels {loss_scale = 16.0 : f32, train.names = ["dx"]} : (tensor<2x4xf32>, tensor<2xi32>) -> tensor<2x4xf32>
  %y = train.softmax %x {train.names = ["y"]} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return
})mlir");
  NamedTensors r = m.run("f", {{"x", makeTensor({2, 4}, {7, 7, 7, 7, -1, -1, -1, -1})},
                               {"labels", makeTensor({2}, {2, -1})}});
  EXPECT_EQ(r["y"].values, Values(8, 0.25f));
  // k = 16 / 2. A label that is no class has no -1; its loss is log(s) + m.
  EXPECT_EQ(r["dx"].values, (Values{2, 2, -6, 2, 2, 2, 2, 2}));
  EXPECT_FLOAT_EQ(r["each"][0], 1.3862944f);
  EXPECT_FLOAT_EQ(r["each"][1], 0.3862944f);
  EXPECT_FLOAT_EQ(r["loss"][0], 0.8862944f);
  EXPECT_TRUE(r["loss"].shape.empty());
}
