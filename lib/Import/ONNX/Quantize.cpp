//===- Quantize.cpp - ONNX QuantizeLinear and DequantizeLinear --------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Quantization-aware training: a quantized tensor is in the step a tensor of whole numbers, and its
// gradient is that of the numbers before they were rounded, where they were not clipped.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Arithmetic.h"
#include "lib/Import/ONNX/Fold.h"
#include "lib/Import/ONNX/Integers.h"
#include "lib/Import/ONNX/Moves.h"
#include "lib/Import/ONNX/Operators.h"

#include "onnx/onnx_pb.h"

#include "dialects/Train/RoundEvenOp.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;
using onnx::TensorProto;

namespace {
/// What inputs 1 and 2 say: one number, or one for each coordinate of a dimension.
struct Scheme {
  int64_t axis = 0;
  SmallVector<double> scales, zeros; // of one size: 1 or the extent of `axis`
  bool hasZeros() const {
    return llvm::any_of(zeros, [](double zero) { return zero != 0; });
  }
};
} // namespace

static FailureOr<Scheme> schemeOf(const Node &node) {
  Scheme scheme;
  ArrayRef<int64_t> x = node.shape(0);
  const Constant &scale = *node.known(1), *zero = node.known(2);
  if (!scale.isFloating())
    return node.fail("expected floating scales, found " + typeName(scale.type));
  scheme.scales = *node.floats(1);
  bool isOne = scale.size() == 1 && scale.shape.size() <= 1;
  if (!isOne) {
    FailureOr<int64_t> axis = node.positiveAxis(node.integer("axis", 1), x.size());
    if (failed(axis))
      return failure();
    scheme.axis = *axis;
    if (scale.shape.size() != 1 || scale.shape[0] != x[*axis])
      return node.fail("expected one scale, or one for each of " + Twine(x[*axis]) +
                       " coordinates of dimension " + Twine(*axis) + ", found " +
                       printShape(scale.shape));
  }
  for (double value : scheme.scales)
    if (!(value > 0))
      return node.fail("expected positive scales, found " + Twine(std::to_string(value)));
  if (!zero)
    scheme.zeros.assign(scheme.scales.size(), 0);
  else if (zero->size() == scale.size())
    scheme.zeros = *node.floats(2);
  else
    return node.fail("expected a zero point for each of " + Twine(scale.size()) +
                     " scales, found " + printShape(zero->shape));
  return scheme;
}

/// One of the scheme's lists, to be combined with a tensor of `rank`.
static Value listOf(Node &node, const Scheme &scheme, ArrayRef<double> list, size_t rank) {
  Sizes shape(rank, 1);
  if (list.size() > 1)
    shape[scheme.axis] = list.size();
  return constantOf(node, shape, SmallVector<float>(list.begin(), list.end()));
}

/// The least and the largest number of a type; nothing for types that no tensor is quantized to.
static std::optional<std::pair<int64_t, int64_t>> rangeOf(int64_t type) {
  switch (type) {
  case TensorProto::INT8:
    return std::pair(-128, 127);
  case TensorProto::UINT8:
    return std::pair(0, 255);
  case TensorProto::INT16:
    return std::pair(-32768, 32767);
  case TensorProto::UINT16:
    return std::pair(0, 65535);
  default:
    return std::nullopt;
  }
}

/// clip(round(x / scale) + zero point). The quotient is f32, so that it is rounded once.
static LogicalResult importQuantize(Node &node) {
  FailureOr<Scheme> scheme = schemeOf(node);
  if (failed(scheme))
    return failure();
  int64_t type = node.hasInput(2) ? node.known(2)->type : node.integer("output_dtype", 0);
  auto range = rangeOf(type ? type : int64_t(TensorProto::UINT8));
  if (!range)
    return node.fail("quantizing to " + typeName(type) +
                     " is not supported, expected INT8, UINT8, INT16 or UINT16");
  Value x = operand(node, 0);
  size_t rank = node.rank(0);
  Value quotient =
      keepF32(build<train::DivOp>(node, {x, listOf(node, *scheme, scheme->scales, rank)}));
  if (!quotient)
    return failure();
  auto whole = node.create<train::RoundEvenOp>(
      quotient, node.builder.getNamedAttr("straight_through", node.builder.getUnitAttr()));
  Value q = whole ? whole.getY() : Value();
  // FP16 has the numbers of 8 bits, and what is beyond them is clipped.
  bool isWide = range->second - range->first > 255;
  if (isWide)
    keepF32(q);
  if (scheme->hasZeros()) {
    q = scheme->zeros.size() == 1
            ? affine(node, q, 1, scheme->zeros.front())
            : build<train::AddOp>(node, {q, listOf(node, *scheme, scheme->zeros, rank)});
    q = isWide ? keepF32(q) : q;
  }
  q = clip(node, q, double(range->first), double(range->second));
  return node.setOutput(isWide ? keepF32(q) : q);
}

/// The numbers that known integers stand for.
static FailureOr<Constant> dequantize(const Node &node) {
  FailureOr<Scheme> scheme = schemeOf(node);
  if (failed(scheme))
    return failure();
  const Constant &x = *node.known(0);
  FailureOr<Constant> result = makeResult(node, x.shape, node.known(1)->type);
  if (failed(result))
    return failure();
  int64_t at = 0;
  for (Indices i(x.shape); i.any(); i.next(), ++at) {
    size_t k = scheme->scales.size() == 1 ? 0 : i.index[scheme->axis];
    result->numbers[at] =
        roundToType((x.number(at) - scheme->zeros[k]) * scheme->scales[k], result->type);
  }
  return result;
}

/// (x - zero point) * scale
static LogicalResult importDequantize(Node &node) {
  if (node.isConstant(0)) {
    FailureOr<Constant> result = dequantize(node);
    return failed(result) ? failure() : node.setConstant(0, std::move(*result));
  }
  FailureOr<Scheme> scheme = schemeOf(node);
  if (failed(scheme))
    return failure();
  Value x = operand(node, 0);
  size_t rank = node.rank(0);
  if (scheme->hasZeros())
    x = keepF32(scheme->zeros.size() == 1
                    ? affine(node, x, 1, -scheme->zeros.front())
                    : build<train::SubOp>(node, {x, listOf(node, *scheme, scheme->zeros, rank)}));
  return node.setOutput(
      scheme->scales.size() == 1
          ? affine(node, x, scheme->scales.front(), 0)
          : build<train::MulOp>(node, {x, listOf(node, *scheme, scheme->scales, rank)}));
}

static FailureOr<bool> foldDequantize(Node &node) {
  FailureOr<Constant> result = dequantize(node);
  return failed(result) ? FailureOr<bool>(failure())
                        : done(node.setConstant(0, std::move(*result)));
}

void slp::import_onnx::addQuantizeFolds(FoldTable &table) {
  table["DequantizeLinear"] = {2, foldDequantize};
}

void slp::import_onnx::addQuantizeOperators(OperatorTable &table) {
  using Kind = AttributeKind;
  const AttributeRule axis = {"axis", Kind::integer, ""},
                      block = {"block_size", Kind::integer, "0"};
  table["QuantizeLinear"] = {
      "ac|c",
      1,
      {axis, block, {"output_dtype", Kind::integer, ""}, {"saturate", Kind::integer, ""}},
      importQuantize,
      "constant scales and zero points of 8 or 16 bits; the gradient passes "
      "where nothing is clipped",
      "10, 13, 19, 21"};
  table["DequantizeLinear"] = {
      "ac|c",          1, {axis, block}, importDequantize, "constant scales and zero points",
      "10, 13, 19, 21"};
}
