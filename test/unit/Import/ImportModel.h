//===- ImportModel.h - a model and what was said of it ----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What the tests of the importer have in common.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TEST_UNIT_IMPORT_IMPORTMODEL_H
#define TEST_UNIT_IMPORT_IMPORTMODEL_H

#include "slp/Import/ONNX.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"
#include "gtest/gtest.h"

#include <string>
#include <vector>

namespace slp {

/// A model of test/models imported, and the errors reported.
class ImportedModel {
public:
  explicit ImportedModel(const std::string &name, const ImportOptions &options = {})
      : handler(&context, [this](mlir::Diagnostic &d) {
          if (d.getSeverity() == mlir::DiagnosticSeverity::Error)
            errors.push_back(d.str());
        }) {
    module = importONNX(context, std::string(SLP_MODELS_DIR "/") + name, options);
  }

  mlir::func::FuncOp step() { return module->lookupSymbol<mlir::func::FuncOp>("step"); }
  template <typename Op> std::vector<Op> all() {
    std::vector<Op> ops;
    module->walk([&](Op op) { ops.push_back(op); });
    return ops;
  }
  /// All errors without the folder of the models, one a line.
  std::string messages() const {
    std::string text;
    for (std::string line : errors) {
      const std::string folder = SLP_MODELS_DIR "/";
      if (size_t at = line.find(folder); at != std::string::npos)
        line.erase(at, folder.size());
      text += line + "\n";
    }
    return text;
  }

  mlir::MLIRContext context;
  std::vector<std::string> errors;
  mlir::OwningOpRef<mlir::ModuleOp> module;

private:
  mlir::ScopedDiagnosticHandler handler;
};

/// The shape of a tensor type, as "2x3".
inline std::string shapeText(mlir::Type type) {
  std::vector<std::string> sizes;
  for (int64_t size : mlir::cast<mlir::RankedTensorType>(type).getShape())
    sizes.push_back(std::to_string(size));
  return llvm::join(sizes, "x");
}

} // namespace slp

#endif // TEST_UNIT_IMPORT_IMPORTMODEL_H
