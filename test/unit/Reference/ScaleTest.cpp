//===- ScaleTest.cpp - dynamic loss scaling by definition -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md section 10, with numbers by hand, and what is counted against the list of a
// format's values.
//
//===----------------------------------------------------------------------------------------===//

#include "EvaluateModule.h"

#include "slp/Reference/Arithmetic.h"

#include <cmath>
#include <limits>

using namespace slp;
using namespace slp::num_ir;
using namespace slp::reference;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

/// Types and roundings that the modules below use.
const std::string prelude = "!f8 = !num.float<5, 2, 15, reserved, flush>\n"
                            "!f16 = !num.float<5, 10, 15, none, gradual>\n"
                            "#rne = #num.rounding<nearest_even>\n";

} // namespace

// Property: a number saturates if the neighbour that it would be rounded to, were the binades to go
// on, is above the largest; halfway counts by the mode.
TEST(Scale, SaturatesAboveTheLargest) {
  mlir::MLIRContext context;
  context.loadDialect<NumDialect>();
  for (Specials specials : {Specials::none, Specials::reserved}) {
    auto format = FloatType::get(&context, 4, 3, 7, specials, Subnormals::gradual);
    double largest = maxFinite(format), spacing = specials == Specials::none ? 32 : 16;
    EXPECT_EQ(largest, specials == Specials::none ? 480 : 240);
    for (int sixteenth = -16 * 40; sixteenth <= 16 * 40; ++sixteenth) {
      double x = largest + spacing * sixteenth / 16.0;
      double over = (x - largest) / spacing;
      // The next value, 2^9 or 2^8, is even.
      bool nearest = over >= 0.5, any = over >= 1;
      for (double signedX : {x, -x}) {
        if (x < largest / 2)
          continue;
        EXPECT_EQ(saturates(signedX, format, Rounding::nearest_even), nearest) << x;
        EXPECT_EQ(saturates(signedX, format, Rounding::half_away), nearest) << x;
        EXPECT_EQ(saturates(signedX, format, Rounding::toward_zero), any) << x;
        EXPECT_EQ(saturates(signedX, format, Rounding::stochastic, 1u << 30), over > 0.25) << x;
      }
    }
    EXPECT_TRUE(saturates(infinity, format, Rounding::toward_zero));
    EXPECT_TRUE(saturates(NAN, format, Rounding::nearest_even));
  }
}

