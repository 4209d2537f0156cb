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

#include "lib/Import/ONNX/Inline.h"
#include "lib/Import/ONNX/ModelFile.h"
#include "lib/Import/ONNX/NodeList.h"
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Sources.h"
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
  mlir::LogicalResult checkNames(const NodeList &list);
  /// Takes the nodes that `results` need.
  mlir::LogicalResult importList(NodeList &list, const std::vector<std::string> &results);
  mlir::LogicalResult importNode(const NamedNode &named);
  mlir::LogicalResult importIf(const NamedNode &named, Node &node);
  mlir::FailureOr<bool> foldNode(Node &node);
  mlir::LogicalResult resolveInput(const Node &node, unsigned i, char kind);

  // Inputs.cpp
  mlir::LogicalResult importInputs();
  mlir::LogicalResult applyBinds();
  mlir::LogicalResult bindInput(const onnx::ValueInfoProto &input, llvm::StringRef value);
  bool bindDimension(const onnx::TensorShapeProto::Dimension &dim, int64_t size);
  void applyBatch();
  bool isArgument(const std::string &name);
  mlir::LogicalResult checkParameter(const onnx::ValueInfoProto &input);
  mlir::FailureOr<mlir::RankedTensorType> inputType(const onnx::ValueInfoProto &input);
  mlir::Value addArgument(mlir::Type type, llvm::StringRef name);

  // Initializers.cpp
  mlir::LogicalResult parseInit();
  mlir::LogicalResult collectInitializers();
  /// Makes the initializer a constant, or a state and its value, when a node first reads it.
  mlir::LogicalResult readInitializer(llvm::StringRef name);
  /// The same as one of the two, whatever its kind.
  mlir::LogicalResult readAsConstant(llvm::StringRef name);
  mlir::LogicalResult readAsState(llvm::StringRef name);
  bool isParameter(const onnx::TensorProto &tensor) const;
  mlir::Attribute randomValueOf(llvm::StringRef name, mlir::RankedTensorType type);

  // Updates.cpp
  /// Makes the state `name` with the first value that the initialization graph computes for it.
  mlir::LogicalResult readAsComputed(llvm::StringRef name, mlir::RankedTensorType type,
                                     llvm::StringRef value);
  /// Makes an input of the graph a state: its values are given by name.
  mlir::LogicalResult readParameterInput(const onnx::ValueInfoProto &input);
  /// Finds loss and logits, and writes the states that the plan says.
  mlir::LogicalResult finishUpdates();
  mlir::LogicalResult writeState(llvm::StringRef state, llvm::StringRef value);
  mlir::LogicalResult readOptimizer();

  // Results.cpp
  mlir::FailureOr<mlir::Value> resultOf(const std::string &name);
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
  Sources sources;
  Inliner inliner;
  std::optional<uint32_t> initSeed;    // --init
  llvm::StringSet<> startsAtOne;       // what --init fills with ones
  llvm::StringMap<int64_t> dimensions; // sizes of symbolic dimensions
  std::optional<int64_t> fileBatch;    // what --batch replaces
  llvm::StringSet<> undefined;         // outputs of nodes that failed
};

} // namespace slp::import_onnx

#endif // LIB_IMPORT_ONNX_IMPORTER_H
