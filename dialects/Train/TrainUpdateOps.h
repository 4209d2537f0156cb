//===- TrainUpdateOps.h - optimizers ----------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINUPDATEOPS_H
#define DIALECTS_TRAIN_TRAINUPDATEOPS_H

#include "dialects/Train/TrainDialect.h"

#include "dialects/Train/TrainUpdateOps.h.inc"

#endif // DIALECTS_TRAIN_TRAINUPDATEOPS_H
