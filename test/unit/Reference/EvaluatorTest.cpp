//===- EvaluatorTest.cpp - state, inputs and errors of the reference --------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "EvaluateModule.h"

using namespace slp;
using namespace slp::reference;

TEST(Evaluator, WritesTakeEffectAtTheEndOfTheStep) {
  EvaluatedModule m(R"mlir(
train.state @w : tensor<2xf32> {init = dense<[1.0, -2.0]> : tensor<2xf32>}
train.state @v : tensor<2xf32>
func.func @step(%dw: tensor<2xf32> {train.name = "dw"}) {
  %w = train.read @w : tensor<2xf32>
  %v = train.read @v : tensor<2xf32>
  %w2, %v2 = train.sgd %w, %v, %dw {loss_scale = 4.0 : f32, phase = #train.phase<up>, train.names = ["w2", "v2"]}
    : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
  train.write @w, %w2 : tensor<2xf32>
  train.write @v, %v2 : tensor<2xf32>
  %late = train.read @w {train.names = ["late"]} : tensor<2xf32>
  return
})mlir");
  m.evaluator->setHyper({0.5f, 0.25f, 0.125f});
  NamedTensors inputs = {{"dw", makeTensor({2}, {8.0f, 4.0f})}};
  NamedTensors results = m.run("step", inputs);
  // g = 8 / 4 + 1 / 8, v = g, w = 1 - g / 2; second element: g = 4 / 4 - 2 / 8.
  EXPECT_EQ(results.at("v2").values, (std::vector<float>{2.125f, 0.75f}));
  EXPECT_EQ(results.at("w2").values, (std::vector<float>{-0.0625f, -2.375f}));
  EXPECT_EQ(results.at("late").values, (std::vector<float>{1.0f, -2.0f}));
  EXPECT_EQ(m.evaluator->readState("w")->values, results.at("w2").values);
  // The second step's velocity remembers a quarter of the first's.
  results = m.run("step", inputs);
  EXPECT_EQ(results.at("v2")[1], 0.25f * 0.75f + (1.0f - 0.125f * 2.375f));
}

TEST(Evaluator, RoundsInitialAndStoredValues) {
  EvaluatedModule m(R"mlir(
!h = !num.float<5, 10, 15, reserved, gradual>
!q = !num.float<5, 2, 15, reserved, flush>
train.state @w : tensor<2x!h> {init = dense<[1.0004, 100000.0]> : tensor<2xf32>, rounding = #num.rounding<nearest_even>}
train.state @file : tensor<2xf32> {init = #train.file<"m.onnx", offset = 0, length = 8, type = 1, checksum = 7>}
func.func @f() {
  %w = train.read @w : tensor<2x!h>
  %y = train.round %w {rounding = #num.rounding<half_away>, train.names = ["y"]} : (tensor<2x!h>) -> tensor<2x!q>
  return
})mlir");
  EXPECT_EQ(m.evaluator->readState("w")->values, (std::vector<float>{1.0f, 65504.0f}));
  EXPECT_EQ(m.evaluator->readState("file")->values, EvaluatedModule::fileValues);
  EXPECT_EQ(m.run("f", {}).at("y").values, (std::vector<float>{1.0f, 57344.0f}));
  EXPECT_TRUE(mlir::failed(m.evaluator->writeState("w", {1.0f, 0x1.004p0f + 0x1p-12f})));
  EXPECT_NE(m.error.find("representable"), std::string::npos) << m.error;
  EXPECT_TRUE(mlir::succeeded(m.evaluator->writeState("w", {1.0f, -0.0f})));
  EXPECT_FALSE(std::signbit(m.evaluator->readState("w")->values[1]));
  EXPECT_EQ(m.evaluator->readState("none"), nullptr);
}

TEST(Evaluator, ReportsWhatIsMissing) {
  EvaluatedModule m(R"mlir(
!q = !num.float<5, 2, 15, reserved, flush>
func.func @f(%x: tensor<2xf32> {train.name = "x"}) {
  return
}
func.func @g(%x: tensor<2xf32> {train.name = "x"}) {
  %y = "train.round"(%x) <{rounding = #num.rounding<stochastic>}> : (tensor<2xf32>) -> tensor<2x!q>
  return
})mlir");
  m.run("f", {});
  EXPECT_NE(m.error.find("no values for argument #0 'x'"), std::string::npos) << m.error;
  m.run("f", {{"x", makeTensor({3}, {1, 2, 3})}});
  EXPECT_NE(m.error.find("expected input 'x' of type 'tensor<2xf32>'"), std::string::npos)
      << m.error;
  m.run("g", {{"x", makeTensor({2}, {1, 2})}});
  EXPECT_NE(m.error.find("rounds stochastically, but has no train.streams"), std::string::npos)
      << m.error;
  m.run("h", {});
  EXPECT_NE(m.error.find("no function @h"), std::string::npos) << m.error;
}
