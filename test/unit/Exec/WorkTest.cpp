//===- WorkTest.cpp - counts, captures and threads --------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What observers and capturers get: exact counts, the same for any number of threads.
//
//===----------------------------------------------------------------------------------------===//

#include "NaiveMac.h"

#include "ProgramBuilder.h"
#include "runtime/isa/AccModeZero.h.inc"
#include "runtime/isa/StructConvBp.h.inc"
#include "runtime/isa/StructConvFp.h.inc"
#include "runtime/isa/StructConvWg.h.inc"
#include "runtime/isa/StructLds.h.inc"
#include "runtime/isa/StructMask.h.inc"
#include "runtime/isa/StructMatmul.h.inc"
#include "runtime/isa/StructVClassify.h.inc"
#include "runtime/isa/StructVRound.h.inc"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace slp::exec {
namespace {

struct Recorder : Observer, Capturer {
  void issued(const Event &event) override { events.push_back(event); }
  void captured(const image::Capture &what, uint64_t, const std::vector<int64_t> &linear,
                const std::vector<float> &values) override {
    ASSERT_EQ(linear.size(), values.size());
    for (size_t i = 0; i < linear.size(); ++i)
      captures[what.tensor][linear[i]] = values[i];
  }
  const Event *find(mach::Opcode opcode) const {
    for (const Event &event : events)
      if (event.opcode == opcode)
        return &event;
    return nullptr;
  }
  std::vector<Event> events;
  std::map<std::string, std::map<int64_t, float>> captures;
};

/// A convolution with stride, padding and a ragged channel block; forward, backward and weight
/// gradient on three cores.
struct ConvProgram {
  /// `mixes`: x and dy are classified into mixed tiles on the chip.
  explicit ConvProgram(const std::string &chipName, bool mixes = false)
      : ConvProgram(chipNamed(chipName), mixes, 11, 21, 1) {}
  ConvProgram(const chip::Chip &c, bool mixes, int64_t ci, int64_t co, int64_t columnStride)
      : chip(c), b(chip) {
    s.n = 2;
    s.ci = ci;
    s.co = co;
    s.iy = 9;
    s.ix = 8;
    s.kh = s.kw = 3;
    s.sh = 2;
    s.sw = columnStride;
    s.pt = s.pb = s.pl = s.pr = 1;
    format = format::fp8;
    accFormat = chip.numerics.accumulateFp16 ? format::fp16 : format::f32;
    b.image.debug.nodes = {"conv1"};
    b.image.debug.ops = {"train.conv"};
    b.image.debug.captures = {{"y", s.y(), accFormat, true},
                              {"dx", s.x(), accFormat, true},
                              {"dw", s.w(), accFormat, true}};
    mach::Format stored = mixes ? format::f32 : format;
    b.tensor("x", stored, s.x());
    b.tensor("w", format, s.w());
    b.tensor("dy", stored, s.y());
    b.tensor("threshold", format::f32, {1});
    b.emit(mach::Mask{1, 7});
    b.emit(geomOf(s));
    Shape zero(5, 0);
    b.load(0, "x", b.wholeOf("x"), space::spm, 1);
    b.load(1, "w", b.wholeOf("w"), space::spm, 1);
    b.load(2, "dy", b.wholeOf("dy"), space::spm, 1);
    if (mixes) {
      b.load(4, "threshold", b.wholeOf("threshold"), space::spm, 1);
      for (auto [to, from, name] : {std::tuple(5, 0, "x"), std::tuple(6, 2, "dy")}) {
        Piece whole = b.wholeOf(name);
        b.desc(uint8_t(to), b.chipTile(space::spm, format::mixed, whole.tile, whole));
        b.emit(mach::VClassify{uint8_t(to), uint8_t(from), 4, 10, 1});
      }
    }
    uint8_t source = mixes ? 5 : 0, error = mixes ? 6 : 2;
    add(b.chipTile(space::acc, accFormat, s.y(),
                   {zero, {2, 1, 7, s.oy(), s.ox()}, {0, 0, 7, 0, 0}}),
        0, mach::ConvFp{3, source, 1, 0, 0, 1, mach::accMode::zero});
    add(b.chipTile(space::acc, accFormat, s.x(), {zero, {2, 1, 4, 9, 8}, {0, 0, 4, 0, 0}}), 1,
        mach::ConvBp{3, error, 1, 0, 1, mach::accMode::zero});
    add(b.chipTile(space::acc, accFormat, s.w(), {zero, {1, 7, s.ci, 3, 3}, {0, 7, 0, 0, 0}}), 2,
        mach::ConvWg{3, source, error, 0, 1, mach::accMode::zero});
    machine = b.build();
    const num::Format &f = mixes ? chip.numerics.fp16 : chip.numerics.fp8;
    x = randomValues(f, elementsOf(s.x()), 1);
    w = randomValues(chip.numerics.fp8, elementsOf(s.w()), 2);
    dy = randomValues(f, elementsOf(s.y()), 3);
    writeTensor(*machine, "x", x);
    writeTensor(*machine, "w", w);
    writeTensor(*machine, "dy", dy);
  }

