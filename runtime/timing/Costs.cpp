//===- Costs.cpp - how long one piece of work takes -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/timing/Costs.h"

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
  fp8Macs = std::max<int64_t>(1, rates.fp8MacsPerCycle);
  fp16Macs = std::max<int64_t>(1, rates.fp16MacsPerCycle);
  auto pairCost = [&](const char *key) {
    auto it = chip.mechanisms.find(key);
    return it == chip.mechanisms.end() ? double(fp8Macs) / double(fp16Macs) : it->second.value;
  };
  oneWide = pairCost("mixed-precision.cost_fp8_fp16");
  bothWide = pairCost("mixed-precision.cost_fp16_fp16");
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

Cycle Costs::mac(const exec::CoreWork &work, bool fp16) const {
  int64_t slots = static_cast<int64_t>(work.macSlots) * dot;
  if (work.wideMacs == 0 || fp16)
    return macStart + ceilDiv(slots, fp16 ? fp16Macs : fp8Macs);
  // Slots take the time of an FP8 pair, those with FP16 operands more.
  double longer = double(work.wideMacs - work.bothWideMacs) * (oneWide - 1) +
                  double(work.bothWideMacs) * (bothWide - 1);
  double most = double(tooLong) * double(fp8Macs); // at most 2^61, which no slots come near to
  return macStart +
         ceilDiv(slots + static_cast<int64_t>(std::min(std::ceil(longer), most)), fp8Macs);
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
