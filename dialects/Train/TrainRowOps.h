//===- TrainRowOps.h - functions of whole rows ------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINROWOPS_H
#define DIALECTS_TRAIN_TRAINROWOPS_H

#include "dialects/Train/TrainDialect.h"

#include "dialects/Train/TrainRowOps.h.inc"

#endif // DIALECTS_TRAIN_TRAINROWOPS_H
