//===- Importer.h - one run of the importer ---------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Import.cpp runs it and walks the nodes; Inputs.cpp and Initializers.cpp make tensors of what the
// graph is given, FindLoss.cpp and AddLoss.cpp say what is trained, Results.cpp what is returned.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_IMPORT_ONNX_IMPORTER_H
#define LIB_IMPORT_ONNX_IMPORTER_H

#include "lib/Import/ONNX/Inline.h"
#include "lib/Import/ONNX/ModelFile.h"
#include "lib/Import/ONNX/NodeList.h"
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Roles.h"
#include "lib/Import/ONNX/Sources.h"
#include "lib/Import/ONNX/Training.h"

#include "slp/Import/ONNX.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringSet.h"

namespace slp::import_onnx {

class Importer {
public:
  Importer(mlir::ModuleOp module, llvm::StringRef path, const ModelFile &file,
           const TrainingPlan &plan, const ImportOptions &options, ImportReport *reported);

  mlir::LogicalResult run();

  /// A tensor of the graph and its name there; "" and null for none.
  struct NamedValue {
    std::string name;
    mlir::Value value;
  };

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
  mlir::LogicalResult readAsState(llvm::StringRef name, bool isFrozen = false);
  /// A state of its own, @`as`, with the initializer's values.
  mlir::LogicalResult readAsState(llvm::StringRef name, llvm::StringRef as, bool isFrozen);
  /// What the initializer is, and why (docs/decisions/0019).
  RoleOf roleOf(llvm::StringRef name);
  /// What the values of a float initializer say of it.
  struct Values {
    bool isMask = false;  // one is infinite, or at most maskNumber
    bool isWhole = false; // all are whole numbers, and not all the same
  };
  Values valuesOf(llvm::StringRef name);
  /// Why the parameter may be a buffer; empty if nothing speaks for it.
  std::string doubtOf(llvm::StringRef name, llvm::ArrayRef<int64_t> shape);
  /// The same for one that no use and no update decides.
  RoleOf roleByName(llvm::StringRef name, llvm::ArrayRef<int64_t> shape);
  /// Whether `node` is an Identity of a parameter that has a name of its own. It becomes a state of
  /// its own if --untie or its use says so.
  mlir::FailureOr<bool> untie(const Node &node);
  /// Fails if a pattern of --untie names nothing that is merged.
  mlir::LogicalResult checkUnties();
  mlir::Attribute randomValueOf(llvm::StringRef name, mlir::RankedTensorType type);

  // Updates.cpp
  /// Makes the state `name` with the first value that the initialization graph computes for it.
  mlir::LogicalResult readAsComputed(llvm::StringRef name, mlir::RankedTensorType type,
                                     llvm::StringRef value);
  /// Makes an input of the graph a state: its values are given by name.
  mlir::LogicalResult readParameterInput(const onnx::ValueInfoProto &input);
  /// Writes the states that the plan says.
  mlir::LogicalResult finishUpdates();
  mlir::LogicalResult writeState(llvm::StringRef state, llvm::StringRef value);
  mlir::LogicalResult readOptimizer();

  // BakedBatch.cpp
  /// Fails if the node takes the batch of the file for that of the step.
  mlir::LogicalResult checkBatch(Node &node);
  /// Fails if the tensor that a loss is added to has the images of the file, not of the step.
  mlir::LogicalResult checkBatchOf(const NamedValue &output);
  /// Takes down a node that computes with a number which may be the file's batch.
  void findBakedNumber(Node &node);
  void noteBakedNumbers();
  /// Builds the node; an error then says where the file's batch may be written.
  mlir::LogicalResult importBuilt(Node &node, const Operator &op);
  bool dependsOnInputs(mlir::Value value);

  // LeftOut.cpp
  /// Notes what the step does without, and initializers that are not what they seem.
  void noteLeftOut();
  void noteFolded();
  void noteRoles();
  void report(ImportReport &into);

  // Results.cpp
  mlir::FailureOr<mlir::Value> resultOf(const std::string &name);
  mlir::LogicalResult checkOutputs();
  mlir::LogicalResult finish();
  void setRoles();

  // FindLoss.cpp
  /// The outputs that may be the loss.
  llvm::SmallVector<NamedValue> lossCandidates();
  mlir::LogicalResult findLoss();
  mlir::LogicalResult findNamedLoss(llvm::ArrayRef<NamedValue> candidates);
  /// The tensor that --logits names, else `otherwise`. Fails unless it can be logits.
  mlir::FailureOr<NamedValue> chosenLogits(NamedValue otherwise);
  mlir::LogicalResult findLogits();
  void findJudge();
  /// Notes losses that expect scores, or their logarithms, and get probabilities.
  void noteProbabilities();

  // AddLoss.cpp
  mlir::LogicalResult addLoss();
  mlir::Value addCrossEntropy(const NamedValue &logits);
  mlir::Value addLikelihood(mlir::Value rows, mlir::Value labelsOfRows);
  mlir::Value addMeanSquaredError(const NamedValue &output);
  /// The dimension of the classes of logits of this shape: --class-axis, or 1.
  mlir::FailureOr<int64_t> classAxisOf(const NamedValue &logits);

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
  Roles roles;
  /// Names that stand for the parameter of another name, in the order of the nodes.
  std::vector<std::pair<std::string, std::string>> merged;
  llvm::StringMap<std::string> untied; // names with a state of their own, and whose values it has
  llvm::StringSet<> unread;            // initializers of the file that nothing reads
  llvm::StringMap<Values> values;      // of initializers, once they were looked at
  llvm::DenseMap<mlir::Value, bool> ofInputs;
  std::vector<std::string> bakedNodes;   // what may have the file's batch in it
  std::vector<std::string> bakedNumbers; // nodes that compute with what may be it
  ImportReport *reported;

  // What the step is trained and judged by.
  NamedValue loss, logits;
  bool hasOwnLoss = false;             // in the graph, not by --loss
  std::optional<int64_t> classAxis;    // of the logits; nothing: they are no classes
  mlir::BlockArgument labels, targets; // what the logits should be; at most one of them
};

} // namespace slp::import_onnx

#endif // LIB_IMPORT_ONNX_IMPORTER_H
