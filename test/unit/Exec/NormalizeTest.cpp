//===- NormalizeTest.cpp - reductions and normalisation against naive loops -------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md section 5 written as loops over all coordinates; a reduction in tiles must give
// the same bits as one in a piece.
//
//===----------------------------------------------------------------------------------------===//

#include "ProgramBuilder.h"

#include "runtime/isa/AccModeZero.h.inc"
#include "runtime/isa/EnumReduceFunction.h.inc"
#include "runtime/isa/InstrNormalize.h.inc"
#include "runtime/isa/StructHyper.h.inc"
#include "runtime/isa/StructSt.h.inc"
#include "runtime/num/Random.h"
#include "runtime/num/RowSum.h"

#include <cmath>

namespace slp::exec {
namespace {

using format::f32, format::fp16;

/// x (3, 5, 4, 19) by dimension 1.
constexpr int64_t images = 3, channels = 5, rows = 4, width = 19;
const Shape imageShape{images, channels, rows, width}, channelShape{1, channels, 1, 1};
constexpr uint64_t allButChannels = 0b1101;

size_t at(int64_t n, int64_t c, int64_t h, int64_t w) {
  return size_t(((n * channels + c) * rows + h) * width + w);
}

/// sum over everything but the channel of term(index, channel).
template <typename F> std::vector<float> sumByChannel(F term) {
  std::vector<float> sums;
  for (int64_t c = 0; c < channels; ++c) {
    float sum = 0.0f, row[width];
    for (int64_t n = 0; n < images; ++n)
      for (int64_t h = 0; h < rows; ++h) {
        for (int64_t w = 0; w < width; ++w)
          row[w] = term(at(n, c, h, w), size_t(c));
        sum = sum + num::rowSum(row, size_t(width));
      }
    sums.push_back(sum);
  }
  return sums;
}

class NormalizeTest : public testing::Test {
protected:
  NormalizeTest() : chip(chipNamed("lnpu")), b(chip) {}

  void output(uint8_t reg, mach::Format f, const Shape &shape) {
    b.desc(reg, b.chipTile(space::spm, f, shape, {Shape(shape.size(), 0), shape, {}}));
  }
  void number(uint8_t reg, float value) { b.emit(mach::Hyper{reg, num::bitsOf(value)}); }
  mach::VReduce reduce(uint8_t dst, uint8_t src, uint8_t mean, mach::ReduceFunction fn,
                       uint64_t axes) {
    mach::VReduce instr;
    instr.dst = dst;
    instr.src = src;
    instr.mean = mean;
    instr.mode = mach::accMode::zero;
    instr.axes = axes;
    instr.fn = fn;
    return instr;
  }

