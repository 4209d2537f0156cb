//===- MachDialect.cpp - registration and verifiers of mach ops
//---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What ODS cannot compute from the records: the rules that span several fields or ops.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Mach/MachDialect.h"

#include "dialects/Mach/MachProgramOps.h"
#include "dialects/Mach/MachSequencerOps.h"
#include "runtime/isa/AccModeBias.h.inc"
#include "runtime/isa/Addresses.h"
#include "runtime/isa/ElementBytes.h"
#include "runtime/isa/EngineSeq.h.inc"
#include "runtime/isa/EnumBank.h.inc"
#include "runtime/isa/LayoutRowMajor.h.inc"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace slp::mach;

#include "dialects/Mach/MachOpsDialect.cpp.inc"

//===----------------------------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------------------------===//

bool slp::mach::isInstruction(Operation *op) { return op->hasTrait<InstructionTrait>(); }

/// What a field's range does not say; each sentence is in the instruction's description.
static LogicalResult verifyFields(Operation *op) {
  if (auto wait = dyn_cast<WaitOp>(op); wait && wait.getEngine() == slp::mach::engine::seq)
    return op->emitOpError("must not hold the sequencer, which has no queue to wait in");
  auto isUnreached = [](auto instr) {
    return instr && instr.getBank() == Bank::shared &&
           (isPerCore(instr.getEngine()) || instr.getEngine() == slp::mach::engine::seq);
  };
  if (isUnreached(dyn_cast<WaitOp>(op)) || isUnreached(dyn_cast<SignalOp>(op)))
    return op->emitOpError("bank shared is for vector, shared_load and shared_store alone");
  if (auto org = dyn_cast<OrgOp>(op); org && org.getDim() >= TensorTile().origin.size())
    return op->emitOpError() << "dim must be at most " << TensorTile().origin.size() - 1
                             << ", found " << org.getDim();
  if (auto geom = dyn_cast<GeomOp>(op))
    if (geom.getKh() == 0 || geom.getKw() == 0 || geom.getSh() == 0 || geom.getSw() == 0 ||
        geom.getDh() == 0 || geom.getDw() == 0)
      return op->emitOpError("kernel, strides and dilations must be at least 1");
  if (auto hyper = dyn_cast<HyperOp>(op); hyper && (hyper.getBits() >> 23 & 0xff) == 0xff)
    return op->emitOpError("bits must be a finite FP32 number");
  // Only instructions with a bias tile can start at the bias. Where an operand is optional, the
  // mode says whether it is there.
  bool isOptional = llvm::any_of(ArrayRef<StringRef>{"factor", "t", "lossScale", "unscale"},
                                 [&](StringRef field) { return op->getInherentAttr(field); });
  auto mode = dyn_cast_if_present<IntegerAttr>(op->getInherentAttr("mode").value_or(nullptr));
  if (mode && !isOptional && mode.getInt() == static_cast<int64_t>(slp::mach::accMode::bias) &&
      !op->getInherentAttr("bias"))
    return op->emitOpError("mode must be zero or continue, there is no bias tile");
  return success();
}

LogicalResult slp::mach::detail::verifyInstruction(Operation *op) {
  if (failed(verifyFields(op)))
    return failure();
  if (Attribute node = op->getDiscardableAttr(nodeAttrName); node && !isa<StringAttr>(node))
    return op->emitOpError() << "attribute '" << nodeAttrName << "' must be a string";
  if (Attribute phase = op->getDiscardableAttr(phaseAttrName)) {
    auto name = dyn_cast<StringAttr>(phase);
    if (!name || !llvm::is_contained({"fp", "bp", "wg", "up"}, name.getValue()))
      return op->emitOpError() << "attribute '" << phaseAttrName
                               << "' must be \"fp\", \"bp\", \"wg\" or \"up\"";
  }
  if (Attribute tensor = op->getDiscardableAttr(tensorAttrName)) {
    auto list = dyn_cast<ArrayAttr>(tensor);
    if (!isa<StringAttr>(tensor) && !(list && llvm::all_of(list, llvm::IsaPred<StringAttr>)))
      return op->emitOpError() << "attribute '" << tensorAttrName
                               << "' must be a string or an array of strings";
  }
  return success();
}

