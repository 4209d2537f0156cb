//===- KeepTest.cpp - the images that are kept ------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "ProgramBuilder.h"

#include "runtime/isa/StructVKeep.h.inc"

#include <algorithm>
#include <limits>

namespace slp::exec {
namespace {

class KeepTest : public testing::Test {
protected:
  KeepTest() : chip(chipNamed("asu-fp8")) {}

  /// A program that keeps of `n` losses, in shared memory.
  std::unique_ptr<Machine> build(int64_t n) {
    ProgramBuilder b(chip);
    Piece all{{0}, {n}, {}}, one{{0}, {1}, {}};
    b.tensor("losses", format::f32, {n});
    b.tensor("mask", format::f32, {n});
    b.tensor("kept", format::i32, {n});
    b.tensor("count", format::i32, {1});
    b.load(0, "losses", all, space::shared);
    b.desc(1, b.chipTile(space::shared, format::f32, {n}, all));
    b.desc(2, b.chipTile(space::shared, format::i32, {n}, all));
    b.desc(3, b.chipTile(space::shared, format::i32, {1}, one));
    mach::VKeep keep;
    keep.dst = 1, keep.kept = 2, keep.count = 3, keep.losses = 0, keep.below = 15;
    b.emit(keep);
    b.store("mask", 1);
    b.store("kept", 2);
    b.store("count", 3);
    return b.build();
  }
  chip::Chip chip;
};

// An image is dropped if its loss is below the number, which is not 0; a loss that is no number is
// kept.
TEST_F(KeepTest, ListsWhatIsNotBelow) {
  constexpr int64_t n = 6;
  std::unique_ptr<Machine> machine = build(n);
  ASSERT_TRUE(machine);
  float nan = std::numeric_limits<float>::quiet_NaN();
  writeTensor(*machine, "losses", {0.5f, -1.0f, 2.0f, nan, 1.0f, 0.25f});
  struct Case {
    float below;
    std::vector<float> mask, kept;
  };
  for (const Case &c : {Case{0, {1, 1, 1, 1, 1, 1}, {0, 1, 2, 3, 4, 5}},
                        Case{0.5f, {1, 0, 1, 1, 1, 0}, {0, 2, 3, 4, 0, 0}},
                        Case{1.0f, {0, 0, 1, 1, 1, 0}, {2, 3, 4, 0, 0, 0}},
                        Case{1e30f, {0, 0, 0, 1, 0, 0}, {3, 0, 0, 0, 0, 0}}}) {
    machine->setHyper(15, c.below);
    runStep(*machine);
    EXPECT_EQ(readTensor(*machine, "mask"), c.mask) << c.below;
    EXPECT_EQ(readTensor(*machine, "kept"), c.kept) << c.below;
    EXPECT_EQ(readTensor(*machine, "count")[0],
              float(std::count(c.mask.begin(), c.mask.end(), 1.0f)));
  }
  writeTensor(*machine, "losses", std::vector<float>(n, 0.0f));
  machine->setHyper(15, 1);
  runStep(*machine);
  EXPECT_EQ(readTensor(*machine, "kept"), std::vector<float>(n, 0.0f));
  EXPECT_EQ(readTensor(*machine, "count")[0], 0);
}

TEST_F(KeepTest, RefusesANumberBelowZero) {
  std::unique_ptr<Machine> machine = build(2);
  ASSERT_TRUE(machine);
  for (float below : {-1.0f, std::numeric_limits<float>::quiet_NaN()}) {
    machine->setHyper(15, below);
    Status s = machine->run("step", Options());
    ASSERT_FALSE(s);
    EXPECT_NE(s.message().find("expected at least 0"), std::string::npos) << s.message();
  }
}

} // namespace
} // namespace slp::exec
