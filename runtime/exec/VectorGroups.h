//===- VectorGroups.h - weight groups in the vector unit
//---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Groups of 8 x 8 channels at one tap of weights (co, ci, kh, kw): tiles with an element for each
// have the coordinates of the weights, those of channels over 8. For VectorGroups.cpp and
// VectorUpdate.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_VECTORGROUPS_H
#define RUNTIME_EXEC_VECTORGROUPS_H

#include "runtime/exec/Vector.h"

namespace slp::exec {

constexpr int64_t groupChannels = 8;

/// Fails if the tensor of `groups` does not have an element for each group of that of `weights`,
/// both of rank 4.
Status checkGroupExtents(const TileView &groups, const char *name, const TileView &weights);

} // namespace slp::exec

#endif // RUNTIME_EXEC_VECTORGROUPS_H
