//===- TrainWindowOps.h - pooling -------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINWINDOWOPS_H
#define DIALECTS_TRAIN_TRAINWINDOWOPS_H

#include "dialects/Train/TrainDialect.h"

#include "dialects/Train/TrainWindowOps.h.inc"

#endif // DIALECTS_TRAIN_TRAINWINDOWOPS_H
