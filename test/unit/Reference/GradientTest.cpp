//===- GradientTest.cpp - gradients of the reference against differences ----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The gradient of L = sum(dy * y) by the reference's own backward ops, against central differences
// of L. Inputs are multiples of 1/16, so that for ops linear in each operand both are exact.
//
//===----------------------------------------------------------------------------------------===//

#include "EvaluateModule.h"

#include <cmath>

using namespace slp;
using namespace slp::reference;

namespace {

/// What to vary and where its gradient is found.
struct Gradient {
  std::string input, gradient;
};

/// sum(dy * y), or `y` itself if it is a scalar.
double lossOf(EvaluatedModule &m, const NamedTensors &inputs) {
  NamedTensors results = m.run("f", inputs);
  const Tensor &y = results.at("y");
  if (y.shape.empty())
    return y[0];
  const Tensor &dy = inputs.at("dy");
  double loss = 0;
  for (size_t i = 0; i < y.values.size(); ++i)
    loss += static_cast<double>(dy[i]) * y[i];
  return loss;
}

void checkGradients(const std::string &ir, NamedTensors inputs, llvm::ArrayRef<Gradient> gradients,
                    float step, double tolerance) {
  EvaluatedModule m(ir);
  NamedTensors results = m.run("f", inputs);
  ASSERT_FALSE(results.empty()) << m.error;
  for (const Gradient &g : gradients) {
    Tensor &x = inputs.at(g.input);
    const Tensor &dx = results.at(g.gradient);
    ASSERT_EQ(x.values.size(), dx.values.size());
    bool some = false;
    for (size_t i = 0; i < x.values.size(); ++i) {
      float saved = x[i];
      x[i] = saved + step;
      double above = lossOf(m, inputs);
      x[i] = saved - step;
      double below = lossOf(m, inputs);
      x[i] = saved;
      some |= dx[i] != 0;
      ASSERT_NEAR(dx[i], (above - below) / (2 * step), tolerance) << g.gradient << " element " << i;
    }
    EXPECT_TRUE(some) << g.gradient << " is all zero";
  }
}

std::string type(llvm::ArrayRef<int64_t> shape) {
  std::string text = "tensor<";
  for (int64_t extent : shape)
    text += std::to_string(extent) + "x";
  return text + "f32>";
}

std::string array(llvm::ArrayRef<int64_t> values) {
  std::string text = "array<i64: ";
  for (auto [i, value] : llvm::enumerate(values))
    text += (i ? ", " : "") + std::to_string(value);
  return text + ">";
}

std::string argument(const std::string &name, llvm::ArrayRef<int64_t> shape) {
  return "%" + name + ": " + type(shape) + " {train.name = \"" + name + "\"}";
}

struct Convolution {
  int64_t images, in, height, width, out, kernelH, kernelW;
  llvm::SmallVector<int64_t> strides, pads, dilations;
  int64_t group;
};

class ConvolutionGradient : public testing::TestWithParam<Convolution> {};

} // namespace

