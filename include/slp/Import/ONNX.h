//===- ONNX.h - from an ONNX file to train IR -------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The first stage of the straight line. Called by readModel of lib/Pipeline.
//
//===----------------------------------------------------------------------------------------===//

#ifndef SLP_IMPORT_ONNX_H
#define SLP_IMPORT_ONNX_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace slp {

struct ImportOptions {
  /// Images per step: replaces the first dimension of the first input and of the inputs that share
  /// it. 0: as the file says.
  int64_t batch = 0;
  /// "", "softmax-cross-entropy" or "mse": the loss appended to a graph that has none.
  std::string loss;
  /// (parameter, output) pairs: the output is the parameter's value after the step (docs/forms.md).
  std::vector<std::pair<std::string, std::string>> updates = {};
  /// The optimizer of ONNX Runtime's artifacts; empty: optimizer_model.onnx beside the model.
  std::string optimizerModel = {};
  /// "NAME=VALUE" each. NAME is a symbolic dimension and VALUE its size; or NAME is an input and
  /// VALUE what it always is: a number, "[1, 2, 3]", or a file (.npy, or .pb for a TensorProto).
  std::vector<std::string> binds = {};
  /// Values for initializers, and for inputs that are then none, by name: a model's file, or a
  /// folder of NAME.npy and NAME.pb.
  std::string params = {};
  /// "" or "kaiming,SEED": fills external data that do not exist (docs/numerics.md section 7).
  std::string init = {};
  /// The output that is the loss; empty: the only one of one element.
  std::string lossOutput = {};
  /// What accuracy is of, and what `loss` is of; empty: as docs/forms.md says.
  std::string logits = {};
  /// The dimension of the logits that counts classes; absent: 1.
  std::optional<int64_t> classAxis = {};
  /// The label that does not count, in the loss that `loss` adds; absent: every label does.
  std::optional<int64_t> ignoreIndex = {};
  /// Globs over the names of parameters that an exporter merged with others through Identity: each
  /// that one matches is trained apart.
  std::vector<std::string> unties = {};
  /// Globs over the names of parameters that differentiate freezes: no note doubts them.
  std::vector<std::string> freezes = {};
  /// False: the user has chosen an optimizer, and artifacts need none.
  bool usesFileOptimizer = true;
};

/// What became of a float initializer, or of a parameter that is an input.
struct InitializerReport {
  enum Kind {
    state,    // @name, or the state of the initializer that it is merged with
    constant, // known at import
    merged,   // `why` names the state it stands for
    unread    // not in the step
  };
  std::string name;
  std::vector<int64_t> shape;
  Kind kind;
  std::string why;
  std::string doubt = {}; // of a state that is trained: why it may be a buffer
};
using ImportReport = std::vector<InitializerReport>;

/// Reads a model, .onnxtxt as text, anything else as binary, into a module of stage `import`:
/// `train.state` for each parameter (docs/forms.md), and `func.func @step` returning (loss,
/// logits), with what they are for (TrainContract.h), or the graph's outputs if there is no loss.
/// Values of initializers stay in the file (`#train.file`). Null after errors have been reported
/// through the context's diagnostics, one a line, each beginning with `path`; all unsupported nodes
/// are reported in one run. `report` gets a row for each float initializer, in the order of the
/// file.
mlir::OwningOpRef<mlir::ModuleOp> importONNX(mlir::MLIRContext &context, llvm::StringRef path,
                                             const ImportOptions &options,
                                             ImportReport *report = nullptr);

/// A chip and the precisions that it runs ("fp16").
struct ChipPrecisions {
  std::string chip;
  std::vector<std::string> precisions;
};

/// The operator table as a Markdown document: docs/onnx-support.md.
std::string describeONNXSupport(llvm::ArrayRef<ChipPrecisions> chips);

} // namespace slp

#endif // SLP_IMPORT_ONNX_H
