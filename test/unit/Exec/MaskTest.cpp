//===- MaskTest.cpp - terms that gates and weight groups close --------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Property: the three convolutions with any masks give the bits of docs/numerics.md with the closed
// terms absent, whole or in tiles, on any number of cores; and report what closed dot groups save,
// by visiting every term of every item (docs/timing.md, T7, "Closed terms").
//
//===----------------------------------------------------------------------------------------===//

#include "NaiveMac.h"
#include "ProgramBuilder.h"

#include "runtime/isa/AccModeBias.h.inc"
#include "runtime/isa/AccModeZero.h.inc"
#include "runtime/isa/EnumOptional.h.inc"
#include "runtime/isa/EnumSkip.h.inc"
#include "runtime/isa/FormatCoded8.h.inc"
#include "runtime/isa/StructConvBp.h.inc"
#include "runtime/isa/StructConvFp.h.inc"
#include "runtime/isa/StructConvWg.h.inc"
#include "runtime/isa/StructHalt.h.inc"
#include "runtime/isa/StructMask.h.inc"

#include <map>
#include <tuple>

namespace slp::exec {
namespace {

using Values = std::vector<float>;

/// How a mask's elements are spread.
enum class Pattern { open, closed, oneOpen, oneClosed, alternating, random };

Values maskOf(Pattern pattern, const Shape &shape, uint32_t seed) {
  std::mt19937 random(seed);
  int64_t n = elementsOf(shape);
  uint32_t share = 1 + random() % 9;
  int64_t one = int64_t(random() % uint32_t(n));
  Values values(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) {
    bool isOpen = pattern == Pattern::open          ? true
                  : pattern == Pattern::oneOpen     ? i == one
                  : pattern == Pattern::oneClosed   ? i != one
                  : pattern == Pattern::alternating ? i % 2 == 0
                  : pattern == Pattern::random      ? random() % 10 >= share
                                                    : false;
    values[size_t(i)] = isOpen ? float(1 + random() % 3) : 0.0f; // any number opens
  }
  return values;
}

ConvShape shapeOf(uint32_t seed) {
  std::mt19937 random(seed);
  auto pick = [&](int64_t lo, int64_t hi) {
    return lo + int64_t(random() % uint32_t(hi - lo + 1));
  };
  ConvShape s;
  s.n = pick(1, 2);
  s.ci = pick(1, 20);
  s.co = pick(1, 36);
  s.kh = pick(1, 3);
  s.kw = pick(1, 3);
  s.sh = pick(1, 2);
  s.sw = pick(1, 2);
  s.dh = pick(1, 2);
  s.dw = pick(1, 2);
  s.pt = pick(0, 2);
  s.pb = pick(0, 1);
  s.pl = pick(0, 2);
  s.pr = pick(0, 1);
  s.iy = pick(5, 8);
  s.ix = pick(5, 13);
  return s;
}

/// Of which every element meets another.
ConvShape plainShape() {
  ConvShape s;
  s.n = 2, s.ci = 11, s.co = 21, s.iy = 6, s.ix = 7, s.kh = 2, s.kw = 3;
  return s;
}

/// Chips with both features.
std::vector<chip::Chip> chips() {
  std::vector<chip::Chip> result(6, chipNamed("asu-fp8"));
  result[1].numerics.across = chip::AcrossImages::none;
  result[2].numerics.dot = 1; // other loops on the host
  result[2].structure.pes.value = 3;
  result[3] = result[4] = result[5] = chipNamed("lnpu");
  result[4].numerics.accumulateFp16 = true;
  result[4].numerics.dot = 16;
  result[4].structure.pes.value = 32;
  result[5].numerics.across = chip::AcrossImages::f32;
  for (size_t i = 3; i < 6; ++i)
    for (const char *feature : {"channel-gating", "weight-groups"})
      result[i].features.insert(feature);
  return result;
}

class Recorder : public Observer {
public:
  void issued(const Event &event) override {
    if (mach::infoOf(event.opcode).timingClass == "mac")
      works[event.opcode] = event.work;
  }
  std::map<mach::Opcode, std::vector<CoreWork>> works; // of the last instruction of its kind
};

//===----------------------------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------------------------===//

/// What the three instructions are run on.
struct Problem {
  chip::Chip chip;
  ConvShape s;
  bool gated, grouped;
  enum { none, ofChannels, ofOutputs } start = none;
  Values x, w, dy, bias;
  NaiveMasks masks;