TEST_P(ConvolutionGradient, EqualsDifference) {
  const Convolution &p = GetParam();
  train::Window w = train::makeWindow({p.kernelH, p.kernelW}, p.strides, p.pads, p.dilations);
  llvm::SmallVector<int64_t> x = {p.images, p.in, p.height, p.width};
  llvm::SmallVector<int64_t> k = {p.out, p.in / p.group, p.kernelH, p.kernelW};
  llvm::SmallVector<int64_t> y = {p.images, p.out, w.outputRows(p.height),
                                  w.outputColumns(p.width)};
  std::string window = "strides = " + array(p.strides) + ", pads = " + array(p.pads) +
                       ", dilations = " + array(p.dilations) +
                       ", group = " + std::to_string(p.group) + " : i64";
  std::string ir =
      "func.func @f(" + argument("x", x) + ", " + argument("w", k) + ", " + argument("b", {p.out}) +
      ", " + argument("dy", y) + ") {\n" + "  %y = train.conv %x, %w, %b {train.names = [\"y\"], " +
      window + "} : (" + type(x) + ", " + type(k) + ", " + type({p.out}) + ") -> " + type(y) +
      "\n" + "  %dx = train.conv_bp %dy, %w {train.names = [\"dx\"], input_shape = " + array(x) +
      ", " + window + "} : (" + type(y) + ", " + type(k) + ") -> " + type(x) + "\n" +
      "  %dw = train.conv_wg %x, %dy {train.names = [\"dw\"], kernel = " +
      array({p.kernelH, p.kernelW}) + ", " + window + "} : (" + type(x) + ", " + type(y) + ") -> " +
      type(k) + "\n" + "  %db = train.bias_grad %dy {train.names = [\"db\"]} : (" + type(y) +
      ") -> " + type({p.out}) + "\n  return\n}";
  checkGradients(ir,
                 {{"x", makeExact(x, 1)},
                  {"w", makeExact(k, 2)},
                  {"b", makeExact({p.out}, 3)},
                  {"dy", makeExact(y, 4)}},
                 {{"x", "dx"}, {"w", "dw"}, {"b", "db"}}, 0.25f, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Windows, ConvolutionGradient,
    testing::Values(Convolution{2, 3, 5, 5, 4, 3, 3, {1, 1}, {1, 1, 1, 1}, {1, 1}, 1},
                    Convolution{1, 2, 6, 5, 3, 3, 2, {2, 1}, {0, 1, 2, 0}, {1, 1}, 1},
                    Convolution{1, 9, 3, 4, 10, 2, 2, {1, 2}, {0, 0, 0, 0}, {1, 1}, 1},
                    Convolution{1, 4, 7, 6, 6, 2, 3, {3, 2}, {2, 1, 0, 3}, {2, 1}, 2},
                    Convolution{2, 3, 4, 4, 6, 3, 3, {1, 1}, {1, 1, 1, 1}, {1, 1}, 3},
                    Convolution{1, 2, 5, 5, 2, 1, 1, {2, 2}, {0, 0, 0, 0}, {1, 1}, 1}));

TEST(Gradient, MatMul) {
  // y = a b, da = dy b^T, db = a^T dy, bias' = column sums.
  checkGradients(R"mlir(
func.func @f(%a: tensor<3x9xf32> {train.name = "a"}, %b: tensor<9x2xf32> {train.name = "b"}, %c: tensor<2xf32> {train.name = "c"}, %dy: tensor<3x2xf32> {train.name = "dy"}) {
  %y = train.matmul %a, %b, %c {train.names = ["y"]} : (tensor<3x9xf32>, tensor<9x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  %da = train.matmul %dy, %b {transpose_b, train.names = ["da"]} : (tensor<3x2xf32>, tensor<9x2xf32>) -> tensor<3x9xf32>
  %db = train.matmul %a, %dy {transpose_a, train.names = ["db"]} : (tensor<3x9xf32>, tensor<3x2xf32>) -> tensor<9x2xf32>
  %dc = train.bias_grad %dy {train.names = ["dc"]} : (tensor<3x2xf32>) -> tensor<2xf32>
  return
})mlir",
                 {{"a", makeExact({3, 9}, 1)},
                  {"b", makeExact({9, 2}, 2)},
                  {"c", makeExact({2}, 3)},
                  {"dy", makeExact({3, 2}, 4)}},
                 {{"a", "da"}, {"b", "db"}, {"c", "dc"}}, 0.25f, 0);
}

TEST(Gradient, BatchesOfMatrices) {
  // y = a b^T in each batch, da = dy b, db = dy^T a.
  checkGradients(R"mlir(
func.func @f(%a: tensor<2x3x9xf32> {train.name = "a"}, %b: tensor<2x4x9xf32> {train.name = "b"}, %dy: tensor<2x3x4xf32> {train.name = "dy"}) {
  %y = train.matmul %a, %b {transpose_b, train.names = ["y"]} : (tensor<2x3x9xf32>, tensor<2x4x9xf32>) -> tensor<2x3x4xf32>
  %da = train.matmul %dy, %b {train.names = ["da"]} : (tensor<2x3x4xf32>, tensor<2x4x9xf32>) -> tensor<2x3x9xf32>
  %db = train.matmul %dy, %a {transpose_a, train.names = ["db"]} : (tensor<2x3x4xf32>, tensor<2x3x9xf32>) -> tensor<2x4x9xf32>
  return
})mlir",
                 {{"a", makeExact({2, 3, 9}, 1)},
                  {"b", makeExact({2, 4, 9}, 2)},
                  {"dy", makeExact({2, 3, 4}, 4)}},
                 {{"a", "da"}, {"b", "db"}}, 0.25f, 0);
}

