//===- Resize.cpp - ONNX Resize and Upsample --------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Nearest neighbours only: along each dimension a list of elements to take.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Moves.h"
#include "lib/Import/ONNX/Operators.h"

#include <cmath>

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

/// How one dimension changes. The scale is a float in ONNX.
struct Resizing {
  int64_t from, to;
  float scale;
};

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
  if (transform == "align_corners")
    return r.to > 1 ? double(i) * (r.from - 1) / (r.to - 1) : 0;
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

static LogicalResult resize(Node &node, ArrayRef<Resizing> all, StringRef transform,
                            StringRef nearestMode) {
  std::string mode = node.string("mode", "nearest");
  if (mode != "nearest")
    return node.fail("attribute mode = \"" + mode + "\" is not supported, expected nearest");
  Value x = node.tensor(0);
  for (auto [axis, r] : llvm::enumerate(all)) {
    if (r.from == r.to && r.scale == 1.0f)
      continue;
    SmallVector<int64_t> indices;
    for (int64_t i = 0; i < r.to; ++i) {
      FailureOr<double> source = sourceOf(node, r, i, transform);
      if (failed(source))
        return failure();
      FailureOr<int64_t> index = nearest(node, *source, nearestMode, r);
      if (failed(index))
        return failure();
      indices.push_back(*index);
    }
    x = pickAlong(node, x, axis, indices);
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
  if (isOld)
    return resize(node, *all, "asymmetric", "simple");
  return resize(node, *all, node.string("coordinate_transformation_mode", "half_pixel"),
                node.string("nearest_mode", "round_prefer_floor"));
}

static LogicalResult importUpsample(Node &node) {
  std::optional<SmallVector<double>> scales =
      node.hasAttribute("scales") ? node.numbers("scales") : node.floats(1);
  if (!scales && node.rank(0) == 4 && node.hasAttribute("height_scale")) // operator set 1
    scales = {1, 1, node.number("height_scale", 1), node.number("width_scale", 1)};
  auto all = resizings(node, scales, std::nullopt, allAxes(node));
  return failed(all) ? failure() : resize(node, *all, "asymmetric", "floor");
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
                     "nearest only, constant scales or sizes",
                     "10, 11, 13, 18, 19"};
  table["Upsample"] = {"f|c",
                       1,
                       {{"height_scale", Kind::number, ""},
                        {"mode", Kind::string, ""},
                        {"scales", Kind::numbers, ""},
                        {"width_scale", Kind::number, ""}},
                       importUpsample,
                       "nearest only, constant scales",
                       "1, 7, 9"};
}
