//===- OptimizerTest.cpp - updates against PyTorch and ONNX -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Five steps of each optimizer on two parameters in FP32, against test/data/optimizers.json (made
// by make-optimizers.py), with the run-time numbers that the host would give.
//
//===----------------------------------------------------------------------------------------===//

#include "EvaluateModule.h"

#include "runtime/api/Hyper.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cmath>

using namespace slp;
using namespace slp::reference;

namespace {

std::vector<float> floatsOf(const llvm::json::Value &values) {
  std::vector<float> result;
  for (const llvm::json::Value &value : *values.getAsArray())
    result.push_back(float(*value.getAsNumber()));
  return result;
}

/// The states a parameter has, and its op.
struct Update {
  std::vector<std::string> states;
  std::string op, attributes;
};

Update updateOf(const llvm::json::Object &data) {
  std::string kind = data.getString("optimizer")->str();
  if (kind == "SGD") {
    bool isNesterov = data.getObject("arguments")->getBoolean("nesterov").value_or(false);
    return {{"w", "v"}, "sgd", isNesterov ? "{nesterov}" : ""};
  }
  if (kind == "Adagrad")
    return {{"w", "h"}, "adagrad", ""};
  return {{"w", "m", "v"},
          "adam",
          kind == "DecayLast" ? "{decoupled, decay_last}"
          : kind == "AdamW"   ? "{decoupled}"
                              : ""};
}

/// A module with two parameters and the gradients as inputs.
std::string moduleOf(const Update &update, bool isClipped) {
  const std::string types[] = {"tensor<3x4xf32>", "tensor<5xf32>"};
  std::string states, body, reads;
  for (int p = 0; p < 2; ++p) {
    std::string n = std::to_string(p), operands, operandTypes, results, resultTypes;
    for (const std::string &state : update.states) {
      std::string name = state + n;
      states += "train.state @" + name + " : " + types[p] + "\n";
      reads += "%" + name + " = train.read @" + name + " : " + types[p] + "\n";
      operands += "%" + name + ", ";
      operandTypes += types[p] + ", ";
      results += (results.empty() ? "%" : ", %") + name + "n";
      resultTypes += (resultTypes.empty() ? "" : ", ") + types[p];
    }
    body += results + " = train." + update.op + " " + operands + "%g" + n +
            (isClipped ? ", %factor " : " ") + update.attributes + " : (" + operandTypes +
            types[p] + (isClipped ? ", tensor<f32>" : "") + ") -> (" + resultTypes + ")\n";
    for (const std::string &state : update.states)
      body += "train.write @" + state + n + ", %" + state + n + "n : " + types[p] + "\n";
  }
  std::string clip = "%t0 = train.square_sum %g0 : (tensor<3x4xf32>) -> tensor<f32>\n"
                     "%t1 = train.square_sum %g1, %t0 : (tensor<5xf32>, tensor<f32>) -> "
                     "tensor<f32>\n"
                     "%factor = train.clip_factor %t1 : (tensor<f32>) -> tensor<f32>\n";
  return states +
         "func.func @step(%g0: tensor<3x4xf32> {train.name = \"g0\"}, %g1: tensor<5xf32> "
         "{train.name = \"g1\"}) {\n" +
         reads + (isClipped ? clip : "") + body + "return\n}\n";
}

api::Hyper hyperOf(const llvm::json::Object &data) {
  api::Hyper hyper{0, 0, 0, 0, 0, 0, 1};
  const llvm::json::Object &arguments = *data.getObject("arguments");
  auto number = [&](const char *name, double otherwise) {
    return float(arguments.getNumber(name).value_or(otherwise));
  };
  std::string kind = data.getString("optimizer")->str();
  hyper.learningRate = number("lr", 0);
  hyper.weightDecay = number("weight_decay", 0);
  hyper.momentum = number("momentum", kind == "SGD" ? 0 : 0.9);
  hyper.dampening = number("dampening", 0);
  hyper.beta2 = 0.999f;
  hyper.epsilon = number("eps", kind == "Adagrad" ? 1e-10 : 1e-8);
  if (const llvm::json::Array *betas = arguments.getArray("betas")) {
    hyper.momentum = float(*(*betas)[0].getAsNumber());
    hyper.beta2 = float(*(*betas)[1].getAsNumber());
  }
  hyper.clipNorm = float(data.getNumber("clip").value_or(1));
  return hyper;
}

TEST(Optimizer, FiveStepsAreThoseOfPyTorch) {
  auto text = llvm::MemoryBuffer::getFile(SLP_TEST_DIR "/data/optimizers.json");
  ASSERT_TRUE(bool(text));
  llvm::Expected<llvm::json::Value> parsed = llvm::json::parse((*text)->getBuffer());
  ASSERT_TRUE(bool(parsed));
  const llvm::json::Array &cases = *parsed->getAsObject()->getArray("cases");
  EXPECT_GE(cases.size(), 14u);
  for (const llvm::json::Value &value : cases) {
    const llvm::json::Object &data = *value.getAsObject();
    std::string name = data.getString("name")->str();
    SCOPED_TRACE(name);
    bool isClipped = data.getNumber("clip").has_value();
    EvaluatedModule m(moduleOf(updateOf(data), isClipped));
    ASSERT_TRUE(m.evaluator) << m.error;
    const llvm::json::Array &start = *data.getArray("start");
    for (int p = 0; p < 2; ++p)
      ASSERT_TRUE(
          mlir::succeeded(m.evaluator->writeState("w" + std::to_string(p), floatsOf(start[p]))));
    int64_t step = 0;
    for (const llvm::json::Value &entry : *data.getArray("steps")) {
      ++step;
      auto h = api::registersOf(hyperOf(data), step, step);
      m.evaluator->setHyper({h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7], h[8], h[9]});
      const llvm::json::Array &gradients = *entry.getAsObject()->getArray("gradients");
      m.run("step", {{"g0", makeTensor({3, 4}, floatsOf(gradients[0]))},
                     {"g1", makeTensor({5}, floatsOf(gradients[1]))}});
      ASSERT_EQ(m.error, "");
      const llvm::json::Array &expected = *entry.getAsObject()->getArray("parameters");
      for (int p = 0; p < 2; ++p) {
        std::vector<float> values = floatsOf(expected[p]);
        const Tensor &found = *m.evaluator->readState("w" + std::to_string(p));
        for (size_t i = 0; i < values.size(); ++i)
          ASSERT_NEAR(found.values[i], values[i], 1e-6f + 1e-6f * std::fabs(values[i]))
              << "step " << step << " parameter " << p << " element " << i;
      }
    }
  }
}