TEST(Gradient, TransposedConvolution) {
  // Two groups, a stride, and an output larger than the windows reach.
  std::string window = "strides = array<i64: 2, 3>, pads = array<i64: 1, 0, -1, 0>, dilations = "
                       "array<i64: 1, 2>, group = 2 : i64";
  checkGradients(
      "func.func @f(%x: tensor<2x4x3x2xf32> {train.name = \"x\"}, %w: tensor<4x3x3x2xf32> "
      "{train.name = \"w\"}, %dy: tensor<2x6x7x6xf32> {train.name = \"dy\"}) {\n"
      "  %y = train.conv_bp %x, %w {input_shape = array<i64: 2, 6, 7, 6>, train.names = [\"y\"], " +
          window +
          "} : (tensor<2x4x3x2xf32>, tensor<4x3x3x2xf32>) -> tensor<2x6x7x6xf32>\n"
          "  %dx = train.conv %dy, %w {train.names = [\"dx\"], " +
          window +
          "} : (tensor<2x6x7x6xf32>, tensor<4x3x3x2xf32>) -> tensor<2x4x3x2xf32>\n"
          "  %dw = train.conv_wg %dy, %x {kernel = array<i64: 3, 2>, train.names = [\"dw\"], " +
          window +
          "} : (tensor<2x6x7x6xf32>, tensor<2x4x3x2xf32>) -> tensor<4x3x3x2xf32>\n  return\n}",
      {{"x", makeExact({2, 4, 3, 2}, 1)},
       {"w", makeExact({4, 3, 3, 2}, 2)},
       {"dy", makeExact({2, 6, 7, 6}, 4)}},
      {{"x", "dx"}, {"w", "dw"}}, 0.25f, 0);
}

/// Distinct multiples of 1/16, shifted off zero.
static Tensor makeDistinct(llvm::ArrayRef<int64_t> shape) {
  Tensor tensor(shape);
  int64_t n = tensor.values.size();
  for (int64_t i = 0; i < n; ++i)
    tensor[i] = static_cast<float>(i * 37 % n - n / 2) / 16.0f + 1.0f / 32.0f;
  return tensor;
}

TEST(Gradient, Relu) {
  checkGradients(R"mlir(
func.func @f(%x: tensor<2x7xf32> {train.name = "x"}, %dy: tensor<2x7xf32> {train.name = "dy"}) {
  %y = train.relu %x {train.names = ["y"]} : (tensor<2x7xf32>) -> tensor<2x7xf32>
  %dx = train.relu_grad %dy, %y {train.names = ["dx"]} : (tensor<2x7xf32>, tensor<2x7xf32>) -> tensor<2x7xf32>
  return
})mlir",
                 {{"x", makeDistinct({2, 7})}, {"dy", makeExact({2, 7}, 2)}}, {{"x", "dx"}},
                 0.015625f, 0);
}

TEST(Gradient, MaxPool) {
  checkGradients(R"mlir(
func.func @f(%x: tensor<1x2x5x6xf32> {train.name = "x"}, %dy: tensor<1x2x3x3xf32> {train.name = "dy"}) {
  %y, %i = train.max_pool %x {kernel = array<i64: 3, 2>, strides = array<i64: 2, 2>, pads = array<i64: 1, 0, 1, 1>, train.names = ["y", "i"]}
    : (tensor<1x2x5x6xf32>) -> (tensor<1x2x3x3xf32>, tensor<1x2x3x3xi8>)
  %dx = train.max_pool_grad %dy, %i {kernel = array<i64: 3, 2>, strides = array<i64: 2, 2>, pads = array<i64: 1, 0, 1, 1>, input_shape = array<i64: 1, 2, 5, 6>, train.names = ["dx"]}
    : (tensor<1x2x3x3xf32>, tensor<1x2x3x3xi8>) -> tensor<1x2x5x6xf32>
  return
})mlir",
                 {{"x", makeDistinct({1, 2, 5, 6})}, {"dy", makeExact({1, 2, 3, 3}, 2)}},
                 {{"x", "dx"}}, 0.015625f, 0);
}