  Problem(const chip::Chip &c, uint32_t seed, Pattern gates, Pattern groups, bool g, bool h)
      : Problem(c, shapeOf(seed), seed, gates, groups, g, h) {}
  Problem(const chip::Chip &c, const ConvShape &shape, uint32_t seed, Pattern gates, Pattern groups,
          bool g, bool h)
      : chip(c), s(shape), gated(g), grouped(h) {
    x = randomValues(chip.numerics.fp8, elementsOf(s.x()), seed + 1);
    w = randomValues(chip.numerics.fp8, elementsOf(s.w()), seed + 2);
    dy = randomValues(chip.numerics.fp8, elementsOf(s.y()), seed + 3);
    if (gated)
      masks.gate = maskOf(gates, NaiveMasks::gateShape(s), seed + 4);
    if (grouped)
      masks.group = maskOf(groups, NaiveMasks::groupShape(s), seed + 5);
    start = decltype(start)(seed % 3);
    if (start != none)
      bias = randomValues(chip.numerics.fp16, start == ofChannels ? s.co : elementsOf(s.y()),
                          seed + 6);
  }

  mach::Format sums() const { return chip.numerics.accumulateFp16 ? format::fp16 : format::f32; }
  mach::Format gradients() const {
    return chip.numerics.weightGradientFp16() ? format::fp16 : format::f32;
  }
  Shape biasShape() const { return start == ofChannels ? Shape{1, s.co} : s.y(); }
};

/// Registers of the operands.
enum : uint8_t { xReg, wReg, dyReg, accReg, biasReg, gateReg, groupReg };

class Program {
public:
  explicit Program(const Problem &p) : p(p), s(p.s), b(p.chip) {
    b.tensor("x", format::fp8, s.x());
    b.tensor("w", format::fp8, s.w());
    b.tensor("dy", format::fp8, s.y());
    if (p.start != Problem::none)
      b.tensor("bias", p.start == Problem::ofChannels ? format::fp16 : p.sums(), p.biasShape());
    if (p.gated)
      b.tensor("gate", format::fp8, NaiveMasks::gateShape(s));
    if (p.grouped)
      b.tensor("group", format::fp8, NaiveMasks::groupShape(s));
    b.tensor("y", format::f32, s.y());
    b.tensor("dx", format::f32, s.x());
    b.tensor("dw", format::f32, s.w());
    b.emit(geomOf(s));
  }

  /// All of each operand on each of `cores` cores, outputs by channels.
  void whole(int cores) {
    b.emit(mach::Mask{1, (uint64_t(1) << cores) - 1});
    for (auto [reg, name] : std::vector<std::pair<uint8_t, const char *>>{
             {xReg, "x"}, {wReg, "w"}, {dyReg, "dy"}, {gateReg, "gate"}, {groupReg, "group"}})
      load(reg, name, b.wholeOf(name), {});
    if (p.start != Problem::none)
      load(biasReg, "bias", b.wholeOf("bias"), {});
    Shape zero(5, 0);
    int64_t co = partOf(s.co, cores), ci = partOf(s.ci, cores);
    forward({zero, {s.n, 1, co, s.oy(), s.ox()}, {0, 0, co, 0, 0}});
    finish("y");
    backward({zero, {s.n, 1, ci, s.iy, s.ix}, {0, 0, ci, 0, 0}});
    finish("dx");
    weights({zero, {1, s.co, ci, s.kh, s.kw}, {0, 0, ci, 0, 0}});
    finish("dw");
  }

