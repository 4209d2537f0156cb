//===- CheckOrderTest.cpp - accesses that nothing orders
//---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/check-order.md: of each kind a program that has it, and the same program set right.
//
//===----------------------------------------------------------------------------------------===//

#include "ProgramBuilder.h"

#include "runtime/isa/AccModeContinue.h.inc"
#include "runtime/isa/AccModeZero.h.inc"
#include "runtime/isa/EnumBank.h.inc"
#include "runtime/isa/EnumEngine.h.inc"
#include "runtime/isa/InstrMac.h.inc"
#include "runtime/isa/InstrSequencer.h.inc"
#include "runtime/isa/InstrTransfer.h.inc"
#include "runtime/isa/StructVRelu.h.inc"
#include "runtime/isa/StructVRound.h.inc"

namespace slp::exec {

static void PrintTo(OrderFault fault, std::ostream *os) {
  static const char *const names[] = {"unwritten",        "stale",          "overtaking",
                                      "transfer",         "missing credit", "surplus credit",
                                      "crossed semaphore"};
  *os << names[size_t(fault)];
}

namespace {

using mach::Engine;
using Fault = std::optional<OrderFault>;

constexpr Fault none = std::nullopt;
constexpr uint8_t core0 = 0, both = 1, core1 = 2; // masks
const Piece whole{{0}, {8}, {}}, halves{{0}, {4}, {4}};

class CheckOrderTest : public testing::TestWithParam<const char *> {
protected:
  CheckOrderTest() : b(chipNamed(GetParam())) { start(b); }

  static void start(ProgramBuilder &b) {
    b.emit(mach::Mask{both, 3});
    b.emit(mach::Mask{core1, 2});
    for (const char *name : {"x", "y", "z"})
      b.tensor(name, format::f32, {8});
  }
  /// A new program.
  void again() {
    machine.reset();
    b = ProgramBuilder(b.chip);
    start(b);
  }

  void signal(Engine from, uint8_t semaphore, uint8_t mask = core0, uint64_t count = 1) {
    b.emit(mach::Signal{from, semaphore, count, mask});
  }
  void wait(Engine to, uint8_t semaphore, uint8_t mask = core0, uint64_t count = 1) {
    b.emit(mach::Wait{to, semaphore, count, mask});
  }
  void handOver(Engine from, Engine to, uint8_t semaphore, uint8_t mask = core0) {
    signal(from, semaphore, mask);
    wait(to, semaphore, mask);
  }
  /// A new buffer of eight floats.
  void buffer(uint8_t reg, mach::Space space = space::spm, const Piece &piece = whole) {
    b.desc(reg, b.chipTile(space, format::f32, {8}, piece));
  }
  void load(uint8_t reg, const std::string &from, uint8_t mask = core0,
            const Piece &piece = whole) {
    b.desc(31, b.dramTile(from, piece));
    b.emit(mach::Ld{reg, 31, mask});
  }
  void store(const std::string &to, uint8_t reg, uint8_t mask = core0, const Piece &piece = whole) {
    b.desc(31, b.dramTile(to, piece));
    b.emit(mach::St{31, reg, mask});
  }

  /// Writes x, builds where that has not been done, and runs with the check.
  Fault check(int threads = 1) {
    if (!machine)
      machine = b.build();
    if (!machine)
      return none;
    writeTensor(*machine, "x", {1, -2, 3, -4, 5, -6, 7, -8});
    Options options;
    options.checkOrder = true;
    options.threads = threads;
    Status ran = machine->run("step", options);
    message = ran ? "" : ran.message();
    EXPECT_EQ(ran.ok(), !machine->orderFault()) << message;
    return machine->orderFault();
  }
  bool says(const std::string &part) const { return message.find(part) != std::string::npos; }

