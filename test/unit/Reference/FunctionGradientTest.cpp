//===- FunctionGradientTest.cpp - gradients of elementwise functions against differences ------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Each op NAME of docs/numerics.md section 5 with a NAME_grad: dx of the reference against central
// differences of y, at numbers off the kinks. Functions of two tensors are differentiated as a
// whole by AutogradTest.
//
//===----------------------------------------------------------------------------------------===//

#include "EvaluateModule.h"

#include <cmath>

using namespace slp;
using namespace slp::reference;

namespace {

struct Function {
  const char *name, *numbers;
  bool fromResult = false; // the gradient reads y, not x
  bool isOfPositive = false;
};

class FunctionGradient : public testing::TestWithParam<Function> {};

constexpr int64_t n = 40;

} // namespace

TEST_P(FunctionGradient, EqualsDifference) {
  const Function &f = GetParam();
  std::string numbers = f.numbers, comma = numbers.empty() ? "" : ", ";
  std::string type = "tensor<40xf32>", name = f.name;
  EvaluatedModule m("func.func @f(%x: " + type + " {train.name = \"x\"}, %dy: " + type +
                    " {train.name = \"dy\"}) {\n  %y = train." + name + " %x {" + numbers + comma +
                    "train.names = [\"y\"]} : (" + type + ") -> " + type + "\n  %dx = train." +
                    name + "_grad %dy, " + (f.fromResult ? "%y" : "%x") + " {" + numbers + comma +
                    "train.names = [\"dx\"]} : (" + type + ", " + type + ") -> " + type +
                    "\n  return\n}");
  Tensor x({n}), dy = makeExact({n}, 3);
  for (int64_t i = 0; i < n; ++i)
    x[i] = f.isOfPositive ? 0.31f + 0.1f * float(i) : 0.0173f + 0.21f * float(i - n / 2);
  NamedTensors results = m.run("f", {{"x", x}, {"dy", dy}});
  ASSERT_FALSE(results.empty()) << m.error;
  constexpr float step = 0x1p-8f;
  Tensor above = x, below = x;
  for (int64_t i = 0; i < n; ++i) {
    above[i] += step;
    below[i] -= step;
  }
  Tensor high = m.run("f", {{"x", above}, {"dy", dy}}).at("y");
  Tensor low = m.run("f", {{"x", below}, {"dy", dy}}).at("y");
  bool some = false;
  for (int64_t i = 0; i < n; ++i) {
    double slope = (double(high[i]) - low[i]) / (double(above[i]) - below[i]);
    double wanted = dy[i] * slope, got = results.at("dx")[i];
    EXPECT_NEAR(got, wanted, 4e-4 * std::max(1.0, std::fabs(wanted))) << "at " << x[i];
    some |= got != 0;
  }
  EXPECT_TRUE(some);
}

INSTANTIATE_TEST_SUITE_P(
    All, FunctionGradient,
    testing::Values(Function{"power", "exponent = 3.0 : f32"},
                    Function{"power", "exponent = -1.5 : f32", false, true}, Function{"abs", ""},
                    Function{"sqrt", "", true, true}, Function{"reciprocal", "", true, true},
                    Function{"tanh", "", true}, Function{"sigmoid", "", true}, Function{"erf", ""},
                    Function{"gelu", ""}, Function{"gelu_tanh", ""},
                    Function{"hard_sigmoid", "alpha = 0.25 : f32, beta = 0.5 : f32"},
                    Function{"hard_swish", ""}, Function{"leaky_relu", "alpha = 0.1 : f32"},
                    Function{"clip", "min = -1.0 : f32, max = 2.0 : f32"},
                    Function{"elu", "alpha = 1.5 : f32, gamma = 1.05 : f32"},
                    Function{"celu", "alpha = 0.75 : f32"}, Function{"softplus", ""},
                    Function{"softsign", ""}, Function{"thresholded_relu", "alpha = 0.5 : f32"},
                    Function{"shrink", "lambda = 0.5 : f32, bias = 0.25 : f32"}),
    [](const testing::TestParamInfo<Function> &info) {
      return std::string(info.param.name) + std::to_string(info.index);
    });
