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

enum class AttributeKind { integer, integers, number, numbers, string, strings, tensor, graph };

/// An attribute that an operator may have; one not in the table is refused.
struct AttributeRule {
  std::string name;
  AttributeKind kind;
  /// The only value accepted, as printed (for `accepts`, in words); empty: any.
  std::string only;
  bool (*accepts)(const onnx::AttributeProto &) = nullptr;
};

/// The fields from `versions` on are for `slpc --list-ops`.
struct Operator {
  /// One letter an input:
  ///   f  a tensor of floats or bools: f32 in the step
  ///   w  the same, and a weight: an initializer is a parameter whatever it is called
  ///   s  the same, and a running statistic: no two are one, and no parameter is one
  ///   b  the same, and nobody defines a gradient by it: truth values, weights of classes
  ///   l  labels, i indices: i32 in the step
  ///   a  either, f32 or i32
  ///   d  either, and nobody defines a gradient by it
  ///   c  a constant of any type: initializer, Constant node, folded
  ///   x  the Indices of a MaxPool, which are positions in its windows here
  ///   n  a name only: nothing is looked up
  ///   r  a number of the optimizer: a constant, or an input that the step does without
  ///   t  the step counter of an optimizer, or an input with the number of steps
  ///   -  absent
  /// Those after `|` are optional. `*` after a letter: any number of such inputs.
  std::string inputs;
  unsigned maxOutputs = 1;
  std::vector<AttributeRule> attributes;
  mlir::LogicalResult (*import)(Node &);
  std::string notes; // limits not visible from the attributes
  /// First versions of the operator whose meaning this importer knows, as "1, 6, 7, 13".
  std::string versions = "1";
  /// Whether training can go through it: every train op that it builds has a gradient. A test
  /// differentiates the models of test/models/ops to see that this is true.
  bool hasGradient = true;
  /// The forms of training graphs (docs/onnx-support.md) in which it may stand.
  std::string forms = "a b c d";
  /// Where a train op that it builds can run: chips in their precisions, or the reference alone.
  bool hasLowering = true;

  /// The letter of input `i`; 0 if there can be no such input.
  char kindOf(unsigned i) const;
};

using OperatorTable = std::map<std::string, Operator>;

void addActivationOperators(OperatorTable &table);
void addArtifactOperators(OperatorTable &table);
/// Some are others under another name, so that those must be there.
void addArtifactMathOperators(OperatorTable &table);
void addConvOperators(OperatorTable &table);
void addDenseOperators(OperatorTable &table);
void addEinsumOperators(OperatorTable &table);
void addElementwiseOperators(OperatorTable &table);
void addLossOperators(OperatorTable &table);
void addMoveOperators(OperatorTable &table);
void addNormalizationOperators(OperatorTable &table);
void addLrnOperators(OperatorTable &table);
void addOrderedOperators(OperatorTable &table);
void addPoolOperators(OperatorTable &table);
void addPreviewOperators(OperatorTable &table);
void addQuantizeOperators(OperatorTable &table);
void addRecurrentOperators(OperatorTable &table);
void addReduceOperators(OperatorTable &table);
void addResizeOperators(OperatorTable &table);
void addRmsNormalizationOperators(OperatorTable &table);
void addScatterOperators(OperatorTable &table);
void addShapeOperators(OperatorTable &table);

/// All of the above.
const OperatorTable &operatorTable();
/// The key of a node's operator in the table: the domain, but for the standard's, and the name.
std::string keyOf(const onnx::NodeProto &node);

/// Whether an attribute says nothing of what is computed: texts, hints that memory may be reused
/// (operator set 1), and marks like ONNX Runtime's __backwardpass.
bool hasNoMeaning(const onnx::AttributeProto &attribute);

/// Checks operator, attributes and number of inputs and outputs of `proto` against the table;
/// reports each misfit and returns null if there is one.
const Operator *checkNode(const Node &node, const onnx::NodeProto &proto);

} // namespace slp::import_onnx

#endif // LIB_IMPORT_ONNX_OPERATORS_H
