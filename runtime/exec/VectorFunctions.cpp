//===- VectorFunctions.cpp - functions of one and two elements, with broadcasting -------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// v.unary, v.binary and v.select: the elementwise functions of docs/numerics.md section 5.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Vector.h"
#include "runtime/isa/EnumBinaryFn.h.inc"
#include "runtime/isa/EnumUnaryFn.h.inc"
#include "runtime/isa/StructVBinary.h.inc"
#include "runtime/isa/StructVSelect.h.inc"
#include "runtime/isa/StructVUnary.h.inc"
#include "runtime/num/ExpLog.h"
#include "runtime/num/Functions.h"

#include <cmath>

namespace slp::exec {

using mach::BinaryFn;
using mach::UnaryFn;

//===----------------------------------------------------------------------------------------===//
// Functions of one element
//===----------------------------------------------------------------------------------------===//

static constexpr float rootHalf = 0x1.6a09e6p-1f, rootTwoOverPi = 0x1.988454p-1f,
                       densityAtZero = 0x1.988454p-2f, twoOverRootPi = 0x1.20dd76p+0f,
                       cubic = 0x1.2444f2p-5f, cubicTimes3 = 0x1.b6676cp-4f, third = 0x1.555556p-2f,
                       sixth = 0x1.555556p-3f;

static float clipped(float x, float low, float high) {
  float t = x < low ? low : x;
  return t > high ? high : t;
}

static float sign(float x) { return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : 0.0f; }

static float gelu(float x) {
  float h = 0.5f * x;
  return std::fma(h, num::erf(x * rootHalf), h);
}

/// The argument of tanh in gelu_tanh.
static float geluInner(float x, float square) { return x * std::fma(square, cubic, rootTwoOverPi); }

static float geluTanh(float x) {
  float t = num::tanh(geluInner(x, x * x)), h = 0.5f * x;
  return std::fma(h, t, h);
}

static float elu(float x, float alpha, float gamma) {
  return gamma * (x > 0.0f ? x : alpha * num::expm1(x));
}

static float softplus(float x) {
  return (x > 0.0f ? x : 0.0f) + num::log1p(num::exp(-std::fabs(x)));
}

/// Calls `run` with the function of (x, a, b).
template <typename Run> static void withFunction(UnaryFn fn, Run run) {
  switch (fn) {
  case UnaryFn::affine:
    return run([](float x, float a, float b) { return std::fma(a, x, b); });
  case UnaryFn::power:
    return run([](float x, float a, float) { return num::pow(x, a); });
  case UnaryFn::abs:
    return run([](float x, float, float) { return std::fabs(x); });
  case UnaryFn::sign:
    return run([](float x, float, float) { return sign(x); });
  case UnaryFn::floor:
    return run([](float x, float, float) { return std::floor(x); });
  case UnaryFn::ceil:
    return run([](float x, float, float) { return std::ceil(x); });
  case UnaryFn::round_even:
    return run([](float x, float, float) { return std::rint(x); });
  case UnaryFn::logical_not:
    return run([](float x, float, float) { return x == 0.0f ? 1.0f : 0.0f; });
  case UnaryFn::sqrt:
    return run([](float x, float, float) { return std::sqrt(x); });
  case UnaryFn::reciprocal:
    return run([](float x, float, float) { return 1.0f / x; });
  case UnaryFn::exp:
    return run([](float x, float, float) { return num::exp(x); });
  case UnaryFn::log:
    return run([](float x, float, float) { return num::log(x); });
  case UnaryFn::tanh:
    return run([](float x, float, float) { return num::tanh(x); });
  case UnaryFn::sigmoid:
    return run([](float x, float, float) { return num::sigmoid(x); });
  case UnaryFn::erf:
    return run([](float x, float, float) { return num::erf(x); });
  case UnaryFn::gelu:
    return run([](float x, float, float) { return gelu(x); });
  case UnaryFn::gelu_tanh:
    return run([](float x, float, float) { return geluTanh(x); });
  case UnaryFn::hard_sigmoid:
    return run([](float x, float a, float b) { return clipped(std::fma(a, x, b), 0.0f, 1.0f); });
  case UnaryFn::hard_swish:
    return run(
        [](float x, float, float) { return x * clipped(std::fma(x, sixth, 0.5f), 0.0f, 1.0f); });
  case UnaryFn::leaky_relu:
    return run([](float x, float a, float) { return x > 0.0f ? x : a * x; });
  case UnaryFn::clip:
    return run([](float x, float a, float b) { return clipped(x, a, b); });
  case UnaryFn::elu:
    return run([](float x, float a, float b) { return elu(x, a, b); });
  case UnaryFn::celu:
    return run([](float x, float a, float) { return x > 0.0f ? x : a * num::expm1(x / a); });
  case UnaryFn::softplus:
    return run([](float x, float, float) { return softplus(x); });
  case UnaryFn::softsign:
    return run([](float x, float, float) { return x / (1.0f + std::fabs(x)); });
  case UnaryFn::thresholded_relu:
    return run([](float x, float a, float) { return x > a ? x : 0.0f; });
  case UnaryFn::shrink:
    return run([](float x, float a, float b) { return x < -a ? x + b : x > a ? x - b : 0.0f; });
  }
}

int unaryOperations(uint8_t function, const chip::LaneOperations &lane) {
  switch (static_cast<UnaryFn>(function)) {
  case UnaryFn::power:
    return lane.power;
  case UnaryFn::exp:
    return lane.exp;
  case UnaryFn::log:
    return lane.log;
  case UnaryFn::tanh:
    return lane.tanh;
  case UnaryFn::sigmoid:
    return lane.sigmoid;
  case UnaryFn::celu:
    return lane.celu;
  case UnaryFn::elu:
    return lane.elu;
  case UnaryFn::erf:
    return lane.erf;
  case UnaryFn::gelu:
    return lane.gelu;
  case UnaryFn::gelu_tanh:
    return lane.geluTanh;
  case UnaryFn::softplus:
    return lane.softplus;
  case UnaryFn::hard_sigmoid:
  case UnaryFn::hard_swish:
  case UnaryFn::clip:
  case UnaryFn::softsign:
  case UnaryFn::shrink:
    return 2 * lane.step;
  default:
    return lane.step;
  }
}

//===----------------------------------------------------------------------------------------===//
// Functions of two elements
//===----------------------------------------------------------------------------------------===//

static float truth(bool b) { return b ? 1.0f : 0.0f; }

static float geluGrad(float dy, float x) {
  float c = std::fma(0.5f, num::erf(x * rootHalf), 0.5f);
  float q = num::exp(-0.5f * (x * x)) * densityAtZero;
  return dy * std::fma(x, q, c);
}

static float geluTanhGrad(float dy, float x) {
  float z = x * x;
  float t = num::tanh(geluInner(x, z)), h = 0.5f * x;
  float s = std::fma(-t, t, 1.0f), d = std::fma(z, cubicTimes3, rootTwoOverPi);
  return dy * std::fma(h * s, d, std::fma(0.5f, t, 0.5f));
}

static float hardSigmoidGrad(float dy, float x, float alpha, float beta) {
  float t = std::fma(alpha, x, beta);
  return t > 0.0f && t < 1.0f ? alpha * dy : 0.0f;
}

static float hardSwishGrad(float dy, float x) {
  if (x < -3.0f)
    return 0.0f;
  return x <= 3.0f ? dy * std::fma(x, third, 0.5f) : dy;
}

static float powerGrad(float dy, float x, float exponent) {
  if (x == 0.0f && exponent < 1.0f)
    return 0.0f;
  return dy * (exponent * num::pow(x, exponent - 1.0f));
}

static float softsignGrad(float dy, float x) {
  float t = 1.0f + std::fabs(x);
  return dy / (t * t);
}

/// Calls `run` with the function of (x, y, a, b); gradients have dy as x.
template <typename Run> static void withFunction(BinaryFn fn, Run run) {
  switch (fn) {
  case BinaryFn::add:
    return run([](float x, float y, float, float) { return x + y; });
  case BinaryFn::sub:
    return run([](float x, float y, float, float) { return x - y; });
  case BinaryFn::mul:
    return run([](float x, float y, float, float) { return x * y; });
  case BinaryFn::div:
    return run([](float x, float y, float, float) { return x / y; });
  case BinaryFn::pow:
    return run([](float x, float y, float, float) { return num::pow(x, y); });
  case BinaryFn::max:
    return run([](float x, float y, float, float) { return x > y ? x : y; });
  case BinaryFn::min:
    return run([](float x, float y, float, float) { return x < y ? x : y; });
  case BinaryFn::prelu:
    return run([](float x, float y, float, float) { return x > 0.0f ? x : y * x; });
  case BinaryFn::equal:
    return run([](float x, float y, float, float) { return truth(x == y); });
  case BinaryFn::less:
    return run([](float x, float y, float, float) { return truth(x < y); });
  case BinaryFn::less_equal:
    return run([](float x, float y, float, float) { return truth(x <= y); });
  case BinaryFn::logical_and:
    return run([](float x, float y, float, float) { return truth(x != 0.0f && y != 0.0f); });
  case BinaryFn::logical_or:
    return run([](float x, float y, float, float) { return truth(x != 0.0f || y != 0.0f); });
  case BinaryFn::logical_xor:
    return run([](float x, float y, float, float) { return truth((x != 0.0f) != (y != 0.0f)); });
  case BinaryFn::relu_grad:
    return run([](float dy, float y, float, float) { return y > 0.0f ? dy : 0.0f; });
  case BinaryFn::power_grad:
    return run([](float dy, float x, float a, float) { return powerGrad(dy, x, a); });
  case BinaryFn::abs_grad:
    return run([](float dy, float x, float, float) { return dy * sign(x); });
  case BinaryFn::sqrt_grad:
    return run([](float dy, float y, float, float) { return y > 0.0f ? (0.5f * dy) / y : 0.0f; });
  case BinaryFn::reciprocal_grad:
    return run([](float dy, float y, float, float) { return -dy * (y * y); });
  case BinaryFn::tanh_grad:
    return run([](float dy, float y, float, float) { return dy * std::fma(-y, y, 1.0f); });
  case BinaryFn::sigmoid_grad:
    return run([](float dy, float y, float, float) { return dy * std::fma(-y, y, y); });
  case BinaryFn::erf_grad:
    return run(
        [](float dy, float x, float, float) { return dy * (twoOverRootPi * num::exp(-(x * x))); });
  case BinaryFn::gelu_grad:
    return run([](float dy, float x, float, float) { return geluGrad(dy, x); });
  case BinaryFn::gelu_tanh_grad:
    return run([](float dy, float x, float, float) { return geluTanhGrad(dy, x); });
  case BinaryFn::hard_sigmoid_grad:
    return run([](float dy, float x, float a, float b) { return hardSigmoidGrad(dy, x, a, b); });
  case BinaryFn::hard_swish_grad:
    return run([](float dy, float x, float, float) { return hardSwishGrad(dy, x); });
  case BinaryFn::leaky_relu_grad:
    return run([](float dy, float x, float a, float) { return x > 0.0f ? dy : a * dy; });
  case BinaryFn::clip_grad:
    return run([](float dy, float x, float a, float b) { return x >= a && x <= b ? dy : 0.0f; });
  case BinaryFn::elu_grad:
    return run([](float dy, float x, float a, float b) {
      return dy * (b * (x > 0.0f ? 1.0f : a * num::exp(x)));
    });
  case BinaryFn::celu_grad:
    return run(
        [](float dy, float x, float a, float) { return x > 0.0f ? dy : dy * num::exp(x / a); });
  case BinaryFn::softplus_grad:
    return run([](float dy, float x, float, float) { return dy * num::sigmoid(x); });
  case BinaryFn::softsign_grad:
    return run([](float dy, float x, float, float) { return softsignGrad(dy, x); });
  case BinaryFn::thresholded_relu_grad:
    return run([](float dy, float x, float a, float) { return x > a ? dy : 0.0f; });
  case BinaryFn::shrink_grad:
    return run([](float dy, float x, float a, float) { return x < -a || x > a ? dy : 0.0f; });
  case BinaryFn::max_share:
    return run([](float x, float y, float, float) { return x > y ? 1.0f : x == y ? 0.5f : 0.0f; });
  case BinaryFn::prelu_slope:
    return run([](float x, float y, float, float) { return x > 0.0f ? 1.0f : y; });
  case BinaryFn::prelu_grad:
    return run([](float dy, float x, float, float) { return x > 0.0f ? 0.0f : dy * x; });
  }
}

int binaryOperations(uint8_t function, const chip::LaneOperations &lane) {
  switch (static_cast<BinaryFn>(function)) {
  case BinaryFn::pow:
    return lane.pow;
  case BinaryFn::power_grad:
    return lane.powerGrad;
  case BinaryFn::erf_grad:
    return lane.erfGrad;
  case BinaryFn::elu_grad:
    return lane.eluGrad;
  case BinaryFn::celu_grad:
    return lane.celuGrad;
  case BinaryFn::softplus_grad:
    return lane.softplusGrad;
  case BinaryFn::gelu_grad:
    return lane.geluGrad;
  case BinaryFn::gelu_tanh_grad:
    return lane.geluTanhGrad;
  case BinaryFn::sqrt_grad:
  case BinaryFn::reciprocal_grad:
  case BinaryFn::tanh_grad:
  case BinaryFn::sigmoid_grad:
  case BinaryFn::hard_sigmoid_grad:
  case BinaryFn::hard_swish_grad:
  case BinaryFn::clip_grad:
  case BinaryFn::softsign_grad:
    return 2 * lane.step;
  default:
    return lane.step;
  }
}

//===----------------------------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------------------------===//

namespace {
/// An operand's elements, dense, and how far apart neighbours in each dimension of the destination
/// are: 0 where one element serves all.
struct Source {
  const float *values = nullptr;
  Dims stride{};
};
} // namespace

static Result<Source> fetchSource(VectorPart &part, int operand, const char *name,
                                  const TileView &dst) {
  Result<TileView> view = part.view(operand, name);
  if (!view)
    return view.takeError();
  Box box = dst.box;
  for (int d = 0; d < maxRank; ++d) {
    if (view->extent[d] == dst.extent[d])
      continue;
    if (view->extent[d] != 1)
      return Error{std::string("operand `") + name + "` has extent " +
                   std::to_string(view->extent[d]) + " in dimension " + std::to_string(d) +
                   ", expected " + std::to_string(dst.extent[d]) + " or 1"};
    box.lo[d] = 0;
    box.size[d] = dst.box.size[d] ? 1 : 0;
  }
  Result<float *> values = part.fetch(operand, name, *view, box);
  if (!values)
    return values.takeError();
  Source source{*values, rowMajor(box.size)};
  for (int d = 0; d < maxRank; ++d)
    if (box.size[d] == 1)
      source.stride[d] = 0;
  return source;
}

namespace {
/// The destination of a function as rows that are as long as all sources allow: dimensions that
/// continue each other in every one of them are one.
template <size_t N> class Rows {
public:
  Rows(const Box &box, const std::array<const Source *, N> &operands) : sources(operands) {
    for (int d = maxRank - 1; d >= 0; --d) {
      if (box.size[d] == 1)
        continue;
      bool continues = count > 0;
      for (size_t i = 0; i < N && continues; ++i)
        continues = sources[i]->stride[d] == step[i][count - 1] * size[count - 1];
      if (continues) {
        size[count - 1] *= box.size[d];
        continue;
      }
      size[count] = box.size[d];
      for (size_t i = 0; i < N; ++i)
        step[i][count] = sources[i]->stride[d];
      ++count;
    }
  }

  /// Elements of a row, and how far apart they lie in a source: 1, or 0 where one serves all.
  int64_t length() const { return size[0]; }
  int64_t stepOf(size_t source) const { return step[source][0]; }

  /// Calls `row(to, from)` for each row, with where it and the sources' rows begin.
  template <typename Row> void forEach(float *to, Row row) const {
    std::array<const float *, N> from;
    for (int64_t i = 0; i < size[4]; ++i)
      for (int64_t j = 0; j < size[3]; ++j)
        for (int64_t k = 0; k < size[2]; ++k)
          for (int64_t l = 0; l < size[1]; ++l, to += size[0]) {
            for (size_t s = 0; s < N; ++s)
              from[s] = sources[s]->values + i * step[s][4] + j * step[s][3] + k * step[s][2] +
                        l * step[s][1];
            row(to, from);
          }
  }

private:
  std::array<const Source *, N> sources;
  int count = 0;
  Dims size{1, 1, 1, 1, 1}; // innermost first
  std::array<Dims, N> step{};
};
} // namespace

/// Calls `run(xs, ys)` with the steps of two sources as constants: loops over them vectorise.
template <typename Run> static void withSteps(int64_t x, int64_t y, Run run) {
  using Each = std::integral_constant<int64_t, 1>;
  using Same = std::integral_constant<int64_t, 0>;
  if (x && y)
    return run(Each(), Each());
  if (x)
    return run(Each(), Same());
  if (y)
    return run(Same(), Each());
  run(Same(), Same());
}

static Status unaryPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  Result<float *> src = part.fetch(1, "src", dst->box);
  if (!src)
    return src.takeError();
  auto fn = static_cast<UnaryFn>(issue.function);
  int64_t n = dst->count();
  float *result = part.buffer(0, n);
  const float *values = *src;
  float first = issue.hyper[0], second = issue.hyper[1];
  withFunction(fn, [&](auto f) {
    for (int64_t i = 0; i < n; ++i)
      result[i] = f(values[i], first, second);
  });
  part.store(result, *dst, 0, {uint64_t(n)});
  return Status::success();
}

