//===- JointTest.cpp - cores that share a tile run as one
//-----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Property: whether cores got a tile by one multicast load, and are computed together, or each by
// a load of its own, and are computed one by one, changes neither results nor the work of any core.
// Also which writes end the sharing.
//
//===----------------------------------------------------------------------------------------===//

#include "NaiveMac.h"

#include "ProgramBuilder.h"
#include "runtime/exec/SharedTiles.h"
#include "runtime/isa/AccModeBias.h.inc"
#include "runtime/isa/AccModeZero.h.inc"
#include "runtime/isa/EngineMac.h.inc"
#include "runtime/isa/StructConvBp.h.inc"
#include "runtime/isa/StructConvFp.h.inc"
#include "runtime/isa/StructConvWg.h.inc"
#include "runtime/isa/StructGeom.h.inc"
#include "runtime/isa/StructLd.h.inc"
#include "runtime/isa/StructMask.h.inc"
#include "runtime/isa/StructMatmul.h.inc"

#include <tuple>

namespace slp::exec {
namespace {

struct MacWork : Observer {
  void issued(const Event &event) override {
    if (event.engine == mach::engine::mac)
      works.push_back(event.work);
  }
  std::vector<std::vector<CoreWork>> works;
};

auto numbersOf(const CoreWork &w) {
  std::vector<uint64_t> items{w.items.repeats};
  for (const MacItemRun &run : w.items.runs)
    items.insert(items.end(), {run.count, run.elements, run.groups});
  return std::make_tuple(items, w.macs, w.zeroMacs, w.wideMacs, w.bothWideMacs, w.macSlots,
                         w.bytesRead[1], w.bytesRead[2], w.bytesRead[3], w.bytesWritten[3]);
}

/// One MAC instruction on several cores.
class JointProgram {
public:
  JointProgram(const chip::Chip &chip, bool isMulticast, int cores)
      : b(chip), isMulticast(isMulticast), cores(cores) {
    b.emit(mach::Mask{1, (uint64_t(1) << cores) - 1});
    b.emit(mach::Mask{2, 1});
  }

  mach::Format accFormat() const {
    return b.chip.numerics.accumulateFp16 ? format::fp16 : format::f32;
  }

  /// Into the same buffer of all cores.
  void loadShared(uint8_t reg, const std::string &name) {
    b.load(reg, name, b.wholeOf(name), space::spm, isMulticast ? 1 : 2);
    for (int core = 1; core < cores && !isMulticast; ++core) {
      b.emit(mach::Mask{2, uint64_t(1) << core});
      b.emit(mach::Ld{reg, 31, 2});
    }
    b.emit(mach::Mask{2, 1});
  }
  /// Each core its part of dimension d.
  void loadParts(uint8_t reg, const std::string &name, size_t d, int64_t part) {
    Piece piece = b.wholeOf(name);
    piece.coreStride.assign(piece.tile.size(), 0);
    piece.tile[d] = piece.coreStride[d] = part;
    b.load(reg, name, piece, space::spm, 1);
  }
  void accumulators(uint8_t reg, const Shape &shape, size_t d, int64_t part) {
    Piece piece{Shape(shape.size(), 0), shape, Shape(shape.size(), 0)};
    piece.tile[d] = piece.coreStride[d] = part;
    b.desc(reg, acc = b.chipTile(space::acc, accFormat(), shape, piece));
  }
  template <typename T> void compute(const T &instr, const std::string &result) {
    b.emit(instr);
    b.storeWidened(result, acc, 3, 1);
  }
  void build() {
    machine = b.build();
    uint32_t seed = 1;
    for (const image::Tensor &t : b.image.tensors)
      if (t.format != format::f32)
        writeTensor(
            *machine, t.name,
            randomValues(t.format == format::fp8 ? b.chip.numerics.fp8 : b.chip.numerics.fp16,
                         elementsOf(t.shape), seed++));
  }
  std::vector<float> run(const std::string &result, MacWork &work) {
    Options options;
    options.observer = &work;
    options.threads = isMulticast ? 2 : 1;
    runStep(*machine, options);
    return readTensor(*machine, result);
  }

