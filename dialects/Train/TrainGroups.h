//===- TrainGroups.h - weight groups ------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINGROUPS_H
#define DIALECTS_TRAIN_TRAINGROUPS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

namespace slp::train {

/// Elements of the state of weight groups' numbers (docs/numerics.md section 13).
enum GroupNumber { lassoElement, thresholdElement, stepsElement, groupNumbers };

/// The state with these numbers. runtime/api/WeightGroups.h knows it by this name, masks and means
/// by what is added to the names of their weights.
constexpr llvm::StringLiteral groupNumbersName = "weight_groups", groupsSuffix = ".groups",
                              groupMeansSuffix = ".groups.means";

/// (ceil(Co/8), ceil(Ci/8), KH, KW) of weights (Co, Ci, KH, KW).
llvm::SmallVector<int64_t> groupShapeOf(llvm::ArrayRef<int64_t> weights);

} // namespace slp::train

#endif // DIALECTS_TRAIN_TRAINGROUPS_H
