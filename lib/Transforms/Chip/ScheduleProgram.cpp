//===- ScheduleProgram.cpp - what a region does, as its proof sees it -------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "ScheduleProgram.h"

#include "ScheduleClocks.h"
#include "ScheduleRules.h"
#include "dialects/Chip/ChipInstruction.h"
#include "dialects/Chip/ChipOps.h"

#include <map>

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

using Kind = ScheduleStep::Kind;

std::string slp::nameOf(Semaphore semaphore) {
  return std::to_string(semaphore.number) +
         (semaphore.bank == Bank::shared ? " of the shared buffer" : "");
}

namespace {

/// Number of what is met, in the order in which it is met first.
template <typename Key> class Numbering {
public:
  int32_t of(const Key &key) {
    return numbers.try_emplace(key, int32_t(numbers.size())).first->second;
  }
  size_t size() const { return numbers.size(); }
  const std::map<Key, int32_t> &get() const { return numbers; }

private:
  std::map<Key, int32_t> numbers;
};

/// Writes the steps of one task.
class TaskReader {
public:
  TaskReader(ScheduleProgram &program, TaskProgram &result, Numbering<Semaphore> &semaphores,
             llvm::function_ref<int32_t(StringRef)> tensorOf, const chip::Chip &chip,
             const DenseMap<Operation *, int32_t> &decisions)
      : program(program), result(result), semaphores(semaphores), tensorOf(tensorOf), chip(chip),
        decisions(decisions) {}

  void read() {
    addBlock(result.task.getBody().front(), result.body);
    for (auto [semaphore, number] : used.get())
      result.semaphores.push_back(semaphore);
    for (auto [tensor, number] : tensors.get())
      result.tensors[size_t(number)] = tensor;
    result.compressed = compressed.size();
  }

private:
  double addBlock(Block &block, std::vector<ScheduleStep> &steps);
  std::optional<ScheduleStep> stepOf(Operation *op);
  void addWork(Operation *op, ScheduleStep &step);
  int32_t bufferOf(AllocOp alloc);
  PlaceAccess accessOf(Value buffer, size_t engine, bool read, bool write, int64_t shift = 0);
  std::optional<TensorAccess> tensorAccessOf(Value view, size_t engine, bool write);

  ScheduleProgram &program;
  TaskProgram &result;
  Numbering<Semaphore> &semaphores;
  llvm::function_ref<int32_t(StringRef)> tensorOf; // in a region of one task null
  const chip::Chip &chip;
  const DenseMap<Operation *, int32_t> &decisions;
  Numbering<int32_t> used, tensors;
  Numbering<std::string> compressed;
  std::map<Operation *, int32_t> buffers;                // by alloc that owns the bytes
  std::map<std::pair<int32_t, int64_t>, int32_t> places; // by buffer and shift
};

} // namespace

int32_t TaskReader::bufferOf(AllocOp alloc) {
  auto [it, isNew] = buffers.try_emplace(alloc, int32_t(result.buffers.size()));
  if (isNew)
    result.buffers.push_back({int64_t(alloc.getSlots()), {}});
  return it->second;
}

PlaceAccess TaskReader::accessOf(Value buffer, size_t engine, bool read, bool write,
                                 int64_t shift) {
  auto alloc = buffer.getDefiningOp<AllocOp>();
  if (!alloc)
    return {-1, read, write};
  alloc = alloc.getOwner();
  int32_t number = bufferOf(alloc);
  Space space = spaceOf(cast<MemRefType>(buffer.getType()));
  result.engines[size_t(space)] |= 1u << engine;
  auto [place, isNew] = places.try_emplace({number, shift}, int32_t(result.places.size()));
  if (isNew) {
    int64_t begin = int64_t(*alloc.getOffset()) + shift;
    result.places.push_back({{space, begin, begin + bytesOf(buffer)},
                             int64_t(*alloc.getSlotBytes()),
                             number,
                             result.slots});
    result.slots += alloc.getSlots();
    result.buffers[size_t(number)].places.push_back(place->second);
  }
  return {place->second, read, write};
}

std::optional<TensorAccess> TaskReader::tensorAccessOf(Value view, size_t engine, bool write) {
  auto of = view.getDefiningOp<ViewOp>();
  if (!of)
    return std::nullopt;
  TensorAccess access;
  access.name = of.getTensorAttr();
  access.write = write;
  if (tensorOf) {
    access.tensor = tensors.of(tensorOf(of.getTensor()));
    result.tensors.resize(tensors.size());
    result.engines[size_t(Space::dram)] |= 1u << engine;
  }
  if (isCompressed(view))
    access.compressed = compressed.of(of.getTensor().str());
  return access;
}

void TaskReader::addWork(Operation *op, ScheduleStep &step) {
  auto access = [&](Value buffer, bool read, bool write, int64_t shift = 0) {
    step.accesses.push_back(accessOf(buffer, step.engine, read, write, shift));
  };
  if (auto load = dyn_cast<LoadOp>(op)) {
    step.tensor = tensorAccessOf(load.getSource(), step.engine, false);
    return access(load.getBuffer(), false, true);
  }
  if (auto store = dyn_cast<StoreOp>(op)) {
    step.tensor = tensorAccessOf(store.getTarget(), step.engine, true);
    return access(store.getBuffer(), true, false);
  }
  if (auto move = dyn_cast<MoveOp>(op)) {
    access(move.getSource(), true, false);
    return access(move.getTarget(), false, true);
  }
  auto instr = cast<EngineInstruction>(op);
  for (OpOperand &operand : op->getOpOperands()) {
    const mach::OperandRole &role = instr.getField(operand).role;
    access(operand.get(), role.isRead(), role.isWritten());
  }
  if (int64_t shift = hiddenShift(instr, chip))
    access(op->getOperand(0), true, true, shift);
}

