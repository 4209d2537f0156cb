//===- Mutant.cpp - schedules that are damaged in one place -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "Mutant.h"

#include "dialects/Chip/AllocOp.h"
#include "dialects/Chip/ChipInstruction.h"
#include "dialects/Chip/LoadOp.h"
#include "dialects/Chip/SignalOpKind.h"
#include "dialects/Chip/StoreOp.h"
#include "dialects/Chip/TaskOp.h"
#include "dialects/Chip/ViewOp.h"
#include "dialects/Chip/WaitOpKind.h"
#include "runtime/isa/ElementBytes.h"
#include "runtime/isa/FormatU8.h.inc"
#include "slp/Conversion/Passes.h"
#include "slp/Emit/Emit.h"
#include "slp/Pipeline/Pipeline.h"
#include "slp/Transforms/Chip/Passes.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace slp;

//===----------------------------------------------------------------------------------------===//
// Mutations
//===----------------------------------------------------------------------------------------===//

/// Waits and signals in program order.
static SmallVector<Operation *> semaphoreOps(ModuleOp module) {
  SmallVector<Operation *> result;
  module.walk([&](Operation *op) {
    if (isOneOf<chip_ir::WaitOp, chip_ir::SignalOp>(op))
      result.push_back(op);
  });
  return result;
}

/// Places an op may be moved to: before any op of its task, in its own block only or in any.
static SmallVector<Operation *> placesFor(Operation *op, bool sameBlock) {
  SmallVector<Operation *> result;
  op->getParentOfType<chip_ir::TaskOp>().walk([&](Operation *at) {
    if (at != op && !isa<chip_ir::TaskOp>(at) && (!sameBlock || at->getBlock() == op->getBlock()))
      result.push_back(at);
  });
  return result;
}

