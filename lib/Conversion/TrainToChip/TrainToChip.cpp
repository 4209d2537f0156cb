//===- TrainToChip.cpp - the pass convert-train-to-chip ---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "Contract.h"
#include "LowerSkip.h"
#include "Masks.h"

#include "dialects/Chip/TensorOp.h"
#include "dialects/Train/ClassifyOp.h"
#include "dialects/Train/ClassifyOpKind.h"
#include "dialects/Train/ConstantOp.h"
#include "dialects/Train/ConvWgOp.h"
#include "dialects/Train/ReshapeOp.h"
#include "dialects/Train/TrainKept.h"
#include "dialects/Train/TrainState.h"
#include "dialects/Train/WriteOp.h"

#include "slp/Conversion/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace slp {
#define GEN_PASS_DEF_CONVERTTRAINTOCHIP
#include "slp/Conversion/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::train;

namespace {

struct ConvertTrainToChip : slp::impl::ConvertTrainToChipBase<ConvertTrainToChip> {
  using Base::Base;
  void runOnOperation() override;

private:
  void declareTensor(StringRef name, RankedTensorType type, chip_ir::Role role, Location loc,
                     Attribute init = nullptr, Attribute rounding = nullptr,
                     FlatSymbolRefAttr copyOf = nullptr);
  void elide(Value value, const Twine &reason);
  LogicalResult nameResults(func::FuncOp fn, TensorMap &tensors);
  LogicalResult declareArguments(func::FuncOp fn, TensorMap &tensors);
  LogicalResult checkReadsBeforeWrites(func::FuncOp fn);
  LogicalResult convert(func::FuncOp fn);

  std::optional<chip::Chip> chip;
  llvm::StringMap<chip_ir::TensorOp> declared;
  SmallVector<Attribute> elided;
  NamedAttrList types; // of all train tensors, by name: the debug section's shapes
};

} // namespace

/// The value behind reshapes.
static Value rootOf(Value value) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>())
    value = reshape.getX();
  return value;
}

void ConvertTrainToChip::declareTensor(StringRef name, RankedTensorType type, chip_ir::Role role,
                                       Location loc, Attribute init, Attribute rounding,
                                       FlatSymbolRefAttr copyOf) {
  if (auto it = declared.find(name); it != declared.end())
    return;
  // Tensors stand before the functions, in order of first mention; states share symbols with
  // train.state until that goes.
  OpBuilder b(&getContext());
  b.setInsertionPoint(*getOperation().getOps<func::FuncOp>().begin());
  auto space = chip_ir::SpaceAttr::get(&getContext(), chip_ir::Space::dram);
  // An image knows eight dimensions; of more the outer ones, which follow each other in memory, are
  // one.
  SmallVector<int64_t> shape(type.getShape());
  while (shape.size() > 8) {
    shape[1] *= shape[0];
    shape.erase(shape.begin());
  }
  auto memref = MemRefType::get(shape, type.getElementType(), MemRefLayoutAttrInterface(), space);
  auto tensor =
      chip_ir::TensorOp::create(b, loc, b.getStringAttr(name), TypeAttr::get(memref),
                                chip_ir::RoleAttr::get(&getContext(), role), init, rounding,
                                IntegerAttr(), copyOf, chip_ir::SpaceAttr(), chip_ir::LayoutAttr());
  declared[name] = tensor;
}

void ConvertTrainToChip::elide(Value value, const Twine &reason) {
  std::string name = trainNameOf(value);
  if (name.empty())
    return;
  OpBuilder b(&getContext());
  elided.push_back(b.getStrArrayAttr({name, reason.str()}));
}

LogicalResult ConvertTrainToChip::declareArguments(func::FuncOp fn, TensorMap &tensors) {
  for (BlockArgument arg : fn.getArguments()) {
    auto name = fn.getArgAttrOfType<StringAttr>(arg.getArgNumber(), getArgNameAttrName());
    if (!name)
      return fn.emitError("argument #") << arg.getArgNumber() << " has no " << getArgNameAttrName();
    declareTensor(name, cast<RankedTensorType>(arg.getType()), chip_ir::Role::input, fn.getLoc());
    tensors.set(arg, name);
  }
  return success();
}

