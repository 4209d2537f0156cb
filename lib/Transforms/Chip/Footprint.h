//===- Footprint.h - which bytes of which memory are used -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_CHIP_FOOTPRINT_H
#define LIB_TRANSFORMS_CHIP_FOOTPRINT_H

#include "dialects/Chip/AllocOp.h"
#include "dialects/Chip/ChipInstruction.h"
#include "dialects/Chip/TensorOp.h"
#include "runtime/chips/Chip.h"

#include <tuple>

namespace slp {

/// Bytes [begin, end) of a memory; of scratchpads and accumulators each core has its own.
struct ByteRange {
  chip_ir::Space space;
  int64_t begin, end;
  bool operator<(const ByteRange &other) const {
    return std::tie(space, begin, end) < std::tie(other.space, other.begin, other.end);
  }
  bool overlaps(const ByteRange &other) const {
    return space == other.space && begin < other.end && other.begin < end;
  }
};

/// Bytes of the elements of a buffer's type, of one copy.
int64_t bytesOf(mlir::Value buffer);

/// All copies of a buffer that has an address.
ByteRange rangeOf(chip_ir::AllocOp alloc);

/// A tensor at an address, the bitmaps of a compressed one, which lie in front of it, included.
ByteRange rangeAt(chip_ir::TensorOp tensor, int64_t address);

/// A tensor that has an address.
ByteRange rangeOf(chip_ir::TensorOp tensor);

/// The accumulator bytes that an instruction uses beyond its operands, as the distance from its
/// first result: conv.wg keeps the chain of an image in bank 1, the total in bank 0, unless one
/// chain runs through all images. 0 if there are none.
int64_t hiddenShift(chip_ir::EngineInstruction instr, const chip::Chip &chip);

} // namespace slp

#endif // LIB_TRANSFORMS_CHIP_FOOTPRINT_H
