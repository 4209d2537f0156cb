//===- GroupsTest.cpp - weight groups against their definitions -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md section 13, and section 9 with an operand `pull`, weight by weight.
//
//===----------------------------------------------------------------------------------------===//

#include "OneInstruction.h"

#include "runtime/isa/EnumOptional.h.inc"
#include "runtime/isa/StructVAdagradGroups.h.inc"
#include "runtime/isa/StructVAdamGroups.h.inc"
#include "runtime/isa/StructVAdamwGroups.h.inc"
#include "runtime/isa/StructVAdamwLastGroups.h.inc"
#include "runtime/isa/StructVGroupMask.h.inc"
#include "runtime/isa/StructVGroupPull.h.inc"
#include "runtime/isa/StructVGroupSums.h.inc"
#include "runtime/isa/StructVSgdGroups.h.inc"
#include "runtime/isa/StructVSgdNesterovGroups.h.inc"

#include <cmath>
#include <functional>

namespace slp::exec {
namespace {

using format::f32, format::fp16, format::fp8;

constexpr float lr = 0.05f, beta1 = 0.9f, decay = 1e-3f, dampening = 0.25f, beta2 = 0.75f,
                epsilon = 1e-3f, correction1 = 3.0f, correction2 = 2.0f, unscale = 0.125f,
                lrScale = 2.0f, decayScale = 0.5f, eta = lr * lrScale, lambda = decay * decayScale;
const std::vector<std::pair<int, float>> numbers = {
    {0, lr},       {1, beta1},    {2, decay},       {3, dampening},
    {4, beta2},    {5, epsilon},  {6, correction1}, {7, correction2},
    {10, unscale}, {11, lrScale}, {12, decayScale}};

/// Channels that are no multiples of 8, and whole ones.
const std::vector<Shape> shapes = {{12, 19, 2, 3}, {8, 16, 1, 1}, {1, 3, 3, 1}, {17, 8, 1, 2}};

Shape groupsOf(const Shape &w) { return {(w[0] + 7) / 8, (w[1] + 7) / 8, w[2], w[3]}; }

/// Calls `visit(weight, group)` for each weight, both row by row.
void forWeights(const Shape &w, const std::function<void(size_t, size_t)> &visit) {
  Shape g = groupsOf(w);
  size_t at = 0;
  for (int64_t o = 0; o < w[0]; ++o)
    for (int64_t i = 0; i < w[1]; ++i)
      for (int64_t kh = 0; kh < w[2]; ++kh)
        for (int64_t kw = 0; kw < w[3]; ++kw)
          visit(at++, size_t(((o / 8 * g[1] + i / 8) * w[2] + kh) * w[3] + kw));
}

class GroupsTest : public testing::Test {
protected:
  float toFp16(float x) const {
    return num::round(chip.numerics.fp16, chip.numerics.rounding, x, 0, nullptr);
  }
  std::vector<float> random16(const Shape &shape, uint32_t seed) const {
    return randomValues(chip.numerics.fp16, elementsOf(shape), seed);
  }

  /// Checks an update of fp16 states d0, d1, ... by the gradient behind them, the pull behind that
  /// and, in mode present, the factor. `naive` is given an element of each and its g0.
  template <typename Instr>
  void check(Instr instr, int states,
             const std::function<void(std::vector<float> &, float)> &naive) {
    for (const Shape &shape : shapes)
      for (float factor : {1.0f, 0.375f, -1.0f}) {
        SCOPED_TRACE(factor);
        instr.mode = factor == 1.0f ? mach::Optional::absent : mach::Optional::present;
        std::vector<Operand> operands;
        for (int s = 0; s < states; ++s) {
          std::vector<float> values = random16(shape, uint32_t(s) + 1);
          for (float &v : values)
            v = s == 0 ? v : std::fabs(v);
          operands.push_back({fp16, shape, values});
        }
        std::vector<float> dw = randomF32(elementsOf(shape), 9), pull;
        for (int64_t g = 0; g < elementsOf(groupsOf(shape)); ++g)
          pull.push_back(g % 3 == 0 ? -1 : g % 3 == 1 ? 0.0f : 0.0625f * float(g));
        operands.push_back({f32, shape, dw});
        operands.push_back({f32, groupsOf(shape), pull});
        operands.push_back({f32, {}, {factor}});
        std::vector<std::vector<float>> found = runOnce(chip, instr, operands, numbers), expected;
        for (int s = 0; s < states; ++s)
          expected.push_back(operands[size_t(s)].values);
        forWeights(shape, [&](size_t i, size_t g) {
          if (factor < 0 || pull[g] < 0)
            return;
          std::vector<float> element;
          for (int s = 0; s < states; ++s)
            element.push_back(expected[size_t(s)][i]);
          float g0 = factor == 1.0f ? dw[i] * unscale : dw[i] * unscale * factor;
          naive(element, std::fma(pull[g], element[0], g0));
          for (int s = 0; s < states; ++s)
            expected[size_t(s)][i] = toFp16(element[size_t(s)]);
        });
        for (int s = 0; s < states; ++s)
          expectSameBits(found[size_t(s)], expected[size_t(s)]);
      }
  }

