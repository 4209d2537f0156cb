//===- UpdateTest.cpp - optimizers against their definitions ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md section 9 written out element by element, for the instructions of
// MachInstrUpdate.td that VectorTest.cpp and ScaleTest.cpp have not.
//
//===----------------------------------------------------------------------------------------===//

#include "OneInstruction.h"

#include "runtime/isa/AccModeBias.h.inc"
#include "runtime/isa/AccModeZero.h.inc"
#include "runtime/isa/EnumOptional.h.inc"
#include "runtime/isa/StructVAdagrad.h.inc"
#include "runtime/isa/StructVAdam.h.inc"
#include "runtime/isa/StructVDrain.h.inc"
#include "runtime/isa/StructVPreviewAdagrad.h.inc"
#include "runtime/isa/StructVPreviewAdam.h.inc"
#include "runtime/isa/StructVPreviewMomentum.h.inc"
#include "runtime/isa/StructVPreviewNesterov.h.inc"
#include "runtime/isa/StructVSgdNesterov.h.inc"
#include "runtime/isa/StructVSquareSum.h.inc"

#include <cmath>
#include <functional>

namespace slp::exec {
namespace {

using format::f32, format::fp16;
constexpr int64_t n = 45;

// Numbers in registers h0 to h12, as the host and the compiler would give them.
constexpr float lr = 0.05f, beta1 = 0.9f, decay = 1e-3f, dampening = 0.25f, beta2 = 0.75f,
                epsilon = 1e-3f, correction1 = 3.0f, correction2 = 2.0f, unscale = 0.125f,
                lrScale = 2.0f, decayScale = 0.5f;
const std::vector<std::pair<int, float>> numbers = {
    {0, lr},       {1, beta1},    {2, decay},       {3, dampening},
    {4, beta2},    {5, epsilon},  {6, correction1}, {7, correction2},
    {10, unscale}, {11, lrScale}, {12, decayScale}};

class UpdateTest : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override { chip = chipNamed(GetParam()); }

  float toFp16(float x) const {
    return num::round(chip.numerics.fp16, chip.numerics.rounding, x, 0, nullptr);
  }
  std::vector<float> random16(uint32_t seed) const {
    return randomValues(chip.numerics.fp16, n, seed);
  }
  static std::vector<float> magnitudes(std::vector<float> values) {
    for (float &v : values)
      v = std::fabs(v);
    return values;
  }

  /// Checks an update of w and its states, which are d0, d1, ..., by the gradient behind them and,
  /// in mode present, the factor behind that. `naive` takes g0 and changes an element of each.
  template <typename Instr>
  void check(Instr instr, const std::vector<std::vector<float>> &states,
             const std::function<void(std::vector<float> &, float)> &naive) {
    std::vector<float> dw = randomF32(n, 9);
    for (float factor : {1.0f, 0.375f, -1.0f}) {
      SCOPED_TRACE(factor);
      instr.mode = factor == 1.0f ? mach::Optional::absent : mach::Optional::present;
      std::vector<Operand> operands;
      for (const std::vector<float> &state : states)
        operands.push_back({fp16, {n}, state});
      operands.push_back({f32, {n}, dw});
      operands.push_back({f32, {}, {factor}});
      std::vector<std::vector<float>> found = runOnce(chip, instr, operands, numbers);
      std::vector<std::vector<float>> expected = states;
      for (size_t i = 0; i < size_t(n) && factor >= 0; ++i) { // below 0: held
        std::vector<float> element;
        for (const std::vector<float> &state : states)
          element.push_back(state[i]);
        naive(element, factor == 1.0f ? dw[i] * unscale : dw[i] * unscale * factor);
        for (size_t s = 0; s < states.size(); ++s)
          expected[s][i] = element[s];
      }
      for (size_t s = 0; s < states.size(); ++s)
        expectSameBits(found[s], expected[s]);
    }
  }

