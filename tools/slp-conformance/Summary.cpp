//===- Summary.cpp - what a run over many cases shows -----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "Summary.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Regex.h"

using namespace slp;
using namespace slp::conformance;

static constexpr Kind kinds[] = {Kind::pass,  Kind::random, Kind::refused,
                                 Kind::wrong, Kind::crash,  Kind::timeout};

void slp::conformance::printCase(const CaseResult &result, llvm::raw_ostream &os) {
  os << result.testCase.name << ": " << stringify(result.outcome.kind);
  if (!result.outcome.detail.empty())
    os << ": " << result.outcome.detail;
  os << "\n";
}

void slp::conformance::printOperators(llvm::ArrayRef<CaseResult> results, llvm::raw_ostream &os) {
  std::map<std::string, std::map<Kind, int>> counts;
  for (const CaseResult &result : results)
    for (const std::string &name : result.testCase.operators)
      ++counts[name][result.outcome.kind];
  os << llvm::format("%-32s %6s", "operator", "cases");
  for (Kind kind : kinds)
    os << llvm::format(" %8s", stringify(kind).str().c_str());
  os << "\n";
  for (auto &[name, ofKind] : counts) {
    int all = 0;
    for (auto [kind, count] : ofKind)
      all += count;
    os << llvm::format("%-32s %6d", name.c_str(), all);
    for (Kind kind : kinds)
      os << llvm::format(" %8d", ofKind.count(kind) ? ofKind[kind] : 0);
    os << "\n";
  }
}

void slp::conformance::printReasons(llvm::ArrayRef<CaseResult> results, llvm::raw_ostream &os) {
  std::map<std::string, int> counts;
  for (const CaseResult &result : results) {
    if (result.outcome.kind != Kind::refused)
      continue;
    std::string reason = result.outcome.detail;
    for (const char *pattern : {"\"[^\"]*\"", "[0-9]+(x[0-9]+)*"}) {
      llvm::Regex regex(pattern);
      llvm::SmallVector<llvm::StringRef> match;
      std::string shortened;
      for (llvm::StringRef rest = reason; !rest.empty();) {
        if (!regex.match(rest, &match)) {
          shortened += rest;
          break;
        }
        size_t at = size_t(match[0].data() - rest.data());
        shortened += rest.take_front(at).str() + "..";
        rest = rest.drop_front(at + match[0].size());
      }
      reason = shortened;
    }
    ++counts[reason];
  }
  std::vector<std::pair<int, std::string>> sorted;
  sorted.reserve(counts.size());
  for (auto &[reason, count] : counts)
    sorted.emplace_back(-count, reason);
  llvm::sort(sorted);
  for (auto &[count, reason] : sorted)
    os << llvm::format("%5d  ", -count) << reason << "\n";
}

void slp::conformance::printTotal(llvm::ArrayRef<CaseResult> results, llvm::raw_ostream &os) {
  std::map<Kind, int> counts;
  int uncompared = 0;
  for (const CaseResult &result : results) {
    ++counts[result.outcome.kind];
    uncompared += result.outcome.uncompared;
  }
  os << results.size() << " cases:";
  llvm::ListSeparator comma(",");
  for (Kind kind : kinds)
    os << comma << " " << counts[kind] << " " << stringify(kind);
  if (uncompared)
    os << "; outputs without expected values: " << uncompared;
  os << "\n";
}

void slp::conformance::printJSON(llvm::ArrayRef<CaseResult> results, llvm::StringRef run,
                                 llvm::raw_ostream &os) {
  os << "{\"run\": " << llvm::json::Value(run) << ", \"cases\": {";
  llvm::ListSeparator comma(",");
  for (const CaseResult &result : results) {
    llvm::json::Array operators(result.testCase.operators);
    os << comma << "\n"
       << llvm::json::Value(result.testCase.name) << ": "
       << llvm::json::Value(
              llvm::json::Object{{"operators", std::move(operators)},
                                 {"opset", result.testCase.opset},
                                 {"result", stringify(result.outcome.kind)},
                                 {"detail", llvm::json::fixUTF8(result.outcome.detail)}});
  }
  os << "\n}}\n";
}

Result<std::vector<std::string>>
slp::conformance::findRegressions(llvm::ArrayRef<CaseResult> results, llvm::StringRef run,
                                  const std::string &file) {
  auto text = llvm::MemoryBuffer::getFile(file);
  if (!text)
    return Error{file + ": " + text.getError().message()};
  llvm::Expected<llvm::json::Value> root = llvm::json::parse((*text)->getBuffer());
  if (!root)
    return Error{file + ": " + llvm::toString(root.takeError())};
  const llvm::json::Object *object = root->getAsObject();
  const llvm::json::Object *cases = object ? object->getObject("cases") : nullptr;
  if (!cases)
    return Error{file + ": expected an object \"cases\""};
  std::vector<std::string> regressions;
  bool isAnyKnown = false;
  for (const CaseResult &result : results) {
    const llvm::json::Object *known = cases->getObject(result.testCase.name);
    if (!known)
      continue;
    isAnyKnown = true;
    std::optional<llvm::StringRef> before = known->getString(run);
    std::optional<Kind> kind = before ? parseKind(*before) : std::nullopt;
    if ((kind == Kind::pass || kind == Kind::random) && result.outcome.kind != *kind)
      regressions.push_back(result.testCase.name + ": was " + before->str() + ", now " +
                            stringify(result.outcome.kind).str() + ": " + result.outcome.detail);
  }
  if (!isAnyKnown)
    return Error{file + ": names none of the cases"};
  return regressions;
}
