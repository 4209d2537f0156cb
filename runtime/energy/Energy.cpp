//===- Energy.cpp - picojoules from activity --------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/energy/Energy.h"
#include "runtime/isa/SpaceAcc.h.inc"
#include "runtime/isa/SpaceDram.h.inc"
#include "runtime/isa/SpaceShared.h.inc"
#include "runtime/isa/SpaceSpm.h.inc"

namespace slp::energy {

Breakdown energyOf(const chip::Chip &chip, const Activity &activity, int64_t cycles) {
  const chip::Energies &e = chip.energies;
  auto bytes = [&](mach::Space space) {
    auto index = static_cast<size_t>(space);
    return double(activity.bytesRead[index] + activity.bytesWritten[index]);
  };
  Breakdown result;
  result.mac = double(activity.fp8Macs) * e.fp8Mac + double(activity.fp16Macs) * e.fp16Mac;
  result.spm = bytes(mach::space::spm) * e.spmByte;
  result.acc = bytes(mach::space::acc) * e.accByte;
  result.shared = bytes(mach::space::shared) * e.sharedByte;
  result.dram = bytes(mach::space::dram) * e.dramByte;
  result.vector = double(activity.vectorOperations) * e.vectorOp;
  result.control = double(activity.instructions) * e.instruction;
  result.fixed = double(cycles) * e.staticPerCycle;
  return result;
}

} // namespace slp::energy