TEST(Optimizer, AccumulatedGradientsAreTakenOnce) {
  EvaluatedModule m(R"(
train.state @acc : tensor<2xf32> {statistic}
func.func @accumulate(%g: tensor<2xf32> {train.name = "g"}) {
  %a = train.read @acc : tensor<2xf32>
  %n = train.accumulate %a, %g : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  train.write @acc, %n : tensor<2xf32>
  return
}
func.func @step(%g: tensor<2xf32> {train.name = "g"}) {
  %a = train.read @acc : tensor<2xf32>
  %n, %s = train.drain %a, %g {train.names = ["n", "s"]} : (tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>)
  train.write @acc, %n : tensor<2xf32>
  return
})");
  ASSERT_TRUE(m.evaluator) << m.error;
  m.run("accumulate", {{"g", makeTensor({2}, {1, 2})}});
  m.run("accumulate", {{"g", makeTensor({2}, {0.5f, -4})}});
  EXPECT_EQ(m.evaluator->readState("acc")->values, (std::vector<float>{1.5f, -2}));
  NamedTensors results = m.run("step", {{"g", makeTensor({2}, {0.25f, 1})}});
  EXPECT_EQ(results["s"].values, (std::vector<float>{1.75f, -1}));
  EXPECT_EQ(m.evaluator->readState("acc")->values, (std::vector<float>{0, 0}));
}

/// What ONNX's own cases say (libonnx-testdata, test_adam and the like), by hand on one element.
TEST(Optimizer, PreviewOpsCountSteps) {
  EvaluatedModule m(R"(
func.func @step(%x: tensor<1xf32> {train.name = "x"}, %r: tensor<f32> {train.name = "r"}, %t: tensor<i32> {train.name = "t"}) {
  %a, %ah = train.preview_adagrad %x, %x, %x, %r, %t {norm_coefficient = 0.0 : f32, decay_factor = 0.5 : f32, epsilon = 0.0 : f32, train.names = ["a", "ah"]} : (tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<f32>, tensor<i32>) -> (tensor<1xf32>, tensor<1xf32>)
  %b, %bv = train.preview_momentum %x, %x, %x, %r, %t {nesterov, norm_coefficient = 1.0 : f32, alpha = 0.5 : f32, beta = 0.25 : f32, train.names = ["b", "bv"]} : (tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<f32>, tensor<i32>) -> (tensor<1xf32>, tensor<1xf32>)
  %c, %cv, %ch = train.preview_adam %x, %x, %x, %x, %r, %t {norm_coefficient = 0.0 : f32, alpha = 0.5 : f32, beta = 0.75 : f32, epsilon = 0.0 : f32, norm_coefficient_post = 0.5 : f32, train.names = ["c", "cv", "ch"]} : (tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<f32>, tensor<i32>) -> (tensor<1xf32>, tensor<1xf32>, tensor<1xf32>)
  return
})");
  ASSERT_TRUE(m.evaluator) << m.error;
  auto run = [&](float t) {
    return m.run(
        "step",
        {{"x", makeTensor({1}, {4})}, {"r", makeTensor({}, {0.5f})}, {"t", makeTensor({}, {t})}});
  };
  NamedTensors r = run(2);
  ASSERT_EQ(m.error, "");
  EXPECT_EQ(r["ah"].values[0], 20.0f);
  EXPECT_FLOAT_EQ(r["a"].values[0], float(4 - 0.25 * 4 / std::sqrt(20.0)));
  EXPECT_EQ(r["bv"].values[0], 0.5f * 4 + 0.25f * 8);
  EXPECT_EQ(r["b"].values[0], 4 - 0.5f * (8 + 0.5f * 4));
  EXPECT_EQ(r["cv"].values[0], 4.0f);
  EXPECT_EQ(r["ch"].values[0], 7.0f);
  EXPECT_FLOAT_EQ(r["c"].values[0],
                  float(0.5 * (4 - 0.5 * std::sqrt(1 - 0.5625) / 0.75 * 4 / std::sqrt(7.0))));
  // In the first step of all momentum takes the gradient as it is, and adam's rate is r.
  r = run(0);
  EXPECT_EQ(r["bv"].values[0], 0.5f * 4 + 8);
  EXPECT_FLOAT_EQ(r["c"].values[0], float(0.5 * (4 - 0.5 * 4 / std::sqrt(7.0))));
}

} // namespace
