//===- FunctionsTest.cpp - two transcriptions of the elementwise functions --------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md section 6 as the simulator computes it and as the reference does: the same bits.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/num/Functions.h"
#include "runtime/num/Format.h"
#include "slp/Reference/Arithmetic.h"

#include "gtest/gtest.h"

#include <cmath>
#include <random>

using namespace slp;

/// NaN has many codes and one meaning.
static void expectSame(float a, float b, float x, float y = 0) {
  if (std::isnan(a) && std::isnan(b))
    return;
  ASSERT_EQ(num::bitsOf(a), num::bitsOf(b)) << x << ", " << y;
}

TEST(Functions, OfOneNumberAreTheSameInBoth) {
  for (uint64_t bits = 0; bits < (uint64_t(1) << 32); bits += 100003) {
    float x = num::floatOf(uint32_t(bits));
    if (num::bitsOf(x) == 0x80000000)
      continue; // no -0 is ever stored
    expectSame(num::tanh(x), reference::tanhOf(x), x);
    expectSame(num::sigmoid(x), reference::sigmoidOf(x), x);
    expectSame(num::erf(x), reference::erfOf(x), x);
    if (x <= 0)
      expectSame(num::expm1(x), reference::expm1Of(x), x);
    if (x >= 0 && x <= 1)
      expectSame(num::log1p(x), reference::log1pOf(x), x);
  }
  for (float edge : {0.625f, 1.0f, 4.0f, 43.5f, 44.0f, 87.0f, 88.0f})
    for (float x : {edge, -edge, std::nextafter(edge, 0.0f), std::nextafter(edge, 1e9f)}) {
      expectSame(num::tanh(x), reference::tanhOf(x), x);
      expectSame(num::sigmoid(x), reference::sigmoidOf(x), x);
      expectSame(num::erf(x), reference::erfOf(x), x);
    }
}

TEST(Functions, PowIsTheSameInBoth) {
  std::mt19937 random(7);
  for (int i = 0; i < 200000; ++i) {
    float a = num::floatOf(random()), b = num::floatOf(random());
    expectSame(num::pow(a, b), reference::powOf(a, b), a, b);
    float whole = float(int(random() % 161) - 80), small = float(random() % 2000) / 100 - 10;
    expectSame(num::pow(a, whole), reference::powOf(a, whole), a, whole);
    expectSame(num::pow(small, whole), reference::powOf(small, whole), small, whole);
    expectSame(num::pow(std::fabs(small), small), reference::powOf(std::fabs(small), small), small);
  }
  for (float a : {0.0f, 1.0f, -1.0f, INFINITY, -INFINITY, 0x1p-130f})
    for (float b : {0.0f, 0.5f, 1.0f, -1.0f, 64.0f, 65.0f, -65.0f, 66.0f, INFINITY, -INFINITY})
      expectSame(num::pow(a, b), reference::powOf(a, b), a, b);
}
