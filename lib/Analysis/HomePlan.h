//===- HomePlan.h - which tensors may stay on the chip between nests --------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Temporaries stay in the shared buffer from the nest that stores them to the last that loads them,
// if there is room beside what those nests need themselves. They are taken one by one, those first
// that save most transfers for the time that they take memory, and get their place at once.
// chip-choose-homes carries a plan out; chip-fuse-nests asks what could stay if nothing were fused.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_ANALYSIS_HOMEPLAN_H
#define LIB_ANALYSIS_HOMEPLAN_H

#include "dialects/Chip/ChipNest.h"
#include "dialects/Chip/TensorOp.h"
#include "runtime/chips/Chip.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringSet.h"

#include <optional>
#include <vector>

namespace slp {

/// Bytes [begin, end) of the shared buffer.
struct Room {
  int64_t begin, end;
  int64_t bytes() const { return end - begin; }
};

/// The nests of one function between which a tensor is alive, by their number in it.
struct NestLife {
  size_t first, last;
  bool overlaps(const NestLife &other) const { return first <= other.last && other.first <= last; }
};

/// A tensor that may stay on the chip.
struct HomeCandidate {
  chip_ir::TensorOp tensor;
  int64_t bytes = 0;
  mlir::SmallVector<chip_ir::BufferOp> buffers;    // of it
  mlir::SmallVector<std::optional<NestLife>> life; // by function
  std::optional<Room> place;                       // once it is chosen
  /// A state or its compute copy, which stays over steps.
  bool isState() const {
    return llvm::is_contained({chip_ir::Role::state, chip_ir::Role::copy},
                              chip_ir::TensorOp(tensor).getRole());
  }
  bool isAliveAt(size_t function, size_t nest) const {
    return life[function] && life[function]->first <= nest && nest <= life[function]->last;
  }
  bool livesWith(const HomeCandidate &other) const;
  /// Loads and stores for each nest that it stays for.
  double worth() const;
};

/// A plan for a module as it is; it changes nothing.
class HomePlan {
public:
  /// `seed`: non-zero: tensors are drawn, and nests may have to do with the smallest tiles.
  /// `isEmpty`: nothing stays.
  HomePlan(mlir::ModuleOp module, const chip::Chip &chip, uint64_t seed, bool isEmpty = false);

  mlir::ArrayRef<const HomeCandidate *> chosen() const { return residents; }
  /// Whether a tensor of this name stays.
  bool stays(llvm::StringRef tensor) const { return names.contains(tensor); }
  /// Whether a nest, which may have taken the place of others, has a tensor that stays in a way in
  /// which it could not.
  bool expels(chip_ir::NestOp nest) const;
  /// Nests by function and number.
  llvm::ArrayRef<mlir::SmallVector<chip_ir::NestOp>> getNests() const { return nests; }
  /// The largest stretch of the shared buffer that no tensor has at a nest.
  Room roomAt(size_t function, size_t nest) const;
  /// Whether a nest can do its work in so many bytes beside the tensors that stay: its other
  /// buffers fit whole, twice unless it works on one of these, which is there already. Tiles of
  /// large nests need all the memory that there is.
  bool leavesRoom(chip_ir::NestOp nest, int64_t bytes) const;
  int64_t getCapacity() const { return capacity; }

private:
  void collect();
  void excludeWatched(llvm::StringSet<> &excluded) const;
  bool isFit(HomeCandidate &candidate) const;
  bool tryPlace(HomeCandidate &candidate);
  bool isResident(chip_ir::BufferOp buffer) const;

  mlir::ModuleOp module;
  int64_t capacity;
  uint64_t seed;
  std::vector<mlir::SmallVector<chip_ir::NestOp>> nests; // by function
  std::vector<HomeCandidate> candidates;
  mlir::SmallVector<const HomeCandidate *> residents;
  llvm::StringSet<> names;
};

/// Whether a buffer is, in the shared buffer itself, a tensor that stays there.
inline bool isInShared(chip_ir::BufferOp buffer) {
  return chip_ir::spaceOf(mlir::cast<mlir::MemRefType>(buffer.getType())) == chip_ir::Space::shared;
}

/// Loops along buffers in the shared buffer that are `on_chip` are not cut, and tiles lie in
/// `room`, unless that is all of `capacity`.
void fitBetweenHomes(chip_ir::NestOp nest, Room room, int64_t capacity);

} // namespace slp

#endif // LIB_ANALYSIS_HOMEPLAN_H
