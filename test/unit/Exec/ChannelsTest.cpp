//===- ChannelsTest.cpp - sums and statistics by channel against naive loops ------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md section 5, "Sums by channel" and `statistics`, written as loops over all
// coordinates, for every rank; whole tensors and tiles of few images, strips and rows must give the
// same bits. How far the variance is from its value in FP64.
//
//===----------------------------------------------------------------------------------------===//

#include "ProgramBuilder.h"

#include "runtime/isa/AccModeZero.h.inc"
#include "runtime/isa/InstrNormalize.h.inc"
#include "runtime/isa/InstrSequencer.h.inc"

#include <cmath>
#include <functional>

namespace slp::exec {
namespace {

using format::f32, format::fp16;

/// A shape as images, channels, rows and columns.
struct Planes {
  int64_t images = 1, channels, rows = 1, columns;
  bool isTransposed = false;

  explicit Planes(const Shape &shape) : channels(shape[1]), columns(shape.back()) {
    if (shape.size() == 2) {
      columns = shape[0];
      isTransposed = true;
      return;
    }
    images = shape[0];
    for (size_t d = 2; d + 1 < shape.size(); ++d)
      rows *= shape[d];
  }
  int64_t strips() const { return (columns + 7) / 8; }
  size_t at(int64_t n, int64_t c, int64_t row, int64_t column) const {
    return size_t(isTransposed ? column * channels + c
                               : ((n * channels + c) * rows + row) * columns + column);
  }
};

float tree8(const std::vector<float> &v) {
  float e[8] = {};
  std::copy(v.begin(), v.end(), e);
  float p[4], q[2];
  for (int j = 0; j < 4; ++j)
    p[j] = e[j] + e[j + 4];
  for (int j = 0; j < 2; ++j)
    q[j] = p[j] + p[j + 2];
  return q[0] + q[1];
}

using Term = std::function<float(size_t)>;

float partial(const Planes &p, int64_t n, int64_t c, int64_t s, const Term &term) {
  float sum = 0.0f;
  for (int64_t row = 0; row < p.rows; ++row) {
    std::vector<float> v;
    for (int64_t i = 8 * s; i < std::min(8 * s + 8, p.columns); ++i)
      v.push_back(term(p.at(n, c, row, i)));
    sum = sum + tree8(v);
  }
  return sum;
}

std::vector<float> channelSums(const Planes &p, const Term &term) {
  std::vector<float> sums;
  for (int64_t c = 0; c < p.channels; ++c) {
    float sum = 0.0f;
    for (int64_t n = 0; n < p.images; ++n)
      for (int64_t s = 0; s < p.strips(); ++s)
        sum = sum + partial(p, n, c, s, term);
    sums.push_back(sum);
  }
  return sums;
}

/// Mean and variance of channel c.
std::pair<float, float> statisticsOf(const Planes &p, int64_t c, const std::vector<float> &x) {
  int64_t before = 0;
  float mean = 0.0f, squares = 0.0f;
  for (int64_t n = 0; n < p.images; ++n)
    for (int64_t s = 0; s < p.strips(); ++s) {
      float k = x[p.at(n, c, 0, 8 * s)];
      float s1 = partial(p, n, c, s, [&](size_t i) { return x[i] - k; });
      float s2 = partial(p, n, c, s, [&](size_t i) { return (x[i] - k) * (x[i] - k); });
      int64_t count = p.rows * std::min<int64_t>(8, p.columns - 8 * s);
      float q = s1 / float(count), m = k + q, big = std::fma(-s1, q, s2);
      if (before == 0) {
        mean = m;
        squares = big;
      } else {
        float delta = m - mean, f = float(count) / float(before + count);
        mean = std::fma(delta, f, mean);
        squares = (squares + big) + (delta * delta) * (float(before) * f);
      }
      before += count;
    }
  return {mean, (squares > 0.0f ? squares : 0.0f) / float(before)};
}

/// Tiles of a channel's tensor.
struct Cut {
  int64_t images, strips, rows; // of a tile
};

class ChannelsTest : public testing::TestWithParam<Shape> {
protected:
  ChannelsTest() : chip(chipNamed("lnpu")), b(chip), shape(GetParam()), planes(shape) {}

