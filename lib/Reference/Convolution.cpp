//===- Convolution.cpp - convolution and its gradients by definition --------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md §3 and §4, one output element at a time.
//
//===----------------------------------------------------------------------------------------===//

#include "Accumulator.h"
#include "Kernel.h"

#include "dialects/Train/ConvBpOp.h"
#include "dialects/Train/ConvOp.h"
#include "dialects/Train/ConvWgOp.h"
#include "dialects/Train/TrainMasks.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace slp;
using namespace slp::reference;

/// The window of a convolution op whose kernel is KH x KW.
template <typename Op> static train::Window windowOf(Op op, int64_t kh, int64_t kw) {
  return train::makeWindow({kh, kw}, op.getStrides(), op.getPads(), op.getDilations());
}

/// Calls `element(n, c, y, x)` for every element of `t` in row-major order.
template <typename Real, typename F> static void forEach(const TensorOf<Real> &t, F element) {
  for (int64_t n = 0; n < t.dim(0); ++n)
    for (int64_t c = 0; c < t.dim(1); ++c)
      for (int64_t y = 0; y < t.dim(2); ++y)
        for (int64_t x = 0; x < t.dim(3); ++x)
          element(n, c, y, x);
}

namespace {
/// The masks of a convolution; what it has none of is open.
template <typename Real> class Masks {
public:
  template <typename Op>
  Masks(Op op, const CallOf<Real> &call)
      : gate(tensorOf(op.getGateMutable(), call)), groups(tensorOf(op.getGroupsMutable(), call)) {}

  /// Output channel `co` at a pixel.
  bool isGateOpen(int64_t n, int64_t co, int64_t oy, int64_t ox) const {
    return !gate || (*gate)[gate->at(n, co / train::maskChannels, oy, ox)] != 0;
  }
  /// The weight of two channels at a tap.
  bool isGroupOpen(int64_t co, int64_t ci, int64_t kh, int64_t kw) const {
    return !groups ||
           (*groups)[groups->at(co / train::maskChannels, ci / train::maskChannels, kh, kw)] != 0;
  }

private:
  static const TensorOf<Real> *tensorOf(MutableOperandRange range, const CallOf<Real> &call) {
    return range.empty() ? nullptr : call.operands[range.begin()->getOperandNumber()];
  }

  const TensorOf<Real> *gate, *groups;
};
} // namespace

template <typename Real> static LogicalResult evaluateConv(CallOf<Real> &call) {
  auto op = cast<train::ConvOp>(call.op);
  if (failed(checkBias(op)))
    return failure();
  const auto &x = *call.operands[0], &w = *call.operands[1];
  const TensorOf<Real> *bias = op.getBias() ? call.operands[2] : nullptr;
  const TensorOf<Real> *init = op.getInit() ? call.operands[2] : nullptr; // never both
  Masks<Real> masks(op, call);
  auto &y = call.results[0];
  int64_t inGroup = w.dim(1), outGroup = w.dim(0) / op.getGroup();
  train::Window v = windowOf(op, w.dim(2), w.dim(3));
  Accumulator<Real> acc(op.getAccumulate(), call.saturations);

  forEach(y, [&](int64_t n, int64_t co, int64_t oy, int64_t ox) {
    int64_t firstIn = co / outGroup * inGroup;
    acc.start(init ? (*init)[init->at(n, co, oy, ox)] : bias ? (*bias)[co] : Real(0));
    bool isOpen = masks.isGateOpen(n, co, oy, ox);
    for (int64_t block = 0; isOpen && block < inGroup; block += acc.block())
      for (int64_t kh = 0; kh < v.kernelH; ++kh)
        for (int64_t kw = 0; kw < v.kernelW; ++kw) {
          int64_t iy = oy * v.strideH - v.padTop + kh * v.dilationH;
          int64_t ix = ox * v.strideW - v.padLeft + kw * v.dilationW;
          if (iy < 0 || iy >= x.dim(2) || ix < 0 || ix >= x.dim(3))
            continue;
          int64_t tap = (block / acc.block() * v.kernelH + kh) * v.kernelW + kw;
          for (int64_t ci = block; ci < std::min(block + acc.block(), inGroup); ++ci) {
            acc.moveTo(tap * acc.placesOfTap(inGroup) + ci - block);
            if (masks.isGroupOpen(co, ci, kh, kw))
              acc.add(x[x.at(n, firstIn + ci, iy, ix)], w[w.at(co, ci, kh, kw)]);
          }
        }
    y[y.at(n, co, oy, ox)] = acc.result();
  });
  return success();
}

/// The output position that reads input position `in` at tap `k`, or -1.
static int64_t outputOf(int64_t in, int64_t pad, int64_t k, int64_t dilation, int64_t stride,
                        int64_t size) {
  int64_t distance = in + pad - k * dilation;
  if (distance < 0 || distance % stride != 0 || distance / stride >= size)
    return -1;
  return distance / stride;
}

