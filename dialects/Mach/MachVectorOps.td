//===- MachVectorOps.td - ops of MachInstrVector.td -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_MACH_MACHVECTOROPS_TD
#define DIALECTS_MACH_MACHVECTOROPS_TD

include "dialects/Mach/MachOp.td"

def VRoundOp : Mach_Op<V_ROUND>;
def VReluOp : Mach_Op<V_RELU>;
def VUnaryOp : Mach_Op<V_UNARY>;
def VBinaryOp : Mach_Op<V_BINARY>;
def VSelectOp : Mach_Op<V_SELECT>;
def VMaxPoolOp : Mach_Op<V_MAX_POOL>;
def VMaxPoolGradOp : Mach_Op<V_MAX_POOL_GRAD>;
def VMaxPoolTakeOp : Mach_Op<V_MAX_POOL_TAKE>;
def VAvgPoolOp : Mach_Op<V_AVG_POOL>;
def VAvgPoolGradOp : Mach_Op<V_AVG_POOL_GRAD>;
def VSoftmaxOp : Mach_Op<V_SOFTMAX>;
def VSoftmaxGradOp : Mach_Op<V_SOFTMAX_GRAD>;
def VCrossEntropyOp : Mach_Op<V_CROSS_ENTROPY>;
def VCrossEntropyGradOp : Mach_Op<V_CROSS_ENTROPY_GRAD>;
def VKeepOp : Mach_Op<V_KEEP>;
def VMeanOp : Mach_Op<V_MEAN>;

#endif // DIALECTS_MACH_MACHVECTOROPS_TD
