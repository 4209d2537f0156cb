//===- Node.h - what an operator's importer sees ----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Import.cpp makes one Node per ONNX node, with its inputs found and its attributes checked against
// the operator table; the functions in Conv.cpp, Pool.cpp, ... build train ops through it, those in
// Fold*.cpp compute constants.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_IMPORT_ONNX_NODE_H
#define LIB_IMPORT_ONNX_NODE_H

#include "lib/Import/ONNX/Constant.h"

#include "dialects/Train/TrainBuilders.h"

#include "mlir/IR/BuiltinOps.h"

#include "llvm/ADT/StringMap.h"

#include <map>
#include <memory>
#include <optional>

namespace onnx {
class AttributeProto;
class NodeProto;
} // namespace onnx

namespace slp::import_onnx {

/// The import refuses to compute more elements of constants than these, in all.
constexpr int64_t maxConstantElements = 16 << 20;

/// Shapes of an AveragePool: its gradient in artifacts does not say what it was a pool of.
struct PooledShapes {
  llvm::SmallVector<int64_t> input, output;
};

/// A cross entropy or likelihood that the graph has, wherever it stands.
struct ClassLoss {
  mlir::Value loss;   // of one element; null if the node does not reduce
  mlir::Value scores; // (N, C, d1, ...)
  mlir::Value labels;
};

/// A note of its own, which mlir has only below errors and the like: told when the statement ends.
class Note {
public:
  Note(mlir::Location loc, llvm::StringRef path) : diagnostic(loc, mlir::DiagnosticSeverity::Note) {
    diagnostic << path << ": ";
  }
  Note(const Note &) = delete;
  ~Note() {
    mlir::MLIRContext *context = diagnostic.getLocation().getContext();
    context->getDiagEngine().emit(std::move(diagnostic));
  }
  template <typename T> Note &operator<<(T &&text) {
    diagnostic << std::forward<T>(text);
    return *this;
  }

private:
  mlir::Diagnostic diagnostic;
};

/// What is known of the graph while its nodes are imported in order.
struct Graph {
  Graph(mlir::MLIRContext *context, std::string path) : builder(context), path(std::move(path)) {}

  mlir::OpBuilder builder;
  std::string path;                    // as the user gave it: every message begins with it
  int64_t opset = 0;                   // of the domain ai.onnx
  llvm::StringMap<int64_t> opsets;     // of the other domains
  llvm::StringMap<mlir::Value> values; // f32 tensors, i32 labels, indices
  llvm::StringMap<std::shared_ptr<const Constant>> constants; // tensors known now
  llvm::SmallVector<ClassLoss> classLosses;
  llvm::StringMap<mlir::Value> logitsOf; // log_prob of a loss, and what it is computed from
  std::map<std::string, PooledShapes, std::less<>> averagePools; // by the name of the output
  int64_t folded = 0;                                            // elements of all constants

  mlir::InFlightDiagnostic error() {
    return mlir::emitError(builder.getUnknownLoc()) << path << ": ";
  }
  /// Something worth telling that is no error, in one line.
  Note note() { return Note(builder.getUnknownLoc(), path); }
  /// Builds with `build`; an error of the op's verifiers becomes one line that begins with
  /// "path: where: ". Null on failure.
  mlir::Operation *buildChecked(const llvm::Twine &where,
                                llvm::function_ref<mlir::Operation *()> build);
  /// The constant `name` as a tensor of the step: f32, or i32 for integers; a `train.constant`, or
  /// a frozen state if it is large. Null if there is no such constant. checkMaterial has been
  /// asked.
  mlir::Value materialize(llvm::StringRef name);
  /// Notes a number of the optimizer that the file gives, by the name of slp-sim's option.
  void noteHyper(mlir::ModuleOp module, llvm::StringRef name, float value);
  /// Why the step cannot have a tensor of these values; empty if it can.
  static std::string checkMaterial(const Constant &constant);
  /// A state before @step and its value in it, under its name.
  mlir::Value makeState(llvm::StringRef name, mlir::RankedTensorType type, mlir::Attribute init,
                        bool isFrozen);
};

class Node {
public:
  /// `opset` is that of the domain ai.onnx; 0 for the model's.
  Node(Graph &graph, const onnx::NodeProto &proto, std::string name, int64_t opset = 0);

  Graph &graph;
  mlir::OpBuilder &builder;
  mlir::Location loc;

  const std::string &name() const { return label; }
  llvm::StringRef operatorName() const;
  llvm::StringRef domain() const;
  /// The version of the operator set that the model takes this operator from.
  int64_t version() const;

