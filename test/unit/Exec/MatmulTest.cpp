//===- MatmulTest.cpp - matrix products against naive loops -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "NaiveMac.h"

#include "ProgramBuilder.h"
#include "runtime/isa/AccModeBias.h.inc"
#include "runtime/isa/AccModeZero.h.inc"
#include "runtime/isa/StructLd.h.inc"
#include "runtime/isa/StructMask.h.inc"
#include "runtime/isa/StructMatmul.h.inc"

namespace slp::exec {
namespace {

struct Case {
  std::string chip;
  mach::Format format;
  int64_t m, n, k;
};

class MatmulTest : public testing::TestWithParam<Case> {
protected:
  void SetUp() override {
    p = GetParam();
    chip = chipNamed(p.chip);
    const num::Format &f = p.format == format::fp8 ? chip.numerics.fp8 : chip.numerics.fp16;
    a = randomValues(f, p.m * p.k, 1);
    w = randomValues(f, p.n * p.k, 2); // as a dense layer stores it: (n, k)
    bias = randomValues(chip.numerics.fp16, p.n, 3);
  }

  std::vector<float> naive() const {
    std::vector<float> y;
    for (int64_t i = 0; i < p.m; ++i)
      for (int64_t j = 0; j < p.n; ++j) {
        NaiveAccumulator acc(chip.numerics, bias[size_t(j)]);
        for (int64_t k = 0; k < p.k; ++k) {
          if (k % 8 == 0)
            acc.endGroup();
          acc.add(a[size_t(i * p.k + k)], w[size_t(j * p.k + k)]);
        }
        acc.endGroup();
        y.push_back(acc.result());
      }
    return y;
  }

  /// y = a · w^T + bias in tiles of k and of n; the cores take the columns.
  std::vector<float> run(int64_t kTile, int64_t nTile, uint64_t cores) {
    ProgramBuilder b(chip);
    b.tensor("a", p.format, {p.m, p.k});
    b.tensor("w", p.format, {p.n, p.k});
    b.tensor("b", format::fp16, {p.n});
    b.tensor("y", format::f32, {p.m, p.n});
    b.emit(mach::Mask{1, cores});
    mach::TensorTile acc =
        b.chipTile(space::acc, chip.numerics.accumulateFp16 ? format::fp16 : format::f32,
                   {p.m, p.n}, {{0, 0}, {p.m, nTile}, {0, nTile}});
    b.desc(3, acc);
    b.load(2, "b", {{0}, {nTile}, {nTile}}, space::spm, 1);
    for (int64_t k = 0; k < p.k; k += kTile) {
      b.load(0, "a", {{0, k}, {p.m, kTile}, {}}, space::spm, 1);
      // The weights transposed: a descriptor with exchanged dimensions.
      mach::TensorTile from = b.dramTile("w", {{k, 0}, {kTile, nTile}, {0, nTile}});
      std::swap(from.stride[0], from.stride[1]);
      std::swap(from.extent[0], from.extent[1]);
      b.desc(31, from);
      b.desc(1, b.chipTile(space::spm, p.format, {p.k, p.n}, {{0, 0}, {kTile, nTile}, {}}));
      b.emit(mach::Ld{1, 31, 1});
      b.emit(mach::Matmul{3, 0, 1, 2, 1, mach::accMode::bias});
    }
    b.storeWidened("y", acc, 3, 1);
    std::unique_ptr<Machine> machine = b.build();
    if (!machine)
      return {};
    writeTensor(*machine, "a", a);
    writeTensor(*machine, "w", w);
    writeTensor(*machine, "b", bias);
    runStep(*machine);
    return readTensor(*machine, "y");
  }

