//===- SkipTest.cpp - zeros that take no time -------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What MAC instructions report where a field says that an operand is streamed without its zeros:
// items and what is skipped of each, by visiting every term (docs/timing.md, T7). No bit changes.
//
//===----------------------------------------------------------------------------------------===//

#include "NaiveMac.h"
#include "ProgramBuilder.h"

#include "runtime/isa/AccModeZero.h.inc"
#include "runtime/isa/EnumSkip.h.inc"
#include "runtime/isa/StructConvBp.h.inc"
#include "runtime/isa/StructConvFp.h.inc"
#include "runtime/isa/StructConvWg.h.inc"
#include "runtime/isa/StructHalt.h.inc"
#include "runtime/isa/StructMask.h.inc"
#include "runtime/isa/StructMatmul.h.inc"

#include <map>

namespace slp::exec {
namespace {

using Values = std::vector<float>;

/// Elements of an item, and those of them that are skipped.
using Item = std::pair<uint64_t, uint64_t>;

class Recorder : public Observer {
public:
  void issued(const Event &event) override { events.push_back(event); }
  std::vector<CoreWork> workOf(mach::Opcode opcode) const {
    for (const Event &event : events)
      if (event.opcode == opcode)
        return event.work;
    return {};
  }
  std::vector<Event> events;
};

std::vector<Item> listed(const MacItems &items) {
  std::vector<Item> result;
  for (uint64_t repeat = 0; repeat < items.repeats; ++repeat)
    for (const MacItemRun &run : items.runs)
      result.insert(result.end(), run.count, Item(run.elements, run.skipped));
  return result;
}

/// How zeros are spread.
enum class Pattern { random, none, all, one, alternating, channels };

Values valuesOf(Pattern pattern, const Shape &shape, uint32_t seed) {
  std::mt19937 random(seed);
  int64_t n = elementsOf(shape), inner = shape.back() * shape[shape.size() - 2];
  uint32_t share = random() % 10;
  Values values(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) {
    bool isThere = pattern == Pattern::random        ? random() % 10 >= share
                   : pattern == Pattern::none        ? true
                   : pattern == Pattern::one         ? i == n / 2
                   : pattern == Pattern::alternating ? i % 2 == 0
                   : pattern == Pattern::channels    ? i / inner % 3 == 0
                                                     : false;
    values[size_t(i)] = isThere ? float(1 + random() % 3) : 0.0f;
  }
  return values;
}

//===----------------------------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------------------------===//

/// All terms of an output of conv.fp, or of an input's gradient, or of a weight's.
struct Naive {
  const ConvShape &s;
  const Values &x, &dy;

  float xAt(int64_t n, int64_t g, int64_t c, int64_t y, int64_t i) const {
    return at(x, s.x(), n, g, c, y, i);
  }
  float dyAt(int64_t n, int64_t g, int64_t c, int64_t y, int64_t i) const {
    return at(dy, s.y(), n, g, c, y, i);
  }
  bool reads(int64_t oy, int64_t ox, int64_t kh, int64_t kw, int64_t &iy, int64_t &ix) const {
    iy = oy * s.sh - s.pt + kh * s.dh;
    ix = ox * s.sw - s.pl + kw * s.dw;
    return iy >= 0 && iy < s.iy && ix >= 0 && ix < s.ix;
  }

  std::vector<Item> forward(int64_t channels, int64_t pes) const {
    std::vector<Item> items;
    for (int64_t n = 0; n < s.n; ++n)
      for (int64_t g = 0; g < s.g; ++g)
        for (int64_t oy = 0; oy < s.oy(); ++oy)
          for (int64_t first = 0; first < s.ox(); first += 8) {
            Item item;
            for (int64_t ox = first; ox < std::min(first + 8, s.ox()); ++ox)
              for (int64_t kh = 0; kh < s.kh; ++kh)
                for (int64_t kw = 0; kw < s.kw; ++kw)
                  for (int64_t ci = 0, iy, ix; ci < s.ci; ++ci)
                    if (reads(oy, ox, kh, kw, iy, ix)) {
                      ++item.first;
                      item.second += xAt(n, g, ci, iy, ix) == 0;
                    }
            addFor(items, item, channels, pes);
          }
    return items;
  }

