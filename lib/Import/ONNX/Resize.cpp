//===- Resize.cpp - ONNX Resize and Upsample --------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Along each dimension in turn: a list of elements to take, or a weighted sum of several such
// lists.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Arithmetic.h"
#include "lib/Import/ONNX/Integers.h"
#include "lib/Import/ONNX/Moves.h"
#include "lib/Import/ONNX/Operators.h"

#include "dialects/Train/GatherOp.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

namespace {
/// How one dimension changes. The scale is a float in ONNX.
struct Resizing {
  int64_t from, to;
  float scale;
};

/// How elements between elements are found.
struct Interpolation {
  std::string mode; // nearest, linear or cubic
  std::string transform, nearest;
  double cubicA = -0.75;
  bool excludesOutside = false, antialias = false;
};

/// What an element of the result is made of: elements of the input, and their weights.
struct Neighbours {
  SmallVector<int64_t> indices;
  SmallVector<double> weights;
};
} // namespace

/// The coordinate in the input of element `i` of the output.
static FailureOr<double> sourceOf(Node &node, const Resizing &r, int64_t i, StringRef transform) {
  double scale = r.scale, half = (i + 0.5) / scale - 0.5;
  if (transform == "asymmetric")
    return i / scale;
  if (transform == "half_pixel")
    return half;
  if (transform == "pytorch_half_pixel")
    return r.to > 1 ? half : 0;
  if (transform == "tf_half_pixel_for_nn")
    return (i + 0.5) / scale;
  if (transform == "align_corners") {
    double length = scale * double(r.from); // of the result; a fraction with some scales
    return r.to > 1 ? double(i) * double(r.from - 1) / (length - 1) : 0;
  }
  if (transform == "half_pixel_symmetric")
    return r.from / 2.0 * (1 - r.to / (scale * r.from)) + half;
  return node.fail("attribute coordinate_transformation_mode = \"" + transform +
                   "\" is not supported, expected asymmetric, half_pixel, pytorch_half_pixel, "
                   "half_pixel_symmetric, tf_half_pixel_for_nn or align_corners");
}

static FailureOr<int64_t> nearest(Node &node, double x, StringRef mode, const Resizing &r) {
  double found;
  if (mode == "round_prefer_floor")
    found = std::ceil(x - 0.5);
  else if (mode == "round_prefer_ceil")
    found = std::floor(x + 0.5);
  else if (mode == "floor")
    found = std::floor(x);
  else if (mode == "ceil")
    found = std::ceil(x);
  else if (mode == "simple") // Resize of operator set 10
    found = r.scale < 1 ? std::ceil(x) : std::floor(x);
  else
    return node.fail("attribute nearest_mode = \"" + mode +
                     "\" is not supported, expected round_prefer_floor, round_prefer_ceil, floor "
                     "or ceil");
  return std::clamp<int64_t>(int64_t(found), 0, r.from - 1);
}

static FailureOr<SmallVector<Resizing>> resizings(Node &node,
                                                  std::optional<SmallVector<double>> scales,
                                                  std::optional<Sizes> sizes, const Sizes &axes) {
  ArrayRef<int64_t> x = node.shape(0);
  SmallVector<Resizing> result;
  for (int64_t size : x)
    result.push_back({size, size, 1.0f});
  if ((scales ? scales->size() : sizes ? sizes->size() : 0) != axes.size())
    return node.fail("expected " + Twine(axes.size()) + " constant scales or sizes");
  std::string policy = node.string("keep_aspect_ratio_policy", "stretch");
  if (sizes && policy != "stretch") {
    bool isSmaller = policy == "not_larger";
    if (!isSmaller && policy != "not_smaller")
      return node.fail("attribute keep_aspect_ratio_policy = \"" + policy +
                       "\" is not supported, expected stretch, not_larger or not_smaller");
    double scale = 0;
    for (auto [i, axis] : llvm::enumerate(axes)) {
      double one = double((*sizes)[i]) / x[axis];
      scale = i == 0 ? one : isSmaller ? std::min(scale, one) : std::max(scale, one);
    }
    for (auto [i, axis] : llvm::enumerate(axes))
      (*sizes)[i] = int64_t(std::floor(scale * x[axis] + 0.5));
  }
  for (auto [i, axis] : llvm::enumerate(axes)) {
    Resizing &r = result[axis];
    r.scale = scales ? float((*scales)[i]) : float((*sizes)[i]) / float(r.from);
    double to = scales ? std::floor(double(float(r.from) * r.scale)) : double((*sizes)[i]);
    if (!(to >= 1 && to <= 1 << 24) || !(r.scale > 0))
      return node.fail("impossible size of dimension " + Twine(axis) + " of " + printShape(x));
    r.to = int64_t(to);
  }
  return result;
}