  Case p;
  chip::Chip chip;
  std::vector<float> a, w, bias;
};

TEST_P(MatmulTest, Whole) { expectSameBits(run((p.k + 7) / 8 * 8, p.n, 1), naive()); }
TEST_P(MatmulTest, InTilesOfK) { expectSameBits(run(8, p.n, 1), naive()); }
TEST_P(MatmulTest, OnCores) { expectSameBits(run(16, (p.n + 2) / 3, 7), naive()); }

INSTANTIATE_TEST_SUITE_P(Sizes, MatmulTest,
                         testing::Values(Case{"lnpu", format::fp8, 5, 10, 32},
                                         Case{"lnpu", format::fp16, 13, 33, 27},
                                         Case{"asu-fp8", format::fp8, 1, 17, 40},
                                         Case{"asu-fp8", format::fp8, 32, 20, 75}));

/// Products of one batch each, in tiles of batches, of k and over cores.
class BatchTest : public testing::TestWithParam<std::tuple<const char *, int64_t, int64_t>> {};

TEST_P(BatchTest, EqualsProductsOneByOne) {
  auto [name, batchTile, kTile] = GetParam();
  chip::Chip chip = chipNamed(name);
  int64_t batches = 5, m = 6, n = 19, k = 21;
  uint64_t cores = 2;
  int64_t perCore = (batches + int64_t(cores) - 1) / int64_t(cores);
  mach::Format fp8 = format::fp8;
  ProgramBuilder b(chip);
  b.tensor("a", fp8, {batches, m, k});
  b.tensor("w", fp8, {batches, k, n});
  b.tensor("b", format::fp16, {n});
  b.tensor("y", format::f32, {batches, m, n});
  b.emit(mach::Mask{1, (1u << cores) - 1});
  b.load(2, "b", {{0}, {n}, {}}, space::spm, 1);
  for (int64_t first = 0; first < perCore; first += batchTile) {
    // The last batches of the last core lie beyond the extent.
    mach::TensorTile acc =
        b.chipTile(space::acc, chip.numerics.accumulateFp16 ? format::fp16 : format::f32,
                   {batches, m, n}, {{first, 0, 0}, {batchTile, m, n}, {perCore, 0, 0}});
    b.desc(3, acc);
    for (int64_t from = 0; from < k; from += kTile) {
      b.load(0, "a", {{first, 0, from}, {batchTile, m, kTile}, {perCore, 0, 0}}, space::spm, 1);
      b.load(1, "w", {{first, from, 0}, {batchTile, kTile, n}, {perCore, 0, 0}}, space::spm, 1);
      b.emit(mach::Matmul{3, 0, 1, 2, 1, mach::accMode::bias});
    }
    b.storeWidened("y", acc, 3, 1);
  }
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  std::vector<float> a = randomValues(chip.numerics.fp8, batches * m * k, 1);
  std::vector<float> w = randomValues(chip.numerics.fp8, batches * k * n, 2);
  std::vector<float> bias = randomValues(chip.numerics.fp16, n, 3);
  writeTensor(*machine, "a", a);
  writeTensor(*machine, "w", w);
  writeTensor(*machine, "b", bias);
  runStep(*machine);
  std::vector<float> expected;
  for (int64_t batch = 0; batch < batches; ++batch)
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) {
        NaiveAccumulator sum(chip.numerics, bias[size_t(j)]);
        for (int64_t t = 0; t < k; ++t) {
          if (t % 8 == 0)
            sum.endGroup();
          sum.add(a[size_t((batch * m + i) * k + t)], w[size_t((batch * k + t) * n + j)]);
        }
        sum.endGroup();
        expected.push_back(sum.result());
      }
  expectSameBits(readTensor(*machine, "y"), expected);
}

INSTANTIATE_TEST_SUITE_P(Tiles, BatchTest,
                         testing::Combine(testing::Values("lnpu", "asu-fp8"),
                                          testing::Values(1, 2, 3), testing::Values(8, 24)));

/// A chip of one's own: an FP16 accumulator rounded to even runs on the general kernel.
TEST(MatmulGenericTest, Fp16AccumulatorNearestEven) {
  chip::Chip chip = chipNamed("lnpu");
  chip.numerics.accumulateFp16 = true;
  ProgramBuilder b(chip);
  int64_t m = 6, n = 20, k = 50;
  b.tensor("a", format::fp16, {m, k});
  b.tensor("w", format::fp8, {k, n});
  b.tensor("y", format::f32, {m, n});
  mach::TensorTile acc = b.chipTile(space::acc, format::fp16, {m, n}, {{0, 0}, {m, n}, {}});
  b.desc(3, acc);
  b.load(0, "a");
  b.load(1, "w");
  b.emit(mach::Matmul{3, 0, 1, 0, 0, mach::accMode::zero});
  b.storeWidened("y", acc, 3);
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  std::vector<float> a = randomValues(chip.numerics.fp16, m * k, 1);
  std::vector<float> w = randomValues(chip.numerics.fp8, k * n, 2);
  writeTensor(*machine, "a", a);
  writeTensor(*machine, "w", w);
  runStep(*machine);
  std::vector<float> expected;
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      NaiveAccumulator sum(chip.numerics, 0.0f);
      for (int64_t t = 0; t < k; ++t) {
        if (t % 8 == 0)
          sum.endGroup();
        sum.add(a[size_t(i * k + t)], w[size_t(t * n + j)]);
      }
      sum.endGroup();
      expected.push_back(sum.result());
    }
  expectSameBits(readTensor(*machine, "y"), expected);
}

} // namespace
} // namespace slp::exec
