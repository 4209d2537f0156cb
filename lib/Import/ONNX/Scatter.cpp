//===- Scatter.cpp - ONNX operators that take and put elements by index -----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// GatherElements, GatherND, ScatterElements, ScatterND. Data are a table of rows: (places, row). An
// index of several coordinates becomes the number of a row, which is what train.gather and
// train.scatter_add take. Known indices that are all combinations of some coordinates, as slices
// and x[:, places] make them, become slices and concatenations.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Arithmetic.h"
#include "lib/Import/ONNX/Integers.h"
#include "lib/Import/ONNX/Moves.h"
#include "lib/Import/ONNX/Operators.h"

#include "dialects/Train/GatherOp.h"
#include "dialects/Train/ScatterAddOp.h"

#include "llvm/ADT/Sequence.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

namespace {
/// Data as a table, and which of its rows the node names.
struct Rows {
  int64_t places = 1, row = 1; // rows, elements of each
  Sizes taken;                 // the shape of the indices, without coordinates
  std::optional<Sizes> known;  // the numbers of the rows, if they are known now
  Value numbers;               // otherwise, i32, of one dimension
};

/// Coordinates for each of the first dimensions whose combinations, the last coordinate changing
/// first, are the known indices.
using Grid = SmallVector<Sizes>;
} // namespace

/// The row numbers as a tensor of the step.
static Value numbersOf(Node &node, const Rows &rows) {
  return rows.known ? indicesOf(node, *rows.known) : rows.numbers;
}

/// `index`, in f32, counted from the front; `isOutside` where it is not in [-size, size).
static Value fromFront(Node &node, Value index, int64_t size, Value &isOutside) {
  if (!index)
    return index;
  Sizes one(shapeOf(index).size(), 1);
  Value zero = constantOf(node, one, 0.0f), end = constantOf(node, one, float(size));
  Value isNegative = build<train::LessOp>(node, {index, zero});
  Value more = keepF32(affine(node, isNegative, double(size), 0));
  Value front = keepF32(build<train::AddOp>(node, {index, more}));
  Value outside = build<train::LogicalOrOp>(node, {build<train::LessOp>(node, {front, zero}),
                                                   build<train::LessEqualOp>(node, {end, front})});
  isOutside = isOutside ? build<train::LogicalOrOp>(node, {isOutside, outside}) : outside;
  return front;
}

/// `number`, where no coordinate is outside, and a row behind the last where one is.
static Value rowNumbers(Node &node, Value number, Value isOutside, int64_t places) {
  if (!number)
    return number;
  Value none = constantOf(node, Sizes(shapeOf(number).size(), 1), float(places));
  Value all = keepF32(build<train::SelectOp>(node, {isOutside, none, number}));
  all = toInteger(node, all);
  return all ? node.reshape(all, product(shapeOf(all))) : all;
}

/// A known index counted from the front; fails if there is no such place.
static LogicalResult checkIndex(Node &node, int64_t &index, int64_t size) {
  if (index < -size || index >= size)
    return node.fail("expected indices of " + Twine(-size) + " to " + Twine(size - 1) + ", found " +
                     Twine(index));
  index += index < 0 ? size : 0;
  return success();
}

/// The elements of `data` (one a row) that GatherElements and ScatterElements name with input 1.
static FailureOr<Rows> rowsOfElements(Node &node, int64_t axis) {
  ArrayRef<int64_t> data = node.shape(0), indices = node.shape(1);
  bool fits = indices.size() == data.size();
  for (size_t d = 0; fits && d < data.size(); ++d)
    fits = int64_t(d) == axis || indices[d] <= data[d];
  if (!fits)
    return node.fail("expected indices within " + printShape(data) + " but for dimension " +
                     Twine(axis) + ", found " + printShape(indices));
  Rows rows;
  rows.places = product(data);
  rows.taken.assign(indices.begin(), indices.end());
  if (failed(checkPlaces(node, rows.places)))
    return failure();
  Sizes strides(data.size(), 1);
  for (size_t d = data.size(); d-- > 1;)
    strides[d - 1] = strides[d] * data[d];
  if (std::optional<Sizes> known = node.constant(1)) {
    Sizes at(data.size(), 0);
    for (int64_t &number : *known) {
      if (failed(checkIndex(node, number, data[axis])))
        return failure();
      number *= strides[axis];
      for (size_t d = 0; d < data.size(); ++d)
        number += int64_t(d) == axis ? 0 : at[d] * strides[d];
      for (size_t d = data.size(); d-- > 0;) {
        if (++at[d] < indices[d])
          break;
        at[d] = 0;
      }
    }
    rows.known = *known;
    return rows;
  }
  Value isOutside, index = operand(node, 1);
  noteIndices(index, data[axis]);
  Value number = fromFront(node, index, data[axis], isOutside);
  if (strides[axis] != 1)
    number = keepF32(affine(node, number, double(strides[axis]), 0));
  for (size_t d = 0; d < data.size(); ++d)
    if (int64_t(d) != axis && indices[d] != 1)
      number = keepF32(build<train::AddOp>(
          node, {number, iota(node, data.size(), d, indices[d], double(strides[d]))}));
  rows.numbers = rowNumbers(node, number, isOutside, rows.places);
  if (!rows.numbers)
    return failure();
  return rows;
}

