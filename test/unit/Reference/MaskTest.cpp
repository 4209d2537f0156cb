//===- MaskTest.cpp - convolutions with gates and groups --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A term with a zero operand is absent, so that a mask over weights or errors is the same as zeros
// in their place; a closed gate of the forward op leaves the first value.
//
//===----------------------------------------------------------------------------------------===//

#include "EvaluateModule.h"

#include <random>

using namespace slp::reference;

namespace {

constexpr int64_t images = 2, inputs = 19, outputs = 10, size = 5, kernel = 3;
constexpr int64_t inputBlocks = 3, outputBlocks = 2;

constexpr const char *accumulators[] = {"f32, rounding = nearest_even, across = f32",
                                        "!num.float<5, 10, 15, none, gradual>, rounding = "
                                        "half_away, across = !num.float<5, 10, 15, none, gradual>"};

/// A function that has each kind of convolution with the masks and without.
std::string moduleWith(const char *accumulator) {
  std::string fp8 = "!num.float<5, 2, 15, none, gradual>";
  bool isWide = std::string(accumulator).substr(0, 3) == "f32";
  std::string sum = isWide ? "f32" : "!num.float<5, 10, 15, none, gradual>";
  std::string x = "tensor<2x19x5x5x" + fp8 + ">", w = "tensor<10x19x3x3x" + fp8 + ">";
  std::string y = "tensor<2x10x5x5x" + fp8 + ">", sums = "tensor<2x10x5x5x" + sum + ">";
  std::string gate = "tensor<2x2x5x5x" + fp8 + ">", groups = "tensor<2x3x3x3x" + fp8 + ">";
  std::string dx = "tensor<2x19x5x5x" + sum + ">", dw = "tensor<10x19x3x3x" + sum + ">";
  std::string with =
      " {accumulate = #num.accumulate<dot = 8, format = " + std::string(accumulator) +
      ">, pads = array<i64: 1, 1, 1, 1>";
  auto op = [&](const char *name, const char *text, const std::string &more,
                const std::string &type) {
    return "  %" + std::string(name) + " = train." + text + with + ", " + more +
           "train.names = [\"" + name + "\"]} : " + type + "\n";
  };
  std::string shape = "input_shape = array<i64: 2, 19, 5, 5>, ";
  std::string window = "kernel = array<i64: 3, 3>, ";
  return "func.func @step(%x: " + x + " {train.name = \"x\"}, %w: " + w +
         " {train.name = \"w\"}, %dy: " + y + " {train.name = \"dy\"}, %init: " + sums +
         " {train.name = \"init\"}, %gate: " + gate +
         " {train.name = \"gate\"}, %groups: " + groups + " {train.name = \"groups\"}) {\n" +
         op("fp", "conv %x, %w init %init gate %gate groups %groups", "",
            "(" + x + ", " + w + ", " + sums + ", " + gate + ", " + groups + ") -> " + sums) +
         op("fp_plain", "conv %x, %w init %init", "",
            "(" + x + ", " + w + ", " + sums + ") -> " + sums) +
         op("bp", "conv_bp %dy, %w gate %gate groups %groups", shape,
            "(" + y + ", " + w + ", " + gate + ", " + groups + ") -> " + dx) +
         op("bp_plain", "conv_bp %dy, %w", shape, "(" + y + ", " + w + ") -> " + dx) +
         op("wg", "conv_wg %x, %dy gate %gate groups %groups", window,
            "(" + x + ", " + y + ", " + gate + ", " + groups + ") -> " + dw) +
         op("wg_plain", "conv_wg %x, %dy", window, "(" + x + ", " + y + ") -> " + dw) +
         "  return\n}\n";
}

/// Multiples of 1/4 in [-2, 2], which every format holds.
Tensor randomTensor(std::vector<int64_t> shape, std::mt19937 &random) {
  Tensor t{llvm::ArrayRef<int64_t>(shape)};
  std::uniform_int_distribution<int> quarters(-8, 8);
  for (int64_t i = 0; i < int64_t(t.values.size()); ++i)
    t[i] = float(quarters(random)) / 4;
  return t;
}

/// Entries that are open with the probability `open`.
Tensor randomMask(std::vector<int64_t> shape, double open, std::mt19937 &random) {
  Tensor t{llvm::ArrayRef<int64_t>(shape)};
  std::bernoulli_distribution isOpen(open);
  for (int64_t i = 0; i < int64_t(t.values.size()); ++i)
    t[i] = isOpen(random) ? 1.0f : 0.0f;
  return t;
}

/// Calls `visit(a, b, c, d, element)` for each element of `t`.
template <typename Visitor> void forEach(Tensor &t, Visitor visit) {
  for (int64_t a = 0; a < t.dim(0); ++a)
    for (int64_t b = 0; b < t.dim(1); ++b)
      for (int64_t c = 0; c < t.dim(2); ++c)
        for (int64_t d = 0; d < t.dim(3); ++d)
          visit(a, b, c, d, t[t.at(a, b, c, d)]);
}

void expectSame(const Tensor &a, const Tensor &b, const std::string &what) {
  ASSERT_EQ(a.values.size(), b.values.size());
  for (size_t i = 0; i < a.values.size(); ++i)
    ASSERT_EQ(a.values[i], b.values[i]) << what << ", element " << i;
}

TEST(Mask, IsZerosInPlaceOfWhatItCloses) {
  std::random_device device;
  unsigned seed = device();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (const char *accumulator : accumulators)
    for (double open : {0.0, 0.5, 1.0}) {
      EvaluatedModule m(moduleWith(accumulator));
      ASSERT_TRUE(m.evaluator) << m.error;
      NamedTensors given;
      given["x"] = randomTensor({images, inputs, size, size}, random);
      given["w"] = randomTensor({outputs, inputs, kernel, kernel}, random);
      given["dy"] = randomTensor({images, outputs, size, size}, random);
      given["init"] = randomTensor({images, outputs, size, size}, random);
      given["gate"] = randomMask({images, outputBlocks, size, size}, open, random);
      given["groups"] = randomMask({outputBlocks, inputBlocks, kernel, kernel}, open, random);
      NamedTensors masked = m.run("step", given);
      ASSERT_FALSE(masked.empty()) << m.error;
      NamedTensors zeroed = given;
      const Tensor &gate = given["gate"], &groups = given["groups"];
      forEach(zeroed["w"], [&](int64_t co, int64_t ci, int64_t kh, int64_t kw, float &w) {
        w *= groups[groups.at(co / 8, ci / 8, kh, kw)];
      });
      forEach(zeroed["dy"], [&](int64_t n, int64_t co, int64_t y, int64_t x, float &dy) {
        dy *= gate[gate.at(n, co / 8, y, x)];
      });
      NamedTensors expected = m.run("step", zeroed);
      forEach(expected["fp_plain"], [&](int64_t n, int64_t co, int64_t y, int64_t x, float &sum) {
        const Tensor &init = given["init"];
        if (gate[gate.at(n, co / 8, y, x)] == 0)
          sum = init[init.at(n, co, y, x)];
      });
      forEach(expected["wg_plain"], [&](int64_t co, int64_t ci, int64_t kh, int64_t kw, float &dw) {
        if (groups[groups.at(co / 8, ci / 8, kh, kw)] == 0)
          dw = 0;
      });
      for (const char *kind : {"fp", "bp", "wg"})
        expectSame(masked[kind], expected[std::string(kind) + "_plain"],
                   std::string(kind) + " with " + accumulator);
    }
}

} // namespace
