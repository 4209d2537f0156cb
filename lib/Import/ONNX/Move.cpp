//===- Move.cpp - ONNX operators that move data -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Concat, DepthToSpace, Expand, Gather, Pad, Slice, SpaceToDepth, Split, Tile, Transpose.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Arithmetic.h"
#include "lib/Import/ONNX/Integers.h"
#include "lib/Import/ONNX/Moves.h"
#include "lib/Import/ONNX/Operators.h"

#include "dialects/Train/GatherOp.h"

#include <cmath>

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

static LogicalResult importTranspose(Node &node) {
  FailureOr<Sizes> perm = permutationOf(node);
  return failed(perm) ? failure() : node.setOutput(transpose(node, operand(node, 0), *perm));
}

static LogicalResult importConcat(Node &node) {
  SmallVector<Value> parts;
  for (unsigned i = 0; i < node.numInputs(); ++i)
    parts.push_back(operand(node, i));
  FailureOr<int64_t> axis = node.positiveAxis(node.integer("axis", 1), node.rank(0));
  return failed(axis) ? failure() : node.setOutput(concat(node, parts, *axis));
}

static LogicalResult importSlice(Node &node) {
  FailureOr<SmallVector<SliceRange>> ranges = sliceRanges(node);
  return failed(ranges) ? failure() : node.setOutput(slice(node, operand(node, 0), *ranges));
}

static LogicalResult importSplit(Node &node) {
  FailureOr<SplitSizes> split = splitSizes(node);
  if (failed(split))
    return failure();
  SmallVector<Value> parts;
  int64_t begin = 0;
  for (unsigned i = 0; i < node.numOutputs(); begin += split->sizes[i++]) {
    if (!node.hasOutput(i)) {
      parts.push_back(nullptr);
      continue;
    }
    Value part = sliceAlong(node, operand(node, 0), split->axis, {begin, 1, split->sizes[i]});
    if (!part)
      return failure();
    parts.push_back(part);
  }
  return node.setOutputs(parts);
}

static LogicalResult importExpand(Node &node) {
  FailureOr<Sizes> shape = expandedShape(node);
  return failed(shape) ? failure() : node.setOutput(expand(node, operand(node, 0), *shape));
}

static LogicalResult importTile(Node &node) {
  Value x = operand(node, 0);
  int64_t rank = node.rank(0);
  std::optional<Sizes> repeats = node.constant(1);
  if (repeats && node.version() < 6) { // `tiles` times along `axis`
    std::optional<Sizes> axis = node.constant(2);
    if (!axis || axis->size() != 1 || repeats->size() != 1)
      return node.fail("expected one constant number of tiles and one constant axis");
    FailureOr<int64_t> along = node.positiveAxis(axis->front(), rank);
    if (failed(along))
      return failure();
    int64_t times = repeats->front();
    repeats->assign(rank, 1);
    (*repeats)[*along] = times;
  }
  if (!repeats || int64_t(repeats->size()) != rank)
    return node.fail("expected " + Twine(rank) + " constant repeats");
  for (auto [axis, times] : llvm::enumerate(*repeats)) {
    if (times < 1 || times > int64_t(1) << 31)
      return node.fail("impossible repeats " + printShape(*repeats));
    x = repeat(node, x, axis, times, /*each=*/false);
  }
  return node.setOutput(x);
}

//===----------------------------------------------------------------------------------------===//
// Gather
//===----------------------------------------------------------------------------------------===//

static LogicalResult importGather(Node &node) {
  FailureOr<int64_t> axis = node.positiveAxis(node.integer("axis", 0), node.rank(0));
  if (failed(axis))
    return failure();
  ArrayRef<int64_t> x = node.shape(0), indices = node.shape(1);
  Sizes shape(x.take_front(*axis));
  llvm::append_range(shape, indices);
  llvm::append_range(shape, x.drop_front(*axis + 1));
  Value table = operand(node, 0);
  if (std::optional<Sizes> known = node.constant(1)) {
    for (int64_t &index : *known) {
      if (index < -x[*axis] || index >= x[*axis])
        return node.fail("expected indices of " + Twine(-x[*axis]) + " to " + Twine(x[*axis] - 1) +
                         ", found " + Twine(index));
      index += index < 0 ? x[*axis] : 0;
    }
    Value y = pickAlong(node, table, *axis, *known);
    return node.setOutput(y ? node.reshape(y, shape) : y);
  }
  if (failed(checkPlaces(node, x[*axis])))
    return failure();
  noteIndices(node.tensor(1), x[*axis]);
  Value rows =
      node.reshape(table, {product(x, 0, *axis), x[*axis], product(x, *axis + 1, x.size())});
  auto op = node.create<train::GatherOp>(
      ValueRange{rows, node.reshape(node.tensor(1), product(indices))});
  return node.setOutput(op ? node.reshape(op.getY(), shape) : Value());
}

