//===- FaultTest.cpp - what the machine refuses -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// One program per fault. Every message has the instruction's index and text, and says what was
// expected.
//
//===----------------------------------------------------------------------------------------===//

#include "ProgramBuilder.h"

#include "runtime/isa/AccModeBias.h.inc"
#include "runtime/isa/AccModeZero.h.inc"
#include "runtime/isa/EngineLoad.h.inc"
#include "runtime/isa/EngineMac.h.inc"
#include "runtime/isa/EngineSeq.h.inc"
#include "runtime/isa/EngineSharedLoad.h.inc"
#include "runtime/isa/EngineSharedStore.h.inc"
#include "runtime/isa/EngineVector.h.inc"
#include "runtime/isa/EnumBank.h.inc"
#include "runtime/isa/InstrNormalize.h.inc"
#include "runtime/isa/InstrSequencer.h.inc"
#include "runtime/isa/StructConvFp.h.inc"
#include "runtime/isa/StructConvWg.h.inc"
#include "runtime/isa/StructLd.h.inc"
#include "runtime/isa/StructLdShared.h.inc"
#include "runtime/isa/StructMatmul.h.inc"
#include "runtime/isa/StructMvLoad.h.inc"
#include "runtime/isa/StructMvStore.h.inc"
#include "runtime/isa/StructStShared.h.inc"
#include "runtime/isa/StructVMaxPool.h.inc"
#include "runtime/isa/StructVMean.h.inc"
#include "runtime/isa/StructVRelu.h.inc"
#include "runtime/isa/StructVRound.h.inc"
#include "runtime/isa/StructVSoftmax.h.inc"
#include "runtime/isa/StructZero.h.inc"

#include <functional>