  ProgramBuilder b;
  mach::TensorTile acc;
  std::unique_ptr<Machine> machine;

private:
  bool isMulticast;
  int cores;
};

/// Builds both versions, runs them, compares.
template <typename Fill> void expectSame(const chip::Chip &chip, int cores, Fill fill) {
  std::vector<float> results[2];
  MacWork works[2];
  for (bool isMulticast : {false, true}) {
    JointProgram p(chip, isMulticast, cores);
    fill(p);
    p.build();
    results[isMulticast] = p.run("result", works[isMulticast]);
  }
  expectSameBits(results[true], results[false]);
  ASSERT_EQ(works[true].works.size(), works[false].works.size());
  for (size_t i = 0; i < works[true].works.size(); ++i) {
    ASSERT_EQ(works[true].works[i].size(), size_t(cores));
    for (int core = 0; core < cores; ++core)
      EXPECT_EQ(numbersOf(works[true].works[i][size_t(core)]),
                numbersOf(works[false].works[i][size_t(core)]))
          << "core " << core;
  }
}

struct Case {
  const char *chip;
  mach::Format format;
  uint32_t seed;
};

class JointTest : public testing::TestWithParam<Case> {
protected:
  void SetUp() override {
    chip = chipNamed(GetParam().chip);
    chip.structure.cores.value = 16;
    format = GetParam().format;
    random.seed(GetParam().seed);
    cores = int(2 + random() % 15);
    s.n = 1 + random() % 2;
    s.g = 1 + random() % 2;
    s.ci = 1 + random() % 40;
    s.co = 1 + random() % 90;
    s.iy = 3 + random() % 8;
    s.ix = 3 + random() % 8;
    s.kh = 1 + random() % 3;
    s.kw = 1 + random() % 3;
    s.sh = 1 + random() % 2;
    s.sw = 1 + random() % 2;
    s.pt = s.pb = random() % uint32_t(s.kh);
    s.pl = s.pr = random() % uint32_t(s.kw);
    geom.kh = uint64_t(s.kh);
    geom.kw = uint64_t(s.kw);
    geom.sh = uint64_t(s.sh);
    geom.sw = uint64_t(s.sw);
    geom.pt = uint64_t(s.pt);
    geom.pl = uint64_t(s.pl);
    geom.dh = geom.dw = 1;
  }
  /// Of `n` coordinates; the last cores may have fewer or none.
  int64_t partOf(int64_t n) const { return (n + cores - 1) / cores; }

