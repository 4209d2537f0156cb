//===- Costs.cpp - how long one piece of work takes -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/timing/Costs.h"

#include "runtime/timing/Lines.h"

#include <algorithm>
#include <cmath>

namespace slp::timing {

static int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// More than any run may take.
static constexpr int64_t tooLong = maxRunCycles + 1;

/// Ticks of one unit at `cycles` a unit, to the nearest; at least one, so that no work is free.
static int64_t toTicks(double cycles) {
  double ticks = std::floor(cycles * double(ticksPerCycle) + 0.5);
  return static_cast<int64_t>(std::clamp(ticks, 1.0, double(tooLong) * double(ticksPerCycle)));
}

/// `units` of work at `ticks` each; what is longer than any run is `tooLong`.
static int64_t ticksOf(uint64_t units, int64_t ticks) {
  unsigned __int128 exact = static_cast<unsigned __int128>(units) * static_cast<uint64_t>(ticks);
  constexpr int64_t most = tooLong * ticksPerCycle;
  return exact > most ? most : static_cast<int64_t>(exact);
}

Bus::Slot Bus::take(Cycle ready, uint64_t bytes) {
  if (bytes == 0)
    return {ready, ready, 0};
  int64_t start = std::max(ready * ticksPerCycle, freeAt);
  int64_t length = ticksOf(bytes, ticksPerByte);
  freeAt = start + length;
  return {start / ticksPerCycle, ceilDiv(freeAt, ticksPerCycle), ceilDiv(length, ticksPerCycle)};
}

Costs::Costs(const chip::Chip &chip) {
  const chip::Rates &rates = chip.rates;
  cores = chip.structure.cores;
  queueDepth = static_cast<size_t>(std::max<int>(1, chip.structure.queueDepth));
  issuePerCycle = std::max<int>(1, rates.issuePerCycle);
  semaphore = rates.semaphoreCycles;
  lines = std::max<int>(1, chip.structure.lines);
  fp8Rate = std::max<int64_t>(1, chip.peRate(/*fp16=*/false));
  fp16Rate = std::max<int64_t>(1, chip.peRate(/*fp16=*/true));
  auto mechanism = [&](const char *key, double otherwise) {
    auto it = chip.mechanisms.find(key);
    return it == chip.mechanisms.end() ? otherwise : it->second.value;
  };
  oneWide = mechanism("mixed-precision.cost_fp8_fp16", double(fp8Rate) / double(fp16Rate));
  bothWide = mechanism("mixed-precision.cost_fp16_fp16", double(fp8Rate) / double(fp16Rate));
  // A number of positions for each element that a line takes a cycle in FP8.
  scanned = std::max<int64_t>(
      1, static_cast<int64_t>(mechanism("zero-skip.scan_positions", 1) * double(fp8Rate)));
  policy = static_cast<int>(mechanism("load-balance.policy", 0));
  window = static_cast<int>(mechanism("load-balance.window", 1));
  macStart = rates.macStartCycles;
  vectorStart = rates.vectorStartCycles;
  dot = chip.numerics.dot;
  lanes = std::max<int64_t>(1, rates.vectorLanes);
  double clock = rates.clockHz;
  // 100 ns at 200 MHz are 20 cycles, whatever the last bit of the product.
  dramLatency = static_cast<Cycle>(std::ceil(rates.dramLatencySeconds * clock - 1e-6));
  dramTicksPerByte = toTicks(clock / (rates.dramBytesPerSecond * rates.dramEfficiency));
  toCoresTicksPerByte = toTicks(1.0 / rates.sharedToCoreBytesPerCycle);
  fromCoresTicksPerByte = toTicks(1.0 / rates.coreToSharedBytesPerCycle);
  for (const mach::InstructionInfo &info : mach::allInstructions()) {
    auto it = rates.vectorCyclesPerElement.find(std::string(info.timingClass));
    double cycles = it == rates.vectorCyclesPerElement.end() ? 1.0 : it->second.value;
    vectorTicks[static_cast<uint8_t>(info.opcode)] = toTicks(cycles);
  }
}

MacTime Costs::mac(const exec::CoreWork &work, bool fp16) const {
  int64_t rate = fp16 ? fp16Rate : fp8Rate;
  bool isSkipping = work.items.isSkipping, takesGroups = rate >= dot && !isSkipping;
  uint64_t longer = 0, kept = work.macs - work.skippedMacs;
  if (work.wideMacs != 0 && !fp16) // by pairs with FP16 elements, in pairs of FP8
    longer = static_cast<uint64_t>(
        std::min(std::ceil(double(work.wideMacs - work.bothWideMacs) * (oneWide - 1) +
                           double(work.bothWideMacs) * (bothWide - 1)),
                 double(tooLong)));
  auto clamped = [](unsigned __int128 sum) {
    return sum > tooLong ? tooLong : static_cast<Cycle>(sum);
  };
  auto atRate = [&](unsigned __int128 pairs) {
    return (pairs + static_cast<uint64_t>(rate) - 1) / static_cast<uint64_t>(rate);
  };
  std::vector<LineItems> items, dense; // what is left of them, and with closed terms
  items.reserve(work.items.runs.size());
  auto ofGroups = [&](uint64_t groups) {
    return static_cast<unsigned __int128>(groups) * static_cast<uint64_t>(dot);
  };
  bool isMasked = std::any_of(work.items.runs.begin(), work.items.runs.end(),
                              [](const exec::MacItemRun &run) { return run.closed != 0; });
  unsigned __int128 busy = 0, scanning = 0;
  for (const exec::MacItemRun &run : work.items.runs) {
    if (isMasked)
      dense.push_back(
          {run.count, clamped(atRate(takesGroups ? ofGroups(run.groups) : run.elements))});
    if (run.closed != 0 && run.closed == run.elements)
      continue;
    unsigned __int128 pairs = takesGroups ? ofGroups(run.groups - run.closedGroups)
                                          : run.elements - run.skipped - run.closed;
    if (longer)
      pairs += (pairs * longer + kept - 1) / kept;
    unsigned __int128 cycles = atRate(pairs);
    unsigned __int128 scan = isSkipping ? (run.elements + static_cast<uint64_t>(scanned) - 1) /
                                              static_cast<uint64_t>(scanned)
                                        : 0;
    if (scan > cycles)
      scanning += scan * run.count;
    cycles = std::max(cycles, scan);
    busy += cycles * run.count;
    items.push_back({run.count, clamped(cycles)});
  }
  if (!isSkipping) {
    MacTime time;
    Cycle cycles = cyclesOfLines(items, work.items.repeats, lines, tooLong);
    time.cycles = macStart + cycles;
    if (isMasked)
      time.saved = cyclesOfLines(dense, work.items.repeats, lines, tooLong) - cycles;
    return time;
  }
  Cycle cycles =
      policy == 0 ? cyclesOfLines(items, 1, lines, tooLong)
      : policy == 1
          ? cyclesByGreed(items, lines, window, tooLong)
          : clamped((busy + static_cast<uint64_t>(lines) - 1) / static_cast<uint64_t>(lines));
  return {macStart + cycles, cycles * lines, clamped(busy), clamped(scanning), 0};
}

Cycle Costs::vector(mach::Opcode opcode, uint64_t operations) const {
  // Lanes share the work: what is too long for one may be short for many.
  unsigned __int128 ticks = static_cast<unsigned __int128>(operations) *
                            static_cast<uint64_t>(vectorTicks[static_cast<uint8_t>(opcode)]);
  auto perCycle = static_cast<uint64_t>(lanes) * ticksPerCycle;
  unsigned __int128 cycles = (ticks + perCycle - 1) / perCycle;
  return vectorStart + (cycles > tooLong ? tooLong : static_cast<Cycle>(cycles));
}

} // namespace slp::timing
