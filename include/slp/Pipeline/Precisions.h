//===- Precisions.h - which precisions the shipped chips run
//-----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef SLP_PIPELINE_PRECISIONS_H
#define SLP_PIPELINE_PRECISIONS_H

#include "slp/Import/ONNX.h"

namespace slp {

/// The shipped chips, ascending, and the narrow policies of --precision that
/// train-assign-precision accepts for each: it is asked.
std::vector<ChipPrecisions> listChipPrecisions();

} // namespace slp

#endif // SLP_PIPELINE_PRECISIONS_H
