//===- State.h - everything the simulated machine remembers -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Registers, memories, semaphores and queues, and the functions that instructions are made of. The
// generated dispatcher, in Sequencer.cpp, calls one function per instruction on it, which is
// defined in Sequencer.cpp, Transfer.cpp, Mac*.cpp or Vector*.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_STATE_H
#define RUNTIME_EXEC_STATE_H

#include "runtime/exec/Issue.h"
#include "runtime/exec/Pool.h"
#include "runtime/exec/SharedTiles.h"
#include "runtime/isa/Assembly.h"
#include "runtime/isa/Instructions.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace slp::exec {

class CheckOrder;
class Queues;

/// An open hardware loop: instructions [begin, end).
struct Loop {
  uint64_t begin, end;
  uint64_t left; // iterations, the current one included
  int64_t step;
  uint8_t rd;
};

/// A core part of which some steps are done.
struct PartInSteps {
  explicit PartInSteps(const CorePart &p) : part(p) {}
  CorePart part;
  std::unique_ptr<PartSteps> steps;
};

class State {
public:
  State(const chip::Chip &chip, const image::Image &image, num::HostPath path);
  ~State();

  // What the program is.
  chip::Chip chip;
  image::Image image;
  std::vector<mach::Instruction> text;
  mach::OperandNames names; // for messages
  Memories memories;
  Codec codec;
  const MacKernels &kernels;

  // Registers of the sequencer.
  uint64_t pc = 0;   // of the instruction being executed
  uint64_t next = 0; // of the one after it
  bool halted = false;
  int64_t scalar[64] = {};
  Descriptor descriptor[32];
  uint64_t mask[8] = {};
  Window geometry[8];
  float hyper[16] = {};
  uint64_t saturations = 0; // roundings that saturated or met a NaN since the counter was cleared
  std::vector<Loop> loops;
  CoreWork sequencerWork; // of the instruction being executed: what `lds` reads
  using SemaphoreBank = std::array<uint8_t, 64>;
  std::vector<SemaphoreBank> semaphores; // per core
  SemaphoreBank sharedSemaphores{};      // of the shared buffer
  SharedTiles sharedTiles;

  // Of the current run.
  Options options;
  std::unique_ptr<Pool> pool;
  std::unique_ptr<Queues> queues;   // null: program order
  CheckOrder *checkOrder = nullptr; // null: the run is not checked
  std::vector<num::Events> events;  // per capture index

  /// Forgets registers, loops and semaphores; memories and h0 to h2 stay.
  void reset();
  Status run(uint64_t entry, const Options &o);
  /// The host has written a tensor, one of the image's.
  void noteHostWrite(const image::Tensor &tensor);
  /// What the last run wrote in the shared buffer is there in later runs, too.
  void keepShared();
  /// What the check of the last run found; empty unless the run failed for that.
  std::optional<OrderFault> orderFault() const;

  /// A new issue of the instruction at pc.
  Issue prepare(mach::Opcode opcode, mach::Engine engine, uint64_t cores) const;
  /// Executes it, or puts it into its queues.
  Status submit(const Issue &issue);
  /// Executes the parts of these cores, reports to capturer and counters, and appends their work.
  Status execute(const Issue &issue, uint64_t cores, Event &event);
  /// Begins the part of one core in steps, on behalf of an instruction that has steps.
  Result<std::unique_ptr<PartInSteps>> begin(const Issue &issue, unsigned core) const;
  /// Reports a part whose last step is done.
  Status finish(const Issue &issue, const PartInSteps &part, Event &event);
  /// Makes `event` that of the instruction, without work.
  static void describe(const Issue &issue, Event &event);
  /// Takes from or adds to semaphores; a wait fails if there is too little.
  Status synchronise(const Issue &issue, uint64_t cores);
  bool canTake(const Issue &issue, uint64_t cores) const;
  /// Waits until all queues are empty (nothing to do in program order).
  Status drain();
  /// Reports an instruction of the sequencer itself, with `sequencerWork`.
  void observeSequencer(mach::Opcode opcode);

  /// "instruction 12 `conv.fp ...` (node conv1)".
  std::string placeOf(uint64_t at) const;
  /// The same and ": " before the message.
  Error fault(uint64_t at, const std::string &message) const;
  /// The instruction's text as in assembly.
  std::string textOf(uint64_t at) const;
  /// Semaphores that are not zero, and what the queues hold.
  std::string describeQueues() const;
  const image::DebugRecord *recordOf(uint64_t at) const;

private:
  Status step();
  /// Makes `checkOrder` what the options say.
  Status beginCheck();
  void closeLoops();
  CorePart partOf(const Issue &issue, unsigned core) const;
  Status runParts(const Issue &issue);
  void groupParts(const Issue &issue);
  Status runGroups(const Issue &issue);
  Status report(const Issue &issue, const CorePart &part, Event &event);
  /// Runs from `pc` to halt.
  Status loop();

  // Of the current instruction.
  std::vector<CorePart> parts;
  std::vector<CoreGroup> groups;
  Event scratch;

  // Of all runs: null until one is checked; whether one was not; tensors that the host has written
  // since the last one that was, by index.
  std::unique_ptr<CheckOrder> checker;
  bool wasUnchecked = false;
  std::vector<uint8_t> hostWrote;
};

/// Hands the destinations' elements on one core to the capturer.
Status capture(const State &state, const Issue &issue, unsigned core);

} // namespace slp::exec

#endif // RUNTIME_EXEC_STATE_H
