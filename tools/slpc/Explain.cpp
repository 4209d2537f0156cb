//===- Explain.cpp - why the tensors of a node have their formats -----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "Explain.h"

#include "lib/Transforms/Train/PrecisionPlan.h"

#include "dialects/Train/TrainState.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

#include <set>

using namespace mlir;
using namespace slp;

namespace {
/// Puts remarks where `explain` finds them.
class Collector : public remark::detail::MLIRRemarkStreamerBase {
public:
  explicit Collector(Decisions &decisions) : decisions(decisions) {}
  void streamOptimizationRemark(const remark::detail::Remark &remark) override {
    std::vector<std::string> &known = decisions[train::nodeNameOf(remark.getLocation())];
    for (const remark::detail::Remark::Arg &text : remark.getArgs())
      if (!llvm::is_contained(known, text.val)) // @eval repeats what @step says
        known.push_back(text.val);
  }

private:
  Decisions &decisions;
};
} // namespace

LogicalResult slp::collectDecisions(MLIRContext &context, Decisions &decisions) {
  const std::string some = "precision|sparsity"; // what stages up to precision decide of a node
  remark::RemarkCategories categories{some, some, some, some, some};
  return remark::enableOptimizationRemarks(context, std::make_unique<Collector>(decisions),
                                           std::make_unique<remark::RemarkEmittingPolicyAll>(),
                                           categories);
}

/// The names closest to `wanted`, at most three: those that contain it, then by edits.
static std::string closestTo(StringRef wanted, const std::set<std::string> &names) {
  std::vector<std::pair<unsigned, StringRef>> ranked;
  for (const std::string &name : names) {
    bool contains = StringRef(name).contains_insensitive(wanted) && !wanted.empty();
    ranked.emplace_back(contains ? 0 : 1 + wanted.edit_distance(name), name);
  }
  llvm::sort(ranked);
  ranked.resize(std::min<size_t>(ranked.size(), 3));
  return llvm::join(llvm::make_second_range(ranked), ", ");
}

/// The states that a value is, through ops that change only its format or shape.
static void addStates(Value value, llvm::SetVector<StringRef> &states) {
  while (Operation *def = value.getDefiningOp()) {
    if (auto read = train::stateReadBy(def)) {
      states.insert(read.getValue());
      return;
    }
    if (def->getNumOperands() != 1)
      return;
    value = def->getOperand(0);
  }
}

bool slp::explain(ModuleOp module, StringRef node, const Decisions &decisions, raw_ostream &os,
                  std::string &error) {
  std::set<std::string> names;
  llvm::SetVector<StringRef> states;
  module.walk([&](Operation *op) {
    std::string name = train::nodeNameOf(op->getLoc());
    if (name == node)
      for (Value operand : op->getOperands())
        addStates(operand, states);
    if (!name.empty() && !isa<func::FuncOp>(op))
      names.insert(std::move(name));
  });
  for (StringRef name : decisions.keys())
    if (!name.empty())
      names.insert(name.str());
  if (!names.count(node.str())) {
    error = "no node of that name; closest are " + closestTo(node, names);
    return false;
  }
  os << node << "\n";
  std::vector<std::string> own = decisions.lookup(node);
  for (const std::string &text : own)
    os << "  " << text << "\n";
  if (own.empty())
    os << "  no decision: its results have the formats of its operands\n";
  llvm::StringSet<> printed;
  for (StringRef state : states) {
    Operation *op = train::findState(module, state).op;
    std::string name = op ? train::nodeNameOf(op->getLoc()) : "";
    if (name.empty() || name == node || !printed.insert(name).second)
      continue;
    for (const std::string &text : decisions.lookup(name))
      os << "  " << name << ": " << text << "\n";
  }
  return true;
}
