//===- MachNormalizeOps.td - ops of MachInstrNormalize.td -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_MACH_MACHNORMALIZEOPS_TD
#define DIALECTS_MACH_MACHNORMALIZEOPS_TD

include "dialects/Mach/MachOp.td"

def VReduceOp : Mach_Op<V_REDUCE>;
def VSpreadOp : Mach_Op<V_SPREAD>;
def VVarianceGradOp : Mach_Op<V_VARIANCE_GRAD>;
def VNormalizeOp : Mach_Op<V_NORMALIZE>;
def VNormalizeSumsOp : Mach_Op<V_NORMALIZE_SUMS>;
def VNormalizeGradOp : Mach_Op<V_NORMALIZE_GRAD>;
def VNormalizeFixedGradOp : Mach_Op<V_NORMALIZE_FIXED_GRAD>;
def VMovingAverageOp : Mach_Op<V_MOVING_AVERAGE>;
def VDropoutOp : Mach_Op<V_DROPOUT>;
def VFillOp : Mach_Op<V_FILL>;
def VLogSoftmaxOp : Mach_Op<V_LOG_SOFTMAX>;
def VLogSoftmaxGradOp : Mach_Op<V_LOG_SOFTMAX_GRAD>;
def VNllOp : Mach_Op<V_NLL>;
def VNllGradOp : Mach_Op<V_NLL_GRAD>;
def VChannelSumsOp : Mach_Op<V_CHANNEL_SUMS>;
def VStatisticsOp : Mach_Op<V_STATISTICS>;
def VNormalizeChannelSumsOp : Mach_Op<V_NORMALIZE_CHANNEL_SUMS>;
def VChannelJoinOp : Mach_Op<V_CHANNEL_JOIN>;
def VStatisticsJoinOp : Mach_Op<V_STATISTICS_JOIN>;
def VInverseDeviationOp : Mach_Op<V_INVERSE_DEVIATION>;

#endif // DIALECTS_MACH_MACHNORMALIZEOPS_TD
