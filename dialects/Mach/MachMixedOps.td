//===- MachMixedOps.td - ops of MachInstrMixed.td ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_MACH_MACHMIXEDOPS_TD
#define DIALECTS_MACH_MACHMIXEDOPS_TD

include "dialects/Mach/MachOp.td"

def VClassifyOp : Mach_Op<V_CLASSIFY>;
def VHistogramOp : Mach_Op<V_HISTOGRAM>;
def VThresholdOp : Mach_Op<V_THRESHOLD>;
def VShareTargetOp : Mach_Op<V_SHARE_TARGET>;

#endif // DIALECTS_MACH_MACHMIXEDOPS_TD
