//===- LaneWork.h - lane operations of vector instructions ------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The table "Steps of vector instructions" of docs/timing.md, in numbers: the machine reports by it
// what an instruction did, and lib/Analysis asks it what one would do.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_LANEWORK_H
#define RUNTIME_EXEC_LANEWORK_H

#include "runtime/chips/Chip.h"
#include "runtime/isa/Instructions.h"

#include <cstdint>

namespace slp::exec {

/// What an instruction works on. Which of these it counts, and what its rows are, the table says.
struct LaneCounts {
  uint64_t results = 0;  // elements of its first destination
  uint64_t operands = 0; // elements of the operand that it goes through; of a join, parts
  uint64_t pairs = 0;    // of a result and a position of its window that is inside the extents
  uint64_t rows = 0;     // rows, images, channels or groups
  bool hasMore = false;  // the operand that only some have, where it makes a difference
};

/// Lane operations of a vector instruction. `function`: the field of this name, if it has one.
uint64_t laneOperations(mach::Opcode opcode, uint8_t function, const LaneCounts &counts,
                        const chip::LaneOperations &lane);

/// Of one element of v.unary and v.binary: a number of the chip, or steps.
int unaryOperations(uint8_t function, const chip::LaneOperations &lane);
int binaryOperations(uint8_t function, const chip::LaneOperations &lane);

} // namespace slp::exec

#endif // RUNTIME_EXEC_LANEWORK_H
