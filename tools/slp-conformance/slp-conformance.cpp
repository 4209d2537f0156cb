//===- slp-conformance.cpp - run the ONNX project's test cases --------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Imports each case, evaluates it in fp32 by the reference and compares with the expected outputs;
// with --verify, compiles it and compares the simulator with the reference. Exit status 1 if an
// output is wrong, a case crashes or hangs, or a case of --expect does not pass any more.
//
//===----------------------------------------------------------------------------------------===//

#include "Runner.h"
#include "Summary.h"

#include "runtime/api/Version.h"
#include "runtime/image/File.h"
#include "tools/ForeignOptions.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Regex.h"

using namespace slp;
using namespace slp::conformance;
namespace cl = llvm::cl;

namespace {
struct Flags {
  explicit Flags(cl::OptionCategory &c)
      : folders(cl::Positional, cl::OneOrMore, cl::desc("FOLDER..."), cl::cat(c)),
        filter("filter", cl::desc("only cases whose name matches"), cl::value_desc("REGEX"),
               cl::cat(c)),
        json("json", cl::desc("write all results"), cl::value_desc("FILE"), cl::cat(c)),
        expect("expect", cl::desc("fail if a case that passes in FILE does not pass any more"),
               cl::value_desc("FILE.json"), cl::cat(c)),
        verify("verify", cl::desc("compile, simulate and compare with the reference instead"),
               cl::cat(c)),
        target("target", cl::desc("chip of --verify"), cl::value_desc("NAME|FILE.yaml"),
               cl::init(CompileOptions().target), cl::cat(c)),
        precision("precision", cl::desc("of --verify: fp16 or fp8"), cl::value_desc("NAME"),
                  cl::init(CompileOptions().precision), cl::cat(c)),
        jobs("jobs", cl::desc("cases at a time"), cl::value_desc("N"), cl::init(limits.jobs),
             cl::cat(c)),
        seconds("timeout", cl::desc("of one case, in seconds"), cl::value_desc("N"),
                cl::init(limits.seconds), cl::cat(c)),
        memory("memory", cl::desc("address space of one case, in MiB; 0: no limit"),
               cl::value_desc("N"), cl::init(limits.memory), cl::cat(c)),
        operators("operators", cl::desc("print outcomes per operator"), cl::cat(c)),
        reasons("reasons", cl::desc("print how often what was refused"), cl::cat(c)),
        quiet("quiet", cl::desc("do not print cases that pass or are refused"), cl::cat(c)),
        verbose("v", cl::desc("show what the cases print to standard error"), cl::cat(c)) {}

  const Limits limits;
  cl::list<std::string> folders;
  cl::opt<std::string> filter, json, expect;
  cl::opt<bool> verify;
  cl::opt<std::string> target, precision;
  cl::opt<unsigned> jobs, seconds, memory;
  cl::opt<bool> operators, reasons, quiet, verbose;
};
} // namespace

static int fail(const llvm::Twine &message) {
  llvm::errs() << "slp-conformance: error: " << message << "\n";
  return 1;
}

static Result<std::vector<Case>> selectCases(const Flags &flags) {
  std::string problem;
  if (!flags.filter.empty() && !llvm::Regex(flags.filter).isValid(problem))
    return Error{"--filter=" + flags.filter + ": " + problem};
  std::vector<Case> selected;
  for (const std::string &folder : flags.folders) {
    Result<std::vector<Case>> cases = findCases(folder);
    if (!cases)
      return cases.takeError();
    for (Case &testCase : *cases)
      if (flags.filter.empty() || llvm::Regex(flags.filter).match(testCase.name))
        selected.push_back(std::move(testCase));
  }
  if (selected.empty())
    return Error{"no case was found"};
  return selected;
}

/// What the results are called in files: "reference", "lnpu-fp16".
static std::string nameOfRun(const Flags &flags) {
  return flags.verify ? flags.target + "-" + flags.precision : "reference";
}

static int report(const Flags &flags, llvm::ArrayRef<CaseResult> results) {
  bool isFine = true;
  for (const CaseResult &result : results) {
    isFine &= !isFailure(result.outcome.kind);
    if (!flags.quiet || isFailure(result.outcome.kind))
      printCase(result, llvm::outs());
  }
  if (flags.operators)
    printOperators(results, llvm::outs());
  if (flags.reasons)
    printReasons(results, llvm::outs());
  if (!flags.json.empty()) {
    std::string text;
    llvm::raw_string_ostream os(text);
    printJSON(results, nameOfRun(flags), os);
    if (Status s = image::writeBytes({text.begin(), text.end()}, flags.json); !s)
      return fail(s.message());
  }
  if (!flags.expect.empty()) {
    Result<std::vector<std::string>> regressions =
        findRegressions(results, nameOfRun(flags), flags.expect);
    if (!regressions)
      return fail(regressions.message());
    for (const std::string &line : *regressions)
      llvm::outs() << "regression: " << line << "\n";
    isFine &= regressions->empty();
  }
  printTotal(results, llvm::outs());
  return isFine ? 0 : 1;
}

int main(int argc, char **argv) {
  slp::forgetForeignOptions();
  cl::SetVersionPrinter(
      [](llvm::raw_ostream &os) { os << api::versionOf("slp-conformance") << "\n"; });
  cl::OptionCategory category("slp-conformance options");
  Flags flags(category);
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(argc, argv, "run the ONNX project's test cases\n");

  Result<std::vector<Case>> cases = selectCases(flags);
  if (!cases)
    return fail(cases.message());
  Settings settings;
  settings.verify = flags.verify;
  settings.compile.target = flags.target;
  settings.compile.precision = flags.precision;
  if (flags.verify) {
    Result<chip::Chip> chip = chip::load(flags.target);
    if (!chip)
      return fail(chip.message());
    settings.chip = chip.take();
  }
  Limits limits{flags.jobs, flags.seconds, flags.memory, flags.verbose};
  Result<std::vector<Outcome>> outcomes =
      runAll(cases->size(), limits, [&](size_t i) { return check((*cases)[i], settings); });
  if (!outcomes)
    return fail(outcomes.message());
  std::vector<CaseResult> results;
  results.reserve(cases->size());
  for (size_t i = 0; i < cases->size(); ++i)
    results.push_back({(*cases)[i], (*outcomes)[i]});
  return report(flags, results);
}