/// The rows that GatherND and ScatterND name with input 1, whose last dimension are coordinates
/// behind `batchDims` dimensions that data and indices share.
static FailureOr<Rows> rowsOfCoordinates(Node &node, int64_t batchDims) {
  ArrayRef<int64_t> data = node.shape(0), indices = node.shape(1);
  int64_t rank = data.size(), count = indices.empty() ? 0 : indices.back();
  int64_t shared = std::min(rank, int64_t(indices.size()));
  if (batchDims != 0 && (batchDims < 0 || batchDims >= shared))
    return node.fail("attribute batch_dims: expected 0 to " +
                     Twine(std::max<int64_t>(shared, 1) - 1) + " dimensions of " +
                     printShape(data) + " and " + printShape(indices) + ", found " +
                     Twine(batchDims));
  bool fits = !indices.empty() && count >= 1 && count <= rank - batchDims;
  for (int64_t d = 0; fits && d < batchDims; ++d)
    fits = indices[d] == data[d];
  if (!fits)
    return node.fail("expected indices (..., k) of k = 1 to " + Twine(rank - batchDims) +
                     " coordinates of " + printShape(data) + ", found " + printShape(indices));
  Rows rows;
  ArrayRef<int64_t> places = data.take_front(batchDims + count);
  rows.places = product(places);
  rows.row = product(data) / rows.places;
  rows.taken.assign(indices.begin(), indices.end() - 1);
  if (failed(checkPlaces(node, rows.places)))
    return failure();
  int64_t tuples = product(rows.taken), batches = product(data, 0, batchDims),
          perBatch = tuples / batches, inBatch = rows.places / batches;
  Sizes strides(count, 1);
  for (int64_t c = count; c-- > 1;)
    strides[c - 1] = strides[c] * places[batchDims + c];
  if (std::optional<Sizes> known = node.constant(1)) {
    rows.known.emplace();
    for (int64_t i = 0; i < tuples; ++i) {
      int64_t number = i / perBatch * inBatch;
      for (int64_t c = 0; c < count; ++c) {
        int64_t index = (*known)[i * count + c];
        if (failed(checkIndex(node, index, places[batchDims + c])))
          return failure();
        number += index * strides[c];
      }
      rows.known->push_back(number);
    }
    return rows;
  }
  Value all = operand(node, 1), isOutside, number;
  if (!all)
    return failure();
  noteIndices(all, places.drop_front(batchDims));
  all = node.reshape(all, {batches, perBatch, count});
  for (int64_t c = 0; c < count; ++c) {
    Value own =
        fromFront(node, sliceAlong(node, all, 2, {c, 1, 1}), places[batchDims + c], isOutside);
    if (strides[c] != 1)
      own = keepF32(affine(node, own, double(strides[c]), 0));
    number = number ? keepF32(build<train::AddOp>(node, {number, own})) : own;
  }
  if (batches > 1)
    number =
        keepF32(build<train::AddOp>(node, {number, iota(node, 3, 0, batches, double(inBatch))}));
  rows.numbers = rowNumbers(node, number, isOutside, rows.places);
  if (!rows.numbers)
    return failure();
  return rows;
}

//===----------------------------------------------------------------------------------------===//
// Known indices that are all combinations
//===----------------------------------------------------------------------------------------===//

/// The grid of dimensions [0, dims) of `data` that known row numbers are, if they are one.
static std::optional<Grid> gridOf(const Rows &rows, ArrayRef<int64_t> data) {
  if (!rows.known || rows.known->empty())
    return std::nullopt;
  // The coordinates of each dimension, in the order in which they come up first.
  Grid grid(data.size());
  auto coordinates = [&](int64_t number) {
    Sizes at(data.size());
    for (size_t d = data.size(); d-- > 0; number /= data[d])
      at[d] = number % data[d];
    return at;
  };
  SmallVector<llvm::DenseSet<int64_t>> seen(data.size());
  for (int64_t number : *rows.known)
    for (auto [d, at] : llvm::enumerate(coordinates(number)))
      if (seen[d].insert(at).second)
        grid[d].push_back(at);
  int64_t count = 1;
  for (const Sizes &list : grid)
    count *= list.size();
  if (count != int64_t(rows.known->size()))
    return std::nullopt;
  for (auto [i, number] : llvm::enumerate(*rows.known)) {
    int64_t left = i;
    Sizes at = coordinates(number);
    for (size_t d = data.size(); d-- > 0; left /= int64_t(grid[d].size()))
      if (grid[d][left % grid[d].size()] != at[d])
        return std::nullopt;
  }
  return grid;
}

