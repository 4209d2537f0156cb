//===- TrainLogicOps.h - what compares or chooses ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINLOGICOPS_H
#define DIALECTS_TRAIN_TRAINLOGICOPS_H

#include "dialects/Train/TrainDialect.h"

#include "llvm/ADT/StringExtras.h"

#include "dialects/Train/TrainLogicOps.h.inc"

#endif // DIALECTS_TRAIN_TRAINLOGICOPS_H
