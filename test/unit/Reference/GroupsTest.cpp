//===- GroupsTest.cpp - weight groups by definition -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md section 13: the pull is the gradient of group Lasso, by central differences in
// double precision; an update with it is the update of a loss with that penalty; closed groups
// stay.
//
//===----------------------------------------------------------------------------------------===//

#include "EvaluateModule.h"

#include <cmath>
#include <random>

using namespace slp::reference;

namespace {

constexpr int64_t outputs = 10, inputs = 19, kernel = 2;
constexpr float lasso = 0.125f, threshold = 0.25f;

/// The group of a weight, row by row.
int64_t groupOf(int64_t weight) {
  int64_t tap = weight % (kernel * kernel), channel = weight / (kernel * kernel);
  return (channel / inputs / 8 * 3 + channel % inputs / 8) * kernel * kernel + tap;
}
constexpr int64_t groups = 2 * 3 * kernel * kernel;

/// Weights whose groups have means around the threshold; the group 0 is zero.
Tensor drawWeights(uint32_t seed) {
  std::mt19937 random(seed);
  Tensor w({outputs, inputs, kernel, kernel});
  for (size_t i = 0; i < w.values.size(); ++i) {
    int64_t g = groupOf(int64_t(i));
    w[i] = (float(random() % 2001) - 1000) / 1000 * float(g) / float(groups);
  }
  return w;
}

/// Means of the groups of `w` in double precision.
std::vector<double> meansOf(const Tensor &w) {
  std::vector<double> sums(groups), counts(groups);
  for (size_t i = 0; i < w.values.size(); ++i) {
    sums[size_t(groupOf(int64_t(i)))] += std::fabs(double(w[i]));
    counts[size_t(groupOf(int64_t(i)))] += 1;
  }
  for (size_t g = 0; g < sums.size(); ++g)
    sums[g] /= counts[g];
  return sums;
}

/// The penalty of the groups that `means` has below the threshold.
double penaltyOf(const std::vector<double> &w, const std::vector<double> &means) {
  std::vector<double> squares(groups);
  for (size_t i = 0; i < w.size(); ++i)
    squares[size_t(groupOf(int64_t(i)))] += w[i] * w[i];
  double penalty = 0;
  for (size_t g = 0; g < squares.size(); ++g)
    if (means[g] < threshold)
      penalty += double(lasso) * std::sqrt(squares[g]);
  return penalty;
}

const char *module = R"(
func.func @pull(%g: tensor<2x3x2x2xf32> {train.name = "g"}, %w: tensor<10x19x2x2xf32> {train.name = "w"},
                %n: tensor<3xf32> {train.name = "n"}) {
  %pull, %mean, %norm = train.group_pull %g, %w, %n {train.names = ["pull", "mean", "norm"]}
    : (tensor<2x3x2x2xf32>, tensor<10x19x2x2xf32>, tensor<3xf32>) -> (tensor<2x3x2x2xf32>, tensor<2x3x2x2xf32>, tensor<2x3x2x2xf32>)
  return
}
func.func @refresh(%g: tensor<2x3x2x2xf32> {train.name = "g"}, %w: tensor<10x19x2x2xf32> {train.name = "w"},
                   %n: tensor<3xf32> {train.name = "n"}) {
  %mask, %mean = train.group_refresh %g, %g, %w, %n {train.names = ["mask", "mean"]}
    : (tensor<2x3x2x2xf32>, tensor<2x3x2x2xf32>, tensor<10x19x2x2xf32>, tensor<3xf32>) -> (tensor<2x3x2x2xf32>, tensor<2x3x2x2xf32>)
  return
}
func.func @update(%c: tensor<2x3x2x2xf32> {train.name = "c"}, %w: tensor<10x19x2x2xf32> {train.name = "w"},
                  %v: tensor<10x19x2x2xf32> {train.name = "v"}, %dw: tensor<10x19x2x2xf32> {train.name = "dw"},
                  %f: tensor<f32> {train.name = "f"}) {
  %w1, %v1 = train.sgd %w, %v, %dw pull %c {train.names = ["sgd", "sgd.v"]}
    : (tensor<10x19x2x2xf32>, tensor<10x19x2x2xf32>, tensor<10x19x2x2xf32>, tensor<2x3x2x2xf32>) -> (tensor<10x19x2x2xf32>, tensor<10x19x2x2xf32>)
  %w2, %h2 = train.adagrad %w, %v, %dw, %f pull %c {train.names = ["adagrad", "adagrad.h"]}
    : (tensor<10x19x2x2xf32>, tensor<10x19x2x2xf32>, tensor<10x19x2x2xf32>, tensor<f32>, tensor<2x3x2x2xf32>) -> (tensor<10x19x2x2xf32>, tensor<10x19x2x2xf32>)
  %w3, %m3, %v3 = train.adam %w, %v, %v, %dw pull %c {decoupled, train.names = ["adam", "adam.m", "adam.v"]}
    : (tensor<10x19x2x2xf32>, tensor<10x19x2x2xf32>, tensor<10x19x2x2xf32>, tensor<10x19x2x2xf32>, tensor<2x3x2x2xf32>) -> (tensor<10x19x2x2xf32>, tensor<10x19x2x2xf32>, tensor<10x19x2x2xf32>)
  return
})";

} // namespace

