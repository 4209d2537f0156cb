//===- BatchCouplingTest.cpp - what is called a mean is one -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Every model of test/models/ops, imported with two batches: where compareBatches says that the
// loss of the whole is the mean, or the sum, of those of its parts, the FP32 reference says so too.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Analysis/BatchCoupling.h"

#include "slp/Emit/InitialValues.h"
#include "slp/Import/ONNX.h"
#include "slp/Reference/Evaluator.h"

#include "dialects/Train/DropoutOp.h"
#include "dialects/Train/TrainState.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"

#include <cmath>
#include <random>

using namespace mlir;
using namespace slp;
using namespace slp::reference;

namespace {

constexpr int64_t images = 2, runs = 3;

std::vector<std::string> models() {
  std::vector<std::string> names;
  std::error_code code;
  for (llvm::sys::fs::directory_iterator it(SLP_TEST_DIR "/models/ops", code), end; it != end;
       it.increment(code))
    names.push_back(llvm::sys::path::filename(it->path()).str());
  llvm::sort(names);
  return names;
}

OwningOpRef<ModuleOp> import(MLIRContext &context, const std::string &name, int64_t batch) {
  ImportOptions options;
  options.batch = batch;
  if (name.rfind("loss-", 0) != 0 && name != "embedding.onnx") // those bring their own
    options.loss = "softmax-cross-entropy";
  return importONNX(context, SLP_TEST_DIR "/models/ops/" + name, options);
}

/// Inputs of @step for the images from `first` on; each value depends on input and element only.
NamedTensors inputsOf(func::FuncOp step, int64_t first) {
  NamedTensors inputs;
  for (BlockArgument argument : step.getArguments()) {
    auto type = cast<RankedTensorType>(argument.getType());
    Tensor tensor(type.getShape());
    std::mt19937 random(argument.getArgNumber());
    random.discard(first * (type.getNumElements() / type.getDimSize(0)));
    for (float &value : tensor.values)
      value = type.getElementType().isInteger() ? float(random() % 2)
                                                : float(int(random() % 129) - 64) / 64;
    auto name =
        step.getArgAttrOfType<StringAttr>(argument.getArgNumber(), train::getArgNameAttrName());
    inputs[name.str()] = std::move(tensor);
  }
  return inputs;
}

/// The loss of the images from `first` on; NaN after an error.
float lossOf(ModuleOp module, int64_t first) {
  auto evaluator = Evaluator::create(module, [](const train::State &state) {
    return readInitialValues(state, SLP_TEST_DIR "/models/ops");
  });
  auto step = module.lookupSymbol<func::FuncOp>("step");
  Value loss = step.getBody().front().getTerminator()->getOperand(0);
  float value = NAN;
  if (succeeded(evaluator))
    (void)evaluator->run("step", inputsOf(step, first),
                         [&](StringRef, const Tensor &tensor, OpResult result) {
                           if (result == loss)
                             value = tensor[0];
                         });
  return value;
}

TEST(BatchCoupling, WhatIsCalledAMeanIsOne) {
  size_t means = 0, sums = 0, coupled = 0;
  std::string unknown;
  for (const std::string &name : models()) {
    MLIRContext context;
    context.loadDialect<func::FuncDialect, train::TrainDialect>();
    ScopedDiagnosticHandler silence(&context, [](Diagnostic &) { return success(); });
    auto part = import(context, name, images), whole = import(context, name, images * runs);
    if (!part || !whole)
      continue; // the batch is written into the file
    auto partStep = part->lookupSymbol<func::FuncOp>("step");
    auto wholeStep = whole->lookupSymbol<func::FuncOp>("step");
    BatchVerdict verdict = compareBatches(partStep, wholeStep, runs);
    coupled += verdict.kind == BatchVerdict::coupled;
    if (verdict.kind == BatchVerdict::unknown)
      unknown +=
          name + ": " + (verdict.op ? verdict.op->getName().getStringRef().str() : "?") + "\n";
    bool isMean = verdict.kind == BatchVerdict::mean, isSum = verdict.kind == BatchVerdict::sum;
    // Dropout draws by the place in the batch: a mean, of other numbers.
    if ((!isMean && !isSum) || !partStep.getOps<train::DropoutOp>().empty())
      continue;
    means += isMean;
    sums += isSum;
    float expected = 0;
    for (int64_t run = 0; run < runs; ++run)
      expected += lossOf(*part, run * images) / (isMean ? runs : 1);
    float found = lossOf(*whole, 0);
    EXPECT_NEAR(found, expected, 1e-5f * std::max(1.0f, std::fabs(expected))) << name;
  }
  // These have the images of the file's batch in their indices.
  EXPECT_EQ(unknown, "scatter-nd-slice-add.onnx: ?\nscatter-nd-slice.onnx: ?\n"
                     "scatter-nd.onnx: train.scatter_add\n");
  EXPECT_GT(means, 150u);
  EXPECT_GT(sums, 0u);
  EXPECT_GT(coupled, 5u);
}

} // namespace