  mach::TensorTile buffer(mach::Format f, const Shape &extent, const Piece &piece) {
    return b.chipTile(space::spm, f, extent, piece);
  }
  Shape partsShape(bool hasNumbers) const {
    Shape parts = {planes.images, planes.channels, planes.strips()};
    if (hasNumbers)
      parts.push_back(3);
    return parts;
  }
  /// Strips from `strip` on of a tile.
  Piece partsPiece(const Cut &cut, int64_t image, int64_t strip, bool hasNumbers) const {
    Piece piece{{image, 0, strip}, {cut.images, planes.channels, cut.strips}, {}};
    if (hasNumbers) {
      piece.origin.push_back(0);
      piece.tile.push_back(3);
    }
    return piece;
  }
  /// Rows from `row` on, of the last dimension of rows, of a tile of the tensor itself.
  std::vector<Piece> rowPieces(const Cut &cut, int64_t image, int64_t strip) const {
    if (shape.size() == 2)
      return {{{8 * strip, 0}, {8 * cut.strips, shape[1]}, {}}};
    Piece piece{{image, 0}, {cut.images, shape[1]}, {}};
    if (shape.size() == 3) {
      piece.origin.push_back(8 * strip);
      piece.tile.push_back(8 * cut.strips);
      return {piece};
    }
    std::vector<Piece> pieces;
    int64_t depth = shape.size() == 5 ? shape[2] : 1, rows = shape[shape.size() - 2];
    for (int64_t d = 0; d < depth; ++d)
      for (int64_t row = 0; row < rows; row += cut.rows) {
        Piece part = piece;
        if (shape.size() == 5) {
          part.origin.push_back(d);
          part.tile.push_back(1);
        }
        for (auto [origin, size] : {std::pair(row, cut.rows), {8 * strip, 8 * cut.strips}}) {
          part.origin.push_back(origin);
          part.tile.push_back(size);
        }
        pieces.push_back(part);
      }
    return pieces;
  }
  /// Emits `makeParts` for tiles of rows and `join` for what they make; destinations are there.
  template <typename Make, typename Join> void inTiles(const Cut &cut, Make makeParts, Join join) {
    for (int64_t n = 0; n < planes.images; n += cut.images)
      for (int64_t s = 0; s < planes.strips(); s += cut.strips) {
        bool isFirst = true;
        for (const Piece &rows : rowPieces(cut, n, s)) {
          makeParts(cut, n, s, rows, isFirst);
          isFirst = false;
        }
        join();
      }
  }

