//===- CompiledNetwork.h - a random network and its image -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What the property and mutation tests have in common: draw a network, compile it, compare.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TEST_UNIT_VERIFY_COMPILEDNETWORK_H
#define TEST_UNIT_VERIFY_COMPILEDNETWORK_H

#include "RandomNetwork.h"

#include "slp/Verify/Verify.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"

namespace slp {

class CompiledNetwork {
public:
  /// Draws the network of `seed` and compiles it; `change` may change what `precision` gave. Every
  /// second one skips zeros where the chip can, and has weight groups where it and the chip can.
  /// `program` is empty, and `error` says why, if that fails.
  CompiledNetwork(uint32_t seed, CompileOptions options, Layers layers = Layers::all,
                  llvm::function_ref<void(mlir::ModuleOp, const chip::Chip &)> change = nullptr)
      : context(registry(), mlir::MLIRContext::Threading::DISABLED),
        handler(&context, [this](mlir::Diagnostic &d) { error += d.str() + "\n"; }) {
    Result<chip::Chip> loaded = chip::load(options.target);
    EXPECT_TRUE(loaded);
    chip = loaded.take();
    if (seed % 2 && chip.has("zero-skip"))
      options.sparsity = "zero-skip";
    bool triesGroups = seed % 2 && chip.has("weight-groups");
    const std::string without = options.sparsity;
    if (triesGroups)
      options.sparsity = without == "gradient-skip"
                             ? SLP_TEST_DIR "/models/policies/groups-and-skip.yaml"
                             : SLP_TEST_DIR "/models/policies/weight-groups.yaml";
    EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("slp-verify-test", folder));
    RandomNetwork network = makeRandomNetwork(seed, "weights.bin", layers);
    ir = network.ir;
    llvm::SmallString<128> path(folder);
    llvm::sys::path::append(path, "weights.bin");
    std::error_code failure;
    llvm::raw_fd_ostream file(path, failure);
    EXPECT_FALSE(failure);
    file.write(reinterpret_cast<const char *>(network.weights.data()), 4 * network.weights.size());
    file.close();
    compile(options, change);
    if (triesGroups && error.find("the model has no layer for them") != std::string::npos) {
      error.clear();
      options.sparsity = without;
      compile(options, change);
    }
  }
  ~CompiledNetwork() { llvm::sys::fs::remove_directories(folder); }

  /// The report on `image` run by `onChip`; none, and `error` says why, if one side cannot run.
  std::optional<verify::Report> compare(const image::Image &image, const chip::Chip &onChip,
                                        const verify::Options &options) {
    error.clear();
    mlir::FailureOr<verify::Report> report =
        verify::compare(*program->train, image, onChip, folder, options);
    if (mlir::failed(report))
      return std::nullopt;
    return std::move(*report);
  }

private:
  void compile(const CompileOptions &options,
               llvm::function_ref<void(mlir::ModuleOp, const chip::Chip &)> change) {
    auto module = mlir::parseSourceString<mlir::ModuleOp>(ir, &context);
    if (!module)
      return;
    if (change) {
      if (mlir::failed(runStages(*module, Stage::precision, options, chip)))
        return;
      change(*module, chip);
    }
    mlir::FailureOr<verify::Program> compiled =
        verify::compile(std::move(module), options, chip, folder);
    if (mlir::succeeded(compiled))
      program.emplace(std::move(*compiled));
  }
  static mlir::DialectRegistry registry() {
    mlir::DialectRegistry all;
    registerDialects(all);
    return all;
  }
  mlir::MLIRContext context; // before `program`, which lives in it
  mlir::ScopedDiagnosticHandler handler;

public:
  std::string ir, error;
  chip::Chip chip;
  llvm::SmallString<128> folder;
  std::optional<verify::Program> program;
};

/// What slp-verify prints of a report.
inline std::string textOf(const verify::Report &report) {
  std::string text;
  llvm::raw_string_ostream os(text);
  verify::print(report, os, /*verbose=*/true);
  return text;
}

} // namespace slp

#endif // TEST_UNIT_VERIFY_COMPILEDNETWORK_H