  /// Tiles of rows and of channels of the sum; two cores share the others.
  void tiles() {
    b.emit(mach::Mask{1, 3});
    int64_t block = p.chip.numerics.block(), columns = s.ix + s.pl + s.pr;
    int64_t co = partOf(s.co, 2), ci = partOf(s.ci, 2), cob = co / 8, cib = ci / 8,
            blocks = block / 8;
    int64_t rows = (s.oy() + 1) / 2, inRows = (rows - 1) * s.sh + (s.kh - 1) * s.dh + 1;
    for (int64_t row = 0; row < s.oy(); row += rows) {
      load(gateReg, "gate", {{0, 0, 0, row, 0}, {s.n, 1, cob, rows, s.ox()}, {}},
           {0, 0, cob, 0, 0});
      if (p.start == Problem::ofChannels)
        load(biasReg, "bias", {{0, 0}, {1, co}, {}}, {0, co});
      if (p.start == Problem::ofOutputs)
        load(biasReg, "bias", {{0, 0, 0, row, 0}, {s.n, 1, co, rows, s.ox()}, {}},
             {0, 0, co, 0, 0});
      forward({{0, 0, 0, row, 0}, {s.n, 1, co, rows, s.ox()}, {0, 0, co, 0, 0}}, [&](auto run) {
        for (int64_t at = 0; at < s.ci; at += block) {
          load(xReg, "x",
               {{0, 0, at, row * s.sh - s.pt, -s.pl}, {s.n, 1, block, inRows, columns}, {}}, {});
          load(wReg, "w", {{0, 0, at, 0, 0}, {1, co, block, s.kh, s.kw}, {}}, {0, co, 0, 0, 0});
          load(groupReg, "group", {{0, 0, at / 8, 0, 0}, {1, cob, blocks, s.kh, s.kw}, {}},
               {0, cob, 0, 0, 0});
          run();
        }
      });
      finish("y");
    }
    int64_t backRows = (s.iy + 1) / 2;
    for (int64_t row = 0; row < s.iy; row += backRows) {
      backward({{0, 0, 0, row, 0}, {s.n, 1, ci, backRows, s.ix}, {0, 0, ci, 0, 0}}, [&](auto run) {
        for (int64_t at = 0; at < s.co; at += block) {
          load(dyReg, "dy", {{0, 0, at, 0, 0}, {s.n, 1, block, s.oy(), s.ox()}, {}}, {});
          load(gateReg, "gate", {{0, 0, at / 8, 0, 0}, {s.n, 1, blocks, s.oy(), s.ox()}, {}}, {});
          load(wReg, "w", {{0, at, 0, 0, 0}, {1, block, ci, s.kh, s.kw}, {}}, {0, 0, ci, 0, 0});
          load(groupReg, "group", {{0, at / 8, 0, 0, 0}, {1, blocks, cib, s.kh, s.kw}, {}},
               {0, 0, cib, 0, 0});
          run();
        }
      });
      finish("dx");
    }
    // By output channels, which share x; images one by one, in rows where dot groups allow it.
    int64_t granule = p.chip.numerics.accumulateFp16 ? block : 1, rowTile = s.oy();
    for (int64_t some = 1; some < s.oy() && rowTile == s.oy(); ++some)
      if (some * s.ox() % granule == 0)
        rowTile = some;
    load(groupReg, "group", {{0, 0, 0, 0, 0}, {1, cob, (s.ci + 7) / 8, s.kh, s.kw}, {}},
         {0, cob, 0, 0, 0});
    weights({Shape(5, 0), {1, co, s.ci, s.kh, s.kw}, {0, co, 0, 0, 0}}, [&](auto run) {
      for (int64_t n = 0; n < s.n; ++n)
        for (int64_t row = 0; row < s.oy(); row += rowTile) {
          load(xReg, "x", {{n, 0, 0, 0, 0}, {1, 1, s.ci, s.iy, s.ix}, {}}, {});
          load(dyReg, "dy", {{n, 0, 0, row, 0}, {1, 1, co, rowTile, s.ox()}, {}}, {0, 0, co, 0, 0});
          load(gateReg, "gate", {{n, 0, 0, row, 0}, {1, 1, cob, rowTile, s.ox()}, {}},
               {0, 0, cob, 0, 0});
          run();
        }
    });
    finish("dw");
  }

  std::unique_ptr<Machine> build() {
    std::unique_ptr<Machine> machine = b.build();
    if (!machine)
      return machine;
    writeTensor(*machine, "x", p.x);
    writeTensor(*machine, "w", p.w);
    writeTensor(*machine, "dy", p.dy);
    if (p.start != Problem::none)
      writeTensor(*machine, "bias", p.bias);
    if (p.gated)
      writeTensor(*machine, "gate", p.masks.gate);
    if (p.grouped)
      writeTensor(*machine, "group", p.masks.group);
    return machine;
  }

  /// Channels of one of `cores` cores: whole blocks of 8.
  static int64_t partOf(int64_t channels, int cores) {
    return ((channels + 7) / 8 + cores - 1) / cores * 8;
  }

private:
  void load(uint8_t reg, const char *name, Piece piece, const Shape &coreStride) {
    if ((reg == gateReg && !p.gated) || (reg == groupReg && !p.grouped))
      return;
    piece.coreStride = coreStride;
    b.load(reg, name, piece, space::spm, 1);
  }

