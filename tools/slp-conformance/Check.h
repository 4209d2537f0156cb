//===- Check.h - run one test case ------------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Called in a process of its own by Runner.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TOOLS_SLP_CONFORMANCE_CHECK_H
#define TOOLS_SLP_CONFORMANCE_CHECK_H

#include "Case.h"

#include "runtime/chips/Chip.h"
#include "slp/Pipeline/Pipeline.h"
#include "llvm/ADT/StringRef.h"

#include <optional>

namespace slp::conformance {

enum class Kind {
  pass,    // all outputs as expected
  random,  // random by definition: shape, type and ratio are as expected
  refused, // importer, a later stage or the evaluator said why not
  wrong,   // an output differs
  crash,   // the process died
  timeout  // it did not end
};

/// "pass", "random", "refused", "WRONG", "CRASH", "TIMEOUT".
llvm::StringRef stringify(Kind kind);
std::optional<Kind> parseKind(llvm::StringRef text);

/// Whether a user must never see it.
inline bool isFailure(Kind kind) {
  return kind == Kind::wrong || kind == Kind::crash || kind == Kind::timeout;
}

struct Outcome {
  Kind kind = Kind::pass;
  std::string detail; // one line; for pass only what was not compared
  int uncompared = 0; // outputs for which the case has no expected values, in all its data sets
};

struct Settings {
  /// False: evaluate the imported graph in fp32 and compare with the expected outputs. True:
  /// compile for `chip` and compare the simulator with the reference, bit by bit, on the case's
  /// inputs.
  bool verify = false;
  CompileOptions compile;
  std::optional<chip::Chip> chip;
};

/// Runs every data set of the case; the first that does not pass decides.
Outcome check(const Case &testCase, const Settings &settings);

/// Compares an output with what is expected: floats by the tolerance of ONNX's own test runner,
/// |got - expected| <= 1e-7 + 1e-3 |expected| (BFLOAT16: one unit of its last place), everything
/// else exactly. Empty if they agree, else the first difference. `isRandom`: shape, share of zeros,
/// and values where neither is zero.
std::string compareOutput(llvm::StringRef name, const Values &expected,
                          llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<float> got, bool isRandom);

} // namespace slp::conformance

#endif // TOOLS_SLP_CONFORMANCE_CHECK_H
