//===- ConvTest.cpp - convolutions against naive loops ----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Property: conv.fp, conv.bp and conv.wg give the bits of docs/numerics.md sections 3 and 4, whole
// or in tiles.
//
//===----------------------------------------------------------------------------------------===//

#include "NaiveMac.h"

#include "ProgramBuilder.h"
#include "runtime/isa/AccModeBias.h.inc"
#include "runtime/isa/AccModeZero.h.inc"
#include "runtime/isa/StructConvBp.h.inc"
#include "runtime/isa/StructConvFp.h.inc"
#include "runtime/isa/StructConvWg.h.inc"
#include "runtime/isa/StructMask.h.inc"

namespace slp::exec {
namespace {

mach::Format accFormat(const chip::Chip &c) {
  return c.numerics.accumulateFp16 ? format::fp16 : format::f32;
}

mach::Format gradientFormat(const chip::Chip &c) {
  return c.numerics.weightGradientFp16() ? format::fp16 : format::f32;
}

const num::Format &formatOf(const chip::Chip &c, mach::Format f) {
  return f == format::fp8 ? c.numerics.fp8 : c.numerics.fp16;
}

struct Case {
  std::string chip;
  mach::Format format;
  ConvShape shape;
  std::optional<chip::AcrossImages> across = std::nullopt; // other than the chip's
};

class ConvTest : public testing::TestWithParam<Case> {
protected:
  void SetUp() override {
    chip = chipNamed(GetParam().chip);
    chip.numerics.across = GetParam().across.value_or(chip.numerics.across);
    s = GetParam().shape;
    format = GetParam().format;
    x = randomValues(formatOf(chip, format), elementsOf(s.x()), 1);
    w = randomValues(formatOf(chip, format), elementsOf(s.w()), 2);
    dy = randomValues(formatOf(chip, format), elementsOf(s.y()), 3);
  }