  template <typename Instr> void mask(Instr &instr) {
    if (p.gated) {
      instr.gated = mach::Optional::present;
      instr.gate = gateReg;
    }
    if (p.grouped) {
      instr.grouped = mach::Optional::present;
      instr.group = groupReg;
    }
  }
  /// Emits an instruction as often as `each` says.
  template <typename Instr, typename Each>
  void emit(mach::Format sums, const Shape &shape, const Piece &piece, Instr instr, Each each) {
    b.desc(accReg, acc = b.chipTile(space::acc, sums, shape, piece));
    mask(instr);
    each([&] { b.emit(instr); });
  }
  static constexpr auto once = [](auto run) { run(); };
  template <typename Each = decltype(once)> void forward(const Piece &piece, Each each = once) {
    emit(p.sums(), s.y(), piece,
         mach::ConvFp{accReg, xReg, wReg, biasReg, 0, 1,
                      p.start == Problem::none ? mach::accMode::zero : mach::accMode::bias},
         each);
  }
  template <typename Each = decltype(once)> void backward(const Piece &piece, Each each = once) {
    emit(p.sums(), s.x(), piece, mach::ConvBp{accReg, dyReg, wReg, 0, 1, mach::accMode::zero},
         each);
  }
  template <typename Each = decltype(once)> void weights(const Piece &piece, Each each = once) {
    emit(p.gradients(), s.w(), piece, mach::ConvWg{accReg, xReg, dyReg, 0, 1, mach::accMode::zero},
         each);
  }
  void finish(const char *name) { b.storeWidened(name, acc, accReg, 1); }

  const Problem &p;
  const ConvShape &s;
  ProgramBuilder b;
  mach::TensorTile acc;
};

void expectDefinition(const Problem &p, const Machine &machine) {
  const chip::Numerics &n = p.chip.numerics;
  expectSameBits(readTensor(machine, "y"), naiveForward(n, p.s, p.x, p.w, p.bias, p.masks));
  expectSameBits(readTensor(machine, "dx"), naiveBackward(n, p.s, p.dy, p.w, p.masks));
  expectSameBits(readTensor(machine, "dw"), naiveWeightGrad(n, p.s, p.x, p.dy, p.masks));
}

//===----------------------------------------------------------------------------------------===//
// What is counted
//===----------------------------------------------------------------------------------------===//

/// Elements, dot groups, and those of both that are closed.
using Item = std::tuple<uint64_t, uint64_t, uint64_t, uint64_t>;

std::vector<Item> listed(const MacItems &items) {
  std::vector<Item> result;
  for (uint64_t repeat = 0; repeat < items.repeats; ++repeat)
    for (const MacItemRun &run : items.runs)
      result.insert(result.end(), run.count,
                    Item(run.elements, run.groups, run.closed, run.closedGroups));
  return result;
}

/// Terms of items by visiting all of them.
struct NaiveWork {
  const Problem &p;
  std::vector<Item> items;
  uint64_t slots = 0, skipped = 0, gated = 0, grouped = 0;
  int64_t pes, dot;

  explicit NaiveWork(const Problem &problem)
      : p(problem), pes(p.chip.structure.pes.value), dot(p.chip.numerics.dot) {}

  /// A dot group of an item: terms inside the extents, and whether one is open for some output.
  struct Group {
    uint64_t terms = 0;
    bool isOpen = false;
  };
  using Groups = std::map<std::vector<int64_t>, Group>;

  void add(const Groups &groups, int64_t outputs) {
    Item item{};
    auto &[elements, all, closed, closedGroups] = item;
    for (const auto &[key, group] : groups) {
      elements += group.terms;
      ++all;
      closed += group.isOpen ? 0 : group.terms;
      closedGroups += !group.isOpen;
    }
    if (all)
      items.push_back(item);
    slots += (all - closedGroups) * uint64_t(outputs);
    skipped += closed * uint64_t(outputs);
  }
  /// One term of one output.
  bool count(int64_t n, int64_t co, int64_t oy, int64_t ox, int64_t ci, int64_t kh, int64_t kw) {
    bool gate = p.masks.isGateOpen(p.s, n, co, oy, ox);
    bool group = p.masks.isGroupOpen(p.s, co, ci, kh, kw);
    gated += !gate;
    grouped += gate && !group;
    return gate && group;
  }
  std::vector<int64_t> groupOf(int64_t channel, int64_t channels, int64_t kh, int64_t kw) const {
    int64_t tap = kh * p.s.kw + kw;
    if (channels < 8)
      return {(tap * channels + channel) / dot};
    return {channel / dot, tap};
  }
  bool reads(int64_t oy, int64_t ox, int64_t kh, int64_t kw, int64_t &iy, int64_t &ix) const {
    const ConvShape &s = p.s;
    iy = oy * s.sh - s.pt + kh * s.dh;
    ix = ox * s.sw - s.pl + kw * s.dw;
    return iy >= 0 && iy < s.iy && ix >= 0 && ix < s.ix;
  }

