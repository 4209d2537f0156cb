//===- RegionProof.h - a run through the tasks of a region with clocks ------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_CHIP_REGIONPROOF_H
#define LIB_TRANSFORMS_CHIP_REGIONPROOF_H

#include "ScheduleState.h"

#include "mlir/IR/Diagnostics.h"

#include <map>
#include <unordered_map>

namespace slp {

/// How an op that data decides behaves: trips of a loop, or 1 for the first arm of a `chip.if` and
/// 0 for the other; in its even executions and in its odd ones.
struct Behaviour {
  int64_t even, odd;
};

/// Runs through the tasks of a region in program order and checks rules V2 to V5, V8 and V10 of
/// chip-verify-schedule. An iteration of a loop that begins like an earlier one goes on like it,
/// and so does a loop that has begun like this before: neither is run again.
class RegionProof {
public:
  /// `decisions`: numbers of the loops and branches that data decides.
  RegionProof(llvm::ArrayRef<chip_ir::TaskOp> tasks, const chip::Chip &chip,
              const llvm::DenseMap<mlir::Operation *, int32_t> &decisions);

  /// Fails with an error on the first violation. `decided`: what data decides, by its number.
  mlir::LogicalResult run(llvm::ArrayRef<Behaviour> decided);

  /// Bodies of loops that have been run through, in all runs.
  int64_t bodiesRun() const { return bodies; }

private:
  using Describe = llvm::function_ref<void(mlir::InFlightDiagnostic &)>;

  void beginTask(size_t number);
  void dropKnown(size_t number);
  void renumber();
  void beginBuffers();
  void beginTensors();
  void endTask();
  mlir::LogicalResult runSteps(const std::vector<ScheduleStep> &steps);
  mlir::LogicalResult runStep(const ScheduleStep &step);
  mlir::LogicalResult runLoop(const ScheduleStep &loop, int64_t trips);
  mlir::LogicalResult runTrips(const ScheduleStep &loop, int64_t trips, StateForm form);
  int64_t decide(const ScheduleStep &step);
  mlir::LogicalResult wait(const ScheduleStep &step);
  mlir::LogicalResult signal(const ScheduleStep &step);
  mlir::LogicalResult work(const ScheduleStep &step);
  mlir::LogicalResult access(const ScheduleStep &step, const PlaceAccess &access);
  mlir::LogicalResult access(const ScheduleStep &step, const TensorAccess &access);
  mlir::LogicalResult refuse(const ScheduleStep &step, const PlaceAccess &access);
  mlir::LogicalResult refuse(const ScheduleStep &step, const TensorAccess &access);
  /// Whether work of `engine` that begins now comes behind the work `count` of another one.
  bool isBehind(size_t engine, size_t other, size_t ofClass, int32_t count, Scope scope) const;
  bool isOrdered(size_t engine, const LastAccess *known, bool write, Scope scope) const;
  /// The error for it; success if it is ordered.
  mlir::LogicalResult order(const ScheduleStep &step, const LastAccess *known, bool write,
                            Scope scope, Describe describe);
  void record(const ScheduleStep &step, LastAccess *known, bool read, bool write);
  mlir::LogicalResult setEngine(const ScheduleStep &step, int32_t &slot, int32_t other,
                                llvm::StringRef verb);
  mlir::Operation *opOf(const ScheduleStep &step) const { return program.ops[size_t(step.op)]; }

  std::vector<int64_t> cores;
  ScheduleProgram program;
  int64_t bodies = 0;

  // Of one run.
  llvm::ArrayRef<Behaviour> decided;
  std::optional<ScheduleState> state;
  /// What earlier tasks did, by column, as far as later ones may have to wait for it: to bytes of
  /// memories on the chip and to tensors.
  std::map<ByteRange, std::vector<LastAccess>> ranges;
  std::map<int32_t, std::vector<LastAccess>> tensors;

  // Of one task.
  TaskFrame frame;
  struct Passage {
    int64_t trips;
    StateForm begin, end;
    std::vector<int32_t> turned; // by buffer: copies that it has gone on
  };
  /// By loop and a hash of `begin`.
  std::map<const ScheduleStep *, std::unordered_multimap<uint64_t, Passage>> passages;
};

} // namespace slp

#endif // LIB_TRANSFORMS_CHIP_REGIONPROOF_H