  template <typename T> void add(const mach::TensorTile &acc, int capture, const T &instr) {
    b.desc(3, acc);
    b.emit(instr);
    b.image.debug.records.back().node = 0;
    b.image.debug.records.back().capture[0] = capture;
  }

  chip::Chip chip;
  ProgramBuilder b;
  ConvShape s;
  mach::Format format, accFormat;
  std::vector<float> x, w, dy;
  std::unique_ptr<Machine> machine;
};

/// Terms and zero terms by visiting each; they are the same set in all three directions.
std::pair<uint64_t, uint64_t> termsOf(const ConvShape &s, const std::vector<float> &x,
                                      const std::vector<float> &w, const std::vector<float> &dy,
                                      int which) {
  uint64_t all = 0, zero = 0;
  for (int64_t n = 0; n < s.n; ++n)
    for (int64_t co = 0; co < s.co; ++co)
      for (int64_t ci = 0; ci < s.ci; ++ci)
        for (int64_t oy = 0; oy < s.oy(); ++oy)
          for (int64_t ox = 0; ox < s.ox(); ++ox)
            for (int64_t kh = 0; kh < s.kh; ++kh)
              for (int64_t kw = 0; kw < s.kw; ++kw) {
                int64_t iy = oy * s.sh - s.pt + kh, ix = ox * s.sw - s.pl + kw;
                if (iy < 0 || iy >= s.iy || ix < 0 || ix >= s.ix)
                  continue;
                float values[3] = {at(x, s.x(), n, 0, ci, iy, ix), at(w, s.w(), 0, co, ci, kh, kw),
                                   at(dy, s.y(), n, 0, co, oy, ox)};
                float a = which == 1 ? values[2] : values[0];
                float b = which == 2 ? values[2] : values[1];
                ++all;
                zero += a == 0.0f || b == 0.0f;
              }
  return {all, zero};
}

/// Elements and dot groups of each item of one core, whose channels are [lo, hi) of the output
/// channels, or of the input channels in direction 1. Each term is visited.
std::vector<std::pair<uint64_t, uint64_t>> itemsOf(const ConvShape &s, int which, int64_t lo,
                                                   int64_t hi, int64_t pes) {
  std::vector<std::pair<uint64_t, uint64_t>> items;
  std::set<std::vector<int64_t>> groups; // of the item
  uint64_t elements = 0;
  auto isInside = [](int64_t i, int64_t extent) { return i >= 0 && i < extent; };
  auto endItem = [&] {
    for (int64_t first = lo; first < hi && elements; first += pes)
      items.emplace_back(elements, groups.size());
    elements = 0;
    groups.clear();
  };
  auto addTap = [&](int64_t column, int64_t channels, int64_t kh, int64_t kw) {
    for (int64_t c = 0; c < channels; ++c) {
      ++elements;
      int64_t tap = kh * s.kw + kw;
      if (channels < 8)
        groups.insert({column, (tap * channels + c) / 8});
      else
        groups.insert({column, c / 8, tap});
    }
  };
  for (int64_t n = 0; n < s.n && which == 0; ++n)
    for (int64_t oy = 0; oy < s.oy(); ++oy)
      for (int64_t first = 0; first < s.ox(); first += 8) {
        for (int64_t ox = first; ox < std::min(first + 8, s.ox()); ++ox)
          for (int64_t kh = 0; kh < s.kh; ++kh)
            for (int64_t kw = 0; kw < s.kw; ++kw)
              if (isInside(oy * s.sh - s.pt + kh, s.iy) && isInside(ox * s.sw - s.pl + kw, s.ix))
                addTap(ox, s.ci, kh, kw);
        endItem();
      }
  for (int64_t n = 0; n < s.n && which == 1; ++n)
    for (int64_t iy = 0; iy < s.iy; ++iy)
      for (int64_t phase = 0; phase < s.sw; ++phase) {
        int64_t columns = 0;
        for (int64_t ix = 0; ix < s.ix; ++ix) {
          if ((ix + s.pl) % s.sw != phase)
            continue;
          for (int64_t kh = 0; kh < s.kh; ++kh)
            for (int64_t kw = 0; kw < s.kw; ++kw) {
              int64_t ty = iy + s.pt - kh, tx = ix + s.pl - kw;
              if (ty % s.sh == 0 && tx % s.sw == 0 && isInside(ty / s.sh, s.oy()) && ty >= 0 &&
                  isInside(tx / s.sw, s.ox()) && tx >= 0)
                addTap(ix, s.co, kh, kw);
            }
          if (++columns % 8 == 0)
            endItem();
        }
        endItem();
      }
  for (int64_t ci = 0; ci < s.ci && which == 2; ++ci)
    for (int64_t kh = 0; kh < s.kh; ++kh)
      for (int64_t kw = 0; kw < s.kw; ++kw) {
        for (int64_t n = 0; n < s.n; ++n)
          for (int64_t oy = 0; oy < s.oy(); ++oy)
            for (int64_t ox = 0; ox < s.ox(); ++ox)
              if (isInside(oy * s.sh - s.pt + kh, s.iy) && isInside(ox * s.sw - s.pl + kw, s.ix)) {
                ++elements;
                groups.insert({n, (oy * s.ox() + ox) / 8});
              }
        endItem();
      }
  return items;
}

/// Whether fp8 lacks what `classify` makes of x.
bool isWide(const chip::Numerics &numerics, float x, float threshold) {
  const num::Format &format = std::fabs(x) >= threshold ? numerics.fp16 : numerics.fp8;
  float y = num::round(format, numerics.rounding, x, 0, nullptr);
  return num::round(numerics.fp8, num::Rounding::towardZero, y, 0, nullptr) != y;
}

class WorkTest : public testing::TestWithParam<const char *> {};

TEST_P(WorkTest, TermsAreCountedExactly) {
  ConvProgram p(GetParam());
  Recorder recorder;
  Options options;
  options.observer = &recorder;
  runStep(*p.machine, options);
  mach::Opcode opcodes[3] = {mach::ConvFp::opcode, mach::ConvBp::opcode, mach::ConvWg::opcode};
  for (int which = 0; which < 3; ++which) {
    const Event *event = recorder.find(opcodes[which]);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->mask, 7u);
    ASSERT_EQ(event->work.size(), 3u);
    uint64_t macs = 0, zeroMacs = 0, slots = 0;
    for (const CoreWork &work : event->work) {
      macs += work.macs;
      zeroMacs += work.zeroMacs;
      slots += work.macSlots;
    }
    auto [all, zero] = termsOf(p.s, p.x, p.w, p.dy, which);
    EXPECT_EQ(macs, all) << which;
    EXPECT_EQ(zeroMacs, zero) << which;
    EXPECT_GE(slots * 8, all);
    EXPECT_LE(slots, all);
  }
}

