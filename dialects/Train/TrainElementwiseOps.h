//===- TrainElementwiseOps.h - functions, element by element ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINELEMENTWISEOPS_H
#define DIALECTS_TRAIN_TRAINELEMENTWISEOPS_H

#include "dialects/Train/TrainDialect.h"

#include "llvm/ADT/StringExtras.h"

#include "dialects/Train/TrainElementwiseOps.h.inc"

#endif // DIALECTS_TRAIN_TRAINELEMENTWISEOPS_H