namespace {

template <typename T> T pick(ArrayRef<T> list, Draw draw) { return list[draw(list.size())]; }

bool moveOne(ModuleOp module, Draw draw, bool sameBlock) {
  SmallVector<Operation *> ops = semaphoreOps(module);
  if (ops.empty())
    return false;
  Operation *op = pick<Operation *>(ops, draw);
  SmallVector<Operation *> places = placesFor(op, sameBlock);
  if (places.empty())
    return false;
  op->moveBefore(pick<Operation *>(places, draw));
  return true;
}

/// A wait or signal and its counterpart on the same semaphore in the same block.
std::pair<Operation *, Operation *> pickPair(ModuleOp module, Draw draw) {
  SmallVector<std::pair<Operation *, Operation *>> pairs;
  SmallVector<Operation *> ops = semaphoreOps(module);
  for (Operation *a : ops)
    for (Operation *b : ops)
      if (isOneOf<chip_ir::WaitOp>(a) && isOneOf<chip_ir::SignalOp>(b) &&
          a->getBlock() == b->getBlock() && a->getAttr("semaphore") == b->getAttr("semaphore") &&
          a->getAttr("bank") == b->getAttr("bank"))
        pairs.emplace_back(a, b);
  return pairs.empty() ? std::pair<Operation *, Operation *>()
                       : pick<std::pair<Operation *, Operation *>>(pairs, draw);
}

/// A buffer that has a place, and is no second name for another.
chip_ir::AllocOp pickAlloc(ModuleOp module, Draw draw) {
  SmallVector<chip_ir::AllocOp> allocs;
  module.walk([&](chip_ir::AllocOp alloc) {
    if (alloc.getOwner() == alloc && alloc.getOffset() && alloc.getSlotBytes())
      allocs.push_back(alloc);
  });
  return allocs.empty() ? chip_ir::AllocOp() : pick<chip_ir::AllocOp>(allocs, draw);
}

const Mutation list[] = {
    {"delete",
     [](ModuleOp module, Draw draw) {
       SmallVector<Operation *> ops = semaphoreOps(module);
       if (ops.empty())
         return false;
       pick<Operation *>(ops, draw)->erase();
       return true;
     }},
    {"duplicate",
     [](ModuleOp module, Draw draw) {
       SmallVector<Operation *> ops = semaphoreOps(module);
       if (ops.empty())
         return false;
       Operation *op = pick<Operation *>(ops, draw);
       SmallVector<Operation *> places = placesFor(op, false);
       OpBuilder b(pick<Operation *>(places, draw));
       b.clone(*op);
       return true;
     }},
    {"move", [](ModuleOp module, Draw draw) { return moveOne(module, draw, false); }},
    {"move in block", [](ModuleOp module, Draw draw) { return moveOne(module, draw, true); }},
    {"delete a pair",
     [](ModuleOp module, Draw draw) {
       auto [wait, signal] = pickPair(module, draw);
       if (!wait)
         return false;
       wait->erase();
       signal->erase();
       return true;
     }},
    {"move two",
     [](ModuleOp module, Draw draw) {
       return moveOne(module, draw, true) && moveOne(module, draw, true);
     }},
    {"swap semaphores",
     [](ModuleOp module, Draw draw) {
       SmallVector<Operation *> ops = semaphoreOps(module);
       if (ops.empty())
         return false;
       Operation *a = pick<Operation *>(ops, draw), *b = pick<Operation *>(ops, draw);
       Attribute name = a->getAttr("semaphore");
       a->setAttr("semaphore", b->getAttr("semaphore"));
       b->setAttr("semaphore", name);
       return a->getAttr("semaphore") != b->getAttr("semaphore");
     }},
    {"more cores",
     [](ModuleOp module, Draw draw) {
       SmallVector<chip_ir::TaskOp> tasks;
       module.walk([&](chip_ir::TaskOp task) { tasks.push_back(task); });
       chip_ir::TaskOp task = pick<chip_ir::TaskOp>(tasks, draw);
       task.setCores(task.getCores() + 1 + draw(2));
       return task.getCores() <= 16;
     },
     /*isOtherProgram=*/true},
    {"write what is read",
     [](ModuleOp module, Draw draw) {
       SmallVector<std::pair<chip_ir::ViewOp, chip_ir::ViewOp>> pairs;
       module.walk([&](chip_ir::StoreOp store) {
         auto to = store.getTarget().getDefiningOp<chip_ir::ViewOp>();
         store->getParentOfType<chip_ir::TaskOp>().walk([&](chip_ir::LoadOp load) {
           auto from = load.getSource().getDefiningOp<chip_ir::ViewOp>();
           if (from.getTensor() != to.getTensor() && from.getType() == to.getType())
             pairs.emplace_back(from, to);
         });
       });
       if (pairs.empty())
         return false;
       auto [from, to] = pick<std::pair<chip_ir::ViewOp, chip_ir::ViewOp>>(pairs, draw);
       to.setTensor(from.getTensor());
       return true;
     },
     /*isOtherProgram=*/true},
    {"recount",
     [](ModuleOp module, Draw draw) {
       SmallVector<Operation *> ops = semaphoreOps(module);
       if (ops.empty())
         return false;
       Operation *op = pick<Operation *>(ops, draw);
       auto count = op->getAttrOfType<IntegerAttr>("count");
       int64_t other = count.getInt() + (count.getInt() > 1 && draw(2) ? -1 : 1);
       op->setAttr("count", IntegerAttr::get(count.getType(), other));
       return true;
     }},
    {"recount a pair",
     [](ModuleOp module, Draw draw) {
       auto [wait, signal] = pickPair(module, draw);
       if (!wait)
         return false;
       for (Operation *op : {wait, signal}) {
         auto count = op->getAttrOfType<IntegerAttr>("count");
         op->setAttr("count", IntegerAttr::get(count.getType(), count.getInt() + 1));
       }
       return true;
     }},
    {"renumber",
     [](ModuleOp module, Draw draw) {
       SmallVector<Operation *> ops = semaphoreOps(module);
       if (ops.empty())
         return false;
       Operation *op = pick<Operation *>(ops, draw);
       auto number = op->getAttrOfType<IntegerAttr>("semaphore");
       op->setAttr("semaphore",
                   IntegerAttr::get(number.getType(), (number.getInt() + 1 + draw(3)) % 64));
       return true;
     }},
    {"renumber all",
     [](ModuleOp module, Draw draw) {
       // One semaphore of a task becomes another, which may have its own uses.
       SmallVector<Operation *> ops = semaphoreOps(module);
       if (ops.empty())
         return false;
       Operation *op = pick<Operation *>(ops, draw);
       Attribute from = op->getAttr("semaphore"), bank = op->getAttr("bank"),
                 to = pick<Operation *>(ops, draw)->getAttr("semaphore");
       for (Operation *other : ops)
         if (other->getParentOfType<chip_ir::TaskOp>() == op->getParentOfType<chip_ir::TaskOp>() &&
             other->getAttr("semaphore") == from && other->getAttr("bank") == bank)
           other->setAttr("semaphore", to);
       return from != to;
     }},
    {"swap two ops",
     [](ModuleOp module, Draw draw) {
       SmallVector<std::pair<Operation *, Operation *>> pairs;
       SmallVector<Operation *> work;
       module.walk([&](Operation *op) {
         if (chip_ir::engineOf(op) && !isOneOf<chip_ir::WaitOp, chip_ir::SignalOp>(op))
           work.push_back(op);
       });
       for (size_t i = 0; i < work.size(); ++i)
         for (size_t j = i + 1; j < work.size() && work[j]->getBlock() == work[i]->getBlock(); ++j)
           pairs.emplace_back(work[i], work[j]);
       if (pairs.empty())
         return false;
       auto [first, second] = pick<std::pair<Operation *, Operation *>>(pairs, draw);
       Operation *behind = second->getNextNode();
       second->moveBefore(first);
       if (behind)
         first->moveBefore(behind);
       else
         first->moveBefore(second->getBlock(), second->getBlock()->end());
       ScopedDiagnosticHandler quiet(module.getContext(), [](Diagnostic &) { return success(); });
       return succeeded(verify(module)); // a coordinate may come too late
     },
     /*isOtherProgram=*/true},
    {"change an offset",
     [](ModuleOp module, Draw draw) {
       chip_ir::AllocOp alloc = pickAlloc(module, draw);
       if (!alloc)
         return false;
       int64_t steps = 1 + draw(4), step = *alloc.getSlotBytes() / 2 / 16 * 16 + 16;
       alloc.setOffset(
           std::max<int64_t>(0, *alloc.getOffset() + (draw(2) ? steps : -steps) * step));
       return true;
     },
     /*isOtherProgram=*/true},
    {"change the copies",
     [](ModuleOp module, Draw draw) {
       chip_ir::AllocOp alloc = pickAlloc(module, draw);
       if (!alloc)
         return false;
       int64_t slots = alloc.getSlots();
       alloc.setSlots(slots > 1 && draw(2) ? slots - 1 : slots + 1);
       return true;
     },
     /*isOtherProgram=*/true},
};

} // namespace

