//===- MachDialect.cpp - parsing, printing and verifying mach ops -----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What ODS cannot compute from the records: the spelling of field values, which follows the
// assembler's tables, and the rules that span several ops.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Mach/MachDialect.h"

#include "runtime/isa/EnumAccMode.h.inc"
#include "runtime/isa/EnumEngine.h.inc"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace slp::mach;

#include "dialects/Mach/MachOpsDialect.cpp.inc"

static StringRef toRef(std::string_view text) { return StringRef(text.data(), text.size()); }

//===----------------------------------------------------------------------------------------===//
// Field values
//===----------------------------------------------------------------------------------------===//

/// The field of a layout that begins at a bit. ODS passes numbers that it took from the same
/// records.
static const FieldInfo &fieldAt(const LayoutInfo &layout, int lo) {
  const FieldInfo *field =
      llvm::find_if(layout.fields, [&](const FieldInfo &f) { return f.lo == lo; });
  assert(field != layout.fields.end() && "MachOps.td and the tables come from the same records");
  return *field;
}

static const FieldInfo &instructionField(int opcode, int lo) {
  return fieldAt(infoOf(static_cast<Opcode>(opcode)).layout, lo);
}

static const FieldInfo &descriptorField(size_t word, int lo) {
  return fieldAt(tensorTileLayout()[word], lo);
}

static ParseResult parseRegisterName(OpAsmParser &parser, const FieldInfo &field, int64_t &value) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef word;
  if (failed(parser.parseOptionalKeyword(&word)) || !word.consume_front(toRef(field.prefix)) ||
      word.getAsInteger(10, value) || value < 0 || static_cast<uint64_t>(value) >= field.count)
    return parser.emitError(loc) << "expected a register from " << toRef(field.prefix) << "0 to "
                                 << toRef(field.prefix) << field.count - 1;
  return success();
}

static ParseResult parseEnumName(OpAsmParser &parser, const FieldInfo &field, int64_t &value) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef word;
  if (succeeded(parser.parseOptionalKeyword(&word)))
    for (size_t i = 0; i < field.names.size(); ++i)
      if (toRef(field.names[i]) == word) {
        value = static_cast<int64_t>(i);
        return success();
      }
  InFlightDiagnostic diagnostic = parser.emitError(loc) << "expected one of ";
  llvm::interleaveComma(field.names, diagnostic,
                        [&](std::string_view name) { diagnostic << toRef(name); });
  return diagnostic;
}

/// `d3` for registers, a name for enums, a number otherwise; unsigned fields of 64 bits keep their
/// bit pattern.
static ParseResult parseFieldValue(OpAsmParser &parser, IntegerAttr &attr, const FieldInfo &field) {
  int64_t value = 0;
  ParseResult result = success();
  if (field.kind == FieldKind::registerNumber) {
    result = parseRegisterName(parser, field, value);
  } else if (field.kind == FieldKind::enumeration) {
    result = parseEnumName(parser, field, value);
  } else if (field.isSigned()) {
    result = parser.parseInteger(value);
  } else {
    uint64_t number = 0;
    result = parser.parseInteger(number);
    value = static_cast<int64_t>(number);
  }
  attr = parser.getBuilder().getI64IntegerAttr(value);
  return result;
}

static void printFieldValue(OpAsmPrinter &printer, Operation *, IntegerAttr attr,
                            const FieldInfo &field) {
  auto value = static_cast<uint64_t>(attr.getInt());
  if (field.kind == FieldKind::registerNumber)
    printer << toRef(field.prefix) << value;
  else if (field.kind == FieldKind::enumeration && value < field.names.size())
    printer << toRef(field.names[value]);
  else if (field.isSigned())
    printer << attr.getInt();
  else
    printer << value;
}

//===----------------------------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------------------------===//

bool slp::mach::isInstruction(Operation *op) { return op->hasTrait<InstructionTrait>(); }

/// What a field's range does not say; each sentence is in the instruction's description.
static LogicalResult verifyFields(Operation *op) {
  if (auto wait = dyn_cast<WaitOp>(op); wait && wait.getEngine() == Engine::seq)
    return op->emitOpError("must not hold the sequencer, which has no queue to wait in");
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
  if (mode && !isOptional && mode.getInt() == static_cast<int64_t>(AccMode::bias) &&
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
        tile.base, tile.rounding, tile.bias, tile.stream, array(tile.extent), array(tile.tile),
        array(tile.stride), array(tile.origin), array(tile.coreStride));
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
  if ((getInit() || getInitRounding()) && getRole() != "state" && getRole() != "constant")
    return emitOpError() << "with an initial value must be state or constant, not " << getRole();
  return success();
}

//===----------------------------------------------------------------------------------------===//
// Dialect
//===----------------------------------------------------------------------------------------===//

void MachDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Mach/MachOps.cpp.inc"
      >();
}

#define GET_OP_CLASSES
#include "dialects/Mach/MachOps.cpp.inc"
