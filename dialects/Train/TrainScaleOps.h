//===- TrainScaleOps.h - dynamic loss scaling ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINSCALEOPS_H
#define DIALECTS_TRAIN_TRAINSCALEOPS_H

#include "dialects/Train/TrainDialect.h"

#include "dialects/Train/TrainScaleOps.h.inc"

namespace slp::train {

/// Elements of the state `loss_scale` (docs/numerics.md section 10).
enum LossScaleElement { scaleElement, goodElement, skippedElement, heldElement, scaleElements };

} // namespace slp::train

#endif // DIALECTS_TRAIN_TRAINSCALEOPS_H
