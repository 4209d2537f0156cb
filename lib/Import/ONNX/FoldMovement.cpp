//===- FoldMovement.cpp - Gather, Concat, Slice, Cast and other moves of known values ---------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Fold.h"
#include "lib/Import/ONNX/ShapeRules.h"

#include "onnx/onnx_pb.h"

#include <cmath>

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;
using onnx::TensorProto;

static FailureOr<bool> foldIdentity(Node &node) {
  return done(node.setConstant(0, *node.known(0)));
}

//===----------------------------------------------------------------------------------------===//
// The same elements under another shape
//===----------------------------------------------------------------------------------------===//

/// Fold of an operator that only renames the shape.
template <FailureOr<Sizes> (*shapeOf)(const Node &)>
static FailureOr<bool> foldReshape(Node &node) {
  FailureOr<Sizes> shape = shapeOf(node);
  if (failed(shape))
    return failure();
  Constant result = *node.known(0);
  result.shape = *shape;
  return done(node.setConstant(0, std::move(result)));
}

//===----------------------------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------------------------===//

static FailureOr<bool> castTo(Node &node, int64_t type) {
  const Constant &x = *node.known(0);
  if (!llvm::isInt<32>(type) || elementBytes(type) == 0)
    return node.fail("a cast to " + typeName(type) + " is not supported");
  FailureOr<Constant> result = makeResult(node, x.shape, type);
  if (failed(result))
    return failure();
  for (int64_t i = 0; i < x.size(); ++i) {
    if (result->isFloating()) {
      result->numbers[i] = roundToType(x.number(i), type);
      continue;
    }
    if (type == TensorProto::BOOL) {
      result->integers[i] = x.number(i) != 0;
      continue;
    }
    int64_t value = 0;
    if (!x.isFloating()) {
      value = x.integers[i];
    } else {
      double whole = std::trunc(x.numbers[i]);
      if (!(std::fabs(whole) < 0x1p63))
        return node.fail("a number that does not fit " + typeName(type) + " is cast to it");
      value = int64_t(whole);
    }
    if (!fitsType(value, type))
      return node.fail(Twine(value) + " does not fit " + typeName(type) + ", to which it is cast");
    result->integers[i] = value;
  }
  return done(node.setConstant(0, std::move(*result)));
}

static FailureOr<bool> foldCast(Node &node) {
  if (node.version() >= 6)
    return castTo(node, node.integer("to", 0));
  std::string name = node.string("to", ""); // a string before operator set 6
  TensorProto::DataType type = TensorProto::UNDEFINED;
  TensorProto::DataType_Parse(name, &type);
  return castTo(node, type);
}

static FailureOr<bool> foldCastLike(Node &node) {
  if (const Constant *like = node.known(1))
    return castTo(node, like->type);
  return castTo(node, node.isIndex(1) ? TensorProto::INT64 : TensorProto::FLOAT);
}

//===----------------------------------------------------------------------------------------===//
// Picking elements
//===----------------------------------------------------------------------------------------===//

static FailureOr<bool> setPicked(Node &node, unsigned output, const Constant &from,
                                 ArrayRef<int64_t> shape,
                                 function_ref<int64_t(ArrayRef<int64_t>)> source) {
  FailureOr<Constant> result = pick(node, from, shape, source);
  return failed(result) ? FailureOr<bool>(failure())
                        : done(node.setConstant(output, std::move(*result)));
}

/// The indices of a gather, counted from the front.
static FailureOr<Sizes> indicesOf(Node &node, unsigned input, int64_t size) {
  std::optional<Sizes> indices = node.constant(input);
  if (!indices)
    return node.fail("expected indices of INT64 or INT32");
  for (int64_t &index : *indices) {
    if (index < -size || index >= size)
      return node.fail("expected indices of " + Twine(-size) + " to " + Twine(size - 1) +
                       ", found " + Twine(index));
    index = index < 0 ? index + size : index;
  }
  return *indices;
}

