//===- MachTransferOps.td - ops of MachInstrTransfer.td ---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_MACH_MACHTRANSFEROPS_TD
#define DIALECTS_MACH_MACHTRANSFEROPS_TD

include "dialects/Mach/MachOp.td"

def LdOp : Mach_Op<LD>;
def StOp : Mach_Op<ST>;
def LdSharedOp : Mach_Op<LD_SHARED>;
def StSharedOp : Mach_Op<ST_SHARED>;
def MvLoadOp : Mach_Op<MV_LOAD>;
def MvStoreOp : Mach_Op<MV_STORE>;

#endif // DIALECTS_MACH_MACHTRANSFEROPS_TD
