//===- TrainNormOps.h - normalisation, running averages, dropout ------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINNORMOPS_H
#define DIALECTS_TRAIN_TRAINNORMOPS_H

#include "dialects/Train/TrainDialect.h"

#include "dialects/Train/TrainNormOps.h.inc"

#endif // DIALECTS_TRAIN_TRAINNORMOPS_H
