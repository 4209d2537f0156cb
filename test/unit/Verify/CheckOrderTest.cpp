//===- CheckOrderTest.cpp - comparisons look at the order of accesses -------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Programs whose semaphores are gone compute the same bits in program order: only the check of the
// order (docs/check-order.md) can tell.
//
//===----------------------------------------------------------------------------------------===//

#include "CompiledNetwork.h"

#include "runtime/isa/StructLi.h.inc"
#include "runtime/isa/StructSignal.h.inc"
#include "runtime/isa/StructWait.h.inc"

using namespace slp;

class CheckOrderTest : public testing::TestWithParam<const char *> {};

TEST_P(CheckOrderTest, ProgramsWithoutSemaphoresAreRefused) {
  CompileOptions options;
  options.target = GetParam();
  options.precision = "fp8";
  CompiledNetwork network(4, options);
  ASSERT_TRUE(network.program) << network.error;
  image::Image image = network.program->image;
  for (mach::Word &word : image.text) {
    mach::Instruction instr = *mach::decode(word);
    if (instr.as<mach::Wait>() || instr.as<mach::Signal>())
      word = *mach::Li{0, 0}.encode();
  }
  verify::Options run;
  run.steps = 1;
  EXPECT_TRUE(network.compare(network.program->image, network.chip, run)) << network.error;
  EXPECT_FALSE(network.compare(image, network.chip, run));
  EXPECT_NE(network.error.find(" before the transfer of instruction "), std::string::npos)
      << network.error;
  run.checkOrder = false;
  std::optional<verify::Report> report = network.compare(image, network.chip, run);
  ASSERT_TRUE(report) << network.error;
  EXPECT_TRUE(report->ok());
}

INSTANTIATE_TEST_SUITE_P(Chips, CheckOrderTest, testing::Values("lnpu", "asu-fp8"),
                         [](const auto &info) {
                           return std::string(info.param) == "lnpu" ? "lnpu" : "asu";
                         });
