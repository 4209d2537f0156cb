//===- MachUpdateOps.td - ops of MachInstrUpdate.td -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_MACH_MACHUPDATEOPS_TD
#define DIALECTS_MACH_MACHUPDATEOPS_TD

include "dialects/Mach/MachOp.td"

def VSgdOp : Mach_Op<V_SGD>;
def VSgdNesterovOp : Mach_Op<V_SGD_NESTEROV>;
def VAdagradOp : Mach_Op<V_ADAGRAD>;
def VAdamOp : Mach_Op<V_ADAM>;
def VAdamwOp : Mach_Op<V_ADAMW>;
def VAdamwLastOp : Mach_Op<V_ADAMW_LAST>;
def VDrainOp : Mach_Op<V_DRAIN>;
def VSquareSumOp : Mach_Op<V_SQUARE_SUM>;
def VClipFactorOp : Mach_Op<V_CLIP_FACTOR>;
def VClearSaturationsOp : Mach_Op<V_CLEAR_SATURATIONS>;
def VSaturationsOp : Mach_Op<V_SATURATIONS>;
def VLossScaleOp : Mach_Op<V_LOSS_SCALE>;
def VGroupSumsOp : Mach_Op<V_GROUP_SUMS>;
def VGroupPullOp : Mach_Op<V_GROUP_PULL>;
def VGroupMaskOp : Mach_Op<V_GROUP_MASK>;
def VSgdGroupsOp : Mach_Op<V_SGD_GROUPS>;
def VSgdNesterovGroupsOp : Mach_Op<V_SGD_NESTEROV_GROUPS>;
def VAdagradGroupsOp : Mach_Op<V_ADAGRAD_GROUPS>;
def VAdamGroupsOp : Mach_Op<V_ADAM_GROUPS>;
def VAdamwGroupsOp : Mach_Op<V_ADAMW_GROUPS>;
def VAdamwLastGroupsOp : Mach_Op<V_ADAMW_LAST_GROUPS>;
def VPreviewAdagradOp : Mach_Op<V_PREVIEW_ADAGRAD>;
def VPreviewMomentumOp : Mach_Op<V_PREVIEW_MOMENTUM>;
def VPreviewNesterovOp : Mach_Op<V_PREVIEW_NESTEROV>;
def VPreviewAdamOp : Mach_Op<V_PREVIEW_ADAM>;

#endif // DIALECTS_MACH_MACHUPDATEOPS_TD
