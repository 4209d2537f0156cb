//===- MachSequencerOps.td - ops of MachInstrSequencer.td -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_MACH_MACHSEQUENCEROPS_TD
#define DIALECTS_MACH_MACHSEQUENCEROPS_TD

include "dialects/Mach/MachOp.td"

def HaltOp : Mach_Op<HALT>;
def FenceOp : Mach_Op<FENCE>;
def LiOp : Mach_Op<LI>;
def MaddOp : Mach_Op<MADD>;
def LdsOp : Mach_Op<LDS>;
def LoopOp : Mach_Op<LOOP>;
def LooprOp : Mach_Op<LOOPR>;
def BzOp : Mach_Op<BZ>;
def MaskOp : Mach_Op<MASK>;
def HyperOp : Mach_Op<HYPER>;
def GeomOp : Mach_Op<GEOM>;
def DescOp : Mach_Op<DESC>;
def OrgOp : Mach_Op<ORG>;
def RotOp : Mach_Op<ROT>;
def StampOp : Mach_Op<STAMP>;
def WaitOp : Mach_Op<WAIT>;
def SignalOp : Mach_Op<SIGNAL>;

#endif // DIALECTS_MACH_MACHSEQUENCEROPS_TD
