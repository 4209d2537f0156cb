//===- CopyTest.cpp - compute copies follow their states --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "ProgramBuilder.h"

#include "runtime/isa/EnumStoreRounding.h.inc"
#include "runtime/isa/StructHalt.h.inc"

#include <cmath>
#include <random>

namespace slp::exec {
namespace {

class CopyTest : public testing::TestWithParam<const char *> {
protected:
  CopyTest() : chip(chipNamed(GetParam())), b(chip) {
    b.tensor("w", format::f32, shape);
    b.image.tensors.back().role = image::Role::state;
    b.tensor("w.copy", format::fp8, shape);
    b.image.tensors.back().role = image::Role::copy;
    b.image.tensors.back().copyOf = "w";
    b.image.tensors.back().rounding = mach::StoreRounding::half_away;
    b.emit(mach::Halt());
  }

  /// What the host reads of the copy.
  std::vector<float> copyIn(const Machine &machine) {
    Result<std::vector<float>> values = machine.read("w.copy");
    EXPECT_TRUE(values.ok());
    return values.take();
  }

  Shape shape{3, 7};
  chip::Chip chip;
  ProgramBuilder b;
};

TEST_P(CopyTest, FollowsTheHost) {
  num::Format fp8 = chip.numerics.fp8;
  std::minstd_rand random(20);
  std::vector<float> initial(21);
  for (float &value : initial)
    value = std::ldexp(float(random() % 4096) - 2048, int(random() % 40) - 30);
  std::vector<uint8_t> bytes(initial.size() * 4);
  std::memcpy(bytes.data(), initial.data(), bytes.size());
  b.image.tensors[0].init = bytes;
  Result<std::unique_ptr<Machine>> machine = Machine::create(chip, b.image);
  ASSERT_TRUE(machine.ok()) << machine.message();
  auto rounded = [&](std::vector<float> values) {
    for (float &value : values)
      value = num::round(fp8, num::Rounding::halfAway, value, 0, nullptr);
    return values;
  };
  EXPECT_EQ(copyIn(**machine), rounded(initial));
  std::vector<float> next(initial.rbegin(), initial.rend());
  ASSERT_TRUE((*machine)->write("w", next).ok());
  EXPECT_EQ(copyIn(**machine), rounded(next));
}

TEST_P(CopyTest, IsNotWrittenAlone) {
  Result<std::unique_ptr<Machine>> machine = Machine::create(chip, b.image);
  ASSERT_TRUE(machine.ok()) << machine.message();
  Status status = (*machine)->write("w.copy", std::vector<float>(21, 1));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.message(), "tensor w.copy is a copy of w: write that, and it follows");
  EXPECT_EQ(copyIn(**machine), std::vector<float>(21, 0));
}

INSTANTIATE_TEST_SUITE_P(Chips, CopyTest, testing::Values("lnpu", "asu-fp8"),
                         [](const auto &info) { return std::string(info.param).substr(0, 3); });

} // namespace
} // namespace slp::exec