static Status binaryPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  Result<Source> x = fetchSource(part, 1, "x", *dst);
  if (!x)
    return x.takeError();
  Result<Source> y = fetchSource(part, 2, "y", *dst);
  if (!y)
    return y.takeError();
  auto fn = static_cast<BinaryFn>(issue.function);
  int64_t n = dst->count();
  float *result = part.buffer(0, n);
  Rows<2> rows(dst->box, {&*x, &*y});
  float first = issue.hyper[0], second = issue.hyper[1];
  withFunction(fn, [&](auto f) {
    withSteps(rows.stepOf(0), rows.stepOf(1), [&](auto xStep, auto yStep) {
      rows.forEach(result, [&](float *to, const std::array<const float *, 2> &from) {
        const float *p = from[0], *q = from[1];
        for (int64_t i = 0; i < rows.length(); ++i)
          to[i] = f(p[i * xStep], q[i * yStep], first, second);
      });
    });
  });
  part.store(result, *dst, 0, {uint64_t(n)});
  return Status::success();
}

static Status selectPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  Source sources[3];
  static constexpr const char *names[] = {"cond", "x", "y"};
  for (int i = 0; i < 3; ++i) {
    Result<Source> source = fetchSource(part, i + 1, names[i], *dst);
    if (!source)
      return source.takeError();
    sources[i] = *source;
  }
  int64_t n = dst->count();
  float *result = part.buffer(0, n);
  Rows<3> rows(dst->box, {&sources[0], &sources[1], &sources[2]});
  int64_t c = rows.stepOf(0), x = rows.stepOf(1), y = rows.stepOf(2);
  rows.forEach(result, [&](float *to, const std::array<const float *, 3> &from) {
    for (int64_t i = 0; i < rows.length(); ++i)
      to[i] = from[0][i * c] != 0.0f ? from[1][i * x] : from[2][i * y];
  });
  part.store(result, *dst, 0, {uint64_t(n)});
  return Status::success();
}

Status vUnary(State &state, const mach::VUnary &instr) {
  return submitVector(state, unaryPart, [&](Issue &issue) { issue.function = uint8_t(instr.fn); });
}

Status vBinary(State &state, const mach::VBinary &instr) {
  return submitVector(state, binaryPart, [&](Issue &issue) { issue.function = uint8_t(instr.fn); });
}

Status vSelect(State &state, const mach::VSelect &) { return submitVector(state, selectPart); }

} // namespace slp::exec
