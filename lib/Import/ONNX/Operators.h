//===- Operators.h - the table of supported ONNX operators ------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// One entry says all that is known of an operator: what is checked before anything is built, what
// docs/onnx-support.md prints, and the function that builds. To add an operator, add an entry to
// the file it belongs to, or a new file and one line in Operators.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_IMPORT_ONNX_OPERATORS_H
#define LIB_IMPORT_ONNX_OPERATORS_H

#include "lib/Import/ONNX/Node.h"

#include <map>
#include <vector>

namespace slp::import_onnx {

enum class AttributeKind { integer, integers, number, string, tensor };

/// An attribute that an operator may have; one not in the table is refused.
struct AttributeRule {
  std::string name;
  AttributeKind kind;
  /// The only value accepted, as printed (for `accepts`, in words); empty: any.
  std::string only;
  bool (*accepts)(const onnx::AttributeProto &) = nullptr;
};

struct Operator {
  /// One letter an input: f float tensor, p the same, perhaps padded, l labels, c integers known
  /// now, - absent; those after `|` are optional.
  std::string inputs;
  unsigned maxOutputs = 1;
  std::vector<AttributeRule> attributes;
  mlir::LogicalResult (*import)(Node &);
  std::string notes; // limits not visible from the attributes
};

using OperatorTable = std::map<std::string, Operator>;

void addConvOperators(OperatorTable &table);
void addDenseOperators(OperatorTable &table);
void addElementwiseOperators(OperatorTable &table);
void addLossOperators(OperatorTable &table);
void addPoolOperators(OperatorTable &table);
void addShapeOperators(OperatorTable &table);

/// All of the above.
const OperatorTable &operatorTable();

/// Checks operator, attributes and number of inputs and outputs of `proto` against the table;
/// reports each misfit and returns null if there is one.
const Operator *checkNode(Graph &graph, const onnx::NodeProto &proto, const std::string &name);

} // namespace slp::import_onnx

#endif // LIB_IMPORT_ONNX_OPERATORS_H