TEST(Scale, CountsBetweenClearAndCount) {
  EvaluatedModule m(prelude + R"(
func.func @f(%x: tensor<6xf32> {train.name = "x"}) {
  %0 = train.round %x {rounding = #rne, train.names = ["forward"]} : (tensor<6xf32>) -> tensor<6x!f8>
  train.clear_saturations
  %none = train.saturations {train.names = ["none"]} : () -> tensor<1xf32>
  %1 = train.round %x {rounding = #rne, train.names = ["error"]} : (tensor<6xf32>) -> tensor<6x!f8>
  %2 = train.round %1 {rounding = #rne, train.names = ["again"]} : (tensor<6x!f8>) -> tensor<6x!f8>
  %3 = train.affine %x {scale = 2.0 : f32, offset = 0.0 : f32, train.names = ["wide"]} : (tensor<6xf32>) -> tensor<6xf32>
  %count = train.saturations {train.names = ["count"]} : () -> tensor<1xf32>
  %4 = train.round %x {rounding = #rne, train.names = ["update"]} : (tensor<6xf32>) -> tensor<6x!f8>
  return
})");
  // 61440 is halfway to what would be the next, and goes up to even.
  Tensor x = makeTensor({6}, {1, 57344, -61440, infinity, NAN, 1e-9f});
  NamedTensors results = m.run("f", {{"x", x}});
  EXPECT_EQ(results.at("none")[0], 0);
  EXPECT_EQ(results.at("count")[0], 3);
}

TEST(Scale, CountsGroupsOfAccumulatorsAndSumsOverImages) {
  std::string accumulate = "accumulate = #num.accumulate<dot = 8, format = !f16, rounding = "
                           "half_away, across = !f16>";
  EvaluatedModule m(prelude + R"(
func.func @f(%a: tensor<1x32x!f8> {train.name = "a"}, %b: tensor<32x1x!f8> {train.name = "b"},
             %x: tensor<3x1x1x1x!f8> {train.name = "x"}, %dy: tensor<3x1x1x1x!f8> {train.name = "dy"}) {
  train.clear_saturations
  %y = train.matmul %a, %b {train.names = ["y"], )" +
                    accumulate + R"(} : (tensor<1x32x!f8>, tensor<32x1x!f8>) -> tensor<1x1x!f16>
  %groups = train.saturations {train.names = ["groups"]} : () -> tensor<1xf32>
  train.clear_saturations
  %dw = train.conv_wg %x, %dy {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, group = 1 : i64, train.names = ["dw"], )" +
                    accumulate +
                    R"(} : (tensor<3x1x1x1x!f8>, tensor<3x1x1x1x!f8>) -> tensor<1x1x1x1x!f16>
  %images = train.saturations {train.names = ["images"]} : () -> tensor<1xf32>
  return
})");
  ASSERT_TRUE(m.evaluator) << m.error;
  Tensor a({1, 32}), b({32, 1});
  std::fill(b.values.begin(), b.values.end(), 1.0f);
  a[0] = a[1] = a[3] = 57344;
  a[8] = -1;
  a[16] = 57344; // the fourth group is absent
  Tensor x = makeTensor({3, 1, 1, 1}, {256, 256, 1}), dy = makeTensor({3, 1, 1, 1}, {256, 256, 0});
  NamedTensors results = m.run("f", {{"a", a}, {"b", b}, {"x", x}, {"dy", dy}});
  ASSERT_FALSE(results.empty()) << m.error;
  EXPECT_EQ(results.at("groups")[0], 2);
  // Chains of 65536, 65536 and 0: the sums 65536, 131072 (which saturates) and 131008.
  EXPECT_EQ(results.at("dw")[0], 131008);
  EXPECT_EQ(results.at("images")[0], 1);
}

TEST(Scale, BacksOffAndGrows) {
  EvaluatedModule m(R"(
func.func @f(%s: tensor<4xf32> {train.name = "s"}, %count: tensor<1xf32> {train.name = "count"}) {
  %s1, %factor = train.loss_scale_update %s, %count {growth = 4.0 : f32, interval = 2 : i64, least = 8.0 : f32,
      most = 1024.0 : f32, train.names = ["next", "factor"]} : (tensor<4xf32>, tensor<1xf32>) -> (tensor<4xf32>, tensor<f32>)
  return
})");
  struct Case {
    std::vector<float> before;
    float count;
    std::vector<float> after;
    float factor;
  };
  for (const Case &c :
       {Case{{256, 1, 3, 0}, 7, {128, 0, 4, 1}, -1}, Case{{8, 1, 3, 1}, 1, {8, 0, 4, 1}, -1},
        Case{{256, 0, 3, 1}, 0, {256, 1, 3, 0}, 1 / 256.0f},
        Case{{128, 1, 3, 0}, 0, {512, 0, 3, 0}, 1 / 128.0f},
        Case{{512, 1, 3, 0}, 0, {1024, 0, 3, 0}, 1 / 512.0f}}) {
    NamedTensors results =
        m.run("f", {{"s", makeTensor({4}, c.before)}, {"count", makeTensor({1}, {c.count})}});
    EXPECT_EQ(results.at("next").values, c.after);
    EXPECT_EQ(results.at("factor")[0], c.factor);
  }
}

TEST(Scale, ANegativeFactorHoldsEveryUpdate) {
  std::string body;
  for (auto [op, states] : {std::pair("sgd", 2), {"adagrad", 2}, {"adam", 3}}) {
    std::string operands, types, results;
    for (int i = 0; i < states; ++i) {
      operands += "%s" + std::to_string(i) + ", ";
      types += "tensor<2xf32>, ";
      results += (i ? ", \"" : "\"") + std::string(op) + std::to_string(i) + "\"";
    }
    std::string n = std::to_string(states);
    body += "  %" + std::string(op) + ":" + n + " = train." + op + " " + operands +
            "%dw, %factor {train.names = [" + results + "]} : (" + types +
            "tensor<2xf32>, tensor<f32>) -> (" + types.substr(0, types.size() - 2) + ")\n";
  }
  EvaluatedModule m(
      "func.func @f(%s0: tensor<2xf32> {train.name = \"s0\"}, %s1: tensor<2xf32> {train.name = "
      "\"s1\"}, %s2: tensor<2xf32> {train.name = \"s2\"}, %dw: tensor<2xf32> {train.name = "
      "\"dw\"}, %factor: tensor<f32> {train.name = \"factor\"}) {\n" +
      body + "  return\n}");
  Hyper hyper;
  hyper.learningRate = 0.5f;
  hyper.momentum = 0.5f;
  hyper.weightDecay = 0.5f;
  m.evaluator->setHyper(hyper);
  const std::vector<std::vector<float>> states = {{1, -2}, {3, 4}, {5, 6}};
  NamedTensors inputs = {{"dw", makeTensor({2}, {infinity, 1})}, {"factor", makeTensor({}, {-1})}};
  for (size_t i = 0; i < states.size(); ++i)
    inputs["s" + std::to_string(i)] = makeTensor({2}, states[i]);
  NamedTensors held = m.run("f", inputs);
  inputs["dw"] = makeTensor({2}, {1, 1});
  inputs["factor"] = makeTensor({}, {0.5f});
  NamedTensors updated = m.run("f", inputs);
  ASSERT_EQ(held.size(), 7u) << m.error;
  for (auto &[name, values] : held) {
    EXPECT_EQ(values.values, states[name.back() - '0']) << name;
    EXPECT_NE(updated.at(name).values, states[name.back() - '0']) << name;
  }
}

TEST(Scale, MultipliesTheErrorBeforeItIsRounded) {
  EvaluatedModule m(prelude + R"(
func.func @f(%x: tensor<2x2xf32> {train.name = "x"}, %labels: tensor<2xi32> {train.name = "labels"},
             %scale: tensor<f32> {train.name = "scale"}) {
  %dx = train.cross_entropy_grad %x, %labels, %scale {rounding = #rne, train.names = ["dx"]}
      : (tensor<2x2xf32>, tensor<2xi32>, tensor<f32>) -> tensor<2x2x!f8>
  return
})");
  // Softmax gives 1/2; the error without the scale, 2^-22, is zero in this format.
  for (float scale : {0x1p-20f, 64.0f}) {
    NamedTensors results = m.run("f", {{"x", Tensor({2, 2})},
                                       {"labels", makeTensor({2}, {0, 1})},
                                       {"scale", makeTensor({}, {scale})}});
    float error = scale == 64 ? 16 : 0;
    EXPECT_EQ(results.at("dx").values, (std::vector<float>{-error, error, error, -error}));
  }
}