TEST(Gradient, AveragePool) {
  for (std::string count : {"", "count_include_pad, "})
    checkGradients(
        "func.func @f(%x: tensor<1x2x5x6xf32> {train.name = \"x\"}, %dy: tensor<1x2x3x3xf32> "
        "{train.name = \"dy\"}) {\n  %y = train.avg_pool %x {" +
            count +
            "kernel = array<i64: 3, 2>, strides = array<i64: 2, 2>, pads = array<i64: 1, 0, 1, 1>, "
            "train.names = [\"y\"]} : (tensor<1x2x5x6xf32>) -> tensor<1x2x3x3xf32>\n"
            "  %dx = train.avg_pool_grad %dy {" +
            count +
            "kernel = array<i64: 3, 2>, strides = array<i64: 2, 2>, pads = array<i64: 1, 0, 1, 1>, "
            "input_shape = array<i64: 1, 2, 5, 6>, train.names = [\"dx\"]} : "
            "(tensor<1x2x3x3xf32>) -> tensor<1x2x5x6xf32>\n  return\n}",
        {{"x", makeExact({1, 2, 5, 6}, 1)}, {"dy", makeExact({1, 2, 3, 3}, 2)}}, {{"x", "dx"}},
        0.25f, 1e-5);
}

TEST(Gradient, PoolsOfPartialWindows) {
  // Ceil mode: 5 rows and columns, the third window of each has one left.
  for (std::string count : {"", "count_include_pad, "})
    checkGradients(
        "func.func @f(%x: tensor<1x2x5x5xf32> {train.name = \"x\"}, %dy: tensor<1x2x3x3xf32> "
        "{train.name = \"dy\"}) {\n  %y = train.avg_pool %x {" +
            count +
            "ceil_mode, kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, train.names = "
            "[\"y\"]} : (tensor<1x2x5x5xf32>) -> tensor<1x2x3x3xf32>\n"
            "  %dx = train.avg_pool_grad %dy {" +
            count +
            "ceil_mode, kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, input_shape = "
            "array<i64: 1, 2, 5, 5>, train.names = [\"dx\"]} : (tensor<1x2x3x3xf32>) -> "
            "tensor<1x2x5x5xf32>\n  return\n}",
        {{"x", makeExact({1, 2, 5, 5}, 1)}, {"dy", makeExact({1, 2, 3, 3}, 2)}}, {{"x", "dx"}},
        0.25f, 1e-5);
}

TEST(Gradient, MaxUnpool) {
  checkGradients(R"mlir(
func.func @f(%of: tensor<1x2x4x6xf32> {train.name = "of"}, %x: tensor<1x2x2x3xf32> {train.name = "x"}, %dy: tensor<1x2x4x6xf32> {train.name = "dy"}) {
  %m, %i = train.max_pool %of {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, train.names = ["m", "i"]}
    : (tensor<1x2x4x6xf32>) -> (tensor<1x2x2x3xf32>, tensor<1x2x2x3xi8>)
  %y = train.max_pool_grad %x, %i {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, input_shape = array<i64: 1, 2, 4, 6>, train.names = ["y"]}
    : (tensor<1x2x2x3xf32>, tensor<1x2x2x3xi8>) -> tensor<1x2x4x6xf32>
  %dx = train.max_pool_take %dy, %i {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, train.names = ["dx"]}
    : (tensor<1x2x4x6xf32>, tensor<1x2x2x3xi8>) -> tensor<1x2x2x3xf32>
  return
})mlir",
                 {{"of", makeDistinct({1, 2, 4, 6})},
                  {"x", makeExact({1, 2, 2, 3}, 1)},
                  {"dy", makeExact({1, 2, 4, 6}, 2)}},
                 {{"x", "dx"}}, 0.25f, 0);
}

