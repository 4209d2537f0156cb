//===- Moves.cpp - data movement from which operators are put together ------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Moves.h"

#include "dialects/Train/ConcatOp.h"
#include "dialects/Train/ExpandOp.h"
#include "dialects/Train/PadOp.h"
#include "dialects/Train/SliceOp.h"
#include "dialects/Train/TrainValues.h"
#include "dialects/Train/TransposeOp.h"

#include "llvm/ADT/Sequence.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;
using train::i64s;

Value slp::import_onnx::transpose(Node &node, Value x, ArrayRef<int64_t> perm) {
  if (!x || llvm::equal(perm, llvm::seq<int64_t>(0, perm.size())))
    return x;
  auto op = node.create<train::TransposeOp>(x, i64s(node.builder, "perm", perm));
  return op ? op.getY() : Value();
}

Value slp::import_onnx::moveAxis(Node &node, Value x, int64_t from, int64_t to) {
  if (!x || from == to)
    return x;
  SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(0, shapeOf(x).size()));
  perm.erase(perm.begin() + from);
  perm.insert(perm.begin() + to, from);
  return transpose(node, x, perm);
}

/// Whether elements of a row along `axis` lie side by side.
static bool isInner(ArrayRef<int64_t> shape, int64_t axis) {
  return product(shape, axis + 1, shape.size()) == 1;
}

Value slp::import_onnx::rowsAlong(Node &node, Value x, int64_t axis) {
  if (!x)
    return x;
  SmallVector<int64_t> shape(shapeOf(x));
  if (!isInner(shape, axis))
    x = moveAxis(node, x, axis, shape.size() - 1);
  return x ? node.reshape(x, {product(shape) / shape[axis], shape[axis]}) : x;
}

Value slp::import_onnx::fromRowsAlong(Node &node, Value rows, ArrayRef<int64_t> shape,
                                      int64_t axis) {
  if (!rows || isInner(shape, axis))
    return rows ? node.reshape(rows, shape) : rows;
  SmallVector<int64_t> moved(shape);
  moved.erase(moved.begin() + axis);
  moved.push_back(shape[axis]);
  return moveAxis(node, node.reshape(rows, moved), moved.size() - 1, axis);
}

Value slp::import_onnx::slice(Node &node, Value x, ArrayRef<SliceRange> ranges) {
  if (!x)
    return x;
  Sizes starts, sizes, steps;
  bool isWhole = true;
  for (auto [d, range] : llvm::enumerate(ranges)) {
    if (range.count == 0) {
      (void)node.fail("the result has no elements in dimension " + Twine(d));
      return nullptr;
    }
    starts.push_back(range.start);
    sizes.push_back(range.count);
    steps.push_back(range.count == 1 ? 1 : range.step);
    isWhole &= range.count == shapeOf(x)[d] && steps.back() == 1;
  }
  if (isWhole)
    return x;
  OpBuilder &b = node.builder;
  auto op = node.create<train::SliceOp>(
      x, {i64s(b, "starts", starts), i64s(b, "sizes", sizes), i64s(b, "steps", steps)});
  return op ? op.getY() : Value();
}

Value slp::import_onnx::sliceAlong(Node &node, Value x, int64_t axis, SliceRange range) {
  if (!x)
    return x;
  SmallVector<SliceRange> ranges;
  for (int64_t size : shapeOf(x))
    ranges.push_back({0, 1, size});
  ranges[axis] = range;
  return slice(node, x, ranges);
}

Value slp::import_onnx::concat(Node &node, ValueRange parts, int64_t axis) {
  if (llvm::any_of(parts, [](Value part) { return !part; }))
    return nullptr;
  if (parts.size() == 1)
    return parts.front();
  OpBuilder &b = node.builder;
  auto op = node.create<train::ConcatOp>(parts, b.getNamedAttr("axis", b.getI64IntegerAttr(axis)));
  return op ? op.getY() : Value();
}

Value slp::import_onnx::pad(Node &node, Value x, ArrayRef<int64_t> low, ArrayRef<int64_t> high,
                            double value) {
  auto isZero = [](int64_t n) { return n == 0; };
  if (!x || (llvm::all_of(low, isZero) && llvm::all_of(high, isZero)))
    return x;
  OpBuilder &b = node.builder;
  auto op = node.create<train::PadOp>(x, {i64s(b, "low", low), i64s(b, "high", high),
                                          b.getNamedAttr("value", b.getF32FloatAttr(value))});
  return op ? op.getY() : Value();
}

