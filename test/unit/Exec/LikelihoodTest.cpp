//===- LikelihoodTest.cpp - log softmax, negative log likelihood, variance --------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md section 5 written out, on whole tensors.
//
//===----------------------------------------------------------------------------------------===//

#include "OneInstruction.h"

#include "runtime/isa/StructVLogSoftmax.h.inc"
#include "runtime/isa/StructVLogSoftmaxGrad.h.inc"
#include "runtime/isa/StructVNll.h.inc"
#include "runtime/isa/StructVNllGrad.h.inc"
#include "runtime/isa/StructVVarianceGrad.h.inc"
#include "runtime/num/ExpLog.h"

#include <algorithm>
#include <cmath>

namespace slp::exec {
namespace {

using format::f32, format::fp16, format::i32;
constexpr int64_t rows = 6, classes = 21;

class LikelihoodTest : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override { chip = chipNamed(GetParam()); }
  float toFp16(float x) const {
    return num::round(chip.numerics.fp16, chip.numerics.rounding, x, 0, nullptr);
  }
  static std::vector<float> rowOf(const std::vector<float> &v, int64_t row) {
    return {v.begin() + row * classes, v.begin() + (row + 1) * classes};
  }
  chip::Chip chip;
};

TEST_P(LikelihoodTest, LogSoftmax) {
  std::vector<float> x = randomF32(rows * classes, 1), y;
  auto found = runOnce(chip, mach::VLogSoftmax{0, 1, 0},
                       {resultOf(fp16, {rows, classes}), {f32, {rows, classes}, x}});
  for (int64_t r = 0; r < rows; ++r) {
    std::vector<float> row = rowOf(x, r), exponentials;
    float largest = *std::max_element(row.begin(), row.end());
    for (float v : row)
      exponentials.push_back(num::exp(v - largest));
    float log = num::log(naiveRowSum(exponentials));
    for (float v : row)
      y.push_back(toFp16((v - largest) - log));
  }
  expectSameBits(found[0], y);
}

TEST_P(LikelihoodTest, LogSoftmaxGrad) {
  std::vector<float> dy = randomF32(rows * classes, 2), y = randomF32(rows * classes, 3), dx;
  for (float &v : y)
    v = -std::fabs(v);
  auto found = runOnce(
      chip, mach::VLogSoftmaxGrad{0, 1, 2, 0},
      {resultOf(f32, {rows, classes}), {f32, {rows, classes}, dy}, {f32, {rows, classes}, y}});
  for (int64_t r = 0; r < rows; ++r) {
    float sum = naiveRowSum(rowOf(dy, r));
    for (int64_t c = r * classes; c < (r + 1) * classes; ++c)
      dx.push_back((dy[size_t(c)] - num::exp(y[size_t(c)]) * sum) + 0.0f);
  }
  expectSameBits(found[0], dx);
}

// Labels in range, the ignored one, and two that are no class.
TEST_P(LikelihoodTest, NllAndItsGradient) {
  const std::vector<float> labels = {0, 20, 5, 7, -3, 21};
  std::vector<float> x = randomF32(rows * classes, 4), weights = randomF32(classes, 5),
                     dy = randomF32(rows, 6);
  for (bool isWeighted : {false, true}) {
    SCOPED_TRACE(isWeighted);
    mach::VNll nll;
    nll.dst = 0, nll.shares = 1, nll.x = 2, nll.labels = 3, nll.weights = 4;
    nll.weighted = isWeighted, nll.ignore = 5;
    auto found = runOnce(chip, nll,
                         {resultOf(f32, {rows}),
                          resultOf(f32, {rows}),
                          {f32, {rows, classes}, x},
                          {i32, {rows}, labels},
                          {f32, {classes}, weights}});
    mach::VNllGrad gradient;
    gradient.dst = 0, gradient.dy = 1, gradient.labels = 2, gradient.weights = 3;
    gradient.weighted = isWeighted, gradient.ignore = 5;
    auto back = runOnce(chip, gradient,
                        {resultOf(fp16, {rows, classes}),
                         {f32, {rows}, dy},
                         {i32, {rows}, labels},
                         {f32, {classes}, weights}});
    std::vector<float> losses, shares, dx(size_t(rows * classes), 0.0f);
    for (size_t r = 0; r < size_t(rows); ++r) {
      bool counts = labels[r] != 5 && labels[r] >= 0 && labels[r] < classes;
      size_t label = counts ? size_t(labels[r]) : 0;
      float share = !counts ? 0.0f : isWeighted ? weights[label] : 1.0f;
      shares.push_back(share);
      losses.push_back(counts ? -(share * x[r * classes + label]) + 0.0f : 0.0f);
      if (counts)
        dx[r * classes + label] = toFp16(-(share * dy[r]));
    }
    expectSameBits(found[0], losses);
    expectSameBits(found[1], shares);
    expectSameBits(back[0], dx);
  }
}

// The error of the variance and the mean serve all coordinates that were reduced.
TEST_P(LikelihoodTest, VarianceGrad) {
  const Shape shape = {3, 5, 7}, kept = {3, 1, 7};
  std::vector<float> x = randomF32(105, 7), dy = randomF32(21, 8), mean = randomF32(21, 9), dx;
  auto found = runOnce(chip, mach::VVarianceGrad{0, 1, 2, 3, 10, 0},
                       {resultOf(fp16, shape), {f32, kept, dy}, {f32, shape, x}, {f32, kept, mean}},
                       {{10, 0.4f}});
  for (size_t i = 0; i < x.size(); ++i) {
    size_t k = i / 35 * 7 + i % 7;
    dx.push_back(toFp16((x[i] - mean[k]) * 0.4f * dy[k]));
  }
  expectSameBits(found[0], dx);
}

INSTANTIATE_TEST_SUITE_P(Chips, LikelihoodTest, testing::Values("lnpu", "asu-fp8"));

} // namespace
} // namespace slp::exec