ArrayRef<Mutation> slp::mutations() { return list; }

std::string slp::textOf(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  module.print(os);
  return text;
}

//===----------------------------------------------------------------------------------------===//
// Runs
//===----------------------------------------------------------------------------------------===//

MutantRunner::MutantRunner(const std::string &target) : context(MLIRContext::Threading::DISABLED) {
  DialectRegistry registry;
  registerDialects(registry);
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
  Result<chip::Chip> loaded = chip::load(target);
  EXPECT_TRUE(loaded) << (loaded ? "" : loaded.message());
  chip = loaded.take();
}

bool MutantRunner::isAccepted(ModuleOp module) {
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &d) {
    message = d.str();
    return success();
  });
  PassManager pm(&context);
  pm.addPass(createVerifySchedule());
  return succeeded(pm.run(module));
}

FailureOr<image::Image> MutantRunner::emit(ModuleOp module) {
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &d) {
    message = d.str();
    return success();
  });
  PassManager pm(&context);
  pm.addPass(createConvertChipToMach());
  if (failed(pm.run(module)))
    return failure();
  return emitImage(module, chip, folder);
}

/// What a host would write; of tasks that are no whole step, all.
bool MutantRunner::isWritten(const image::Tensor &tensor) const {
  return !isStep || tensor.role == image::Role::input || tensor.role == image::Role::state;
}

/// Inputs are small whole numbers, which every format has.
Outcome MutantRunner::run(const image::Image &image, uint64_t interleaveSeed, Values &values,
                          bool checksOrder) {
  auto machine = exec::Machine::create(chip, image);
  if (!machine) {
    ADD_FAILURE() << machine.message();
    return Outcome::different;
  }
  std::mt19937 inputs(7);
  for (const image::Tensor &tensor : image.tensors) {
    if (mach::isCompressed(tensor.format) || !isWritten(tensor))
      continue; // the program fills it
    int64_t n = 1;
    for (int64_t extent : tensor.shape)
      n *= extent;
    std::vector<float> written(n);
    for (float &value : written)
      value = float(int(inputs() % 7) - 3) * (tensor.format == mach::format::u8 ? 0 : 1);
    Status ok = (*machine)->write(tensor.name, written);
    EXPECT_TRUE(ok) << (ok ? "" : ok.message());
  }
  for (int i = 0; i < 3; ++i)
    (*machine)->setHyper(i, 0.5f);
  exec::Options options;
  options.threads = 1;
  options.interleaveSeed = interleaveSeed;
  options.checkOrder = checksOrder;
  fault.reset();
  for (const char *entry : {"init", "step", "eval"}) {
    if (!image.findEntry(entry))
      continue;
    Status ok = (*machine)->run(entry, options);
    if (ok)
      continue;
    message = ok.message();
    fault = (*machine)->orderFault();
    if (fault)
      return Outcome::unordered;
    return message.find("deadlock") != std::string::npos ? Outcome::deadlock : Outcome::different;
  }
  values.clear();
  for (const image::Tensor &tensor : image.tensors)
    values[tensor.name] = *(*machine)->read(tensor.name);
  return Outcome::identical;
}