  void forward(int64_t lo, int64_t hi) {
    const ConvShape &s = p.s;
    for (int64_t n = 0; n < s.n; ++n)
      for (int64_t oy = 0; oy < s.oy(); ++oy)
        for (int64_t x = 0; x < s.ox(); x += 8)
          for (int64_t co = lo; co < hi; co += pes) {
            Groups groups;
            for (int64_t ox = x; ox < std::min(x + 8, s.ox()); ++ox)
              for (int64_t kh = 0; kh < s.kh; ++kh)
                for (int64_t kw = 0, iy, ix; kw < s.kw; ++kw)
                  for (int64_t ci = 0; ci < s.ci && reads(oy, ox, kh, kw, iy, ix); ++ci) {
                    std::vector<int64_t> key = groupOf(ci, s.ci, kh, kw);
                    key.push_back(ox);
                    ++groups[key].terms;
                    for (int64_t c = co; c < std::min(co + pes, hi); ++c)
                      groups[key].isOpen |= count(n, c, oy, ox, ci, kh, kw);
                  }
            add(groups, std::min(pes, hi - co));
          }
  }

  void backward(int64_t lo, int64_t hi) {
    const ConvShape &s = p.s;
    for (int64_t n = 0; n < s.n; ++n)
      for (int64_t y = 0; y < s.iy; ++y)
        for (int64_t phase = 0; phase < s.sw; ++phase) {
          std::vector<int64_t> columns;
          for (int64_t i = 0; i < s.ix; ++i)
            if ((i + s.pl) % s.sw == phase)
              columns.push_back(i);
          for (size_t first = 0; first < columns.size(); first += 8)
            for (int64_t ci = lo; ci < hi; ci += pes) {
              Groups groups;
              for (size_t i = first; i < std::min(first + 8, columns.size()); ++i)
                for (int64_t oy = 0; oy < s.oy(); ++oy)
                  for (int64_t ox = 0; ox < s.ox(); ++ox)
                    for (int64_t kh = 0; kh < s.kh; ++kh)
                      for (int64_t kw = 0, iy, ix; kw < s.kw; ++kw) {
                        if (!reads(oy, ox, kh, kw, iy, ix) || iy != y || ix != columns[i])
                          continue;
                        for (int64_t co = 0; co < s.co; ++co) {
                          std::vector<int64_t> key = groupOf(co, s.co, kh, kw);
                          key.push_back(columns[i]);
                          ++groups[key].terms;
                          for (int64_t c = ci; c < std::min(ci + pes, hi); ++c)
                            groups[key].isOpen |= count(n, co, oy, ox, c, kh, kw);
                        }
                      }
              add(groups, std::min(pes, hi - ci));
            }
        }
  }

  void weights(int64_t lo, int64_t hi) {
    const ConvShape &s = p.s;
    for (int64_t ci = lo; ci < hi; ++ci)
      for (int64_t kh = 0; kh < s.kh; ++kh)
        for (int64_t kw = 0; kw < s.kw; ++kw)
          for (int64_t co = 0; co < s.co; co += pes) {
            Groups groups;
            for (int64_t n = 0; n < s.n; ++n)
              for (int64_t oy = 0; oy < s.oy(); ++oy)
                for (int64_t ox = 0, iy, ix; ox < s.ox(); ++ox) {
                  if (!reads(oy, ox, kh, kw, iy, ix))
                    continue;
                  std::vector<int64_t> key{n, (oy * s.ox() + ox) / dot};
                  ++groups[key].terms;
                  for (int64_t c = co; c < std::min(co + pes, s.co); ++c)
                    groups[key].isOpen |= count(n, c, oy, ox, ci, kh, kw);
                }
            add(groups, std::min(pes, s.co - co));
          }
  }

