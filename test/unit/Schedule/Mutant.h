//===- Mutant.h - schedules that are damaged in one place -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What can be done to a scheduled module, and what becomes of it: whether chip-verify-schedule
// accepts it, what --check-order says of its run, and what random interleavings compute.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TEST_UNIT_SCHEDULE_MUTANT_H
#define TEST_UNIT_SCHEDULE_MUTANT_H

#include "runtime/exec/Machine.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/FunctionExtras.h"

#include <cstdlib>
#include <map>
#include <random>

namespace slp {

/// A number below the argument.
using Draw = llvm::function_ref<int64_t(int64_t)>;

/// Damages a module; false if it has nothing to damage in this way.
struct Mutation {
  const char *name;
  bool (*apply)(mlir::ModuleOp, Draw draw);
  bool isOtherProgram = false; // not only another schedule: values are its own in program order
};

/// All there are.
llvm::ArrayRef<Mutation> mutations();

std::string textOf(mlir::ModuleOp module);

/// The number in an environment variable, or `otherwise`.
inline uint32_t fromEnvironment(const char *name, uint32_t otherwise) {
  const char *text = std::getenv(name);
  return text ? uint32_t(std::strtoul(text, nullptr, 10)) : otherwise;
}

/// What became of a program.
enum class Outcome {
  identical,
  different,
  deadlock,
  unordered, // the check of the order fails, at `fault`
};

using Values = std::map<std::string, std::vector<float>>;

class MutantRunner {
public:
  explicit MutantRunner(const std::string &target);

  bool isAccepted(mlir::ModuleOp module);
  /// Lowers a scheduled module.
  mlir::FailureOr<image::Image> emit(mlir::ModuleOp module);
  /// One run: in program order, with the check of the order, or in an interleaving.
  Outcome run(const image::Image &image, uint64_t interleaveSeed, Values &values) {
    return run(image, interleaveSeed, values, /*checksOrder=*/interleaveSeed == 0);
  }
  Outcome run(const image::Image &image, uint64_t interleaveSeed, Values &values, bool checksOrder);
  /// A run in program order and some in random interleavings, which must give `expected`; if that
  /// is null, what program order gives. Then nothing is wrong with a program that does not run in
  /// program order, or that reads what nothing has written: V1 to V9 do not speak of that.
  Outcome runAll(const image::Image &image, const Values *expected);

  /// Some random interleavings, which must give `expected`.
  Outcome interleave(const image::Image &image, const Values &expected);

  /// Damages a sound program `times` times and counts. What is still accepted must do no harm.
  void damage(mlir::ModuleOp sound, const Values &expected, int times);
  void printCounts() const;

  mlir::MLIRContext context;
  chip::Chip chip;
  std::string folder;  // of the model
  bool isStep = false; // of a model: it writes what it reads but for inputs and states
  std::string message; // of the last diagnostic or run
  std::optional<exec::OrderFault> fault;
  std::mt19937 random;
  int64_t draw(int64_t n) { return int64_t(random() % uint32_t(n)); }

  struct Count {
    int rejected = 0, accepted = 0;
    int flagged = 0; // of the rejected ones, by the check of the order
  };
  std::map<std::string, Count> counts;   // by mutation
  int unwritten = 0;                     // accepted, and read what nothing has written
  int harmful = 0, simulatedRejects = 0; // rejected ones that were run in interleavings

private:
  bool isWritten(const image::Tensor &tensor) const;
};

} // namespace slp

#endif // TEST_UNIT_SCHEDULE_MUTANT_H
