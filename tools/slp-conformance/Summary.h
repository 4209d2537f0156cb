//===- Summary.h - what a run over many cases shows -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TOOLS_SLP_CONFORMANCE_SUMMARY_H
#define TOOLS_SLP_CONFORMANCE_SUMMARY_H

#include "Check.h"

#include "llvm/Support/raw_ostream.h"

namespace slp::conformance {

struct CaseResult {
  Case testCase;
  Outcome outcome;
};

/// "node/test_relu: pass", "node/test_erf: refused: node ...".
void printCase(const CaseResult &result, llvm::raw_ostream &os);

/// Per operator: cases whose graph has it, and how many of them had which outcome.
void printOperators(llvm::ArrayRef<CaseResult> results, llvm::raw_ostream &os);

/// The commonest reasons of refusal, names and numbers left out.
void printReasons(llvm::ArrayRef<CaseResult> results, llvm::raw_ostream &os);

/// One line: "1072 cases: 30 pass, ...".
void printTotal(llvm::ArrayRef<CaseResult> results, llvm::raw_ostream &os);

/// {"run": run, "cases": {NAME: {"operators", "opset", "result", "detail"}}}, one case a line,
/// sorted by name.
void printJSON(llvm::ArrayRef<CaseResult> results, llvm::StringRef run, llvm::raw_ostream &os);

/// Compares with a file of tools/scripts/conformance, test/data/conformance.json: every case that
/// is "pass" or "random" for `run` there must be so again. Returns one line for each that is not.
/// Fails if the file cannot be read, or names no case of `results`.
Result<std::vector<std::string>> findRegressions(llvm::ArrayRef<CaseResult> results,
                                                 llvm::StringRef run, const std::string &file);

} // namespace slp::conformance

#endif // TOOLS_SLP_CONFORMANCE_SUMMARY_H