TEST_P(WorkTest, ItemsAreCountedExactly) {
  struct Shape {
    int64_t ci, co, columnStride, pes;
  };
  for (Shape shape : {Shape{11, 21, 1, 8}, Shape{3, 5, 2, 2}, Shape{1, 20, 1, 4}}) {
    chip::Chip chip = chipNamed(GetParam());
    chip.structure.pes.value = int(shape.pes);
    ConvProgram p(chip, /*mixes=*/false, shape.ci, shape.co, shape.columnStride);
    Recorder recorder;
    Options options;
    options.observer = &recorder;
    runStep(*p.machine, options);
    mach::Opcode opcodes[3] = {mach::ConvFp::opcode, mach::ConvBp::opcode, mach::ConvWg::opcode};
    for (int which = 0; which < 3; ++which) {
      int64_t tile = which == 1 ? 4 : 7, channels = which == 1 ? shape.ci : shape.co;
      const std::vector<CoreWork> &work = recorder.find(opcodes[which])->work;
      for (int64_t core = 0; core < 3; ++core) {
        const MacItems &items = work[size_t(core)].items;
        std::vector<std::pair<uint64_t, uint64_t>> found;
        uint64_t elements = 0, groups = 0;
        for (uint64_t repeat = 0; repeat < items.repeats; ++repeat)
          for (const MacItemRun &run : items.runs)
            for (uint64_t i = 0; i < run.count; ++i)
              found.emplace_back(run.elements, run.groups);
        int64_t lo = std::min(core * tile, channels), hi = std::min(lo + tile, channels);
        EXPECT_EQ(found, itemsOf(p.s, which, lo, hi, shape.pes)) << which << " on " << core;
        for (auto [ofItem, groupsOfItem] : itemsOf(p.s, which, lo, hi, hi - lo)) {
          elements += ofItem;
          groups += groupsOfItem;
        }
        EXPECT_EQ(work[size_t(core)].macs, elements * uint64_t(hi - lo));
        EXPECT_EQ(work[size_t(core)].macSlots, groups * uint64_t(hi - lo));
      }
    }
  }
}

