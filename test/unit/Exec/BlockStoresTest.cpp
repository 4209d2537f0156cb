//===- BlockStoresTest.cpp - stores of several cores to one compressed block ------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/compressed.md, "What a store touches": a store to part of a block rewrites its neighbours.
// Two cores have tiles in one block. Whatever orders their stores, no interleaving of the queues
// may lose an element; where nothing does, one must, or the others would show nothing.
//
//===----------------------------------------------------------------------------------------===//

#include "ProgramBuilder.h"

#include "runtime/isa/EngineStore.h.inc"
#include "runtime/isa/EngineVector.h.inc"
#include "runtime/isa/InstrSequencer.h.inc"
#include "runtime/isa/InstrTransfer.h.inc"
#include "runtime/isa/InstrVector.h.inc"

namespace slp::exec {
namespace {

constexpr int64_t columns = 64;                    // of two rows, half of a block
constexpr uint8_t both = 1, first = 2, second = 3; // masks

/// What comes between the stores of the two cores.
enum class Order { none, semaphores, fence, oneInstruction };

/// Rounds a row of x on each core and stores the rows to y.
class BlockStores {
public:
  BlockStores(const chip::Chip &chip, mach::Format format, Order order) : b(chip) {
    b.emit(mach::Mask{both, 3});
    b.emit(mach::Mask{first, 1});
    b.emit(mach::Mask{second, 2});
    b.tensor("x", format::fp8, {2, columns});
    b.tensor("y", format, {2, columns});
    Piece row{{0, 0}, {1, columns}, {1, 0}};
    b.load(0, "x", row, space::spm, both);
    b.emit(mach::Fence{});
    b.desc(1, b.chipTile(space::spm, format, {2, columns}, row));
    b.emit(mach::VRound{1, 0, both});
    b.emit(mach::Fence{});
    if (order == Order::oneInstruction) {
      b.store("y", 1, both);
    } else {
      b.store("y", 1, first);
      if (order == Order::fence)
        b.emit(mach::Fence{});
      if (order == Order::semaphores)
        passTurn();
      b.store("y", 1, second);
    }
    machine = b.build();
  }

  /// What y holds after a run in the interleaving of `seed`.
  std::vector<float> run(const std::vector<float> &x, uint64_t seed) {
    writeTensor(*machine, "x", x);
    Options options;
    options.interleaveSeed = seed;
    runStep(*machine, options);
    return readTensor(*machine, "y");
  }

private:
  /// The store queue of core 0 lets that of core 1 go on, through the vector unit: no engine waits
  /// for itself.
  void passTurn() {
    b.emit(mach::Signal{mach::engine::store, 0, 1, first});
    b.emit(mach::Wait{mach::engine::vector, 0, 1, first});
    b.emit(mach::Signal{mach::engine::vector, 1, 1, second});
    b.emit(mach::Wait{mach::engine::store, 1, 1, second});
  }

  ProgramBuilder b;
  std::unique_ptr<Machine> machine;
};

class BlockStoresTest : public testing::TestWithParam<mach::Format> {
protected:
  /// How many of 60 interleavings lose something.
  int losses(Order order) const {
    std::vector<float> x = randomValues(chip.numerics.fp8, 2 * columns, 3);
    int count = 0;
    for (uint64_t seed = 1; seed <= 60; ++seed)
      count += BlockStores(chip, GetParam(), order).run(x, seed) != x; // memory is fresh in each
    return count;
  }

  chip::Chip chip = chipNamed("lnpu");
};

TEST_P(BlockStoresTest, CoresOfOneStoreTakeTurns) { EXPECT_EQ(losses(Order::oneInstruction), 0); }

TEST_P(BlockStoresTest, StoresOfSingleCoresInOrderKeepAll) {
  EXPECT_EQ(losses(Order::semaphores), 0);
  EXPECT_EQ(losses(Order::fence), 0);
}

TEST_P(BlockStoresTest, UnorderedStoresOfSingleCoresLoseElements) {
  EXPECT_GT(losses(Order::none), 0);
}

INSTANTIATE_TEST_SUITE_P(Formats, BlockStoresTest,
                         testing::Values(format::mixed, format::coded16, format::coded8),
                         [](const auto &info) { return std::string(mach::toString(info.param)); });

} // namespace
} // namespace slp::exec
