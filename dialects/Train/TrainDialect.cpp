//===- TrainDialect.cpp - registration and attributes of the train dialect --------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainDialect.h"

#include "dialects/Train/TrainKept.h"

#include "dialects/Train/TrainContract.h"
#include "dialects/Train/TrainMasks.h"
#include "dialects/Train/TrainPull.h"
#include "dialects/Train/TrainShapes.h"
#include "dialects/Train/TrainState.h"
#include "dialects/Train/TrainStreams.h"

#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace slp::train;

#include "dialects/Train/TrainOpsDialect.cpp.inc"
#include "dialects/Train/TrainOpsEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Train/TrainOpsAttributes.cpp.inc"

#include "dialects/Train/TrainInterfaces.cpp.inc"

void TrainDialect::initialize() {
  addStateOps();
  addMacOps();
  addEpilogueOps();
  addArithmeticOps();
  addElementwiseOps();
  addLogicOps();
  addReduceOps();
  addMoveOps();
  addWindowOps();
  addRowOps();
  addNormOps();
  addLossOps();
  addUpdateOps();
  addScaleOps();
  addFormOps();
  addMixedOps();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Train/TrainOpsAttributes.cpp.inc"
      >();
}

//===----------------------------------------------------------------------------------------===//
// Attributes on ops of other dialects
//===----------------------------------------------------------------------------------------===//

LogicalResult TrainDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  StringRef name = attribute.getName();
  if (name == getNamesAttrName()) {
    auto names = dyn_cast<ArrayAttr>(attribute.getValue());
    if (!names || names.size() != op->getNumResults() ||
        !llvm::all_of(names, llvm::IsaPred<StringAttr>))
      return op->emitOpError("expected train.names to be one string per result, found ")
             << attribute.getValue();
  } else if (name == getStreamsAttrName()) {
    auto streams = dyn_cast<DenseI64ArrayAttr>(attribute.getValue());
    bool isGood = streams && streams.size() == op->getNumResults() &&
                  llvm::all_of(streams.asArrayRef(),
                               [](int64_t t) { return t >= 0 && t < int64_t(1) << 24; });
    if (!isGood)
      return op->emitOpError(
                 "expected train.streams to be one number of 24 bits per result, found ")
             << attribute.getValue();
  } else if (name == getF32AttrName()) {
    auto storage = dyn_cast<StorageInterface>(op);
    if (!isa<UnitAttr>(attribute.getValue()) || !storage ||
        storage.getStorageClass() == StorageClass::accumulator)
      return op->emitOpError("expected train.f32 to be a unit on an op of the vector unit, found ")
             << attribute.getValue();
    if (llvm::any_of(op->getResultTypes(), isNarrow))
      return op->emitOpError("expected results of f32, as it has train.f32");
  } else if (name == getOverKeptAttrName() || name == getKeptOnlyAttrName()) {
    auto phase = op->getAttrOfType<PhaseAttr>("phase");
    bool isBackward = phase && (phase.getValue() == Phase::bp || phase.getValue() == Phase::wg);
    if (!isa<UnitAttr>(attribute.getValue()) || !isBackward)
      return op->emitOpError("expected ")
             << name << " to be a unit on an op of BP or WG, found " << attribute.getValue();
    if (!op->hasAttr(getOverKeptAttrName()))
      return op->emitOpError("has train.kept_only, expected train.over_kept too");
  } else if (name == getAccumulatorsAttrName()) {
    if (!isa<UnitAttr>(attribute.getValue()) || !isa<StorageInterface>(op))
      return op->emitOpError(
                 "expected train.accumulators to be a unit on an op that computes, found ")
             << attribute.getValue();
  } else if (name == "train.model") {
    if (!isa<StringAttr>(attribute.getValue()))
      return op->emitOpError("expected train.model to be a file name, found ")
             << attribute.getValue();
  } else if (name == "train.precision") {
    auto precision = dyn_cast<DictionaryAttr>(attribute.getValue());
    if (!precision)
      return op->emitOpError("expected train.precision to be a dictionary, found ")
             << attribute.getValue();
    uint64_t hash;
    if (Attribute found = precision.get("model_hash"))
      if (auto text = dyn_cast<StringAttr>(found); !text || text.getValue().getAsInteger(16, hash))
        return op->emitOpError("expected model_hash to be a hexadecimal number of 64 bits, found ")
               << found;
  } else if (name == "train.own_updates") {
    if (!isa<UnitAttr>(attribute.getValue()))
      return op->emitOpError("expected train.own_updates to be a unit, found ")
             << attribute.getValue();
  } else if (name == getHyperAttrName() || name == getNumbersAttrName()) {
    auto numbers = dyn_cast<DictionaryAttr>(attribute.getValue());
    if (!numbers || !llvm::all_of(numbers, [](NamedAttribute number) {
          auto value = dyn_cast<FloatAttr>(number.getValue());
          return value && value.getType().isF32();
        }))
      return op->emitOpError("expected ")
             << name << " to be a dictionary of f32, found " << attribute.getValue();
  } else if (name == getPullAttrName()) {
    auto states = dyn_cast<ArrayAttr>(attribute.getValue());
    bool isGood = asState(op) && states && states.size() == 2 &&
                  llvm::all_of(states, llvm::IsaPred<FlatSymbolRefAttr>);
    if (!isGood)
      return op->emitOpError("expected train.pull to be two states, of a state, found ")
             << attribute.getValue();
  } else if (name == "train.file_optimizer") {
    if (!isa<StringAttr>(attribute.getValue()))
      return op->emitOpError("expected train.file_optimizer to be a name, found ")
             << attribute.getValue();
  } else if (name == "train.optimizer") {
    if (!isa<DictionaryAttr>(attribute.getValue()))
      return op->emitOpError("expected train.optimizer to be a dictionary, found ")
             << attribute.getValue();
  } else if (name == "train.training") {
    auto training = dyn_cast<DictionaryAttr>(attribute.getValue());
    if (!training || !training.getAs<StringAttr>("name") ||
        !training.getAs<IntegerAttr>("micro_batches") || !training.getAs<DictionaryAttr>("numbers"))
      return op->emitOpError("expected train.training to be {micro_batches, name, numbers}, found ")
             << attribute.getValue();
  } else {
    return op->emitOpError("has an attribute ") << attribute.getName() << ", unknown to train";
  }
  return success();
}

