//===- SkipGradientsTest.cpp - what a step without some images computes -----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md section 11, by the reference. That the simulator computes the same is
// PropertyTest's business.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Emit/InitialValues.h"
#include "slp/Pipeline/Pipeline.h"
#include "slp/Reference/Evaluator.h"

#include "runtime/chips/Chip.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

#include <algorithm>
#include <cmath>
#include <random>

using namespace slp;

namespace {

constexpr int64_t pixels = 25, classes = 3;

std::string replaceAll(std::string text, const std::string &what, const std::string &by) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

/// Convolution, normalisation, relu, convolution, dense layer, of batch N.
const char *const network = R"(module attributes {slp.stage = "import"} {
  train.state @w1 : tensor<4x1x3x3xf32> {init = #train.random<"w1", seed = 1, fan_in = 9>}
  train.state @gamma : tensor<4xf32> {init = dense<[1.0, 0.5, 1.5, -1.0]> : tensor<4xf32>}
  train.state @beta : tensor<4xf32> {init = dense<[0.0, 0.1, -0.1, 0.2]> : tensor<4xf32>}
  train.state @w2 : tensor<3x4x3x3xf32> {init = #train.random<"w2", seed = 2, fan_in = 36>}
  train.state @b2 : tensor<3xf32> {init = dense<[0.1, -0.2, 0.0]> : tensor<3xf32>}
  train.state @fc : tensor<75x3xf32> {init = #train.random<"fc", seed = 3, fan_in = 75>}
  func.func @step(%image: tensor<Nx1x5x5xf32> {train.name = "image"}, %labels: tensor<Nxi32> {train.name = "labels"}) -> (tensor<f32> {train.name = "loss", train.role = "loss"}, tensor<Nx3xf32> {train.name = "logits"}) {
    %w1 = train.read @w1 : tensor<4x1x3x3xf32>
    %y = train.conv %image, %w1 {pads = array<i64: 1, 1, 1, 1>} : (tensor<Nx1x5x5xf32>, tensor<4x1x3x3xf32>) -> tensor<Nx4x5x5xf32> loc("conv1")
    %g = train.read @gamma : tensor<4xf32>
    %gamma = train.reshape %g : (tensor<4xf32>) -> tensor<1x4x1x1xf32>
    %b = train.read @beta : tensor<4xf32>
    %beta = train.reshape %b : (tensor<4xf32>) -> tensor<1x4x1x1xf32>
    STATISTICS
    %n = train.normalize %y, %mean, %var, %gamma, %beta {epsilon = 1.0e-5 : f32AXES} : (tensor<Nx4x5x5xf32>, tensor<1x4x1x1xf32>, tensor<1x4x1x1xf32>, tensor<1x4x1x1xf32>, tensor<1x4x1x1xf32>) -> tensor<Nx4x5x5xf32> loc("bn")
    %r = train.relu %n : (tensor<Nx4x5x5xf32>) -> tensor<Nx4x5x5xf32> loc("relu")
    %w2 = train.read @w2 : tensor<3x4x3x3xf32>
    %b2 = train.read @b2 : tensor<3xf32>
    %z = train.conv %r, %w2, %b2 {pads = array<i64: 1, 1, 1, 1>} : (tensor<Nx4x5x5xf32>, tensor<3x4x3x3xf32>, tensor<3xf32>) -> tensor<Nx3x5x5xf32> loc("conv2")
    %flat = train.reshape %z : (tensor<Nx3x5x5xf32>) -> tensor<Nx75xf32>
    %fc = train.read @fc : tensor<75x3xf32>
    %logits = train.matmul %flat, %fc : (tensor<Nx75xf32>, tensor<75x3xf32>) -> tensor<Nx3xf32> loc("fc")
    %loss, %losses = train.cross_entropy %logits, %labels {train.names = ["loss", "losses"]} : (tensor<Nx3xf32>, tensor<Nxi32>) -> (tensor<f32>, tensor<Nxf32>) loc("loss")
    return %loss, %logits : tensor<f32>, tensor<Nx3xf32>
  }
}
)";

std::string networkOf(int64_t batch, bool isByBatch) {
  std::string statistics = isByBatch
                               ? "%mean, %var = train.statistics %y : (tensor<Nx4x5x5xf32>) -> "
                                 "(tensor<1x4x1x1xf32>, tensor<1x4x1x1xf32>) loc(\"bn\")"
                               : "%mean = train.constant dense<0.1> : tensor<1x4x1x1xf32>\n"
                                 "%var = train.constant dense<0.5> : tensor<1x4x1x1xf32>";
  std::string ir = replaceAll(network, "STATISTICS", statistics);
  ir = replaceAll(ir, "AXES", isByBatch ? ", axes = array<i64: 0, 2, 3>" : "");
  return replaceAll(ir, "<N", "<" + std::to_string(batch));
}

class SkipGradients : public testing::Test {
protected:
  SkipGradients() : context(registry(), mlir::MLIRContext::Threading::DISABLED) {
    std::mt19937 random(7);
    for (int64_t i = 0; i < batch * pixels; ++i)
      image.push_back(float(int(random() % 65) - 32) / 32);
    for (int64_t i = 0; i < batch; ++i)
      labels.push_back(float(random() % classes));
  }

  static mlir::DialectRegistry registry() {
    mlir::DialectRegistry all;
    registerDialects(all);
    return all;
  }

  /// The states after `steps` of plain SGD on the images of `numbers`; `losses` gets those of the
  /// first step.
  reference::NamedTensors train(const std::vector<int64_t> &numbers, bool isByBatch,
                                CompileOptions options, reference::Hyper hyper, int steps,
                                std::vector<float> *losses = nullptr) {
    options.target = "asu-fp8";
    Result<chip::Chip> chip = chip::load(options.target);
    EXPECT_TRUE(chip);
    auto module = mlir::parseSourceString<mlir::ModuleOp>(
        networkOf(int64_t(numbers.size()), isByBatch), &context);
    EXPECT_TRUE(module);
    EXPECT_TRUE(mlir::succeeded(runStages(*module, Stage::precision, options, *chip)));
    auto evaluator = reference::Evaluator::create(
        *module, [](const train::State &state) { return readInitialValues(state, ""); });
    EXPECT_TRUE(mlir::succeeded(evaluator));
    evaluator->setHyper(hyper);
    auto size = int64_t(numbers.size());
    reference::Tensor x({size, 1, 5, 5}), l({size});
    for (int64_t i = 0; i < size; ++i) {
      std::copy_n(image.begin() + numbers[size_t(i)] * pixels, pixels,
                  x.values.begin() + i * pixels);
      l[i] = labels[size_t(numbers[size_t(i)])];
    }
    if (options.precision == "fp8") // as the input is stored: multiples of 1/32 are few enough
      for (float &value : x.values)
        value = std::round(value * 4) / 4;
    for (int step = 0; step < steps; ++step)
      EXPECT_TRUE(mlir::succeeded(evaluator->run(
          "step", {{"image", x}, {"labels", l}},
          [&](llvm::StringRef name, const reference::Tensor &values, mlir::OpResult) {
            if (name == "losses" && step == 0 && losses)
              *losses = values.values;
          })));
    return evaluator->states();
  }

  static constexpr int64_t batch = 6;
  mlir::MLIRContext context;
  std::vector<float> image, labels;
};

std::vector<int64_t> upTo(int64_t n) {
  std::vector<int64_t> numbers;
  for (int64_t i = 0; i < n; ++i)
    numbers.push_back(i);
  return numbers;
}

// With 0 nothing is dropped, and each bit is what it is without the mechanism.
TEST_F(SkipGradients, ZeroChangesNoBit) {
  for (bool isByBatch : {false, true})
    for (const char *lossScale : {"0", "dynamic:1048576:1"}) {
      CompileOptions options;
      options.precision = "fp8";
      options.lossScale = lossScale;
      reference::Hyper hyper;
      hyper.learningRate = 0.05f;
      hyper.momentum = 0.9f;
      reference::NamedTensors without = train(upTo(batch), isByBatch, options, hyper, 3);
      options.sparsity = "gradient-skip";
      reference::NamedTensors with = train(upTo(batch), isByBatch, options, hyper, 3);
      ASSERT_EQ(with.size(), without.size());
      for (const auto &[name, values] : without)
        EXPECT_EQ(with.at(name).values, values.values) << name;
    }
}

// Without coupling, dropping an image is a loss weight of 0: the step on the others alone, whose
// mean is over fewer images. In FP32; each image that is dropped, by its own loss.
TEST_F(SkipGradients, IsAWeightOfZero) {
  CompileOptions options;
  options.precision = "fp32";
  reference::Hyper hyper;
  hyper.learningRate = 0.5f;
  std::vector<float> losses;
  reference::NamedTensors initial = train(upTo(batch), false, options, reference::Hyper(), 0);
  train(upTo(batch), false, options, hyper, 1, &losses);
  ASSERT_EQ(losses.size(), size_t(batch));
  for (float theta : losses) {
    std::vector<int64_t> kept;
    for (int64_t i = 0; i < batch; ++i)
      if (losses[size_t(i)] >= theta)
        kept.push_back(i);
    CompileOptions skipping = options;
    skipping.sparsity = "gradient-skip";
    reference::Hyper below = hyper, smaller = hyper;
    below.skipBelow = theta;
    smaller.learningRate = hyper.learningRate * float(kept.size()) / float(batch);
    reference::NamedTensors actual = train(upTo(batch), false, skipping, below, 1);
    reference::NamedTensors expected = train(kept, false, options, smaller, 1);
    for (const char *name : {"w1", "gamma", "beta", "w2", "b2", "fc"}) {
      double moved = 0;
      for (size_t i = 0; i < actual.at(name).values.size(); ++i) {
        float a = actual.at(name).values[i], e = expected.at(name).values[i];
        EXPECT_NEAR(a, e, 2e-6) << name << "[" << i << "], " << kept.size() << " kept";
        moved = std::max(moved, double(std::abs(a - initial.at(name).values[i])));
      }
      EXPECT_GT(moved, 1e-4) << name;
    }
  }
}

// Normalised by the batch, an image that is dropped has neither an error nor a share of the
// others'; that it is in their mean shows.
TEST_F(SkipGradients, DividesByAllOrByKept) {
  CompileOptions options;
  options.precision = "fp32";
  reference::Hyper hyper;
  hyper.learningRate = 0.5f;
  std::vector<float> losses;
  train(upTo(batch), true, options, hyper, 1, &losses);
  std::vector<float> sorted = losses;
  std::sort(sorted.begin(), sorted.end());
  hyper.skipBelow = sorted[batch / 2];
  options.sparsity = "gradient-skip";
  reference::NamedTensors all = train(upTo(batch), true, options, hyper, 1);
  options.skipDivide = "kept";
  reference::NamedTensors kept = train(upTo(batch), true, options, hyper, 1);
  EXPECT_NE(all.at("w1").values, kept.at("w1").values);
  // What stands behind the normalisation does not see it.
  for (const char *name : {"gamma", "beta", "w2", "fc"})
    EXPECT_EQ(all.at(name).values, kept.at(name).values) << name;
  // With all of them dropped nothing moves.
  hyper.skipBelow = 1e30f;
  reference::NamedTensors none = train(upTo(batch), true, options, hyper, 1);
  reference::NamedTensors initial = train(upTo(batch), true, options, hyper, 0);
  for (const char *name : {"w1", "gamma", "beta", "w2", "b2", "fc"})
    EXPECT_EQ(none.at(name).values, initial.at(name).values) << name;
}

} // namespace