  chip::Chip chip;
  mach::Format format{};
  std::mt19937 random;
  int cores = 0;
  ConvShape s;
  mach::Geom geom{};
};

TEST_P(JointTest, Forward) {
  expectSame(chip, cores, [&](JointProgram &p) {
    p.b.tensor("x", format, s.x());
    p.b.tensor("w", format, s.w());
    p.b.tensor("b", format::fp16, {s.g, s.co});
    p.b.tensor("result", format::f32, s.y());
    p.b.emit(geom);
    p.loadShared(0, "x");
    p.loadParts(1, "w", 1, partOf(s.co));
    p.loadShared(2, "b");
    p.accumulators(3, s.y(), 2, partOf(s.co));
    p.compute(mach::ConvFp{3, 0, 1, 2, 0, 1, mach::accMode::bias}, "result");
  });
}

TEST_P(JointTest, Backward) {
  expectSame(chip, cores, [&](JointProgram &p) {
    p.b.tensor("dy", format, s.y());
    p.b.tensor("w", format, s.w());
    p.b.tensor("result", format::f32, s.x());
    p.b.emit(geom);
    p.loadShared(0, "dy");
    p.loadParts(1, "w", 2, partOf(s.ci));
    p.accumulators(3, s.x(), 2, partOf(s.ci));
    p.compute(mach::ConvBp{3, 0, 1, 0, 1, mach::accMode::zero}, "result");
  });
}

TEST_P(JointTest, WeightGradientOfSharedInput) {
  expectSame(chip, cores, [&](JointProgram &p) {
    p.b.tensor("x", format, s.x());
    p.b.tensor("dy", format, s.y());
    p.b.tensor("result", format::f32, s.w());
    p.b.emit(geom);
    p.loadShared(0, "x");
    p.loadParts(1, "dy", 2, partOf(s.co));
    p.accumulators(3, s.w(), 1, partOf(s.co));
    p.compute(mach::ConvWg{3, 0, 1, 0, 1, mach::accMode::zero}, "result");
  });
}

TEST_P(JointTest, WeightGradientOfSharedError) {
  expectSame(chip, cores, [&](JointProgram &p) {
    p.b.tensor("x", format, s.x());
    p.b.tensor("dy", format, s.y());
    p.b.tensor("result", format::f32, s.w());
    p.b.emit(geom);
    p.loadParts(0, "x", 2, partOf(s.ci));
    p.loadShared(1, "dy");
    p.accumulators(3, s.w(), 2, partOf(s.ci));
    p.compute(mach::ConvWg{3, 0, 1, 0, 1, mach::accMode::zero}, "result");
  });
}

TEST_P(JointTest, Matmul) {
  for (bool sharesRows : {false, true})
    expectSame(chip, cores, [&](JointProgram &p) {
      p.b.tensor("a", format, {s.iy * 3, s.ci});
      p.b.tensor("b", format, {s.ci, s.co});
      p.b.tensor("result", format::f32, {s.iy * 3, s.co});
      if (sharesRows) {
        p.loadShared(0, "a");
        p.loadParts(1, "b", 1, partOf(s.co));
        p.accumulators(3, {s.iy * 3, s.co}, 1, partOf(s.co));
      } else {
        p.loadParts(0, "a", 0, partOf(s.iy * 3));
        p.loadShared(1, "b");
        p.accumulators(3, {s.iy * 3, s.co}, 0, partOf(s.iy * 3));
      }
      p.compute(mach::Matmul{3, 0, 1, 0, 1, mach::accMode::zero}, "result");
    });
}

std::vector<Case> cases() {
  std::vector<Case> result;
  for (uint32_t seed = 1; seed <= 12; ++seed) {
    result.push_back({"lnpu", seed % 3 ? format::fp8 : format::fp16, seed});
    result.push_back({"asu-fp8", format::fp8, seed + 100});
  }
  return result;
}

INSTANTIATE_TEST_SUITE_P(Random, JointTest, testing::ValuesIn(cases()), [](const auto &info) {
  return std::string(info.param.chip == std::string("lnpu") ? "lnpu" : "asu") +
         std::to_string(info.param.seed);
});

TEST(SharedTiles, EndWithTheFirstWrite) {
  SharedTiles tiles(4);
  auto buffer = [](uint64_t base, uint64_t rows, uint64_t stride) {
    Descriptor d;
    d.tile.space = space::spm;
    d.tile.format = format::fp8;
    d.tile.rank = 2;
    d.tile.base = base;
    d.tile.tile[0] = rows;
    d.tile.tile[1] = 8;
    d.tile.stride[0] = stride;
    d.tile.stride[1] = 1;
    return d;
  };
  Descriptor tile = buffer(64, 4, 16);
  tiles.add(tile, 0b0111);
  EXPECT_NE(tiles.identity(tile, 0), 0u);
  EXPECT_EQ(tiles.identity(tile, 0), tiles.identity(tile, 2));
  EXPECT_EQ(tiles.identity(tile, 3), 0u);
  // Another layout of the same bytes reads what lies between the rows.
  EXPECT_EQ(tiles.identity(buffer(64, 4, 8), 0), 0u);
  EXPECT_EQ(tiles.identity(buffer(80, 3, 16), 0), 0u);
  // Writes beside the tile, and to other cores.
  tiles.forget(buffer(0, 4, 16), 0b1111);
  tiles.forget(buffer(120, 4, 16), 0b1111);
  tiles.forget(tile, 0b1000);
  EXPECT_EQ(tiles.identity(tile, 0), tiles.identity(tile, 1));
  tiles.forget(buffer(119, 1, 16), 0b0010); // its last byte
  EXPECT_NE(tiles.identity(tile, 0), 0u);
  EXPECT_EQ(tiles.identity(tile, 1), 0u);
  // A second load of the same buffer is another tile.
  uint64_t before = tiles.identity(tile, 0);
  tiles.forget(tile, 0b0011);
  tiles.add(tile, 0b0011);
  EXPECT_NE(tiles.identity(tile, 0), before);
  EXPECT_EQ(tiles.identity(tile, 2), before);
}

} // namespace
} // namespace slp::exec
