//===- SkipZeros.cpp - the pass chip-skip-zeros -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Which zeros a tensor has is known when a step runs; before, only who writes it.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Chip/ChipNest.h"
#include "dialects/Chip/ChipOps.h"
#include "slp/Transforms/Chip/Passes.h"

#include "runtime/isa/EnumSkip.h.inc"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FormatVariadic.h"

namespace slp {
#define GEN_PASS_DEF_SKIPZEROS
#include "slp/Transforms/Chip/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

namespace {
struct SkipZeros : slp::impl::SkipZerosBase<SkipZeros> {
  using Base::Base;
  void runOnOperation() override;
};

/// Shares of zeros to expect, by the instructions that write a tensor.
class ZeroShares {
public:
  explicit ZeroShares(func::FuncOp fn);
  double of(Value buffer, int depth = 0) const;

private:
  double ofTensor(StringRef tensor, int depth) const;

  llvm::StringMap<Value> stored; // the buffer that stores a tensor; of several the last
};
} // namespace

static StringRef nameOf(EngineInstruction run) { return StringRef(run.getInfo().layout.name); }

ZeroShares::ZeroShares(func::FuncOp fn) {
  fn.walk([&](BufferOp buffer) {
    if (buffer.getTensor() && buffer.getStore())
      stored[*buffer.getTensor()] = buffer.getResult();
  });
}

double ZeroShares::ofTensor(StringRef tensor, int depth) const {
  auto it = stored.find(tensor);
  return it == stored.end() ? 0 : of(it->second, depth);
}

/// A rectifier and its gradient leave half; the gradient of max-pooling one of a window. What only
/// moves or rounds elements keeps its zeros.
double ZeroShares::of(Value value, int depth) const {
  constexpr int deepest = 8; // of tensors that lie behind each other
  auto buffer = value.getDefiningOp<BufferOp>();
  EngineInstruction writer;
  for (Operation *user : value.getUsers())
    if (auto run = dyn_cast<EngineInstruction>(user))
      if (llvm::is_contained(run.getWritten(), value))
        writer = run;
  if (depth == deepest || !buffer)
    return 0;
  if (!writer)
    return buffer.getTensor() && buffer.getLoad() ? ofTensor(*buffer.getTensor(), depth + 1) : 0;
  SmallVector<Value> read = writer.getOnlyRead();
  double before = read.empty() ? 0 : of(read.front(), depth + 1);
  StringRef name = nameOf(writer);
  auto fn = writer->getAttrOfType<IntegerAttr>("fn");
  auto isNamed = [&](StringRef function) {
    for (const mach::FieldInfo &field : writer.getInfo().layout.fields)
      if (fn && field.name == "fn")
        return StringRef(field.names[size_t(fn.getInt())]) == function;
    return false;
  };
  if (name == "v.relu")
    return 0.5;
  if (name == "v.binary" && isNamed("relu_grad"))
    return 1 - (1 - before) / 2;
  if (name == "v.max.pool.grad") {
    auto window = writer->getAttrOfType<DenseI64ArrayAttr>("geom");
    int64_t places = window ? window[0] * window[1] : 1;
    return 1 - (1 - before) / double(places);
  }
  bool keeps = name == "v.round" || name == "v.classify" || name == "v.copy" || name == "v.gather";
  return keeps ? before : 0;
}

/// Which operand a gradient of weights streams, and why.
static void remarkChoice(EngineInstruction run, double ofInputs, double ofErrors) {
  auto nest = run->getParentOfType<NestOp>();
  auto r = remark::passed(nest.getLoc(), remark::RemarkOpts::name("skip").category("sparsity"));
  if (!r)
    return;
  auto percent = [](double share) { return llvm::formatv("{0:f0} %", 100 * share).str(); };
  r << nest.getOp().str() << ": streams the " << (ofErrors > ofInputs ? "errors" : "activations")
    << " without zeros: expected are " << percent(ofInputs) << " zeros in activations, "
    << percent(ofErrors) << " in errors";
}

void SkipZeros::runOnOperation() {
  for (auto fn : getOperation().getOps<func::FuncOp>()) {
    ZeroShares shares(fn);
    fn.walk([&](EngineInstruction run) {
      bool isMac = run.getEngine() == Engine::mac;
      auto takes = [](const mach::FieldInfo &field) { return field.name == "skip"; };
      if (!isMac || llvm::none_of(run.getInfo().layout.fields, takes))
        return;
      auto isMask = [&](OpOperand &operand) {
        return run.getField(operand).role.elements == mach::Elements::mask;
      };
      if (llvm::any_of(run->getOpOperands(), isMask))
        return; // it takes one or the other
      mach::Skip skip = mach::Skip::a;
      SmallVector<Value> read = run.getOnlyRead();
      double ofFirst = shares.of(read[0]), ofSecond = shares.of(read[1]);
      bool isChosen = nameOf(run) == "conv.wg";
      if (isChosen && ofSecond > ofFirst)
        skip = mach::Skip::b;
      if (isChosen)
        remarkChoice(run, ofFirst, ofSecond);
      run->setAttr("skip", Builder(run.getContext()).getI64IntegerAttr(int64_t(skip)));
    });
  }
}
