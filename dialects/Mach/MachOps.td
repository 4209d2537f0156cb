//===- MachOps.td - all ops, for the manual and the check that none is missing ----------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_MACH_MACHOPS_TD
#define DIALECTS_MACH_MACHOPS_TD

include "dialects/Mach/MachProgramOps.td"
include "dialects/Mach/MachSequencerOps.td"
include "dialects/Mach/MachTransferOps.td"
include "dialects/Mach/MachMacOps.td"
include "dialects/Mach/MachVectorOps.td"
include "dialects/Mach/MachNormalizeOps.td"
include "dialects/Mach/MachMixedOps.td"
include "dialects/Mach/MachUpdateOps.td"
include "dialects/Mach/MachMoveOps.td"

#endif // DIALECTS_MACH_MACHOPS_TD