  unsigned numInputs() const;
  /// The name of the i-th input or output; empty if it is absent.
  llvm::StringRef inputName(unsigned i) const;
  bool hasInput(unsigned i) const { return !inputName(i).empty(); }
  unsigned numOutputs() const;
  llvm::StringRef outputName(unsigned i) const;
  /// Whether the model names the i-th output; nobody can read it otherwise.
  bool hasOutput(unsigned i) const { return !outputName(i).empty(); }

  /// The i-th input as a tensor of the step: f32 (bools are 0 or 1) or i32. A
  /// constant becomes a `train.constant` now. Null if the input is absent.
  mlir::Value tensor(unsigned i);
  /// The shape of the i-th input, a constant or not; empty if it is absent.
  llvm::ArrayRef<int64_t> shape(unsigned i) const;
  int64_t rank(unsigned i) const { return shape(i).size(); }
  /// Whether the i-th input is i32 in the step: labels and indices.
  bool isIndex(unsigned i) const;

  /// Whether the values of the i-th input are known now.
  bool isConstant(unsigned i) const { return known(i) != nullptr; }
  /// The i-th input if its values are known now, else null.
  const Constant *known(unsigned i) const;
  /// Its values if it is a constant of integers or bools.
  std::optional<llvm::SmallVector<int64_t>> constant(unsigned i) const;
  /// Its values if it is a constant, as numbers.
  std::optional<llvm::SmallVector<double>> floats(unsigned i) const;

  const onnx::AttributeProto *attribute(llvm::StringRef name) const;
  bool hasAttribute(llvm::StringRef name) const { return attribute(name) != nullptr; }
  int64_t integer(llvm::StringRef name, int64_t absent) const;
  double number(llvm::StringRef name, double absent) const;
  std::string string(llvm::StringRef name, llvm::StringRef absent) const;
  llvm::SmallVector<int64_t> integers(llvm::StringRef name, llvm::ArrayRef<int64_t> absent) const;
  llvm::SmallVector<double> numbers(llvm::StringRef name) const;

  /// What older versions of an operator give as an attribute and newer ones as a constant input:
  /// the attribute if there is one, else input `i`, else nothing.
  std::optional<llvm::SmallVector<int64_t>> integersAt(llvm::StringRef name, unsigned i) const;
  /// The same for one number.
  std::optional<double> numberAt(llvm::StringRef name, unsigned i) const;
  /// `axis` counted from the front; fails with a message unless -rank <= axis < rank.
  mlir::FailureOr<int64_t> positiveAxis(int64_t axis, int64_t rank) const;
  /// The same for a list, sorted; fails if one occurs twice.
  mlir::FailureOr<llvm::SmallVector<int64_t>> positiveAxes(llvm::ArrayRef<int64_t> axes,
                                                           int64_t rank) const;

  /// Reports "path: node "name": message"; always fails.
  mlir::LogicalResult fail(const llvm::Twine &message) const;

  /// Inserts an op whose result shapes follow from its operands; null after an error.
  template <typename Op>
  Op create(mlir::ValueRange operands, llvm::ArrayRef<mlir::NamedAttribute> attributes = {},
            llvm::ArrayRef<mlir::Type> elements = {}) {
    return mlir::cast_or_null<Op>(graph.buildChecked("node \"" + label + "\"", [&] {
      return train::createInferred<Op>(builder, loc, operands, attributes, elements).getOperation();
    }));
  }
  /// `x` under another shape of as many elements; `x` itself if it has that shape.
  mlir::Value reshape(mlir::Value x, llvm::ArrayRef<int64_t> shape);

  /// Makes `value` the first output, and names the results of the op that makes it; `second` is
  /// what its other result is called after the output's name. Fails for null, so that the result
  /// of `create` can be passed on unchecked.
  mlir::LogicalResult setOutput(mlir::Value value, llvm::StringRef second = "");
  /// Makes `values` the outputs of those numbers. The results of one op are named together; an
  /// output that the model does not name is passed over.
  mlir::LogicalResult setOutputs(mlir::ValueRange values);
  /// Makes `value` output `i`, known now.
  mlir::LogicalResult setConstant(unsigned i, Constant value);

private:
  const onnx::NodeProto &proto;
  std::string label;
  int64_t opset;
};

/// The shape of a tensor value.
inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value v) {
  return mlir::cast<mlir::RankedTensorType>(v.getType()).getShape();
}

/// The number of elements of dimensions [begin, end).
int64_t product(llvm::ArrayRef<int64_t> shape, size_t begin, size_t end);
inline int64_t product(llvm::ArrayRef<int64_t> shape) { return product(shape, 0, shape.size()); }

/// "2x3x4", for messages.
std::string printShape(llvm::ArrayRef<int64_t> shape);

} // namespace slp::import_onnx

#endif // LIB_IMPORT_ONNX_NODE_H