LogicalResult DescOp::verifySymbolUses(SymbolTableCollection &symbols) {
  if (!symbols.lookupNearestSymbolFrom<DescriptorOp>(*this, getSrcAttr()))
    return emitOpError() << "names '" << getSrc() << "', which is no mach.descriptor";
  return success();
}

//===----------------------------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------------------------===//

namespace {
/// Checks that labels exist and lie ahead, and that loops and branches nest.
class FlowVerifier {
public:
  LogicalResult run(Block &block);

private:
  struct OpenLoop {
    Operation *loop;
    size_t end;
  };
  LogicalResult addLabel(LabelOp label, size_t position);
  LogicalResult verifyTarget(Operation *op, size_t position, StringAttr field, StringAttr name);

  /// Where a label is among the block's ops.
  struct Place {
    LabelOp label;
    size_t position;
  };
  llvm::StringMap<Place> labels;
  SmallVector<OpenLoop> openLoops;
};
} // namespace

LogicalResult FlowVerifier::addLabel(LabelOp label, size_t position) {
  auto [first, isNew] = labels.try_emplace(label.getName(), Place{label, position});
  if (isNew)
    return success();
  InFlightDiagnostic diagnostic = label.emitOpError()
                                  << "\"" << label.getName() << "\" is defined twice";
  diagnostic.attachNote(first->second.label.getLoc()) << "first definition is here";
  return diagnostic;
}

LogicalResult FlowVerifier::verifyTarget(Operation *op, size_t position, StringAttr field,
                                         StringAttr name) {
  auto it = labels.find(name.getValue());
  if (it == labels.end())
    return op->emitOpError() << "field '" << field.getValue() << "' names the label \""
                             << name.getValue() << "\", which the program does not have";
  Place place = it->second;
  if (place.position < position) {
    InFlightDiagnostic diagnostic = op->emitOpError() << "field '" << field.getValue()
                                                      << "' must name a label that lies ahead";
    diagnostic.attachNote(place.label.getLoc()) << "the label is here";
    return diagnostic;
  }
  if (!openLoops.empty() && place.position > openLoops.back().end) {
    InFlightDiagnostic diagnostic = op->emitOpError()
                                    << "field '" << field.getValue()
                                    << "' must name a label within the loop around it";
    diagnostic.attachNote(openLoops.back().loop->getLoc()) << "the loop is here";
    return diagnostic;
  }
  if (isa<LoopOp, LooprOp>(op))
    openLoops.push_back({op, place.position});
  return success();
}

LogicalResult FlowVerifier::run(Block &block) {
  for (auto [position, op] : llvm::enumerate(block)) {
    if (auto label = dyn_cast<LabelOp>(op)) {
      if (failed(addLabel(label, position)))
        return failure();
    } else if (!isInstruction(&op)) {
      return op.emitOpError() << "is neither an instruction nor a label, which is all that a "
                                 "mach.program holds";
    }
  }
  for (auto [position, op] : llvm::enumerate(block)) {
    while (!openLoops.empty() && openLoops.back().end <= position)
      openLoops.pop_back();
    if (!isInstruction(&op))
      continue;
    // Inherent string attributes are label operands; symbols and numbers have their own types.
    for (StringAttr field : op.getName().getAttributeNames()) {
      auto name = dyn_cast_if_present<StringAttr>(op.getInherentAttr(field).value_or(nullptr));
      if (name && failed(verifyTarget(&op, position, field, name)))
        return failure();
    }
  }
  return success();
}

LogicalResult ProgramOp::verifyRegions() { return FlowVerifier().run(getBody().front()); }

//===----------------------------------------------------------------------------------------===//
// Descriptors and tensors
//===----------------------------------------------------------------------------------------===//

void DescriptorOp::build(OpBuilder &builder, OperationState &state, StringRef name,
                         const TensorTile &tile) {
  auto array = [](const auto &numbers) {
    return SmallVector<int64_t>(numbers.begin(), numbers.end());
  };
  build(builder, state, name, tile.space, tile.format, tile.rank, tile.slots, tile.slotBytes,
        tile.base, tile.rounding, tile.bias, tile.stream,
        tile.layout == layout::row_major ? IntegerAttr()
                                         : builder.getI64IntegerAttr(int64_t(tile.layout)),
        tile.channel ? builder.getI64IntegerAttr(int64_t(tile.channel)) : IntegerAttr(),
        bool(tile.grouped), array(tile.extent), array(tile.tile), array(tile.stride),
        array(tile.origin), array(tile.coreStride));
}

