//===- TrainPull.h - what pulls a parameter to a target ---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Attributes between a pass that gives parameters a regulariser and train-differentiate, and the
// numbers of it, which are the host's.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINPULL_H
#define DIALECTS_TRAIN_TRAINPULL_H

#include "llvm/ADT/StringRef.h"

namespace slp::train {

/// Attribute of a module: numbers that the host gives at run time and that are states of these
/// names, with their defaults, as a dictionary of f32.
inline llvm::StringRef getNumbersAttrName() { return "train.numbers"; }
/// Attribute of a state before `differentiate`: the states (lambda, target) that pull it. It has no
/// weight decay, and lambda * (state - target)^2 of each element is added to the loss.
inline llvm::StringRef getPullAttrName() { return "train.pull"; }

} // namespace slp::train

#endif // DIALECTS_TRAIN_TRAINPULL_H
