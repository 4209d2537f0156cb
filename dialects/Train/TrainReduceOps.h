//===- TrainReduceOps.h - sums over dimensions ------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINREDUCEOPS_H
#define DIALECTS_TRAIN_TRAINREDUCEOPS_H

#include "dialects/Train/TrainDialect.h"

#include "dialects/Train/TrainReduceOps.h.inc"

#endif // DIALECTS_TRAIN_TRAINREDUCEOPS_H