namespace slp::exec {
namespace {

using format::f32, format::fp16, format::fp8;
using space::spm, space::shared;
const mach::Space accSpace = space::acc;

struct Fault {
  const char *name;
  std::function<void(ProgramBuilder &)> program;
  std::string message; // a part of it
  const char *chip = "lnpu";
  size_t behind = 0; // instructions after the one that faults
};

void PrintTo(const Fault &fault, std::ostream *os) { *os << fault.name; }

class FaultTest : public testing::TestWithParam<Fault> {};

TEST_P(FaultTest, IsReported) {
  ProgramBuilder b(chipNamed(GetParam().chip));
  b.image.debug.nodes = {"conv1"};
  b.image.debug.ops = {"train.conv"};
  GetParam().program(b);
  size_t last = b.image.text.size() - 1 - GetParam().behind;
  b.image.debug.records[last].node = 0;
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  Options options;
  options.maxInstructions = 1000;
  Status s = machine->run("step", options);
  ASSERT_FALSE(s.ok());
  EXPECT_NE(s.message().find(GetParam().message), std::string::npos) << s.message();
  // All but the faults of halt and of runaway loops come from the last instruction.
  bool isLast = s.message().rfind("instruction " + std::to_string(last) + " `", 0) == 0 &&
                s.message().find(" (node conv1): ") != std::string::npos;
  bool isHalt = s.message().find("`halt`") != std::string::npos ||
                s.message().find("runaway") != std::string::npos;
  EXPECT_TRUE(isLast || isHalt) << s.message();
}

/// A tile descriptor on chip with these extents and tile sizes, at origin `origin`.
mach::TensorTile tile(ProgramBuilder &b, mach::Space space, mach::Format f, const Shape &extent,
                      const Shape &size, Shape origin = {}) {
  if (origin.empty())
    origin.assign(size.size(), 0);
  return b.chipTile(space, f, extent, {origin, size, {}});
}

/// Registers 0 to 3: x (1,1,16,6,6), w (1,8,16,3,3), bias (1,8), acc (1,1,8,6,6); a 3x3 window with
/// padding.
struct ConvTiles {
  Shape x{1, 1, 16, 6, 6}, w{1, 8, 16, 3, 3}, acc{1, 1, 8, 6, 6};
  Shape xOrigin{0, 0, 0, 0, 0}, wOrigin{0, 0, 0, 0, 0};
  mach::Format xFormat = fp8, accFormat = f32, biasFormat = fp16;
  mach::AccMode mode = mach::accMode::zero;
};

std::function<void(ProgramBuilder &)> conv(std::function<void(ConvTiles &)> change) {
  return [change](ProgramBuilder &b) {
    ConvTiles t;
    if (b.chip.numerics.accumulateFp16)
      t.accFormat = fp16;
    change(t);
    b.desc(0, tile(b, spm, t.xFormat, {1, 1, 16, 6, 6}, t.x, t.xOrigin));
    b.desc(1, tile(b, spm, fp8, {1, 8, 16, 3, 3}, t.w, t.wOrigin));
    b.desc(2, tile(b, spm, t.biasFormat, {1, 8}, {1, 8}));
    b.desc(3, tile(b, accSpace, t.accFormat, {1, 1, 8, 6, 6}, t.acc));
    mach::Geom g;
    g.kh = g.kw = 3;
    g.sh = g.sw = g.dh = g.dw = g.pt = g.pl = 1;
    b.emit(g);
    b.emit(mach::ConvFp{3, 0, 1, 2, 0, 0, t.mode});
  };
}

/// A weight gradient with dy (2,1,8,4,6) of extent rows 4 and x (2,1,4,4,6).
std::function<void(ProgramBuilder &)> weights(Shape xSize, Shape dySize, Shape dyOrigin) {
  return [=](ProgramBuilder &b) {
    b.desc(0, tile(b, spm, fp8, {2, 1, 4, 4, 6}, xSize));
    b.desc(1, tile(b, spm, fp8, {2, 1, 8, 4, 6}, dySize, dyOrigin));
    mach::Format sums = b.chip.numerics.weightGradientFp16() ? fp16 : f32;
    b.desc(3, tile(b, accSpace, sums, {1, 8, 4, 1, 1}, {1, 8, 4, 1, 1}));
    mach::Geom g;
    g.kh = g.kw = g.sh = g.sw = g.dh = g.dw = 1;
    b.emit(g);
    b.emit(mach::ConvWg{3, 0, 1, 0, 0, mach::accMode::zero});
  };
}

mach::Geom window(uint64_t kernel, uint64_t stride, uint64_t pad) {
  mach::Geom g;
  g.kh = g.kw = kernel;
  g.sh = g.sw = stride;
  g.pt = g.pl = pad;
  g.dh = g.dw = 1;
  return g;
}

std::vector<Fault> allFaults() {
  return {
      {"Halt", [](ProgramBuilder &b) { b.emit(mach::Signal{mach::engine::load, 7, 2, 0}); },
       "a semaphore is not zero at the end; semaphores: core 0 s7=2; queues: all empty"},
      {"HaltOnSomeCores",
       [](ProgramBuilder &b) {
         b.emit(mach::Mask{1, 0b101110});
         b.emit(mach::Signal{mach::engine::load, 7, 2, 1});
         b.emit(mach::Signal{mach::engine::load, 9, 1, 1});
       },
       "semaphores: cores 1 to 3 s7=2 s9=1, core 5 s7=2 s9=1; queues: all empty"},
      {"Runaway",
       [](ProgramBuilder &b) {
         b.emit(mach::Loop{1, 1, 1 << 30, 1});
         b.emit(mach::Li{2, 0});
       },
       "runaway loop: 1000 instructions issued"},
      {"CopyBelow0",
       [](ProgramBuilder &b) {
         b.desc(0, tile(b, spm, f32, {4}, {4}));
         b.emit(mach::Li{3, -2});
         b.emit(mach::Desc{0, 0, 3});
       },
       "register r3 names copy -2, expected 0 or more"},
      {"TileOfManyElementsInFewBytes",
       [](ProgramBuilder &b) {
         mach::TensorTile t = tile(b, spm, f32, {4, 4}, {4, 4});
         t.stride = {0, 0, 0, 0, 0};
         t.extent = t.tile = {(1 << 24) - 1, (1 << 24) - 1, 1, 1, 1};
         b.desc(0, t);
         b.desc(1, t);
         b.emit(mach::VRound{1, 0, 0});
       },
       "the tile of `dst` has more than 2097152 elements, the bytes of the largest memory on the "
       "chip"},
      {"TensorOfMoreElementsThanAddresses",
       [](ProgramBuilder &b) {
         mach::TensorTile t = tile(b, spm, f32, {4, 4, 4}, {1, 1, 1});
         t.extent = {(1 << 24) - 1, (1 << 24) - 1, (1 << 24) - 1, 1, 1};
         b.desc(0, t);
         b.desc(1, t);
         b.emit(mach::VRound{1, 0, 0});
       },
       "the extents of `dst` make more than 2^48 elements"},
      {"PaddedSpan",
       [](ProgramBuilder &b) {
         // 64 x 64 outputs, each 100 rows and columns from the next, of one input element.
         b.desc(0, tile(b, spm, fp8, {1, 1, 8, 1, 1}, {1, 1, 8, 1, 1}));
         b.desc(1, tile(b, spm, fp8, {1, 1, 8, 1, 1}, {1, 1, 8, 1, 1}));
         b.desc(3, tile(b, accSpace, f32, {1, 1, 1, 64, 64}, {1, 1, 1, 64, 64}));
         b.emit(window(1, 100, 0));
         b.emit(mach::ConvFp{3, 0, 1, 0, 0, 0, mach::accMode::zero});
       },
       "operand `x` with its padding and dilation has more than 2^28 elements"},
      {"CompressedTensorBeforeDram",
       [](ProgramBuilder &b) {
         b.tensor("x", format::coded8, {256});
         mach::TensorTile from = b.dramTile("x", b.wholeOf("x"));
         from.stream = 1 << 20;
         b.desc(0, from);
         b.desc(1, b.chipTile(spm, from.format, {256}, b.wholeOf("x")));
         b.emit(mach::Ld{1, 0, 0});
       },
       "the compressed tensor of operand `src` begins outside dram"},
      {"Deadlock", [](ProgramBuilder &b) { b.emit(mach::Wait{mach::engine::mac, 4, 1, 0}); },
       "deadlock: semaphore s4 holds less than 1"},
      {"SemaphoreOverflow",
       [](ProgramBuilder &b) {
         b.emit(mach::Signal{mach::engine::mac, 4, 255, 0});
         b.emit(mach::Signal{mach::engine::mac, 4, 1, 0});
       },
       "semaphore s4 of core 0 would exceed 255"},
      {"SequencerWaits", [](ProgramBuilder &b) { b.emit(mach::Wait{mach::engine::seq, 0, 0, 0}); },
       "the sequencer has no queue"},
      {"EmptyMask", [](ProgramBuilder &b) { b.emit(mach::Signal{mach::engine::mac, 0, 0, 5}); },
       "the core mask is empty"},
      {"LackingCore", [](ProgramBuilder &b) { b.emit(mach::Mask{1, 1 << 16}); },
       "the mask names a core the chip lacks: it has 16"},
      {"HyperInfinite", [](ProgramBuilder &b) { b.emit(mach::Hyper{1, 0x7f800000}); },
       "cannot be a run-time number"},
      {"Geometry", [](ProgramBuilder &b) { b.emit(mach::Geom{}); }, "are at least 1"},
      {"Origin",
       [](ProgramBuilder &b) {
         b.emit(mach::Li{1, 1 << 23});
         b.emit(mach::Org{0, 0, 1, 0});
       },
       "origin 8388608 does not fit 24 bits"},
      {"OriginDimension", [](ProgramBuilder &b) { b.emit(mach::Org{0, 5, 0, 0}); },
       "there is no dimension 5"},
      {"StampRanks",
       [](ProgramBuilder &b) {
         b.desc(0, tile(b, spm, f32, {4}, {4}));
         b.desc(1, tile(b, spm, f32, {4, 4}, {4, 4}));
         b.emit(mach::Stamp{0, 1});
       },
       "ranks differ: 1 and 2"},
      {"LoopDepth",
       [](ProgramBuilder &b) {
         for (int i = 0; i < 9; ++i)
           b.emit(mach::Loop{1, 1, 2, 9 - i});
         b.emit(mach::Li{1, 0});
       },
       "loops nest deeper than the chip's 8", "lnpu", 1},
      {"OutOfBounds",
       [](ProgramBuilder &b) {
         b.tensor("x", f32, {4});
         b.desc(31, b.dramTile("x", {{0}, {4}, {}}));
         mach::TensorTile t = tile(b, spm, f32, {4}, {4});
         t.base = (1 << 20) - 8;
         b.desc(0, t);
         b.emit(mach::Ld{0, 31, 0});
       },
       "operand `dst` reaches byte 1048584 of spm of core 0, which has 1048576"},
      {"OutOfDram",
       [](ProgramBuilder &b) {
         b.tensor("x", f32, {4});
         mach::TensorTile t = b.dramTile("x", {{0}, {4}, {}});
         t.stride[0] = 1 << 20;
         b.desc(31, t);
         b.desc(0, tile(b, spm, f32, {4}, {4}));
         b.emit(mach::Ld{0, 31, 0});
       },
       "operand `src` reaches byte 3145732 of dram, which has 16"},
      {"LoadFormats",
       [](ProgramBuilder &b) {
         b.tensor("x", f32, {4});
         b.desc(31, b.dramTile("x", {{0}, {4}, {}}));
         b.desc(0, tile(b, spm, fp16, {4}, {4}));
         b.emit(mach::Ld{0, 31, 0});
       },
       "formats differ: dst is fp16, src is f32"},
      {"LoadTileSizes",
       [](ProgramBuilder &b) {
         b.tensor("x", f32, {4});
         b.desc(31, b.dramTile("x", {{0}, {4}, {}}));
         b.desc(0, tile(b, spm, f32, {4}, {3}));
         b.emit(mach::Ld{0, 31, 0});
       },
       "tile sizes differ in dimension 0: dst 3, src 4"},
      {"LoadToAcc",
       [](ProgramBuilder &b) {
         b.tensor("x", f32, {4});
         b.desc(31, b.dramTile("x", {{0}, {4}, {}}));
         b.desc(0, tile(b, accSpace, f32, {4}, {4}));
         b.emit(mach::Ld{0, 31, 0});
       },
       "operand `dst` lies in acc, expected spm"},
      {"LoadToShared",
       [](ProgramBuilder &b) {
         b.tensor("x", f32, {4});
         b.desc(31, b.dramTile("x", {{0}, {4}, {}}));
         b.desc(0, tile(b, shared, f32, {4}, {4}));
         b.emit(mach::Ld{0, 31, 0});
       },
       "operand `dst` lies in shared, expected spm"},
      {"SharedLoadOfCores",
       [](ProgramBuilder &b) {
         b.tensor("x", f32, {8});
         b.desc(31, b.dramTile("x", {{0}, {4}, {4}}));
         b.desc(0, tile(b, shared, f32, {8}, {4}));
         b.emit(mach::LdShared{0, 31});
       },
       "operand `src` has a core stride, the shared buffer has one tile for all cores"},
      {"SharedStoreOfCores",
       [](ProgramBuilder &b) {
         b.tensor("x", f32, {8});
         b.desc(31, b.dramTile("x", {{0}, {4}, {}}));
         b.desc(0, b.chipTile(shared, f32, {8}, {{0}, {4}, {4}}));
         b.emit(mach::StShared{31, 0});
       },
       "operand `src` has a core stride, the shared buffer has one tile for all cores"},
      {"MoveFromDram",
       [](ProgramBuilder &b) {
         b.tensor("x", f32, {4});
         b.desc(31, b.dramTile("x", {{0}, {4}, {}}));
         b.desc(0, tile(b, spm, f32, {4}, {4}));
         b.emit(mach::MvLoad{0, 31, 0});
       },
       "operand `src` lies in dram, expected shared"},
      {"MoveOfCores",
       [](ProgramBuilder &b) {
         b.desc(0, b.chipTile(shared, f32, {8}, {{0}, {4}, {4}}));
         b.desc(1, tile(b, spm, f32, {8}, {4}));
         b.emit(mach::MvStore{0, 1, 0});
       },
       "operand `dst` has a core stride, the shared buffer has one tile for all cores"},
      {"MoveExtents",
       [](ProgramBuilder &b) {
         b.desc(0, tile(b, spm, f32, {8, 4}, {4, 4}));
         b.desc(1, tile(b, shared, f32, {8, 5}, {4, 4}));
         b.emit(mach::MvLoad{0, 1, 0});
       },
       "extents differ in dimension 1: dst 4, src 5"},
      {"MoveFormats",
       [](ProgramBuilder &b) {
         b.desc(0, tile(b, spm, f32, {4}, {4}));
         b.desc(1, tile(b, shared, fp16, {4}, {4}));
         b.emit(mach::MvLoad{0, 1, 0});
       },
       "formats differ: dst is f32, src is fp16"},
      {"MoveOfMoreThanThereIs",
       [](ProgramBuilder &b) {
         b.desc(0, tile(b, spm, f32, {9}, {4}, {3}));
         b.desc(1, tile(b, shared, f32, {9}, {4}, {2}));
         b.emit(mach::MvLoad{0, 1, 0});
       },
       "operand `src` lacks coordinates 3 to 6 of dimension 0: its tile holds 2 to 5"},
      {"MoveIntoTooLittle",
       [](ProgramBuilder &b) {
         b.desc(0, tile(b, shared, f32, {9}, {4}, {2}));
         b.desc(1, tile(b, spm, f32, {9}, {4}, {1}));
         b.emit(mach::MvStore{0, 1, 0});
       },
       "operand `dst` lacks coordinates 1 to 4 of dimension 0: its tile holds 2 to 5"},
      {"SharedSemaphoreOfACore",
       [](ProgramBuilder &b) {
         b.emit(mach::Signal{mach::engine::load, 4, 1, 0, mach::Bank::shared});
       },
       "the cores' engines do not reach the semaphores of the shared buffer"},
      {"SharedDeadlock",
       [](ProgramBuilder &b) {
         b.emit(mach::Signal{mach::engine::shared_store, 5, 2, 0, mach::Bank::shared});
         b.emit(mach::Signal{mach::engine::shared_store, 4, 1, 0});
         b.emit(mach::Wait{mach::engine::shared_load, 4, 1, 0, mach::Bank::shared});
       },
       "deadlock: semaphore s4 of the shared buffer holds less than 1 and everything before has "
       "finished; semaphores: core 0 s4=1, the shared buffer s5=2; queues: all empty"},
      {"SharedSemaphoreOverflow",
       [](ProgramBuilder &b) {
         b.emit(mach::Signal{mach::engine::vector, 4, 255, 7, mach::Bank::shared});
         b.emit(mach::Signal{mach::engine::vector, 4, 1, 7, mach::Bank::shared});
       },
       "semaphore s4 of the shared buffer would exceed 255"},
      {"HaltShared",
       [](ProgramBuilder &b) {
         b.emit(mach::Signal{mach::engine::vector, 4, 3, 7, mach::Bank::shared});
       },
       "a semaphore is not zero at the end; semaphores: the shared buffer s4=3; queues: all "
       "empty"},
      {"InputOutsideTile", conv([](ConvTiles &t) { t.x[3] = 5; }),
       "operand `x` lacks coordinates 0 to 5 of dimension 3: its tile holds 0 to 4"},
      {"WeightsOutsideTile", conv([](ConvTiles &t) { t.w[1] = 7; }),
       "operand `w` lacks coordinates 0 to 7 of dimension 1"},
      {"BlockStart", conv([](ConvTiles &t) {
         t.x[2] = t.w[2] = 4;
         t.xOrigin[2] = t.wOrigin[2] = 4;
       }),
       "the tile of `x` starts at 4 of dimension 2, expected a multiple of 8"},
      {"FewChannels",
       [](ProgramBuilder &b) {
         b.desc(0, tile(b, spm, fp8, {1, 1, 5, 6, 6}, {1, 1, 4, 6, 6}));
         b.desc(1, tile(b, spm, fp8, {1, 8, 5, 3, 3}, {1, 8, 4, 3, 3}));
         b.desc(3, tile(b, accSpace, f32, {1, 1, 8, 4, 4}, {1, 1, 8, 4, 4}));
         b.emit(window(3, 1, 0));
         b.emit(mach::ConvFp{3, 0, 1, 0, 0, 0, mach::accMode::zero});
       },
       "the tile of `x` holds 4 of 5 channels, expected all: dot groups would differ"},
      {"MacOperandFormat", conv([](ConvTiles &t) { t.xFormat = f32; }),
       "operand `x` is f32, expected a format of the chip"},
      {"AccumulatorFormat", conv([](ConvTiles &t) { t.accFormat = fp16; }),
       "operand `acc` has format fp16, expected f32"},
      {"ZeroInScratchpad",
       [](ProgramBuilder &b) {
         b.desc(0, tile(b, spm, f32, {4, 4}, {4, 4}));
         b.emit(mach::Zero{0, 0});
       },
       "operand `acc` lies in spm, expected acc"},
      {"ZeroFormat",
       [](ProgramBuilder &b) {
         b.desc(0, tile(b, accSpace, fp8, {4}, {4}));
         b.emit(mach::Zero{0, 0});
       },
       "operand `acc` has format fp8, expected f32"},
      {"BiasFormat", conv([](ConvTiles &t) {
         t.biasFormat = f32;
         t.mode = mach::accMode::bias;
       }),
       "operand `bias` has format f32, expected one that the accumulator holds exactly", "asu-fp8"},
      {"MatmulK",
       [](ProgramBuilder &b) {
         b.desc(0, tile(b, spm, fp8, {4, 32}, {4, 16}));
         b.desc(1, tile(b, spm, fp8, {32, 4}, {8, 4}));
         b.desc(2, tile(b, accSpace, f32, {4, 4}, {4, 4}));
         b.emit(mach::Matmul{2, 0, 1, 0, 0, mach::accMode::zero});
       },
       "the tiles differ in k: a covers 0 to 15, b 0 to 7"},
      {"WeightGradImages", weights({1, 1, 4, 4, 6}, {2, 1, 8, 4, 6}, {}),
       "x and dy cover different images"},
      {"WeightGradColumns", weights({2, 1, 4, 4, 6}, {2, 1, 8, 4, 5}, {}),
       "must hold whole output rows"},
      {"WeightGradStart", weights({2, 1, 4, 4, 6}, {2, 1, 8, 2, 6}, {0, 0, 0, 1, 0}),
       "the tile starts at pixel 6 of the image, expected a multiple of 8", "asu-fp8"},
      {"WeightGradParts", weights({2, 1, 4, 4, 6}, {2, 1, 8, 2, 6}, {}),
       "a tile of several images must hold whole images"},
      {"VectorFormat",
       [](ProgramBuilder &b) {
         b.desc(0, tile(b, spm, format::i32, {4}, {4}));
         b.desc(1, tile(b, spm, f32, {4}, {4}));
         b.emit(mach::VRelu{0, 1, 0});
       },
       "operand `dst` has format i32, expected f32 or a format of the chip"},
      {"VectorRanks",
       [](ProgramBuilder &b) {
         b.desc(0, tile(b, spm, f32, {4}, {4}));
         b.desc(1, tile(b, spm, f32, {4, 1}, {4, 1}));
         b.emit(mach::VRelu{0, 1, 0});
       },
       "operand `src` has rank 2, expected 1, that of `dst`"},
      {"VectorDram",
       [](ProgramBuilder &b) {
         b.tensor("x", f32, {4});
         b.desc(0, tile(b, spm, f32, {4}, {4}));
         b.desc(1, b.dramTile("x", {{0}, {4}, {}}));
         b.emit(mach::VRelu{0, 1, 0});
       },
       "operand `src` lies in dram, expected shared, spm or acc"},
      {"VectorShared",
       [](ProgramBuilder &b) {
         b.emit(mach::Mask{1, 3});
         b.desc(0, tile(b, space::shared, f32, {4}, {4}));
         b.emit(mach::VRelu{0, 0, 1});
       },
       "all operands lie in shared: the mask must name one core"},
      {"VectorCoverage",
       [](ProgramBuilder &b) {
         b.desc(0, tile(b, spm, f32, {8}, {4}, {2}));
         b.desc(1, tile(b, spm, f32, {8}, {4}));
         b.emit(mach::VRelu{0, 1, 0});
       },
       "operand `src` lacks coordinates 2 to 5 of dimension 0: its tile holds 0 to 3"},
      {"SoftmaxRows",
       [](ProgramBuilder &b) {
         b.desc(0, tile(b, spm, f32, {4, 10}, {4, 8}));
         b.desc(1, tile(b, spm, f32, {4, 10}, {4, 10}));
         b.emit(mach::VSoftmax{0, 1, 0});
       },
       "the tile of `dst` holds 8 of 10 elements of dimension 1, expected whole rows"},
      {"ChannelRank",
       [](ProgramBuilder &b) {
         b.desc(0, tile(b, spm, f32, {1, 3, 1}, {1, 3, 1}));
         b.desc(1, tile(b, spm, f32, {3}, {3}));
         b.emit(mach::VChannelSums{0, 1, mach::accMode::zero, 0});
       },
       "operand `src` has rank 1, expected 2, 3, 4 or 5"},
      {"ChannelMode",
       [](ProgramBuilder &b) {
         b.desc(0, tile(b, spm, f32, {1, 3, 1}, {1, 3, 1}));
         b.desc(1, tile(b, spm, f32, {4, 3}, {4, 3}));
         b.emit(mach::VChannelSums{0, 1, mach::accMode::bias, 0});
       },
       "v.channel.sums has no bias: its mode is zero or continue"},
      {"ChannelStrips",
       [](ProgramBuilder &b) {
         b.desc(0, tile(b, spm, f32, {1, 3, 2}, {1, 3, 2}));
         b.desc(1, tile(b, spm, f32, {1, 3, 4, 16}, {1, 3, 4, 12}));
         b.emit(mach::VChannelSums{0, 1, mach::accMode::zero, 0});
       },
       "the tile holds columns 0 to 12, expected whole strips of 8"},
      {"ChannelParts",
       [](ProgramBuilder &b) {
         b.desc(0, tile(b, spm, f32, {1, 3, 1}, {1, 3, 1}));
         b.desc(1, tile(b, spm, f32, {1, 3, 4, 16}, {1, 3, 4, 16}));
         b.emit(mach::VChannelSums{0, 1, mach::accMode::zero, 0});
       },
       "operand `dst` has 1 strips, expected 2 for 16 columns"},
      {"ChannelPlanes",
       [](ProgramBuilder &b) {
         b.desc(0, tile(b, spm, f32, {1, 1, 1, 3}, {1, 1, 1, 3}));
         b.desc(1, tile(b, spm, f32, {1, 1, 2, 4, 8}, {1, 1, 2, 2, 8}));
         b.emit(mach::VStatistics{0, 1, mach::accMode::zero, 0});
       },
       "a tile of several planes must hold whole planes"},
      {"ChannelPartsOfImages",
       [](ProgramBuilder &b) {
         b.desc(0, tile(b, spm, f32, {3}, {3}));
         b.desc(1, tile(b, spm, f32, {2, 3, 4}, {2, 3, 2}));
         b.emit(mach::VChannelJoin{0, 1, mach::accMode::zero, 0});
       },
       "a tile of parts of several images must hold all strips"},
      {"StatisticsNumbers",
       [](ProgramBuilder &b) {
         b.desc(0, tile(b, spm, f32, {3}, {3}));
         b.desc(1, tile(b, spm, f32, {2, 3, 1, 2}, {2, 3, 1, 2}));
         b.emit(mach::VStatisticsJoin{0, 0, 1, mach::accMode::zero, 4, 8, 0});
       },
       "operand `parts` has 2 numbers of a part, expected 3"},
      {"StatisticsColumns",
       [](ProgramBuilder &b) {
         b.desc(0, tile(b, spm, f32, {3}, {3}));
         b.desc(1, tile(b, spm, f32, {2, 3, 1, 3}, {2, 3, 1, 3}));
         b.emit(mach::VStatisticsJoin{0, 0, 1, mach::accMode::zero, 4, 9, 0});
       },
       "operand `parts` has 1 strips for 4 rows of 9 columns"},
      {"StatisticsCount",
       [](ProgramBuilder &b) {
         mach::TensorTile parts = tile(b, spm, f32, {2, 3, 1, 3}, {1, 3, 1, 3});
         parts.extent[2] = 1 << 20;
         parts.extent[0] = (1 << 23);
         b.desc(0, tile(b, spm, f32, {3}, {3}));
         b.desc(1, parts);
         b.emit(mach::VStatisticsJoin{0, 0, 1, mach::accMode::zero, 0xffffffff, 1 << 23, 0});
       },
       "a channel has more than 2^62 elements"},
      {"WindowInPadding",
       [](ProgramBuilder &b) {
         b.desc(0, tile(b, spm, f32, {1, 1, 4, 4}, {1, 1, 4, 4}));
         b.desc(1, tile(b, spm, format::u8, {1, 1, 4, 4}, {1, 1, 4, 4}));
         b.desc(2, tile(b, spm, f32, {1, 1, 4, 4}, {1, 1, 4, 4}));
         b.emit(window(2, 2, 2));
         b.emit(mach::VMaxPool{0, 1, 2, 0, 0});
       },
       "the windows of row 0 lie wholly in the padding"},
      {"WindowIndices",
       [](ProgramBuilder &b) {
         b.emit(window(17, 1, 0));
         b.emit(mach::VMaxPool{0, 1, 2, 0, 0});
       },
       "a window of 289 elements has indices beyond 8 bits"},
      {"MeanWhole",
       [](ProgramBuilder &b) {
         b.desc(0, tile(b, spm, f32, {1}, {1}));
         b.desc(1, tile(b, spm, f32, {8}, {4}));
         b.emit(mach::VMean{0, 1, 0});
       },
       "must hold the whole vector"},
      {"ScalarLoad",
       [](ProgramBuilder &b) {
         b.desc(0, tile(b, spm, f32, {1}, {1}));
         b.emit(mach::Lds{1, 0});
       },
       "must be an i32 element inside its extents in dram or shared"},
  };
}

INSTANTIATE_TEST_SUITE_P(All, FaultTest, testing::ValuesIn(allFaults()),
                         [](const testing::TestParamInfo<Fault> &info) {
                           return std::string(info.param.name);
                         });

TEST(MachineTest, RefusesOtherStructures) {
  ProgramBuilder b(chipNamed("lnpu"));
  b.emit(mach::Halt{});
  b.image.entries = {{"step", 0}};
  Result<std::unique_ptr<Machine>> machine = Machine::create(chipNamed("asu-fp8"), b.image);
  ASSERT_FALSE(machine.ok());
  EXPECT_NE(machine.message().find("compiled for another structure"), std::string::npos);
}

TEST(MachineTest, RefusesFp16OperandsWithoutTheFeature) {
  ProgramBuilder b(chipNamed("asu-fp8"));
  conv([](ConvTiles &t) { t.xFormat = fp16; })(b);
  b.emit(mach::Halt{});
  b.image.entries = {{"step", 0}};
  Result<std::unique_ptr<Machine>> machine = Machine::create(b.chip, b.image);
  ASSERT_FALSE(machine.ok());
  EXPECT_NE(machine.message().find("fp16-mac"), std::string::npos) << machine.message();
}

TEST(MachineTest, RefusesUndefinedInstructions) {
  ProgramBuilder b(chipNamed("lnpu"));
  b.image.text.push_back({0xff, 0});
  b.image.debug.records.push_back({});
  b.emit(mach::Halt{});
  b.image.entries = {{"step", 0}};
  EXPECT_FALSE(Machine::create(b.chip, b.image).ok());
}

TEST(MachineTest, TensorsInAndOut) {
  ProgramBuilder b(chipNamed("lnpu"));
  b.tensor("x", fp8, {2, 3});
  b.tensor("labels", format::i32, {2});
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  writeTensor(*machine, "x", {0.0f, 1.0f, -1.5f, 57344.0f, -0.0f, 0.25f});
  expectSameBits(readTensor(*machine, "x"), {0.0f, 1.0f, -1.5f, 57344.0f, 0.0f, 0.25f});
  Status s = machine->write("x", {0.0f, 1.0f, 1.1f, 0.0f, 0.0f, 0.0f});
  ASSERT_FALSE(s.ok());
  EXPECT_NE(s.message().find("element 2 of tensor x, 1.1"), std::string::npos) << s.message();
  EXPECT_FALSE(machine->write("x", {0.0f}).ok());
  EXPECT_FALSE(machine->write("y", {0.0f}).ok());
  EXPECT_FALSE(machine->read("y").ok());
  EXPECT_FALSE(machine->write("labels", {1.0f, 2.5f}).ok());
  EXPECT_FALSE(machine->run("eval", {}).ok());
  writeTensor(*machine, "labels", {-1.0f, 9.0f});
  expectSameBits(readTensor(*machine, "labels"), {-1.0f, 9.0f});
}

TEST(MachineTest, WhatAllElementsHaveInCommon) {
  ProgramBuilder b(chipNamed("lnpu"));
  b.tensor("fp8", fp8, {2, 2});
  b.tensor("f32", format::f32, {2, 2});
  b.tensor("labels", format::i32, {2, 2});
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  auto extremeOf = [&](const char *tensor, const std::vector<float> &values) {
    writeTensor(*machine, tensor, values);
    Result<Extreme> extreme = machine->extremeOf(tensor);
    EXPECT_TRUE(extreme) << extreme.message();
    return *extreme;
  };
  float largest = std::numeric_limits<float>::max();
  float infinity = std::numeric_limits<float>::infinity(), nan = std::nanf("");
  EXPECT_EQ(extremeOf("fp8", {0, 0, 0, 0}), Extreme::zeros);
  EXPECT_EQ(extremeOf("fp8", {0, 57344, -57344, 0}), Extreme::limits);
  EXPECT_EQ(extremeOf("fp8", {0, 57344, 0, 49152}), Extreme::none);
  EXPECT_EQ(extremeOf("f32", {0, 57344, 0, 0}), Extreme::none);
  EXPECT_EQ(extremeOf("f32", {0, infinity, -infinity, nan}), Extreme::limits);
  EXPECT_EQ(extremeOf("f32", {largest, largest, -largest, 0}), Extreme::limits);
  EXPECT_EQ(extremeOf("f32", {largest, largest, 0, 1}), Extreme::none);
  EXPECT_EQ(extremeOf("labels", {0, 0, 0, 1}), Extreme::none);
  EXPECT_EQ(extremeOf("labels", {0, 0, 0, 0}), Extreme::zeros);
  EXPECT_FALSE(machine->extremeOf("absent"));
}

/// Queues that cannot go on are a deadlock, with what they hold.
TEST(MachineTest, InterleavedDeadlockNamesTheQueues) {
  ProgramBuilder b(chipNamed("lnpu"));
  b.emit(mach::Wait{mach::engine::load, 1, 1, 0});
  b.emit(mach::Signal{mach::engine::load, 2, 1, 0});
  b.emit(mach::Wait{mach::engine::mac, 2, 1, 0});
  b.emit(mach::Signal{mach::engine::mac, 1, 1, 0});
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  Options options;
  options.interleaveSeed = 3;
  Status s = machine->run("step", options);
  ASSERT_FALSE(s.ok());
  EXPECT_NE(s.message().find("deadlock: "), std::string::npos) << s.message();
  EXPECT_NE(s.message().find("load of core 0 holds 2 from instruction 1 `wait "), std::string::npos)
      << s.message();
  EXPECT_NE(s.message().find("mac of core 0 holds 2 from instruction 3 `wait "), std::string::npos)
      << s.message();
}

} // namespace
} // namespace slp::exec
