//===- FeaturesTest.cpp - code for a missing feature is refused -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/image/Features.h"
#include "runtime/image/Formats.h"
#include "runtime/isa/EnumOptional.h.inc"
#include "runtime/isa/EnumSkip.h.inc"
#include "runtime/isa/FormatFp16.h.inc"
#include "runtime/isa/FormatFp8.h.inc"
#include "runtime/isa/FormatI32.h.inc"
#include "runtime/isa/FormatX0.h.inc"
#include "runtime/isa/FormatX1.h.inc"
#include "runtime/isa/FormatX4.h.inc"
#include "runtime/isa/SpaceAcc.h.inc"
#include "runtime/isa/SpaceSpm.h.inc"
#include "runtime/isa/StructConvBp.h.inc"
#include "runtime/isa/StructConvFp.h.inc"
#include "runtime/isa/StructConvWg.h.inc"
#include "runtime/isa/StructDesc.h.inc"
#include "runtime/isa/StructHalt.h.inc"
#include "runtime/isa/StructLoop.h.inc"
#include "runtime/isa/StructMatmul.h.inc"

#include "ExampleImage.h"

#include "gtest/gtest.h"

using namespace slp;
using namespace slp::image;

namespace {

chip::Chip loaded(const char *name) {
  Result<chip::Chip> chip = chip::load(name);
  EXPECT_TRUE(chip.ok()) << chip.message();
  return chip.ok() ? chip.take() : chip::Chip();
}

} // namespace

TEST(Features, Fp8RunsOnBothChips) {
  EXPECT_TRUE(checkFeatures(exampleImage(), loaded("lnpu")).ok());
  EXPECT_TRUE(checkFeatures(exampleImage(), loaded("asu-fp8")).ok());
}

TEST(Features, Fp16OperandNeedsTheFeature) {
  Image image = exampleImage();
  image.text = exampleText(3);
  EXPECT_TRUE(checkFeatures(image, loaded("lnpu")).ok());
  Status status = checkFeatures(image, loaded("asu-fp8"));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.message(), "chip 'asu-fp8' lacks the feature fp16-mac, which matmul with the "
                              "fp16 operand a at instruction 8 needs, for node '/fc/Gemm'");
  image.debug = Debug();
  EXPECT_EQ(checkFeatures(image, loaded("asu-fp8")).message(),
            "chip 'asu-fp8' lacks the feature fp16-mac, which matmul with the fp16 operand a at "
            "instruction 8 needs");
}

// A field that asks for more than every chip does needs the feature wherever it is not 0.
TEST(Features, FieldsNeedThem) {
  auto messageOf = [](const char *chip, const mach::Instruction &instr) {
    Image image = exampleImage();
    image.debug = Debug();
    image.entries = {{"step", 0}};
    image.text = {word(instr), word(mach::Halt())};
    Status s = checkFeatures(image, loaded(chip));
    return s ? std::string("accepted") : s.message();
  };
  mach::ConvFp fp;
  EXPECT_EQ(messageOf("lnpu", fp), "accepted");
  fp.gated = mach::Optional::present;
  EXPECT_EQ(messageOf("asu-fp8", fp), "accepted");
  EXPECT_EQ(messageOf("lnpu", fp),
            "chip 'lnpu' lacks the feature channel-gating, which conv.fp with gated at instruction "
            "0 needs");
  mach::ConvWg wg;
  wg.grouped = mach::Optional::present;
  EXPECT_EQ(messageOf("asu-fp8", wg), "accepted");
  EXPECT_EQ(messageOf("lnpu", wg),
            "chip 'lnpu' lacks the feature weight-groups, which conv.wg with "
            "grouped at instruction 0 needs");
  mach::ConvBp bp;
  bp.skip = mach::Skip::a;
  EXPECT_EQ(messageOf("lnpu", bp), "accepted");
  EXPECT_EQ(messageOf("asu-fp8", bp),
            "chip 'asu-fp8' lacks the feature zero-skip, which conv.bp with skip at instruction 0 "
            "needs");
}