  template <typename Instr> Instr sgd() const {
    Instr instr;
    instr.w = 0, instr.v = 1, instr.dw = 2, instr.pull = 3, instr.factor = 4;
    instr.lr = 0, instr.momentum = 1, instr.decay = 2, instr.dampening = 3;
    instr.unscale = 10, instr.lrScale = 11, instr.decayScale = 12;
    return instr;
  }
  template <typename Instr> Instr adam() const {
    Instr instr;
    instr.w = 0, instr.m = 1, instr.v = 2, instr.dw = 3, instr.pull = 4, instr.factor = 5;
    instr.lr = 0, instr.beta1 = 1, instr.decay = 2, instr.beta2 = 4, instr.epsilon = 5;
    instr.correction1 = 6, instr.correction2 = 7;
    instr.unscale = 10, instr.lrScale = 11, instr.decayScale = 12;
    return instr;
  }
  /// The means of Adam, rounded as they are read.
  void means(std::vector<float> &s, float g) const {
    s[1] = toFp16(std::fma(beta1, s[1], (1 - beta1) * g));
    s[2] = toFp16(std::fma(beta2, s[2], (1 - beta2) * g * g));
  }
  static float stepOf(const std::vector<float> &s) {
    return s[1] * correction1 / (std::sqrt(s[2] * correction2) + epsilon);
  }

