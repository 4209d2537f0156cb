//===- TrainMacOps.h - multiply-accumulate ----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINMACOPS_H
#define DIALECTS_TRAIN_TRAINMACOPS_H

#include "dialects/Train/TrainDialect.h"

#include "dialects/Train/TrainMacOps.h.inc"

#endif // DIALECTS_TRAIN_TRAINMACOPS_H
