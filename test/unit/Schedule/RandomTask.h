//===- RandomTask.h - small steps of one or two ops, drawn at random --------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Train IR of stage precision whose every op becomes one task: what the tests of the schedule
// compile with random tiles.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TEST_UNIT_SCHEDULE_RANDOMTASK_H
#define TEST_UNIT_SCHEDULE_RANDOMTASK_H

#include <cstdint>
#include <string>

namespace slp {

/// A module with a function @step: a convolution or a gradient of one, a matrix product, pooling,
/// an elementwise op, a bias gradient or an update, in the formats of chip lnpu. The same seed
/// gives the same text on any host.
std::string makeRandomTask(uint32_t seed);

} // namespace slp

#endif // TEST_UNIT_SCHEDULE_RANDOMTASK_H
