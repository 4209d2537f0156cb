//===- FirstTest.cpp - sums that start where a register says --------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A list of images or channels that are kept may lack number 0: then no tile holds the coordinates
// at which a sum starts by itself.
//
//===----------------------------------------------------------------------------------------===//

#include "ProgramBuilder.h"

#include "runtime/isa/AccModeBias.h.inc"
#include "runtime/isa/AccModeContinue.h.inc"
#include "runtime/isa/AccModeZero.h.inc"
#include "runtime/isa/StructConvWg.h.inc"
#include "runtime/isa/StructGeom.h.inc"
#include "runtime/isa/StructLi.h.inc"
#include "runtime/isa/StructMask.h.inc"
#include "runtime/isa/StructMatmul.h.inc"
#include "runtime/isa/StructVChannelSums.h.inc"
#include "runtime/isa/StructVHistogram.h.inc"
#include "runtime/isa/StructVReduce.h.inc"
#include "runtime/isa/StructVStatistics.h.inc"

#include <functional>

namespace slp::exec {
namespace {

using Values = std::vector<float>;

constexpr uint8_t zero = 1, seven = 2; // scalar registers

/// Gives the registers what they are called.
void setRegisters(ProgramBuilder &b) {
  b.emit(mach::Li{zero, 0});
  b.emit(mach::Li{seven, 7});
}

/// Small whole numbers, exact in any order.
Values numbers(int64_t n, int seed) {
  Values values(static_cast<size_t>(n));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = float((i * 7 + size_t(seed)) % 5) - 2;
  return values;
}

class FirstTest : public testing::TestWithParam<const char *> {};

//===----------------------------------------------------------------------------------------===//
// Matrix products
//===----------------------------------------------------------------------------------------===//

struct Product {
  static constexpr int64_t rows = 3, columns = 5, depth = 24;
  Values a = numbers(rows * depth, 1), w = numbers(depth * columns, 2), bias = numbers(columns, 3);

  /// The sum over k in [from, to).
  Values naive(int64_t from, int64_t to) const {
    Values y;
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j) {
        float sum = 0;
        for (int64_t k = from; k < to; ++k)
          sum += a[size_t(i * depth + k)] * w[size_t(k * columns + j)];
        y.push_back(sum);
      }
    return y;
  }

  /// The terms from 0 to 8 by coordinates, then those from 8 on with a mode and a register.
  Values run(const char *name, mach::AccMode mode, uint8_t first) const {
    chip::Chip chip = chipNamed(name);
    ProgramBuilder b(chip);
    setRegisters(b);
    auto sums = chip.numerics.accumulateFp16 ? format::fp16 : format::f32;
    b.tensor("a", format::fp8, {rows, depth});
    b.tensor("w", format::fp8, {depth, columns});
    b.tensor("bias", format::fp16, {columns});
    b.tensor("y", format::f32, {rows, columns});
    b.load(0, "a", {{0, 0}, {rows, 8}, {}});
    b.load(1, "w", {{0, 0}, {8, columns}, {}});
    b.load(2, "a", {{0, 8}, {rows, depth - 8}, {}});
    b.load(3, "w", {{8, 0}, {depth - 8, columns}, {}});
    b.load(4, "bias");
    mach::TensorTile acc =
        b.chipTile(space::acc, sums, {rows, columns}, {{0, 0}, {rows, columns}, {}});
    b.desc(5, acc);
    b.emit(mach::Matmul{5, 0, 1, 4, 0, mach::accMode::zero});
    b.emit(mach::Matmul{5, 2, 3, 4, 0, mode, first});
    b.storeWidened("y", acc, 5);
    std::unique_ptr<Machine> machine = b.build();
    if (!machine)
      return {};
    writeTensor(*machine, "a", a);
    writeTensor(*machine, "w", w);
    writeTensor(*machine, "bias", bias);
    runStep(*machine);
    return readTensor(*machine, "y");
  }
};

TEST_P(FirstTest, MatrixProduct) {
  Product p;
  Values all = p.naive(0, Product::depth), later = p.naive(8, Product::depth), withBias = later;
  for (size_t i = 0; i < withBias.size(); ++i)
    withBias[i] += p.bias[i % Product::columns];
  expectSameBits(p.run(GetParam(), mach::accMode::zero, 0), all); // coordinates tell
  expectSameBits(p.run(GetParam(), mach::accMode::zero, zero), later);
  expectSameBits(p.run(GetParam(), mach::accMode::zero, seven), all);
  expectSameBits(p.run(GetParam(), mach::accMode::bias, zero), withBias);
  expectSameBits(p.run(GetParam(), mach::accMode::bias, seven), all);
  expectSameBits(p.run(GetParam(), mach::accMode::continue_, zero), all);
}

//===----------------------------------------------------------------------------------------===//
// Weight gradients
//===----------------------------------------------------------------------------------------===//

/// The gradient over the last image of `images`, whose tile begins a sum by a register if it is not
/// the first one.
Values weightGradient(const char *name, int64_t images) {
  chip::Chip chip = chipNamed(name);
  ProgramBuilder b(chip);
  setRegisters(b);
  const int64_t ci = 8, co = 8, size = 4;
  Shape x = {images, 1, ci, size, size}, dw = {1, co, ci, 3, 3};
  b.tensor("x", format::fp8, x);
  b.tensor("dy", format::fp8, {images, 1, co, size, size});
  b.tensor("dw", format::f32, dw);
  Piece last = {{images - 1, 0, 0, 0, 0}, {1, 1, ci, size, size}, {}};
  b.load(0, "x", last);
  b.load(1, "dy", last);
  bool isWide = chip.numerics.hasChainPerImage() ? !chip.numerics.weightGradientFp16()
                                                 : !chip.numerics.accumulateFp16;
  mach::TensorTile acc =
      b.chipTile(space::acc, isWide ? format::f32 : format::fp16, dw, {Shape(5, 0), dw, {}});
  b.desc(3, acc);
  mach::Geom window;
  window.kh = window.kw = 3;
  window.sh = window.sw = window.dh = window.dw = 1;
  window.pt = window.pl = 1;
  b.emit(window);
  b.emit(mach::ConvWg{3, 0, 1, 0, 0, mach::accMode::zero, uint8_t(images > 1 ? zero : 0)});
  b.storeWidened("dw", acc, 3);
  std::unique_ptr<Machine> machine = b.build();
  if (!machine)
    return {};
  int64_t each = ci * size * size;
  Values inputs = numbers(each, 4), errors = numbers(each, 5);
  inputs.insert(inputs.begin(), size_t((images - 1) * each), 1.0f);
  errors.insert(errors.begin(), size_t((images - 1) * each), 1.0f);
  writeTensor(*machine, "x", inputs);
  writeTensor(*machine, "dy", errors);
  runStep(*machine);
  return readTensor(*machine, "dw");
}

TEST_P(FirstTest, WeightGradient) {
  expectSameBits(weightGradient(GetParam(), 3), weightGradient(GetParam(), 1));
}

//===----------------------------------------------------------------------------------------===//
// Vector instructions
//===----------------------------------------------------------------------------------------===//

/// An instruction that gathers dimension `axis` of a tile (1, 2, 2, 8), which begins at coordinate
/// 2 of a larger tensor or at 0, on top of old results.
struct Gathering {
  Shape results;
  std::function<void(ProgramBuilder &b, uint8_t first)> emit; // d1 from d0

