//===- HomeRules.cpp - what stays on the chip is left alone -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "HomeRules.h"

#include "Footprint.h"
#include "dialects/Chip/LoadOp.h"
#include "dialects/Chip/MoveOp.h"
#include "dialects/Chip/StoreOp.h"
#include "dialects/Chip/TaskOp.h"
#include "dialects/Chip/TensorOp.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"

#include <limits>

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

namespace {

/// Of one tensor in one function: the tasks that have it, counted in program order.
struct Stay {
  Operation
      *first; // the buffer that the first of them has for it; of a state over steps the tensor
  ByteRange bytes;
  size_t from, to;
};
constexpr size_t always = std::numeric_limits<size_t>::max();

class HomeVerifier {
public:
  explicit HomeVerifier(ModuleOp module) : module(module), symbols(module) {}
  LogicalResult verify(func::FuncOp fn);
  LogicalResult verifyExchange();

private:
  LogicalResult note(AllocOp alloc, size_t task);
  LogicalResult verifyAlone(AllocOp alloc, size_t task);

  ModuleOp module;
  SymbolTable symbols;
  llvm::MapVector<StringAttr, Stay> stays; // by tensor
};

} // namespace

/// Whether an op writes a buffer that it uses.
static bool isWritten(OpOperand &operand) {
  if (auto move = dyn_cast<MoveOp>(operand.getOwner()))
    return move.getTarget() == operand.get();
  if (auto load = dyn_cast<LoadOp>(operand.getOwner()))
    return load.getBuffer() == operand.get();
  auto instr = dyn_cast<EngineInstruction>(operand.getOwner());
  return instr && instr.getField(operand).role.isWritten();
}

/// Whether the op of a task that comes first in program order to what it holds leaves something
/// there. What it goes on from is its own matter: a sum may begin at 0.
static bool isWrittenFirst(TaskOp task, AllocOp alloc) {
  bool result = false;
  task.walk([&](Operation *op) {
    bool isUser = llvm::is_contained(op->getOperands(), alloc.getResult());
    for (OpOperand &operand : op->getOpOperands())
      result |= operand.get() == alloc.getResult() && isWritten(operand);
    return isUser ? WalkResult::interrupt() : WalkResult::advance();
  });
  return result;
}

/// States that stay on the chip over steps.
static SmallVector<TensorOp> statesOnChip(ModuleOp module) {
  SmallVector<TensorOp> states;
  for (auto tensor : module.getOps<TensorOp>())
    if (tensor.getRole() == Role::copy &&
        spaceOf(cast<MemRefType>(tensor.getType())) != Space::dram)
      states.push_back(tensor);
  return states;
}

/// @init brings each state to the chip, and @sync back.
LogicalResult HomeVerifier::verifyExchange() {
  auto has = [&](StringRef function, TensorOp tensor, bool isWanted(Operation *)) {
    auto fn = symbols.lookup<func::FuncOp>(function);
    return fn && fn.walk([&](Operation *op) {
                     auto alloc = dyn_cast<AllocOp>(op);
                     bool isIt = alloc && alloc.getHolds() == tensor.getSymName();
                     return isIt && llvm::any_of(alloc.getResult().getUsers(), isWanted)
                                ? WalkResult::interrupt()
                                : WalkResult::advance();
                   }).wasInterrupted();
  };
  for (TensorOp tensor : statesOnChip(module)) {
    if (!has("init", tensor, [](Operation *op) { return isa<LoadOp>(op); }))
      return tensor.emitOpError("is a state on the chip, expected @init to load it");
    if (!has("sync", tensor, [](Operation *op) { return isa<StoreOp>(op); }))
      return tensor.emitOpError("is a state on the chip, expected @sync to store it");
  }
  return success();
}

LogicalResult HomeVerifier::note(AllocOp alloc, size_t task) {
  auto [it, isNew] =
      stays.try_emplace(alloc.getHoldsAttr().getAttr(), Stay{alloc, rangeOf(alloc), task, task});
  it->second.to = std::max(it->second.to, task);
  auto tensor = symbols.lookup<TensorOp>(*alloc.getHolds());
  if (it->second.bytes.begin != int64_t(*tensor.getAddress()) ||
      rangeOf(alloc).begin != it->second.bytes.begin)
    return alloc.emitOpError("lies at byte ")
           << rangeOf(alloc).begin << ", expected it at the address of " << alloc.getHoldsAttr()
           << ", " << *tensor.getAddress();
  if (isNew && !isWrittenFirst(alloc->getParentOfType<TaskOp>(), alloc))
    return alloc.emitOpError("is read, but no task before has written ")
           << alloc.getHoldsAttr() << ", which is nowhere else";
  return success();
}

/// A buffer of a task keeps off what stays there, unless it holds it itself.
LogicalResult HomeVerifier::verifyAlone(AllocOp alloc, size_t task) {
  ByteRange bytes = rangeOf(alloc);
  for (auto &[name, stay] : stays) {
    if (task < stay.from || task > stay.to || !bytes.overlaps(stay.bytes))
      continue;
    if (alloc.getHolds() && alloc.getHoldsAttr().getAttr() == name)
      continue;
    InFlightDiagnostic d = alloc.emitOpError("takes bytes of ")
                           << FlatSymbolRefAttr::get(name) << ", which stays at bytes "
                           << stay.bytes.begin << " to " << stay.bytes.end << " of "
                           << stringifyEnum(stay.bytes.space);
    d.attachNote(stay.first->getLoc()) << (stay.to == always ? "over steps" : "from this task on");
    return d;
  }
  return success();
}

LogicalResult HomeVerifier::verify(func::FuncOp fn) {
  stays.clear();
  for (TensorOp tensor : statesOnChip(module)) {
    auto type = cast<MemRefType>(tensor.getType());
    int64_t begin = int64_t(*tensor.getAddress());
    int64_t bytes = type.getNumElements() * elementBytes(type.getElementType());
    stays[tensor.getSymNameAttr()] = {tensor, {spaceOf(type), begin, begin + bytes}, 0, always};
  }
  auto forAllocs = [&](llvm::function_ref<LogicalResult(AllocOp, size_t)> visit) {
    size_t task = 0;
    return failure(fn.walk([&](TaskOp op) -> WalkResult {
                       WalkResult result =
                           op.walk([&](AllocOp alloc) { return WalkResult(visit(alloc, task)); });
                       ++task;
                       return result;
                     }).wasInterrupted());
  };
  auto noteIfHeld = [&](AllocOp alloc, size_t task) {
    return alloc.getHolds() ? note(alloc, task) : success();
  };
  if (failed(forAllocs(noteIfHeld)))
    return failure();
  if (stays.empty())
    return success();
  return forAllocs([&](AllocOp alloc, size_t task) { return verifyAlone(alloc, task); });
}

LogicalResult slp::verifyHomes(ModuleOp module) {
  HomeVerifier verifier(module);
  for (auto fn : module.getOps<func::FuncOp>())
    if (failed(verifier.verify(fn)))
      return failure();
  return verifier.verifyExchange();
}
