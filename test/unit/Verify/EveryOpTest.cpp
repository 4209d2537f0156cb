//===- EveryOpTest.cpp - no op of the train dialect is left out of the tests ------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The dialect's registered ops against the random networks, which the property test compiles and
// compares bit by bit, and against the ops that are printed and parsed.
//
//===----------------------------------------------------------------------------------------===//

#include "RandomNetwork.h"

#include "runtime/chips/Chip.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

#include <map>
#include <set>

using namespace slp;

namespace {

class EveryOp : public testing::Test {
protected:
  EveryOp() : context(registry(), mlir::MLIRContext::Threading::DISABLED) {}

  static mlir::DialectRegistry registry() {
    mlir::DialectRegistry all;
    registerDialects(all);
    return all;
  }
  /// Counts the modules that have an op.
  void count(mlir::ModuleOp module) {
    std::set<std::string> here;
    module.walk([&](mlir::Operation *op) { here.insert(op->getName().getStringRef().str()); });
    for (const std::string &op : here)
      ++modules[op];
  }
  std::vector<std::string> registered() {
    context.getOrLoadDialect("train");
    std::vector<std::string> names;
    for (mlir::RegisteredOperationName op : context.getRegisteredOperationsByDialect("train"))
      names.push_back(op.getStringRef().str());
    EXPECT_GE(names.size(), 100u);
    return names;
  }

  mlir::MLIRContext context;
  std::map<std::string, int> modules;
};

/// Ops that no random network has. They come from files that say how they train;
/// test/e2e/forms.test compiles those of test/models/forms and compares every bit.
const std::map<std::string, std::string> absent = {
    {"train.gradient", "*.step.onnx and *.training_model.onnx: gradients in the graph"},
    {"train.derivative", "*.standard*.onnx: ONNX's Gradient"},
    {"train.preview_adagrad", "mlp.standard-adagrad.onnx"},
    {"train.preview_adam", "mlp.standard-adam.onnx"},
    {"train.preview_momentum",
     "no file: with beta 1 it becomes train.sgd; test/third/single_ops.py"},
};

// What the property test compiles: every registered op of the dialect is in it, before or after
// stage `precision`. A new op fails here until RandomNetwork.cpp draws it.
TEST_F(EveryOp, IsInARandomNetwork) {
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    RandomNetwork network = makeRandomNetwork(seed, "weights.bin");
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + network.ir);
    auto module = mlir::parseSourceString<mlir::ModuleOp>(network.ir, &context);
    ASSERT_TRUE(module);
    count(*module);
    std::mt19937 random(seed);
    CompileOptions options;
    options.target = "lnpu";
    options.precision = seed % 2 ? "fp8" : SLP_TEST_DIR "/models/policies/all-mixed.yaml";
    drawTraining(random, options);
    if (seed % 3 == 0) { // as CompiledNetwork.h has them
      options.target = "asu-fp8";
      options.precision = "fp8";
      options.sparsity = SLP_TEST_DIR "/models/policies/weight-groups.yaml";
    }
    Result<chip::Chip> chip = chip::load(options.target);
    ASSERT_TRUE(chip);
    std::string error;
    mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) { error = d.str(); });
    bool isCompiled = mlir::succeeded(runStages(*module, Stage::precision, options, *chip));
    bool hasGroups = error.find("the model has no layer for them") == std::string::npos;
    ASSERT_TRUE(isCompiled || !hasGroups) << error;
    if (isCompiled)
      count(*module);
    if (seed > 10)
      continue;
    auto skipping = mlir::parseSourceString<mlir::ModuleOp>(network.ir, &context);
    CompileOptions skips;
    skips.target = "asu-fp8";
    skips.precision = "fp8";
    skips.sparsity = "gradient-skip";
    chip = chip::load(skips.target);
    ASSERT_TRUE(chip);
    ASSERT_TRUE(mlir::succeeded(runStages(*skipping, Stage::precision, skips, *chip)));
    count(*skipping);
  }
  for (const std::string &name : registered())
    if (absent.count(name))
      EXPECT_EQ(modules[name], 0) << name << " is in a random network and listed as absent";
    else
      EXPECT_GE(modules[name], 1) << name
                                  << " is in no random network: let RandomNetwork.cpp draw it";
}

// Printing, parsing, bytecode: test/dialects/Train/ops.mlir has each op.
TEST_F(EveryOp, IsPrintedAndParsed) {
  auto module =
      mlir::parseSourceFile<mlir::ModuleOp>(SLP_TEST_DIR "/dialects/Train/ops.mlir", &context);
  ASSERT_TRUE(module);
  count(*module);
  for (const std::string &name : registered())
    EXPECT_GE(modules[name], 1) << name << " is not in test/dialects/Train/ops.mlir";
}

} // namespace
