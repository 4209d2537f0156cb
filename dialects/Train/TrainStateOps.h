//===- TrainStateOps.h - parameters and optimizer state ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINSTATEOPS_H
#define DIALECTS_TRAIN_TRAINSTATEOPS_H

#include "dialects/Train/TrainDialect.h"

#include "dialects/Train/TrainStateOps.h.inc"

#endif // DIALECTS_TRAIN_TRAINSTATEOPS_H
