//===- Record.cpp - what a simulation found out -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/views/Record.h"
#include "runtime/isa/SpaceDram.h.inc"

namespace slp::views {

uint64_t Totals::dramBytes() const {
  auto dram = static_cast<size_t>(mach::space::dram);
  return activity.bytesRead[dram] + activity.bytesWritten[dram];
}

double Totals::utilisation(const chip::Chip &chip) const {
  double possible = double(wallCycles()) * chip.structure.cores;
  if (possible <= 0)
    return 0;
  double needed = 0; // cycles of one core
  if (activity.fp8Macs)
    needed += double(activity.fp8Macs) / chip.rates.fp8MacsPerCycle;
  if (activity.fp16Macs)
    needed += double(activity.fp16Macs) / chip.rates.fp16MacsPerCycle;
  return needed / possible;
}

energy::Breakdown Totals::energy(const chip::Chip &chip) const {
  return energy::energyOf(chip, activity, wallCycles());
}

Measurement &Measurement::operator+=(const Measurement &other) {
  report += other.report;
  if (activity.size() < other.activity.size())
    activity.resize(other.activity.size());
  for (size_t g = 0; g < other.activity.size(); ++g)
    activity[g] += other.activity[g];
  return *this;
}

Totals Measurement::totals(const timing::Groups &groups,
                           const std::function<bool(const timing::Group &)> &keep) const {
  Totals result;
  for (size_t g = 0; g < groups.size(); ++g) {
    if (!keep(groups[g]))
      continue;
    if (g < report.groups.size())
      result.cycles += report.groups[g];
    if (g < activity.size())
      result.activity += activity[g];
  }
  return result;
}

Totals Measurement::totals(const timing::Groups &groups) const {
  return totals(groups, [](const timing::Group &) { return true; });
}

} // namespace slp::views
