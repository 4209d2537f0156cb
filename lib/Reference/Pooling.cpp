//===- Pooling.cpp - pooling and its gradients by definition ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md §5.
//
//===----------------------------------------------------------------------------------------===//

#include "Kernel.h"

#include "dialects/Train/AvgPoolGradOp.h"
#include "dialects/Train/AvgPoolOp.h"
#include "dialects/Train/MaxPoolGradOp.h"
#include "dialects/Train/MaxPoolOp.h"
#include "dialects/Train/MaxPoolTakeOp.h"

using namespace mlir;
using namespace slp;
using namespace slp::reference;

namespace {
/// A window over planes of `height` by `width` elements.
struct Plane {
  train::Window window;
  int64_t height, width;

  /// Calls `tap(kh * KW + kw, iy * width + ix)` for the elements of window (oy, ox) that are not
  /// padding, in row-major order.
  template <typename F> void forEachTap(int64_t oy, int64_t ox, F tap) const {
    for (int64_t kh = 0; kh < window.kernelH; ++kh)
      for (int64_t kw = 0; kw < window.kernelW; ++kw) {
        int64_t iy = oy * window.strideH - window.padTop + kh * window.dilationH;
        int64_t ix = ox * window.strideW - window.padLeft + kw * window.dilationW;
        if (iy >= 0 && iy < height && ix >= 0 && ix < width)
          tap(kh * window.kernelW + kw, iy * width + ix);
      }
  }

  /// The divisor of avg_pool.
  int64_t count(int64_t oy, int64_t ox, bool includePad) const {
    Plane all = *this;
    if (includePad) {
      // The padding counts as if it were input; what lies beyond it does not.
      all.height += window.padTop + window.padBottom;
      all.width += window.padLeft + window.padRight;
      all.window.padTop = all.window.padLeft = 0;
    }
    int64_t present = 0;
    all.forEachTap(oy, ox, [&](int64_t, int64_t) { ++present; });
    return present;
  }
};
} // namespace

/// The plane of a pooling op whose input is `input`.
template <typename Op, typename Real> static Plane planeOf(Op op, const TensorOf<Real> &input) {
  return {train::makeWindow(op.getKernel(), op.getStrides(), op.getPads(), op.getDilations()),
          input.dim(2), input.dim(3)};
}

/// Calls `window(out, in, oy, ox)` for every window in row-major order: `out` is its row-major
/// index in `output`, `in` that of the first element of its plane in `input`.
template <typename Real, typename F>
static void forEachWindow(const TensorOf<Real> &output, const TensorOf<Real> &input, F window) {
  int64_t size = input.dim(2) * input.dim(3), out = 0;
  for (int64_t plane = 0; plane < output.dim(0) * output.dim(1); ++plane)
    for (int64_t oy = 0; oy < output.dim(2); ++oy)
      for (int64_t ox = 0; ox < output.dim(3); ++ox)
        window(out++, plane * size, oy, ox);
}

template <typename Real> static LogicalResult evaluateMaxPool(CallOf<Real> &call) {
  auto op = cast<train::MaxPoolOp>(call.op);
  const auto &x = *call.operands[0];
  auto &y = call.results[0], &index = call.results[1];
  auto store = call.store(0);
  Plane plane = planeOf(op, x);
  bool complete = true;
  forEachWindow(y, x, [&](int64_t out, int64_t in, int64_t oy, int64_t ox) {
    bool found = false;
    Real best = 0.0f;
    plane.forEachTap(oy, ox, [&](int64_t tap, int64_t offset) {
      Real value = x[in + offset];
      if (found && !(value > best))
        return;
      found = true;
      best = value;
      index[out] = static_cast<Real>(tap);
    });
    complete &= found;
    y[out] = store(best, out);
  });
  // Only a dilated window can step over the whole input.
  if (!complete)
    return op.emitOpError("has a window in which every element is padding");
  return success();
}

template <typename Real> static LogicalResult evaluateMaxPoolGrad(CallOf<Real> &call) {
  auto op = cast<train::MaxPoolGradOp>(call.op);
  const auto &dy = *call.operands[0], &index = *call.operands[1];
  auto &dx = call.results[0];
  Plane plane = planeOf(op, dx);
  forEachWindow(dy, dx, [&](int64_t out, int64_t in, int64_t oy, int64_t ox) {
    plane.forEachTap(oy, ox, [&](int64_t tap, int64_t offset) {
      if (static_cast<Real>(tap) == index[out])
        dx[in + offset] = dx[in + offset] + dy[out];
    });
  });
  auto store = call.store(0);
  for (size_t i = 0; i < dx.values.size(); ++i)
    dx[i] = store(dx[i], i);
  return success();
}

template <typename Real> static LogicalResult evaluateMaxPoolTake(CallOf<Real> &call) {
  auto op = cast<train::MaxPoolTakeOp>(call.op);
  const auto &x = *call.operands[0], &index = *call.operands[1];
  auto &y = call.results[0];
  auto store = call.store(0);
  Plane plane = planeOf(op, x);
  forEachWindow(y, x, [&](int64_t out, int64_t in, int64_t oy, int64_t ox) {
    plane.forEachTap(oy, ox, [&](int64_t tap, int64_t offset) {
      if (static_cast<Real>(tap) == index[out])
        y[out] = store(x[in + offset], out);
    });
  });
  return success();
}

template <typename Real> static LogicalResult evaluateAvgPool(CallOf<Real> &call) {
  auto op = cast<train::AvgPoolOp>(call.op);
  const auto &x = *call.operands[0];
  auto &y = call.results[0];
  auto store = call.store(0);
  Plane plane = planeOf(op, x);
  forEachWindow(y, x, [&](int64_t out, int64_t in, int64_t oy, int64_t ox) {
    Real sum = 0.0f;
    plane.forEachTap(oy, ox, [&](int64_t, int64_t offset) { sum = sum + x[in + offset]; });
    y[out] = store(sum / static_cast<Real>(plane.count(oy, ox, op.getCountIncludePad())), out);
  });
  return success();
}

template <typename Real> static LogicalResult evaluateAvgPoolGrad(CallOf<Real> &call) {
  auto op = cast<train::AvgPoolGradOp>(call.op);
  const auto &dy = *call.operands[0];
  auto &dx = call.results[0];
  Plane plane = planeOf(op, dx);
  forEachWindow(dy, dx, [&](int64_t out, int64_t in, int64_t oy, int64_t ox) {
    Real share = dy[out] / static_cast<Real>(plane.count(oy, ox, op.getCountIncludePad()));
    plane.forEachTap(oy, ox,
                     [&](int64_t, int64_t offset) { dx[in + offset] = dx[in + offset] + share; });
  });
  auto store = call.store(0);
  for (size_t i = 0; i < dx.values.size(); ++i)
    dx[i] = store(dx[i], i);
  return success();
}

template <typename Real> void reference::addPoolingKernels(KernelTableOf<Real> &table) {
  table["train.max_pool"] = evaluateMaxPool<Real>;
  table["train.max_pool_grad"] = evaluateMaxPoolGrad<Real>;
  table["train.max_pool_take"] = evaluateMaxPoolTake<Real>;
  table["train.avg_pool"] = evaluateAvgPool<Real>;
  table["train.avg_pool_grad"] = evaluateAvgPoolGrad<Real>;
}

template void reference::addPoolingKernels(KernelTableOf<float> &);
template void reference::addPoolingKernels(KernelTableOf<double> &);
