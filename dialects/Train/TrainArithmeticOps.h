//===- TrainArithmeticOps.h - sums, differences, products, quotients --------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINARITHMETICOPS_H
#define DIALECTS_TRAIN_TRAINARITHMETICOPS_H

#include "dialects/Train/TrainDialect.h"

#include "llvm/ADT/StringExtras.h"

#include "dialects/Train/TrainArithmeticOps.h.inc"

#endif // DIALECTS_TRAIN_TRAINARITHMETICOPS_H