/// Gives every value that is stored its DRAM tensor: states by name, function results by theirs,
/// the rest by train.names. What is not stored needs no name. Fails if a stored one has none, or
/// two results share one, which would be one memory.
LogicalResult ConvertTrainToChip::nameResults(func::FuncOp fn, TensorMap &tensors) {
  llvm::DenseMap<Value, std::string> outputs;
  Operation *terminator = fn.getBody().front().getTerminator();
  for (auto [i, value] : llvm::enumerate(terminator->getOperands()))
    if (auto name = fn.getResultAttrOfType<StringAttr>(i, getArgNameAttrName()))
      outputs[rootOf(value)] = name.str();

  llvm::StringSet<> taken;
  auto missing = [](OpResult result) {
    return result.getOwner()->emitOpError("result #")
           << result.getResultNumber() << " has no " << getNamesAttrName()
           << "; run train-name-tensors first";
  };
  for (Operation &op : fn.getBody().front()) {
    for (OpResult result : op.getResults())
      if (std::string name = trainNameOf(result); !name.empty()) {
        if (!taken.insert(name).second)
          return op.emitOpError("result #") << result.getResultNumber() << " has the name \""
                                            << name << "\", and another result too";
        types.set(name, TypeAttr::get(result.getType()));
      }
    if (auto state = stateReadBy(&op)) {
      tensors.set(op.getResult(0), state.getValue());
      elide(op.getResult(0), "the state " + state.getValue() + " before the step");
      continue;
    }
    if (auto reshape = dyn_cast<ReshapeOp>(op)) {
      tensors.set(reshape.getY(), tensors.symbolOf(reshape.getX()));
      elide(reshape.getY(), "the same memory as " + trainNameOf(reshape.getX()));
      continue;
    }
    if (auto constant = dyn_cast<ConstantOp>(op)) {
      std::string name = trainNameOf(constant.getY());
      if (name.empty())
        return missing(cast<OpResult>(constant.getY()));
      declareTensor(name, cast<RankedTensorType>(constant.getType()), chip_ir::Role::constant,
                    op.getLoc(), constant.getValue());
      tensors.set(constant.getY(), name);
      elide(constant.getY(), "a constant, computed by nobody");
      continue;
    }
    for (OpResult result : op.getResults()) {
      if (isOneOf<ClassifyOp>(op) && result.getResultNumber() == 1 && result.use_empty()) {
        elide(result, "nobody reads the histogram");
        continue;
      }
      std::string name = trainNameOf(result);
      chip_ir::Role role = chip_ir::Role::temp;
      for (Operation *user : result.getUsers())
        if (auto write = dyn_cast<WriteOp>(user)) {
          name = write.getState().str();
          role = chip_ir::Role::state;
        }
      if (auto it = outputs.find(result); it != outputs.end()) {
        name = it->second;
        role = chip_ir::Role::output;
      }
      if (name.empty())
        return missing(result);
      if (role != chip_ir::Role::state)
        declareTensor(name, cast<RankedTensorType>(result.getType()), role, op.getLoc());
      tensors.set(result, name);
    }
  }
  return success();
}

/// An op that reads the old value of a state behind the op that writes the new one to its memory,
/// or null.
static Operation *readBehind(WriteOp write) {
  Operation *writer = write.getValue().getDefiningOp();
  SmallVector<Value> old;
  for (Operation &op : *write->getBlock())
    if (stateReadBy(&op) == write.getStateAttr())
      old.push_back(op.getResult(0));
  while (!old.empty())
    for (Operation *user : old.pop_back_val().getUsers()) {
      if (auto reshape = dyn_cast<ReshapeOp>(user))
        old.push_back(reshape.getY());
      else if (writer && writer->isBeforeInBlock(user) && !isa<WriteOp>(user))
        return user;
    }
  return nullptr;
}