template <typename Real> static LogicalResult evaluateConvBp(CallOf<Real> &call) {
  auto op = cast<train::ConvBpOp>(call.op);
  const auto &dy = *call.operands[0], &w = *call.operands[1];
  auto &dx = call.results[0];
  Masks<Real> masks(op, call);
  int64_t inGroup = w.dim(1), outGroup = w.dim(0) / op.getGroup();
  train::Window v = windowOf(op, w.dim(2), w.dim(3));
  Accumulator<Real> acc(op.getAccumulate(), call.saturations);

  forEach(dx, [&](int64_t n, int64_t ci, int64_t iy, int64_t ix) {
    int64_t firstOut = ci / inGroup * outGroup;
    acc.start();
    for (int64_t block = 0; block < outGroup; block += acc.block())
      for (int64_t kh = 0; kh < v.kernelH; ++kh)
        for (int64_t kw = 0; kw < v.kernelW; ++kw) {
          int64_t oy = outputOf(iy, v.padTop, kh, v.dilationH, v.strideH, dy.dim(2));
          int64_t ox = outputOf(ix, v.padLeft, kw, v.dilationW, v.strideW, dy.dim(3));
          if (oy < 0 || ox < 0)
            continue;
          int64_t tap = (block / acc.block() * v.kernelH + kh) * v.kernelW + kw;
          for (int64_t co = block; co < std::min(block + acc.block(), outGroup); ++co) {
            acc.moveTo(tap * acc.placesOfTap(outGroup) + co - block);
            if (masks.isGateOpen(n, co, oy, ox) && masks.isGroupOpen(co, ci, kh, kw))
              acc.add(dy[dy.at(n, firstOut + co, oy, ox)],
                      w[w.at(firstOut + co, ci % inGroup, kh, kw)]);
          }
        }
    dx[dx.at(n, ci, iy, ix)] = acc.result();
  });
  return success();
}

template <typename Real> static LogicalResult evaluateConvWg(CallOf<Real> &call) {
  auto op = cast<train::ConvWgOp>(call.op);
  const auto &x = *call.operands[0], &dy = *call.operands[1];
  auto &dw = call.results[0];
  Masks<Real> masks(op, call);
  int64_t inGroup = dw.dim(1), outGroup = dw.dim(0) / op.getGroup();
  train::Window v = windowOf(op, dw.dim(2), dw.dim(3));
  std::optional<num_ir::AccumulateAttr> accumulate = op.getAccumulate();
  Accumulator<Real> acc(accumulate, call.saturations);
  bool isOneChain = accumulate && !accumulate->hasChainPerImage();
  StoreOf<Real> across =
      accumulate && !isOneChain
          ? StoreOf<Real>(accumulate->getAcross(), accumulate->getRounding(), 0, 0,
                          call.saturations)
          : StoreOf<Real>(Float32Type::get(op.getContext()), num_ir::Rounding::nearest_even);

  forEach(dw, [&](int64_t co, int64_t ci, int64_t kh, int64_t kw) {
    if (!masks.isGroupOpen(co, ci, kh, kw))
      return; // +0
    int64_t channel = co / outGroup * inGroup + ci;
    Real total = 0;
    acc.start();
    int64_t pixels = dy.dim(2) * dy.dim(3);
    int64_t places = llvm::alignTo(pixels, acc.block()); // of an image
    for (int64_t n = 0; n < x.dim(0); ++n) {
      if (!isOneChain)
        acc.start();
      for (int64_t pixel = 0; pixel < pixels; ++pixel) {
        acc.moveTo(n * places + pixel);
        int64_t oy = pixel / dy.dim(3), ox = pixel % dy.dim(3);
        int64_t iy = oy * v.strideH - v.padTop + kh * v.dilationH;
        int64_t ix = ox * v.strideW - v.padLeft + kw * v.dilationW;
        if (iy >= 0 && iy < x.dim(2) && ix >= 0 && ix < x.dim(3) && masks.isGateOpen(n, co, oy, ox))
          acc.add(dy[dy.at(n, co, oy, ox)], x[x.at(n, channel, iy, ix)]);
      }
      total = isOneChain ? acc.result() : across(total + acc.result(), 0);
    }
    dw[dw.at(co, ci, kh, kw)] = total;
  });
  return success();
}

template <typename Real> void reference::addConvolutionKernels(KernelTableOf<Real> &table) {
  table["train.conv"] = evaluateConv<Real>;
  table["train.conv_bp"] = evaluateConvBp<Real>;
  table["train.conv_wg"] = evaluateConvWg<Real>;
}

template void reference::addConvolutionKernels(KernelTableOf<float> &);
template void reference::addConvolutionKernels(KernelTableOf<double> &);
