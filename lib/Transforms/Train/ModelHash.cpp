//===- ModelHash.cpp - tells whether two modules are the same network -------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Transforms/Train/ModelHash.h"

#include "dialects/Train/TrainNodeName.h"
#include "dialects/Train/TrainState.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;

/// Extents of `type` behind the first, which is the batch of an activation.
static void printShape(Type type, llvm::raw_ostream &os) {
  if (auto tensor = dyn_cast<RankedTensorType>(type); tensor && tensor.getRank() > 0)
    llvm::interleave(tensor.getShape().drop_front(), os, "x");
}

/// One line for each op of the forward pass. States by name, other values numbered as they appear.
static void printForward(func::FuncOp fn, llvm::raw_ostream &os) {
  DenseMap<Value, size_t> numbers;
  auto number = [&](Value value) {
    return numbers.try_emplace(value, numbers.size()).first->second;
  };
  for (Operation &op : fn.getBody().front()) {
    auto phase = op.getAttrOfType<PhaseAttr>("phase");
    if (!phase || phase.getValue() != Phase::fp)
      continue;
    os << op.getName() << ' ' << nodeNameOf(op.getLoc()) << ' ' << op.getAttrDictionary();
    for (Value operand : op.getOperands()) {
      if (auto read = stateReadBy(operand))
        os << ' ' << read.getValue();
      else
        os << ' ' << number(operand);
    }
    for (Value result : op.getResults())
      printShape(result.getType(), os << ' ' << number(result) << ':');
    os << '\n';
  }
}

std::string slp::modelHash(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (const State &state : statesOf(module))
    if (state.init && !state.isStatistic) {
      os << state.name() << ' ';
      llvm::interleave(state.type.getShape(), os, "x");
      os << '\n';
    }
  auto fn = module.lookupSymbol<func::FuncOp>("step");
  if (!fn) // a graph without a loss
    fn = module.lookupSymbol<func::FuncOp>("eval");
  if (fn)
    printForward(fn, os);
  return llvm::utohexstr(llvm::xxh3_64bits(text), /*LowerCase=*/true, /*Width=*/16);
}
