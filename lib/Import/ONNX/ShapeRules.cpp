//===- ShapeRules.cpp - what nodes that move data ask for -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/ShapeRules.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

//===----------------------------------------------------------------------------------------===//
// Broadcasting
//===----------------------------------------------------------------------------------------===//

FailureOr<Sizes> slp::import_onnx::broadcastShape(const Node &node, ArrayRef<Sizes> shapes) {
  Sizes result;
  for (const Sizes &shape : shapes) {
    if (shape.size() > result.size())
      result.insert(result.begin(), shape.size() - result.size(), 1);
    size_t lead = result.size() - shape.size();
    for (auto [i, size] : llvm::enumerate(shape)) {
      int64_t &common = result[lead + i];
      if (size != common && size != 1 && common != 1)
        return node.fail("expected operands that broadcast, found " + printShape(shapes.front()) +
                         " and " + printShape(shape));
      if (common == 1)
        common = size;
    }
  }
  return result;
}

FailureOr<SmallVector<Sizes>> slp::import_onnx::operandShapes(const Node &node, unsigned n) {
  SmallVector<Sizes> shapes;
  for (unsigned i = 0; i < n; ++i)
    shapes.emplace_back(node.shape(i));
  bool isAligned = n == 2 && node.version() < 7 && node.domain().empty() &&
                   node.integer("broadcast", 0) && node.hasAttribute("axis");
  if (!isAligned)
    return shapes;
  int64_t rank = shapes[0].size(), axis = node.integer("axis", 0);
  axis = axis < 0 ? axis + rank : axis;
  int64_t after = rank - axis - int64_t(shapes[1].size());
  if (axis < 0 || after < 0)
    return node.fail("attribute axis = " + Twine(node.integer("axis", 0)) +
                     " does not fit operands " + printShape(shapes[0]) + " and " +
                     printShape(shapes[1]));
  shapes[1].append(after, 1);
  return shapes;
}

//===----------------------------------------------------------------------------------------===//
// Shapes of as many elements
//===----------------------------------------------------------------------------------------===//

FailureOr<Sizes> slp::import_onnx::reshapedShape(const Node &node) {
  ArrayRef<int64_t> x = node.shape(0);
  std::optional<Sizes> given = node.integersAt("shape", 1);
  if (!given)
    return node.fail("expected a constant shape of INT64");
  Sizes shape = *given;
  int64_t elements = product(x);
  auto misfit = [&] {
    return node.fail("expected a shape of " + Twine(elements) + " elements, found " +
                     printShape(*given) + " for input " + printShape(x));
  };
  bool isCopied = node.integer("allowzero", 0) == 0; // 0 means: as in the input
  int64_t known = 1, unknown = -1;
  for (auto [i, size] : llvm::enumerate(shape)) {
    if (size == 0 && isCopied) {
      if (i >= x.size())
        return misfit();
      size = x[i];
    }
    if (size < -1 || (size == -1 && unknown >= 0))
      return misfit();
    if (size == -1)
      unknown = i;
    else if (llvm::MulOverflow(known, size, known))
      return misfit();
  }
  if (unknown >= 0) {
    if (known == 0)
      return misfit();
    shape[unknown] = elements / known;
    known *= shape[unknown];
  }
  if (known != elements)
    return misfit();
  return shape;
}

FailureOr<Sizes> slp::import_onnx::flattenedShape(const Node &node) {
  ArrayRef<int64_t> x = node.shape(0);
  int64_t rank = x.size(), axis = node.integer("axis", 1);
  if (axis < -rank || axis > rank)
    return node.fail("expected an axis of -" + Twine(rank) + " to " + Twine(rank) + ", found " +
                     Twine(axis));
  axis = axis < 0 ? axis + rank : axis;
  return Sizes{product(x, 0, axis), product(x, axis, rank)};
}