  chip::Chip chip;
  ProgramBuilder b;
};

TEST_F(NormalizeTest, ReductionsByChannel) {
  using Function = mach::ReduceFunction;
  const Function all[] = {Function::sum,      Function::sum_square, Function::sum_abs,
                          Function::variance, Function::max,        Function::min};
  b.tensor("x", f32, imageShape);
  b.tensor("mean", f32, channelShape);
  b.load(0, "x");
  b.load(1, "mean");
  for (Function fn : all) {
    std::string name(mach::toString(fn));
    b.tensor(name, f32, channelShape);
    b.tensor(name + ".tiles", f32, channelShape);
    output(2, f32, channelShape);
    b.emit(reduce(2, 0, 1, fn, allButChannels));
    b.store(name, 2);
    // One image and two rows at a time.
    output(3, f32, channelShape);
    for (int64_t n = 0; n < images; ++n)
      for (int64_t h = 0; h < rows; h += 2) {
        b.load(4, "x", {{n, 0, h, 0}, {1, channels, 2, width}, {}});
        b.emit(reduce(3, 4, 1, fn, allButChannels));
      }
    b.store(name + ".tiles", 3);
  }
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  std::vector<float> x = randomF32(elementsOf(imageShape), 1), mean = randomF32(channels, 2);
  writeTensor(*machine, "x", x);
  writeTensor(*machine, "mean", mean);
  runStep(*machine);
  auto expect = [&](const std::string &name, const std::vector<float> &values) {
    expectSameBits(readTensor(*machine, name), values);
    expectSameBits(readTensor(*machine, name + ".tiles"), values);
  };
  expect("sum", sumByChannel([&](size_t i, size_t) { return x[i]; }));
  expect("sum_square", sumByChannel([&](size_t i, size_t) { return x[i] * x[i]; }));
  expect("sum_abs", sumByChannel([&](size_t i, size_t) { return std::fabs(x[i]); }));
  expect("variance", sumByChannel([&](size_t i, size_t c) {
           float difference = x[i] - mean[c];
           return difference * difference;
         }));
  std::vector<float> largest(channels, -INFINITY), smallest(channels, INFINITY);
  for (size_t i = 0; i < x.size(); ++i) {
    size_t c = i / size_t(rows * width) % size_t(channels);
    largest[c] = std::max(largest[c], x[i]);
    smallest[c] = std::min(smallest[c], x[i]);
  }
  expect("max", largest);
  expect("min", smallest);
}

TEST_F(NormalizeTest, SumsLongRowsInPieces) {
  // Two whole pieces of 4096 and a rest.
  constexpr int64_t n = 2 * 4096 + 37;
  b.tensor("x", f32, {2, n});
  b.tensor("whole", f32, {2, 1});
  b.tensor("tiles", f32, {2, 1});
  b.load(0, "x");
  output(1, f32, {2, 1});
  b.emit(reduce(1, 0, 0, mach::ReduceFunction::sum, 0b10));
  b.store("whole", 1);
  output(2, f32, {2, 1});
  for (int64_t i = 0; i < n; i += 4096) {
    b.load(3, "x", {{0, i}, {2, 4096}, {}});
    b.emit(reduce(2, 3, 3, mach::ReduceFunction::sum, 0b10));
  }
  b.store("tiles", 2);
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  std::vector<float> x = randomF32(2 * n, 1), expected;
  writeTensor(*machine, "x", x);
  runStep(*machine);
  for (int64_t row : {0, 1}) {
    float sum = 0.0f;
    for (int64_t i = 0; i < n; i += 4096)
      sum = sum + num::rowSum(&x[size_t(row * n + i)], size_t(std::min<int64_t>(4096, n - i)));
    expected.push_back(sum);
  }
  expectSameBits(readTensor(*machine, "whole"), expected);
  expectSameBits(readTensor(*machine, "tiles"), expected);
}

TEST_F(NormalizeTest, RefusesTilesThatBreakTheOrder) {
  b.tensor("x", f32, {2, 5000});
  b.load(0, "x", {{0, 100}, {2, 4096}, {}});
  output(1, f32, {2, 1});
  b.emit(reduce(1, 0, 0, mach::ReduceFunction::sum, 0b10));
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  Status s = machine->run("step", {});
  ASSERT_FALSE(s.ok());
  EXPECT_NE(s.message().find("expected whole pieces of 4096"), std::string::npos) << s.message();
}

TEST_F(NormalizeTest, RefusesAResultThatIsNotReduced) {
  b.tensor("x", f32, {2, 8});
  b.load(0, "x");
  output(1, f32, {2, 8});
  b.emit(reduce(1, 0, 0, mach::ReduceFunction::sum, 0b10));
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  Status s = machine->run("step", {});
  ASSERT_FALSE(s.ok());
  EXPECT_NE(s.message().find("which is reduced, expected 1"), std::string::npos) << s.message();
}

TEST_F(NormalizeTest, ForwardAndBackward) {
  for (const char *name : {"x", "dy"})
    b.tensor(name, f32, imageShape);
  for (const char *name : {"mean", "var", "scale", "bias", "sum", "products"})
    b.tensor(name, f32, channelShape);
  b.tensor("y", fp16, imageShape);
  for (const char *name : {"dx", "unscaled", "fixed"})
    b.tensor(name, f32, imageShape);
  constexpr float epsilon = 1e-3f, count = images * rows * width;
  number(10, epsilon);
  number(11, count);
  b.load(0, "x");
  b.load(1, "dy");
  b.load(2, "mean");
  b.load(3, "var");
  b.load(4, "scale");
  b.load(5, "bias");
  output(6, fp16, imageShape);
  output(12, f32, channelShape);
  b.emit(mach::VInverseDeviation{12, 3, 10, 0});
  b.emit(mach::VNormalize{6, 0, 2, 12, 4, 5, 0});
  b.store("y", 6);
  output(7, f32, channelShape);
  output(8, f32, channelShape);
  b.emit(mach::VNormalizeSums{7, 8, 1, 0, 2, 12, mach::accMode::zero, allButChannels, 0});
  b.store("sum", 7);
  b.store("products", 8);
  b.emit(mach::VSpread{7, 7, 11, 0}); // in place
  b.emit(mach::VSpread{8, 8, 11, 0});
  output(9, f32, imageShape);
  mach::VNormalizeGrad gradient;
  gradient.dst = 9, gradient.dy = 1, gradient.x = 0, gradient.mean = 2, gradient.inverse = 12;
  gradient.sum = 7, gradient.products = 8, gradient.scale = 4;
  gradient.scaled = 1;
  b.emit(gradient);
  b.store("dx", 9);
  gradient.scaled = 0;
  b.emit(gradient);
  b.store("unscaled", 9);
  b.emit(mach::VNormalizeFixedGrad{9, 1, 12, 4, 0});
  b.store("fixed", 9);
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  int64_t n = elementsOf(imageShape);
  std::vector<float> x = randomF32(n, 1), dy = randomF32(n, 2), mean = randomF32(channels, 3);
  std::vector<float> scale = randomF32(channels, 4), bias = randomF32(channels, 5);
  std::vector<float> var(channels, 0.0f);
  for (size_t c = 0; c < channels; ++c)
    var[c] = 0.25f + float(c) * 0.3f;
  for (auto [name, values] : {std::pair("x", &x),
                              {"dy", &dy},
                              {"mean", &mean},
                              {"var", &var},
                              {"scale", &scale},
                              {"bias", &bias}})
    writeTensor(*machine, name, *values);
  runStep(*machine);
  auto rstd = [&](size_t c) {
    float root = std::sqrt(var[c] + epsilon);
    return 1.0f / root;
  };
  auto normal = [&](size_t i, size_t c) { return (x[i] - mean[c]) * rstd(c); };
  std::vector<float> sums = sumByChannel([&](size_t i, size_t) { return dy[i]; });
  std::vector<float> products =
      sumByChannel([&](size_t i, size_t c) { return dy[i] * normal(i, c); });
  expectSameBits(readTensor(*machine, "sum"), sums);
  expectSameBits(readTensor(*machine, "products"), products);
  std::vector<float> y, dx, unscaled, fixed;
  for (size_t i = 0; i < x.size(); ++i) {
    size_t c = i / size_t(rows * width) % size_t(channels);
    y.push_back(num::round(chip.numerics.fp16, chip.numerics.rounding,
                           std::fma(normal(i, c), scale[c], bias[c]), 0, nullptr));
    float centred = dy[i] - sums[c] / count;
    float inner = std::fma(-normal(i, c), products[c] / count, centred) * rstd(c);
    unscaled.push_back(inner + 0.0f);
    dx.push_back(inner * scale[c] + 0.0f);
    fixed.push_back((dy[i] * scale[c]) * rstd(c) + 0.0f);
  }
  expectSameBits(readTensor(*machine, "y"), y);
  expectSameBits(readTensor(*machine, "dx"), dx);
  expectSameBits(readTensor(*machine, "unscaled"), unscaled);
  expectSameBits(readTensor(*machine, "fixed"), fixed);
}

TEST_F(NormalizeTest, DropoutCountsByLogicalIndex) {
  const Shape shape{6, 50};
  b.tensor("x", f32, shape);
  b.tensor("whole", f32, shape);
  b.tensor("mask", f32, shape);
  b.tensor("tiles", f32, shape);
  mach::VDropout dropout;
  dropout.dst = 1, dropout.src = 0, dropout.run = 8, dropout.factor = 10;
  dropout.seed = 3, dropout.stream = 0x80000001, dropout.threshold = 0x40000000;
  number(8, 5);
  number(10, 1.0f / 0.75f);
  b.load(0, "x");
  output(1, f32, shape);
  b.emit(dropout);
  b.store("whole", 1);
  dropout.ones = 1;
  b.emit(dropout);
  b.store("mask", 1);
  dropout.ones = 0;
  dropout.src = 2, dropout.dst = 3;
  for (int64_t n = 0; n < 6; n += 2)
    for (int64_t i = 0; i < 50; i += 20) {
      Piece piece{{n, i}, {2, 20}, {}};
      b.load(2, "x", piece);
      b.desc(3, b.chipTile(space::spm, f32, shape, piece));
      b.emit(dropout);
      b.desc(31, b.dramTile("tiles", piece));
      b.emit(mach::St{31, 3, 0});
    }
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  std::vector<float> x = randomF32(300, 1), expected, mask;
  writeTensor(*machine, "x", x);
  runStep(*machine);
  int dropped = 0;
  for (uint32_t i = 0; i < 300; ++i) {
    bool isDropped = num::philox4x32({i, 0, 5, 0}, {3, 0x80000001})[0] < 0x40000000;
    dropped += isDropped;
    mask.push_back(isDropped ? 0.0f : 1.0f);
    expected.push_back(isDropped ? 0.0f : x[i] * (1.0f / 0.75f) + 0.0f);
  }
  expectSameBits(readTensor(*machine, "whole"), expected);
  expectSameBits(readTensor(*machine, "tiles"), expected);
  expectSameBits(readTensor(*machine, "mask"), mask);
  EXPECT_NEAR(dropped, 75, 25);
}

TEST_F(NormalizeTest, MovingAverageFillAndSpread) {
  b.tensor("old", f32, {7});
  b.tensor("fresh", f32, {7});
  b.tensor("moved", f32, {7});
  b.tensor("filled", fp16, {7});
  b.tensor("column", f32, {3, 1});
  b.tensor("spread", f32, {3, 4});
  number(10, 0.9f);
  number(11, 1.0f - 0.9f);
  number(12, 3.0f);
  b.load(0, "old");
  b.load(1, "fresh");
  b.emit(mach::VMovingAverage{0, 0, 1, 10, 11, 0}); // in place
  b.store("moved", 0);
  output(2, fp16, {7});
  b.emit(mach::VFill{2, 12, 0});
  b.store("filled", 2);
  b.load(3, "column");
  output(4, f32, {3, 4});
  b.emit(mach::VSpread{4, 3, 12, 0});
  b.store("spread", 4);
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  std::vector<float> old = randomF32(7, 1), fresh = randomF32(7, 2), column = {1, -2, 5};
  writeTensor(*machine, "old", old);
  writeTensor(*machine, "fresh", fresh);
  writeTensor(*machine, "column", column);
  runStep(*machine);
  std::vector<float> moved, spread;
  for (size_t i = 0; i < 7; ++i)
    moved.push_back(std::fma(old[i], 0.9f, fresh[i] * (1.0f - 0.9f)) + 0.0f);
  for (float value : column)
    spread.insert(spread.end(), 4, value / 3.0f);
  expectSameBits(readTensor(*machine, "moved"), moved);
  expectSameBits(readTensor(*machine, "filled"), std::vector<float>(7, 3.0f));
  expectSameBits(readTensor(*machine, "spread"), spread);
}

} // namespace
} // namespace slp::exec
