//===- TrainLossOps.h - losses ----------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINLOSSOPS_H
#define DIALECTS_TRAIN_TRAINLOSSOPS_H

#include "dialects/Train/TrainDialect.h"

#include "dialects/Train/TrainLossOps.h.inc"

#endif // DIALECTS_TRAIN_TRAINLOSSOPS_H
