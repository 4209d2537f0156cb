//===- Model.h - from what happened to how long it took ---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Listens to the machine and simulates time by events: a sequencer, bounded in-order queues,
// engines, semaphores and shared buses, each by the rules of docs/timing.md. It sees no values and
// prints nothing.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_TIMING_MODEL_H
#define RUNTIME_TIMING_MODEL_H

#include "runtime/chips/Chip.h"
#include "runtime/exec/Machine.h"
#include "runtime/timing/Groups.h"
#include "runtime/timing/Report.h"

#include <memory>

namespace slp::timing {

class Costs;

/// Is told when engines work, in no particular order.
class WorkListener {
public:
  virtual ~WorkListener() = default;
  /// `engine` of a core, 0 where there is one for all, works on the instruction at `pc` in the
  /// cycles [begin, end); what is left of DRAM's latency behind a transfer does not count.
  virtual void worked(mach::Engine engine, int core, uint64_t pc, Cycle begin, Cycle end) = 0;
};

class Model : public exec::Observer {
public:
  /// `groups` outlives the model.
  Model(const chip::Chip &chip, const Groups &groups);
  ~Model() override;

  /// Outlives the model; null: nobody.
  void listen(WorkListener *to) { listener = to; }

  void issued(const exec::Event &event) override;
  /// Ends a run (as `halt` does, if the program has not) and returns its cycles; the next event
  /// starts a new run at cycle 0 on an idle chip. Fails if the queues were too short for the
  /// program's semaphores: the message names the first instruction that could not be issued, or the
  /// queues that wait for ever.
  Result<Report> finish();

private:
  struct Run;
  const std::unique_ptr<Costs> costs;
  const Groups &groups;
  WorkListener *listener = nullptr;
  std::unique_ptr<Run> run;
};

} // namespace slp::timing

#endif // RUNTIME_TIMING_MODEL_H
