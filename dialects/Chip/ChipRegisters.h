//===- ChipRegisters.h - the sequencer's registers, as tasks share them -----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_CHIP_CHIPREGISTERS_H
#define DIALECTS_CHIP_CHIPREGISTERS_H

namespace slp::chip_ir {

/// How many there are of each kind. Hyper registers below `firstFreeHyper` are the host's.
constexpr unsigned scalarRegisters = 64, descriptorRegisters = 32, geometryRegisters = 8,
                   hyperRegisters = 16, firstFreeHyper = 10;

} // namespace slp::chip_ir

#endif // DIALECTS_CHIP_CHIPREGISTERS_H
