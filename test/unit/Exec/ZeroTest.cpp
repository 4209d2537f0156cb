//===- ZeroTest.cpp - accumulators that are cleared -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "ProgramBuilder.h"

#include "runtime/isa/AccModeContinue.h.inc"
#include "runtime/isa/AccModeZero.h.inc"
#include "runtime/isa/EngineMac.h.inc"
#include "runtime/isa/FormatF32.h.inc"
#include "runtime/isa/FormatFp16.h.inc"
#include "runtime/isa/FormatFp8.h.inc"
#include "runtime/isa/SpaceAcc.h.inc"
#include "runtime/isa/SpaceSpm.h.inc"
#include "runtime/isa/StructMask.h.inc"
#include "runtime/isa/StructMatmul.h.inc"
#include "runtime/isa/StructZero.h.inc"

namespace slp::exec {
namespace {

struct ZeroWork : Observer {
  void issued(const Event &event) override {
    if (event.opcode == mach::Zero::opcode)
      last = event;
  }
  Event last;
};

class ZeroTest : public testing::TestWithParam<const char *> {};

/// Two cores hold products; a part of each is cleared, and goes on from there. What the part leaves
/// outside the extents stays.
TEST_P(ZeroTest, ClearsItsTileAlone) {
  chip::Chip chip = chipNamed(GetParam());
  ProgramBuilder b(chip);
  constexpr int64_t rows = 6, columns = 5;
  auto format = chip.numerics.accumulateFp16 ? mach::format::fp16 : mach::format::f32;
  b.emit(mach::Mask{1, 3});
  b.tensor("a", mach::format::fp8, {rows, 8});
  b.tensor("w", mach::format::fp8, {8, columns});
  b.tensor("y", mach::format::f32, {rows, columns});
  b.load(0, "a", {{0, 0}, {3, 8}, {3, 0}}, mach::space::spm, 1);
  b.load(1, "w", {{0, 0}, {8, columns}, {}}, mach::space::spm, 1);
  mach::TensorTile acc =
      b.chipTile(mach::space::acc, format, {rows, columns}, {{0, 0}, {3, columns}, {3, 0}});
  b.desc(2, acc);
  b.emit(mach::Matmul{2, 0, 1, 0, 1, mach::accMode::zero});
  // Rows 1 and 2 of each core, columns 2 to 4; row 2 counts as outside.
  mach::TensorTile part = acc;
  part.origin = {1, 2, 0, 0, 0};
  part.coreStride = {0, 0, 0, 0, 0};
  part.tile = {2, 3, 1, 1, 1};
  part.extent = {2, columns, 1, 1, 1};
  part.base += uint64_t(acc.stride[0]) + 2 * uint64_t(acc.stride[1]);
  b.desc(3, part);
  b.emit(mach::Zero{3, 1});
  b.emit(mach::Matmul{2, 0, 1, 0, 1, mach::accMode::continue_});
  b.storeWidened("y", acc, 2, 1);
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  std::vector<float> a(rows * 8), w(8 * columns), y;
  for (size_t i = 0; i < a.size(); ++i)
    a[i] = float(i % 3) - 1;
  for (size_t i = 0; i < w.size(); ++i)
    w[i] = float(i % 4) - 1;
  for (size_t row = 0; row < rows; ++row)
    for (size_t column = 0; column < columns; ++column) {
      float sum = 0; // small whole numbers: exact in any order
      for (size_t k = 0; k < 8; ++k)
        sum += a[row * 8 + k] * w[k * columns + column];
      bool isCleared = row % 3 == 1 && column >= 2;
      y.push_back(isCleared ? sum : 2 * sum);
    }
  writeTensor(*machine, "a", a);
  writeTensor(*machine, "w", w);
  ZeroWork zero;
  Options options;
  options.observer = &zero;
  runStep(*machine, options);
  expectSameBits(readTensor(*machine, "y"), y);
  EXPECT_EQ(zero.last.engine, mach::engine::mac);
  ASSERT_EQ(zero.last.work.size(), 2u);
  for (const CoreWork &work : zero.last.work) {
    EXPECT_EQ(work.macs, 0u);
    EXPECT_EQ(work.macSlots, 0u);
    EXPECT_EQ(work.bytesWritten[int(mach::space::acc)], 3u * uint64_t(bytesOfFormat(format)));
  }
}

INSTANTIATE_TEST_SUITE_P(Chips, ZeroTest, testing::Values("lnpu", "asu-fp8"));

} // namespace
} // namespace slp::exec
