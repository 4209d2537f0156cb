//===- TrainEpilogueOps.h - what can end a MAC op ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINEPILOGUEOPS_H
#define DIALECTS_TRAIN_TRAINEPILOGUEOPS_H

#include "dialects/Train/TrainDialect.h"

#include "llvm/ADT/StringExtras.h"

#include "dialects/Train/TrainEpilogueOps.h.inc"

#endif // DIALECTS_TRAIN_TRAINEPILOGUEOPS_H