FailureOr<Sizes> slp::import_onnx::squeezedShape(const Node &node) {
  ArrayRef<int64_t> x = node.shape(0);
  Sizes shape;
  std::optional<Sizes> given = node.integersAt("axes", 1);
  if (!given) {
    if (node.hasInput(1))
      return node.fail("expected constant axes of INT64");
    llvm::copy_if(x, std::back_inserter(shape), [](int64_t size) { return size != 1; });
    return shape;
  }
  FailureOr<Sizes> axes = node.positiveAxes(*given, x.size());
  if (failed(axes))
    return failure();
  for (auto [i, size] : llvm::enumerate(x)) {
    bool isDropped = llvm::is_contained(*axes, int64_t(i));
    if (isDropped && size != 1)
      return node.fail("expected dimension " + Twine(i) + " to be 1, found input " + printShape(x));
    if (!isDropped)
      shape.push_back(size);
  }
  return shape;
}

FailureOr<Sizes> slp::import_onnx::unsqueezedShape(const Node &node) {
  ArrayRef<int64_t> x = node.shape(0);
  std::optional<Sizes> given = node.integersAt("axes", 1);
  if (!given)
    return node.fail("expected constant axes of INT64");
  if (given->size() > 64)
    return node.fail("expected at most 64 axes, found " + Twine(given->size()));
  FailureOr<Sizes> axes = node.positiveAxes(*given, x.size() + given->size());
  if (failed(axes))
    return failure();
  Sizes shape(x);
  for (int64_t axis : *axes) // sorted: each one finds its place
    shape.insert(shape.begin() + axis, 1);
  return shape;
}

FailureOr<Sizes> slp::import_onnx::expandedShape(const Node &node) {
  std::optional<Sizes> given = node.constant(1);
  if (!given)
    return node.fail("expected a constant shape of INT64");
  if (llvm::any_of(*given, [](int64_t size) { return size < 0; }))
    return node.fail("expected sizes of at least 0, found " + printShape(*given));
  return broadcastShape(node, {Sizes(node.shape(0)), *given});
}

FailureOr<Sizes> slp::import_onnx::permutationOf(const Node &node) {
  int64_t rank = node.rank(0);
  Sizes perm;
  for (int64_t i = rank; i-- > 0;)
    perm.push_back(i);
  perm = node.integers("perm", perm);
  Sizes sorted = perm;
  llvm::sort(sorted);
  bool isPermutation = int64_t(perm.size()) == rank;
  for (int64_t i = 0; isPermutation && i < rank; ++i)
    isPermutation = sorted[i] == i;
  if (!isPermutation)
    return node.fail("expected a permutation of " + Twine(rank) + " dimensions, found [" +
                     printShape(perm) + "]");
  return perm;
}

//===----------------------------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------------------------===//

/// One dimension of a Slice, as NumPy's start:end:step.
static SliceRange rangeOf(int64_t size, int64_t start, int64_t end, int64_t step) {
  // A step beyond the dimension takes one element, whatever it is: no overflow below.
  step = std::clamp(step, -size - 1, size + 1);
  start = start < 0 ? start + size : start;
  end = end < 0 ? end + size : end;
  if (step > 0) {
    start = std::clamp<int64_t>(start, 0, size);
    end = std::clamp<int64_t>(end, 0, size);
    return {start, step, std::max<int64_t>(0, (end - start + step - 1) / step)};
  }
  start = std::clamp<int64_t>(start, -1, size - 1);
  end = std::clamp<int64_t>(end, -1, size - 1);
  return {start, step, std::max<int64_t>(0, (start - end - step - 1) / -step)};
}