//===----------------------------------------------------------------------------------------===//
// Pad
//===----------------------------------------------------------------------------------------===//

/// What stands before and behind dimension `axis` of `x` in a mode other than constant.
static Value padAlong(Node &node, Value x, int64_t axis, int64_t low, int64_t high,
                      StringRef mode) {
  int64_t size = shapeOf(x)[axis];
  auto part = [&](int64_t count, SliceRange range, int64_t edge) -> Value {
    if (mode == "edge")
      return repeat(node, sliceAlong(node, x, axis, {edge, 1, 1}), axis, count, /*each=*/true);
    return sliceAlong(node, x, axis, range);
  };
  bool reflects = mode == "reflect";
  int64_t most = reflects ? size - 1 : size;
  if (mode != "edge" && std::max(low, high) > most) {
    (void)node.fail("expected pads of at most " + Twine(most) + " in dimension " + Twine(axis) +
                    ", found " + Twine(std::max(low, high)));
    return nullptr;
  }
  SmallVector<Value> parts;
  if (low > 0)
    parts.push_back(
        part(low, reflects ? SliceRange{low, -1, low} : SliceRange{size - low, 1, low}, 0));
  parts.push_back(x);
  if (high > 0)
    parts.push_back(
        part(high, reflects ? SliceRange{size - 2, -1, high} : SliceRange{0, 1, high}, size - 1));
  return concat(node, parts, axis);
}

static LogicalResult importPad(Node &node) {
  Value x = operand(node, 0);
  int64_t rank = node.rank(0);
  std::optional<Sizes> pads = node.integersAt(node.version() < 2 ? "paddings" : "pads", 1);
  std::optional<Sizes> given = node.constant(3);
  Sizes axes;
  for (int64_t d = 0; d < rank; ++d)
    axes.push_back(d);
  if (given) {
    axes.clear();
    for (int64_t axis : *given) {
      FailureOr<int64_t> along = node.positiveAxis(axis, rank);
      if (failed(along))
        return failure();
      axes.push_back(*along);
    }
  }
  if (!pads || pads->size() != 2 * axes.size())
    return node.fail("expected " + Twine(2 * axes.size()) + " constant pads" +
                     (pads ? ", found " + Twine(pads->size()) : Twine()));
  Sizes low(rank, 0), high(rank, 0);
  for (auto [i, axis] : llvm::enumerate(axes)) {
    low[axis] = (*pads)[i];
    high[axis] = (*pads)[i + axes.size()];
  }
  std::string mode = node.string("mode", "constant");
  if (mode == "constant") {
    double value = node.numberAt("value", 2).value_or(0);
    return node.setOutput(pad(node, x, low, high, value));
  }
  if (mode != "edge" && mode != "reflect" && mode != "wrap")
    return node.fail("attribute mode = \"" + mode +
                     "\" is not supported, expected constant, edge, reflect or wrap");
  auto negative = [](ArrayRef<int64_t> all) {
    return Sizes(llvm::map_range(all, [](int64_t n) { return std::min<int64_t>(n, 0); }));
  };
  x = pad(node, x, negative(low), negative(high), 0);
  for (int64_t axis = 0; axis < rank && x; ++axis)
    x = padAlong(node, x, axis, low[axis], high[axis], mode);
  return node.setOutput(x);
}

//===----------------------------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------------------------===//

/// Checks (N, C, H, W) and the block size.
static FailureOr<int64_t> blockOf(Node &node) {
  int64_t block = node.integer("blocksize", 0);
  if (node.rank(0) != 4 || block < 1 || block > 1 << 15)
    return node.fail("expected an input of rank 4 and a blocksize of at least 1, found " +
                     printShape(node.shape(0)) + " and " + Twine(block));
  return block;
}

