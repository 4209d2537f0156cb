//===- VectorTest.cpp - vector instructions against naive loops -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Each v.* instruction on random tiles, on both chips' numerics, against docs/numerics.md section 5
// written as loops; where an instruction can be split (rows, channels, cores), the split must give
// the same bits.
//
//===----------------------------------------------------------------------------------------===//

#include "ProgramBuilder.h"

#include "runtime/isa/EnumBinaryFn.h.inc"
#include "runtime/isa/EnumOptional.h.inc"
#include "runtime/isa/EnumUnaryFn.h.inc"
#include "runtime/isa/InstrVector.h.inc"
#include "runtime/isa/StructGeom.h.inc"
#include "runtime/isa/StructHyper.h.inc"
#include "runtime/isa/StructMask.h.inc"
#include "runtime/isa/StructVAdamw.h.inc"
#include "runtime/isa/StructVAdamwLast.h.inc"
#include "runtime/isa/StructVSgd.h.inc"
#include "runtime/num/ExpLog.h"
#include "runtime/num/RowSum.h"

#include <cmath>
#include <functional>

namespace slp::exec {
namespace {

class VectorTest : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override { chip = chipNamed(GetParam()); }

  float rounded(mach::Format f, float x) const {
    if (f == format::f32)
      return x + 0.0f;
    return num::round(f == format::fp8 ? chip.numerics.fp8 : chip.numerics.fp16,
                      chip.numerics.rounding, x, 0, nullptr);
  }
  std::vector<float> valuesOf(mach::Format f, int64_t n, uint32_t seed) const {
    if (f == format::f32)
      return randomF32(n, seed);
    return randomValues(f == format::fp8 ? chip.numerics.fp8 : chip.numerics.fp16, n, seed);
  }

  /// A tile of an output on chip in register `reg`; the cores of mask 1 take slices of dimension
  /// `split` if >= 0.
  void output(ProgramBuilder &b, uint8_t reg, mach::Format f, const Shape &shape, int split = -1,
              int64_t size = 0) {
    Piece piece{Shape(shape.size(), 0), shape, Shape(shape.size(), 0)};
    if (split >= 0) {
      piece.tile[size_t(split)] = size;
      piece.coreStride[size_t(split)] = size;
    }
    b.desc(reg, b.chipTile(space::spm, f, shape, piece));
  }

  /// One step of v.adamw or v.adamw.last with a factor.
  template <typename Instr> void expectAdamw(bool decaysLast);