TEST(Gradient, Softmax) {
  checkGradients(R"mlir(
func.func @f(%x: tensor<2x5xf32> {train.name = "x"}, %dy: tensor<2x5xf32> {train.name = "dy"}) {
  %y = train.softmax %x {train.names = ["y"]} : (tensor<2x5xf32>) -> tensor<2x5xf32>
  %dx = train.softmax_grad %dy, %y {train.names = ["dx"]} : (tensor<2x5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  return
})mlir",
                 {{"x", makeExact({2, 5}, 1)}, {"dy", makeExact({2, 5}, 2)}}, {{"x", "dx"}},
                 0.0078125f, 5e-5);
}

TEST(Gradient, CrossEntropy) {
  checkGradients(R"mlir(
func.func @f(%x: tensor<3x5xf32> {train.name = "x"}, %labels: tensor<3xi32> {train.name = "labels"}) {
  %loss, %each = train.cross_entropy %x, %labels {train.names = ["y", "each"]} : (tensor<3x5xf32>, tensor<3xi32>) -> (tensor<f32>, tensor<3xf32>)
  %dx = train.cross_entropy_grad %x, %labels {train.names = ["dx"]} : (tensor<3x5xf32>, tensor<3xi32>) -> tensor<3x5xf32>
  return
})mlir",
                 {{"x", makeExact({3, 5}, 1)}, {"labels", makeTensor({3}, {4, 0, 2})}},
                 {{"x", "dx"}}, 0.0078125f, 5e-5);
}

TEST(Gradient, NormalizeByBatch) {
  checkGradients(R"mlir(
func.func @f(%x: tensor<4x3x2xf32> {train.name = "x"}, %s: tensor<1x3x1xf32> {train.name = "s"}, %b: tensor<1x3x1xf32> {train.name = "b"}, %dy: tensor<4x3x2xf32> {train.name = "dy"}) {
  %m = train.reduce_mean %x {axes = array<i64: 0, 2>} : (tensor<4x3x2xf32>) -> tensor<1x3x1xf32>
  %v = train.variance %x, %m {axes = array<i64: 0, 2>} : (tensor<4x3x2xf32>, tensor<1x3x1xf32>) -> tensor<1x3x1xf32>
  %y = train.normalize %x, %m, %v, %s, %b {axes = array<i64: 0, 2>, epsilon = 0.25 : f32, train.names = ["y"]} : (tensor<4x3x2xf32>, tensor<1x3x1xf32>, tensor<1x3x1xf32>, tensor<1x3x1xf32>, tensor<1x3x1xf32>) -> tensor<4x3x2xf32>
  %db, %ds = train.normalize_sums %dy, %x, %m, %v {axes = array<i64: 0, 2>, epsilon = 0.25 : f32, train.names = ["db", "ds"]} : (tensor<4x3x2xf32>, tensor<4x3x2xf32>, tensor<1x3x1xf32>, tensor<1x3x1xf32>) -> (tensor<1x3x1xf32>, tensor<1x3x1xf32>)
  %dx = train.normalize_grad %dy, %x, %m, %v, %db, %ds, %s {count = 8 : i64, epsilon = 0.25 : f32, train.names = ["dx"]} : (tensor<4x3x2xf32>, tensor<4x3x2xf32>, tensor<1x3x1xf32>, tensor<1x3x1xf32>, tensor<1x3x1xf32>, tensor<1x3x1xf32>, tensor<1x3x1xf32>) -> tensor<4x3x2xf32>
  return
})mlir",
                 {{"x", makeExact({4, 3, 2}, 1)},
                  {"s", makeExact({1, 3, 1}, 2)},
                  {"b", makeExact({1, 3, 1}, 3)},
                  {"dy", makeExact({4, 3, 2}, 4)}},
                 {{"x", "dx"}, {"s", "ds"}, {"b", "db"}}, 0.015625f, 2e-3);
}