TEST(Groups, PullIsTheGradientOfThePenalty) {
  EvaluatedModule m(module);
  ASSERT_TRUE(m.evaluator) << m.error;
  Tensor w = drawWeights(1), open({2, 3, kernel, kernel});
  std::fill(open.values.begin(), open.values.end(), 1.0f);
  open[5] = 0;
  NamedTensors results =
      m.run("pull", {{"g", open}, {"w", w}, {"n", makeTensor({3}, {lasso, threshold, 0})}});
  ASSERT_FALSE(results.empty()) << m.error;
  std::vector<double> means = meansOf(w), values(w.values.begin(), w.values.end());
  int64_t pulled = 0;
  for (size_t g = 0; g < size_t(groups); ++g)
    EXPECT_NEAR(results.at("mean")[int64_t(g)], means[g], 1e-6 * means[g]);
  EXPECT_EQ(results.at("norm")[0], 0);
  EXPECT_EQ(results.at("pull")[0], 0); // no slope at zero
  EXPECT_EQ(results.at("pull")[5], -1);
  for (size_t i = 0; i < values.size(); ++i) {
    int64_t g = groupOf(int64_t(i));
    if (g == 0 || g == 5)
      continue;
    constexpr double step = 1e-6;
    std::vector<double> up = values, down = values;
    up[i] += step;
    down[i] -= step;
    double slope = (penaltyOf(up, means) - penaltyOf(down, means)) / (2 * step);
    EXPECT_NEAR(double(results.at("pull")[g]) * values[i], slope, 1e-6) << i;
    pulled += slope != 0;
  }
  EXPECT_GT(pulled, 100);
  EXPECT_LT(pulled, int64_t(values.size()) - 100);
}

TEST(Groups, RefreshClosesWhatIsBelow) {
  EvaluatedModule m(module);
  ASSERT_TRUE(m.evaluator) << m.error;
  Tensor w = drawWeights(2), old({2, 3, kernel, kernel});
  std::vector<double> means = meansOf(w);
  for (float limit : {0.0f, threshold, 100.0f}) {
    NamedTensors results =
        m.run("refresh", {{"g", old}, {"w", w}, {"n", makeTensor({3}, {lasso, limit, 0})}});
    ASSERT_FALSE(results.empty()) << m.error;
    for (int64_t g = 0; g < groups; ++g)
      EXPECT_EQ(results.at("mask")[g], means[size_t(g)] < limit ? 0 : 1) << g;
  }
}

TEST(Groups, UpdatesWithAPull) {
  EvaluatedModule m(module);
  ASSERT_TRUE(m.evaluator) << m.error;
  Hyper hyper;
  hyper.learningRate = 0.5f, hyper.momentum = 0.75f, hyper.weightDecay = 0.25f;
  hyper.beta2 = 0.5f, hyper.epsilon = 0.125f, hyper.correction1 = 4, hyper.correction2 = 2;
  m.evaluator->setHyper(hyper);
  Tensor w = drawWeights(3), v = drawWeights(4), dw = drawWeights(5), c({2, 3, kernel, kernel});
  for (float &x : v.values)
    x = std::fabs(x);
  for (int64_t g = 0; g < groups; ++g)
    c[g] = g % 3 == 0 ? -1 : 0.0625f * float(g);
  NamedTensors results =
      m.run("update", {{"c", c}, {"w", w}, {"v", v}, {"dw", dw}, {"f", makeTensor({}, {0.5f})}});
  ASSERT_FALSE(results.empty()) << m.error;
  for (int64_t i = 0; i < int64_t(w.values.size()); ++i) {
    double pull = c[groupOf(i)], decay = 0.25, x = w[i], g = dw[i] + pull * x;
    if (pull < 0) {
      for (const char *name : {"sgd", "adagrad", "adam"})
        EXPECT_EQ(results.at(name)[i], w[i]);
      for (const char *name : {"sgd.v", "adagrad.h", "adam.m", "adam.v"})
        EXPECT_EQ(results.at(name)[i], v[i]);
      continue;
    }
    double velocity = 0.75 * v[i] + g + decay * x;
    EXPECT_NEAR(results.at("sgd")[i], x - 0.5 * velocity, 1e-5);
    double clipped = 0.5 * dw[i] + pull * x + decay * x; // the factor is for the gradient alone
    double h = v[i] + clipped * clipped;
    EXPECT_NEAR(results.at("adagrad")[i], x - 0.5 * clipped / (std::sqrt(h) + 0.125), 1e-5);
    double mean = 0.75 * v[i] + 0.25 * g, square = 0.5 * v[i] + 0.5 * g * g;
    double step = mean * 4 / (std::sqrt(square * 2) + 0.125);
    EXPECT_NEAR(results.at("adam")[i], x - 0.5 * decay * x - 0.5 * step, 1e-5);
  }
}
