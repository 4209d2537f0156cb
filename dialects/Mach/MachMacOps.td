//===- MachMacOps.td - ops of MachInstrMac.td -------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_MACH_MACHMACOPS_TD
#define DIALECTS_MACH_MACHMACOPS_TD

include "dialects/Mach/MachOp.td"

def ConvFpOp : Mach_Op<CONV_FP>;
def ConvBpOp : Mach_Op<CONV_BP>;
def ConvWgOp : Mach_Op<CONV_WG>;
def MatmulOp : Mach_Op<MATMUL>;
def ZeroOp : Mach_Op<ZERO>;

#endif // DIALECTS_MACH_MACHMACOPS_TD