TEST(Gradient, NormalizeByConstants) {
  checkGradients(R"mlir(
func.func @f(%x: tensor<4x3xf32> {train.name = "x"}, %c: tensor<1x3xf32> {train.name = "c"}, %v: tensor<1x1xf32> {train.name = "v"}, %dy: tensor<4x3xf32> {train.name = "dy"}) {
  %y = train.normalize %x, %c, %v, %c, %c {epsilon = 0.0 : f32, train.names = ["y"]} : (tensor<4x3xf32>, tensor<1x3xf32>, tensor<1x1xf32>, tensor<1x3xf32>, tensor<1x3xf32>) -> tensor<4x3xf32>
  %dx = train.normalize_fixed_grad %dy, %v, %c {epsilon = 0.0 : f32, train.names = ["dx"]} : (tensor<4x3xf32>, tensor<1x1xf32>, tensor<1x3xf32>) -> tensor<4x3xf32>
  return
})mlir",
                 {{"x", makeExact({4, 3}, 1)},
                  {"c", makeExact({1, 3}, 2)},
                  {"v", makeTensor({1, 1}, {4})},
                  {"dy", makeExact({4, 3}, 4)}},
                 {{"x", "dx"}}, 0.25f, 1e-5);
}

TEST(Gradient, Variance) {
  // The gradient through the second operand is the opposite of that through the first.
  checkGradients(
      R"mlir(
func.func @f(%x: tensor<4x3xf32> {train.name = "x"}, %t: tensor<4x3xf32> {train.name = "t"}, %dy: tensor<1x1xf32> {train.name = "dy"}) {
  %y = train.variance %x, %t {axes = array<i64: 0, 1>, train.names = ["y"]} : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<1x1xf32>
  %dx = train.variance_grad %dy, %x, %t {count = 12 : i64, train.names = ["dx"]} : (tensor<1x1xf32>, tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
  %dt = train.spread %dx {shape = array<i64: 4, 3>, divisor = -1.0 : f32, train.names = ["dt"]} : (tensor<4x3xf32>) -> tensor<4x3xf32>
  return
})mlir",
      {{"x", makeExact({4, 3}, 1)}, {"t", makeExact({4, 3}, 2)}, {"dy", makeTensor({1, 1}, {3})}},
      {{"x", "dx"}, {"t", "dt"}}, 0.25f, 1e-4);
}

TEST(Gradient, ReduceMean) {
  checkGradients(R"mlir(
func.func @f(%x: tensor<2x4x3xf32> {train.name = "x"}, %dy: tensor<2x1x3xf32> {train.name = "dy"}) {
  %y = train.reduce_mean %x {axes = array<i64: 1>, train.names = ["y"]} : (tensor<2x4x3xf32>) -> tensor<2x1x3xf32>
  %dx = train.spread %dy {shape = array<i64: 2, 4, 3>, divisor = 4.0 : f32, train.names = ["dx"]} : (tensor<2x1x3xf32>) -> tensor<2x4x3xf32>
  return
})mlir",
                 {{"x", makeExact({2, 4, 3}, 1)}, {"dy", makeExact({2, 1, 3}, 2)}}, {{"x", "dx"}},
                 0.25f, 0);
}

TEST(Gradient, LogLikelihood) {
  // Class 1 weighs most, the second row counts for nothing.
  checkGradients(R"mlir(
func.func @f(%x: tensor<3x4xf32> {train.name = "x"}, %labels: tensor<3xi32> {train.name = "labels"}, %w: tensor<4xf32> {train.name = "w"}, %dy: tensor<3xf32> {train.name = "dy"}) {
  %l = train.log_softmax %x : (tensor<3x4xf32>) -> tensor<3x4xf32>
  %y, %shares = train.nll %l, %labels, %w {ignore = 2 : i32, train.names = ["y", "shares"]} : (tensor<3x4xf32>, tensor<3xi32>, tensor<4xf32>) -> (tensor<3xf32>, tensor<3xf32>)
  %dl = train.nll_grad %dy, %labels, %w {ignore = 2 : i32, classes = 4 : i64} : (tensor<3xf32>, tensor<3xi32>, tensor<4xf32>) -> tensor<3x4xf32>
  %dx = train.log_softmax_grad %dl, %l {train.names = ["dx"]} : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  return
})mlir",
                 {{"x", makeExact({3, 4}, 1)},
                  {"labels", makeTensor({3}, {1, 2, 3})},
                  {"w", makeTensor({4}, {0.5f, 2, 1, 0.25f})},
                  {"dy", makeTensor({3}, {1, 5, -2})}},
                 {{"x", "dx"}}, 0.0078125f, 2e-4);
}