  std::vector<Item> backward(int64_t channels, int64_t pes) const {
    std::vector<Item> items;
    for (int64_t n = 0; n < s.n; ++n)
      for (int64_t g = 0; g < s.g; ++g)
        for (int64_t y = 0; y < s.iy; ++y)
          for (int64_t phase = 0; phase < s.sw; ++phase) {
            std::vector<int64_t> columns;
            for (int64_t i = 0; i < s.ix; ++i)
              if ((i + s.pl) % s.sw == phase)
                columns.push_back(i);
            for (size_t first = 0; first < columns.size(); first += 8) {
              Item item;
              for (size_t i = first; i < std::min(first + 8, columns.size()); ++i)
                for (int64_t oy = 0; oy < s.oy(); ++oy)
                  for (int64_t ox = 0; ox < s.ox(); ++ox)
                    for (int64_t kh = 0; kh < s.kh; ++kh)
                      for (int64_t kw = 0, iy, ix; kw < s.kw; ++kw) {
                        if (!reads(oy, ox, kh, kw, iy, ix) || iy != y || ix != columns[i])
                          continue;
                        for (int64_t co = 0; co < s.co; ++co) {
                          ++item.first;
                          item.second += dyAt(n, g, co, oy, ox) == 0;
                        }
                      }
              addFor(items, item, channels, pes);
            }
          }
    return items;
  }

  /// Of input channels [lo, hi).
  std::vector<Item> weights(int64_t lo, int64_t hi, int64_t pes) const {
    std::vector<Item> items;
    for (int64_t g = 0; g < s.g; ++g)
      for (int64_t ci = lo; ci < hi; ++ci)
        for (int64_t kh = 0; kh < s.kh; ++kh)
          for (int64_t kw = 0; kw < s.kw; ++kw) {
            Item item;
            for (int64_t n = 0; n < s.n; ++n)
              for (int64_t oy = 0; oy < s.oy(); ++oy)
                for (int64_t ox = 0, iy, ix; ox < s.ox(); ++ox)
                  if (reads(oy, ox, kh, kw, iy, ix)) {
                    ++item.first;
                    item.second += xAt(n, g, ci, iy, ix) == 0;
                  }
            addFor(items, item, s.co, pes);
          }
    return items;
  }

  std::vector<Item> weightsByErrors(int64_t lo, int64_t hi, int64_t pes) const {
    std::vector<Item> items;
    int64_t taps = s.kh * s.kw, rows = (hi - lo) * taps;
    for (int64_t g = 0; g < s.g; ++g)
      for (int64_t co = 0; co < s.co; ++co)
        for (int64_t first = 0; first < rows; first += pes) {
          Item item;
          for (int64_t n = 0; n < s.n; ++n)
            for (int64_t oy = 0; oy < s.oy(); ++oy)
              for (int64_t ox = 0; ox < s.ox(); ++ox) {
                bool isMet = false;
                for (int64_t r = first, iy, ix; r < std::min(first + pes, rows); ++r)
                  isMet |= reads(oy, ox, r % taps / s.kw, r % s.kw, iy, ix);
                item.first += isMet;
                item.second += isMet && dyAt(n, g, co, oy, ox) == 0;
              }
          if (item.first)
            items.push_back(item);
        }
    return items;
  }

