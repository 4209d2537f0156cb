//===- AccumulatorTest.cpp - order and rounding of multiply-accumulate ------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Cases in which the order of the terms, the dot groups and the format of the accumulator show.
//
//===----------------------------------------------------------------------------------------===//

#include "EvaluateModule.h"

using namespace slp;
using namespace slp::reference;

static const char *const fp16 = "!num.float<5, 10, 15, none, gradual>";

static std::string accumulate(const std::string &format, const std::string &across,
                              int dotWidth = 8) {
  return "#num.accumulate<dot = " + std::to_string(dotWidth) + ", format = " + format +
         ", rounding = nearest_even, across = " + across + ">";
}

/// y (1, 1) = a (1, K) * b (K, 1) in the given accumulator.
static float dot(std::vector<float> a, std::vector<float> b, const std::string &format,
                 int dotWidth = 8) {
  std::string k = std::to_string(a.size());
  EvaluatedModule m("func.func @f(%a: tensor<1x" + k + "xf32> {train.name = \"a\"}, %b: tensor<" +
                    k + "x1xf32> {train.name = \"b\"}) {\n" +
                    "  %y = train.matmul %a, %b {train.names = [\"y\"], accumulate = " +
                    accumulate(format, format, dotWidth) + "} : (tensor<1x" + k + "xf32>, tensor<" +
                    k + "x1xf32>) -> tensor<1x1x" + format + ">\n  return\n}");
  int64_t n = a.size();
  NamedTensors inputs = {{"a", makeTensor({1, n}, a)}, {"b", makeTensor({n, 1}, b)}};
  return m.run("f", inputs).at("y")[0];
}

TEST(Accumulator, Fp16RoundsOncePerGroupOfEight) {
  // 2048 + eight times 1/4 is 2050, exact; added one by one to an FP16 number it would stay 2048.
  std::vector<float> a(16, 0.25f), b(16, 1.0f);
  a[0] = 2048.0f;
  std::fill(a.begin() + 1, a.begin() + 8, 0.0f);
  EXPECT_EQ(dot(a, b, fp16), 2050.0f);
  // Spread over two groups, four quarters each are half a unit: a tie, to even, twice.
  std::fill(a.begin() + 1, a.end(), 0.0f);
  std::fill(a.begin() + 1, a.begin() + 5, 0.25f);
  std::fill(a.begin() + 8, a.begin() + 12, 0.25f);
  EXPECT_EQ(dot(a, b, fp16), 2048.0f);
  // In one sum they would be exact.
  EXPECT_EQ(dot(a, b, "f32"), 2050.0f);
}

TEST(Accumulator, Fp16RoundsAfterEachTermOrAfterSixteen) {
  std::vector<float> a(32, 0.0f), b(32, 1.0f);
  a[0] = 2048.0f;
  std::fill(a.begin() + 1, a.begin() + 16, 0.25f);
  // 15 quarters are 3.75 and round to 4 at the spacing of 2; seven and eight quarters are 1.75 and
  // 2, each to 2; one by one they are lost.
  EXPECT_EQ(dot(a, b, fp16, 16), 2052.0f);
  EXPECT_EQ(dot(a, b, fp16, 8), 2052.0f);
  EXPECT_EQ(dot(a, b, fp16, 1), 2048.0f);
  // Five quarters in either half: 2.5 in one sum, twice 1.25 that round up to 2.
  std::fill(a.begin() + 1, a.end(), 0.0f);
  std::fill(a.begin() + 1, a.begin() + 6, 0.25f);
  std::fill(a.begin() + 8, a.begin() + 13, 0.25f);
  EXPECT_EQ(dot(a, b, fp16, 16), 2050.0f);
  EXPECT_EQ(dot(a, b, fp16, 8), 2052.0f);
  // The next sixteen are another group.
  a[17] = 0.75f;
  EXPECT_EQ(dot(a, b, fp16, 16), 2050.0f);
  // An FP32 accumulator knows no groups.
  EXPECT_EQ(dot(a, b, "f32", 1), dot(a, b, "f32", 16));
}