Value slp::import_onnx::expand(Node &node, Value x, ArrayRef<int64_t> shape) {
  if (!x)
    return x;
  Sizes ranked(shape.size() - shapeOf(x).size(), 1);
  llvm::append_range(ranked, shapeOf(x));
  x = node.reshape(x, ranked);
  if (shapeOf(x) == shape)
    return x;
  auto op = node.create<train::ExpandOp>(x, i64s(node.builder, "shape", shape));
  return op ? op.getY() : Value();
}

Value slp::import_onnx::repeat(Node &node, Value x, int64_t axis, int64_t times, bool each) {
  if (!x || times == 1)
    return x;
  // A dimension of its own for the repetition, behind the elements or before them.
  Sizes single(shapeOf(x)), result = single;
  result[axis] *= times;
  single.insert(single.begin() + axis + (each ? 1 : 0), 1);
  Sizes repeated = single;
  repeated[axis + (each ? 1 : 0)] = times;
  x = expand(node, node.reshape(x, single), repeated);
  return x ? node.reshape(x, result) : x;
}

Value slp::import_onnx::constantOf(Node &node, ArrayRef<int64_t> shape, ArrayRef<float> values) {
  OpBuilder &b = node.builder;
  auto type = RankedTensorType::get(shape, b.getF32Type());
  auto value = DenseElementsAttr::get(type, values);
  if (value.isSplat() || int64_t(values.size()) * 4 <= train::maxInlineBytes)
    return train::createConstant(b, node.loc, value);
  if (int64_t(values.size()) * 4 > train::maxFrozenBytes) {
    (void)node.fail("needs a constant of " + Twine(values.size() * 4) +
                    " bytes, which is too large");
    return nullptr;
  }
  // A name that no tensor of the graph has.
  std::string name;
  for (unsigned i = 0; i == 0 || node.graph.values.count(name); ++i)
    name = node.name() + "/constant" + std::to_string(i);
  return node.graph.makeState(name, type, value, /*isFrozen=*/true);
}

Value slp::import_onnx::indicesOf(Node &node, ArrayRef<int64_t> indices) {
  if (int64_t(indices.size()) * 4 > train::maxInlineBytes) {
    (void)node.fail("needs " + Twine(indices.size()) + " constant indices, expected at most " +
                    Twine(train::maxInlineBytes / 4));
    return nullptr;
  }
  SmallVector<int32_t> elements(indices.begin(), indices.end());
  auto type = RankedTensorType::get(int64_t(elements.size()), node.builder.getI32Type());
  return train::createConstant(node.builder, node.loc,
                               DenseElementsAttr::get(type, ArrayRef(elements)));
}

Value slp::import_onnx::iota(Node &node, size_t rank, size_t axis, int64_t count, double step,
                             double first) {
  if (count > train::maxFrozenBytes / 4) { // before it is made
    (void)node.fail("needs " + Twine(count) + " constant positions, expected at most " +
                    Twine(train::maxFrozenBytes / 4));
    return nullptr;
  }
  Sizes shape(rank, 1);
  shape[axis] = count;
  SmallVector<float> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(float(first + double(i) * step));
  return constantOf(node, shape, values);
}

/// The longest range that `indices` begin with.
static SliceRange rangeAt(ArrayRef<int64_t> indices) {
  SliceRange range{indices[0], indices.size() > 1 ? indices[1] - indices[0] : 1, 1};
  while (range.step != 0 && range.count < int64_t(indices.size()) &&
         indices[range.count] == range.start + range.count * range.step)
    ++range.count;
  return range;
}

Value slp::import_onnx::pickAlong(Node &node, Value x, int64_t axis, ArrayRef<int64_t> indices) {
  if (!x)
    return x;
  int64_t size = shapeOf(x)[axis], count = indices.size(), times = count / size;
  bool repeats = count % size == 0 && times > 1;
  for (int64_t i = 0; repeats && i < count; ++i)
    repeats = indices[i] == i / times;
  if (repeats)
    return repeat(node, x, axis, times, /*each=*/true);
  constexpr size_t mostParts = 8192; // each is an op or two
  SmallVector<Value> parts;
  for (ArrayRef<int64_t> left = indices; !left.empty();) {
    if (parts.size() == mostParts) {
      (void)node.fail("takes elements of an axis in more than " + Twine(mostParts) + " pieces");
      return nullptr;
    }
    // Equal indices in a row are one element, repeated.
    auto other = llvm::find_if(left, [&](int64_t i) { return i != left.front(); });
    int64_t equal = other - left.begin();
    SliceRange range = equal > 1 ? SliceRange{left.front(), 1, 1} : rangeAt(left);
    Value part = sliceAlong(node, x, axis, range);
    parts.push_back(equal > 1 ? repeat(node, part, axis, equal, /*each=*/true) : part);
    left = left.drop_front(equal > 1 ? equal : range.count);
  }
  return concat(node, parts, axis);
}