  chip::Chip chip;
};

using format::f32, format::fp16, format::fp8;

TEST_P(VectorTest, Elementwise) {
  Shape shape{2, 5, 4, 3};
  int64_t n = elementsOf(shape);
  for (mach::Format from : {f32, fp16, fp8})
    for (mach::Format to : {f32, fp16, fp8}) {
      ProgramBuilder b(chip);
      b.emit(mach::Mask{1, 3});
      b.tensor("a", from, shape);
      b.tensor("b", from, shape);
      b.tensor("c", fp16, {1, 5, 1, 1});
      for (const char *name : {"round", "relu", "reluGrad", "add", "channelAdd", "shift", "select"})
        b.tensor(name, to, shape);
      b.load(0, "a", b.wholeOf("a"), space::spm, 1);
      b.load(1, "b", b.wholeOf("b"), space::spm, 1);
      b.load(3, "c", b.wholeOf("c"), space::spm, 1);
      auto finish = [&](const char *name, auto instr) {
        output(b, 2, to, shape, 1, 3); // three channels on core 0, two on core 1
        b.emit(instr);
        b.store(name, 2, 1);
      };
      finish("round", mach::VRound{2, 0, 1});
      finish("relu", mach::VRelu{2, 0, 1});
      b.emit(mach::Hyper{7, num::bitsOf(0.75f)});
      b.emit(mach::Hyper{8, num::bitsOf(-2.5f)});
      finish("reluGrad", mach::VBinary{2, 0, 1, mach::BinaryFn::relu_grad, 0, 0, 1});
      finish("add", mach::VBinary{2, 0, 1, mach::BinaryFn::add, 0, 0, 1});
      finish("channelAdd", mach::VBinary{2, 3, 0, mach::BinaryFn::add, 0, 0, 1});
      finish("shift", mach::VUnary{2, 0, mach::UnaryFn::affine, 7, 8, 1});
      finish("select", mach::VSelect{2, 3, 0, 1, 1});
      std::unique_ptr<Machine> machine = b.build();
      ASSERT_TRUE(machine);
      std::vector<float> x = valuesOf(from, n, 1), y = valuesOf(from, n, 2),
                         c = valuesOf(fp16, 5, 3);
      c[2] = 0; // a condition that is false
      writeTensor(*machine, "a", x);
      writeTensor(*machine, "b", y);
      writeTensor(*machine, "c", c);
      runStep(*machine);
      auto expect = [&](const char *name, std::function<float(size_t)> f) {
        std::vector<float> expected;
        for (size_t i = 0; i < size_t(n); ++i)
          expected.push_back(rounded(to, f(i)));
        expectSameBits(readTensor(*machine, name), expected);
      };
      expect("round", [&](size_t i) { return x[i]; });
      expect("relu", [&](size_t i) { return x[i] > 0 ? x[i] : 0.0f; });
      expect("reluGrad", [&](size_t i) { return y[i] > 0 ? x[i] : 0.0f; });
      expect("add", [&](size_t i) { return x[i] + y[i]; });
      expect("channelAdd", [&](size_t i) { return x[i] + c[i / 12 % 5]; });
      expect("shift", [&](size_t i) { return std::fma(0.75f, x[i], -2.5f); });
      expect("select", [&](size_t i) { return c[i / 12 % 5] != 0 ? x[i] : y[i]; });
    }
}

/// v.round from and to i32: exact one way, without fraction and within 2^24 the other.
TEST_P(VectorTest, WholeNumbers) {
  using format::i32;
  Shape shape{1, 2, 6};
  const std::vector<float> whole = {0,    1,     -1,        255,      -100, 2047,
                                    2049, 30000, -16777216, 16777215, 7,    3};
  const std::vector<float> given = {0.75f, -0.75f, 2.5f,   -2.5f,   16777216.0f, -1e9f,
                                    1e30f, -3.0f,  1e-30f, 127.99f, NAN,         INFINITY};
  const std::vector<float> cut = {0,        0,  2, -2,  16777216, -16777216,
                                  16777216, -3, 0, 127, 0,        16777216};
  ProgramBuilder b(chip);
  b.emit(mach::Mask{1, 3});
  b.tensor("whole", i32, shape);
  b.tensor("given", f32, shape);
  b.tensor("cut", i32, shape);
  b.load(0, "whole", b.wholeOf("whole"), space::spm, 1);
  for (mach::Format to : {f32, fp16, fp8, i32}) {
    std::string name = "to" + std::string(mach::toString(to));
    b.tensor(name, to, shape);
    output(b, 2, to, shape, 1, 1); // a row a core
    b.emit(mach::VRound{2, 0, 1});
    b.store(name, 2, 1);
  }
  b.load(0, "given", b.wholeOf("given"), space::spm, 1);
  output(b, 2, i32, shape, 1, 1);
  b.emit(mach::VRound{2, 0, 1});
  b.store("cut", 2, 1);
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  writeTensor(*machine, "whole", whole);
  writeTensor(*machine, "given", given);
  runStep(*machine);
  for (mach::Format to : {f32, fp16, fp8}) {
    std::vector<float> expected;
    for (float x : whole)
      expected.push_back(rounded(to, x));
    expectSameBits(readTensor(*machine, "to" + std::string(mach::toString(to))), expected);
  }
  expectSameBits(readTensor(*machine, "toi32"), whole);
  expectSameBits(readTensor(*machine, "cut"), cut);
}

/// y (2, 1, 4, 3) and z (5, 1) broadcast against each other in every dimension.
TEST_P(VectorTest, BroadcastInEveryDimension) {
  Shape shape{2, 5, 4, 3};
  Shape xShape{2, 1, 4, 1}, yShape{1, 5, 1, 3};
  ProgramBuilder b(chip);
  b.emit(mach::Mask{1, 3});
  b.tensor("x", fp16, xShape);
  b.tensor("y", f32, yShape);
  b.tensor("sub", f32, shape);
  b.load(0, "x", b.wholeOf("x"), space::spm, 1);
  b.load(1, "y", b.wholeOf("y"), space::spm, 1);
  output(b, 2, f32, shape, 1, 3);
  b.emit(mach::VBinary{2, 0, 1, mach::BinaryFn::sub, 0, 0, 1});
  b.store("sub", 2, 1);
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  std::vector<float> x = valuesOf(fp16, 8, 1), y = valuesOf(f32, 15, 2), expected;
  writeTensor(*machine, "x", x);
  writeTensor(*machine, "y", y);
  runStep(*machine);
  for (int n = 0; n < 2; ++n)
    for (int c = 0; c < 5; ++c)
      for (int h = 0; h < 4; ++h)
        for (int w = 0; w < 3; ++w)
          expected.push_back(rounded(f32, x[size_t(n * 4 + h)] - y[size_t(c * 3 + w)]));
  expectSameBits(readTensor(*machine, "sub"), expected);
}

/// Geometry of a pooling and its naive loops on planes of (y, x).
struct Pool {
  int64_t iy, ix, kh, kw, sh, sw, pt, pl, pb, pr;
  int64_t beyond = 0; // rows and columns by which the last window may leave the padding
  int64_t oy() const { return (iy + pt + pb + beyond - kh) / sh + 1; }
  int64_t ox() const { return (ix + pl + pr + beyond - kw) / sw + 1; }
  mach::Geom geom(bool countPad) const {
    mach::Geom g;
    g.kh = uint64_t(kh);
    g.kw = uint64_t(kw);
    g.sh = uint64_t(sh);
    g.sw = uint64_t(sw);
    g.pt = uint64_t(pt);
    g.pl = uint64_t(pl);
    g.dh = g.dw = 1;
    g.countPad = countPad;
    g.pb = uint64_t(pb);
    g.pr = uint64_t(pr);
    return g;
  }
  /// What an average divides by.
  float count(int64_t y, int64_t x, bool countPad) const {
    float count = 0.0f;
    for (int64_t i = 0; i < kh; ++i)
      for (int64_t j = 0; j < kw; ++j) {
        int64_t a = y * sh - pt + i, c = x * sw - pl + j;
        bool inside = a >= 0 && a < iy && c >= 0 && c < ix;
        count += inside || (countPad && a < iy + pb && c < ix + pr) ? 1.0f : 0.0f;
      }
    return count;
  }
  /// Calls f(tap, input index or -1) over the window in row-major order.
  template <typename F> void window(int64_t y, int64_t x, F f) const {
    for (int64_t i = 0; i < kh; ++i)
      for (int64_t j = 0; j < kw; ++j) {
        int64_t a = y * sh - pt + i, c = x * sw - pl + j;
        bool inside = a >= 0 && a < iy && c >= 0 && c < ix;
        f(i * kw + j, inside ? a * ix + c : -1);
      }
  }
};

const Pool pools[] = {{8, 8, 2, 2, 2, 2, 0, 0, 0, 0},
                      {9, 7, 3, 3, 2, 2, 1, 1, 1, 1},
                      {6, 10, 3, 2, 1, 3, 1, 0, 0, 1},
                      {4, 4, 4, 4, 1, 1, 0, 0, 0, 0},
                      {8, 6, 3, 3, 2, 2, 1, 0, 0, 1, 1}};

TEST_P(VectorTest, MaxPool) {
  for (const Pool &p : pools) {
    mach::Format indices = p.kh == 4 ? format::i32 : format::u8;
    Shape in{2, 3, p.iy, p.ix}, out{2, 3, p.oy(), p.ox()};
    ProgramBuilder b(chip);
    b.emit(mach::Mask{1, 3});
    b.tensor("x", fp8, in);
    b.tensor("y", fp8, out);
    b.tensor("i", indices, out);
    b.tensor("dy", fp8, out);
    b.tensor("taken", fp8, out);
    b.tensor("dx", fp16, in);
    b.emit(p.geom(false));
    b.load(0, "x", b.wholeOf("x"), space::spm, 1);
    int64_t rows = (p.oy() + 1) / 2, inRows = (p.iy + 1) / 2;
    output(b, 2, fp8, out, 2, rows);
    output(b, 3, indices, out, 2, rows);
    b.emit(mach::VMaxPool{2, 3, 0, 0, 1});
    b.store("y", 2, 1);
    b.store("i", 3, 1);
    b.load(4, "dy", b.wholeOf("dy"), space::spm, 1);
    b.load(5, "i", b.wholeOf("i"), space::spm, 1);
    output(b, 6, fp16, in, 2, inRows);
    b.emit(mach::VMaxPoolGrad{6, 5, 4, 0, 1});
    b.store("dx", 6, 1);
    output(b, 7, fp8, out, 2, rows);
    b.emit(mach::VMaxPoolTake{7, 5, 0, 0, 1});
    b.store("taken", 7, 1);
    std::unique_ptr<Machine> machine = b.build();
    ASSERT_TRUE(machine);
    std::vector<float> x = valuesOf(fp8, elementsOf(in), 1), dy = valuesOf(fp8, elementsOf(out), 2);
    writeTensor(*machine, "x", x);
    writeTensor(*machine, "dy", dy);
    runStep(*machine);
    std::vector<float> y, index, dx(x.size(), 0.0f);
    for (int64_t plane = 0; plane < 6; ++plane)
      for (int64_t oy = 0; oy < p.oy(); ++oy)
        for (int64_t ox = 0; ox < p.ox(); ++ox) {
          int64_t base = plane * p.iy * p.ix, best = -1, taken = 0;
          p.window(oy, ox, [&](int64_t tap, int64_t at) {
            if (at < 0 || (best >= 0 && !(x[size_t(base + at)] > x[size_t(best)])))
              return;
            best = base + at;
            taken = tap;
          });
          dx[size_t(best)] = dx[size_t(best)] + dy[y.size()];
          y.push_back(x[size_t(best)]);
          index.push_back(float(taken));
        }
    for (float &v : dx)
      v = rounded(fp16, v);
    expectSameBits(readTensor(*machine, "y"), y);
    expectSameBits(readTensor(*machine, "i"), index);
    expectSameBits(readTensor(*machine, "taken"), y); // the maxima, found by their index
    expectSameBits(readTensor(*machine, "dx"), dx);
  }
}

TEST_P(VectorTest, AvgPool) {
  for (bool countPad : {false, true})
    for (const Pool &p : pools) {
      Shape in{2, 3, p.iy, p.ix}, out{2, 3, p.oy(), p.ox()};
      ProgramBuilder b(chip);
      b.emit(mach::Mask{1, 3});
      b.tensor("x", fp8, in);
      b.tensor("y", fp8, out);
      b.tensor("dy", fp8, out);
      b.tensor("dx", fp8, in);
      b.emit(p.geom(countPad));
      b.load(0, "x", b.wholeOf("x"), space::spm, 1);
      b.load(1, "dy", b.wholeOf("dy"), space::spm, 1);
      output(b, 2, fp8, out, 2, (p.oy() + 1) / 2);
      b.emit(mach::VAvgPool{2, 0, 0, 1});
      b.store("y", 2, 1);
      output(b, 3, fp8, in, 2, (p.iy + 1) / 2);
      b.emit(mach::VAvgPoolGrad{3, 1, 0, 1});
      b.store("dx", 3, 1);
      std::unique_ptr<Machine> machine = b.build();
      ASSERT_TRUE(machine);
      std::vector<float> x = valuesOf(fp8, elementsOf(in), 1),
                         dy = valuesOf(fp8, elementsOf(out), 2);
      writeTensor(*machine, "x", x);
      writeTensor(*machine, "dy", dy);
      runStep(*machine);
      std::vector<float> y, dx(x.size(), 0.0f);
      for (int64_t plane = 0; plane < 6; ++plane)
        for (int64_t oy = 0; oy < p.oy(); ++oy)
          for (int64_t ox = 0; ox < p.ox(); ++ox) {
            size_t base = size_t(plane * p.iy * p.ix);
            float sum = 0.0f, count = p.count(oy, ox, countPad);
            p.window(oy, ox, [&](int64_t, int64_t at) {
              if (at >= 0)
                sum = sum + x[base + size_t(at)];
            });
            float share = dy[y.size()] / count;
            p.window(oy, ox, [&](int64_t, int64_t at) {
              if (at >= 0)
                dx[base + size_t(at)] = dx[base + size_t(at)] + share;
            });
            y.push_back(rounded(fp8, sum / count));
          }
      for (float &v : dx)
        v = rounded(fp8, v);
      expectSameBits(readTensor(*machine, "y"), y);
      expectSameBits(readTensor(*machine, "dx"), dx);
    }
}

TEST_P(VectorTest, SoftmaxAndCrossEntropy) {
  constexpr int64_t images = 7, classes = 21;
  Shape shape{images, classes};
  ProgramBuilder b(chip);
  b.emit(mach::Mask{1, 3});
  b.emit(mach::Hyper{5, num::bitsOf(0.375f)});
  b.tensor("x", fp16, shape);
  b.tensor("dy", fp16, shape);
  b.tensor("labels", format::i32, {images});
  b.tensor("y", fp16, shape);
  b.tensor("dx", fp16, shape);
  b.tensor("loss", f32, {images});
  b.tensor("dlogits", fp8, shape);
  b.tensor("mean", f32, {1});
  for (auto [reg, name] : {std::pair(0, "x"), {1, "dy"}, {2, "labels"}})
    b.load(uint8_t(reg), name, b.wholeOf(name), space::spm, 1);
  output(b, 3, fp16, shape, 0, 4);
  b.emit(mach::VSoftmax{3, 0, 1});
  b.store("y", 3, 1);
  output(b, 4, fp16, shape, 0, 4);
  b.emit(mach::VSoftmaxGrad{4, 1, 3, 1});
  b.store("dx", 4, 1);
  output(b, 5, f32, {images}, 0, 4);
  b.emit(mach::VCrossEntropy{5, 0, 2, 1});
  b.store("loss", 5, 1);
  output(b, 6, fp8, shape, 0, 4);
  b.emit(mach::VCrossEntropyGrad{6, 0, 2, 0, mach::Optional::absent, 5, 1});
  b.store("dlogits", 6, 1);
  b.load(7, "loss", space::shared);
  b.desc(8, b.chipTile(space::shared, f32, {1}, {{0}, {1}, {}}));
  b.emit(mach::VMean{8, 7, 0});
  b.store("mean", 8);
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  std::vector<float> x = valuesOf(fp16, images * classes, 1),
                     dy = valuesOf(fp16, images * classes, 2), labels{0, 20, 3, -1, 21, 7, 9};
  writeTensor(*machine, "x", x);
  writeTensor(*machine, "dy", dy);
  writeTensor(*machine, "labels", labels);
  runStep(*machine);
  std::vector<float> y, dx, loss, dlogits;
  for (int64_t i = 0; i < images; ++i) {
    const float *row = &x[size_t(i * classes)], *errors = &dy[size_t(i * classes)];
    float m = *std::max_element(row, row + classes);
    std::vector<float> e, products;
    for (int64_t c = 0; c < classes; ++c)
      e.push_back(num::exp(row[c] - m));
    float s = num::rowSum(e.data(), classes);
    for (float v : e)
      y.push_back(rounded(fp16, v / s));
    const float *yRow = &y[size_t(i * classes)];
    for (int64_t c = 0; c < classes; ++c)
      products.push_back(yRow[c] * errors[c]);
    float t = num::rowSum(products.data(), classes);
    int label = int(labels[size_t(i)]);
    for (int64_t c = 0; c < classes; ++c) {
      dx.push_back(rounded(fp16, yRow[c] * (errors[c] - t)));
      dlogits.push_back(rounded(fp8, (e[size_t(c)] / s - (c == label ? 1.0f : 0.0f)) * 0.375f));
    }
    bool isClass = label >= 0 && label < classes;
    loss.push_back(isClass ? num::log(s) - (row[label] - m) : num::log(s) + m);
  }
  expectSameBits(readTensor(*machine, "y"), y);
  expectSameBits(readTensor(*machine, "dx"), dx);
  expectSameBits(readTensor(*machine, "loss"), loss);
  expectSameBits(readTensor(*machine, "dlogits"), dlogits);
  expectSameBits(readTensor(*machine, "mean"), {num::rowSum(loss.data(), images) / 7.0f});
}

TEST_P(VectorTest, Sgd) {
  constexpr int64_t n = 50;
  ProgramBuilder b(chip);
  b.emit(mach::Mask{1, 3});
  b.emit(mach::Hyper{10, num::bitsOf(0.125f)});
  b.emit(mach::Hyper{11, num::bitsOf(2)});
  b.emit(mach::Hyper{12, num::bitsOf(0.5f)});
  b.tensor("w", fp16, {n});
  b.tensor("v", fp16, {n});
  b.tensor("dw", f32, {n});
  Piece half{{0}, {25}, {25}};
  b.load(0, "w", half, space::spm, 1);
  b.load(1, "v", half, space::spm, 1);
  b.load(2, "dw", half, space::spm, 1);
  mach::VSgd sgd;
  sgd.w = 0, sgd.v = 1, sgd.dw = 2, sgd.mask = 1;
  sgd.lr = 0, sgd.momentum = 1, sgd.decay = 2, sgd.dampening = 3;
  sgd.unscale = 10, sgd.lrScale = 11, sgd.decayScale = 12;
  b.emit(sgd);
  b.store("w", 0, 1);
  b.store("v", 1, 1);
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  std::vector<float> w = valuesOf(fp16, n, 1), v = valuesOf(fp16, n, 2), dw = randomF32(n, 3);
  writeTensor(*machine, "w", w);
  writeTensor(*machine, "v", v);
  writeTensor(*machine, "dw", dw);
  machine->setHyper(0, 0.05f);
  machine->setHyper(1, 0.9f);
  machine->setHyper(2, 1e-3f);
  machine->setHyper(3, 0.25f);
  runStep(*machine);
  for (size_t i = 0; i < n; ++i) {
    float g = std::fma(1e-3f * 0.5f, w[i], dw[i] * 0.125f);
    v[i] = rounded(fp16, std::fma(0.9f, v[i], 0.75f * g));
    w[i] = rounded(fp16, std::fma(-0.05f * 2, v[i], w[i]));
  }
  expectSameBits(readTensor(*machine, "w"), w);
  expectSameBits(readTensor(*machine, "v"), v);
}

template <typename Instr> void VectorTest::expectAdamw(bool decaysLast) {
  constexpr int64_t n = 33;
  ProgramBuilder b(chip);
  b.emit(mach::Mask{1, 1});
  b.emit(mach::Hyper{10, num::bitsOf(0.25f)});
  b.emit(mach::Hyper{11, num::bitsOf(1)});
  for (const char *name : {"w", "m"})
    b.tensor(name, fp16, {n});
  b.tensor("v", f32, {n});
  b.tensor("dw", f32, {n});
  b.tensor("factor", f32, {});
  Piece all{{0}, {n}, {0}};
  b.load(0, "w", all, space::shared, 1);
  b.load(1, "m", all, space::shared, 1);
  b.load(2, "v", all, space::shared, 1);
  b.load(3, "dw", all, space::shared, 1);
  b.load(4, "factor", {{}, {}, {}}, space::shared, 1);
  Instr adam;
  adam.w = 0, adam.m = 1, adam.v = 2, adam.dw = 3, adam.factor = 4, adam.mask = 1;
  adam.mode = mach::Optional::present;
  adam.lr = 0, adam.beta1 = 1, adam.decay = 2, adam.beta2 = 4, adam.epsilon = 5;
  adam.correction1 = 6, adam.correction2 = 7, adam.unscale = 10;
  adam.lrScale = 11, adam.decayScale = 11;
  b.emit(adam);
  b.store("w", 0, 1);
  b.store("m", 1, 1);
  b.store("v", 2, 1);
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  std::vector<float> w = valuesOf(fp16, n, 1), m = valuesOf(fp16, n, 2), v = randomF32(n, 3),
                     dw = randomF32(n, 4);
  for (float &value : v)
    value = std::fabs(value);
  writeTensor(*machine, "w", w);
  writeTensor(*machine, "m", m);
  writeTensor(*machine, "v", v);
  writeTensor(*machine, "dw", dw);
  writeTensor(*machine, "factor", {0.375f});
  const float h[] = {0.01f, 0.75f, 0.125f, 0, 0.5f, 1e-3f, 3, 2};
  for (int i = 0; i < 8; ++i)
    machine->setHyper(i, h[i]);
  runStep(*machine);
  for (size_t i = 0; i < n; ++i) {
    float g = dw[i] * 0.25f * 0.375f;
    m[i] = rounded(fp16, std::fma(0.75f, m[i], 0.25f * g));
    v[i] = std::fma(0.5f, v[i], 0.5f * g * g);
    if (decaysLast) {
      float rate = 0.01f * 3 / std::sqrt(2.0f);
      float s = std::fma(-rate, m[i] / (std::sqrt(v[i]) + 1e-3f), w[i]);
      w[i] = rounded(fp16, std::fma(-(0.01f * 0.125f), s, s));
    } else {
      float s = std::fma(-(0.01f * 0.125f), w[i], w[i]);
      w[i] = rounded(fp16, std::fma(-0.01f, m[i] * 3 / (std::sqrt(v[i] * 2) + 1e-3f), s));
    }
  }
  expectSameBits(readTensor(*machine, "w"), w);
  expectSameBits(readTensor(*machine, "m"), m);
  expectSameBits(readTensor(*machine, "v"), v);
}

TEST_P(VectorTest, AdamwWithFactor) { expectAdamw<mach::VAdamw>(false); }
TEST_P(VectorTest, AdamwWithDecayBehindTheStep) { expectAdamw<mach::VAdamwLast>(true); }

INSTANTIATE_TEST_SUITE_P(Chips, VectorTest, testing::Values("lnpu", "asu-fp8"));

} // namespace
} // namespace slp::exec