static FailureOr<bool> foldGather(Node &node) {
  const Constant &x = *node.known(0);
  FailureOr<int64_t> axis = node.positiveAxis(node.integer("axis", 0), node.rank(0));
  if (failed(axis))
    return failure();
  FailureOr<Sizes> indices = indicesOf(node, 1, x.shape[*axis]);
  if (failed(indices))
    return failure();
  size_t rank = node.rank(1);
  Sizes shape(ArrayRef(x.shape).take_front(*axis)), source(x.shape);
  shape.append(node.shape(1).begin(), node.shape(1).end());
  shape.append(x.shape.begin() + *axis + 1, x.shape.end());
  return setPicked(node, 0, x, shape, [&](ArrayRef<int64_t> index) {
    for (int64_t d = 0; d < *axis; ++d)
      source[d] = index[d];
    source[*axis] = (*indices)[offsetOf(index.slice(*axis, rank), node.shape(1))];
    for (size_t d = *axis + 1; d < source.size(); ++d)
      source[d] = index[d + rank - 1];
    return offsetOf(source, x.shape);
  });
}

static FailureOr<bool> foldGatherElements(Node &node) {
  const Constant &x = *node.known(0);
  FailureOr<int64_t> axis = node.positiveAxis(node.integer("axis", 0), node.rank(0));
  if (failed(axis))
    return failure();
  FailureOr<Sizes> indices = indicesOf(node, 1, x.shape[*axis]);
  if (failed(indices))
    return failure();
  bool fits = node.rank(1) == node.rank(0);
  for (int64_t d = 0; fits && d < node.rank(0); ++d)
    fits = d == *axis || node.shape(1)[d] <= x.shape[d];
  if (!fits)
    return node.fail("expected indices within " + printShape(x.shape) + ", found " +
                     printShape(node.shape(1)));
  int64_t at = 0;
  return setPicked(node, 0, x, node.shape(1), [&](ArrayRef<int64_t> index) {
    Sizes source(index);
    source[*axis] = (*indices)[at++];
    int64_t offset = 0;
    for (size_t d = 0; d < source.size(); ++d)
      offset = offset * x.shape[d] + source[d];
    return offset;
  });
}

static FailureOr<bool> foldSlice(Node &node) {
  const Constant &x = *node.known(0);
  FailureOr<SmallVector<SliceRange>> ranges = sliceRanges(node);
  if (failed(ranges))
    return failure();
  Sizes shape, source(x.shape);
  for (const SliceRange &range : *ranges)
    shape.push_back(range.count);
  return setPicked(node, 0, x, shape, [&](ArrayRef<int64_t> index) {
    for (auto [d, range] : llvm::enumerate(*ranges))
      source[d] = range.start + index[d] * range.step;
    return offsetOf(source, x.shape);
  });
}

static FailureOr<bool> foldTranspose(Node &node) {
  const Constant &x = *node.known(0);
  FailureOr<Sizes> perm = permutationOf(node);
  if (failed(perm))
    return failure();
  Sizes shape, source(x.shape);
  for (int64_t from : *perm)
    shape.push_back(x.shape[from]);
  return setPicked(node, 0, x, shape, [&](ArrayRef<int64_t> index) {
    for (auto [d, from] : llvm::enumerate(*perm))
      source[from] = index[d];
    return offsetOf(source, x.shape);
  });
}

static FailureOr<bool> foldExpand(Node &node) {
  const Constant &x = *node.known(0);
  FailureOr<Sizes> shape = expandedShape(node);
  if (failed(shape))
    return failure();
  return setPicked(node, 0, x, *shape,
                   [&](ArrayRef<int64_t> index) { return offsetOf(index, x.shape); });
}

static FailureOr<bool> foldTile(Node &node) {
  const Constant &x = *node.known(0);
  if (node.version() < 6) // `tiles` times along `axis`
    return false;
  std::optional<Sizes> repeats = node.constant(1);
  if (!repeats || int64_t(repeats->size()) != node.rank(0))
    return node.fail("expected " + Twine(node.rank(0)) + " constant repeats");
  Sizes shape, source(x.shape);
  for (auto [size, times] : llvm::zip(x.shape, *repeats)) {
    int64_t tiled = 0;
    if (times < 0 || llvm::MulOverflow(size, times, tiled))
      return node.fail("impossible repeats " + printShape(*repeats));
    shape.push_back(tiled);
  }
  return setPicked(node, 0, x, shape, [&](ArrayRef<int64_t> index) {
    for (size_t d = 0; d < source.size(); ++d)
      source[d] = index[d] % x.shape[d];
    return offsetOf(source, x.shape);
  });
}

