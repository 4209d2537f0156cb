//===- MicroBatchTest.cpp - the sum of the parts is the whole ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Steps on a batch of six at once and as three micro-batches of two, in the FP32 reference: the
// parameters agree up to the order of sums.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Autodiff/Passes.h"
#include "slp/Emit/InitialValues.h"
#include "slp/Import/ONNX.h"
#include "slp/Reference/Evaluator.h"

#include "dialects/Train/TrainState.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "gtest/gtest.h"

#include <cmath>
#include <random>

using namespace mlir;
using namespace slp;
using namespace slp::reference;

namespace {

constexpr int64_t batch = 6, parts = 3;

/// The inputs of a function, named, for the images from `first` on; each value depends on input and
/// element only.
NamedTensors inputsOf(func::FuncOp function, int64_t first) {
  NamedTensors inputs;
  for (BlockArgument argument : function.getArguments()) {
    auto type = cast<RankedTensorType>(argument.getType());
    Tensor tensor(type.getShape());
    int64_t perImage = type.getNumElements() / type.getDimSize(0);
    std::mt19937 random(argument.getArgNumber());
    random.discard(first * perImage);
    for (float &value : tensor.values)
      value = type.getElementType().isInteger() ? float(random() % 3)
                                                : float(int(random() % 129) - 64) / 64;
    auto name =
        function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), train::getArgNameAttrName());
    inputs[name.str()] = std::move(tensor);
  }
  return inputs;
}

/// The parameters after two steps.
NamedTensors train(int64_t microBatches, const std::string &optimizer, std::string &error) {
  DialectRegistry registry;
  registry.insert<func::FuncDialect, train::TrainDialect>();
  registerGradients(registry);
  MLIRContext context(registry);
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &d) { error += d.str() + "\n"; });
  ImportOptions import;
  import.batch = batch / microBatches;
  import.loss = "softmax-cross-entropy";
  auto module = importONNX(context, SLP_TEST_DIR "/models/ops/cnn.onnx", import);
  if (!module)
    return {};
  PassManager pm(&context);
  TrainDifferentiateOptions options;
  options.optimizer = optimizer;
  options.clipNorm = true;
  options.microBatches = microBatches;
  pm.addPass(createTrainDifferentiate(options));
  if (failed(pm.run(*module)))
    return {};
  auto evaluator = Evaluator::create(*module, [](const train::State &state) {
    return readInitialValues(state, SLP_TEST_DIR "/models/ops");
  });
  if (failed(evaluator))
    return {};
  auto step = module->lookupSymbol<func::FuncOp>("step");
  for (int64_t run = 0; run < 2 * microBatches; ++run) {
    Hyper hyper{0.05f, 0.9f, 0.01f, 0, 0.99f, 1e-3f};
    hyper.clipNorm = 0.5f;
    evaluator->setHyper(hyper);
    bool isLast = run % microBatches == microBatches - 1;
    if (failed(evaluator->run(isLast ? "step" : "accumulate",
                              inputsOf(step, run * (batch / microBatches)),
                              [](StringRef, const Tensor &, OpResult) {})))
      return {};
  }
  NamedTensors parameters;
  for (const auto &[name, tensor] : evaluator->states())
    if (!StringRef(name).ends_with(".accumulated"))
      parameters[name] = tensor;
    else
      for (float value : tensor.values)
        EXPECT_EQ(value, 0.0f) << name;
  return parameters;
}

TEST(MicroBatch, EqualsTheWholeBatch) {
  for (std::string optimizer : {"sgd", "adam"}) {
    std::string error;
    NamedTensors whole = train(1, optimizer, error), sum = train(parts, optimizer, error);
    ASSERT_EQ(error, "");
    ASSERT_EQ(whole.size(), sum.size());
    ASSERT_GT(whole.size(), 4u);
    for (const auto &[name, tensor] : whole)
      for (size_t i = 0; i < tensor.values.size(); ++i)
        ASSERT_NEAR(tensor.values[i], sum[name].values[i],
                    1e-5f * std::max(1.0f, std::fabs(tensor.values[i])))
            << optimizer << " " << name << " element " << i;
  }
}

} // namespace