// The register of an operand that is not there may hold anything.
TEST(Features, OnlyFactorsAreMultiplied) {
  mach::Desc half, x;
  half.dd = 0, half.src = 3;
  x.dd = 1, x.src = 0;
  mach::ConvFp fp;
  fp.x = fp.w = 1;
  Image image = exampleImage();
  image.debug = Debug();
  image.entries = {{"step", 0}};
  image.text = {word(half), word(x), word(fp), word(mach::Halt())};
  EXPECT_TRUE(checkFeatures(image, loaded("asu-fp8")).ok()); // bias, gate and group are d0
}

TEST(Formats, TheChipMustHaveThem) {
  chip::Chip chip = loaded("lnpu");
  auto message = [&](mach::Format format, int bias, mach::Space space = mach::space::spm) {
    Image image = exampleImage();
    mach::TensorTile &tile = image.descriptors[0].tile;
    tile.format = format, tile.bias = bias, tile.space = space;
    Status s = checkFormats(image, chip);
    return s ? std::string() : s.message();
  };
  EXPECT_EQ(message(mach::format::fp8, 3), "");
  EXPECT_EQ(message(mach::format::x0, 0), "descriptor 'x': the chip has no format x0");
  EXPECT_EQ(message(mach::format::x4, 0), "descriptor 'x': the chip has no format x4");
  EXPECT_EQ(message(mach::format::fp8, -16),
            "descriptor 'x': the shared exponent bias -16 does not suit format fp8: num.float<5, "
            "2, -1, reserved, flush>: the bias is -1, expected 0 to 127");
  EXPECT_EQ(message(mach::format::i32, 1),
            "descriptor 'x': a shared exponent bias, but elements of i32 have none");
  EXPECT_EQ(message(mach::format::fp16, 1, mach::space::acc),
            "descriptor 'x': a tile in acc, expected rounding chip, bias 0 and stream 0");
  chip.numerics.formats = {{"narrow", num::e4m3}, {"wide", num::ibmFp16}};
  EXPECT_EQ(message(mach::format::x0, 2), "");
  EXPECT_EQ(message(mach::format::x1, 0), "descriptor 'x': the chip has no format x1");
  EXPECT_EQ(message(mach::format::x4, 0), "");
  Result<num::Format> shifted = chipFormat(chip.numerics, mach::format::x0, 2);
  ASSERT_TRUE(shifted.ok());
  EXPECT_EQ(*shifted, num::e4m3.shifted(2));
  Image image = exampleImage();
  image.tensors[1].bias = 1; // labels
  EXPECT_EQ(checkFormats(image, chip).message(),
            "tensor 'labels': a shared exponent bias, but elements of i32 have none");
  EXPECT_FALSE(checkFeatures(image, chip).ok());
}

// The fp16 descriptor is loaded behind the MAC, and reaches it only round the loop.
TEST(Features, FormatsAreFollowedRoundLoops) {
  mach::Desc x, w, acc, half;
  x.dd = 1, x.src = 0;
  w.dd = 2, w.src = 1;
  acc.dd = 3, acc.src = 2;
  half.dd = 1, half.src = 3;
  mach::Matmul matmul;
  matmul.acc = 3, matmul.a = 1, matmul.b = 2;
  mach::Loop loop;
  loop.trip = 2, loop.end = 2;
  Image image = exampleImage();
  image.debug = Debug();
  image.entries = {{"step", 0}};
  image.text = {word(x),      word(w),    word(acc),         word(loop),
                word(matmul), word(half), word(mach::Halt())};
  EXPECT_FALSE(checkFeatures(image, loaded("asu-fp8")).ok());
  // Behind the loop it reaches nothing.
  loop.end = 1;
  image.text[3] = word(loop);
  EXPECT_TRUE(checkFeatures(image, loaded("asu-fp8")).ok());
  // A bias in fp16 is no factor.
  matmul.a = 2, matmul.bias = 1;
  loop.end = 2;
  image.text[3] = word(loop), image.text[4] = word(matmul);
  EXPECT_TRUE(checkFeatures(image, loaded("asu-fp8")).ok());
}