  ProgramBuilder b;
  std::unique_ptr<Machine> machine;
  std::string message;
};

TEST_P(CheckOrderTest, ReadsWhatNothingWroteOnTheChip) {
  for (bool isLoaded : {false, true}) {
    again();
    buffer(0);
    buffer(1);
    if (isLoaded) {
      load(0, "x");
      handOver(Engine::load, Engine::vector, 0);
    }
    b.emit(mach::VRelu{1, 0, core0});
    EXPECT_EQ(check(), isLoaded ? none : Fault(OrderFault::unwritten)) << message;
  }
}

/// What is on the chip is lost between two runs; what is in DRAM is not.
TEST_P(CheckOrderTest, RunsOfAnEntryPointShareDramAlone) {
  for (mach::Space space : {space::spm, space::dram}) {
    again();
    b.tensor("flag", format::i32, {1});
    b.desc(4, b.dramTile("flag", {{0}, {1}, {}}));
    buffer(0);
    buffer(1);
    b.emit(mach::Lds{5, 4});
    if (space == space::spm) {
      b.desc(31, b.dramTile("x", whole));
      b.emit(mach::Bz{5, 1});
      b.emit(mach::Ld{0, 31, core0});
    } else {
      load(0, "x");
      handOver(Engine::load, Engine::store, 0);
      b.desc(31, b.dramTile("y", whole));
      b.emit(mach::Bz{5, 1});
      b.emit(mach::St{31, 0, core0});
      b.emit(mach::Fence{});
      b.emit(mach::Ld{0, 31, core0});
    }
    handOver(Engine::load, Engine::vector, 1);
    b.emit(mach::VRelu{1, 0, core0});
    machine = b.build();
    ASSERT_TRUE(machine);
    writeTensor(*machine, "flag", {1});
    EXPECT_EQ(check(), none) << message;
    writeTensor(*machine, "flag", {0});
    EXPECT_EQ(check(), space == space::spm ? Fault(OrderFault::unwritten) : none) << message;
  }
}

/// A tensor of the program that neither host nor image nor program has written.
TEST_P(CheckOrderTest, ReadsWhatNothingWroteInDram) {
  enum Writer { nobody, host, image, program, uncheckedRun };
  for (Writer writer : {nobody, host, image, program, uncheckedRun}) {
    again();
    if (writer == image)
      b.image.tensors[1].role = image::Role::state;
    buffer(0);
    buffer(1);
    if (writer == program) {
      load(0, "x");
      handOver(Engine::load, Engine::store, 0);
      store("y", 0);
      b.emit(mach::Fence{});
    }
    load(1, "y");
    machine = b.build();
    ASSERT_TRUE(machine);
    if (writer == host)
      writeTensor(*machine, "y", std::vector<float>(8));
    if (writer == uncheckedRun)
      runStep(*machine);
    EXPECT_EQ(check(), writer == nobody ? Fault(OrderFault::unwritten) : none) << message;
    EXPECT_EQ(says("of dram (tensor y), which nothing has written"), writer == nobody) << message;
  }
}

TEST_P(CheckOrderTest, ReadsOfPartsAskForPartsAlone) {
  for (int64_t from : {0, 2}) { // eight floats of which four are written, four are read
    again();
    Piece part{{0}, {4}, {}}, read{{from}, {4}, {}};
    buffer(0, space::spm, part);
    buffer(1, space::spm, part);
    load(0, "x", core0, part);
    handOver(Engine::load, Engine::store, 0);
    store("y", 0, core0, part);
    b.emit(mach::Fence{});
    load(1, "y", core0, read);
    EXPECT_EQ(check(), from ? Fault(OrderFault::unwritten) : none) << message;
    if (from) {
      uint64_t y = b.image.tensors[1].address;
      EXPECT_TRUE(says("reads bytes " + std::to_string(y + 16) + " to " + std::to_string(y + 24)))
          << message;
    }
  }
}

/// Sums that go on need some that began.
TEST_P(CheckOrderTest, AccumulatorsAreReadWhereSumsGoOn) {
  for (bool begins : {true, false}) {
    again();
    b.tensor("a", format::fp8, {8, 8});
    Piece square{{0, 0}, {8, 8}, {}};
    b.load(0, "a", square);
    handOver(Engine::load, Engine::mac, 0);
    mach::Format sums = b.chip.numerics.accumulateFp16 ? format::fp16 : format::f32;
    b.desc(1, b.chipTile(space::acc, sums, {8, 8}, square));
    mach::Matmul product{1, 0, 0};
    product.mode = begins ? mach::accMode::zero : mach::accMode::continue_;
    b.emit(product);
    machine = b.build();
    ASSERT_TRUE(machine);
    writeTensor(*machine, "a", std::vector<float>(64, 1.0f));
    EXPECT_EQ(check(), begins ? none : Fault(OrderFault::unwritten)) << message;
  }
}

/// Two engines that compute.
TEST_P(CheckOrderTest, ReadsBeforeTheWriteIsDone) {
  for (bool isOrdered : {false, true}) {
    again();
    b.tensor("a", format::fp8, {8, 8});
    Piece square{{0, 0}, {8, 8}, {}};
    b.load(0, "a", square);
    handOver(Engine::load, Engine::vector, 0);
    b.desc(1, b.chipTile(space::spm, format::fp8, {8, 8}, square));
    b.emit(mach::VRelu{1, 0, core0});
    if (isOrdered)
      handOver(Engine::vector, Engine::mac, 1);
    mach::Format sums = b.chip.numerics.accumulateFp16 ? format::fp16 : format::f32;
    b.desc(2, b.chipTile(space::acc, sums, {8, 8}, square));
    b.emit(mach::Matmul{2, 1, 1, 0, core0, mach::accMode::zero});
    machine = b.build();
    ASSERT_TRUE(machine);
    writeTensor(*machine, "a", std::vector<float>(64, 1.0f));
    EXPECT_EQ(check(), isOrdered ? none : Fault(OrderFault::stale)) << message;
  }
}

TEST_P(CheckOrderTest, WritesWhatIsStillRead) {
  for (bool isOrdered : {false, true}) {
    again();
    b.tensor("a", format::fp8, {8, 8});
    Piece square{{0, 0}, {8, 8}, {}};
    b.load(0, "a", square);
    signal(Engine::load, 0);
    signal(Engine::load, 1);
    wait(Engine::mac, 0);
    wait(Engine::vector, 1);
    mach::Format sums = b.chip.numerics.accumulateFp16 ? format::fp16 : format::f32;
    b.desc(2, b.chipTile(space::acc, sums, {8, 8}, square));
    b.emit(mach::Matmul{2, 0, 0, 0, core0, mach::accMode::zero});
    if (isOrdered)
      handOver(Engine::mac, Engine::vector, 2);
    b.emit(mach::VRelu{0, 0, core0}); // in place
    machine = b.build();
    ASSERT_TRUE(machine);
    writeTensor(*machine, "a", std::vector<float>(64, 1.0f));
    EXPECT_EQ(check(), isOrdered ? none : Fault(OrderFault::overtaking)) << message;
    EXPECT_EQ(says("may write bytes"), !isOrdered) << message;
  }
}

TEST_P(CheckOrderTest, TransfersRaceWithTheirUse) {
  enum Missing { nothing, use, release };
  for (Missing missing : {nothing, use, release}) {
    again();
    buffer(0);
    buffer(1);
    load(0, "x");
    if (missing != use)
      handOver(Engine::load, Engine::vector, 0);
    b.emit(mach::VRelu{1, 0, core0});
    if (missing != release)
      handOver(Engine::vector, Engine::load, 1);
    load(0, "x");
    EXPECT_EQ(check(), missing == nothing ? none : Fault(OrderFault::transfer)) << message;
    EXPECT_EQ(says("may read bytes 0 to 32 of spm of core 0 (buffer d0) before the transfer of "),
              missing == use)
        << message;
    EXPECT_EQ(says("may transfer over bytes 0 to 32 of spm of core 0 (buffer d0) before "),
              missing == release)
        << message;
  }
}

/// A message has the instruction, its node, the bytes and the other instruction.
TEST_P(CheckOrderTest, MessagesNameBothInstructions) {
  buffer(0);
  buffer(1);
  load(0, "x");
  b.emit(mach::VRelu{1, 0, core0});
  b.image.debug.nodes = {"conv1", "relu1"};
  b.image.debug.ops = {"train.conv", "train.relu"};
  size_t last = b.image.debug.records.size() - 1;
  b.image.debug.records[last - 1].node = 0;
  b.image.debug.records[last].node = 1;
  ASSERT_EQ(check(), OrderFault::transfer);
  EXPECT_EQ(message,
            "instruction 7 `v.relu dst=d1, src=d0, mask=m0` (node relu1): may read bytes 0 "
            "to 32 of spm of core 0 (buffer d0) before the transfer of instruction 6 `ld "
            "dst=d0, src=d31, mask=m0` (node conv1) of core 0 has written them");
}

TEST_P(CheckOrderTest, WaitsFindTheirCredits) {
  for (uint64_t given : {0, 1, 2}) {
    again();
    if (given)
      signal(Engine::load, 3, core0, given);
    wait(Engine::vector, 3, core0, 2);
    EXPECT_EQ(check(), given == 2 ? none : Fault(OrderFault::missingCredit)) << message;
    EXPECT_EQ(says("waits for semaphore s3 of core 0, which has 0 credits in program order; "
                   "nothing signals it before"),
              given == 0)
        << message;
    EXPECT_EQ(says("has 1 credit in program order; the last are from instruction 3 `signal"),
              given == 1)
        << message;
  }
}

TEST_P(CheckOrderTest, SemaphoresAreZeroAtFencesAndInTheEnd) {
  for (uint64_t taken : {1, 2})
    for (bool hasFence : {false, true}) {
      again();
      signal(Engine::load, 3, both, 2);
      wait(Engine::mac, 3, both, taken);
      if (hasFence)
        b.emit(mach::Fence{});
      EXPECT_EQ(check(), taken == 2 ? none : Fault(OrderFault::surplusCredit)) << message;
      if (taken == 1)
        EXPECT_TRUE(says(std::string(hasFence ? "`fence`" : "`halt`") +
                         ": leaves 1 credit in semaphore s3 of core 0, from instruction 3 "
                         "`signal"))
            << message;
    }
}

/// Two engines signal one semaphore: which credit comes first nobody knows.
TEST_P(CheckOrderTest, SignalsOfOneSemaphoreAreOrdered) {
  for (bool isOrdered : {false, true}) {
    again();
    signal(Engine::load, 0);
    if (isOrdered)
      handOver(Engine::load, Engine::store, 1);
    signal(Engine::store, 0);
    wait(Engine::vector, 0, core0, 2);
    EXPECT_EQ(check(), isOrdered ? none : Fault(OrderFault::crossedSemaphore)) << message;
  }
}

/// A later range of a semaphore's life: its wait could take the first one's credit.
TEST_P(CheckOrderTest, WaitsOfOneSemaphoreAreOrdered) {
  for (bool isOrdered : {false, true}) {
    again();
    handOver(Engine::load, Engine::mac, 0);
    if (isOrdered)
      handOver(Engine::mac, Engine::vector, 1);
    handOver(Engine::load, Engine::vector, 0);
    EXPECT_EQ(check(), isOrdered ? none : Fault(OrderFault::crossedSemaphore)) << message;
  }
}

/// A core's semaphore says nothing of the other cores.
TEST_P(CheckOrderTest, CoresKnowOfTheirOwn) {
  for (uint8_t mask : {core0, both}) {
    again();
    buffer(0, space::spm, halves);
    buffer(1, space::spm, halves);
    load(0, "x", both, halves);
    handOver(Engine::load, Engine::vector, 0, mask);
    b.emit(mach::VRelu{1, 0, both});
    EXPECT_EQ(check(), mask == both ? none : Fault(OrderFault::transfer)) << message;
    EXPECT_EQ(says("of spm of core 1 (buffer d0)"), mask != both) << message;
  }
}

/// Core 1 stores what core 0 loads: neighbours in one burst do not meet, one element does.
TEST_P(CheckOrderTest, NeighboursInABurstDoNotMeet) {
  for (int64_t from : {4, 3}) {
    again();
    Piece low{{0}, {4}, {}}, high{{from}, {4}, {}};
    buffer(0, space::spm, low);
    buffer(1, space::spm, low);
    load(0, "x", both, low);
    b.emit(mach::Fence{});
    load(1, "x", core0, low);
    b.desc(31, b.dramTile("x", high));
    b.emit(mach::Org{0, 0, 0, from});
    b.emit(mach::St{31, 0, core1});
    EXPECT_EQ(check(), from == 4 ? none : Fault(OrderFault::overtaking)) << message;
    EXPECT_EQ(says(": core 1 may write bytes 12 to 16 of dram (tensor x) before instruction "),
              from != 4)
        << message;
  }
}

/// A multicast begins when it is first in the queues of all its cores: what one of them has waited
/// for is done for all.
TEST_P(CheckOrderTest, MulticastsWaitInAllQueues) {
  for (uint8_t mask : {both, core0}) {
    again();
    buffer(0);
    buffer(1);
    load(0, "x", core1);
    handOver(Engine::load, Engine::store, 0, core1);
    store("y", 0, core1);
    handOver(Engine::store, Engine::load, 1, core1);
    load(1, "y", mask);
    EXPECT_EQ(check(), mask == both ? none : Fault(OrderFault::stale)) << message;
  }
}

/// It writes the buffers of all its cores.
TEST_P(CheckOrderTest, MulticastsWriteAllBuffers) {
  for (uint8_t waiting : {both, core1}) {
    again();
    buffer(0);
    buffer(1);
    load(0, "x", both);
    handOver(Engine::load, Engine::store, 0, both);
    store("y", 0, core0);
    store("z", 0, core1);
    signal(Engine::store, 1, both);
    wait(Engine::load, 1, waiting);
    load(0, "x", both);
    if (waiting != both)
      wait(Engine::load, 1, core0); // too late
    EXPECT_EQ(check(), waiting == both ? none : Fault(OrderFault::overtaking)) << message;
  }
}

/// Through the shared buffer, whose engines have a semaphore bank of their own.
TEST_P(CheckOrderTest, TheSharedBufferIsOneForAll) {
  enum Missing { nothing, arrival, departure };
  for (Missing missing : {nothing, arrival, departure}) {
    again();
    buffer(0, space::shared);
    buffer(1);
    buffer(2, space::shared);
    b.desc(31, b.dramTile("x", whole));
    b.emit(mach::LdShared{0, 31});
    if (missing != arrival)
      handOver(Engine::shared_load, Engine::load, 0, both);
    b.emit(mach::MvLoad{1, 0, both});
    handOver(Engine::load, Engine::store, 1, core1);
    b.emit(mach::MvStore{2, 1, core1});
    if (missing != departure)
      handOver(Engine::store, Engine::shared_store, 2, core1);
    b.desc(30, b.dramTile("y", whole));
    b.emit(mach::StShared{30, 2});
    // All are transfers.
    EXPECT_EQ(check(), missing == nothing ? none : Fault(OrderFault::stale)) << message;
    EXPECT_EQ(says(" of shared (buffer d"), missing != nothing) << message;
  }
}

TEST_P(CheckOrderTest, TheSharedBankCarriesClocks) {
  for (bool isOrdered : {false, true}) {
    again();
    buffer(0, space::shared);
    b.desc(31, b.dramTile("x", whole));
    b.emit(mach::LdShared{0, 31});
    if (isOrdered) {
      b.emit(mach::Signal{Engine::shared_load, 7, 1, 0, mach::Bank::shared});
      b.emit(mach::Wait{Engine::vector, 7, 1, 0, mach::Bank::shared});
    }
    buffer(1);
    b.emit(mach::VRelu{1, 0, core0});
    EXPECT_EQ(check(), isOrdered ? none : Fault(OrderFault::transfer)) << message;
  }
}

/// The sequencer reads ahead of the engines.
TEST_P(CheckOrderTest, ScalarLoadsComeBehindAFence) {
  for (bool hasFence : {false, true}) {
    again();
    b.tensor("from", format::i32, {1});
    b.tensor("to", format::i32, {1});
    Piece one{{0}, {1}, {}};
    b.load(0, "from", one);
    handOver(Engine::load, Engine::store, 0);
    b.desc(4, b.dramTile("to", one));
    b.emit(mach::St{4, 0, core0});
    if (hasFence)
      b.emit(mach::Fence{});
    b.emit(mach::Lds{5, 4});
    machine = b.build();
    ASSERT_TRUE(machine);
    writeTensor(*machine, "from", {3});
    EXPECT_EQ(check(), hasFence ? none : Fault(OrderFault::stale)) << message;
  }
}

/// `conv.wg` keeps the chain of an image in bank 1 where the chip has one of each image.
TEST_P(CheckOrderTest, TheChainOfAnImageLiesInTheOtherBank) {
  for (bool isOrdered : {false, true}) {
    again();
    b.tensor("a", format::fp8, {1, 1, 1, 4, 4});
    b.load(0, "a");
    signal(Engine::load, 0);
    wait(Engine::mac, 0);
    mach::Format sums = b.chip.numerics.accumulateFp16 ? format::fp16 : format::f32;
    Piece one{Shape(5, 0), Shape(5, 1), {}};
    mach::Format totals = b.chip.numerics.weightGradientFp16() ? format::fp16 : format::f32;
    mach::TensorTile acc = b.chipTile(space::acc, totals, Shape(5, 1), one);
    mach::TensorTile other = b.chipTile(space::acc, sums, Shape(5, 1), one);
    acc.base = 0;
    other.base = uint64_t(b.chip.structure.accBankBytes.value);
    b.desc(1, acc);
    b.desc(2, other);
    b.desc(3, b.chipTile(space::spm, format::f32, Shape(5, 1), one));
    b.emit(mach::Zero{2, core0});
    handOver(Engine::mac, Engine::vector, 1);
    b.emit(mach::VRound{3, 2, core0});
    if (isOrdered)
      handOver(Engine::vector, Engine::mac, 2);
    b.emit(mach::Geom{0, 1, 1, 1, 1, 0, 0, 1, 1, 0});
    b.emit(mach::ConvWg{1, 0, 0, 0, core0, mach::accMode::zero});
    machine = b.build();
    ASSERT_TRUE(machine);
    writeTensor(*machine, "a", std::vector<float>(16, 1.0f));
    bool isWrong = !isOrdered && b.chip.numerics.hasChainPerImage();
    EXPECT_EQ(check(), isWrong ? Fault(OrderFault::overtaking) : none) << message;
  }
}

TEST_P(CheckOrderTest, HostThreadsAndRepeatsMakeNoDifference) {
  buffer(0);
  buffer(1);
  load(0, "x", both);
  b.emit(mach::VRelu{1, 0, both});
  ASSERT_EQ(check(), OrderFault::transfer);
  std::string first = message;
  for (int threads : {1, 2, 4}) {
    EXPECT_EQ(check(threads), OrderFault::transfer);
    EXPECT_EQ(message, first);
  }
}

TEST_P(CheckOrderTest, InterleavingsAreRefused) {
  machine = b.build();
  Options options;
  options.checkOrder = true;
  options.interleaveSeed = 1;
  Status ran = machine->run("step", options);
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.message(), "the order is checked in program order, not in an interleaving");
}

INSTANTIATE_TEST_SUITE_P(Chips, CheckOrderTest, testing::Values("lnpu", "asu-fp8"),
                         [](const auto &info) {
                           return std::string(info.param) == "lnpu" ? "lnpu" : "asu";
                         });

//===----------------------------------------------------------------------------------------===//
// Compressed tensors
//===----------------------------------------------------------------------------------------===//

class CheckOrderOfBlocks : public testing::TestWithParam<mach::Format> {
protected:
  /// A row of x goes to a row of y, both of `columns`, on each core.
  CheckOrderOfBlocks() : b(chipNamed("lnpu")) {}
  void rows(int64_t columns) {
    b = ProgramBuilder(b.chip);
    b.emit(mach::Mask{both, 3});
    b.emit(mach::Mask{core1, 2});
    b.tensor("x", format::fp8, {2, columns});
    b.tensor("y", GetParam(), {2, columns});
    Piece row{{0, 0}, {1, columns}, {1, 0}};
    b.load(0, "x", row, space::spm, both);
    b.emit(mach::Fence{});
    b.desc(1, b.chipTile(space::spm, GetParam(), {2, columns}, row));
    b.emit(mach::VRound{1, 0, both});
    b.emit(mach::Fence{});
    x.assign(size_t(2 * columns), 1);
  }
  Fault check() {
    std::unique_ptr<Machine> machine = b.build();
    if (!machine)
      return none;
    writeTensor(*machine, "x", x);
    Options options;
    options.checkOrder = true;
    Status ran = machine->run("step", options);
    message = ran ? "" : ran.message();
    return machine->orderFault();
  }