  chip::Chip chip = chipNamed("asu-fp8");
};

/// tree8 as section 5 has it.
float tree8(const std::vector<float> &v) {
  float e[8] = {};
  for (size_t i = 0; i < v.size(); ++i)
    e[i] = v[i];
  return ((e[0] + e[4]) + (e[2] + e[6])) + ((e[1] + e[5]) + (e[3] + e[7]));
}

TEST_F(GroupsTest, Sums) {
  for (const Shape &w : shapes) {
    Shape g = groupsOf(w);
    std::vector<float> values = random16(w, 3);
    auto found = runOnce(chip, mach::VGroupSums{0, 1, 2, 0},
                         {resultOf(f32, g), resultOf(f32, g), {fp16, w, values}});
    std::vector<float> mean, norm;
    for (int64_t b = 0; b < g[0]; ++b)
      for (int64_t a = 0; a < g[1]; ++a)
        for (int64_t kh = 0; kh < w[2]; ++kh)
          for (int64_t kw = 0; kw < w[3]; ++kw) {
            float magnitudes = 0, squares = 0, count = 0;
            for (int64_t o = 8 * b; o < std::min(8 * b + 8, w[0]); ++o) {
              std::vector<float> row, square;
              for (int64_t i = 8 * a; i < std::min(8 * a + 8, w[1]); ++i) {
                float x = values[size_t(((o * w[1] + i) * w[2] + kh) * w[3] + kw)];
                row.push_back(std::fabs(x));
                square.push_back(x * x);
                count += 1;
              }
              magnitudes = magnitudes + tree8(row);
              squares = squares + tree8(square);
            }
            mean.push_back(magnitudes / count);
            norm.push_back(std::sqrt(squares));
          }
    expectSameBits(found[0], mean);
    expectSameBits(found[1], norm);
  }
}

/// A tile of some groups, of a tile of weights that holds more than theirs.
TEST_F(GroupsTest, SumsOfTiles) {
  Shape w = {12, 19, 2, 3}, g = groupsOf(w);
  std::vector<float> values = random16(w, 3);
  auto whole = runOnce(chip, mach::VGroupSums{0, 1, 2, 0},
                       {resultOf(f32, g), resultOf(f32, g), {fp16, w, values}});
  ProgramBuilder b(chip);
  b.tensor("w", fp16, w);
  b.tensor("mean", f32, g);
  b.tensor("norm", f32, g);
  b.load(2, "w", {{8, 0, 0, 1}, {8, 24, 2, 2}, {}}, space::shared);
  Piece piece = {{1, 1, 1, 1}, {1, 2, 1, 2}, {}};
  b.desc(0, b.chipTile(space::shared, f32, g, piece));
  b.desc(1, b.chipTile(space::shared, f32, g, piece));
  b.emit(mach::VGroupSums{0, 1, 2, 0});
  b.store("mean", 0);
  b.store("norm", 1);
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  writeTensor(*machine, "w", values);
  runStep(*machine);
  for (auto [name, all] : {std::pair("mean", whole[0]), {"norm", whole[1]}}) {
    std::vector<float> expected(all.size(), 0.0f);
    for (int64_t a = 1; a < 3; ++a)
      for (int64_t kw = 1; kw < 3; ++kw) {
        size_t at = size_t(((g[1] + a) * 2 + 1) * 3 + kw);
        expected[at] = all[at];
      }
    expectSameBits(readTensor(*machine, name), expected);
  }
}

TEST_F(GroupsTest, PullAndMask) {
  Shape g = {2, 3, 1, 2};
  std::vector<float> groups, mean, norm, pull, mask;
  for (int i = 0; i < 12; ++i) {
    groups.push_back(i % 4 == 3 ? 0.0f : 1.0f);
    mean.push_back(0.125f * float(i % 5));
    norm.push_back(i % 3 == 0 ? 0.0f : 0.75f * float(i));
  }
  constexpr float lasso = 0.002f, threshold = 0.25f;
  for (size_t i = 0; i < 12; ++i) {
    bool isPulled = mean[i] < threshold && norm[i] > 0;
    pull.push_back(groups[i] == 0 ? -1 : isPulled ? lasso / norm[i] : 0);
    mask.push_back(mean[i] < threshold ? 0 : 1);
  }
  std::vector<float> given = {lasso, threshold, 3};
  auto found = runOnce(
      chip, mach::VGroupPull{0, 1, 2, 3, 4, 0},
      {resultOf(f32, g), {fp8, g, groups}, {f32, g, mean}, {f32, g, norm}, {f32, {3}, given}});
  expectSameBits(found[0], pull);
  found = runOnce(chip, mach::VGroupMask{0, 1, 2, 0},
                  {resultOf(fp8, g), {f32, g, mean}, {f32, {3}, given}});
  expectSameBits(found[0], mask);
}

TEST_F(GroupsTest, Sgd) {
  check(sgd<mach::VSgdGroups>(), 2, [&](std::vector<float> &s, float g0) {
    s[1] = toFp16(std::fma(beta1, s[1], (1 - dampening) * std::fma(lambda, s[0], g0)));
    s[0] = std::fma(-eta, s[1], s[0]);
  });
}

TEST_F(GroupsTest, SgdNesterov) {
  check(sgd<mach::VSgdNesterovGroups>(), 2, [&](std::vector<float> &s, float g0) {
    float g = std::fma(lambda, s[0], g0);
    s[1] = toFp16(std::fma(beta1, s[1], (1 - dampening) * g));
    s[0] = std::fma(-eta, std::fma(beta1, s[1], g), s[0]);
  });
}

TEST_F(GroupsTest, Adagrad) {
  mach::VAdagradGroups instr;
  instr.w = 0, instr.h = 1, instr.dw = 2, instr.pull = 3, instr.factor = 4;
  instr.lr = 0, instr.decay = 2, instr.epsilon = 5;
  instr.unscale = 10, instr.lrScale = 11, instr.decayScale = 12;
  check(instr, 2, [&](std::vector<float> &s, float g0) {
    float g = std::fma(lambda, s[0], g0);
    s[1] = toFp16(std::fma(g, g, s[1]));
    s[0] = std::fma(-eta, g / (std::sqrt(s[1]) + epsilon), s[0]);
  });
}

TEST_F(GroupsTest, Adam) {
  check(adam<mach::VAdamGroups>(), 3, [&](std::vector<float> &s, float g0) {
    means(s, std::fma(lambda, s[0], g0));
    s[0] = std::fma(-eta, stepOf(s), s[0]);
  });
}

TEST_F(GroupsTest, AdamwDecayFirstAndLast) {
  check(adam<mach::VAdamwGroups>(), 3, [&](std::vector<float> &s, float g0) {
    means(s, g0);
    s[0] = std::fma(-eta, stepOf(s), std::fma(-(eta * lambda), s[0], s[0]));
  });
  check(adam<mach::VAdamwLastGroups>(), 3, [&](std::vector<float> &s, float g0) {
    means(s, g0);
    float rate = eta * correction1 / std::sqrt(correction2);
    float r = std::fma(-rate, s[1] / (std::sqrt(s[2]) + epsilon), s[0]);
    s[0] = std::fma(-(eta * lambda), r, r);
  });
}

/// The message of a run that must fail.
std::string faultOf(ProgramBuilder &b) {
  std::unique_ptr<Machine> machine = b.build();
  if (!machine)
    return "";
  Status s = machine->run("step", {});
  return s.ok() ? "" : s.message();
}

TEST_F(GroupsTest, Faults) {
  auto faultOfSums = [&](const Shape &groups) {
    ProgramBuilder b(chip);
    b.tensor("w", fp16, {12, 19, 1, 1});
    b.tensor("mean", f32, groups);
    b.load(2, "w", space::shared);
    b.load(0, "mean", space::shared);
    b.load(1, "mean", space::shared);
    b.emit(mach::VGroupSums{0, 1, 2, 0});
    return faultOf(b);
  };
  EXPECT_NE(faultOfSums({2, 2, 1, 1})
                .find("operand `mean` has 2 elements in dimension 1, expected 3 for 19 of the "
                      "weights"),
            std::string::npos);
  EXPECT_EQ(faultOfSums({2, 3, 1, 1}), "");

  auto faultOfNumbers = [&](int64_t count) {
    ProgramBuilder b(chip);
    b.tensor("mean", f32, {1, 1, 1, 1});
    b.tensor("numbers", f32, {count});
    b.load(0, "mean", space::shared);
    b.load(1, "mean", space::shared);
    b.load(2, "numbers", space::shared);
    b.emit(mach::VGroupMask{0, 1, 2, 0});
    return faultOf(b);
  };
  EXPECT_NE(faultOfNumbers(2).find("the tile of `numbers` holds 2 of 2 elements, expected all of "
                                   "3"),
            std::string::npos);
  EXPECT_EQ(faultOfNumbers(3), "");

  ProgramBuilder b(chip);
  b.tensor("w", fp16, {64});
  b.tensor("pull", f32, {1, 1, 1, 1});
  for (uint8_t reg : {0, 1, 2})
    b.load(reg, "w", space::shared);
  b.load(3, "pull", space::shared);
  b.emit(sgd<mach::VSgdGroups>());
  EXPECT_NE(faultOf(b).find("operand `w` has rank 1, expected 4 with weight groups"),
            std::string::npos);
}

/// A chip without the feature refuses the program.
TEST_F(GroupsTest, NeedTheFeature) {
  ProgramBuilder b(chipNamed("lnpu"));
  b.tensor("mean", f32, {1, 1, 1, 1});
  b.tensor("numbers", f32, {3});
  b.load(0, "mean", space::shared);
  b.load(1, "mean", space::shared);
  b.load(2, "numbers", space::shared);
  b.emit(mach::VGroupMask{0, 1, 2, 0});
  Result<std::unique_ptr<Machine>> machine = Machine::create(b.chip, b.image);
  ASSERT_FALSE(machine.ok());
  EXPECT_NE(machine.message().find("weight-groups"), std::string::npos) << machine.message();
}

} // namespace
} // namespace slp::exec
