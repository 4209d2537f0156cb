//===- Groups.h - weight groups of a comparison -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Which groups of weights are closed in which step, as the host of both sides. Called by
// Verify.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_VERIFY_GROUPS_H
#define LIB_VERIFY_GROUPS_H

#include "slp/Verify/Verify.h"

#include "dialects/Train/TrainGroups.h"

namespace slp::verify {

constexpr llvm::StringLiteral refreshFunctionName = "refresh";

/// The state of the numbers: a lasso that shows in narrow formats, the threshold, and the step.
std::vector<float> groupNumbersBy(float threshold, int step);

/// The median of all means that a run of @refresh left, at least two different ones: some are
/// below it.
float medianOfMeans(const reference::NamedTensors &states);

/// What `masks` makes of each mask, by name; of `refresh` nothing.
std::vector<std::pair<std::string, std::vector<float>>>
drawMasks(const reference::NamedTensors &states, GroupMasks masks, uint32_t seed);

} // namespace slp::verify

#endif // LIB_VERIFY_GROUPS_H
