//===- TorchGradientsTest.cpp - import and autodiff against PyTorch ---------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Each test/models/ops model, imported, with its composites recognised, differentiated and
// evaluated by the reference in FP32, against what PyTorch's autograd says of it
// (test/data/gradients, made by make-gradients.py). After one step with momentum and weight decay
// 0, the velocity is the gradient.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Autodiff/Passes.h"
#include "slp/Emit/InitialValues.h"
#include "slp/Import/ONNX.h"
#include "slp/Reference/Evaluator.h"
#include "slp/Transforms/Train/Passes.h"

#include "dialects/Train/TrainState.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace mlir;
using namespace slp;
using namespace slp::reference;

namespace {

std::vector<std::string> cases() {
  std::vector<std::string> names;
  std::error_code code;
  for (llvm::sys::fs::directory_iterator it(SLP_TEST_DIR "/data/gradients", code), end; it != end;
       it.increment(code))
    names.push_back(llvm::sys::path::stem(it->path()).str());
  llvm::sort(names);
  return names;
}

Tensor tensorOf(const llvm::json::Object &object) {
  SmallVector<int64_t> shape;
  for (const llvm::json::Value &size : *object.getArray("shape"))
    shape.push_back(*size.getAsInteger());
  Tensor tensor(shape);
  for (auto [i, value] : llvm::enumerate(*object.getArray("data")))
    tensor.values[i] = float(*value.getAsNumber());
  return tensor;
}

/// The integers of nested arrays, in row-major order.
void appendNumbers(const llvm::json::Array &array, std::vector<float> &numbers) {
  for (const llvm::json::Value &value : array)
    if (const llvm::json::Array *inner = value.getAsArray())
      appendNumbers(*inner, numbers);
    else
      numbers.push_back(float(*value.getAsInteger()));
}

/// Gradients that are zero but for rounding have no largest element to speak of.
constexpr float largestNoise = 0.2f;

/// What the comparisons of a test found: for docs/gradients.md.
struct Agreement {
  size_t tensors = 0, elements = 0;
  float deviation = 0; // largest, against largestNoise + the largest element of its tensor
};

/// FP32 sums in another order: the error is measured against the largest element.
void expectClose(const Tensor &found, const Tensor &expected, const std::string &what,
                 Agreement &agreement) {
  ASSERT_EQ(found.values.size(), expected.values.size()) << what;
  float largest = 0;
  for (float value : expected.values)
    largest = std::max(largest, std::fabs(value));
  for (size_t i = 0; i < found.values.size(); ++i)
    ASSERT_NEAR(found.values[i], expected.values[i], 1e-5f * (largestNoise + largest))
        << what << " element " << i;
  ++agreement.tensors;
  agreement.elements += found.values.size();
  for (size_t i = 0; i < found.values.size(); ++i)
    agreement.deviation =
        std::max(agreement.deviation,
                 std::fabs(found.values[i] - expected.values[i]) / (largestNoise + largest));
}

class TorchGradients : public ::testing::TestWithParam<std::string> {};

TEST_P(TorchGradients, Agree) {
  auto text = llvm::MemoryBuffer::getFile(SLP_TEST_DIR "/data/gradients/" + GetParam() + ".json");
  ASSERT_TRUE(bool(text));
  llvm::Expected<llvm::json::Value> parsed = llvm::json::parse((*text)->getBuffer());
  ASSERT_TRUE(bool(parsed));
  const llvm::json::Object &data = *parsed->getAsObject();

  DialectRegistry registry;
  registry.insert<func::FuncDialect, train::TrainDialect>();
  registerGradients(registry);
  MLIRContext context(registry);
  std::string error;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &d) { error += d.str() + "\n"; });

  NamedTensors inputs;
  for (const auto &[name, value] : *data.getObject("inputs"))
    inputs[name.str()] = tensorOf(*value.getAsObject());
  ImportOptions options;
  if (const llvm::json::Array *labels = data.getArray("labels")) {
    SmallVector<int64_t> places;
    for (const llvm::json::Array *part = labels; part; part = part->front().getAsArray())
      places.push_back(part->size());
    Tensor &labelTensor = inputs["labels"] = Tensor(places);
    labelTensor.values.clear();
    appendNumbers(*labels, labelTensor.values);
    options.batch = labels->size();
  }
  if (GetParam().rfind("loss-", 0) != 0 && GetParam() != "embedding") // those bring their own
    options.loss = "softmax-cross-entropy";
  auto module =
      importONNX(context, SLP_TEST_DIR "/models/ops/" + data.getString("model")->str(), options);
  ASSERT_TRUE(module) << error;
  PassManager pm(&context);
  pm.addPass(createTrainFusePatterns());
  pm.addPass(createTrainStabilizeComposites());
  pm.addPass(createTrainDifferentiate());
  ASSERT_TRUE(succeeded(pm.run(*module))) << error;

  auto evaluator = Evaluator::create(*module, [](const train::State &state) {
    return readInitialValues(state, SLP_TEST_DIR "/models/ops");
  });
  ASSERT_TRUE(succeeded(evaluator)) << error;
  evaluator->setHyper({/*learningRate=*/0, /*momentum=*/0, /*weightDecay=*/0});
  // What a function returns, by position.
  auto run = [&](StringRef function) {
    std::vector<Tensor> results;
    Operation *terminator =
        module->lookupSymbol<func::FuncOp>(function).getBody().front().getTerminator();
    results.resize(terminator->getNumOperands());
    EXPECT_TRUE(succeeded(evaluator->run(function, inputs,
                                         [&](StringRef, const Tensor &values, OpResult result) {
                                           for (auto [i, returned] :
                                                llvm::enumerate(terminator->getOperands()))
                                             if (returned == result)
                                               results[i] = values;
                                         })))
        << error;
    return results;
  };
  std::vector<Tensor> step = run("step");
  ASSERT_EQ(step.size(), 2u);
  EXPECT_NEAR(step[0][0], *data.getNumber("loss"), 2e-6);
  Agreement agreement, ofGradients;
  expectClose(step[1], tensorOf(*data.getObject("logits")), "logits", agreement);
  for (const auto &[name, value] : *data.getObject("gradients")) {
    const Tensor *velocity = evaluator->readState(name.str() + ".velocity");
    ASSERT_NE(velocity, nullptr) << name.str();
    expectClose(*velocity, tensorOf(*value.getAsObject()), name.str(), ofGradients);
  }
  RecordProperty("tensors", std::to_string(ofGradients.tensors));
  RecordProperty("elements", std::to_string(ofGradients.elements));
  char deviation[16];
  std::snprintf(deviation, sizeof deviation, "%.1e", ofGradients.deviation);
  RecordProperty("deviation", deviation);

  // @eval gives the logits of the step, to the bit: the learning rate is 0.
  if (module->lookupSymbol<func::FuncOp>("eval").getNumArguments() < inputs.size())
    inputs.erase("labels"); // unless the logits need them
  std::vector<Tensor> eval = run("eval");
  // A graph's own loss comes first.
  bool hasOwnLoss = options.loss.empty();
  ASSERT_EQ(eval.size(), hasOwnLoss ? 2u : 1u);
  // Where running statistics take the place of the batch's, they are those after the step.
  if (const llvm::json::Object *expected = data.getObject("eval"))
    expectClose(eval.back(), tensorOf(*expected), "eval", agreement);
  else
    EXPECT_EQ(eval.back().values, step[1].values);
}

INSTANTIATE_TEST_SUITE_P(Models, TorchGradients, ::testing::ValuesIn(cases()),
                         [](const auto &info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

} // namespace
