//===- TrainMixedOps.h - element-wise mixing of FP8 and FP16 --------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINMIXEDOPS_H
#define DIALECTS_TRAIN_TRAINMIXEDOPS_H

#include "dialects/Train/TrainDialect.h"

#include "dialects/Train/TrainMixedOps.h.inc"

#endif // DIALECTS_TRAIN_TRAINMIXEDOPS_H
