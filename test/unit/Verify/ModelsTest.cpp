//===- ModelsTest.cpp - every small model, on both chips, bit by bit --------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What slp-verify does, for each file of test/models/ops: one op and its gradients in every
// variant that the importer accepts, with tiles as the tiler chooses them.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Verify/Verify.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"

#include <algorithm>

using namespace slp;

static std::vector<std::string> allModels() {
  std::vector<std::string> names;
  std::error_code error;
  for (llvm::sys::fs::directory_iterator it(SLP_TEST_DIR "/models/ops", error), end;
       it != end && !error; it.increment(error))
    names.push_back(llvm::sys::path::filename(it->path()).str());
  std::sort(names.begin(), names.end());
  return names;
}

namespace {
class Models : public testing::TestWithParam<std::string> {};
} // namespace

TEST_P(Models, SimulateAsDefined) {
  std::string folder = SLP_TEST_DIR "/models/ops";
  for (auto [target, precision] :
       {std::pair("lnpu", "fp16"), std::pair("lnpu", "fp8"), std::pair("asu-fp8", "fp8")}) {
    SCOPED_TRACE(std::string("--target=") + target + " --precision=" + precision);
    mlir::DialectRegistry registry;
    registerDialects(registry);
    mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
    std::string error;
    mlir::ScopedDiagnosticHandler handler(&context,
                                          [&](mlir::Diagnostic &d) { error += d.str() + "\n"; });
    CompileOptions options;
    options.target = target;
    options.precision = precision;
    // One file leaves the batch open, some bring their own loss.
    options.batch = GetParam() == "symbolic-batch.onnx" ? 3 : 0;
    bool hasLoss = GetParam().rfind("loss-", 0) == 0 || GetParam() == "embedding.onnx";
    options.loss = hasLoss ? "" : "softmax-cross-entropy";
    Result<chip::Chip> chip = chip::load(target);
    ASSERT_TRUE(chip);
    auto module = readModel(context, folder + "/" + GetParam(), options);
    ASSERT_TRUE(module) << error;
    auto program = verify::compile(std::move(module), options, *chip, folder);
    ASSERT_TRUE(mlir::succeeded(program)) << error;
    verify::Options run;
    run.steps = 2;
    auto report = verify::compare(*program->train, program->image, *chip, folder, run);
    ASSERT_TRUE(mlir::succeeded(report)) << error;
    std::string text;
    llvm::raw_string_ostream os(text);
    verify::print(*report, os, /*verbose=*/true);
    EXPECT_TRUE(report->ok()) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(Files, Models, testing::ValuesIn(allModels()),
                         [](const testing::TestParamInfo<std::string> &info) {
                           std::string name = info.param;
                           std::replace_if(
                               name.begin(), name.end(), [](char c) { return !isalnum(c); }, '_');
                           return name;
                         });