static LogicalResult importDepthToSpace(Node &node) {
  FailureOr<int64_t> block = blockOf(node);
  if (failed(block))
    return failure();
  ArrayRef<int64_t> x = node.shape(0);
  int64_t b = *block, depth = x[1] / (b * b);
  if (x[1] % (b * b))
    return node.fail("expected channels that are a multiple of " + Twine(b * b) + ", found " +
                     Twine(x[1]));
  Value y = operand(node, 0);
  if (node.string("mode", "DCR") == "DCR") { // blocks first: bring the depth before them
    y = transpose(node, node.reshape(y, {x[0], b * b, depth, x[2] * x[3]}), {0, 2, 1, 3});
    if (!y)
      return failure();
  }
  y = transpose(node, node.reshape(y, {x[0] * depth, b, b, x[2], x[3]}), {0, 3, 1, 4, 2});
  return node.setOutput(y ? node.reshape(y, {x[0], depth, x[2] * b, x[3] * b}) : y);
}

static LogicalResult importSpaceToDepth(Node &node) {
  FailureOr<int64_t> block = blockOf(node);
  if (failed(block))
    return failure();
  ArrayRef<int64_t> x = node.shape(0);
  int64_t b = *block;
  if (x[2] % b || x[3] % b)
    return node.fail("expected height and width that are multiples of " + Twine(b) + ", found " +
                     printShape(x));
  int64_t h = x[2] / b, w = x[3] / b;
  Value y =
      transpose(node, node.reshape(operand(node, 0), {x[0] * x[1], h, b, w, b}), {0, 2, 4, 1, 3});
  if (!y)
    return failure();
  y = transpose(node, node.reshape(y, {x[0], x[1], b * b, h * w}), {0, 2, 1, 3});
  return node.setOutput(y ? node.reshape(y, {x[0], x[1] * b * b, h, w}) : y);
}

void slp::import_onnx::addMoveOperators(OperatorTable &table) {
  using Kind = AttributeKind;
  table["Concat"] = {
      "a*", 1, {{"axis", Kind::integer, ""}}, ofIntegersToo<importConcat>, "", "1, 4, 11, 13"};
  table["DepthToSpace"] = {"f",
                           1,
                           {{"blocksize", Kind::integer, ""}, {"mode", Kind::string, ""}},
                           importDepthToSpace,
                           "",
                           "1, 11, 13"};
  table["Expand"] = {"ac", 1, {}, ofIntegersToo<importExpand>, "constant shape", "8, 13"};
  table["Gather"] = {"ai",
                     1,
                     {{"axis", Kind::integer, ""}},
                     ofIntegersToo<importGather>,
                     "an index outside the axis gives zeros",
                     "1, 11, 13"};
  table["Pad"] = {"a|ccc",
                  1,
                  {{"mode", Kind::string, ""},
                   {"paddings", Kind::integers, ""},
                   {"pads", Kind::integers, ""},
                   {"value", Kind::number, ""}},
                  ofIntegersToo<importPad>,
                  "constant pads, a finite constant value",
                  "1, 2, 11, 13, 18, 19, 21"};
  table["Slice"] = {
      "a|cccc",
      1,
      {{"axes", Kind::integers, ""}, {"ends", Kind::integers, ""}, {"starts", Kind::integers, ""}},
      ofIntegersToo<importSlice>,
      "constant ranges",
      "1, 10, 11, 13"};
  table["SpaceToDepth"] = {"f", 1,      {{"blocksize", Kind::integer, ""}}, importSpaceToDepth,
                           "",  "1, 13"};
  table["Split"] = {"a|c",
                    1 << 16,
                    {{"axis", Kind::integer, ""},
                     {"num_outputs", Kind::integer, ""},
                     {"split", Kind::integers, ""}},
                    ofIntegersToo<importSplit>,
                    "constant sizes",
                    "1, 2, 11, 13, 18"};
  table["Tile"] = {"ac|c", 1, {}, ofIntegersToo<importTile>, "constant repeats", "1, 6, 13"};
  table["Transpose"] = {
      "a", 1, {{"perm", Kind::integers, ""}}, ofIntegersToo<importTranspose>, "", "1, 13, 21"};
}
