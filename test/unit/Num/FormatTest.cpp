//===- FormatTest.cpp - what codes mean -------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Every code of every format against the exact definition, and the refusal of impossible formats.
//
//===----------------------------------------------------------------------------------------===//

#include "NumFormats.h"

#include <algorithm>
#include <cmath>
#include <vector>

using namespace slp;

namespace {

class FormatTest : public testing::TestWithParam<FormatCase> {};
INSTANTIATE_TEST_SUITE_P(All, FormatTest, testing::ValuesIn(formatCases), caseName);

TEST_P(FormatTest, DecodesEveryCodeAsDefined) {
  const auto &[name, format, oracle] = GetParam();
  ASSERT_EQ(1 << format.bits(), oracle.codes());
  for (int code = 0; code < oracle.codes(); ++code) {
    exact::Decoded want = oracle.decode(code);
    ASSERT_EQ(num::isValidCode(format, code), want.kind != exact::Class::invalid) << code;
    if (want.kind == exact::Class::invalid)
      continue;
    float got = num::decode(format, code);
    exact::Decoded gotExact = exact::ofFloat(got);
    ASSERT_EQ(gotExact.kind, want.kind) << code;
    if (want.kind == exact::Class::nan)
      continue;
    ASSERT_TRUE(gotExact.value == want.value) << code << " reads as " << got;
    ASSERT_FALSE(got == 0 && std::signbit(got)) << code << " reads as -0";
    if (want.kind == exact::Class::finite) {
      uint32_t canonical = got == 0 ? 0 : uint32_t(code);
      ASSERT_EQ(num::encode(format, got), canonical);
    }
  }
  EXPECT_FALSE(num::isValidCode(format, oracle.codes()));
  EXPECT_TRUE(exact::ofFloat(format.maxFinite()).value.magnitude == oracle.maxFinite());
  EXPECT_TRUE(exact::ofFloat(format.minNormal()).value.magnitude == oracle.minNormal());
}

TEST_P(FormatTest, ArraysAndTableDecodeLikeTheScalar) {
  const auto &[name, format, oracle] = GetParam();
  size_t n = oracle.codes();
  std::vector<uint16_t> codes(n);
  std::vector<float> values(n);
  for (size_t i = 0; i < n; ++i)
    codes[i] = uint16_t(i);
  for (num::HostPath path : num::hostPaths) {
    if (!num::hostHas(path))
      continue; // HostPathsTest of the machine says which are skipped
    SCOPED_TRACE(num::toString(path));
    // Odd starts exercise the loops' remainders.
    for (size_t first : {0, 1, 3}) {
      num::decodeArray(format, codes.data() + first, values.data(), n - first, path);
      for (size_t i = 0; i < n - first; ++i)
        ASSERT_EQ(num::bitsOf(values[i]), num::bitsOf(num::decode(format, codes[first + i])));
    }
    if (format.bits() > 8)
      continue;
    std::vector<uint8_t> bytes(codes.begin(), codes.end());
    num::decodeArray(format, bytes.data(), values.data(), n, path);
    for (size_t i = 0; i < n; ++i)
      ASSERT_EQ(num::bitsOf(values[i]), num::bitsOf(num::decode(format, bytes[i])));
  }
  if (format.bits() > 8)
    return;
  std::array<float, 256> table = num::decodeTable(format);
  for (size_t i = 0; i < n; ++i)
    ASSERT_EQ(num::bitsOf(table[i]), num::bitsOf(num::decode(format, uint32_t(i))));
}

TEST(Format, NamesAndLimits) {
  EXPECT_EQ(num::lnpuFp8.maxFinite(), 57344.0f);
  EXPECT_EQ(num::lnpuFp16.maxFinite(), 65504.0f);
  EXPECT_EQ(num::asuFp8.maxFinite(), 114688.0f);
  EXPECT_EQ(num::asuFp16.maxFinite(), 131008.0f);
  EXPECT_EQ(num::lnpuFp8.minNormal(), 0x1p-14f);
  EXPECT_EQ(num::ocpE4m3.maxFinite(), 448.0f);
  EXPECT_EQ(num::ocpE5m2.maxFinite(), 57344.0f);
  EXPECT_EQ(num::e4m3.maxFinite(), 480.0f);
  EXPECT_EQ(num::hfp8Forward.maxFinite(), 30.0f);
  EXPECT_EQ(num::ibmFp16.maxFinite(), 8581545984.0f);
  EXPECT_EQ(num::bf16.maxFinite(), 0x1.fep127f);
  EXPECT_EQ(num::formatNames().size(), 14u);
  for (std::string_view name : num::formatNames()) {
    Result<num::Format> format = num::formatNamed(name);
    ASSERT_TRUE(format.ok());
    EXPECT_TRUE(num::validate(*format).ok());
    // Some formats have two names: the first is printed.
    Result<num::Format> printed = num::formatNamed(format->name());
    ASSERT_TRUE(printed.ok());
    EXPECT_EQ(*printed, *format);
    bool isTested = std::any_of(std::begin(formatCases), std::end(formatCases),
                                [&](const FormatCase &c) { return c.format == *format; });
    EXPECT_TRUE(isTested) << name;
  }
  num::Format other{4, 3, 8, num::Specials::nan, num::Subnormals::gradual};
  EXPECT_EQ(other.name(), "num.float<4, 3, 8, nan, gradual>");
  EXPECT_EQ(other.bytes(), 1);
  num::Format flushed{4, 3, 8, num::Specials::none, num::Subnormals::flush, 0.25f};
  EXPECT_EQ(flushed.name(), "num.float<4, 3, 8, none, flush, flush_below = 0.25>");
  EXPECT_EQ(num::lnpuFp16.bytes(), 2);
}

TEST(Format, RefusesWhatCannotBe) {
  auto why = [](int exp, int man, int bias, num::Specials specials) {
    Result<num::Format> format =
        num::makeFormat(exp, man, bias, specials, num::Subnormals::gradual);
    return format.ok() ? std::string("accepted") : format.message();
  };
  using num::Specials;
  EXPECT_EQ(why(1, 2, 0, Specials::none), "num.float<1, 2, 0, none, gradual>: the number of "
                                          "exponent bits is 1, expected 2 to 8");
  EXPECT_NE(why(9, 2, 15, Specials::none).find("exponent bits is 9"), std::string::npos);
  EXPECT_NE(why(5, 0, 15, Specials::none).find("mantissa bits is 0"), std::string::npos);
  EXPECT_NE(why(4, 11, 15, Specials::none).find("mantissa bits is 11"), std::string::npos);
  EXPECT_NE(why(6, 10, 31, Specials::none).find("width of a code is 17"), std::string::npos);
  EXPECT_NE(why(5, 2, -1, Specials::none).find("bias is -1"), std::string::npos);
  EXPECT_NE(why(5, 2, 128, Specials::none).find("bias is 128"), std::string::npos);
  EXPECT_NE(why(8, 7, 127, Specials::none).find("largest value is 128"), std::string::npos);
  EXPECT_NE(why(8, 7, 126, Specials::ieee).find("largest value is 128"), std::string::npos);
  EXPECT_EQ(why(8, 7, 127, Specials::ieee), "accepted");
  EXPECT_EQ(why(7, 8, 0, Specials::none), "accepted");
  EXPECT_EQ(num::formatNamed("fp8").message(),
            "unknown number format 'fp8', expected one of lnpu.fp8, lnpu.fp16, asu.fp8, asu.fp16, "
            "asu.fp8.flush, ocp.e5m2, ocp.e4m3, e5m2, e4m3, hfp8.forward, hfp8.backward, ibm.fp16, "
            "ieee.fp16, bf16");
  auto threshold = [](num::Subnormals subnormals, float below) {
    Result<num::Format> format = num::makeFormat(5, 2, 15, num::Specials::none, subnormals, below);
    return format.ok() ? std::string("accepted") : format.message();
  };
  EXPECT_EQ(threshold(num::Subnormals::flush, 0x1p-14f), "accepted");
  EXPECT_EQ(threshold(num::Subnormals::flush, 114688.0f), "accepted");
  EXPECT_NE(threshold(num::Subnormals::flush, 0x1.fp-15f).find("threshold of flushing is 5.9"),
            std::string::npos);
  EXPECT_NE(threshold(num::Subnormals::flush, 114689.0f).find("expected 6.1035156e-05 to 114688"),
            std::string::npos);
  EXPECT_NE(threshold(num::Subnormals::flush, NAN).find("threshold"), std::string::npos);
  EXPECT_NE(threshold(num::Subnormals::gradual, 1.0f).find("subnormals are gradual"),
            std::string::npos);
}

TEST(Format, TheSmallestNormalNumberIsTheThresholdByDefault) {
  num::Format implied = num::lnpuFp8, given = num::lnpuFp8;
  given.flushBelow = 0x1p-14f;
  EXPECT_EQ(implied, given);
  EXPECT_EQ(implied.shifted(3), given.shifted(3));
  given.flushBelow = 0x1.2p-14f;
  EXPECT_NE(implied, given);
}

TEST(Format, ASharedExponentBiasScalesByAPowerOfTwo) {
  for (const FormatCase &c : formatCases)
    for (int by = -20; by <= 20; by += 5) {
      num::Format shifted = c.format.shifted(by);
      if (!num::validate(shifted))
        continue;
      for (uint32_t code = 0; code <= c.format.maxCode(); ++code)
        if (num::isValidCode(c.format, code))
          ASSERT_EQ(num::decode(shifted, code), std::ldexp(num::decode(c.format, code), -by));
      EXPECT_EQ(shifted.threshold(), std::ldexp(c.format.threshold(), -by));
      EXPECT_EQ(shifted.shifted(-by), c.format);
    }
}

} // namespace
