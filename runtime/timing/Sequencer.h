//===- Sequencer.h - when instructions are issued ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The time line of the sequencer, and a memory of what it did when, so that an engine that had
// nothing to do can say why nothing was issued to it.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_TIMING_SEQUENCER_H
#define RUNTIME_TIMING_SEQUENCER_H

#include "runtime/timing/Report.h"

#include <vector>

namespace slp::timing {

class Sequencer {
public:
  explicit Sequencer(int issuePerCycle) : issuePerCycle(issuePerCycle) {}

  /// The cycle in which the next instruction can be issued.
  Cycle now() const { return used == issuePerCycle ? cycle + 1 : cycle; }
  /// First cycle not yet accounted for.
  Cycle frontier() const { return used > 0 ? cycle + 1 : cycle; }

  /// Issues `words` words; returns the cycle after the last, when an engine can act on them.
  /// `cycles` grows by the cycles that were opened.
  Cycle issue(int words, Cycle &cycles);
  /// Does nothing before `until`; returns how many cycles that cost. `why` is queue, latency, or
  /// fence, after which everything earlier is forgotten: `during` must not ask for it.
  Cycle stall(Cycle until, Cause why);

  /// What the sequencer did in [from, to), to <= frontier(): issue, queue, latency.
  CauseCycles during(Cycle from, Cycle to) const;

private:
  /// Kept small, for a run without fences keeps all of them.
  struct Stall {
    Cycle from, to;
    Cycle queueBefore, latencyBefore; // sums of all earlier stalls
    Cause why;                        // queue or latency; nothing is remembered across a fence
  };
  /// Stalled cycles before `time`, by cause, counted from the oldest stall remembered.
  CauseCycles stalledBefore(Cycle time) const;

  int issuePerCycle;
  Cycle cycle = 0;
  int used = 0; // issue slots used in `cycle`
  std::vector<Stall> stalls;
};

} // namespace slp::timing

#endif // RUNTIME_TIMING_SEQUENCER_H
