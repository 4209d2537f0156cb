//===- AutogradTest.cpp - differentiated models against PyTorch's autograd --------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Every model of test/models/ops is imported, differentiated and evaluated in FP32; logits, loss
// and the gradient of every parameter must be those of test/data/gradients, which
// tools/scripts/make-gradients.py computed in FP64.
//
//===----------------------------------------------------------------------------------------===//

#include "EvaluateModule.h"

#include "dialects/Train/TrainState.h"
#include "slp/Autodiff/Passes.h"
#include "slp/Emit/InitialValues.h"
#include "slp/Import/ONNX.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <algorithm>
#include <cmath>

using namespace slp;
using namespace slp::reference;

namespace {

std::vector<std::string> allModels() {
  std::vector<std::string> names;
  std::error_code error;
  for (llvm::sys::fs::directory_iterator it(SLP_TEST_DIR "/data/gradients", error), end;
       it != end && !error; it.increment(error))
    if (llvm::sys::path::extension(it->path()) == ".json")
      names.push_back(llvm::sys::path::stem(it->path()).str());
  std::sort(names.begin(), names.end());
  return names;
}

Tensor tensorOf(const llvm::json::Object &object) {
  llvm::SmallVector<int64_t> shape;
  for (const llvm::json::Value &extent : *object.getArray("shape"))
    shape.push_back(*extent.getAsInteger());
  Tensor tensor(shape);
  const llvm::json::Array &data = *object.getArray("data");
  EXPECT_EQ(tensor.values.size(), data.size());
  for (auto [value, number] : llvm::zip(tensor.values, data))
    value = static_cast<float>(*number.getAsNumber());
  return tensor;
}

/// Equal within 1e-5 of the largest element, which is returned; what a normalisation makes zero may
/// be a little noise.
float expectClose(const Tensor &actual, const Tensor &expected, const std::string &what) {
  float largest = 0;
  for (float value : expected.values)
    largest = std::max(largest, std::fabs(value));
  EXPECT_EQ(actual.values.size(), expected.values.size()) << what;
  for (size_t i = 0; i < std::min(actual.values.size(), expected.values.size()); ++i)
    EXPECT_NEAR(actual[i], expected[i], 2e-6f + 1e-5f * largest) << what << " element " << i;
  return largest;
}

/// The numbers of nested arrays, in row-major order.
static void appendNumbers(const llvm::json::Array &numbers, std::vector<float> &values) {
  for (const llvm::json::Value &number : numbers) {
    if (const llvm::json::Array *inner = number.getAsArray())
      appendNumbers(*inner, values);
    else
      values.push_back(static_cast<float>(*number.getAsInteger()));
  }
}

class Autograd : public testing::TestWithParam<std::string> {
protected:
  Autograd() : handler(&context, [this](mlir::Diagnostic &d) { error += d.str() + "\n"; }) {
    mlir::DialectRegistry registry;
    registry.insert<mlir::func::FuncDialect, num_ir::NumDialect, train::TrainDialect>();
    registerGradients(registry);
    context.appendDialectRegistry(registry);
  }

  /// The model with a loss: its own, or the cross entropy of its output.
  mlir::OwningOpRef<mlir::ModuleOp> import(const std::string &path, int64_t batch) {
    auto module = importONNX(context, path, {batch, ""});
    bool hasLoss = false;
    if (auto step = module ? module->lookupSymbol<mlir::func::FuncOp>("step") : nullptr)
      hasLoss = mlir::cast<mlir::ShapedType>(step.getResultTypes()[0]).getRank() == 0;
    if (module && !hasLoss)
      module = importONNX(context, path, {batch, "softmax-cross-entropy"});
    return module;
  }

  std::string error;
  mlir::MLIRContext context;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace

TEST_P(Autograd, AgreesInFp32) {
  auto file = llvm::MemoryBuffer::getFile(SLP_TEST_DIR "/data/gradients/" + GetParam() + ".json");
  ASSERT_TRUE(file);
  llvm::Expected<llvm::json::Value> parsed = llvm::json::parse((*file)->getBuffer());
  ASSERT_TRUE(bool(parsed));
  const llvm::json::Object &expected = *parsed->getAsObject();
  NamedTensors inputs;
  int64_t batch = 0;
  for (const auto &[name, value] : *expected.getObject("inputs")) {
    inputs[name.str()] = tensorOf(*value.getAsObject());
    batch = inputs[name.str()].dim(0);
  }

  std::string folder = SLP_TEST_DIR "/models/ops";
  auto module = import(folder + "/" + expected.getString("model")->str(), batch);
  ASSERT_TRUE(module) << error;
  mlir::PassManager passes(&context);
  passes.addPass(createTrainDifferentiate());
  ASSERT_TRUE(mlir::succeeded(passes.run(*module))) << error;

  auto step = module->lookupSymbol<mlir::func::FuncOp>("step");
  llvm::SmallVector<int64_t> places; // of the labels, if there are any
  for (const llvm::json::Array *part = expected.getArray("labels"); part;
       part = part->front().getAsArray())
    places.push_back(part->size());
  Tensor labels(places);
  labels.values.clear();
  if (const llvm::json::Array *numbers = expected.getArray("labels"))
    appendNumbers(*numbers, labels.values);
  for (unsigned i = 0; i < step.getNumArguments(); ++i)
    if (mlir::cast<mlir::RankedTensorType>(step.getArgumentTypes()[i]).getElementType().isInteger())
      inputs[step.getArgAttrOfType<mlir::StringAttr>(i, train::getArgNameAttrName()).str()] =
          labels;

  auto evaluator = Evaluator::create(
      *module, [&](const train::State &state) { return readInitialValues(state, folder); });
  ASSERT_TRUE(mlir::succeeded(evaluator)) << error;
  llvm::DenseMap<mlir::Value, Tensor> results;
  ASSERT_TRUE(
      mlir::succeeded(evaluator->run("step", inputs,
                                     [&](llvm::StringRef, const Tensor &values,
                                         mlir::OpResult result) { results[result] = values; })))
      << error;

  // @step returns the loss and the logits.
  mlir::Operation *terminator = step.getBody().front().getTerminator();
  EXPECT_NEAR(results[terminator->getOperand(0)][0], *expected.getNumber("loss"),
              1e-5 * std::fabs(*expected.getNumber("loss")));
  expectClose(results[terminator->getOperand(1)], tensorOf(*expected.getObject("logits")),
              "logits");
  // Without momentum the first velocity is the gradient itself.
  float largest = 0; // the loss may not see one parameter, but it sees some
  for (const auto &[name, value] : *expected.getObject("gradients")) {
    const Tensor *velocity = evaluator->readState(name.str() + ".velocity");
    ASSERT_NE(velocity, nullptr) << name.str();
    largest = std::max(largest, expectClose(*velocity, tensorOf(*value.getAsObject()), name.str()));
  }
  EXPECT_GT(largest, 0.0f);
}

INSTANTIATE_TEST_SUITE_P(Models, Autograd, testing::ValuesIn(allModels()),
                         [](const testing::TestParamInfo<std::string> &info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });
