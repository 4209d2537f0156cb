//===- Lifetimes.cpp - when tensors in DRAM hold something
//-------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "Lifetimes.h"

#include "dialects/Chip/CountOp.h"
#include "dialects/Chip/ElementOp.h"
#include "dialects/Chip/StoreOp.h"
#include "dialects/Chip/ViewOp.h"
#include "dialects/Mach/ElementFormat.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

Lifetimes::Lifetimes(ModuleOp module) {
  SymbolTable symbols(module);
  auto functions = llvm::to_vector(module.getOps<func::FuncOp>());
  for (TensorOp tensor : module.getOps<TensorOp>()) {
    auto type = cast<MemRefType>(tensor.getType());
    if (tensor.getRole() == Role::temp && !mach::compressedFormat(type.getElementType()))
      byFunction[tensor].resize(functions.size());
  }
  for (auto [index, fn] : llvm::enumerate(functions)) {
    size_t count = 0;
    fn.walk<WalkOrder::PreOrder>([&, index = index](Operation *op) {
      count += isa<TaskOp>(op);
      for (Value operand : op->getOperands()) {
        auto view = operand.getDefiningOp<ViewOp>();
        auto *found = view ? byFunction.find(symbols.lookup(view.getTensor())) : byFunction.end();
        if (found == byFunction.end())
          continue;
        std::optional<Lifetime> &lifetime = found->second[index];
        bool isStored = isa<StoreOp>(op);
        if (isa<CountOp, ElementOp>(op) || (!lifetime && !isStored))
          byFunction.erase(found);
        else
          lifetime = {lifetime ? lifetime->first : count, count};
      }
    });
    tasks.push_back(count);
  }
}

bool Lifetimes::canShare(TensorOp one, TensorOp other) const {
  const auto *a = byFunction.find(one), *b = byFunction.find(other);
  if (one == other || a == byFunction.end() || b == byFunction.end())
    return false;
  for (auto [ofOne, ofOther] : llvm::zip_equal(a->second, b->second))
    if (ofOne && ofOther && ofOne->overlaps(*ofOther))
      return false;
  return true;
}

int64_t Lifetimes::leastBytes(ModuleOp module,
                              llvm::function_ref<int64_t(TensorOp)> bytesOf) const {
  int64_t always = 0, most = 0;
  SmallVector<SmallVector<int64_t>> change; // by function and task
  for (size_t count : tasks)
    change.emplace_back(count + 2, 0);
  for (TensorOp tensor : module.getOps<TensorOp>()) {
    const auto *found = byFunction.find(tensor);
    int64_t bytes = bytesOf(tensor);
    if (found == byFunction.end()) {
      always += bytes;
      continue;
    }
    for (auto [ofFunction, lifetime] : llvm::zip_equal(change, found->second))
      if (lifetime) {
        ofFunction[lifetime->first] += bytes;
        ofFunction[lifetime->last + 1] -= bytes;
      }
  }
  for (const SmallVector<int64_t> &ofFunction : change) {
    int64_t alive = 0;
    for (int64_t bytes : ofFunction)
      most = std::max(most, alive += bytes);
  }
  return always + most;
}