  chip::Chip chip;
  ConvShape s;
  mach::Format format{};
  std::vector<float> x, w, dy;
};

TEST_P(ConvTest, ForwardWhole) {
  ProgramBuilder b(chip);
  b.tensor("x", format, s.x());
  b.tensor("w", format, s.w());
  b.tensor("b", format::fp16, {s.g, s.co});
  b.tensor("y", format::f32, s.y());
  b.load(0, "x");
  b.load(1, "w");
  b.load(2, "b");
  mach::TensorTile acc = b.chipTile(space::acc, accFormat(chip), s.y(), {Shape(5, 0), s.y(), {}});
  b.desc(3, acc);
  b.emit(geomOf(s));
  b.emit(mach::ConvFp{3, 0, 1, 2, 0, 0, mach::accMode::bias});
  b.storeWidened("y", acc, 3);
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  std::vector<float> bias = randomValues(chip.numerics.fp16, s.g * s.co, 4);
  writeTensor(*machine, "x", x);
  writeTensor(*machine, "w", w);
  writeTensor(*machine, "b", bias);
  runStep(*machine);
  expectSameBits(readTensor(*machine, "y"), naiveForward(chip.numerics, s, x, w, bias));
}

/// Tiles over input channels (accumulating), output channels and rows; cores take the tiles of
/// output channels.
TEST_P(ConvTest, ForwardInTiles) {
  ProgramBuilder b(chip);
  b.tensor("x", format, s.x());
  b.tensor("w", format, s.w());
  b.tensor("y", format::f32, s.y());
  b.emit(mach::Mask{1, 3});
  b.emit(geomOf(s));
  int64_t coTile = (s.co + 1) / 2, rowTile = (s.oy() + 1) / 2;
  int64_t rows = (rowTile - 1) * s.sh + (s.kh - 1) * s.dh + 1;
  int64_t columns = s.ix + s.pl + s.pr;
  for (int64_t row = 0; row < s.oy(); row += rowTile) {
    Piece outputs{{0, 0, 0, row, 0}, {s.n, s.g, coTile, rowTile, s.ox()}, {0, 0, coTile, 0, 0}};
    mach::TensorTile acc = b.chipTile(space::acc, accFormat(chip), s.y(), outputs);
    b.desc(3, acc);
    for (int64_t ci = 0; ci < s.ci; ci += 8) {
      b.load(0, "x", {{0, 0, ci, row * s.sh - s.pt, -s.pl}, {s.n, s.g, 8, rows, columns}, {}},
             space::spm, 1);
      b.load(1, "w", {{0, 0, ci, 0, 0}, {s.g, coTile, 8, s.kh, s.kw}, {0, coTile, 0, 0, 0}},
             space::spm, 1);
      b.emit(mach::ConvFp{3, 0, 1, 0, 0, 1, mach::accMode::zero});
    }
    b.storeWidened("y", acc, 3, 1);
  }
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  writeTensor(*machine, "x", x);
  writeTensor(*machine, "w", w);
  runStep(*machine);
  expectSameBits(readTensor(*machine, "y"), naiveForward(chip.numerics, s, x, w, {}));
}

TEST_P(ConvTest, BackwardWhole) {
  ProgramBuilder b(chip);
  b.tensor("dy", format, s.y());
  b.tensor("w", format, s.w());
  b.tensor("dx", format::f32, s.x());
  b.load(0, "dy");
  b.load(1, "w");
  mach::TensorTile acc = b.chipTile(space::acc, accFormat(chip), s.x(), {Shape(5, 0), s.x(), {}});
  b.desc(3, acc);
  b.emit(geomOf(s));
  b.emit(mach::ConvBp{3, 0, 1, 0, 0, mach::accMode::zero});
  b.storeWidened("dx", acc, 3);
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  writeTensor(*machine, "dy", dy);
  writeTensor(*machine, "w", w);
  runStep(*machine);
  expectSameBits(readTensor(*machine, "dx"), naiveBackward(chip.numerics, s, dy, w));
}

TEST_P(ConvTest, BackwardInTiles) {
  ProgramBuilder b(chip);
  b.tensor("dy", format, s.y());
  b.tensor("w", format, s.w());
  b.tensor("dx", format::f32, s.x());
  b.emit(mach::Mask{1, 3});
  b.emit(geomOf(s));
  int64_t ciTile = (s.ci + 1) / 2, rowTile = (s.iy + 2) / 3;
  for (int64_t row = 0; row < s.iy; row += rowTile) {
    Piece outputs{{0, 0, 0, row, 0}, {s.n, s.g, ciTile, rowTile, s.ix}, {0, 0, ciTile, 0, 0}};
    mach::TensorTile acc = b.chipTile(space::acc, accFormat(chip), s.x(), outputs);
    b.desc(3, acc);
    for (int64_t co = 0; co < s.co; co += 8) {
      b.load(0, "dy", {{0, 0, co, 0, 0}, {s.n, s.g, 8, s.oy(), s.ox()}, {}}, space::spm, 1);
      b.load(1, "w", {{0, co, 0, 0, 0}, {s.g, 8, ciTile, s.kh, s.kw}, {0, 0, ciTile, 0, 0}},
             space::spm, 1);
      b.emit(mach::ConvBp{3, 0, 1, 0, 1, mach::accMode::zero});
    }
    b.storeWidened("dx", acc, 3, 1);
  }
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  writeTensor(*machine, "dy", dy);
  writeTensor(*machine, "w", w);
  runStep(*machine);
  expectSameBits(readTensor(*machine, "dx"), naiveBackward(chip.numerics, s, dy, w));
}

TEST_P(ConvTest, WeightGradWhole) {
  ProgramBuilder b(chip);
  b.tensor("x", format, s.x());
  b.tensor("dy", format, s.y());
  b.tensor("dw", format::f32, s.w());
  b.load(0, "x");
  b.load(1, "dy");
  mach::TensorTile acc =
      b.chipTile(space::acc, gradientFormat(chip), s.w(), {Shape(5, 0), s.w(), {}});
  if (!chip.numerics.hasChainPerImage()) // it may lie in both banks
    acc.base += uint64_t(chip.structure.accBankBytes.value) - 16;
  b.desc(3, acc);
  b.emit(geomOf(s));
  b.emit(mach::ConvWg{3, 0, 1, 0, 0, mach::accMode::zero});
  b.storeWidened("dw", acc, 3);
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  writeTensor(*machine, "x", x);
  writeTensor(*machine, "dy", dy);
  runStep(*machine);
  expectSameBits(readTensor(*machine, "dw"), naiveWeightGrad(chip.numerics, s, x, dy));
}

/// Images one by one, each in tiles of rows where a row count allows it; cores take the output
/// channels.
TEST_P(ConvTest, WeightGradInTiles) {
  ProgramBuilder b(chip);
  b.tensor("x", format, s.x());
  b.tensor("dy", format, s.y());
  b.tensor("dw", format::f32, s.w());
  b.emit(mach::Mask{1, 3});
  b.emit(geomOf(s));
  int64_t coTile = (s.co + 1) / 2, rowTile = s.oy();
  for (int64_t rows = 1; rows < s.oy(); ++rows)
    if (!chip.numerics.accumulateFp16 || rows * s.ox() % 8 == 0) {
      rowTile = rows;
      break;
    }
  Piece weights{Shape(5, 0), {s.g, coTile, s.ci, s.kh, s.kw}, {0, coTile, 0, 0, 0}};
  mach::TensorTile acc = b.chipTile(space::acc, gradientFormat(chip), s.w(), weights);
  b.desc(3, acc);
  for (int64_t n = 0; n < s.n; ++n)
    for (int64_t row = 0; row < s.oy(); row += rowTile) {
      b.load(0, "x", {{n, 0, 0, 0, 0}, {1, s.g, s.ci, s.iy, s.ix}, {}}, space::spm, 1);
      b.load(1, "dy", {{n, 0, 0, row, 0}, {1, s.g, coTile, rowTile, s.ox()}, {0, 0, coTile, 0, 0}},
             space::spm, 1);
      b.emit(mach::ConvWg{3, 0, 1, 0, 1, mach::accMode::zero});
    }
  b.storeWidened("dw", acc, 3, 1);
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  writeTensor(*machine, "x", x);
  writeTensor(*machine, "dy", dy);
  runStep(*machine);
  expectSameBits(readTensor(*machine, "dw"), naiveWeightGrad(chip.numerics, s, x, dy));
}

std::vector<Case> allCases() {
  std::vector<ConvShape> shapes(9);
  shapes[0] = {1, 1, 1, 1, 5, 5, 3, 3};
  shapes[1] = {2, 1, 3, 20, 8, 8, 3, 3, 1, 1, 1, 1, 1, 1};
  shapes[2] = {2, 1, 19, 18, 9, 7, 3, 3, 2, 2, 1, 1, 1, 1};
  shapes[3] = {1, 2, 8, 9, 11, 12, 3, 2, 1, 2, 2, 1, 1, 0, 2, 3};
  shapes[4] = {3, 1, 17, 33, 6, 6, 1, 1, 2, 2, 0, 0, 0, 0};
  shapes[5] = {1, 3, 2, 4, 10, 10, 5, 5, 3, 2, 2, 2, 2, 2, 1, 1};
  // Dot groups that take terms of several taps: depthwise, and groups of five channels.
  shapes[6] = {2, 11, 1, 1, 9, 8, 3, 3, 2, 1, 1, 1, 0, 1};
  shapes[7] = {1, 2, 5, 5, 10, 9, 3, 4, 1, 3, 2, 2, 1, 1, 2, 1};
  shapes[8] = {2, 1, 7, 3, 8, 8, 5, 1, 3, 1, 2, 0, 2, 0, 1, 2};
  std::vector<Case> cases;
  for (const ConvShape &s : shapes) {
    cases.push_back({"lnpu", format::fp8, s});
    cases.push_back({"lnpu", format::fp16, s});
    cases.push_back({"lnpu", format::fp8, s, chip::AcrossImages::f32});
    cases.push_back({"lnpu", format::fp16, s, chip::AcrossImages::fp16});
    cases.push_back({"asu-fp8", format::fp8, s});
    cases.push_back({"asu-fp8", format::fp8, s, chip::AcrossImages::none});
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Shapes, ConvTest, testing::ValuesIn(allCases()));

} // namespace
} // namespace slp::exec
