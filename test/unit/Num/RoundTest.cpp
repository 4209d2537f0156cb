//===- RoundTest.cpp - rounding to storage formats --------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Rounding against the exact definition: around every representable value, at every limit, on
// random patterns, for all products of two FP8 values, and the array forms against the scalar.
//
//===----------------------------------------------------------------------------------------===//

#include "NumFormats.h"

#include <cmath>
#include <optional>
#include <random>
#include <vector>

using namespace slp;
using num::Rounding;

namespace {

constexpr Rounding modes[] = {Rounding::nearestEven, Rounding::halfAway, Rounding::towardZero,
                              Rounding::stochastic};

exact::Mode modeOf(Rounding rounding) {
  switch (rounding) {
  case Rounding::nearestEven:
    return exact::Mode::nearestEven;
  case Rounding::halfAway:
    return exact::Mode::halfAway;
  case Rounding::towardZero:
    return exact::Mode::towardZero;
  case Rounding::stochastic:
    return exact::Mode::stochastic;
  }
  return exact::Mode::nearestEven;
}

/// What ValueRounder makes of x, where it supports format and mode.
std::optional<float> roundedInRegisters(const num::Format &format, Rounding rounding, float x,
                                        num::Events &events) {
  if (rounding == Rounding::stochastic ||
      !num::ValueRounder<Rounding::nearestEven>::supports(format))
    return std::nullopt;
  uint32_t saturation = 0, underflow = 0, invalid = 0;
  float y = 0;
  if (rounding == Rounding::nearestEven)
    y = num::ValueRounder<Rounding::nearestEven>(format)(x, saturation, underflow, invalid);
  else if (rounding == Rounding::halfAway)
    y = num::ValueRounder<Rounding::halfAway>(format)(x, saturation, underflow, invalid);
  else
    y = num::ValueRounder<Rounding::towardZero>(format)(x, saturation, underflow, invalid);
  events = {saturation, underflow, invalid};
  return y;
}

/// Compares value, code and all three counters for one input; false (with a message) at the first
/// difference.
bool matches(const FormatCase &c, Rounding rounding, float x, uint32_t r) {
  num::Events events;
  uint32_t code = num::roundToCode(c.format, rounding, x, r, &events);
  float value = num::round(c.format, rounding, x, r, nullptr);
  exact::Outcome want = c.oracle.round(modeOf(rounding), exact::ofFloat(x), r);
  exact::Decoded gotValue = exact::ofFloat(value), gotCode = c.oracle.decode(code);
  num::Events wantEvents{uint64_t(want.saturation), uint64_t(want.underflow),
                         uint64_t(want.invalid)};
  bool negativeZero = (value == 0 && std::signbit(value)) || code == c.format.signBit();
  bool same = gotValue.kind == exact::Class::finite && gotValue.value == want.value &&
              gotCode.kind == exact::Class::finite && gotCode.value == want.value &&
              events == wantEvents && !negativeZero;
  num::Events inRegistersEvents;
  if (auto inRegisters = roundedInRegisters(c.format, rounding, x, inRegistersEvents))
    same =
        same && num::bitsOf(*inRegisters) == num::bitsOf(value) && inRegistersEvents == wantEvents;
  if (!same)
    ADD_FAILURE() << c.name << ", mode " << int(rounding) << ", r " << r << ": "
                  << testing::PrintToString(x) << " (bits " << std::hex << num::bitsOf(x)
                  << ") gave " << value << ", code " << code << ", events " << events.saturation
                  << events.underflow << events.invalid << ", expected events " << want.saturation
                  << want.underflow << want.invalid;
  return same;
}

/// `matches` for both signs of x, every mode, and random numbers at and around the exact stochastic
/// threshold.
bool matchesInAllModes(const FormatCase &c, float x) {
  exact::Decoded d = exact::ofFloat(x);
  uint32_t threshold = 0;
  if (d.kind == exact::Class::finite && !d.value.magnitude.isZero()) {
    const exact::Number &a = d.value.magnitude;
    int q = c.oracle.spacing(a);
    exact::Number f = a - exact::Number::scaled(a.quotient(q), q);
    threshold = uint32_t(f.quotient(q - 32));
  }
  for (float signedX : {x, -x}) {
    for (Rounding rounding : {Rounding::nearestEven, Rounding::halfAway, Rounding::towardZero})
      if (!matches(c, rounding, signedX, 0xffffffffu))
        return false;
    for (uint32_t r :
         {0u, 1u, 0x7fffffffu, 0x80000000u, 0xffffffffu, threshold - 1, threshold, threshold + 1})
      if (!matches(c, Rounding::stochastic, signedX, r))
        return false;
  }
  return true;
}

class RoundTest : public testing::TestWithParam<FormatCase> {};
INSTANTIATE_TEST_SUITE_P(All, RoundTest, testing::ValuesIn(formatCases), caseName);

TEST_P(RoundTest, AroundEveryValueAndMidpoint) {
  const FormatCase &c = GetParam();
  std::vector<float> values;
  for (uint32_t code = 0; code <= c.format.maxCode(); ++code)
    if (num::isValidCode(c.format, code))
      values.push_back(num::decode(c.format, code));
  const float inf = std::numeric_limits<float>::infinity();
  for (size_t i = 0; i < values.size(); ++i) {
    float x = values[i];
    std::vector<float> points{x, std::nextafter(x, inf), std::nextafter(x, 0.0f)};
    if (i + 1 < values.size()) {
      double middle = (double(x) + double(values[i + 1])) / 2;
      float m = float(middle);
      ASSERT_EQ(double(m), middle);
      points.insert(points.end(), {m, std::nextafter(m, 0.0f), std::nextafter(m, inf)});
    }
    for (float point : points)
      ASSERT_TRUE(matchesInAllModes(c, point));
  }
}

TEST_P(RoundTest, AtTheLimits) {
  const FormatCase &c = GetParam();
  const float inf = std::numeric_limits<float>::infinity();
  float smallest = c.format.minNormal() / float(1 << c.format.man); // spacing below min_normal
  float max = c.format.maxFinite();
  float halfStepAbove = float(
      double(max) + (double(max) - double(num::decode(c.format, c.format.maxCode() - 1))) / 2);
  std::vector<float> points{0.0f,
                            inf,
                            std::numeric_limits<float>::quiet_NaN(),
                            num::floatOf(0x7f800001u), // a signalling NaN
                            std::numeric_limits<float>::max(),
                            std::numeric_limits<float>::min(),
                            std::numeric_limits<float>::denorm_min(),
                            num::floatOf(0x007fffffu),
                            num::floatOf(0x00400000u),
                            num::floatOf(0x00012345u)};
  for (float edge :
       {smallest, smallest / 2, smallest / 4, c.format.minNormal(), max, halfStepAbove, max * 2})
    points.insert(points.end(), {edge, std::nextafter(edge, 0.0f), std::nextafter(edge, inf)});
  // Down through every binade, where f is a power of two, and far below every threshold.
  for (int e = -149; e <= 127; ++e)
    points.push_back(std::ldexp(1.0f, e));
  for (float point : points)
    ASSERT_TRUE(matchesInAllModes(c, point));
}

TEST(Round, RandomPatterns) {
  const uint32_t seed = 20240611;
  std::cout << "seed " << seed << "\n";
  std::mt19937 engine(seed);
  constexpr size_t cases = std::size(formatCases);
  for (uint32_t i = 0; i < 1u << 22; ++i) {
    float x = num::floatOf(uint32_t(engine()));
    uint32_t r = uint32_t(engine());
    for (Rounding rounding : modes)
      ASSERT_TRUE(matches(formatCases[i % cases], rounding, x, r));
  }
}

TEST(Round, HalfAwayByHand) {
  const std::pair<float, float> facts[] = {
      {1.125f, 1.25f},   {1.12499f, 1.0f},       {1.375f, 1.5f},
      {1.875f, 2.0f},    {0.1f, 0.09375f},       {0.3f, 0.3125f},
      {-1.125f, -1.25f}, {114688.0f, 114688.0f}, {122880.0f, 114688.0f}};
  for (auto [x, y] : facts)
    EXPECT_EQ(num::round(num::asuFp8, Rounding::halfAway, x, 0, nullptr), y) << x;
  num::Events events;
  num::round(num::asuFp8, Rounding::halfAway, 122879.0f, 0, &events); // rounds down to max_finite
  EXPECT_EQ(events, num::Events());
  num::round(num::asuFp8, Rounding::halfAway, 122880.0f, 0, &events); // rounds up beyond it
  EXPECT_EQ(events, (num::Events{1, 0, 0}));
}

TEST(Round, TheChipsFormatsRoundInRegisters) {
  for (const num::Format &format : {num::lnpuFp8, num::lnpuFp16, num::asuFp8, num::asuFp16})
    EXPECT_TRUE(num::ValueRounder<Rounding::nearestEven>::supports(format)) << format.name();
}

/// The exact product of two finite numbers of formats of at most 8 bits.
exact::Decoded exactProduct(const exact::Format &formatA, const exact::Decoded &a,
                            const exact::Format &formatB, const exact::Decoded &b) {
  // Values are multiples of the spacing of subnormals; without trailing zeros the factors have as
  // many bits as the significands.
  int unitA = 1 - formatA.bias - formatA.man, unitB = 1 - formatB.bias - formatB.man;
  uint64_t m = a.value.magnitude.quotient(unitA), n = b.value.magnitude.quotient(unitB);
  int zeros = 0;
  for (uint64_t *factor : {&m, &n})
    for (; *factor && *factor % 2 == 0; ++zeros)
      *factor /= 2;
  exact::Decoded product;
  product.value = {m * n != 0 && a.value.negative != b.value.negative,
                   exact::Number::scaled(m * n, unitA + unitB + zeros)};
  return product;
}

/// All products of a value of `a` and one of `b`, each rounded once to `to` in every mode.
void checkProducts(const FormatCase &a, const FormatCase &b, const FormatCase &to) {
  uint32_t finite = 0;
  for (uint32_t i = 0; i < uint32_t(a.oracle.codes()); ++i)
    for (uint32_t j = 0; j < uint32_t(b.oracle.codes()); ++j) {
      exact::Decoded x = a.oracle.decode(i), y = b.oracle.decode(j);
      if (x.kind != exact::Class::finite || y.kind != exact::Class::finite)
        continue;
      ++finite;
      exact::Decoded product = exactProduct(a.oracle, x, b.oracle, y);
      float inFp32 = num::decode(a.format, i) * num::decode(b.format, j);
      ASSERT_TRUE(exact::ofFloat(inFp32).value.magnitude == product.value.magnitude);
      for (Rounding rounding : modes) {
        uint32_t r = (i * 256 + j) * 65537u;
        num::Events events;
        float got = num::round(to.format, rounding, inFp32, r, &events);
        exact::Outcome want = to.oracle.round(modeOf(rounding), product, r);
        ASSERT_TRUE(exact::ofFloat(got).value == want.value) << a.name << " " << i << " " << j;
        ASSERT_EQ(events, (num::Events{uint64_t(want.saturation), uint64_t(want.underflow),
                                       uint64_t(want.invalid)}));
      }
    }
  EXPECT_GT(finite, 20000u) << a.name;
}

const FormatCase &caseNamed(const std::string &name) {
  return *std::find_if(std::begin(formatCases), std::end(formatCases),
                       [&](const FormatCase &c) { return c.name == name; });
}

TEST_P(RoundTest, EveryProductOfTwo8BitValues) {
  const FormatCase &c = GetParam();
  if (c.format.bits() == 8)
    checkProducts(c, c, c);
}

TEST(Round, EveryProductOfTwoDifferentFormats) {
  // Errors times weights, as HFP8 has them, to either and to the accumulators.
  for (const char *to : {"Hfp8Forward", "Hfp8Backward", "IbmFp16", "AsuFp16"})
    checkProducts(caseNamed("Hfp8Forward"), caseNamed("Hfp8Backward"), caseNamed(to));
  checkProducts(caseNamed("OcpE4M3"), caseNamed("OcpE5M2"), caseNamed("BFloat16"));
}

TEST_P(RoundTest, ArraysRoundLikeTheScalar) {
  const FormatCase &c = GetParam();
  // More than one counting block, and an odd length.
  const size_t n = (1 << 17) + 13;
  std::mt19937 engine(7);
  std::vector<float> x(n), values(n);
  std::vector<uint32_t> r(n);
  std::vector<uint16_t> codes(n);
  for (size_t i = 0; i < n; ++i) {
    uint32_t bits = uint32_t(engine());
    // Half of them near the format's own range, half anywhere.
    x[i] = i % 2 ? num::floatOf(bits)
                 : std::ldexp(float(int32_t(bits)), int(bits % 64) - 31 - c.format.bias);
    r[i] = uint32_t(engine());
  }
  std::vector<uint16_t> wanted(n);
  for (Rounding rounding : modes) {
    num::Events want;
    for (size_t i = 0; i < n; ++i)
      wanted[i] = uint16_t(num::roundToCode(c.format, rounding, x[i], r[i], &want));
    ASSERT_GT(want.saturation + want.underflow, 0u);
    ASSERT_GT(want.invalid, 0u);
    for (num::HostPath path : num::hostPaths) {
      if (!num::hostHas(path))
        continue; // HostPathsTest of the machine says which are skipped
      SCOPED_TRACE(num::toString(path));
      num::Events got, gotValues, gotBytes;
      num::roundArray(c.format, rounding, x.data(), r.data(), codes.data(), n, got, path);
      num::roundArray(c.format, rounding, x.data(), r.data(), values.data(), n, gotValues, path);
      for (size_t i = 0; i < n; ++i) {
        ASSERT_EQ(codes[i], wanted[i]) << c.name << " " << x[i];
        ASSERT_EQ(num::bitsOf(values[i]), num::bitsOf(num::decode(c.format, wanted[i])));
      }
      ASSERT_EQ(got, want);
      ASSERT_EQ(gotValues, want);
      if (c.format.bits() > 8)
        continue;
      std::vector<uint8_t> bytes(n);
      num::roundArray(c.format, rounding, x.data(), r.data(), bytes.data(), n, gotBytes, path);
      for (size_t i = 0; i < n; ++i)
        ASSERT_EQ(bytes[i], wanted[i]);
      ASSERT_EQ(gotBytes, want);
    }
  }
}

} // namespace
