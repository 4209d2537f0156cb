//===- TrainFormOps.h - what a file says of its own training ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINFORMOPS_H
#define DIALECTS_TRAIN_TRAINFORMOPS_H

#include "dialects/Train/TrainDialect.h"

#include "dialects/Train/TrainFormOps.h.inc"

#endif // DIALECTS_TRAIN_TRAINFORMOPS_H
