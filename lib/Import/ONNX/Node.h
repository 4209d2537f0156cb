//===- Node.h - what an operator's importer sees ----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Import.cpp makes one Node per ONNX node, with its inputs found and its attributes checked against
// the operator table; the functions in Conv.cpp, Pool.cpp, ... build train ops through it.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_IMPORT_ONNX_NODE_H
#define LIB_IMPORT_ONNX_NODE_H

#include "dialects/Train/TrainBuilders.h"

#include "llvm/ADT/StringMap.h"

namespace onnx {
class AttributeProto;
class NodeProto;
} // namespace onnx

namespace slp::import_onnx {

/// A tensor that ONNX pads with zeros before an AveragePool; pads: top, left, bottom, right.
struct PaddedTensor {
  mlir::Value x;
  llvm::SmallVector<int64_t> pads;
};

/// What is known of the graph while its nodes are imported in order.
struct Graph {
  mlir::OpBuilder builder;
  std::string path; // as the user gave it: every message begins with it
  int64_t opset = 0;
  llvm::StringMap<mlir::Value> values;                   // float tensors and labels
  llvm::StringMap<llvm::SmallVector<int64_t>> constants; // int64 tensors known now
  llvm::StringMap<PaddedTensor> padded;
  mlir::Value loss, logits; // set by the operator that is a loss

  mlir::InFlightDiagnostic error() {
    return mlir::emitError(builder.getUnknownLoc()) << path << ": ";
  }
  /// Builds with `build`; an error of the op's verifiers becomes one line that begins with
  /// "path: where: ". Null on failure.
  mlir::Operation *buildChecked(const llvm::Twine &where,
                                llvm::function_ref<mlir::Operation *()> build);
};

class Node {
public:
  Node(Graph &graph, const onnx::NodeProto &proto, std::string name);

  Graph &graph;
  mlir::OpBuilder &builder;
  mlir::Location loc;

  const std::string &name() const { return label; }
  llvm::StringRef operatorName() const;
  unsigned numInputs() const;
  llvm::StringRef inputName(unsigned i) const;
  llvm::StringRef outputName(unsigned i) const;
  /// The i-th input as a tensor, before any padding; null if it is absent or not one.
  mlir::Value input(unsigned i) const;
  llvm::ArrayRef<int64_t> shape(unsigned i) const;
  /// The i-th input as known integers; null if it is absent or not one.
  const llvm::SmallVector<int64_t> *constant(unsigned i) const;

  const onnx::AttributeProto *attribute(llvm::StringRef name) const;
  int64_t integer(llvm::StringRef name, int64_t absent) const;
  llvm::SmallVector<int64_t> integers(llvm::StringRef name, llvm::ArrayRef<int64_t> absent) const;

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
  /// what its other result is called after the output's name.
  mlir::LogicalResult setOutput(mlir::Value value, llvm::StringRef second = "");

private:
  const onnx::NodeProto &proto;
  std::string label;
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