  void expect(const CoreWork &work) const {
    EXPECT_EQ(listed(work.items), items);
    EXPECT_EQ(work.macSlots, slots);
    EXPECT_EQ(work.skippedMacs, skipped);
    EXPECT_EQ(work.gatedMacs, gated);
    EXPECT_EQ(work.groupedMacs, grouped);
  }
};

/// The work of the three instructions on the cores of Program::whole.
void expectWork(const Problem &p, Recorder &recorder, int cores) {
  auto ofCore = [&](mach::Opcode opcode, int64_t channels, auto run) {
    int64_t part = Program::partOf(channels, cores);
    for (int core = 0; core < cores; ++core) {
      SCOPED_TRACE("core " + std::to_string(core));
      int64_t lo = std::min(core * part, channels), hi = std::min(lo + part, channels);
      NaiveWork naive(p);
      if (lo < hi)
        run(naive, lo, hi);
      naive.expect(recorder.works[opcode].at(size_t(core)));
    }
  };
  ofCore(mach::ConvFp::opcode, p.s.co,
         [](NaiveWork &w, int64_t lo, int64_t hi) { w.forward(lo, hi); });
  ofCore(mach::ConvBp::opcode, p.s.ci,
         [](NaiveWork &w, int64_t lo, int64_t hi) { w.backward(lo, hi); });
  ofCore(mach::ConvWg::opcode, p.s.ci,
         [](NaiveWork &w, int64_t lo, int64_t hi) { w.weights(lo, hi); });
}

//===----------------------------------------------------------------------------------------===//
// Values and work
//===----------------------------------------------------------------------------------------===//

class MaskPatterns : public testing::TestWithParam<std::tuple<Pattern, Pattern>> {};
INSTANTIATE_TEST_SUITE_P(
    All, MaskPatterns,
    testing::Combine(testing::Values(Pattern::open, Pattern::closed, Pattern::oneOpen,
                                     Pattern::oneClosed, Pattern::alternating, Pattern::random),
                     testing::Values(Pattern::open, Pattern::closed, Pattern::oneOpen,
                                     Pattern::alternating, Pattern::random)));

TEST_P(MaskPatterns, ClosedTermsAreAbsent) {
  auto [gates, groups] = GetParam();
  bool isRandom = gates == Pattern::random && groups == Pattern::random;
  std::vector<chip::Chip> all = chips();
  for (uint32_t i = 0; i < (isRandom ? 120u : 18u); ++i) {
    uint32_t seed = i * 13 + 1;
    SCOPED_TRACE("seed " + std::to_string(seed));
    Problem p(all[i % all.size()], seed, gates, groups, i / 6 % 3 != 1, i / 6 % 3 != 2);
    for (int cores : {0, 1 + int(seed % 5)}) { // 0: tiles
      Program program(p);
      if (cores)
        program.whole(cores);
      else
        program.tiles();
      std::unique_ptr<Machine> machine = program.build();
      ASSERT_TRUE(machine);
      Recorder recorder;
      Options options;
      options.observer = &recorder;
      options.threads = 1 + int(i % 2);
      runStep(*machine, options);
      expectDefinition(p, *machine);
      if (cores)
        expectWork(p, recorder, cores);
      ASSERT_FALSE(testing::Test::HasFailure()) << (cores ? "whole" : "in tiles");
    }
  }
}

/// Open masks change neither what is computed nor what it costs but for reading them.
TEST(Mask, OpenOnesCostNothing) {
  for (const chip::Chip &chip : chips()) {
    std::vector<Item> items[2];
    for (bool isMasked : {false, true}) {
      Problem p(chip, 7, Pattern::open, Pattern::open, isMasked, isMasked);
      Program program(p);
      program.whole(2);
      std::unique_ptr<Machine> machine = program.build();
      ASSERT_TRUE(machine);
      Recorder recorder;
      Options options;
      options.observer = &recorder;
      runStep(*machine, options);
      for (auto &[opcode, works] : recorder.works)
        for (const CoreWork &work : works) {
          std::vector<Item> more = listed(work.items);
          items[isMasked].insert(items[isMasked].end(), more.begin(), more.end());
          EXPECT_EQ(work.skippedMacs + work.gatedMacs + work.groupedMacs, 0u);
        }
    }
    EXPECT_EQ(items[0], items[1]);
  }
}

/// Weights and errors that are closed are not read, masks are.
TEST(Mask, ClosedTilesAreNotRead) {
  Problem p(chips()[0], plainShape(), 3, Pattern::random, Pattern::random, true, true);
  Program program(p);
  program.whole(1);
  std::unique_ptr<Machine> machine = program.build();
  ASSERT_TRUE(machine);
  Recorder recorder;
  Options options;
  options.observer = &recorder;
  runStep(*machine, options);
  const ConvShape &s = p.s;
  uint64_t weights = 0, errors = 0;
  for (int64_t co = 0; co < s.co; ++co) {
    for (int64_t ci = 0; ci < s.ci; ++ci)
      for (int64_t kh = 0; kh < s.kh; ++kh)
        for (int64_t kw = 0; kw < s.kw; ++kw)
          weights += p.masks.isGroupOpen(s, co, ci, kh, kw);
    for (int64_t n = 0; n < s.n; ++n)
      for (int64_t oy = 0; oy < s.oy(); ++oy)
        for (int64_t ox = 0; ox < s.ox(); ++ox)
          errors += p.masks.isGateOpen(s, n, co, oy, ox);
  }
  uint64_t masks = p.masks.gate.size() + p.masks.group.size();
  auto readOf = [&](mach::Opcode opcode) {
    return recorder.works[opcode].at(0).bytesRead[int(space::spm)];
  };
  EXPECT_EQ(readOf(mach::ConvBp::opcode), errors + weights + masks);
  uint64_t forward = readOf(mach::ConvFp::opcode), gradient = readOf(mach::ConvWg::opcode);
  uint64_t bias = p.start == Problem::none ? 0 : 2 * p.bias.size();
  EXPECT_EQ(forward - bias - weights, gradient - errors); // what both read of x, and masks
}

/// Cores that share a tile may have masks of their own.
TEST(Mask, DifferFromCoreToCore) {
  chip::Chip chip = chips()[0];
  ConvShape s;
  s.n = 1, s.ci = 16, s.co = 8, s.kh = s.kw = 1, s.iy = s.ix = 4;
  Values w = randomValues(chip.numerics.fp8, elementsOf(s.w()), 1),
         dy = randomValues(chip.numerics.fp8, elementsOf(s.y()), 2);
  NaiveMasks masks[2];
  ProgramBuilder b(chip);
  b.tensor("dy", format::fp8, s.y());
  b.tensor("w", format::fp8, s.w());
  b.tensor("gates", format::fp8, {2, 1, 1, 4, 4}); // one of each core
  b.tensor("dx", format::f32, s.x());
  b.emit(mach::Mask{1, 3});
  b.emit(geomOf(s));
  b.load(0, "dy", b.wholeOf("dy"), space::spm, 1);
  b.load(1, "w", b.wholeOf("w"), space::spm, 1);
  b.load(2, "gates", {{0, 0, 0, 0, 0}, {1, 1, 1, 4, 4}, {1, 0, 0, 0, 0}}, space::spm, 1);
  // The same buffer, as the gate of image 0 on both.
  mach::TensorTile gate =
      b.chipTile(space::spm, format::fp8, {1, 1, 1, 4, 4}, {Shape(5, 0), {1, 1, 1, 4, 4}, {}});
  gate.base -= 16;
  b.desc(2, gate);
  mach::TensorTile acc =
      b.chipTile(space::acc, format::fp16, s.x(), {Shape(5, 0), {1, 1, 8, 4, 4}, {0, 0, 8, 0, 0}});
  b.desc(3, acc);
  mach::ConvBp bp{3, 0, 1, 0, 1, mach::accMode::zero};
  bp.gated = mach::Optional::present;
  bp.gate = 2;
  b.emit(bp);
  b.storeWidened("dx", acc, 3, 1);
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  Values gates = maskOf(Pattern::random, {2, 1, 1, 4, 4}, 5);
  writeTensor(*machine, "dy", dy);
  writeTensor(*machine, "w", w);
  writeTensor(*machine, "gates", gates);
  runStep(*machine);
  Values dx = readTensor(*machine, "dx");
  for (size_t core : {0, 1}) {
    NaiveMasks ofCore;
    ofCore.gate.assign(gates.begin() + long(16 * core), gates.begin() + long(16 * core + 16));
    Values expected = naiveBackward(chip.numerics, s, dy, w, ofCore);
    auto half = [&](const Values &v) {
      return Values(v.begin() + long(128 * core), v.begin() + long(128 * core + 128));
    };
    expectSameBits(half(dx), half(expected));
  }
}

/// Without values nothing is known to be closed.
TEST(Mask, NothingIsClosedWithoutValues) {
  Problem p(chips()[0], plainShape(), 3, Pattern::closed, Pattern::closed, true, true);
  Program program(p);
  program.whole(2);
  std::unique_ptr<Machine> machine = program.build();
  ASSERT_TRUE(machine);
  Recorder recorder;
  Options options;
  options.observer = &recorder;
  options.values = exec::Values::absent;
  runStep(*machine, options);
  for (const CoreWork &work : recorder.works[mach::ConvFp::opcode]) {
    EXPECT_EQ(work.gatedMacs + work.groupedMacs + work.skippedMacs, 0u);
    EXPECT_GT(work.macSlots, 0u);
  }
}

//===----------------------------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------------------------===//

/// What is wrong with a masked convolution of 16 input and 16 output channels.
struct Wrong {
  mach::Skip skip = mach::Skip::none;
  mach::Format factor = format::fp8, mask = format::fp8;
  int64_t groups = 1, firstChannel = 0;
  Shape gateTile = {1, 1, 2, 4, 4};
  mach::Space space = mach::space::spm;
};

std::string messageOf(const Wrong &wrong) {
  ConvShape s;
  s.g = wrong.groups, s.ci = 16, s.co = 16, s.kh = s.kw = 1, s.iy = s.ix = 4;
  chip::Chip chip = chips()[3];
  ProgramBuilder b(chip);
  auto tile = [&](mach::Space space, mach::Format format, const Shape &extent, const Shape &size) {
    return b.chipTile(space, format, extent, {Shape(extent.size(), 0), size, {}});
  };
  b.emit(mach::Mask{1, 1});
  b.emit(geomOf(s));
  b.desc(0, tile(space::spm, wrong.factor, s.x(), s.x()));
  b.desc(1, tile(space::spm, format::fp8, s.w(), s.w()));
  b.desc(2, tile(wrong.space, wrong.mask, {1, s.g, 2, 4, 4}, wrong.gateTile));
  Shape half = s.y();
  half[2] = 8;
  mach::TensorTile acc = tile(space::acc, format::f32, s.y(), half);
  acc.origin[2] = wrong.firstChannel;
  b.desc(3, acc);
  mach::ConvFp fp{3, 0, 1, 0, 0, 1, mach::accMode::zero};
  fp.gated = mach::Optional::present;
  fp.gate = 2;
  fp.skip = wrong.skip;
  b.emit(fp);
  std::unique_ptr<Machine> machine = b.build();
  if (!machine)
    return "refused";
  Status status = machine->run("step", {});
  return status.ok() ? "accepted" : status.message();
}

void expectMessage(const Wrong &wrong, const std::string &expected) {
  std::string message = messageOf(wrong);
  EXPECT_NE(message.find(expected), std::string::npos) << message;
}

TEST(Mask, IsRefusedWhereItDoesNotFit) {
  Wrong wrong;
  EXPECT_EQ(messageOf(wrong), "accepted");
  wrong.firstChannel = 8;
  EXPECT_EQ(messageOf(wrong), "accepted");
  wrong.firstChannel = 4;
  expectMessage(wrong,
                "the tile of `acc` starts at channel 4, expected a multiple of 8 with a gate "
                "or group");
  wrong = {};
  wrong.groups = 2;
  expectMessage(wrong, "a gate or group of a convolution with 2 groups, expected 1");
  wrong = {};
  wrong.skip = mach::Skip::a;
  expectMessage(wrong, "a gate or group with skip: expected one of them");
  wrong = {};
  wrong.factor = mach::format::coded8;
  expectMessage(wrong, "a gate or group with a compressed factor, coded8");
  wrong = {};
  wrong.mask = format::fp16;
  expectMessage(wrong, "operand `gate` has format fp16, expected fp8");
  wrong = {};
  wrong.space = mach::space::shared;
  expectMessage(wrong, "operand `gate` lies in shared, expected spm");
  wrong = {};
  wrong.gateTile = {1, 1, 2, 3, 4};
  expectMessage(wrong,
                "operand `gate` lacks coordinates 0 to 3 of dimension 3: its tile holds 0 to "
                "2");
  wrong.gateTile = {1, 1, 0, 4, 4};
  expectMessage(wrong, "operand `gate` lacks coordinates 0 to 0 of dimension 2");
}

} // namespace
} // namespace slp::exec
