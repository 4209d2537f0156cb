//===- RoundingTest.cpp - how tiles round what is stored into them ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Formats, shared exponent biases, roundings and random streams of descriptors, against runtime/num
// element by element.
//
//===----------------------------------------------------------------------------------------===//

#include "ProgramBuilder.h"

#include "runtime/isa/EnumStoreRounding.h.inc"
#include "runtime/isa/StructSt.h.inc"
#include "runtime/isa/StructVRound.h.inc"
#include "runtime/num/Random.h"

#include <cmath>

namespace slp::exec {
namespace {

constexpr int64_t rows = 6, columns = 40;
constexpr uint32_t run = 5, stream = 4099;

struct Case {
  mach::Format format;
  int bias;
  mach::StoreRounding rounding;
};

chip::Chip testChip() {
  chip::Chip chip = chipNamed("lnpu");
  chip.numerics.formats = {{"a", num::e4m3},
                           {"b", num::ibmFp16},
                           {"c", num::asuFp8Flush},
                           {"d", {8, 7, 127, num::Specials::reserved, num::Subnormals::gradual}}};
  return chip;
}

num::Format formatOf(const chip::Chip &chip, const Case &c) {
  const num::Format *format = c.format == format::fp8    ? &chip.numerics.fp8
                              : c.format == format::fp16 ? &chip.numerics.fp16
                              : c.format == format::x0   ? &chip.numerics.formats[0].format
                              : c.format == format::x1   ? &chip.numerics.formats[2].format
                              : c.format == format::x4   ? &chip.numerics.formats[1].format
                                                         : &chip.numerics.formats[3].format;
  return format->shifted(c.bias);
}

/// x (rows, columns) rounded through tiles of `height` x `width` on two cores where that fits.
std::vector<float> roundedInTiles(const chip::Chip &chip, const Case &c,
                                  const std::vector<float> &x, int64_t height, int64_t width,
                                  float runNumber = run) {
  ProgramBuilder b(chip);
  b.tensor("x", format::f32, {rows, columns});
  b.tensor("y", c.format, {rows, columns});
  b.image.tensors.back().bias = int8_t(c.bias);
  for (int64_t row = 0; row < rows; row += height)
    for (int64_t column = 0; column < columns; column += width) {
      Piece piece{{row, column}, {height, width}, {}};
      b.load(0, "x", piece);
      mach::TensorTile tile = b.chipTile(space::spm, c.format, {rows, columns}, piece);
      tile.bias = c.bias, tile.rounding = c.rounding, tile.stream = stream;
      b.desc(1, tile);
      b.emit(mach::VRound{1, 0, 0});
      mach::TensorTile dram = b.dramTile("y", b.wholeOf("y"));
      dram.bias = c.bias;
      b.desc(31, dram);
      b.emit(mach::St{31, 1, 0});
    }
  std::unique_ptr<Machine> machine = b.build();
  if (!machine)
    return {};
  machine->setHyper(8, runNumber);
  writeTensor(*machine, "x", x);
  runStep(*machine);
  return readTensor(*machine, "y");
}

std::vector<float> expected(const chip::Chip &chip, const Case &c, const std::vector<float> &x) {
  num::Format format = formatOf(chip, c);
  num::Rounding mode = c.rounding == mach::StoreRounding::half_away     ? num::Rounding::halfAway
                       : c.rounding == mach::StoreRounding::toward_zero ? num::Rounding::towardZero
                       : c.rounding == mach::StoreRounding::stochastic ? num::Rounding::stochastic
                                                                       : num::Rounding::nearestEven;
  std::vector<float> y;
  for (size_t i = 0; i < x.size(); ++i) {
    uint32_t r = num::philox4x32({uint32_t(i), 0, run, 0}, {0, 2 + stream})[0];
    y.push_back(num::round(format, mode, x[i], r, nullptr));
  }
  return y;
}

/// Of all magnitudes, the ones in a format's range among them.
std::vector<float> values() {
  std::vector<float> x = randomF32(rows * columns, 11);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = std::ldexp(x[i], int(i % 31) - 22);
  return x;
}

TEST(Rounding, IsTheTilesOwn) {
  chip::Chip chip = testChip();
  std::vector<float> x = values();
  using mach::Format;
  for (Format format : {format::fp8, format::fp16, format::x0, format::x1, format::x4, format::x5})
    for (int bias : {0, 3, -2})
      for (size_t r = 0; r < mach::numStoreRoundingValues; ++r) {
        // x5 has the range of FP32: no bias suits it.
        Case c{format, format == format::x5 ? 0 : bias, mach::StoreRounding(r)};
        SCOPED_TRACE(std::string(mach::toString(format)) + ", bias " + std::to_string(c.bias) +
                     ", " + std::string(mach::toString(c.rounding)));
        std::vector<float> want = expected(chip, c, x);
        expectSameBits(roundedInTiles(chip, c, x, rows, columns), want);
        expectSameBits(roundedInTiles(chip, c, x, 2, 7), want);
      }
}

TEST(Rounding, StochasticFollowsTheRun) {
  chip::Chip chip = testChip();
  Case c{format::fp8, 0, mach::StoreRounding::stochastic};
  std::vector<float> x = values();
  EXPECT_NE(roundedInTiles(chip, c, x, rows, columns, run + 1), expected(chip, c, x));
  // The chip's own rounding can be stochastic.
  chip.numerics.rounding = num::Rounding::stochastic;
  std::vector<float> want = expected(chip, c, x);
  c.rounding = mach::StoreRounding::chip;
  expectSameBits(roundedInTiles(chip, c, x, 3, 8), want);
}

TEST(Rounding, StochasticIsRightOnAverage) {
  // 0.3 of the way from 1 to 1.25: in 240 elements and eight runs 576 go up, give or take 20.
  chip::Chip chip = testChip();
  Case c{format::fp8, 0, mach::StoreRounding::stochastic};
  std::vector<float> x(rows * columns, 1.075f);
  int up = 0;
  for (int i = 0; i < 8; ++i)
    for (float y : roundedInTiles(chip, c, x, rows, columns, float(i))) {
      EXPECT_TRUE(y == 1.0f || y == 1.25f);
      up += y == 1.25f;
    }
  EXPECT_GT(up, 576 - 80);
  EXPECT_LT(up, 576 + 80);
}

TEST(Rounding, Faults) {
  chip::Chip chip = testChip();
  auto message = [&](float runNumber, int dramBias) {
    ProgramBuilder b(chip);
    b.tensor("x", format::f32, {8});
    b.tensor("y", format::fp8, {8});
    b.load(0, "x");
    mach::TensorTile tile = b.chipTile(space::spm, format::fp8, {8}, {{0}, {8}, {}});
    tile.rounding = mach::StoreRounding::stochastic;
    b.desc(1, tile);
    b.emit(mach::VRound{1, 0, 0});
    mach::TensorTile dram = b.dramTile("y", b.wholeOf("y"));
    dram.bias = dramBias;
    b.desc(31, dram);
    b.emit(mach::St{31, 1, 0});
    std::unique_ptr<Machine> machine = b.build();
    if (!machine)
      return std::string("no machine");
    machine->setHyper(8, runNumber);
    Status s = machine->run("step", {});
    return s ? std::string() : s.message();
  };
  EXPECT_EQ(message(1, 0), "");
  EXPECT_NE(message(-1, 0).find("h8, the number of the run, is -1"), std::string::npos);
  EXPECT_NE(message(0x1p24f, 0).find("expected 0 to 2^24"), std::string::npos);
  EXPECT_NE(message(1, 2).find("exponent biases differ: dst has 2, src 0"), std::string::npos);
}

} // namespace
} // namespace slp::exec