static FailureOr<bool> foldSplit(Node &node) {
  const Constant &x = *node.known(0);
  FailureOr<SplitSizes> split = splitSizes(node);
  if (failed(split))
    return failure();
  int64_t begin = 0;
  for (auto [i, size] : llvm::enumerate(split->sizes)) {
    Sizes shape(x.shape), source(x.shape);
    shape[split->axis] = size;
    FailureOr<bool> result = setPicked(node, i, x, shape, [&](ArrayRef<int64_t> index) {
      source.assign(index.begin(), index.end());
      source[split->axis] += begin;
      return offsetOf(source, x.shape);
    });
    if (failed(result))
      return failure();
    begin += size;
  }
  return true;
}

static FailureOr<bool> foldTrilu(Node &node) {
  const Constant &x = *node.known(0);
  bool isUpper = node.integer("upper", 1) != 0;
  std::optional<Sizes> offset = node.constant(1);
  if (node.rank(0) < 2 || (offset && offset->size() != 1))
    return node.fail("expected an input of rank 2 or more and one diagonal");
  // Beyond the matrix every diagonal is alike.
  int64_t k = offset ? std::clamp(offset->front(), -maxConstantElements, maxConstantElements) : 0;
  Constant result = x;
  int64_t at = 0;
  for (Indices i(x.shape); i.any(); i.next(), ++at) {
    int64_t row = i.index[i.index.size() - 2], column = i.index.back();
    if (isUpper ? column - row >= k : column - row <= k)
      continue;
    if (x.isFloating())
      result.numbers[at] = 0;
    else
      result.integers[at] = 0;
  }
  return done(node.setConstant(0, std::move(result)));
}

static FailureOr<bool> foldConcat(Node &node) {
  const Constant &first = *node.known(0);
  FailureOr<int64_t> axis = node.positiveAxis(node.integer("axis", 1), node.rank(0));
  if (failed(axis))
    return failure();
  Sizes shape(first.shape);
  shape[*axis] = 0;
  for (unsigned i = 0; i < node.numInputs(); ++i) {
    Sizes expected(shape), part(node.shape(i));
    expected[*axis] = 0;
    if (part.size() != shape.size() || node.known(i)->type != first.type)
      return node.fail("expected operands of one type and rank, found " + printShape(first.shape) +
                       " and " + printShape(part));
    shape[*axis] += std::exchange(part[*axis], 0);
    if (part != expected)
      return node.fail("expected operands of one shape but for dimension " + Twine(*axis) +
                       ", found " + printShape(first.shape) + " and " + printShape(node.shape(i)));
  }
  FailureOr<Constant> result = makeResult(node, shape, first.type);
  if (failed(result))
    return failure();
  int64_t inner = product(shape, *axis + 1, shape.size()), outer = product(shape, 0, *axis),
          row = shape[*axis] * inner, begin = 0;
  for (unsigned i = 0; i < node.numInputs(); ++i) {
    const Constant &part = *node.known(i);
    int64_t run = part.shape[*axis] * inner;
    for (int64_t o = 0; o < outer; ++o)
      if (part.isFloating())
        std::copy_n(part.numbers.begin() + o * run, run, result->numbers.begin() + o * row + begin);
      else
        std::copy_n(part.integers.begin() + o * run, run,
                    result->integers.begin() + o * row + begin);
    begin += run;
  }
  return done(node.setConstant(0, std::move(*result)));
}

void slp::import_onnx::addMovementFolds(FoldTable &table) {
  table["Cast"] = {1, foldCast};
  table["CastLike"] = {1, foldCastLike};
  table["Concat"] = {1, foldConcat};
  table["Expand"] = {2, foldExpand};
  table["Flatten"] = {1, foldReshape<flattenedShape>};
  table["Gather"] = {2, foldGather};
  table["GatherElements"] = {2, foldGatherElements};
  table["Identity"] = {1, foldIdentity};
  table["Reshape"] = {1, foldReshape<reshapedShape>};
  table["Slice"] = {1, foldSlice};
  table["Split"] = {1, foldSplit};
  table["Squeeze"] = {1, foldReshape<squeezedShape>};
  table["Tile"] = {2, foldTile};
  table["Transpose"] = {1, foldTranspose};
  table["Trilu"] = {1, foldTrilu};
  table["Unsqueeze"] = {1, foldReshape<unsqueezedShape>};
}