/// The weight of an element at distance `x`.
static double kernelOf(const Interpolation &how, double x) {
  x = std::fabs(x);
  if (how.mode == "linear")
    return std::max(1 - x, 0.0);
  double a = how.cubicA;
  if (x <= 1)
    return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

/// How far neighbours begin before an element of the result, in elements of the input: a window is
/// as wide as what the element stands for. Not a whole number where it is beyond all of them.
static double firstNeighbour(const Interpolation &how, const Resizing &r) {
  double reach = how.mode == "linear" ? 1 : 2;
  double scale = how.antialias ? std::min(double(r.scale), 1.0) : 1.0;
  return std::floor(-reach / scale) + 1;
}

/// Each neighbour of an element becomes a gather, a product and a sum.
static LogicalResult checkNeighbours(Node &node, const Interpolation &how, const Resizing &r) {
  constexpr double most = 4096;
  double number = 2 - 2 * firstNeighbour(how, r);
  if (number <= most)
    return success();
  return node.fail("expected at most " + Twine(int64_t(most)) +
                   " neighbours of an element, found " + llvm::formatv("{0:f0}", number).str());
}

/// The neighbours of coordinate `x`, in ascending order; those beyond an edge are the edge's.
static FailureOr<Neighbours> neighboursAt(Node &node, double x, const Interpolation &how,
                                          const Resizing &r) {
  double scale = how.antialias ? std::min(double(r.scale), 1.0) : 1.0;
  int64_t start = int64_t(firstNeighbour(how, r)), base = int64_t(std::floor(x));
  Neighbours found;
  double total = 0;
  for (int64_t i = start; i < 2 - start; ++i) {
    int64_t at = base + i;
    bool isOutside = at < 0 || at >= r.from;
    double weight = kernelOf(how, scale * (double(at) - x));
    found.weights.push_back(isOutside && how.excludesOutside ? 0 : weight);
    found.indices.push_back(std::clamp<int64_t>(at, 0, r.from - 1));
    total += found.weights.back();
  }
  if (!(how.antialias || how.excludesOutside))
    return found; // the weights add up to 1
  if (!(std::fabs(total) > 1e-12))
    return node.fail("no element of the input is a neighbour of coordinate " +
                     Twine(std::to_string(x)));
  for (double &weight : found.weights)
    weight /= total;
  return found;
}

/// Each element of the result along `axis` is the weighted sum of its neighbours, the products and
/// partial sums of which stay in f32.
static Value interpolate(Node &node, Value x, int64_t axis, ArrayRef<Neighbours> all) {
  if (!x)
    return x;
  Sizes shape(shapeOf(x));
  int64_t count = all.size();
  Value rows = node.reshape(
      x, {product(shape, 0, axis), shape[axis], product(shape, axis + 1, shape.size())});
  Value sum;
  for (size_t tap = 0; tap < all.front().indices.size(); ++tap) {
    SmallVector<int64_t> indices;
    SmallVector<float> weights;
    for (const Neighbours &element : all) {
      indices.push_back(element.indices[tap]);
      weights.push_back(float(element.weights[tap]));
    }
    if (llvm::all_of(weights, [](float weight) { return weight == 0; }))
      continue;
    Value where = indicesOf(node, indices);
    auto taken = where ? node.create<train::GatherOp>({rows, where}) : train::GatherOp();
    Value factors = taken ? constantOf(node, {1, count, 1}, weights) : Value();
    if (!factors)
      return nullptr;
    Value part = keepF32(build<train::MulOp>(node, {taken.getY(), factors}));
    sum = sum ? build<train::AddOp>(node, {keepF32(sum), part}) : part;
  }
  shape[axis] = count;
  return sum ? node.reshape(sum, shape) : sum;
}

static LogicalResult resize(Node &node, ArrayRef<Resizing> all, const Interpolation &how) {
  if (how.mode != "nearest" && how.mode != "linear" && how.mode != "cubic")
    return node.fail("attribute mode = \"" + how.mode +
                     "\" is not supported, expected nearest, linear or cubic");
  if (how.mode == "nearest" && how.antialias)
    return node.fail("attribute antialias = 1 needs mode linear or cubic");
  Value x = operand(node, 0);
  for (auto [axis, r] : llvm::enumerate(all)) {
    if (r.from == r.to && r.scale == 1.0f)
      continue;
    if (how.mode != "nearest" && r.to > train::maxInlineBytes / 4)
      return node.fail("expected at most " + Twine(train::maxInlineBytes / 4) +
                       " elements along an interpolated dimension, found " + Twine(r.to));
    if (how.mode != "nearest" && failed(checkNeighbours(node, how, r)))
      return failure();
    SmallVector<int64_t> indices;
    SmallVector<Neighbours> neighbours;
    for (int64_t i = 0; i < r.to; ++i) {
      FailureOr<double> source = sourceOf(node, r, i, how.transform);
      if (failed(source))
        return failure();
      if (how.mode == "nearest") {
        FailureOr<int64_t> index = nearest(node, *source, how.nearest, r);
        if (failed(index))
          return failure();
        indices.push_back(*index);
        continue;
      }
      FailureOr<Neighbours> element = neighboursAt(node, *source, how, r);
      if (failed(element))
        return failure();
      neighbours.push_back(*element);
    }
    x = how.mode == "nearest" ? pickAlong(node, x, axis, indices)
                              : interpolate(node, x, axis, neighbours);
  }
  return node.setOutput(x);
}

static Sizes allAxes(Node &node) {
  Sizes axes;
  for (int64_t d = 0; d < node.rank(0); ++d)
    axes.push_back(d);
  return axes;
}

static LogicalResult importResize(Node &node) {
  bool isOld = node.version() < 11; // (x, scales)
  Sizes axes = allAxes(node);
  if (node.hasAttribute("axes")) {
    axes.clear();
    for (int64_t axis : node.integers("axes", {})) {
      FailureOr<int64_t> along = node.positiveAxis(axis, node.rank(0));
      if (failed(along))
        return failure();
      axes.push_back(*along);
    }
  }
  std::optional<SmallVector<double>> scales = node.floats(isOld ? 1 : 2);
  if (scales && scales->empty()) // what operator set 11 gives beside sizes
    scales.reset();
  auto all = resizings(node, scales, scales ? std::nullopt : node.constant(3), axes);
  if (failed(all))
    return failure();
  Interpolation how;
  how.mode = node.string("mode", "nearest");
  how.transform =
      isOld ? "asymmetric" : node.string("coordinate_transformation_mode", "half_pixel");
  how.nearest = isOld ? "simple" : node.string("nearest_mode", "round_prefer_floor");
  how.cubicA = node.number("cubic_coeff_a", -0.75);
  how.excludesOutside = node.integer("exclude_outside", 0) != 0;
  how.antialias = node.integer("antialias", 0) != 0;
  return resize(node, *all, how);
}

static LogicalResult importUpsample(Node &node) {
  std::optional<SmallVector<double>> scales =
      node.hasAttribute("scales") ? node.numbers("scales") : node.floats(1);
  if (!scales && node.rank(0) == 4 && node.hasAttribute("height_scale")) // operator set 1
    scales = {1, 1, node.number("height_scale", 1), node.number("width_scale", 1)};
  auto all = resizings(node, scales, std::nullopt, allAxes(node));
  if (failed(all))
    return failure();
  Interpolation how;
  how.mode = node.string("mode", "nearest");
  how.mode = how.mode == "bilinear" ? "linear" : how.mode; // operator set 1
  how.transform = "asymmetric";
  how.nearest = "floor";
  return resize(node, *all, how);
}

void slp::import_onnx::addResizeOperators(OperatorTable &table) {
  using Kind = AttributeKind;
  table["Resize"] = {"f|ccc",
                     1,
                     {{"axes", Kind::integers, ""},
                      {"coordinate_transformation_mode", Kind::string, ""},
                      {"cubic_coeff_a", Kind::number, ""},
                      {"exclude_outside", Kind::integer, ""},
                      {"extrapolation_value", Kind::number, ""},
                      {"antialias", Kind::integer, ""},
                      {"keep_aspect_ratio_policy", Kind::string, ""},
                      {"mode", Kind::string, ""},
                      {"nearest_mode", Kind::string, ""}},
                     importResize,
                     "constant scales or sizes; at most 1024 elements along an interpolated "
                     "dimension, 4096 neighbours of each",
                     "10, 11, 13, 18, 19"};
  table["Upsample"] = {"f|c",
                       1,
                       {{"height_scale", Kind::number, ""},
                        {"mode", Kind::string, ""},
                        {"scales", Kind::numbers, ""},
                        {"width_scale", Kind::number, ""}},
                       importUpsample,
                       "nearest and linear, constant scales",
                       "1, 7, 9"};
}
