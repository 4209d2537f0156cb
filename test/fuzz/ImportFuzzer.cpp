//===- ImportFuzzer.cpp - any file may be given to the importer -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Property: whatever the bytes of a model are, binary or text, the importer gives a module that
// verifies, or an error; it does not crash, leak, hang or take gigabytes. Built and run by
// tools/scripts/fuzz import.
//
//===----------------------------------------------------------------------------------------===//

#include "MutateModel.h"

#include "slp/Import/ONNX.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

using namespace slp;

namespace {
/// What lives from one input to the next.
class Importing {
public:
  Importing() {
    llvm::SmallString<128> folder;
    if (llvm::sys::fs::createUniqueDirectory("slp-fuzz", folder))
      std::abort();
    binary = (folder + "/model.onnx").str();
    text = (folder + "/model.onnxtxt").str();
  }

  void run(llvm::StringRef bytes) {
    // ONNX's textual syntax begins with the model's properties in angle brackets.
    const std::string &path = bytes.starts_with("<") ? text : binary;
    write(path, bytes);
    for (const char *loss : {"", "softmax-cross-entropy"}) {
      ImportOptions options;
      options.loss = loss;
      if (!import(path, options))
        break; // it fails for the same reason with a loss
    }
  }

private:
  static void write(const std::string &path, llvm::StringRef bytes) {
    std::FILE *file = std::fopen(path.c_str(), "wb");
    if (!file || std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size())
      std::abort();
    std::fclose(file);
  }

  bool import(const std::string &path, const ImportOptions &options) {
    // Types and attributes live as long as their context: a new one now and then.
    if (uses++ % 500 == 0) {
      context = std::make_unique<mlir::MLIRContext>(mlir::MLIRContext::Threading::DISABLED);
      context->printOpOnDiagnostic(false);
    }
    bool hasError = false;
    mlir::ScopedDiagnosticHandler handler(context.get(), [&](mlir::Diagnostic &diagnostic) {
      hasError |= diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
      return mlir::success();
    });
    mlir::OwningOpRef<mlir::ModuleOp> module = importONNX(*context, path, options);
    if (!module && !hasError)
      std::abort(); // it failed without a reason
    if (module && failed(mlir::verify(*module)))
      std::abort();
    return bool(module);
  }

  std::unique_ptr<mlir::MLIRContext> context;
  std::string binary, text;
  uint64_t uses = 0;
};
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static Importing importing;
  importing.run({reinterpret_cast<const char *>(data), size});
  return 0;
}

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

/// Bytes alone rarely make another model: half of the time the model's fields are changed.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maxSize,
                                          unsigned seed) {
  if (seed % 2 == 0) {
    std::string bytes(reinterpret_cast<const char *>(data), size);
    if (fuzz::mutateModel(bytes, seed / 2) && bytes.size() <= maxSize) {
      std::memcpy(data, bytes.data(), bytes.size());
      return bytes.size();
    }
  }
  return LLVMFuzzerMutate(data, size, maxSize);
}