std::optional<ScheduleStep> TaskReader::stepOf(Operation *op) {
  ScheduleStep step;
  auto decision = decisions.find(op);
  step.decision = decision == decisions.end() ? -1 : decision->second;
  auto setSemaphore = [&](auto semaphore, Kind kind) {
    step.kind = kind;
    step.engine = indexOf(semaphore.getEngine());
    step.index = semaphores.of(semaphoreOf(semaphore));
    used.of(step.index);
    step.count = int64_t(semaphore.getCount());
    step.across = semaphore.getAcross();
  };
  if (auto branch = dyn_cast<IfOp>(op)) {
    step.kind = Kind::branch;
    if (!branch.getThen().empty())
      step.weight = addBlock(branch.getThen().front(), step.body);
    if (!branch.getOtherwise().empty())
      step.weight = std::max(step.weight, addBlock(branch.getOtherwise().front(), step.otherwise));
  } else if (auto loop = dyn_cast<scf::ForOp>(op)) {
    step.kind = Kind::loop;
    step.count = mostTripsOf(loop);
    step.weight = double(step.count) * addBlock(*loop.getBody(), step.body);
    if (step.body.empty())
      return std::nullopt;
  } else if (auto wait = dyn_cast<WaitOp>(op)) {
    setSemaphore(wait, Kind::wait);
  } else if (auto signal = dyn_cast<SignalOp>(op)) {
    setSemaphore(signal, Kind::signal);
  } else if (auto alloc = dyn_cast<AllocOp>(op)) {
    if (alloc.getOwner() != alloc)
      return std::nullopt;
    step.kind = Kind::alloc;
    step.index = bufferOf(alloc);
  } else if (std::optional<Engine> engine = engineOf(op)) {
    step.kind = Kind::work;
    step.engine = indexOf(*engine);
    addWork(op, step);
  } else {
    return std::nullopt;
  }
  step.op = int32_t(program.ops.size());
  program.ops.push_back(op);
  return step;
}

double TaskReader::addBlock(Block &block, std::vector<ScheduleStep> &steps) {
  double weight = 0;
  for (Operation &op : block)
    if (std::optional<ScheduleStep> step = stepOf(&op)) {
      weight += step->weight;
      steps.push_back(std::move(*step));
    }
  return weight;
}

ScheduleProgram::ScheduleProgram(ArrayRef<TaskOp> taskOps, const chip::Chip &chip,
                                 const DenseMap<Operation *, int32_t> &decisions) {
  bool isJoined = taskOps.size() > 1;
  std::map<StringRef, int32_t> tensorNumbers;
  if (isJoined) {
    for (TaskOp task : taskOps)
      task.walk([&](ViewOp view) { tensorNumbers.try_emplace(view.getTensor(), 0); });
    for (auto tensor : taskOps.front()->getParentOfType<ModuleOp>().getOps<TensorOp>())
      if (auto it = tensorNumbers.find(tensor.getSymName()); it != tensorNumbers.end())
        tensors.push_back(tensor);
    llvm::sort(tensors, [](TensorOp a, TensorOp b) { return a.getSymName() < b.getSymName(); });
    for (auto [number, tensor] : llvm::enumerate(tensors))
      tensorNumbers[tensor.getSymName()] = int32_t(number);
    std::vector<std::optional<ByteRange>> ranges;
    for (TensorOp tensor : tensors)
      ranges.push_back(tensor.getAddress() ? std::optional(slp::rangeOf(tensor)) : std::nullopt);
    sameBytes.resize(tensors.size());
    for (size_t i = 0; i < tensors.size(); ++i)
      for (size_t j = 0; j < tensors.size(); ++j)
        if (i == j || (ranges[i] && ranges[j] && ranges[i]->overlaps(*ranges[j])))
          sameBytes[i].push_back(int32_t(j));
  }
  auto tensorOf = [&](StringRef name) { return tensorNumbers.at(name); };
  llvm::function_ref<int32_t(StringRef)> ofRegion;
  if (isJoined)
    ofRegion = tensorOf;
  Numbering<Semaphore> numbers;
  for (TaskOp task : taskOps) {
    TaskProgram &result = tasks.emplace_back();
    result.task = task;
    TaskReader(*this, result, numbers, ofRegion, chip, decisions).read();
  }
  lastTasks.resize(tensors.size());
  for (auto [number, task] : llvm::enumerate(tasks))
    for (int32_t tensor : task.tensors)
      for (int32_t other : sameBytes[size_t(tensor)])
        lastTasks[size_t(other)] = number;
  semaphores.resize(numbers.size());
  for (auto [semaphore, number] : numbers.get())
    semaphores[size_t(number)] = semaphore;
}