LogicalResult ConvertTrainToChip::checkReadsBeforeWrites(func::FuncOp fn) {
  for (auto update : fn.getOps<InPlaceInterface>())
    for (Value old : update->getOperands().take_front(update.numInPlace())) {
      if (!stateReadBy(old))
        return update.emitOpError("expected a state that is updated in place");
      for (Operation *user : old.getUsers())
        if (update->isBeforeInBlock(user))
          return user->emitError("reads a state after its update in place");
    }
  for (auto write : fn.getOps<WriteOp>())
    if (Operation *late = readBehind(write))
      return late->emitError("reads state ")
             << write.getStateAttr() << " after its new value has been computed";
  return success();
}

/// No field of conv.wg says how images are added up: it is the chip's way.
static LogicalResult checkAcross(Operation *op, const chip::Chip &chip) {
  auto gradient = dyn_cast<ConvWgOp>(op);
  if (!gradient || !gradient.getAccumulate())
    return success();
  num_ir::AccumulateAttr accumulate = *gradient.getAccumulate();
  bool isWide = accumulate.getWeightGradient().isF32();
  if (accumulate.hasChainPerImage() == chip.numerics.hasChainPerImage() &&
      isWide != chip.numerics.weightGradientFp16())
    return success();
  return op->emitOpError("adds up images with across = ")
         << accumulate.getAcross() << ", expected what " << chip.name
         << " does (`numerics.across` of its description)";
}

LogicalResult ConvertTrainToChip::convert(func::FuncOp fn) {
  if (!fn.getBody().hasOneBlock())
    return fn.emitError("expected a function of one block");
  TensorMap tensors;
  if (failed(declareArguments(fn, tensors)) || failed(checkReadsBeforeWrites(fn)) ||
      failed(nameResults(fn, tensors)))
    return failure();

  OpBuilder b(fn);
  auto result = func::FuncOp::create(b, fn.getLoc(), fn.getName(), b.getFunctionType({}, {}));
  b.setInsertionPointToStart(result.addEntryBlock());
  for (Operation &op : fn.getBody().front().without_terminator()) {
    if (stateReadBy(&op) || isa<WriteOp, ReshapeOp, ConstantOp>(op))
      continue;
    std::vector<Nest> nests;
    if (failed(checkAcross(&op, *chip)) || failed(lowerOp(&op, tensors, nests)) ||
        failed(setRoundings(*chip, nests)))
      return failure();
    for (const Nest &nest : nests) {
      if (failed(checkLimits(nest)))
        return failure();
      chip_ir::NestOp made = createNest(b, nest);
      if (Attribute wish = op.getAttr(chip_ir::tileWishAttrName)) // how the user wants it tiled
        made->setAttr(chip_ir::tileWishAttrName, wish);
      if (op.hasAttr(getOverKeptAttrName()) && failed(runOverKept(&op, tensors, made)))
        return failure();
    }
  }
  func::ReturnOp::create(b, fn.getLoc());
  fn.erase();
  return success();
}

void ConvertTrainToChip::runOnOperation() {
  ModuleOp module = getOperation();
  Result<chip::Chip> loaded = chip::load(target);
  if (!loaded) {
    module.emitError() << loaded.message();
    return signalPassFailure();
  }
  chip = loaded.take();

  SmallVector<State> states = statesOf(module);
  for (const State &state : states)
    declareTensor(state.name(), state.type,
                  state.copyOf ? chip_ir::Role::copy : chip_ir::Role::state, state.loc(),
                  state.init, state.rounding, state.copyOf);
  DictionaryAttr contract = contractOf(module);
  DictionaryAttr masks = masksOf(module);
  for (func::FuncOp fn : llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
    if (failed(convert(fn)))
      return signalPassFailure();
  for (const State &state : states)
    state.op->erase();

  module->setAttr("slp.contract", contract);
  if (!masks.empty())
    module->setAttr("slp.masks", masks);
  auto pairs = ArrayAttr::get(&getContext(), elided);
  module->setAttr("slp.elided", chip_ir::ElidedAttr::get(&getContext(), pairs));
  module->setAttr("slp.tensors",
                  chip_ir::TensorsAttr::get(&getContext(), types.getDictionary(&getContext())));
  module->setAttr("slp.chip", StringAttr::get(&getContext(), target));
}