  chip::Chip chip;
};

constexpr float eta = lr * lrScale, lambda = decay * decayScale;

TEST_P(UpdateTest, SgdNesterov) {
  mach::VSgdNesterov sgd;
  sgd.w = 0, sgd.v = 1, sgd.dw = 2, sgd.factor = 3;
  sgd.lr = 0, sgd.momentum = 1, sgd.decay = 2, sgd.dampening = 3;
  sgd.unscale = 10, sgd.lrScale = 11, sgd.decayScale = 12;
  check(sgd, {random16(1), random16(2)}, [&](std::vector<float> &s, float g0) {
    float g = std::fma(lambda, s[0], g0);
    s[1] = toFp16(std::fma(beta1, s[1], (1 - dampening) * g));
    s[0] = toFp16(std::fma(-eta, std::fma(beta1, s[1], g), s[0]));
  });
}

TEST_P(UpdateTest, Adagrad) {
  mach::VAdagrad adagrad;
  adagrad.w = 0, adagrad.h = 1, adagrad.dw = 2, adagrad.factor = 3;
  adagrad.lr = 0, adagrad.decay = 2, adagrad.epsilon = 5;
  adagrad.unscale = 10, adagrad.lrScale = 11, adagrad.decayScale = 12;
  check(adagrad, {random16(3), magnitudes(random16(4))}, [&](std::vector<float> &s, float g0) {
    float g = std::fma(lambda, s[0], g0);
    s[1] = toFp16(std::fma(g, g, s[1]));
    s[0] = toFp16(std::fma(-eta, g / (std::sqrt(s[1]) + epsilon), s[0]));
  });
}

TEST_P(UpdateTest, Adam) {
  mach::VAdam adam;
  adam.w = 0, adam.m = 1, adam.v = 2, adam.dw = 3, adam.factor = 4;
  adam.lr = 0, adam.beta1 = 1, adam.decay = 2, adam.beta2 = 4, adam.epsilon = 5;
  adam.correction1 = 6, adam.correction2 = 7;
  adam.unscale = 10, adam.lrScale = 11, adam.decayScale = 12;
  check(adam, {random16(5), random16(6), magnitudes(random16(7))},
        [&](std::vector<float> &s, float g0) {
          float g = std::fma(lambda, s[0], g0);
          s[1] = toFp16(std::fma(beta1, s[1], (1 - beta1) * g));
          s[2] = toFp16(std::fma(beta2, s[2], (1 - beta2) * g * g));
          float root = std::sqrt(s[2] * correction2) + epsilon;
          s[0] = toFp16(std::fma(-eta, s[1] * correction1 / root, s[0]));
        });
}

TEST_P(UpdateTest, DrainTakesTheSumAndBeginsAgain) {
  std::vector<float> acc = randomF32(n, 1), dw = randomF32(n, 2), sum;
  auto found = runOnce(chip, mach::VDrain{0, 1, 2, 0},
                       {{f32, {n}, acc}, resultOf(fp16, {n}), {f32, {n}, dw}});
  for (size_t i = 0; i < size_t(n); ++i)
    sum.push_back(toFp16(acc[i] + dw[i]));
  expectSameBits(found[0], std::vector<float>(size_t(n), 0.0f));
  expectSameBits(found[1], sum);
}

TEST_P(UpdateTest, SquareSum) {
  for (int64_t size : {int64_t(1), int64_t(1024), int64_t(2500)}) {
    std::vector<float> dw = randomF32(size, 3);
    for (mach::AccMode mode : {mach::accMode::zero, mach::accMode::bias}) {
      mach::VSquareSum instr;
      instr.dst = 0, instr.src = 1, instr.bias = 2, instr.mode = mode, instr.unscale = 10;
      auto found =
          runOnce(chip, instr, {resultOf(f32, {}), {f32, {size}, dw}, {f32, {}, {1.75f}}}, numbers);
      float total = mode == mach::accMode::bias ? 1.75f : 0.0f;
      for (int64_t begin = 0; begin < size; begin += 1024) {
        std::vector<float> squares;
        for (int64_t i = begin; i < std::min(size, begin + 1024); ++i) {
          float scaled = dw[size_t(i)] * unscale;
          squares.push_back(scaled * scaled);
        }
        total += naiveRowSum(squares);
      }
      expectSameBits(found[0], {total});
    }
  }
}

//===----------------------------------------------------------------------------------------===//
// ai.onnx.preview.training
//===----------------------------------------------------------------------------------------===//

/// b^t as the definition multiplies it.
float power(float b, unsigned t) {
  float result = 1;
  for (; t; t >>= 1, b *= b)
    if (t & 1)
      result *= b;
  return result;
}

class PreviewTest : public UpdateTest {
protected:
  static constexpr float rate = 0.1f, norm = 0.01f, alpha = 0.9f, beta = 0.75f, small = 1e-3f,
                         post = 0.125f, run = 6;

