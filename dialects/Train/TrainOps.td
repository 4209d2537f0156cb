//===- TrainOps.td - all ops, for the manual --------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINOPS_TD
#define DIALECTS_TRAIN_TRAINOPS_TD

include "dialects/Train/TrainStateOps.td"
include "dialects/Train/TrainMacOps.td"
include "dialects/Train/TrainEpilogueOps.td"
include "dialects/Train/TrainArithmeticOps.td"
include "dialects/Train/TrainElementwiseOps.td"
include "dialects/Train/TrainLogicOps.td"
include "dialects/Train/TrainReduceOps.td"
include "dialects/Train/TrainMoveOps.td"
include "dialects/Train/TrainWindowOps.td"
include "dialects/Train/TrainRowOps.td"
include "dialects/Train/TrainNormOps.td"
include "dialects/Train/TrainLossOps.td"
include "dialects/Train/TrainUpdateOps.td"
include "dialects/Train/TrainScaleOps.td"
include "dialects/Train/TrainFormOps.td"
include "dialects/Train/TrainMixedOps.td"

#endif // DIALECTS_TRAIN_TRAINOPS_TD