TEST(Accumulator, ConvolutionTakesBlocksOfSixteenWhereDotGroupsDo) {
  // As below with seventeen channels; the last one comes after both taps of the first sixteen.
  auto run = [&](int dotWidth, int64_t lone) {
    Tensor x(llvm::ArrayRef<int64_t>{1, 17, 1, 2}), w(llvm::ArrayRef<int64_t>{1, 17, 1, 2});
    std::fill(w.values.begin(), w.values.end(), 1.0f);
    x[x.at(0, 0, 0, 0)] = 16777216.0f;
    x[x.at(0, lone, 0, 0)] = 1.0f;
    x[x.at(0, 0, 0, 1)] = -16777216.0f;
    EvaluatedModule m("func.func @f(%x: tensor<1x17x1x2xf32> {train.name = \"x\"}, %w: "
                      "tensor<1x17x1x2xf32> {train.name = \"w\"}) {\n  %y = train.conv %x, %w "
                      "{train.names = [\"y\"], accumulate = " +
                      accumulate("f32", "f32", dotWidth) +
                      "} : (tensor<1x17x1x2xf32>, tensor<1x17x1x2xf32>) -> "
                      "tensor<1x1x1x1xf32>\n  return\n}");
    return m.run("f", {{"x", x}, {"w", w}}).at("y")[0];
  };
  EXPECT_EQ(run(8, 8), 1.0f);
  EXPECT_EQ(run(1, 8), 1.0f);
  EXPECT_EQ(run(16, 8), 0.0f); // among the first sixteen it is lost
  EXPECT_EQ(run(16, 16), 1.0f);
}

TEST(Accumulator, Fp16SaturatesAtGroupEnd) {
  std::vector<float> a(16, 0.0f), b(16, 65536.0f);
  a[0] = 3.0f;  // 196608 saturates to 131008 ...
  a[8] = -1.0f; // ... before the second group
  EXPECT_EQ(dot(a, b, fp16), 131008.0f - 65536.0f);
  a[8] = 0.0f;
  a[1] = -2.0f; // within a group nothing saturates
  EXPECT_EQ(dot(a, b, fp16), 65536.0f);
}

TEST(Accumulator, Fp32AddsOneTermAfterAnother) {
  // 2^24 + 1 + 1 loses both ones, 1 + 1 + 2^24 none.
  EXPECT_EQ(dot({16777216.0f, 1.0f, 1.0f}, {1, 1, 1}, "f32"), 16777216.0f);
  EXPECT_EQ(dot({1.0f, 1.0f, 16777216.0f}, {1, 1, 1}, "f32"), 16777218.0f);
  // The product is not rounded before it is added: (1 + 2^-12)^2 - 1 keeps 2^-24.
  float x = 1.0f + 0x1p-12f;
  EXPECT_EQ(dot({-1.0f, x}, {1.0f, x}, "f32"), 0x1p-11f + 0x1p-24f);
}

TEST(Accumulator, ZeroIsPositiveAndZeroTermsAreAbsent) {
  EXPECT_FALSE(std::signbit(dot({-0x1p-120f}, {0x1p-120f}, "f32")));
  EXPECT_EQ(dot({0.0f, 2.0f}, {INFINITY, 3.0f}, "f32"), 6.0f);
}

TEST(Accumulator, ConvolutionTakesBlocksOfEightChannelsThenTaps) {
  // Nine channels, a 1x2 kernel. The order is (c0..c7, tap 0), (c0..c7, tap 1), (c8, tap 0),
  // (c8, tap 1): the unit at c8 comes after the big terms have cancelled and survives; with all
  // nine channels of tap 0 first it would not.
  Tensor x(llvm::ArrayRef<int64_t>{1, 9, 1, 2}), w(llvm::ArrayRef<int64_t>{1, 9, 1, 2});
  std::fill(w.values.begin(), w.values.end(), 1.0f);
  x[x.at(0, 0, 0, 0)] = 16777216.0f;
  x[x.at(0, 8, 0, 0)] = 1.0f;
  x[x.at(0, 0, 0, 1)] = -16777216.0f;
  EvaluatedModule m(R"mlir(
func.func @f(%x: tensor<1x9x1x2xf32> {train.name = "x"}, %w: tensor<1x9x1x2xf32> {train.name = "w"}) {
  %y = train.conv %x, %w {train.names = ["y"]} : (tensor<1x9x1x2xf32>, tensor<1x9x1x2xf32>) -> tensor<1x1x1x1xf32>
  return
})mlir");
  EXPECT_EQ(m.run("f", {{"x", x}, {"w", w}}).at("y")[0], 1.0f);
}

TEST(Accumulator, WeightGradientRoundsAcrossImages) {
  // Two images of nine pixels: chain 1 is 2048, chain 2 is 1 + 1/4 over two dot groups.
  Tensor x(llvm::ArrayRef<int64_t>{2, 1, 1, 9}), dy(llvm::ArrayRef<int64_t>{2, 1, 1, 9});
  std::fill(dy.values.begin(), dy.values.end(), 1.0f);
  x[0] = 2048.0f;
  x[9] = 1.0f;
  x[17] = 0.25f;
  auto run = [&](const std::string &across) {
    EvaluatedModule m(
        "func.func @f(%x: tensor<2x1x1x9xf32> {train.name = \"x\"}, %dy: tensor<2x1x1x9xf32> "
        "{train.name = \"dy\"}) {\n  %w = train.conv_wg %x, %dy {kernel = array<i64: 1, 1>, "
        "train.names = [\"dw\"], accumulate = " +
        accumulate(fp16, across) +
        "} : (tensor<2x1x1x9xf32>, tensor<2x1x1x9xf32>) -> tensor<1x1x1x1x" + across +
        ">\n  return\n}");
    return m.run("f", {{"x", x}, {"dy", dy}}).at("dw")[0];
  };
  EXPECT_EQ(run("f32"), 2049.25f);
  EXPECT_EQ(run(fp16), 2050.0f); // spacing 2: 1.25 is more than half
  x[17] = 0.0f;
  EXPECT_EQ(run(fp16), 2048.0f); // a tie, to even
}

