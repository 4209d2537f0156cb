//===- Energy.h - picojoules from activity ----------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Counts times the energies of the chip description, by component. The description says where its
// energies come from; a report names the assumed ones.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_ENERGY_ENERGY_H
#define RUNTIME_ENERGY_ENERGY_H

#include "runtime/chips/Chip.h"
#include "runtime/energy/Activity.h"

namespace slp::energy {

/// pJ by component.
struct Breakdown {
  double mac = 0;     // arithmetic of the MAC arrays: every term, for no term is skipped yet
  double spm = 0;     // scratchpads, bytes read and written
  double acc = 0;     // accumulator memories
  double shared = 0;  // shared buffer
  double vector = 0;  // lane operations
  double control = 0; // instructions issued
  double fixed = 0;   // static energy: cycles * static per cycle
  double dram = 0;    // external memory: not part of the chip

  double chip() const { return mac + spm + acc + shared + vector + control + fixed; }
  double total() const { return chip() + dram; }
};

/// `cycles` is the wall time the activity is charged with; cycles of groups add up to those of the
/// run, so energies do too, up to the rounding of a double.
Breakdown energyOf(const chip::Chip &chip, const Activity &activity, int64_t cycles);

} // namespace slp::energy

#endif // RUNTIME_ENERGY_ENERGY_H
