//===- ScheduleClocks.h - what each engine knows to be done -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Vector clocks for chip-verify-schedule. All cores of a task do the same, so that cores are told
// apart by the tasks that they have a part in: those that no task tells apart are a class. The work
// of one engine on one class is a column: it is counted, and what others know of it is such a
// count.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_CHIP_SCHEDULECLOCKS_H
#define LIB_TRANSFORMS_CHIP_SCHEDULECLOCKS_H

#include "dialects/Chip/ChipDialect.h"

#include "llvm/ADT/ArrayRef.h"

#include <vector>

namespace slp {

constexpr size_t scheduleEngines = chip_ir::getMaxEnumValForEngine();
inline size_t indexOf(chip_ir::Engine engine) { return size_t(engine) - 1; }
inline chip_ir::Engine engineAt(size_t index) { return chip_ir::Engine(index + 1); }

inline size_t columnOf(size_t engine, size_t ofClass) { return ofClass * scheduleEngines + engine; }

/// Other numbers for the counts of each column, in the same order.
class Renumbering {
public:
  /// Counts up to `kept` stay as they are, by column; the others are at most `counts`.
  Renumbering(llvm::ArrayRef<int32_t> kept, llvm::ArrayRef<int32_t> counts);

  /// A count from which others must stay apart.
  void note(size_t column, int32_t count) {
    if (count > kept[column])
      numbers[starts[column] + size_t(count - kept[column])] = 1;
  }
  /// When all have been noted.
  void finish();
  int32_t operator()(size_t column, int32_t count) const {
    return count <= kept[column] ? count : numbers[starts[column] + size_t(count - kept[column])];
  }

private:
  std::vector<int32_t> kept;
  std::vector<size_t> starts;   // of a column in the next
  std::vector<int32_t> numbers; // of kept, kept + 1, ...
};

/// A clock is what an engine knows to be done, as it stands in memory: by engine, on the same core
/// (of no use to an engine with one queue), then, by column, on each core of the class.
class ScheduleClocks {
public:
  /// `cores`: how many cores tasks have, counted from core 0.
  explicit ScheduleClocks(llvm::ArrayRef<int64_t> cores);

  size_t classes() const { return ends.size(); }
  size_t columns() const { return classes() * scheduleEngines; }
  /// Numbers in a clock.
  size_t clockSize() const { return scheduleEngines + columns(); }
  /// The classes of the first so many cores.
  size_t classesOf(int64_t cores) const;
  bool hasOneCore() const { return ends.back() == 1; }

  /// An engine does one more piece of work, on the first `classes` of cores.
  void work(size_t engine, size_t classes);
  /// The work that an engine has begun on a class.
  int32_t begun(size_t column) const { return values[column]; }
  llvm::ArrayRef<int32_t> begun() const { return llvm::ArrayRef(values).take_front(columns()); }
  /// How much work of `other`, on the same core of a class, `engine` knows to be done; of an engine
  /// with one queue, on each core of the class.
  int32_t knownOnCore(size_t engine, size_t other, size_t ofClass) const {
    const int32_t *clock = clockOf(engine, ofClass);
    return clock[perCore(engine) ? other : scheduleEngines + columnOf(other, ofClass)];
  }
  /// The same, on each core of the class `otherClass`, to `engine` on a core of `ofClass`.
  int32_t knownOfAll(size_t engine, size_t ofClass, size_t other, size_t otherClass) const {
    return clockOf(engine, ofClass)[scheduleEngines + columnOf(other, otherClass)];
  }

  /// What `engine` gives with a signal to a core of a class.
  llvm::ArrayRef<int32_t> give(size_t engine, size_t ofClass) const {
    return {clockOf(engine, ofClass), clockSize()};
  }
  /// `engine` takes on the cores of a class what `giver` gave there.
  void take(size_t engine, size_t giver, size_t ofClass, const int32_t *given);

  /// Gives other numbers to the counts of a clock of a core of the class.
  void renumber(const Renumbering &number, int32_t *clock, size_t ofClass) const;
  void renumber(const Renumbering &number);

  /// All counts and clocks, for those that keep them.
  llvm::ArrayRef<int32_t> numbers() const { return values; }
  void restore(llvm::ArrayRef<int32_t> numbers) { values.assign(numbers.begin(), numbers.end()); }

  static bool perCore(size_t engine) { return isPerCore(engineAt(engine)); }

private:
  const int32_t *clockOf(size_t engine, size_t ofClass) const {
    return &values[starts[engine] + (perCore(engine) ? ofClass * clockSize() : 0)];
  }
  int32_t *clockOf(size_t engine, size_t ofClass) {
    return &values[starts[engine] + (perCore(engine) ? ofClass * clockSize() : 0)];
  }
  bool hasOneCore(size_t ofClass) const {
    return ends[ofClass] - (ofClass ? ends[ofClass - 1] : 0) == 1;
  }

  std::vector<int64_t> ends;                  // of each class, the core behind its last
  std::vector<int32_t> values;                // the counts by column, then the clocks
  std::array<size_t, scheduleEngines> starts; // of an engine's clocks: by class, or one
};

} // namespace slp

#endif // LIB_TRANSFORMS_CHIP_SCHEDULECLOCKS_H