  ProgramBuilder b;
  std::vector<float> x;
  std::string message;
};

/// Tiles that share no element share a block, if rows are shorter than one.
TEST_P(CheckOrderOfBlocks, StoresOfOneBlockMeet) {
  for (int64_t columns : {64, 256}) {
    rows(columns);
    b.store("y", 1, core0);
    b.store("y", 1, core1);
    EXPECT_EQ(check(), columns == 64 ? Fault(OrderFault::overtaking) : none) << message;
    EXPECT_EQ(message.find(" of dram (tensor y) before instruction ") != std::string::npos,
              columns == 64)
        << message;
  }
}

TEST_P(CheckOrderOfBlocks, CoresOfOneStoreTakeTurns) {
  rows(64);
  b.store("y", 1, both);
  EXPECT_EQ(check(), none) << message;
}

TEST_P(CheckOrderOfBlocks, LoadsOfABlockMeetItsStores) {
  for (bool hasFence : {false, true}) {
    rows(64);
    b.store("y", 1, both);
    b.emit(mach::Fence{});
    b.store("y", 1, core0); // the first row again
    if (hasFence)
      b.emit(mach::Fence{});
    Piece second{{1, 0}, {1, 64}, {}};
    b.load(2, "y", second);
    EXPECT_EQ(check(), hasFence ? none : Fault(OrderFault::stale)) << message;
  }
}

/// A block is stored as a whole, but holds what has been put into it.
TEST_P(CheckOrderOfBlocks, ElementsOfABlockAreWrittenOneByOne) {
  for (int64_t row : {0, 1}) {
    rows(64);
    b.store("y", 1, core0);
    b.emit(mach::Fence{});
    b.load(2, "y", {{row, 0}, {1, 64}, {}});
    EXPECT_EQ(check(), row ? Fault(OrderFault::unwritten) : none) << message;
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, CheckOrderOfBlocks,
                         testing::Values(format::mixed, format::coded16, format::coded8),
                         [](const auto &info) { return std::string(mach::toString(info.param)); });

} // namespace
} // namespace slp::exec