FailureOr<SmallVector<SliceRange>> slp::import_onnx::sliceRanges(const Node &node) {
  ArrayRef<int64_t> x = node.shape(0);
  std::optional<Sizes> starts = node.integersAt("starts", 1), ends = node.integersAt("ends", 2);
  if (!starts || !ends || (node.hasInput(3) && !node.isConstant(3)) ||
      (node.hasInput(4) && !node.isConstant(4)))
    return node.fail("expected constant starts, ends, axes and steps of INT64");
  std::optional<Sizes> axes = node.integersAt("axes", 3), steps = node.constant(4);
  size_t n = starts->size();
  if (ends->size() != n || (axes && axes->size() != n) || (steps && steps->size() != n) ||
      n > x.size())
    return node.fail("expected as many starts, ends, axes and steps, at most " + Twine(x.size()) +
                     ", found " + Twine(n) + " starts");
  SmallVector<SliceRange> ranges;
  for (int64_t size : x)
    ranges.push_back({0, 1, size});
  Sizes seen;
  for (size_t i = 0; i < n; ++i) {
    FailureOr<int64_t> axis = node.positiveAxis(axes ? (*axes)[i] : i, x.size());
    if (failed(axis))
      return failure();
    if (llvm::is_contained(seen, *axis))
      return node.fail("expected different axes, found " + Twine(*axis) + " twice");
    seen.push_back(*axis);
    int64_t step = steps ? (*steps)[i] : 1;
    if (step == 0)
      return node.fail("expected steps other than 0");
    ranges[*axis] = rangeOf(x[*axis], (*starts)[i], (*ends)[i], step);
  }
  return ranges;
}

FailureOr<SplitSizes> slp::import_onnx::splitSizes(const Node &node) {
  FailureOr<int64_t> axis = node.positiveAxis(node.integer("axis", 0), node.rank(0));
  if (failed(axis))
    return failure();
  int64_t size = node.shape(0)[*axis], parts = node.integer("num_outputs", node.numOutputs());
  std::optional<Sizes> given = node.integersAt("split", 1);
  if (node.hasInput(1) && !given)
    return node.fail("expected a constant split of INT64");
  if (parts < 1 || parts > size + 1 || node.numOutputs() > size_t(parts))
    return node.fail("expected 1 to " + Twine(size) + " outputs, found " +
                     Twine(std::max<int64_t>(parts, node.numOutputs())));
  Sizes sizes;
  if (given) {
    sizes = *given;
  } else { // the last one is smaller if the dimension does not divide
    int64_t each = (size + parts - 1) / parts;
    for (int64_t i = 0, left = size; i < parts; ++i, left -= each)
      sizes.push_back(std::max<int64_t>(0, std::min(each, left)));
  }
  int64_t sum = 0;
  bool fits = sizes.size() >= node.numOutputs();
  for (int64_t part : sizes)
    fits &= part >= 0 && !llvm::AddOverflow(sum, part, sum);
  if (!fits || sum != size)
    return node.fail("expected " + Twine(node.numOutputs()) + " sizes that add up to " +
                     Twine(size) + ", found " + printShape(sizes));
  return SplitSizes{*axis, sizes};
}

//===----------------------------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------------------------===//

FailureOr<ReducedAxes> slp::import_onnx::reducedAxes(const Node &node) {
  int64_t rank = node.rank(0);
  std::optional<Sizes> given = node.integersAt("axes", 1);
  if (node.hasInput(1) && !given)
    return node.fail("expected constant axes of INT64");
  ReducedAxes reduced;
  reduced.keeps = node.integer("keepdims", 1) != 0;
  if (given && !given->empty()) {
    FailureOr<Sizes> axes = node.positiveAxes(*given, rank);
    if (failed(axes))
      return failure();
    reduced.axes = *axes;
  } else if (!node.integer("noop_with_empty_axes", 0)) {
    for (int64_t i = 0; i < rank; ++i)
      reduced.axes.push_back(i);
  }
  return reduced;
}

Sizes slp::import_onnx::reducedShape(ArrayRef<int64_t> x, const ReducedAxes &reduced) {
  Sizes shape;
  for (auto [i, size] : llvm::enumerate(x))
    if (!llvm::is_contained(reduced.axes, int64_t(i)))
      shape.push_back(size);
    else if (reduced.keeps)
      shape.push_back(1);
  return shape;
}
