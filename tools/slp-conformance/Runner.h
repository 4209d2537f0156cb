//===- Runner.h - run test cases in processes of their own ------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A case that crashes, hangs or takes all memory must not keep the others from running.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TOOLS_SLP_CONFORMANCE_RUNNER_H
#define TOOLS_SLP_CONFORMANCE_RUNNER_H

#include "Check.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace slp::conformance {

struct Limits {
  unsigned jobs = 1;       // processes at a time
  unsigned seconds = 20;   // wall time of a case
  unsigned memory = 4096;  // MiB of address space of a case; 0: none
  bool showErrors = false; // leave the cases' standard error alone
};

/// Calls `run(i)` for i in [0, count) in a child process each; outcomes are in that order. A child
/// that dies is a crash, one over its time a timeout; both are outcomes, not errors. Fails if no
/// process can be made.
Result<std::vector<Outcome>> runAll(size_t count, const Limits &limits,
                                    llvm::function_ref<Outcome(size_t)> run);

} // namespace slp::conformance

#endif // TOOLS_SLP_CONFORMANCE_RUNNER_H