Outcome MutantRunner::runAll(const image::Image &image, const Values *expected) {
  Values inOrder;
  Outcome outcome = run(image, 0, inOrder);
  if (outcome == Outcome::unordered && !expected && fault == exec::OrderFault::unwritten) {
    ++unwritten;
    return Outcome::identical;
  }
  if (outcome != Outcome::identical)
    return expected || outcome == Outcome::unordered ? outcome : Outcome::identical;
  if (expected && inOrder != *expected)
    return Outcome::different;
  return interleave(image, inOrder);
}

Outcome MutantRunner::interleave(const image::Image &image, const Values &expected) {
  for (uint64_t seed : {uint64_t(random()) + 1, uint64_t(random()) + 1}) {
    Values actual;
    Outcome outcome = run(image, seed, actual);
    if (outcome != Outcome::identical)
      return outcome;
    if (actual != expected)
      return Outcome::different;
  }
  return Outcome::identical;
}

void MutantRunner::damage(ModuleOp sound, const Values &expected, int times) {
  for (int i = 0; i < times; ++i) {
    const Mutation &mutation = mutations()[size_t(draw(int64_t(mutations().size())))];
    OwningOpRef<ModuleOp> damaged = sound.clone();
    if (!mutation.apply(*damaged, [&](int64_t n) { return draw(n); }))
      continue;
    std::string text = textOf(*damaged);
    const Values *values = mutation.isOtherProgram ? nullptr : &expected;
    Count &count = counts[mutation.name];
    bool accepted = isAccepted(*damaged);
    ++(accepted ? count.accepted : count.rejected);
    FailureOr<image::Image> image = emit(*damaged);
    if (accepted) {
      ASSERT_TRUE(succeeded(image)) << message << "\n" << text;
      ASSERT_EQ(runAll(*image, values), Outcome::identical)
          << "accepted after \"" << mutation.name << "\": " << message << "\n"
          << text;
      continue;
    }
    if (failed(image))
      continue; // nothing that could be run
    Values inOrder;
    bool isFlagged = run(*image, 0, inOrder) == Outcome::unordered;
    count.flagged += isFlagged;
    if (draw(8) != 0)
      continue;
    // The simulation can tell: a good part of what is rejected does go wrong there, and all that
    // does the check has found.
    ++simulatedRejects;
    bool isRunnable = run(*image, 0, inOrder, /*checksOrder=*/false) == Outcome::identical;
    bool races = isRunnable && interleave(*image, inOrder) != Outcome::identical;
    harmful += races || !isRunnable || (values && inOrder != *values);
    ASSERT_TRUE(isFlagged || !races)
        << "not found after \"" << mutation.name << "\": " << message << "\n"
        << text;
  }
}

void MutantRunner::printCounts() const {
  Count sum;
  for (auto &[name, count] : counts) {
    std::printf("  %-18s %5d rejected, %5d of them found by --check-order; %5d accepted\n",
                name.c_str(), count.rejected, count.flagged, count.accepted);
    sum.rejected += count.rejected;
    sum.flagged += count.flagged;
    sum.accepted += count.accepted;
  }
  std::printf("  %-18s %5d rejected, %5d of them found by --check-order (%.0f %%); %5d accepted, "
              "%d of them read what nothing has written\n",
              "all", sum.rejected, sum.flagged, 100.0 * sum.flagged / std::max(1, sum.rejected),
              sum.accepted, unwritten);
  std::printf("  of %d rejected ones that were run in interleavings, %d went wrong\n",
              simulatedRejects, harmful);
}
