//===- FuseNests.h - the kinds of fusion, and what they share ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Each kind is a file Fuse<Kind>.cpp with one function, which rewrites nothing unless it returns
// true. FuseNests.cpp finds the pairs of nests and tries the kinds on them.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_CHIP_FUSENESTS_H
#define LIB_TRANSFORMS_CHIP_FUSENESTS_H

#include "dialects/Chip/ChipNest.h"

namespace slp {

/// A tensor that one nest stores and a later nest loads, of which both have all elements in their
/// order: a temporary that nobody else loads, or a state, which stays. What the later nest reads
/// besides is the same where the first one is, and nothing between them asks for what it stores.
struct HandOver {
  chip_ir::NestOp from, to;
  bool isKept = false; ///< a state
  chip_ir::BufferOp stored, loaded;
  /// The one instruction that writes `stored`.
  chip_ir::EngineInstruction writer;
};

/// Does what a kind does on the tiles of `from`, and leaves `to` without use; false if it is not of
/// the kind.
bool fuseRound(HandOver pair);
bool fuseClassify(HandOver pair);
bool fuseCopy(HandOver pair);
bool fuseRectify(HandOver pair);

//===- pieces they share ------------------------------------------------------------------===//

/// The instructions of a nest.
mlir::SmallVector<chip_ir::EngineInstruction> runsOf(chip_ir::NestOp nest);

/// Whether an instruction has this mnemonic.
bool isNamed(chip_ir::EngineInstruction run, llvm::StringRef mnemonic);

/// The accumulators that `writer` stores as they are, or null: nothing is done on their way yet.
chip_ir::BufferOp drained(HandOver pair);

/// Whether `result`, a buffer of `to`, has all elements of its tensor, along loops one to one, in
/// the tensor's order, and that tensor has the shape of the one that is handed over: no reshape
/// stands between them.
bool isAlike(HandOver pair, chip_ir::BufferOp result);

/// Adds a buffer of `like`'s tensor to `from`, with the coordinates and in the memory of `stored`.
chip_ir::BufferOp addBufferAlong(HandOver pair, chip_ir::BufferOp like);

/// Adds a buffer of `like`'s tensor, which is the same for all tiles, to `from`, in `space`.
chip_ir::BufferOp addWholeBuffer(HandOver pair, chip_ir::BufferOp like, chip_ir::Space space);

/// `stored` stays on the chip.
void keepOnChip(HandOver pair);

/// Appends `run`, with these buffers for its operands, to `from`, where `writer` is iterated.
chip_ir::EngineInstruction addRun(HandOver pair, chip_ir::EngineInstruction run,
                                  mlir::ValueRange buffers);

/// Notes that `from` does what `to` did.
void noteFused(HandOver pair);

} // namespace slp

#endif // LIB_TRANSFORMS_CHIP_FUSENESTS_H