  Values run(const char *name, bool isLater, uint8_t first) const {
    ProgramBuilder b(chipNamed(name));
    setRegisters(b);
    int64_t before = isLater ? 2 : 0;
    b.tensor("x", format::f32, {1, 2, before + 2, 8});
    b.tensor("y", format::f32, results);
    b.load(0, "x", {{0, 0, before, 0}, {1, 2, 2, 8}, {}}, space::shared);
    b.load(1, "y", space::shared);
    emit(b, first);
    b.store("y", 1);
    std::unique_ptr<Machine> machine = b.build();
    if (!machine)
      return {};
    Values values, tile = numbers(32, 6);
    for (int64_t channel = 0; channel < 2; ++channel) {
      values.insert(values.end(), size_t(before * 8), 9.0f);
      values.insert(values.end(), tile.begin() + channel * 16, tile.begin() + (channel + 1) * 16);
    }
    writeTensor(*machine, "x", values);
    writeTensor(*machine, "y", Values(size_t(elementsOf(results)), 3.0f));
    runStep(*machine);
    return readTensor(*machine, "y");
  }
};

TEST_P(FirstTest, VectorInstructions) {
  const Gathering all[] = {{{1, 2, 1, 8},
                            [](ProgramBuilder &b, uint8_t first) {
                              mach::VReduce reduce;
                              reduce.dst = 1, reduce.axes = 1 << 2,
                              reduce.mode = mach::accMode::zero;
                              reduce.first = first;
                              b.emit(reduce);
                            }},
                           {{1, 2, 1},
                            [](ProgramBuilder &b, uint8_t first) {
                              b.emit(mach::VChannelSums{1, 0, mach::accMode::zero, 0, first});
                            }},
                           {{1, 2, 1, 3}, [](ProgramBuilder &b, uint8_t first) {
                              b.emit(mach::VStatistics{1, 0, mach::accMode::zero, 0, first});
                            }}};
  for (const Gathering &gathering : all) {
    Values begun = gathering.run(GetParam(), /*isLater=*/false, 0);
    expectSameBits(gathering.run(GetParam(), /*isLater=*/true, zero), begun);
    Values goneOn = gathering.run(GetParam(), /*isLater=*/true, 0);
    EXPECT_NE(goneOn, begun);
    expectSameBits(gathering.run(GetParam(), /*isLater=*/true, seven), goneOn);
  }
}

INSTANTIATE_TEST_SUITE_P(Chips, FirstTest, testing::Values("lnpu", "asu-fp8"));

/// One destination of two cores, neither of which holds the first element: it is cleared once, also
/// where the first core's tile has no element.
TEST(FirstOfSeveralCoresTest, StartsOnce) {
  for (int64_t firstRow : {2, 4}) {
    ProgramBuilder b(chipNamed("lnpu"));
    setRegisters(b);
    b.emit(mach::Mask{1, 3});
    b.tensor("x", format::f32, {4, 8});
    b.tensor("counts", format::i32, {128});
    // Rows firstRow and firstRow - 1: of a tensor of 4 rows.
    b.load(0, "x", {{firstRow, 0}, {1, 8}, {-1, 0}}, space::spm, 1);
    b.load(1, "counts", space::shared);
    b.emit(mach::VHistogram{1, 0, mach::accMode::zero, 1, zero});
    b.store("counts", 1);
    std::unique_ptr<Machine> machine = b.build();
    ASSERT_TRUE(machine);
    writeTensor(*machine, "x", Values(32, 1.0f));
    writeTensor(*machine, "counts", Values(128, 5.0f));
    runStep(*machine);
    float sum = 0;
    for (float count : readTensor(*machine, "counts"))
      sum += count;
    EXPECT_EQ(sum, firstRow < 4 ? 16.0f : 8.0f);
  }
}

} // namespace
} // namespace slp::exec
