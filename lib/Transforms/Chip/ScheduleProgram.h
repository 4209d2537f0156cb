//===- ScheduleProgram.h - what a region does, as its proof sees it ---------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The tasks of a region, with everything that can be looked up once in the place of names, types
// and attributes: the proof of chip-verify-schedule runs through bodies many times.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_CHIP_SCHEDULEPROGRAM_H
#define LIB_TRANSFORMS_CHIP_SCHEDULEPROGRAM_H

#include "Footprint.h"
#include "dialects/Chip/TaskOp.h"

#include "llvm/ADT/DenseMap.h"

#include <array>
#include <vector>

namespace slp {

/// Of one bank: cores, which stands for the banks of all of them, or shared.
struct Semaphore {
  chip_ir::Bank bank;
  int64_t number;
  bool operator<(const Semaphore &other) const {
    return std::tie(bank, number) < std::tie(other.bank, other.number);
  }
};

std::string nameOf(Semaphore semaphore);

template <typename SemaphoreOp> Semaphore semaphoreOf(SemaphoreOp op) {
  return {op.getBank(), int64_t(op.getSemaphore())};
}

/// What an instruction does to a buffer: to the copy of the place that is in use.
struct PlaceAccess {
  int32_t place; // -1: the buffer is from no chip.alloc
  bool read, write;
};

/// What a transfer does to a tensor in DRAM.
struct TensorAccess {
  mlir::FlatSymbolRefAttr name;
  int32_t tensor = -1;     // of the task's; -1 in a region of one task, which needs no V10
  int32_t compressed = -1; // of the task's compressed ones
  bool write = false;
};

/// One op: a loop, a branch, a wait, a signal, a buffer that goes on to its next copy, or work.
struct ScheduleStep {
  enum class Kind { loop, branch, wait, signal, alloc, work };
  Kind kind = Kind::work;
  int32_t op = 0;        // its number
  size_t engine = 0;     // of waits, signals and work
  int32_t index = -1;    // a wait's or signal's semaphore, an alloc's buffer
  int32_t decision = -1; // of a loop or branch on data
  int64_t count = 0;     // credits, or trips
  bool across = false;   // a wait or signal on all cores of the region
  double weight = 1;     // ops that run in it, all iterations counted
  std::vector<ScheduleStep> body, otherwise;
  std::optional<TensorAccess> tensor;
  std::vector<PlaceAccess> accesses;
};

/// Bytes that a buffer of a task, or an instruction beside it, uses in all its copies.
struct Place {
  ByteRange first; // of copy 0
  int64_t slotBytes;
  int32_t buffer;
  size_t slot; // where its copies begin among those of all places
  ByteRange rangeOf(int64_t copy) const {
    return {first.space, first.begin + copy * slotBytes, first.end + copy * slotBytes};
  }
};

struct Buffer {
  int64_t slots;
  std::vector<int32_t> places;
};

struct TaskProgram {
  chip_ir::TaskOp task;
  std::vector<ScheduleStep> body;
  std::vector<Place> places;
  std::vector<Buffer> buffers;
  size_t slots = 0;                // of all places
  std::vector<int32_t> tensors;    // of the region's, if it has several tasks
  size_t compressed = 0;           // tensors
  std::vector<int32_t> semaphores; // of the region's
  /// Engines that access a memory: a bit each. `dram` is by tensors.
  std::array<uint32_t, chip_ir::getMaxEnumValForSpace() + 1> engines{};
};

struct ScheduleProgram {
  /// `decisions`: numbers of the loops and branches that data decides.
  ScheduleProgram(llvm::ArrayRef<chip_ir::TaskOp> tasks, const chip::Chip &chip,
                  const llvm::DenseMap<mlir::Operation *, int32_t> &decisions);

  std::vector<mlir::Operation *> ops;
  std::vector<Semaphore> semaphores;
  std::vector<chip_ir::TensorOp> tensors; // in DRAM, by name
  std::vector<std::vector<int32_t>>
      sameBytes;                 // tensors that a tensor shares bytes with, and itself
  std::vector<size_t> lastTasks; // of a tensor: that comes to bytes of it
  std::vector<TaskProgram> tasks;
};

} // namespace slp

#endif // LIB_TRANSFORMS_CHIP_SCHEDULEPROGRAM_H
