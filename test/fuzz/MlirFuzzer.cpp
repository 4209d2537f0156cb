//===- MlirFuzzer.cpp - any file may be given as IR -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Property: whatever the text is, parser and verifiers give a module, or an error that says why
// not. A module that is printed can be read again and is then printed alike.
//
//===----------------------------------------------------------------------------------------===//

#include "Fuzz.h"
#include "MutateText.h"

#include "dialects/Chip/ChipDialect.h"
#include "dialects/Mach/MachDialect.h"
#include "dialects/Num/NumDialect.h"
#include "dialects/Train/TrainDialect.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include <cstring>
#include <memory>

using namespace mlir;

namespace {
/// What lives from one input to the next.
class Reading {
public:
  void run(llvm::StringRef text) {
    // Types and attributes live as long as their context: a new one now and then.
    if (uses++ % 500 == 0) {
      context = std::make_unique<MLIRContext>(MLIRContext::Threading::DISABLED);
      // Those of lib/Pipeline/Registration.cpp.
      context->loadDialect<func::FuncDialect, scf::SCFDialect, arith::ArithDialect,
                           affine::AffineDialect, slp::num_ir::NumDialect, slp::train::TrainDialect,
                           slp::chip_ir::ChipDialect, slp::mach::MachDialect>();
      context->printOpOnDiagnostic(false);
    }
    OwningOpRef<ModuleOp> module = parse(text);
    if (!module)
      return;
    std::string printed = print(*module);
    OwningOpRef<ModuleOp> again = parse(printed);
    slp::fuzz::expect(bool(again), "printed IR that can be read");
    slp::fuzz::expect(print(*again) == printed, "the same IR");
  }

private:
  OwningOpRef<ModuleOp> parse(llvm::StringRef text) {
    bool hasError = false;
    ScopedDiagnosticHandler handler(context.get(), [&](Diagnostic &diagnostic) {
      if (diagnostic.getSeverity() == DiagnosticSeverity::Error) {
        hasError = true;
        slp::fuzz::expect(!diagnostic.str().empty(), "a message");
      }
      return success();
    });
    auto module = parseSourceString<ModuleOp>(text, context.get(), "my.mlir");
    slp::fuzz::expect(module || hasError, "a reason of the failure");
    return module;
  }

  static std::string print(ModuleOp module) {
    std::string text;
    llvm::raw_string_ostream os(text);
    module.print(os);
    return text;
  }

  std::unique_ptr<MLIRContext> context;
  uint64_t uses = 0;
};
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static Reading reading;
  // A copy, as of a file: the parser takes a place that is null for one to complete.
  std::string text(reinterpret_cast<const char *>(data), size);
  if (text.find("array<index") != std::string::npos) // known-mlir/array-of-index.mlir
    return 0;
  reading.run(text);
  return 0;
}

/// Bytes alone rarely make other IR: most of the time words of it are changed.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maxSize,
                                          unsigned seed) {
  if (seed % 4 == 0)
    return LLVMFuzzerMutate(data, size, maxSize);
  std::string text(reinterpret_cast<const char *>(data), size);
  slp::fuzz::mutateText(text, seed / 4);
  size = std::min(text.size(), maxSize);
  std::memcpy(data, text.data(), size);
  return size;
}