/// Pairs with one FP16 element and with two, by marking elements and visiting each term.
TEST(MixedWorkTest, PairsAreCountedExactly) {
  ConvProgram p("lnpu", /*mixes=*/true);
  constexpr float threshold = 0.25f;
  writeTensor(*p.machine, "threshold", {threshold});
  Recorder recorder;
  Options options;
  options.observer = &recorder;
  runStep(*p.machine, options);
  auto marks = [&](const std::vector<float> &values) {
    std::vector<float> result;
    for (float v : values)
      result.push_back(isWide(p.chip.numerics, v, threshold) ? 0.0f : 1.0f);
    return result;
  };
  // termsOf counts terms with a zero operand: zero stands for FP16 here.
  std::vector<float> x = marks(p.x), w(p.w.size(), 1.0f), dy = marks(p.dy);
  std::vector<float> one(std::max({x.size(), w.size(), dy.size()}), 1.0f);
  mach::Opcode opcodes[3] = {mach::ConvFp::opcode, mach::ConvBp::opcode, mach::ConvWg::opcode};
  for (int which = 0; which < 3; ++which) {
    uint64_t either = 0, both = 0;
    for (const CoreWork &work : recorder.find(opcodes[which])->work) {
      either += work.wideMacs;
      both += work.bothWideMacs;
    }
    EXPECT_EQ(either, termsOf(p.s, x, w, dy, which).second) << which;
    uint64_t inX = termsOf(p.s, x, w, one, which).second;
    uint64_t inDy = termsOf(p.s, one, w, dy, which).second;
    EXPECT_EQ(both, which == 2 ? inX + inDy - either : 0u) << which;
    EXPECT_GT(either, 0u);
  }
}

TEST_P(WorkTest, CapturesCoverEveryElementAndThreadsDoNotShow) {
  std::vector<Recorder> runs(2);
  std::vector<std::vector<TensorEvents>> counts;
  for (int i = 0; i < 2; ++i) {
    ConvProgram p(GetParam());
    Options options;
    options.observer = &runs[size_t(i)];
    options.capturer = &runs[size_t(i)];
    options.threads = i + 1;
    runStep(*p.machine, options);
    counts.push_back(p.machine->events());
    EXPECT_EQ(runs[size_t(i)].captures["y"].size(), size_t(elementsOf(p.s.y())));
    EXPECT_EQ(runs[size_t(i)].captures["dx"].size(), size_t(elementsOf(p.s.x())));
    EXPECT_EQ(runs[size_t(i)].captures["dw"].size(), size_t(elementsOf(p.s.w())));
  }
  EXPECT_EQ(runs[0].captures, runs[1].captures);
  ASSERT_EQ(counts[0].size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(counts[0][i].tensor, counts[1][i].tensor);
    EXPECT_EQ(counts[0][i].events, counts[1][i].events);
  }
  ASSERT_EQ(runs[0].events.size(), runs[1].events.size());
  for (size_t i = 0; i < runs[0].events.size(); ++i) {
    ASSERT_EQ(runs[0].events[i].work.size(), runs[1].events[i].work.size());
    for (size_t c = 0; c < runs[0].events[i].work.size(); ++c)
      EXPECT_EQ(runs[0].events[i].work[c].zeroMacs, runs[1].events[i].work[c].zeroMacs);
  }
}

/// All fields of a CoreWork but zeroMacs.
auto countsOf(const CoreWork &w) {
  std::vector<uint64_t> bytes(std::begin(w.bytesRead), std::end(w.bytesRead));
  bytes.insert(bytes.end(), std::begin(w.bytesWritten), std::end(w.bytesWritten));
  return std::tuple(w.macs, w.wideMacs, w.bothWideMacs, w.elements, w.operations, bytes,
                    w.dramUsefulBytes, w.macSlots);
}

