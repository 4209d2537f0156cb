//===- TrainOps.h - all train ops -------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// For files that speak of ops of every family. Others include the families they know, so that an
// edit of one record rebuilds little.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINOPS_H
#define DIALECTS_TRAIN_TRAINOPS_H

#include "dialects/Train/TrainElementwiseOps.h"
#include "dialects/Train/TrainFormOps.h"
#include "dialects/Train/TrainLossOps.h"
#include "dialects/Train/TrainMacOps.h"
#include "dialects/Train/TrainMixedOps.h"
#include "dialects/Train/TrainMoveOps.h"
#include "dialects/Train/TrainNormOps.h"
#include "dialects/Train/TrainReduceOps.h"
#include "dialects/Train/TrainRowOps.h"
#include "dialects/Train/TrainScaleOps.h"
#include "dialects/Train/TrainStateOps.h"
#include "dialects/Train/TrainUpdateOps.h"
#include "dialects/Train/TrainWindowOps.h"

#endif // DIALECTS_TRAIN_TRAINOPS_H
