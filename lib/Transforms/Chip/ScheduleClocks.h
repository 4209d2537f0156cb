//===- ScheduleClocks.h - what each engine knows to be done -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Vector clocks for chip-verify-schedule. All cores of a task do the same, so that cores are told
// apart by the tasks that they have a part in: those that no task tells apart are a class.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_CHIP_SCHEDULECLOCKS_H
#define LIB_TRANSFORMS_CHIP_SCHEDULECLOCKS_H

#include "dialects/Chip/ChipDialect.h"

#include "llvm/ADT/ArrayRef.h"

#include <array>
#include <deque>
#include <map>
#include <vector>

namespace slp {

constexpr size_t scheduleEngines = chip_ir::getMaxEnumValForEngine() + 1;
/// By engine: how much of its work is done, on one core or on each of several.
using Counts = std::array<int64_t, scheduleEngines>;

/// What an engine knows to be done.
struct Clock {
  Counts own{};            // on the same core; of no use to an engine with one queue
  std::vector<Counts> all; // by class: on each of its cores
};

/// One unit of a semaphore, given and not yet taken: by class of the cores that have it, what its
/// giver knew there.
using Credit = std::vector<Clock>;

class ScheduleClocks {
public:
  /// `cores`: how many cores tasks have, counted from core 0.
  explicit ScheduleClocks(llvm::ArrayRef<int64_t> cores);

  size_t classes() const { return ends.size(); }
  /// The classes of the first so many cores.
  size_t classesOf(int64_t cores) const;

  /// An engine does one more piece of work, on the first `classes` of cores.
  void work(chip_ir::Engine engine, size_t classes);
  /// The work that an engine has begun on a class.
  int64_t begun(chip_ir::Engine engine, size_t ofClass) const {
    return counts[size_t(engine)][ofClass];
  }
  /// How much work of `other`, on the same core of a class, `engine` knows to be done; of an engine
  /// with one queue, on each core of the class.
  int64_t knownOnCore(chip_ir::Engine engine, chip_ir::Engine other, size_t ofClass) const;
  /// The same, on each core of the class `otherClass`, to `engine` on a core of `ofClass`.
  int64_t knownOfAll(chip_ir::Engine engine, size_t ofClass, chip_ir::Engine other,
                     size_t otherClass) const {
    return clockOf(engine, ofClass).all[otherClass][size_t(other)];
  }

  /// What `engine` gives with a signal to the first `classes` of cores.
  Credit give(chip_ir::Engine engine, size_t classes) const;
  /// `engine` takes a credit of `giver`, on the cores that have it.
  void take(chip_ir::Engine engine, chip_ir::Engine giver, const Credit &credit);

private:
  const Clock &clockOf(chip_ir::Engine engine, size_t ofClass) const {
    return clocks[size_t(engine)][isPerCore(engine) ? ofClass : 0];
  }
  bool hasOneCore(size_t ofClass) const {
    return ends[ofClass] - (ofClass ? ends[ofClass - 1] : 0) == 1;
  }

  std::vector<int64_t> ends;                              // of each class, the core behind its last
  std::array<std::vector<Clock>, scheduleEngines> clocks; // by class; the first alone of one queue
  std::array<std::vector<int64_t>, scheduleEngines> counts; // by class
};

} // namespace slp

#endif // LIB_TRANSFORMS_CHIP_SCHEDULECLOCKS_H
