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

#endif // DIALECTS_MACH_MACHTRANSFEROPS_TD
