//===- Importer.h - one run of the importer ---------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Import.cpp runs it and walks the nodes; Inputs.cpp and Initializers.cpp make tensors of what the
// graph is given, Results.cpp what it returns.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_IMPORT_ONNX_IMPORTER_H
#define LIB_IMPORT_ONNX_IMPORTER_H

#include "lib/Import/ONNX/ModelFile.h"
#include "lib/Import/ONNX/NodeList.h"
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Training.h"

#include "slp/Import/ONNX.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSet.h"

namespace slp::import_onnx {

class Importer {
public:
  Importer(mlir::ModuleOp module, llvm::StringRef path, const ModelFile &file,
           const TrainingPlan &plan, const ImportOptions &options);

  mlir::LogicalResult run();

private:
  // Import.cpp
  mlir::LogicalResult checkVersion();
  mlir::LogicalResult importNodes();
  mlir::LogicalResult importNode(const NamedNode &named);
  mlir::FailureOr<bool> foldNode(Node &node);
  mlir::LogicalResult resolveInput(const Node &node, unsigned i, char kind);

  // Inputs.cpp
  mlir::LogicalResult importInputs();
  mlir::FailureOr<mlir::RankedTensorType> inputType(const onnx::ValueInfoProto &input);
  mlir::Value addArgument(mlir::Type type, llvm::StringRef name);

  // Initializers.cpp
  mlir::LogicalResult collectInitializers();
  /// Makes the initializer a constant, or a state and its value, when a node first reads it.
  mlir::LogicalResult readInitializer(llvm::StringRef name);
  /// The same as one of the two, whatever its kind.
  mlir::LogicalResult readAsConstant(llvm::StringRef name);
  mlir::LogicalResult readAsState(llvm::StringRef name);
  bool isParameter(const onnx::TensorProto &tensor) const;

  // Updates.cpp
  /// Makes an input of the graph a state: its values are given by name.
  mlir::LogicalResult readParameterInput(const onnx::ValueInfoProto &input);
  /// Finds loss and logits, and writes the states that the plan says.
  mlir::LogicalResult finishUpdates();
  mlir::LogicalResult writeState(llvm::StringRef state, llvm::StringRef value);
  mlir::LogicalResult readOptimizer();

  // Results.cpp
  mlir::LogicalResult checkOutputs();
  mlir::LogicalResult appendLoss();
  mlir::Value appendCrossEntropy(mlir::Value logits);
  mlir::Value appendMeanSquaredError(mlir::Value output);
  void findLoss();
  mlir::LogicalResult finish();

  mlir::ModuleOp module;
  const ModelFile &file;
  const onnx::GraphProto &proto;
  const TrainingPlan &plan;
  const ImportOptions &options;
  std::string fileName;
  Graph graph;
  mlir::func::FuncOp step;
  llvm::StringMap<int> initializers; // name to index in the file
  llvm::StringSet<> undefined;       // outputs of nodes that failed
};

} // namespace slp::import_onnx

#endif // LIB_IMPORT_ONNX_IMPORTER_H