TEST_P(WorkTest, ARunWithoutValuesCountsTheSame) {
  Recorder runs[2];
  for (bool values : {false, true}) {
    ConvProgram p(GetParam());
    Options options;
    options.observer = &runs[values];
    options.values = values ? Values::computed : Values::absent;
    runStep(*p.machine, options);
  }
  ASSERT_EQ(runs[0].events.size(), runs[1].events.size());
  uint64_t macs = 0;
  for (size_t i = 0; i < runs[0].events.size(); ++i) {
    const Event &without = runs[0].events[i], &with = runs[1].events[i];
    EXPECT_EQ(without.pc, with.pc);
    ASSERT_EQ(without.work.size(), with.work.size());
    for (size_t c = 0; c < with.work.size(); ++c) {
      EXPECT_EQ(countsOf(without.work[c]), countsOf(with.work[c])) << "instruction " << with.pc;
      EXPECT_EQ(without.work[c].zeroMacs, 0u);
      macs += with.work[c].macs;
    }
  }
  EXPECT_GT(macs, 0u);
}

/// What depends on values cannot be counted without them.
TEST(WithoutValuesTest, CompressedOperandsAndScalarLoadsAreRefused) {
  Recorder recorder;
  Options options;
  options.observer = &recorder;
  options.values = Values::absent;
  ConvProgram mixed("lnpu", /*mixes=*/true);
  Status classify = mixed.machine->run("step", options);
  ASSERT_FALSE(classify);
  EXPECT_NE(classify.message().find("a run without values meets a compressed operand"),
            std::string::npos)
      << classify.message();
  ProgramBuilder b(chipNamed("lnpu"));
  b.tensor("i", format::i32, {1});
  b.desc(0, b.dramTile("i", b.wholeOf("i")));
  b.emit(mach::Lds{1, 0});
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  Status scalar = machine->run("step", options);
  ASSERT_FALSE(scalar);
  EXPECT_NE(scalar.message().find("a run without values meets a scalar load"), std::string::npos)
      << scalar.message();
}

INSTANTIATE_TEST_SUITE_P(Chips, WorkTest, testing::Values("lnpu", "asu-fp8"));

/// Rounding events of a stored tensor are those of the scalar function, element by element.
TEST(EventsTest, RoundingIsCountedPerTensor) {
  chip::Chip chip = chipNamed("lnpu");
  ProgramBuilder b(chip);
  b.image.debug.captures = {{"small", {64}, format::fp8, false}};
  b.tensor("x", format::f32, {64});
  b.tensor("y", format::fp8, {64});
  b.load(0, "x");
  b.desc(1, b.chipTile(space::spm, format::fp8, {64}, {{0}, {64}, {}}));
  b.emit(mach::VRound{1, 0, 0});
  b.image.debug.records.back().capture[0] = 0;
  b.store("y", 1);
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  std::vector<float> x = randomF32(64, 5), y;
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = std::ldexp(x[i], int(i) - 32);
  num::Events expected;
  for (float v : x)
    y.push_back(num::round(chip.numerics.fp8, chip.numerics.rounding, v, 0, &expected));
  writeTensor(*machine, "x", x);
  runStep(*machine);
  expectSameBits(readTensor(*machine, "y"), y);
  ASSERT_EQ(machine->events().size(), 1u);
  EXPECT_EQ(machine->events()[0].tensor, "small");
  EXPECT_EQ(machine->events()[0].events, expected);
  EXPECT_GT(expected.saturation, 0u);
  EXPECT_GT(expected.underflow, 0u);
}

/// Accumulator saturation is counted once per rounded group.
TEST(EventsTest, AccumulatorsCount) {
  chip::Chip chip = chipNamed("asu-fp8");
  ProgramBuilder b(chip);
  b.image.debug.captures = {{"y", {1, 1}, format::fp16, true}};
  b.tensor("a", format::fp8, {1, 24});
  b.tensor("w", format::fp8, {24, 1});
  b.load(0, "a");
  b.load(1, "w");
  b.desc(2, b.chipTile(space::acc, format::fp16, {1, 1}, {{0, 0}, {1, 1}, {}}));
  b.emit(mach::Matmul{2, 0, 1, 0, 0, mach::accMode::zero});
  b.image.debug.records.back().capture[0] = 0;
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  writeTensor(*machine, "a", std::vector<float>(24, 1024.0f));
  writeTensor(*machine, "w", std::vector<float>(24, 1024.0f));
  runStep(*machine);
  EXPECT_EQ(machine->events()[0].events.saturation, 3u);
}

} // namespace
} // namespace slp::exec
