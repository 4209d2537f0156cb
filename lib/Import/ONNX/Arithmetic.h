//===- Arithmetic.h - what importers of elementwise operators share ---------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Every function takes null for an operand that failed, and then gives null.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_IMPORT_ONNX_ARITHMETIC_H
#define LIB_IMPORT_ONNX_ARITHMETIC_H

#include "lib/Import/ONNX/Node.h"

#include <limits>

namespace slp::train {
// NOLINTNEXTLINE(bugprone-macro-parentheses): a class's name takes none
#define SLP_BUILT_OP(Op) class Op;
#include "lib/Import/ONNX/BuiltOps.def"
} // namespace slp::train

namespace slp::import_onnx {

constexpr float maxFloat = std::numeric_limits<float>::max();

/// Input `i` as a tensor of f32, integers too; null after an error if it cannot be one.
mlir::Value operand(Node &node, unsigned i);

/// An attribute that is an FP32 number; an infinite one becomes the largest.
struct Number {
  const char *name;
  double value;
};

/// The result of an op of one result.
template <typename Op>
mlir::Value build(Node &node, mlir::ValueRange operands,
                  std::initializer_list<Number> numbers = {}) {
  static_assert(sizeof(Op) != 0, "include dialects/Train/<Op>.h, or add the op to BuiltOps.def");
  if (llvm::is_contained(operands, mlir::Value()))
    return {};
  llvm::SmallVector<mlir::NamedAttribute> attributes;
  for (const Number &n : numbers)
    attributes.push_back(node.builder.getNamedAttr(
        n.name, node.builder.getF32FloatAttr(
                    float(std::clamp(n.value, -double(maxFloat), double(maxFloat))))));
  Op op = node.create<Op>(operands, attributes);
  return op ? op->getResult(0) : mlir::Value();
}

#define SLP_BUILT_OP(Op)                                                                           \
  extern template mlir::Value build<train::Op>(Node &, mlir::ValueRange,                           \
                                               std::initializer_list<Number>);
#include "lib/Import/ONNX/BuiltOps.def"

/// scale * x + offset.
mlir::Value affine(Node &node, mlir::Value x, double scale, double offset);

/// min(max(x, low), high).
mlir::Value clip(Node &node, mlir::Value x, double low, double high);

/// Makes the ranks equal: dimensions of 1 in front, as NumPy does. Nothing if one is null.
void alignRanks(Node &node, mlir::Value &a, mlir::Value &b);

/// An op of two tensors that broadcast.
template <typename Op> mlir::Value buildBroadcast(Node &node, mlir::Value a, mlir::Value b) {
  alignRanks(node, a, b);
  return build<Op>(node, {a, b});
}

} // namespace slp::import_onnx

#endif // LIB_IMPORT_ONNX_ARITHMETIC_H