  chip::Chip chip;
  ProgramBuilder b;
  Shape shape;
  Planes planes;
};

/// All in one tile is the last.
std::vector<Cut> cutsOf(const Planes &p) { return {{1, 1, 2}, {1, 2, 1}, {2, p.strips(), 2}}; }

TEST_P(ChannelsTest, SumsAndStatistics) {
  b.tensor("x", fp16, shape);
  std::vector<Cut> cuts = cutsOf(planes);
  const Shape channels = {planes.channels};
  for (size_t i = 0; i <= cuts.size(); ++i) {
    for (const char *name : {"sum", "mean", "var"})
      b.tensor(name + std::to_string(i), f32, channels);
    for (uint8_t reg : {10, 11, 12})
      b.desc(reg, buffer(f32, channels, {{0}, channels, {}}));
    if (i == cuts.size()) {
      b.load(0, "x");
      b.desc(1, buffer(f32, partsShape(false),
                       partsPiece({planes.images, planes.strips(), 0}, 0, 0, false)));
      b.desc(2, buffer(f32, partsShape(true),
                       partsPiece({planes.images, planes.strips(), 0}, 0, 0, true)));
      b.emit(mach::VChannelSums{1, 0, mach::accMode::zero, 0});
      b.emit(mach::VStatistics{2, 0, mach::accMode::zero, 0});
      b.emit(mach::VChannelJoin{10, 1, mach::accMode::zero, 0});
      b.emit(mach::VStatisticsJoin{11, 12, 2, mach::accMode::zero, uint64_t(planes.rows),
                                   uint64_t(planes.columns), 0});
    } else {
      inTiles(
          cuts[i],
          [&](const Cut &cut, int64_t n, int64_t s, const Piece &rows, bool isFirst) {
            b.load(0, "x", rows);
            if (isFirst) {
              b.desc(1, buffer(f32, partsShape(false), partsPiece(cut, n, s, false)));
              b.desc(2, buffer(f32, partsShape(true), partsPiece(cut, n, s, true)));
            }
            b.emit(mach::VChannelSums{1, 0, mach::accMode::zero, 0});
            b.emit(mach::VStatistics{2, 0, mach::accMode::zero, 0});
          },
          [&] {
            b.emit(mach::VChannelJoin{10, 1, mach::accMode::zero, 0});
            b.emit(mach::VStatisticsJoin{11, 12, 2, mach::accMode::zero, uint64_t(planes.rows),
                                         uint64_t(planes.columns), 0});
          });
    }
    b.store("sum" + std::to_string(i), 10);
    b.store("mean" + std::to_string(i), 11);
    b.store("var" + std::to_string(i), 12);
  }
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  std::vector<float> x = randomF32(elementsOf(shape), 1);
  for (float &value : x) // values of the format
    value = num::round(chip.numerics.fp16, num::Rounding::nearestEven, value + 3.0f, 0, nullptr);
  writeTensor(*machine, "x", x);
  runStep(*machine);
  std::vector<float> mean, var, sum = channelSums(planes, [&](size_t i) { return x[i]; });
  for (int64_t c = 0; c < planes.channels; ++c) {
    mean.push_back(statisticsOf(planes, c, x).first);
    var.push_back(statisticsOf(planes, c, x).second);
  }
  for (size_t i = 0; i <= cuts.size(); ++i) {
    expectSameBits(readTensor(*machine, "sum" + std::to_string(i)), sum);
    expectSameBits(readTensor(*machine, "mean" + std::to_string(i)), mean);
    expectSameBits(readTensor(*machine, "var" + std::to_string(i)), var);
  }
}

TEST_P(ChannelsTest, SumsOfANormalization) {
  Shape kept(shape.size(), 1);
  kept[1] = shape[1];
  constexpr float epsilon = 1e-3f;
  b.tensor("x", f32, shape);
  b.tensor("dy", f32, shape);
  b.tensor("mean", f32, kept);
  b.tensor("var", f32, kept);
  b.emit(mach::Hyper{10, num::bitsOf(epsilon)});
  b.load(2, "mean");
  b.load(3, "var");
  b.desc(6, buffer(f32, kept, {Shape(kept.size(), 0), kept, {}}));
  b.emit(mach::VInverseDeviation{6, 3, 10, 0});
  std::vector<Cut> cuts = cutsOf(planes);
  const Shape channels = {planes.channels};
  for (size_t i = 0; i < cuts.size(); ++i) {
    for (const char *name : {"sum", "products"})
      b.tensor(name + std::to_string(i), f32, channels);
    for (uint8_t reg : {10, 11})
      b.desc(reg, buffer(f32, channels, {{0}, channels, {}}));
    inTiles(
        cuts[i],
        [&](const Cut &cut, int64_t n, int64_t s, const Piece &rows, bool isFirst) {
          b.load(0, "x", rows);
          b.load(1, "dy", rows);
          if (isFirst)
            for (uint8_t reg : {4, 5})
              b.desc(reg, buffer(f32, partsShape(false), partsPiece(cut, n, s, false)));
          b.emit(mach::VNormalizeChannelSums{4, 5, 1, 0, 2, 6, mach::accMode::zero, 0});
        },
        [&] {
          b.emit(mach::VChannelJoin{10, 4, mach::accMode::zero, 0});
          b.emit(mach::VChannelJoin{11, 5, mach::accMode::zero, 0});
        });
    b.store("sum" + std::to_string(i), 10);
    b.store("products" + std::to_string(i), 11);
  }
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  std::vector<float> x = randomF32(elementsOf(shape), 1), dy = randomF32(elementsOf(shape), 2);
  std::vector<float> mean = randomF32(planes.channels, 3), var = randomF32(planes.channels, 4);
  for (float &v : var)
    v = std::fabs(v);
  for (auto [name, values] : {std::pair("x", &x), {"dy", &dy}, {"mean", &mean}, {"var", &var}})
    writeTensor(*machine, name, *values);
  runStep(*machine);
  std::vector<float> products, sums = channelSums(planes, [&](size_t i) { return dy[i]; });
  for (int64_t c = 0; c < planes.channels; ++c) {
    float root = std::sqrt(var[size_t(c)] + epsilon), r = 1.0f / root;
    products.push_back(channelSums(
        planes, [&](size_t i) { return dy[i] * ((x[i] - mean[size_t(c)]) * r); })[size_t(c)]);
  }
  for (size_t i = 0; i < cuts.size(); ++i) {
    expectSameBits(readTensor(*machine, "sum" + std::to_string(i)), sums);
    expectSameBits(readTensor(*machine, "products" + std::to_string(i)), products);
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, ChannelsTest,
                         testing::Values(Shape{3, 5, 4, 19}, Shape{4, 3, 5, 16}, Shape{3, 2, 1, 1},
                                         Shape{3, 5, 19}, Shape{21, 5}, Shape{1, 3},
                                         Shape{2, 3, 2, 3, 11}));

/// Channels in groups, as convolutions have them: the parts are those of the same channels without.
TEST(ChannelGroups, HaveTheSameParts) {
  chip::Chip chip = chipNamed("lnpu");
  ProgramBuilder b(chip);
  const Shape grouped = {2, 3, 2, 4, 19}, parts = {2, 3, 2, 3}, threes = {2, 3, 2, 3, 3};
  const Planes planes({2, 6, 4, 19});
  b.tensor("x", f32, grouped);
  b.tensor("sums", f32, parts);
  b.tensor("statistics", f32, threes);
  b.desc(1, b.chipTile(space::spm, f32, parts, {Shape(4, 0), parts, {}}));
  b.desc(2, b.chipTile(space::spm, f32, threes, {Shape(5, 0), threes, {}}));
  for (int64_t row = 0; row < 4; row += 2) { // rows come in order
    b.load(0, "x", {{0, 0, 0, row, 0}, {2, 3, 2, 2, 19}, {}});
    b.emit(mach::VChannelSums{1, 0, mach::accMode::zero, 0});
    b.emit(mach::VStatistics{2, 0, mach::accMode::zero, 0});
  }
  b.store("sums", 1);
  b.store("statistics", 2);
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  std::vector<float> x = randomF32(elementsOf(grouped), 1), sums, statistics;
  writeTensor(*machine, "x", x);
  runStep(*machine);
  for (int64_t n = 0; n < 2; ++n)
    for (int64_t c = 0; c < 6; ++c)
      for (int64_t s = 0; s < 3; ++s) {
        float k = x[planes.at(n, c, 0, 8 * s)];
        sums.push_back(partial(planes, n, c, s, [&](size_t i) { return x[i]; }));
        statistics.push_back(k);
        statistics.push_back(partial(planes, n, c, s, [&](size_t i) { return x[i] - k; }));
        statistics.push_back(
            partial(planes, n, c, s, [&](size_t i) { return (x[i] - k) * (x[i] - k); }));
      }
  expectSameBits(readTensor(*machine, "sums"), sums);
  expectSameBits(readTensor(*machine, "statistics"), statistics);
}

/// The largest relative error of a variance, of drawn shapes, means of up to 10^3 deviations and
/// drawn elements; one of the first elements may lie far from all others.
TEST(Statistics, AreThoseOfFp64) {
  std::mt19937_64 random(20260929);
  double worst = 0;
  for (int round = 0; round < 60; ++round) {
    SCOPED_TRACE("seed 20260929, round " + std::to_string(round));
    auto draw = [&](int64_t from, int64_t to) {
      return from + int64_t(random() % uint64_t(to - from + 1));
    };
    Shape shape = {draw(1, 6), draw(1, 3), draw(1, 30), draw(1, 60)};
    if (round % 5 == 3)
      shape = {draw(2, 400), draw(1, 3)};
    else if (round % 5 == 4)
      shape = {draw(1, 4), draw(1, 3), draw(2, 900)};
    Planes p(shape);
    std::normal_distribution<double> normal;
    double deviation = std::exp2(double(draw(-6, 6)));
    double mean = deviation * std::pow(10.0, double(draw(0, 12)) / 4) * (round % 2 ? -1 : 1);
    std::vector<float> x;
    for (int64_t i = 0; i < elementsOf(shape); ++i)
      x.push_back(float(mean + deviation * normal(random)));
    if (round % 4 == 1)
      x[0] += float(20 * deviation);
    ProgramBuilder b(chipNamed("lnpu"));
    b.tensor("x", f32, shape);
    b.tensor("mean", f32, {p.channels});
    b.tensor("var", f32, {p.channels});
    b.load(0, "x");
    Shape parts = {p.images, p.channels, p.strips(), 3};
    b.desc(1, b.chipTile(space::spm, f32, parts, {{0, 0, 0, 0}, parts, {}}));
    for (uint8_t reg : {2, 3})
      b.desc(reg, b.chipTile(space::spm, f32, {p.channels}, {{0}, {p.channels}, {}}));
    b.emit(mach::VStatistics{1, 0, mach::accMode::zero, 0});
    b.emit(mach::VStatisticsJoin{2, 3, 1, mach::accMode::zero, uint64_t(p.rows),
                                 uint64_t(p.columns), 0});
    b.store("mean", 2);
    b.store("var", 3);
    std::unique_ptr<Machine> machine = b.build();
    ASSERT_TRUE(machine);
    writeTensor(*machine, "x", x);
    runStep(*machine);
    std::vector<float> means = readTensor(*machine, "mean"), vars = readTensor(*machine, "var");
    int64_t count = elementsOf(shape) / p.channels;
    for (int64_t c = 0; c < p.channels; ++c) {
      double sum = 0, squares = 0;
      auto forEach = [&](auto f) {
        for (int64_t n = 0; n < p.images; ++n)
          for (int64_t row = 0; row < p.rows; ++row)
            for (int64_t i = 0; i < p.columns; ++i)
              f(double(x[p.at(n, c, row, i)]));
      };
      forEach([&](double v) { sum += v; });
      double exact = sum / double(count);
      forEach([&](double v) { squares += (v - exact) * (v - exact); });
      double variance = squares / double(count);
      EXPECT_NEAR(means[size_t(c)], exact, 4e-6 * std::fabs(exact) + 1e-6 * std::sqrt(variance));
      if (count == 1) {
        EXPECT_EQ(vars[size_t(c)], 0.0f);
        continue;
      }
      double error = std::fabs(double(vars[size_t(c)]) - variance) / variance;
      EXPECT_LE(error, 1e-4) << count << " elements, mean " << exact << ", variance " << variance;
      worst = std::max(worst, error);
    }
  }
  RecordProperty("worst", std::to_string(worst));
  EXPECT_GT(worst, 1e-7); // there is something to see
}

} // namespace
} // namespace slp::exec
