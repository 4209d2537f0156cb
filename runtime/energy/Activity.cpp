//===- Activity.cpp - how much of everything was done -----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/energy/Activity.h"

#include <utility>

namespace slp::energy {

Activity &Activity::operator+=(const Activity &other) {
  instructions += other.instructions;
  fp8Macs += other.fp8Macs;
  fp16Macs += other.fp16Macs;
  skippedMacs += other.skippedMacs;
  gatedMacs += other.gatedMacs;
  groupedMacs += other.groupedMacs;
  zeroMacs += other.zeroMacs;
  macSlots += other.macSlots;
  vectorElements += other.vectorElements;
  vectorOperations += other.vectorOperations;
  for (size_t s = 0; s < exec::maxSpaces; ++s) {
    bytesRead[s] += other.bytesRead[s];
    bytesWritten[s] += other.bytesWritten[s];
  }
  dramUsefulBytes += other.dramUsefulBytes;
  return *this;
}

void ActivityCounter::issued(const exec::Event &event) {
  Activity &group = counts[groups.of(event.pc)];
  ++group.instructions;
  for (const exec::CoreWork &work : event.work) {
    uint64_t computed = work.macs - work.skippedMacs;
    uint64_t wide = event.fp16 ? computed : work.wideMacs; // a pair with one FP16 element is FP16
    group.fp16Macs += wide;
    group.fp8Macs += computed - wide;
    group.skippedMacs += work.skippedMacs;
    group.gatedMacs += work.gatedMacs;
    group.groupedMacs += work.groupedMacs;
    group.zeroMacs += work.zeroMacs;
    group.macSlots += work.macSlots;
    group.vectorElements += work.elements;
    group.vectorOperations += work.operations;
    for (size_t s = 0; s < exec::maxSpaces; ++s) {
      group.bytesRead[s] += work.bytesRead[s];
      group.bytesWritten[s] += work.bytesWritten[s];
    }
    group.dramUsefulBytes += work.dramUsefulBytes;
  }
}

std::vector<Activity> ActivityCounter::take() {
  return std::exchange(counts, std::vector<Activity>(groups.size()));
}

} // namespace slp::energy
