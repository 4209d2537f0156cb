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
/// order. What the later nest touches besides is the same where the first one is, and nothing
/// between them asks for what it stores.
struct HandOver {
  chip_ir::NestOp from, to;
  bool isState = false;
  bool isOnly = false; ///< `to` is the only one that loads it, and it is no state
  chip_ir::BufferOp stored, loaded;
  /// The one instruction that writes `stored`.
  chip_ir::EngineInstruction writer;
};

/// Does what a kind does on the tiles of `from`; false if it is not of the kind. `to` is without
/// use then; fuseChannels alone leaves in it what joins the parts.
bool fuseRound(HandOver pair);
bool fuseClassify(HandOver pair);
bool fuseCopy(HandOver pair);
bool fuseElementwise(HandOver pair);
bool fuseChannels(HandOver pair);

//===- pieces they share ------------------------------------------------------------------===//

/// The instructions of a nest.
mlir::SmallVector<chip_ir::EngineInstruction> runsOf(chip_ir::NestOp nest);

/// Whether an instruction has this mnemonic.
bool isNamed(chip_ir::EngineInstruction run, llvm::StringRef mnemonic);

/// The accumulators that `writer` stores as they are, or null: nothing is done on their way yet.
chip_ir::BufferOp drained(HandOver pair);

/// Whether the buffer has all elements of its tensor, along loops one to one, in the tensor's
/// order.
bool coversInOrder(chip_ir::BufferOp buffer);

/// Whether `result`, a buffer of `to`, has all elements of its tensor, along loops one to one, in
/// the tensor's order, and that tensor has the shape of the one that is handed over: no reshape
/// stands between them.
bool isAlike(HandOver pair, chip_ir::BufferOp result);

/// Whether each tile of `stored` is written once: the loops that `writer` iterates are those that
/// the tile follows.
bool isWrittenOnce(HandOver pair);

/// Adds a buffer of `like`'s tensor to `from`, with the coordinates and in the memory of `stored`.
chip_ir::BufferOp addBufferAlong(HandOver pair, chip_ir::BufferOp like);

/// Adds a buffer of `like`'s tensor, which is the same for all tiles, to `from`, in `space`.
chip_ir::BufferOp addWholeBuffer(HandOver pair, chip_ir::BufferOp like, chip_ir::Space space);

/// `stored` stays on the chip if nobody else loads it.
void keepOnChip(HandOver pair);

/// Appends `run`, with these buffers for its operands, to `from`, where `writer` is iterated.
chip_ir::EngineInstruction addRun(HandOver pair, chip_ir::EngineInstruction run,
                                  mlir::ValueRange buffers);

/// Notes that `from` does what `to` did.
void noteFused(HandOver pair);

/// Notes that a buffer or run is of `nest`, unless it is noted that it is of another.
void noteOrigin(mlir::Operation *op, chip_ir::NestOp nest);

//===- the coordinates of `to` in `from` -----------------------------------------------------===//

/// Which dimensions of `stored` are which of `loaded`: the same elements may be under two shapes.
class Alignment {
public:
  /// Some dimensions of both that hold the same elements.
  struct Group {
    mlir::SmallVector<unsigned> loaded, stored;
  };
  /// As few dimensions to a group as the shapes allow.
  explicit Alignment(HandOver pair);
  mlir::ArrayRef<Group> groups() const { return all; }
  /// The coordinates in `from` of a buffer of `to` that in each group either has those of `loaded`
  /// or serves all of them; nothing for another.
  std::optional<mlir::SmallVector<chip_ir::NestDim>> dimsInFrom(chip_ir::BufferOp buffer) const;

private:
  HandOver pair;
  mlir::SmallVector<chip_ir::NestDim> ofLoaded, ofStored;
  mlir::SmallVector<Group> all;
};

/// Brings instructions of `to` to `from`, in their order, with the buffers that they need: those
/// that `alignment` knows. Those in front of loops stand in front of the same ones there.
class Adoption {
public:
  Adoption(HandOver pair, const Alignment &alignment) : pair(pair), alignment(alignment) {}
  /// Whether all buffers of `run` but those of `others` can be brought.
  bool canAdopt(chip_ir::EngineInstruction run, mlir::ValueRange others = {}) const;
  /// Says what stands for a buffer of `to`.
  void replace(mlir::Value buffer, mlir::Value with) { known[buffer] = with; }
  /// Brings a run; `iterates`: the loops of `from`, or where `writer` is.
  chip_ir::EngineInstruction adopt(chip_ir::EngineInstruction run);

private:
  mlir::Value bufferFor(mlir::Value buffer);

  HandOver pair;
  const Alignment &alignment;
  llvm::DenseMap<mlir::Value, mlir::Value> known;
};

} // namespace slp

#endif // LIB_TRANSFORMS_CHIP_FUSENESTS_H
