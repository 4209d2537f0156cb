//===- Channels.cpp - sums and statistics by channel, by definition
//----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md §5, "Sums by channel".
//
//===----------------------------------------------------------------------------------------===//

#include "Kernel.h"
#include "Reduction.h"

#include "dialects/Train/StatisticsOp.h"

#include <cmath>

using namespace mlir;
using namespace slp;
using namespace slp::reference;

namespace {
/// A tensor as [images, channels, rows, columns].
struct Planes {
  int64_t images = 1, channels = 1, rows = 1, columns = 1;
  bool isTransposed = false; // [columns, channels]

  explicit Planes(llvm::ArrayRef<int64_t> shape) : channels(shape[1]) {
    if (shape.size() == 2) {
      columns = shape[0];
      isTransposed = true;
      return;
    }
    images = shape[0];
    columns = shape.back();
    for (int64_t extent : shape.drop_front(2).drop_back())
      rows *= extent;
  }
  int64_t strips() const { return (columns + 7) / 8; }
  int64_t widthOf(int64_t strip) const { return std::min<int64_t>(8, columns - 8 * strip); }
  int64_t indexOf(int64_t n, int64_t c, int64_t row, int64_t column) const {
    if (isTransposed)
      return column * channels + c;
    return ((n * channels + c) * rows + row) * columns + column;
  }
};
} // namespace

/// tree8 of up to 8 elements; absent ones are +0.
template <typename Real> static Real tree8(llvm::ArrayRef<Real> v) {
  Real e[8] = {}, p[4], q[2];
  llvm::copy(v, e);
  for (int j = 0; j < 4; ++j)
    p[j] = e[j] + e[j + 4];
  for (int j = 0; j < 2; ++j)
    q[j] = p[j] + p[j + 2];
  return q[0] + q[1];
}

/// partial(n, s) of channel c, of term(value).
template <typename Real, typename Term>
static Real partial(const TensorOf<Real> &x, const Planes &planes, int64_t n, int64_t c, int64_t s,
                    Term term) {
  Real p = 0.0f;
  for (int64_t row = 0; row < planes.rows; ++row) {
    llvm::SmallVector<Real> terms;
    for (int64_t j = 0; j < planes.widthOf(s); ++j)
      terms.push_back(term(x[planes.indexOf(n, c, row, 8 * s + j)]));
    p = p + tree8<Real>(terms);
  }
  return p;
}

template <typename Real> std::vector<Real> reference::channelSums(const TensorOf<Real> &terms) {
  Planes planes(terms.shape);
  std::vector<Real> sums;
  for (int64_t c = 0; c < planes.channels; ++c) {
    Real t = 0.0f;
    for (int64_t n = 0; n < planes.images; ++n)
      for (int64_t s = 0; s < planes.strips(); ++s)
        t = t + partial(terms, planes, n, c, s, [](Real v) { return v; });
    sums.push_back(t);
  }
  return sums;
}

template std::vector<float> reference::channelSums(const Tensor &);
template std::vector<double> reference::channelSums(const TensorOf<double> &);

template <typename Real> static LogicalResult evaluateBiasGrad(CallOf<Real> &call) {
  auto store = call.store(0);
  std::vector<Real> sums = channelSums(*call.operands[0]);
  for (size_t c = 0; c < sums.size(); ++c)
    call.results[0][c] = store(sums[c], c);
  return success();
}

namespace {
/// Mean, and sum of squares of the distances from it, of some elements.
template <typename Real> struct Moments {
  int64_t count = 0;
  Real mean = 0.0f, squares = 0.0f;
};
} // namespace

template <typename Real>
static Moments<Real> momentsOf(const TensorOf<Real> &x, const Planes &planes, int64_t n, int64_t c,
                               int64_t s) {
  Real k = x[planes.indexOf(n, c, 0, 8 * s)];
  Real s1 = partial(x, planes, n, c, s, [k](Real v) { return v - k; });
  Real s2 = partial(x, planes, n, c, s, [k](Real v) {
    Real d = v - k;
    return d * d;
  });
  Moments<Real> part;
  part.count = planes.rows * planes.widthOf(s);
  Real q = s1 / static_cast<Real>(part.count);
  part.mean = k + q;
  part.squares = std::fma(-s1, q, s2);
  return part;
}

/// Chan's formula.
template <typename Real> static Moments<Real> join(const Moments<Real> &a, const Moments<Real> &b) {
  Moments<Real> both;
  both.count = a.count + b.count;
  Real delta = b.mean - a.mean;
  Real f = static_cast<Real>(b.count) / static_cast<Real>(both.count);
  both.mean = std::fma(delta, f, a.mean);
  Real between = (delta * delta) * (static_cast<Real>(a.count) * f);
  both.squares = (a.squares + b.squares) + between;
  return both;
}

template <typename Real> static LogicalResult evaluateStatistics(CallOf<Real> &call) {
  const auto &x = *call.operands[0];
  Planes planes(x.shape);
  for (int64_t c = 0; c < planes.channels; ++c) {
    Moments<Real> all;
    for (int64_t n = 0; n < planes.images; ++n)
      for (int64_t s = 0; s < planes.strips(); ++s) {
        Moments<Real> part = momentsOf(x, planes, n, c, s);
        all = all.count ? join(all, part) : part;
      }
    Real squares = all.squares > 0.0f ? all.squares : 0.0f;
    call.results[0][c] = positiveZero(all.mean);
    call.results[1][c] = positiveZero(squares / static_cast<Real>(all.count));
  }
  return success();
}

template <typename Real> void reference::addChannelKernels(KernelTableOf<Real> &table) {
  table["train.bias_grad"] = evaluateBiasGrad<Real>;
  table["train.statistics"] = evaluateStatistics<Real>;
}

template void reference::addChannelKernels(KernelTableOf<float> &);
template void reference::addChannelKernels(KernelTableOf<double> &);
