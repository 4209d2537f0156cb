//===- TrainMoveOps.h - the same elements elsewhere -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINMOVEOPS_H
#define DIALECTS_TRAIN_TRAINMOVEOPS_H

#include "dialects/Train/TrainDialect.h"

#include "dialects/Train/TrainMoveOps.h.inc"

#endif // DIALECTS_TRAIN_TRAINMOVEOPS_H
