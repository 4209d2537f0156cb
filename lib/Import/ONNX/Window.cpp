//===- Window.cpp - sliding windows as ONNX describes them ------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Window.h"

#include "dialects/Train/MaxPoolOp.h"

#include "onnx/onnx_pb.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

SmallVector<int64_t> SpatialWindow::pads() const {
  SmallVector<int64_t> all = asPlane(before, 0);
  all.append(asPlane(after, 0));
  return all;
}

SpatialWindow slp::import_onnx::partOf(const SpatialWindow &window, size_t first, size_t n) {
  auto take = [&](const SmallVector<int64_t> &values) {
    return SmallVector<int64_t>(ArrayRef<int64_t>(values).slice(first, n));
  };
  return {take(window.kernel), take(window.strides), take(window.dilations), take(window.before),
          take(window.after)};
}

AutoPad slp::import_onnx::autoPadOf(const Node &node) {
  return llvm::StringSwitch<AutoPad>(node.string("auto_pad", "NOTSET"))
      .Case("VALID", AutoPad::valid)
      .Case("SAME_UPPER", AutoPad::sameUpper)
      .Case("SAME_LOWER", AutoPad::sameLower)
      .Default(AutoPad::none);
}

AttributeRule slp::import_onnx::autoPadRule() {
  return {"auto_pad", AttributeKind::string, "NOTSET, VALID, SAME_UPPER or SAME_LOWER",
          [](const onnx::AttributeProto &attribute) {
            const std::string &s = attribute.s();
            return s.empty() || s == "NOTSET" || s == "VALID" || s == "SAME_UPPER" ||
                   s == "SAME_LOWER";
          }};
}

FailureOr<SpatialWindow> slp::import_onnx::readWindow(const Node &node, ArrayRef<int64_t> kernel) {
  constexpr int64_t most = int64_t(1) << 31; // so that no sum of products overflows
  size_t n = kernel.size();
  SpatialWindow window;
  window.kernel.assign(kernel.begin(), kernel.end());
  window.strides = node.integers("strides", SmallVector<int64_t>(n, 1));
  window.dilations = node.integers("dilations", SmallVector<int64_t>(n, 1));
  SmallVector<int64_t> pads = node.integers("pads", SmallVector<int64_t>(2 * n, 0));
  auto areFine = [](ArrayRef<int64_t> values, size_t count, int64_t least) {
    return values.size() == count &&
           llvm::all_of(values, [&](int64_t v) { return v >= least && v <= most; });
  };
  if (!areFine(kernel, n, 1))
    return node.fail("expected kernel sizes of at least 1, found " + printShape(kernel));
  if (!areFine(window.strides, n, 1))
    return node.fail("expected " + Twine(n) + " strides of at least 1, found " +
                     printShape(window.strides));
  if (!areFine(window.dilations, n, 1))
    return node.fail("expected " + Twine(n) + " dilations of at least 1, found " +
                     printShape(window.dilations));
  if (autoPadOf(node) != AutoPad::none)
    pads.assign(2 * n, 0);
  if (!areFine(pads, 2 * n, 0))
    return node.fail("expected " + Twine(2 * n) + " pads of at least 0, found " + printShape(pads));
  window.before.assign(pads.begin(), pads.begin() + n);
  window.after.assign(pads.begin() + n, pads.end());
  return window;
}

void slp::import_onnx::splitPadding(SpatialWindow &window, size_t d, int64_t total,
                                    bool extraFirst) {
  int64_t half = total / 2;
  window.before[d] = extraFirst ? total - half : half;
  window.after[d] = total - window.before[d];
}

void slp::import_onnx::applyAutoPad(const Node &node, ArrayRef<int64_t> input,
                                    SpatialWindow &window) {
  AutoPad mode = autoPadOf(node);
  if (mode != AutoPad::sameUpper && mode != AutoPad::sameLower)
    return;
  for (size_t d = 0; d < input.size(); ++d) {
    int64_t outputs = llvm::divideCeil(input[d], window.strides[d]);
    int64_t total = (outputs - 1) * window.strides[d] + window.span(d) - input[d];
    splitPadding(window, d, std::max<int64_t>(total, 0), mode == AutoPad::sameLower);
  }
}

SmallVector<int64_t> slp::import_onnx::asPlane(ArrayRef<int64_t> values, int64_t first) {
  SmallVector<int64_t> all;
  if (values.size() == 1)
    all.push_back(first);
  all.append(values.begin(), values.end());
  return all;
}

SmallVector<int64_t> slp::import_onnx::withRows(ArrayRef<int64_t> shape) {
  if (shape.size() != 3)
    return SmallVector<int64_t>(shape);
  return {shape[0], shape[1], 1, shape[2]};
}

SmallVector<NamedAttribute>
slp::import_onnx::planeAttributes(OpBuilder &b, const SpatialWindow &window, bool withKernel) {
  SmallVector<NamedAttribute> all = {train::i64s(b, "strides", asPlane(window.strides)),
                                     train::i64s(b, "pads", window.pads()),
                                     train::i64s(b, "dilations", asPlane(window.dilations))};
  if (withKernel)
    all.push_back(train::i64s(b, "kernel", asPlane(window.kernel)));
  return all;
}

bool slp::import_onnx::isWindowIndex(Value value) {
  auto pool = value.getDefiningOp<train::MaxPoolOp>();
  return pool && value == pool.getIndex();
}