TEST(Accumulator, OneChainEndsItsDotGroupsWithAnImage) {
  Tensor x = makeTensor({2, 1, 1, 9}, std::vector<float>(18, 0.0f));
  Tensor dy = makeTensor({2, 1, 1, 9}, std::vector<float>(18, 1.0f));
  x[0] = 2048.0f;
  auto run = [&] {
    EvaluatedModule m(
        "func.func @f(%x: tensor<2x1x1x9xf32> {train.name = \"x\"}, %dy: tensor<2x1x1x9xf32> "
        "{train.name = \"dy\"}) {\n  %w = train.conv_wg %x, %dy {kernel = array<i64: 1, 1>, "
        "train.names = [\"dw\"], accumulate = " +
        accumulate(fp16, "none") + "} : (tensor<2x1x1x9xf32>, tensor<2x1x1x9xf32>) -> " +
        "tensor<1x1x1x1x" + fp16 + ">\n  return\n}");
    return m.run("f", {{"x", x}, {"dy", dy}}).at("dw")[0];
  };
  x[8] = x[9] = 1.0f; // the last pixel of one image, the first of the other: two groups
  EXPECT_EQ(run(), 2048.0f);
  x[8] = 0.0f;
  x[10] = 1.0f; // one group
  EXPECT_EQ(run(), 2050.0f);
}

/// Three channels: dot groups take the terms of several taps, and absent ones keep their place.
TEST(Accumulator, FewChannelsArePacked) {
  Tensor w = makeTensor({1, 3, 1, 4}, std::vector<float>(12, 1.0f));
  auto run = [&](const std::string &pads, const Tensor &x) {
    EvaluatedModule m(
        "func.func @f(%x: tensor<1x3x1x4xf32> {train.name = \"x\"}, %w: tensor<1x3x1x4xf32> "
        "{train.name = \"w\"}) {\n  %y = train.conv %x, %w {pads = array<i64: " +
        pads + ">, train.names = [\"y\"], accumulate = " + accumulate(fp16, fp16) +
        "} : (tensor<1x3x1x4xf32>, tensor<1x3x1x4xf32>) -> tensor<1x1x1x1x" + fp16 +
        ">\n  return\n}");
    return m.run("f", {{"x", x}, {"w", w}}).at("y")[0];
  };
  // Element (channel, column) is place 3 * column + channel where nothing is padded.
  Tensor x = makeTensor({1, 3, 1, 4}, std::vector<float>(12, 0.0f));
  x[0] = 2048.0f;                           // place 0
  x[1] = 1.0f;                              // place 3
  x[6] = 1.0f;                              // channel 1 of column 2: place 7
  EXPECT_EQ(run("0, 0, 0, 0", x), 2050.0f); // of one group
  x[6] = 0.0f;
  x[10] = 1.0f;                             // channel 2 of column 2: place 8
  EXPECT_EQ(run("0, 0, 0, 0", x), 2048.0f); // 1 apart from 1: two ties, to even
  // Columns one tap later: places 3, 6 and 9.
  x[10] = 0.0f;
  x[2] = 1.0f;
  EXPECT_EQ(run("0, 1, 0, -1", x), 2048.0f);
  x[2] = 0.0f;
  x[5] = 1.0f; // channel 1 of column 1: place 7
  EXPECT_EQ(run("0, 1, 0, -1", x), 2050.0f);
}

TEST(Accumulator, Fp32BiasDoesNotFitFp16) {
  EvaluatedModule m("func.func @f(%a: tensor<1x1xf32> {train.name = \"a\"}, %b: tensor<1xf32> "
                    "{train.name = \"b\"}) {\n  %y = train.matmul %a, %a, %b {accumulate = " +
                    accumulate(fp16, fp16) +
                    "} : (tensor<1x1xf32>, tensor<1x1xf32>, tensor<1xf32>) -> tensor<1x1x" + fp16 +
                    ">\n  return\n}");
  m.run("f", {{"a", makeTensor({1, 1}, {1})}, {"b", makeTensor({1}, {1})}});
  EXPECT_NE(m.error.find("expected a bias that an accumulator of"), std::string::npos) << m.error;
}
