//===- ListParams.cpp - what is trained, frozen, constant, and why ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "ListParams.h"

#include "dialects/Train/TrainContract.h"
#include "dialects/Train/TrainState.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/GlobPattern.h"
#include "llvm/Support/raw_ostream.h"

#include <array>

using namespace mlir;
using namespace slp;

namespace {
using Row = std::array<std::string, 4>; // name, shape, kind, why

class Lister {
public:
  Lister(ModuleOp module, const CompileOptions &options)
      : module(module), options(options), step(module.lookupSymbol<func::FuncOp>("step")) {
    if (!step)
      return;
    for (Operation &op : step.getBody().front())
      if (auto name = train::stateWrittenBy(&op))
        written.insert(name.getValue());
    findReached();
  }

  Row rowOf(const InitializerReport &initializer);
  int64_t trained = 0, elements = 0;

private:
  void findReached();
  bool isFrozenByFlag(StringRef name) const;
  Row describe(const train::State &state, const InitializerReport &initializer);

  ModuleOp module;
  const CompileOptions &options;
  func::FuncOp step;
  llvm::StringSet<> written, reached; // states
};
} // namespace

/// The states on which the loss depends, or, where there is none, any result.
void Lister::findReached() {
  auto results = step.getBody().front().getTerminator()->getOperands();
  SmallVector<Value> open;
  for (auto [i, result] : llvm::enumerate(results)) {
    auto role = step.getResultAttrOfType<StringAttr>(i, train::getRoleAttrName());
    if (role && role.getValue() == "loss")
      open = {result};
  }
  if (open.empty())
    llvm::append_range(open, results);
  llvm::DenseSet<Value> seen(llvm::from_range, open);
  while (!open.empty()) {
    Operation *op = open.pop_back_val().getDefiningOp();
    if (!op)
      continue;
    if (auto read = train::stateReadBy(op))
      reached.insert(read.getValue());
    for (Value operand : op->getOperands())
      if (seen.insert(operand).second)
        open.push_back(operand);
  }
}

bool Lister::isFrozenByFlag(StringRef name) const {
  return llvm::any_of(options.freeze, [&](StringRef glob) {
    auto pattern = llvm::GlobPattern::create(glob);
    if (!pattern)
      llvm::consumeError(pattern.takeError()); // differentiate has refused it
    return pattern && pattern->match(name);
  });
}

static std::string printShape(ArrayRef<int64_t> shape) {
  std::string text;
  for (int64_t size : shape)
    text += (text.empty() ? "" : "x") + std::to_string(size);
  return shape.empty() ? "scalar" : text;
}

Row Lister::describe(const train::State &state, const InitializerReport &initializer) {
  Row row = {initializer.name, printShape(initializer.shape), "frozen", initializer.why};
  std::string &kind = row[2], &why = row[3];
  StringRef name = state.name();
  bool isWritten = written.contains(name);
  if (state.isStatistic) {
    kind = "statistic";
    why = isWritten ? "running statistic, updated by the step" : "running statistic, not updated";
  } else if (isWritten && !reached.contains(name)) {
    kind = "optimizer";
    why = "the loss does not depend on it, but the file updates it";
  } else if (isWritten) {
    kind = "trained";
    if (!initializer.doubt.empty())
      why = "a buffer? " + initializer.doubt + " (--freeze)";
    ++trained;
    elements += state.type.getNumElements();
  } else if (isFrozenByFlag(name)) {
    why = "--freeze";
  } else if (why.empty()) {
    why = step ? "it gets no gradient from the loss" : "there is no loss";
  }
  return row;
}

Row Lister::rowOf(const InitializerReport &initializer) {
  train::State state = train::findState(module, initializer.name);
  std::string shape = printShape(initializer.shape);
  switch (initializer.kind) {
  case InitializerReport::state:
    if (state)
      return describe(state, initializer);
    return {initializer.name, shape, "left out", "no value of the step needs it"};
  case InitializerReport::constant:
    return {initializer.name, shape, "constant", initializer.why};
  case InitializerReport::merged:
    return {initializer.name, shape, "tied",
            "one with \"" + initializer.why + "\": the exporter has merged them (--untie)"};
  case InitializerReport::unread:
    return {initializer.name, shape, "left out", initializer.why};
  }
  llvm_unreachable("all kinds are named above");
}

std::string slp::listParams(ModuleOp module, const ImportReport &report,
                            const CompileOptions &options) {
  ImportReport rows = report;
  // Of IR there are only the states; what optimizers keep is frozen and none of the file's.
  if (rows.empty())
    for (const train::State &state : train::statesOf(module))
      if (!state.isFrozen)
        rows.push_back(
            {state.name().str(), state.type.getShape().vec(), InitializerReport::state, ""});
  Lister lister(module, options);
  std::vector<Row> table = {{"name", "shape", "is", "why"}};
  for (const InitializerReport &row : rows)
    table.push_back(lister.rowOf(row));
  std::array<size_t, 3> width = {};
  for (const Row &row : table)
    for (size_t i = 0; i < width.size(); ++i)
      width[i] = std::max(width[i], row[i].size());
  std::string text;
  llvm::raw_string_ostream os(text);
  for (const Row &row : table) {
    std::string line;
    for (size_t i = 0; i < width.size(); ++i)
      line += row[i] + std::string(width[i] + 2 - row[i].size(), ' ');
    os << StringRef(line + row[3]).rtrim() << "\n";
  }
  os << lister.trained << (lister.trained == 1 ? " parameter" : " parameters") << " of "
     << lister.elements << " elements trained\n";
  return text;
}