/// `x` at the coordinates of the grid.
static Value pickGrid(Node &node, Value x, const Grid &grid) {
  for (auto [d, list] : llvm::enumerate(grid))
    if (!llvm::equal(list, llvm::seq<int64_t>(0, x ? shapeOf(x)[d] : 0)))
      x = pickAlong(node, x, d, list);
  return x;
}

/// `x` with `y` at the coordinates of the grid, from dimension `axis` on.
static Value putGrid(Node &node, Value x, Value y, const Grid &grid, size_t axis = 0) {
  if (!x || !y)
    return nullptr;
  while (axis < grid.size() && llvm::equal(grid[axis], llvm::seq<int64_t>(0, shapeOf(x)[axis])))
    ++axis;
  if (axis == grid.size())
    return y;
  // Runs of x, and of neighbours in y that are neighbours in x.
  Sizes from(shapeOf(x)[axis], -1);
  for (auto [i, at] : llvm::enumerate(grid[axis]))
    from[at] = i;
  SmallVector<Value> parts;
  for (int64_t at = 0, count = 1; at < int64_t(from.size()); at += count, count = 1) {
    bool isOfX = from[at] < 0;
    while (at + count < int64_t(from.size()) && from[at + count] == (isOfX ? -1 : from[at] + count))
      ++count;
    Value part = sliceAlong(node, x, axis, {at, 1, count});
    if (!isOfX)
      part = putGrid(node, part, sliceAlong(node, y, axis, {from[at], 1, count}), grid, axis + 1);
    parts.push_back(part);
  }
  return concat(node, parts, axis);
}

//===----------------------------------------------------------------------------------------===//
// Take
//===----------------------------------------------------------------------------------------===//

/// The rows of `x`, in the shape `y`. `places` are the dimensions that number them.
static LogicalResult importTake(Node &node, const Rows &rows, ArrayRef<int64_t> places,
                                ArrayRef<int64_t> shape) {
  Value x = operand(node, 0);
  if (!x)
    return failure();
  if (std::optional<Grid> grid = gridOf(rows, places)) {
    Value y = pickGrid(node, x, *grid);
    return node.setOutput(y ? node.reshape(y, shape) : y);
  }
  Value numbers = numbersOf(node, rows);
  if (!numbers)
    return failure();
  auto taken = node.create<train::GatherOp>({node.reshape(x, {1, rows.places, rows.row}), numbers});
  return node.setOutput(taken ? node.reshape(taken.getY(), shape) : Value());
}

static LogicalResult importGatherElements(Node &node) {
  FailureOr<int64_t> axis = node.positiveAxis(node.integer("axis", 0), node.rank(0));
  if (failed(axis))
    return failure();
  FailureOr<Rows> rows = rowsOfElements(node, *axis);
  return failed(rows) ? failure() : importTake(node, *rows, node.shape(0), rows->taken);
}

static LogicalResult importGatherND(Node &node) {
  int64_t batchDims = node.integer("batch_dims", 0);
  FailureOr<Rows> rows = rowsOfCoordinates(node, batchDims);
  if (failed(rows))
    return failure();
  ArrayRef<int64_t> data = node.shape(0);
  int64_t dims = batchDims + node.shape(1).back();
  Sizes shape = rows->taken;
  llvm::append_range(shape, data.drop_front(dims));
  return importTake(node, *rows, data.take_front(dims), shape);
}

//===----------------------------------------------------------------------------------------===//
// Put
//===----------------------------------------------------------------------------------------===//

/// Of known rows that occur several times the last stays: where the rows that stay are in the list.
static Sizes lastOfEach(Rows &rows) {
  llvm::DenseMap<int64_t, int64_t> last;
  for (auto [i, number] : llvm::enumerate(*rows.known))
    last[number] = i;
  Sizes kept, numbers;
  for (auto [i, number] : llvm::enumerate(*rows.known))
    if (last[number] == int64_t(i)) {
      kept.push_back(i);
      numbers.push_back(number);
    }
  rows.known = numbers;
  return kept;
}