TensorTile DescriptorOp::getTensorTile() {
  TensorTile tile;
  tile.space = getSpace();
  tile.format = getFormat();
  tile.rank = getRank();
  tile.slots = getSlots();
  tile.slotBytes = getSlotBytes();
  tile.base = getBase();
  tile.rounding = getRounding();
  tile.bias = getBias();
  tile.stream = getStream();
  tile.layout = getLayout().value_or(layout::row_major);
  tile.channel = getChannel().value_or(0);
  tile.grouped = getGrouped();
  llvm::copy(getExtent(), tile.extent.begin());
  llvm::copy(getTile(), tile.tile.begin());
  llvm::copy(getStride(), tile.stride.begin());
  llvm::copy(getOrigin(), tile.origin.begin());
  llvm::copy(getCoreStride(), tile.coreStride.begin());
  return tile;
}

LogicalResult DescriptorOp::verify() {
  size_t dims = TensorTile().extent.size();
  for (DenseI64ArrayAttr array :
       {getExtentAttr(), getTileAttr(), getStrideAttr(), getOriginAttr(), getCoreStrideAttr()})
    if (static_cast<size_t>(array.size()) != dims)
      return emitOpError() << "arrays must have " << dims << " numbers, found " << array.size();
  TensorTile tile = getTensorTile();
  if (auto words = tile.encode(); !words.ok())
    return emitOpError() << words.message();
  if (tile.rank > dims)
    return emitOpError() << "rank must be at most " << dims << ", found " << tile.rank;
  if (tile.slots == 0)
    return emitOpError() << "slots must be at least 1";
  for (size_t dim = tile.rank; dim < dims; ++dim)
    if (tile.extent[dim] != 1 || tile.tile[dim] != 1 || tile.origin[dim] != 0 ||
        tile.coreStride[dim] != 0)
      return emitOpError() << "dimension " << dim << " is beyond the rank " << tile.rank
                           << ": extent and tile must be 1, origin and coreStride 0";
  if (Status ok = checkLayout(tile); !ok)
    return emitOpError() << ok.message();
  return success();
}

LogicalResult TensorOp::verify() {
  constexpr int64_t addressLimit = int64_t(1) << 48;
  int64_t address = getAddress(), bytes = getBytes();
  if (address < 0 || bytes < 0 || address > addressLimit - bytes || bytes > addressLimit)
    return emitOpError() << "address and bytes must lie within 48 bits";
  if (llvm::any_of(getShape(), [](int64_t extent) { return extent < 1; }))
    return emitOpError() << "extents of the shape must be at least 1";
  if (getStrides() && getStrides()->size() != getShape().size())
    return emitOpError() << "has " << getStrides()->size() << " strides for " << getShape().size()
                         << " dimensions";
  if (std::optional<Layout> order = getLayout()) {
    if (getStrides())
      return emitOpError() << "expected no strides with a layout, which has its own";
    auto places = TensorPlaces::of(*order, elementBytes(getFormat()), isCompressed(getFormat()),
                                   std::vector<int64_t>(getShape()));
    if (!places)
      return emitOpError() << places.message();
  }
  if (bool(getCopyOf()) != (getRole() == "copy"))
    return emitOpError() << "expected role copy with copy_of, and without it another";
  if ((getInit() || (getInitRounding() && !getCopyOf())) && getRole() != "state" &&
      getRole() != "constant")
    return emitOpError() << "with an initial value must be state or constant, not " << getRole();
  return success();
}

//===----------------------------------------------------------------------------------------===//
// Dialect
//===----------------------------------------------------------------------------------------===//

void MachDialect::initialize() {
  addProgramOps();
  addSequencerOps();
  addTransferOps();
  addMacOps();
  addVectorOps();
  addNormalizeOps();
  addMixedOps();
  addUpdateOps();
  addMoveOps();
}
