//===- MachMoveOps.td - ops of MachInstrMove.td -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_MACH_MACHMOVEOPS_TD
#define DIALECTS_MACH_MACHMOVEOPS_TD

include "dialects/Mach/MachOp.td"

def VCopyOp : Mach_Op<V_COPY>;
def VGatherOp : Mach_Op<V_GATHER>;
def VScatterAddOp : Mach_Op<V_SCATTER_ADD>;

#endif // DIALECTS_MACH_MACHMOVEOPS_TD