  /// Terms whose streamed factor is zero.
  uint64_t skippedTerms(bool byErrors, int64_t lo, int64_t hi) const {
    uint64_t count = 0;
    for (int64_t n = 0; n < s.n; ++n)
      for (int64_t g = 0; g < s.g; ++g)
        for (int64_t co = 0; co < s.co; ++co)
          for (int64_t ci = lo; ci < hi; ++ci)
            for (int64_t oy = 0; oy < s.oy(); ++oy)
              for (int64_t ox = 0; ox < s.ox(); ++ox)
                for (int64_t kh = 0; kh < s.kh; ++kh)
                  for (int64_t kw = 0, iy, ix; kw < s.kw; ++kw)
                    if (reads(oy, ox, kh, kw, iy, ix))
                      count += (byErrors ? dyAt(n, g, co, oy, ox) : xAt(n, g, ci, iy, ix)) == 0;
    return count;
  }

private:
  static void addFor(std::vector<Item> &items, Item item, int64_t channels, int64_t pes) {
    for (int64_t first = 0; first < channels && item.first; first += pes)
      items.push_back(item);
  }
};

/// The three instructions on two cores: each has half of the lanes of conv.fp and conv.bp, and half
/// of the input channels, or of the output channels, of conv.wg.
struct Convolutions {
  Convolutions(const chip::Chip &c, const ConvShape &shape, mach::Skip skip, mach::Skip ofWeights)
      : b(c), s(shape) {
    b.tensor("x", format::fp8, s.x());
    b.tensor("w", format::fp8, s.w());
    b.tensor("dy", format::fp8, s.y());
    b.emit(mach::Mask{1, 3});
    b.emit(geomOf(s));
    b.load(0, "x", b.wholeOf("x"), space::spm, 1);
    b.load(1, "w", b.wholeOf("w"), space::spm, 1);
    b.load(2, "dy", b.wholeOf("dy"), space::spm, 1);
    Shape zero(5, 0);
    mach::ConvFp fp{4, 0, 1, 0, 0, 1, mach::accMode::zero};
    fp.skip = skip;
    add("y", s.y(), {zero, {s.n, s.g, half(s.co), s.oy(), s.ox()}, {0, 0, half(s.co), 0, 0}}, fp);
    mach::ConvBp bp{4, 2, 1, 0, 1, mach::accMode::zero};
    bp.skip = skip;
    add("dx", s.x(), {zero, {s.n, s.g, half(s.ci), s.iy, s.ix}, {0, 0, half(s.ci), 0, 0}}, bp);
    mach::ConvWg wg{4, 0, 2, 0, 1, mach::accMode::zero};
    wg.skip = ofWeights;
    add("dw", s.w(), {zero, {s.g, s.co, half(s.ci), s.kh, s.kw}, {0, 0, half(s.ci), 0, 0}}, wg);
    machine = b.build();
  }

  static int64_t half(int64_t channels) { return (channels + 1) / 2; }

  template <typename Instr>
  void add(const char *name, const Shape &shape, const Piece &piece, const Instr &instr) {
    b.tensor(name, format::f32, shape);
    mach::TensorTile acc = b.chipTile(space::acc, format::f32, shape, piece);
    b.desc(4, acc);
    b.emit(instr);
    b.storeWidened(name, acc, 4, 1);
  }

