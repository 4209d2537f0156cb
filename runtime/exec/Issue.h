//===- Issue.h - an instruction on its way to an engine ---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The sequencer resolves an instruction when it issues it: registers are copied, so that what the
// sequencer does next cannot change it. An engine then executes the core parts one by one, or
// together those that share a tile.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_ISSUE_H
#define RUNTIME_EXEC_ISSUE_H

#include "runtime/exec/Accesses.h"
#include "runtime/exec/Machine.h"
#include "runtime/exec/kernels/MacKernels.h"

#include <memory>
#include <vector>

namespace slp::exec {

/// Limits over all instructions: operands, destinations among them, and numbers.
constexpr int maxOperands = 9, maxDestinations = 3, maxNumbers = 12;

/// Contents of a geometry register, see `geom`.
struct Window {
  int64_t kh = 1, kw = 1, sh = 1, sw = 1, pt = 0, pl = 0, dh = 1, dw = 1;
  bool countPad = false;
  int64_t pb = 0, pr = 0; // read where countPad is true
};

/// What one core part of an instruction may use, and what it reports.
struct CorePart {
  const Memories &memories;
  const chip::Chip &chip;
  const Codec &codec;
  const MacKernels &kernels;
  unsigned core;
  bool countsWork;                    // an observer wants `work`
  Values values;                      // Options::values
  bool countsEvents[maxDestinations]; // the debug record names a tensor for this destination
  CoreWork work{};
  num::Events events[maxDestinations]{}; // per destination
  Accesses *accesses = nullptr;          // where accesses are noted; null: nobody wants them

  /// Whether tiles on the chip hold what decides about work.
  bool hasValues() const { return values != Values::absent; }
  bool computes() const { return values == Values::computed; }

  Result<TileView> view(const Descriptor &d, const char *name) const {
    return resolve(memories, d, core, name);
  }
  /// What the part reads and writes, exactly, for the check of the order. Each access of an
  /// instruction is noted, whether or not it counts as work.
  void noteRead(const TileView &v) const { note(v, core, /*isWrite=*/false); }
  void noteWrite(const TileView &v) const { note(v, core, /*isWrite=*/true); }
  void note(const TileView &v, unsigned ofCore, bool isWrite) const {
    if (accesses && !v.empty())
      accesses->push_back({v, ofCore, isWrite});
  }
  /// The same of the blocks of a compressed tensor that begins at `tensor`.
  void noteBlocks(const TileView &v, uint64_t tensor, bool isWrite) const {
    if (accesses && !v.empty())
      accesses->push_back({v, core, isWrite, /*isBlocks=*/true, tensor});
  }

  void countRead(const TileView &v) { work.bytesRead[int(v.space)] += codec.storedBytes(v); }
  /// Of a tile of which some elements are not read.
  void countReadWithout(const TileView &v, uint64_t elements) {
    work.bytesRead[int(v.space)] +=
        codec.storedBytes(v) - elements * uint64_t(mach::elementBytes(v.format));
  }
  /// Of a tile that is streamed without its zeros: a bitmap, and the elements that are none.
  /// Compressed formats have both in any case.
  void countStreamed(const TileView &v, uint64_t nonZeros) {
    if (mach::isCompressed(v.format))
      return countRead(v);
    uint64_t bitmap = (uint64_t(v.count()) + 7) / 8;
    work.bytesRead[int(v.space)] += bitmap + nonZeros * uint64_t(mach::elementBytes(v.format));
  }
  void countWrite(const TileView &v) { work.bytesWritten[int(v.space)] += codec.storedBytes(v); }
};

class Pool;
struct Issue;
using CoreFunction = Status (*)(CorePart &part, const Issue &issue);

/// Core parts of a MAC instruction that run as one, because one of its operands is the same tile on
/// all of them (SharedTiles.h).
struct CoreGroup {
  std::vector<CorePart *> parts; // ascending cores, at least one
  int shared = 1;                // index of that operand
  Pool *pool = nullptr;          // to run tasks on; null: the groups themselves are tasks
};
using GroupFunction = Status (*)(CoreGroup &group, const Issue &issue);

/// A core part that is not indivisible: other instructions may run between its steps. Only queues
/// that run ahead of each other (Queues.h) take it in steps; in program order nobody could see the
/// difference.
class PartSteps {
public:
  virtual ~PartSteps() = default;
  /// Does one step. Returns true if it was the last.
  virtual bool step() = 0;
};
using StepsFunction = Result<std::unique_ptr<PartSteps>> (*)(CorePart &part, const Issue &issue);

struct Issue {
  uint64_t pc = 0;
  mach::Opcode opcode{};
  mach::Engine engine{};
  uint64_t mask = 0; // cores with a part
  /// One piece of work of all cores, with one entry of it: begins only when it is the head of all
  /// its queues, and leaves them when all cores have been served, in ascending order.
  bool joint = false;
  bool multicast = false;
  CoreFunction execute = nullptr;       // null: wait and signal, and what has the next but one
  StepsFunction steps = nullptr;        // the same in steps; null: it is one
  GroupFunction executeGroup = nullptr; // of MAC instructions alone
  int sharable[2] = {-1, -1}; // operands whose tile a group may have in common, best first
  int operands = 0;
  Descriptor operand[maxOperands];                 // in field order
  int destination[maxDestinations] = {-1, -1, -1}; // operands that are written, in field order
  Window window;
  mach::AccMode mode{};
  bool startIsGiven = false; // a register has told, not the tile's coordinates: it is in `mode`
  bool fp16 = false;
  mach::Skip skip{};   // MAC: whose zeros take no time
  double estimate = 0; // of host work in one part, in multiply-accumulates; decides about threads
  float hyper[maxNumbers] = {};
  uint32_t run = 0;               // number of the run, if a destination rounds stochastically
  uint8_t axes = 0, function = 0; // fields of those names
  bool flag = false;              // the instruction's one flag
  bool again = false;             // of a vector instruction: its roundings count nothing
  int64_t immediate[3] = {0, 0, 0};
  bool hasOptional = false;  // the operand that only some of its kind have is there
  int gate = -1, group = -1; // operands that close terms, where they are there
  mach::Bank bank{};         // of the semaphore
  uint8_t semaphore = 0, count = 0;

  bool isMasked() const { return gate >= 0 || group >= 0; }
};

} // namespace slp::exec

#endif // RUNTIME_EXEC_ISSUE_H