static LogicalResult verifyContract(Operation *op, NamedAttribute attribute, bool isArgument) {
  StringRef name = attribute.getName();
  Attribute value = attribute.getValue();
  auto is = [&](std::initializer_list<StringRef> words) {
    auto text = dyn_cast<StringAttr>(value);
    return text && llvm::is_contained(words, text.getValue());
  };
  auto isNumber = [&](unsigned width, int64_t least) {
    auto number = dyn_cast<IntegerAttr>(value);
    return number && number.getType().isInteger(width) && number.getInt() >= least;
  };
  StringRef expected;
  bool isFine = true;
  if (name == getArgNameAttrName()) {
    expected = "a string";
    isFine = isa<StringAttr>(value);
  } else if (name == getRoleAttrName()) {
    expected = isArgument ? "labels or targets" : "loss or logits";
    isFine = isArgument ? is({"labels", "targets"}) : is({"loss", "logits"});
  } else if (name == getClassesAttrName() && isArgument) {
    expected = "a number of at least 1 in i64";
    isFine = isNumber(64, 1);
  } else if (name == getIgnoreAttrName() && isArgument) {
    expected = "a label in i32";
    isFine = isNumber(32, std::numeric_limits<int32_t>::min());
  } else if (name == getPlacesAttrName() && isArgument) {
    expected = "numbers of at least 1 in array<i64>";
    auto sizes = dyn_cast<DenseI64ArrayAttr>(value);
    isFine = sizes && !sizes.empty() &&
             llvm::all_of(sizes.asArrayRef(), [](int64_t size) { return size >= 1; });
  } else if (name == getClassAxisAttrName() && !isArgument) {
    expected = "a dimension in i64";
    isFine = isNumber(64, 0);
  } else if (name == getEvaluatedAttrName() && !isArgument) {
    expected = "a unit";
    isFine = isa<UnitAttr>(value);
  } else {
    return op->emitOpError("has an attribute ")
           << name << (isArgument ? " of an argument" : " of a result") << ", unknown to train";
  }
  if (isFine)
    return success();
  return op->emitOpError("expected ") << name << " to be " << expected << ", found " << value;
}

LogicalResult TrainDialect::verifyRegionArgAttribute(Operation *op, unsigned, unsigned,
                                                     NamedAttribute attribute) {
  return verifyContract(op, attribute, /*isArgument=*/true);
}

LogicalResult TrainDialect::verifyRegionResultAttribute(Operation *op, unsigned, unsigned,
                                                        NamedAttribute attribute) {
  return verifyContract(op, attribute, /*isArgument=*/false);
}