  /// Checks an update of x and its states: results d0, ..., operands behind them, then dx, the rate
  /// and the step number t. `naive` takes an element of x, the states and dx, and gives the
  /// results.
  template <typename Instr>
  void check(Instr instr, const std::vector<std::vector<float>> &states,
             const std::function<std::vector<float>(std::vector<float>, unsigned)> &naive) {
    std::vector<float> dx = randomF32(n, 9);
    instr.run = 0, instr.norm = 1;
    for (int given : {-1, 0, 1, 13}) { // -1: none
      SCOPED_TRACE(given);
      instr.mode = given < 0 ? mach::Optional::absent : mach::Optional::present;
      std::vector<Operand> operands;
      for (size_t s = 0; s < states.size(); ++s)
        operands.push_back(resultOf(s ? f32 : fp16, {n}));
      for (const std::vector<float> &state : states)
        operands.push_back({fp16, {n}, state});
      operands.push_back({f32, {n}, dx});
      operands.push_back({f32, {}, {rate}});
      operands.push_back({format::i32, {}, {given < 0 ? 99.0f : float(given)}});
      auto found = runOnce(
          chip, instr, operands,
          {{0, run}, {1, norm}, {2, alpha}, {3, beta}, {4, small}, {5, post}, {6, decayFactor}});
      std::vector<std::vector<float>> expected(states.size());
      for (size_t i = 0; i < size_t(n); ++i) {
        std::vector<float> element;
        for (const std::vector<float> &state : states)
          element.push_back(state[i]);
        element.push_back(dx[i]);
        std::vector<float> results = naive(element, given < 0 ? unsigned(run) - 1 : given);
        for (size_t s = 0; s < states.size(); ++s)
          expected[s].push_back(s ? results[s] + 0.0f : toFp16(results[s]));
      }
      for (size_t s = 0; s < states.size(); ++s)
        expectSameBits(found[s], expected[s]);
    }
  }

  /// Momentum of both modes.
  template <typename Instr> void checkMomentum(bool isNesterov) {
    Instr instr;
    instr.dst = 0, instr.dstv = 1, instr.x = 2, instr.v = 3, instr.dx = 4, instr.r = 5, instr.t = 6;
    instr.alpha = 2, instr.beta = 3;
    check(instr, {random16(1), random16(2)}, [&](std::vector<float> e, unsigned t) {
      float g = std::fma(norm, e[0], e[2]), b = t > 0 ? beta : 1;
      float v = std::fma(alpha, e[1], b * g);
      return std::vector<float>{
          isNesterov ? std::fma(-rate, std::fma(alpha, v, g), e[0]) : std::fma(-rate, v, e[0]), v};
    });
  }

  static constexpr float decayFactor = 0.25f;
};

TEST_P(PreviewTest, Adagrad) {
  mach::VPreviewAdagrad instr;
  instr.dst = 0, instr.dsth = 1, instr.x = 2, instr.h = 3, instr.dx = 4, instr.r = 5, instr.t = 6;
  instr.rateDecay = 6, instr.small = 4;
  check(instr, {random16(1), magnitudes(random16(2))}, [&](std::vector<float> e, unsigned t) {
    float g = std::fma(norm, e[0], e[2]), h = std::fma(g, g, e[1]);
    float rho = rate / (1 + float(t) * decayFactor);
    return std::vector<float>{std::fma(-rho, g / (std::sqrt(h) + small), e[0]), h};
  });
}

TEST_P(PreviewTest, Momentum) { checkMomentum<mach::VPreviewMomentum>(false); }
TEST_P(PreviewTest, Nesterov) { checkMomentum<mach::VPreviewNesterov>(true); }

TEST_P(PreviewTest, Adam) {
  mach::VPreviewAdam instr;
  instr.dst = 0, instr.dstv = 1, instr.dsth = 2, instr.x = 3, instr.v = 4, instr.h = 5;
  instr.dx = 6, instr.r = 7, instr.t = 8;
  instr.alpha = 2, instr.beta = 3, instr.small = 4, instr.post = 5;
  check(instr, {random16(1), random16(2), magnitudes(random16(3))},
        [&](std::vector<float> e, unsigned t) {
          float g = std::fma(norm, e[0], e[3]);
          float v = std::fma(alpha, e[1], (1 - alpha) * g);
          float h = std::fma(beta, e[2], (1 - beta) * g * g);
          float rho = t > 0 ? rate * std::sqrt(1 - power(beta, t)) / (1 - power(alpha, t)) : rate;
          return std::vector<float>{(1 - post) * std::fma(-rho, v / (std::sqrt(h) + small), e[0]),
                                    v, h};
        });
}

INSTANTIATE_TEST_SUITE_P(Chips, UpdateTest, testing::Values("lnpu", "asu-fp8"));
INSTANTIATE_TEST_SUITE_P(Chips, PreviewTest, testing::Values("lnpu", "asu-fp8"));

} // namespace
} // namespace slp::exec