  ProgramBuilder b;
  ConvShape s;
  std::unique_ptr<Machine> machine;
};

ConvShape randomShape(std::mt19937 &random) {
  auto pick = [&](int64_t lo, int64_t hi) {
    return lo + int64_t(random() % uint32_t(hi - lo + 1));
  };
  ConvShape s;
  s.n = pick(1, 2);
  s.g = pick(1, 2);
  s.ci = pick(1, 11);
  s.co = pick(1, 19);
  s.kh = pick(1, 3);
  s.kw = pick(1, 3);
  s.sh = pick(1, 2);
  s.sw = pick(1, 2);
  s.dh = s.dw = pick(1, 2);
  s.pt = s.pb = pick(0, 1);
  s.pl = s.pr = pick(0, 1);
  s.iy = pick(5, 9);
  s.ix = pick(5, 20);
  return s;
}

class SkipPatterns : public testing::TestWithParam<Pattern> {};
INSTANTIATE_TEST_SUITE_P(All, SkipPatterns,
                         testing::Values(Pattern::random, Pattern::none, Pattern::all, Pattern::one,
                                         Pattern::alternating, Pattern::channels));

TEST_P(SkipPatterns, ItemsOfConvolutionsAreCountedExactly) {
  int cases = GetParam() == Pattern::random ? 30 : 4;
  for (int i = 0; i < cases; ++i) {
    uint32_t seed = uint32_t(i) * 7 + 1;
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    ConvShape s = randomShape(random);
    chip::Chip chip = chipNamed("lnpu");
    chip.structure.pes.value = 8 >> seed % 3;
    Values x = valuesOf(GetParam(), s.x(), seed), dy = valuesOf(GetParam(), s.y(), seed + 1),
           w = valuesOf(Pattern::none, s.w(), seed + 2);
    std::map<std::string, Values> dense;
    using Pair = std::pair<mach::Skip, mach::Skip>;
    for (auto [skip, ofWeights] :
         {Pair(mach::Skip::none, mach::Skip::none), Pair(mach::Skip::a, mach::Skip::a),
          Pair(mach::Skip::a, mach::Skip::b)}) {
      Convolutions c(chip, s, skip, ofWeights);
      ASSERT_TRUE(c.machine);
      writeTensor(*c.machine, "x", x);
      writeTensor(*c.machine, "w", w);
      writeTensor(*c.machine, "dy", dy);
      Recorder recorder;
      Options options;
      options.observer = &recorder;
      options.threads = 1 + i % 2;
      runStep(*c.machine, options);
      for (const char *name : {"y", "dx", "dw"}) {
        Values values = readTensor(*c.machine, name);
        if (skip == mach::Skip::none)
          dense[name] = values;
        else
          expectSameBits(values, dense[name]);
      }
      if (skip == mach::Skip::none)
        continue;
      Naive naive{s, x, dy};
      std::vector<CoreWork> fp = recorder.workOf(mach::ConvFp::opcode),
                            bp = recorder.workOf(mach::ConvBp::opcode),
                            wg = recorder.workOf(mach::ConvWg::opcode);
      uint64_t skipped[3] = {};
      for (size_t core = 0; core < 2; ++core) {
        auto range = [&](int64_t channels) {
          int64_t lo = std::min(int64_t(core) * c.half(channels), channels);
          return std::pair(lo, std::min(lo + c.half(channels), channels));
        };
        auto [coLo, coHi] = range(s.co);
        auto [ciLo, ciHi] = range(s.ci);
        int64_t pes = chip.structure.pes;
        if (coLo < coHi)
          EXPECT_EQ(listed(fp[core].items), naive.forward(coHi - coLo, pes)) << core;
        if (ciLo < ciHi) {
          EXPECT_EQ(listed(bp[core].items), naive.backward(ciHi - ciLo, pes)) << core;
          EXPECT_EQ(listed(wg[core].items), ofWeights == mach::Skip::a
                                                ? naive.weights(ciLo, ciHi, pes)
                                                : naive.weightsByErrors(ciLo, ciHi, pes))
              << core;
        }
        skipped[0] += fp[core].skippedMacs;
        skipped[1] += bp[core].skippedMacs;
        skipped[2] += wg[core].skippedMacs;
        EXPECT_EQ(fp[core].items.isSkipping, coLo < coHi);
        EXPECT_LE(wg[core].skippedMacs, wg[core].zeroMacs);
      }
      EXPECT_EQ(skipped[0], naive.skippedTerms(false, 0, s.ci));
      EXPECT_EQ(skipped[1], naive.skippedTerms(true, 0, s.ci));
      EXPECT_EQ(skipped[2], naive.skippedTerms(ofWeights == mach::Skip::b, 0, s.ci));
    }
    ASSERT_FALSE(testing::Test::HasFailure());
  }
}

//===----------------------------------------------------------------------------------------===//
// Matrix products
//===----------------------------------------------------------------------------------------===//

TEST_P(SkipPatterns, ItemsOfMatrixProductsAreCountedExactly) {
  for (bool isBatched : {false, true}) {
    chip::Chip chip = chipNamed("lnpu");
    int64_t batch = isBatched ? 3 : 1, m = 5, k = 21, n = 19;
    auto shape = [&](int64_t rows, int64_t columns) {
      return isBatched ? Shape{batch, rows, columns} : Shape{rows, columns};
    };
    ProgramBuilder b(chip);
    b.tensor("a", format::fp8, shape(m, k));
    b.tensor("w", format::fp8, shape(k, n));
    b.emit(mach::Mask{1, 1});
    b.load(0, "a", b.wholeOf("a"), space::spm, 1);
    b.load(1, "w", b.wholeOf("w"), space::spm, 1);
    b.desc(2, b.chipTile(space::acc, format::f32, shape(m, n),
                         {Shape(isBatched ? 3 : 2, 0), shape(m, n), {}}));
    mach::Matmul product{2, 0, 1, 0, 1, mach::accMode::zero};
    product.skip = mach::Skip::a;
    b.emit(product);
    std::unique_ptr<Machine> machine = b.build();
    ASSERT_TRUE(machine);
    Values a = valuesOf(GetParam(), shape(m, k), 5);
    writeTensor(*machine, "a", a);
    writeTensor(*machine, "w", valuesOf(Pattern::none, shape(k, n), 6));
    Recorder recorder;
    Options options;
    options.observer = &recorder;
    runStep(*machine, options);
    std::vector<Item> expected;
    uint64_t zeros = 0;
    for (int64_t row = 0; row < batch * m; ++row) {
      uint64_t ofRow = uint64_t(std::count(a.begin() + row * k, a.begin() + (row + 1) * k, 0.0f));
      expected.insert(expected.end(), 3, Item(k, ofRow)); // 19 columns on 8 PEs
      zeros += ofRow;
    }
    CoreWork work = recorder.workOf(mach::Matmul::opcode).at(0);
    EXPECT_EQ(listed(work.items), expected);
    EXPECT_EQ(work.skippedMacs, zeros * uint64_t(n));
    // A bitmap and the elements that are not zero, and all of the second factor.
    uint64_t elements = uint64_t(batch * m * k);
    EXPECT_EQ(work.bytesRead[int(space::spm)],
              (elements + 7) / 8 + elements - zeros + uint64_t(batch * k * n));
  }
}

//===----------------------------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------------------------===//

std::string messageOf(const std::string &chipName, mach::Skip skip) {
  ProgramBuilder b(chipNamed(chipName));
  mach::Format sums = b.chip.numerics.accumulateFp16 ? format::fp16 : format::f32;
  b.tensor("a", format::fp8, {2, 8});
  b.tensor("w", format::fp8, {8, 2});
  b.emit(mach::Mask{1, 1});
  b.load(0, "a", b.wholeOf("a"), space::spm, 1);
  b.load(1, "w", b.wholeOf("w"), space::spm, 1);
  b.desc(2, b.chipTile(space::acc, sums, {2, 2}, {{0, 0}, {2, 2}, {}}));
  mach::Matmul product{2, 0, 1, 0, 1, mach::accMode::zero};
  product.skip = skip;
  b.emit(product);
  b.image.text.push_back(*mach::encode(mach::Halt()));
  b.image.debug.records.push_back({});
  b.image.entries = {{"step", 0}};
  Result<std::unique_ptr<Machine>> machine = Machine::create(b.chip, b.image);
  if (!machine)
    return machine.message();
  Status status = (*machine)->run("step", {});
  return status.ok() ? "accepted" : status.message();
}

TEST(Skip, IsRefusedWhereNothingCanSkip) {
  EXPECT_EQ(messageOf("lnpu", mach::Skip::a), "accepted");
  EXPECT_NE(messageOf("lnpu", mach::Skip::b)
                .find("the second factor is not streamed: expected skip none or a"),
            std::string::npos);
  EXPECT_NE(messageOf("asu-fp8", mach::Skip::a)
                .find("chip 'asu-fp8' lacks the feature zero-skip, which matmul with skip at "
                      "instruction "),
            std::string::npos)
      << messageOf("asu-fp8", mach::Skip::a);
}

} // namespace
} // namespace slp::exec