/// `x` with `updates` (row numbers, row) in the place of its rows, or added to them.
static Value put(Node &node, Value x, Value updates, Rows rows, ArrayRef<int64_t> places,
                 bool isSum) {
  if (!x || !updates)
    return nullptr;
  Sizes shape(shapeOf(x));
  int64_t count = product(shapeOf(updates)) / rows.row;
  updates = node.reshape(updates, {count, rows.row});
  if (rows.known && !isSum) {
    Sizes kept = lastOfEach(rows);
    if (int64_t(kept.size()) != count)
      updates = pickAlong(node, updates, 0, kept);
    count = kept.size();
  }
  if (std::optional<Grid> grid = gridOf(rows, places); grid && updates) {
    Sizes part(shape);
    for (auto [d, list] : llvm::enumerate(*grid))
      part[d] = list.size();
    Value y = node.reshape(updates, part);
    if (isSum)
      y = build<train::AddOp>(node, {pickGrid(node, x, *grid), y});
    return putGrid(node, x, y, *grid);
  }
  Value numbers = numbersOf(node, rows);
  if (!numbers || !updates)
    return nullptr;
  NamedAttribute size =
      node.builder.getNamedAttr("rows", node.builder.getI64IntegerAttr(rows.places));
  auto sums = node.create<train::ScatterAddOp>(
      {node.reshape(updates, {1, count, rows.row}), numbers}, size);
  if (!sums)
    return nullptr;
  Value table = node.reshape(x, {1, rows.places, rows.row}), y;
  if (isSum) {
    y = build<train::AddOp>(node, {table, sums.getDtable()});
  } else {
    if (!rows.known)
      node.graph.note() << "node \"" << node.name()
                        << "\": updates of one place, if there are several at run time, are added "
                           "up; which of them stays is open in ONNX";
    auto hits =
        node.create<train::ScatterAddOp>({constantOf(node, {1, count, 1}, 1.0f), numbers}, size);
    y = hits ? build<train::SelectOp>(node, {hits.getDtable(), sums.getDtable(), table}) : Value();
  }
  return y ? node.reshape(y, shape) : y;
}

/// Whether updates are added; they take the place of data otherwise.
static FailureOr<bool> isSumOf(Node &node) {
  std::string reduction = node.string("reduction", "none");
  if (reduction != "none" && reduction != "add")
    return node.fail("attribute reduction = \"" + reduction +
                     "\" is not supported, expected none or add");
  return reduction == "add";
}

static LogicalResult importScatterElements(Node &node) {
  FailureOr<int64_t> axis = node.positiveAxis(node.integer("axis", 0), node.rank(0));
  FailureOr<bool> isSum = isSumOf(node);
  if (failed(axis) || failed(isSum))
    return failure();
  FailureOr<Rows> rows = rowsOfElements(node, *axis);
  if (failed(rows))
    return failure();
  if (node.shape(1) != node.shape(2))
    return node.fail("expected updates of the indices' shape " + printShape(node.shape(1)) +
                     ", found " + printShape(node.shape(2)));
  return node.setOutput(
      put(node, operand(node, 0), operand(node, 2), *rows, node.shape(0), *isSum));
}

static LogicalResult importScatterND(Node &node) {
  FailureOr<bool> isSum = isSumOf(node);
  if (failed(isSum))
    return failure();
  FailureOr<Rows> rows = rowsOfCoordinates(node, /*batchDims=*/0);
  if (failed(rows))
    return failure();
  ArrayRef<int64_t> data = node.shape(0);
  int64_t dims = node.shape(1).back();
  Sizes shape = rows->taken;
  llvm::append_range(shape, data.drop_front(dims));
  if (node.shape(2) != ArrayRef<int64_t>(shape))
    return node.fail("expected updates of shape " + printShape(shape) + ", found " +
                     printShape(node.shape(2)));
  return node.setOutput(
      put(node, operand(node, 0), operand(node, 2), *rows, data.take_front(dims), *isSum));
}

void slp::import_onnx::addScatterOperators(OperatorTable &table) {
  using Kind = AttributeKind;
  const AttributeRule axis = {"axis", Kind::integer, ""},
                      reduction = {"reduction", Kind::string, ""};
  const char *outside = "an index outside gives zeros";
  const char *put = "reduction none or add; an index outside is passed over; without reduction, "
                    "updates of one place that only run time shows are added up";
  table["GatherElements"] = {"ai",    1,       {axis}, ofIntegersToo<importGatherElements>,
                             outside, "11, 13"};
  table["GatherND"] = {
      "ai",    1,           {{"batch_dims", Kind::integer, ""}}, ofIntegersToo<importGatherND>,
      outside, "11, 12, 13"};
  table["ScatterElements"] = {
      "aia", 1, {axis, reduction}, ofIntegersToo<importScatterElements>, put, "11, 13, 16, 18"};
  table["Scatter"] = {"aia", 1, {axis}, ofIntegersToo<importScatterElements>, put, "9"};
  table["ScatterND"] = {"aia",           1, {reduction}, ofIntegersToo<importScatterND>, put,
                        "11, 13, 16, 18"};
}
