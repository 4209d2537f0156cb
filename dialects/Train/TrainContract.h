//===- TrainContract.h - what a step's arguments and results are for --------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Discardable attributes of arguments and results of @step and @eval. The importer sets them, all
// stages keep them, and emit writes them into the image, whose readers know no other names
// (docs/image.md, "The contract").
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINCONTRACT_H
#define DIALECTS_TRAIN_TRAINCONTRACT_H

#include "llvm/ADT/StringRef.h"

namespace slp::train {

/// Of a result "loss" or "logits", of an argument "labels" or "targets": what the logits are judged
/// by.
inline llvm::StringRef getRoleAttrName() { return "train.role"; }
/// Of the logits: the dimension of the classes (i64).
inline llvm::StringRef getClassAxisAttrName() { return "train.class_axis"; }
/// Of a loss that the graph brings itself: @eval returns it too (unit).
inline llvm::StringRef getEvaluatedAttrName() { return "train.evaluated"; }
/// Of an argument that a loss takes for classes: how many there are (i64).
inline llvm::StringRef getClassesAttrName() { return "train.classes"; }
/// Of such an argument: the label that does not count (i32). Absent: every label does.
inline llvm::StringRef getIgnoreAttrName() { return "train.ignore"; }
/// Of an argument that names places: element e is -n to n - 1, n = list[e mod its length] (i64s).
inline llvm::StringRef getPlacesAttrName() { return "train.places"; }

} // namespace slp::train

#endif // DIALECTS_TRAIN_TRAINCONTRACT_H
