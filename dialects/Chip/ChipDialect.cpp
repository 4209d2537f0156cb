//===- ChipDialect.cpp - registration and verifiers of the chip dialect -----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Chip/ChipInstruction.h"
#include "dialects/Chip/ChipOps.h"
#include "dialects/Chip/ChipPlaces.h"
#include "dialects/Chip/ChipVerify.h"
#include "dialects/Mach/ElementFormat.h"

#include "dialects/Num/NumDialect.h"

#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace slp::chip_ir;

#include "dialects/Chip/ChipOpsDialect.cpp.inc"
#include "dialects/Chip/ChipOpsEnums.cpp.inc"

//===----------------------------------------------------------------------------------------===//
// Lists with an entry a line
//===----------------------------------------------------------------------------------------===//

/// `<` NAME `:` VALUE, ... `>`; `parseValue` takes the name.
static ParseResult
parseList(AsmParser &parser,
          function_ref<ParseResult(SMLoc where, const std::string &name)> parseValue) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::LessGreater, [&]() -> ParseResult {
    std::string name;
    SMLoc where = parser.getCurrentLocation();
    return failure(parser.parseString(&name) || parser.parseColon() || parseValue(where, name));
  });
}

template <typename Range, typename Print>
static void printList(AsmPrinter &printer, const Range &entries, Print print) {
  raw_ostream &os = printer.getStream();
  os << "<";
  llvm::interleave(
      entries,
      [&](auto entry) {
        os << "\n  ";
        print(entry);
      },
      [&] { os << ","; });
  os << "\n>";
}

Attribute TensorsAttr::parse(AsmParser &parser, Type) {
  NamedAttrList types;
  auto parseType = [&](SMLoc where, const std::string &name) -> ParseResult {
    Type type;
    if (parser.parseType(type))
      return failure();
    if (name.empty() || types.get(name))
      return parser.emitError(where, "expected a name of its own for each tensor, found '")
             << name << "'";
    types.append(name, TypeAttr::get(type));
    return success();
  };
  if (parseList(parser, parseType))
    return {};
  return get(parser.getContext(), types.getDictionary(parser.getContext()));
}

void TensorsAttr::print(AsmPrinter &printer) const {
  printList(printer, getTypes(), [&](NamedAttribute entry) {
    printer.printAttribute(entry.getName());
    printer << " : ";
    printer.printAttribute(entry.getValue());
  });
}

Attribute ElidedAttr::parse(AsmParser &parser, Type) {
  Builder builder(parser.getContext());
  SmallVector<Attribute> pairs;
  auto parseReason = [&](SMLoc, const std::string &name) -> ParseResult {
    std::string reason;
    if (parser.parseString(&reason))
      return failure();
    pairs.push_back(builder.getStrArrayAttr({name, reason}));
    return success();
  };
  if (parseList(parser, parseReason))
    return {};
  return get(parser.getContext(), builder.getArrayAttr(pairs));
}

void ElidedAttr::print(AsmPrinter &printer) const {
  printList(printer, getPairs().getAsRange<ArrayAttr>(), [&](ArrayAttr pair) {
    printer.printAttribute(pair[0]);
    printer << " : ";
    printer.printAttribute(pair[1]);
  });
}

namespace {
/// The lists stand above the module.
struct ChipAliases : OpAsmDialectInterface {
  using OpAsmDialectInterface::OpAsmDialectInterface;

  AliasResult getAlias(Attribute attribute, raw_ostream &os) const override {
    if (isa<TensorsAttr>(attribute))
      os << "tensors";
    else if (isa<ElidedAttr>(attribute))
      os << "elided";
    else
      return AliasResult::NoAlias;
    return AliasResult::FinalAlias;
  }
};
} // namespace

#define GET_ATTRDEF_CLASSES
#include "dialects/Chip/ChipOpsAttributes.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/Chip/ChipOps.cpp.inc"

void ChipDialect::initialize() {
  addInterfaces<ChipAliases>();
  addOperations<
#define GET_OP_LIST
#include "dialects/Chip/ChipOps.cpp.inc"
      >();
  addNestOps();
  addMacOps();
  addVectorOps();
  addNormalizeOps();
  addMixedOps();
  addUpdateOps();
  addMoveOps();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Chip/ChipOpsAttributes.cpp.inc"
      >();
}

Space slp::chip_ir::spaceOf(MemRefType type) {
  auto space = dyn_cast_or_null<SpaceAttr>(type.getMemorySpace());
  return space ? space.getValue() : Space::dram;
}

int64_t slp::chip_ir::elementBytes(Type element) {
  if (auto f = slp::num_ir::storageFormat(element))
    return (f.getWidth() + 7) / 8;
  return (element.getIntOrFloatBitWidth() + 7) / 8;
}

bool slp::chip_ir::isPerCore(Engine engine) {
  return engine == Engine::load || engine == Engine::store || engine == Engine::mac;
}

static bool isShared(Value buffer) {
  return spaceOf(cast<MemRefType>(buffer.getType())) == Space::shared;
}

std::optional<Engine> slp::chip_ir::engineOf(Operation *op) {
  return TypeSwitch<Operation *, std::optional<Engine>>(op)
      .Case<LoadOp>([](LoadOp load) {
        return isShared(load.getBuffer()) ? Engine::shared_load : Engine::load;
      })
      .Case<StoreOp>([](StoreOp store) {
        return isShared(store.getBuffer()) ? Engine::shared_store : Engine::store;
      })
      .Case<MoveOp>([](MoveOp move) { return move.getEngine(); })
      .Case<EngineInstruction>([](EngineInstruction instr) { return instr.getEngine(); })
      .Case<WaitOp>([](WaitOp wait) { return wait.getEngine(); })
      .Case<SignalOp>([](SignalOp signal) { return signal.getEngine(); })
      .Default(std::nullopt);
}

Engine MoveOp::getEngine() { return isShared(getTarget()) ? Engine::store : Engine::load; }

//===----------------------------------------------------------------------------------------===//
// Verifiers
//===----------------------------------------------------------------------------------------===//

/// What may stay on the chip.
static LogicalResult verifyOnChip(TensorOp tensor) {
  if (*tensor.getHome() != Space::shared)
    return tensor.emitOpError("expected a home in dram or shared, found ")
           << stringifyEnum(*tensor.getHome());
  if (tensor.getRole() != Role::temp && tensor.getRole() != Role::copy)
    return tensor.emitOpError("expected role temp or copy of what is not in dram, found ")
           << stringifyEnum(tensor.getRole());
  if (tensor.getLayout().value_or(Layout::row_major) != Layout::row_major)
    return tensor.emitOpError("expected layout row_major of what is not in dram, found ")
           << stringifyEnum(*tensor.getLayout());
  Type element = cast<MemRefType>(tensor.getType()).getElementType();
  if (slp::mach::compressedFormat(element))
    return tensor.emitOpError("expected a format that is not compressed on the chip, found ")
           << element;
  if (!tensor.getAddress())
    return tensor.emitOpError("expected an address with a home that is not dram");
  return success();
}

LogicalResult TensorOp::verify() {
  auto type = cast<MemRefType>(getType());
  if (spaceOf(type) != getHome().value_or(Space::dram))
    return emitOpError("expected a tensor in ")
           << stringifyEnum(getHome().value_or(Space::dram)) << ", its home, found " << type;
  if (!type.getLayout().isIdentity())
    return emitOpError("expected a row-major tensor, found ") << type;
  if (type.getRank() > 8) // as the image; tiles and views have at most 5
    return emitOpError("expected at most 8 dimensions, found ") << type.getRank();
  if (getInit() && getRole() != Role::state && getRole() != Role::constant)
    return emitOpError("has an initial value but is no state and no constant");
  if (bool(getCopyOf()) != (getRole() == Role::copy))
    return emitOpError("expected role copy with copy_of, and without it another");
  if (spaceOf(type) != Space::dram && failed(verifyOnChip(*this)))
    return failure();
  if (auto places = placesIn(*this, getLayout().value_or(Layout::row_major)); !places)
    return emitOpError() << places.message();
  return success();
}

LogicalResult slp::chip_ir::verifyReach(Operation *op, SymbolTableCollection &symbols,
                                        FlatSymbolRefAttr name, Type element,
                                        ArrayRef<int64_t> shape, ArrayRef<int64_t> strides,
                                        int64_t offset) {
  auto tensor = symbols.lookupNearestSymbolFrom<TensorOp>(op, name);
  if (!tensor)
    return op->emitOpError("names ") << name << ", which is not a chip.tensor";
  auto whole = cast<MemRefType>(tensor.getType());
  if (element != whole.getElementType() || shape.size() > 5)
    return op->emitOpError("expected element type ")
           << whole.getElementType() << " and at most 5 dimensions, found " << element << " and "
           << shape.size();
  int64_t first = offset, last = offset;
  for (auto [size, stride] : llvm::zip_equal(shape, strides))
    (stride < 0 ? first : last) += (size - 1) * stride;
  if (first < 0 || last >= whole.getNumElements())
    return op->emitOpError("reaches element ")
           << (first < 0 ? first : last) << " of a tensor of " << whole.getNumElements();
  if (tensor.getLayout().value_or(Layout::row_major) == Layout::row_major)
    return success();
  if (auto placed = placeView(placesOf(tensor), shape, strides, offset); !placed)
    return op->emitOpError() << placed.message() << ", found one of " << name;
  return success();
}

LogicalResult slp::chip_ir::verifyRounding(Operation *op, std::optional<num_ir::Rounding> rounding,
                                           std::optional<int64_t> stream) {
  bool isStochastic = rounding == num_ir::Rounding::stochastic;
  if (isStochastic != stream.has_value())
    return op->emitOpError("expected a stream with stochastic rounding, and only there");
  if (stream && (*stream < 0 || *stream >= 1 << 24))
    return op->emitOpError("expected a stream of 0 to 16777215, found ") << *stream;
  return success();
}

LogicalResult ViewOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto of = symbols.lookupNearestSymbolFrom<TensorOp>(*this, getTensorAttr());
  if (of && spaceOf(cast<MemRefType>(of.getType())) != Space::dram)
    return emitOpError("expected a tensor in dram, found ") << of.getType();
  auto type = cast<MemRefType>(getResult().getType());
  SmallVector<int64_t> strides;
  int64_t offset = 0;
  if (failed(type.getStridesAndOffset(strides, offset)))
    return emitOpError("expected a strided view, found ") << type;
  return verifyReach(*this, symbols, getTensorAttr(), type.getElementType(), type.getShape(),
                     strides, offset);
}

LogicalResult slp::chip_ir::verifyRoom(Operation *op, std::optional<ArrayRef<int64_t>> room) {
  if (!room)
    return success();
  if (room->size() != 2 || (*room)[0] < 0 || (*room)[1] < (*room)[0])
    return op->emitOpError("expected a room of a first byte and the one behind the last, found [")
           << *room << "]";
  return success();
}

LogicalResult RegionOp::verify() {
  for (Operation &op : getBody().front())
    if (!isa<TaskOp>(op))
      return op.emitOpError("expected nothing but chip.task in a region");
  return success();
}

LogicalResult TaskOp::verify() {
  if (getCores() % getGroups())
    return emitOpError("expected groups of equal size, found ")
           << getGroups() << " groups of " << getCores() << " cores";
  return verifyRoom(*this, getRoom());
}

bool AllocOp::isSplit() {
  auto moves = [](int64_t stride) { return stride != 0; };
  return llvm::any_of(getCoreStride(), moves) ||
         (getGroupStride() && llvm::any_of(*getGroupStride(), moves));
}

AllocOp AllocOp::getOwner() { return getBase() ? getBase().getDefiningOp<AllocOp>() : *this; }

static LogicalResult verifyBase(AllocOp alloc) {
  AllocOp owner = alloc.getOwner();
  if (!owner || owner.getBase() || owner->getBlock() != alloc->getBlock())
    return alloc.emitOpError("expected `of` a buffer with memory of its own in the same block");
  auto type = cast<MemRefType>(alloc.getResult().getType());
  auto of = cast<MemRefType>(owner.getResult().getType());
  if (spaceOf(type) != spaceOf(of) || type.getElementType() != of.getElementType() ||
      type.getNumElements() != of.getNumElements() || alloc.getSlots() != owner.getSlots())
    return alloc.emitOpError(
               "expected the elements, space and slots of the buffer it is of, found ")
           << type << " of " << of;
  return success();
}

LogicalResult AllocOp::verify() {
  auto type = cast<MemRefType>(getResult().getType());
  size_t rank = type.getRank();
  if (spaceOf(type) == Space::dram)
    return emitOpError("expected a buffer in shared, spm or acc, found ") << type;
  if (!type.getLayout().isIdentity())
    return emitOpError("expected a row-major buffer, found ") << type;
  if (getOrigin().size() != rank || getExtents().size() != rank || getCoreStride().size() != rank)
    return emitOpError("expected ") << rank << " coordinates, extents and core strides";
  if (getGroupStride() && getGroupStride()->size() != rank)
    return emitOpError("expected ") << rank << " group strides";
  if (spaceOf(type) == Space::shared && isSplit())
    return emitOpError("expected core_stride 0 in shared, which has one tile for all cores, found ")
           << (getGroupStride() ? getGroupStrideAttr() : getCoreStrideAttr());
  if (getSlots() < 1 || getSlots() > 15)
    return emitOpError("expected 1 to 15 slots, found ") << getSlots();
  if (failed(verifyRounding(*this, getRounding(), getStream())))
    return failure();
  if (getHolds() && (getBase() || getSlots() != 1))
    return emitOpError("holds a tensor, expected one copy and no `of`");
  return getBase() ? verifyBase(*this) : success();
}

LogicalResult AllocOp::verifySymbolUses(SymbolTableCollection &symbols) {
  if (!getHolds())
    return success();
  auto tensor = symbols.lookupNearestSymbolFrom<TensorOp>(*this, getHoldsAttr());
  if (!tensor)
    return emitOpError("names ") << getHoldsAttr() << ", which is not a chip.tensor";
  auto type = cast<MemRefType>(getResult().getType());
  auto of = cast<MemRefType>(tensor.getType());
  if (spaceOf(type) != spaceOf(of) || type.getElementType() != of.getElementType() ||
      type.getNumElements() != of.getNumElements() || getExtents() != type.getShape())
    return emitOpError("expected all elements of ")
           << getHoldsAttr() << " in its home, found " << type << " of " << of;
  return success();
}

static LogicalResult verifyTransfer(Operation *op, MemRefType dram, MemRefType buffer) {
  if (spaceOf(dram) != Space::dram)
    return op->emitOpError("expected a view of dram, found ") << dram;
  if (spaceOf(buffer) != Space::spm && spaceOf(buffer) != Space::shared)
    return op->emitOpError("expected a buffer in spm or shared, found ") << buffer;
  if (dram.getElementType() != buffer.getElementType() || dram.getRank() != buffer.getRank())
    return op->emitOpError("expected one element type and rank, found ")
           << dram << " and " << buffer;
  return success();
}

LogicalResult LoadOp::verify() {
  return verifyTransfer(*this, cast<MemRefType>(getSource().getType()),
                        cast<MemRefType>(getBuffer().getType()));
}

LogicalResult StoreOp::verify() {
  return verifyTransfer(*this, cast<MemRefType>(getTarget().getType()),
                        cast<MemRefType>(getBuffer().getType()));
}

LogicalResult MoveOp::verify() {
  auto from = cast<MemRefType>(getSource().getType()), to = cast<MemRefType>(getTarget().getType());
  bool isLoad = spaceOf(from) == Space::shared && spaceOf(to) == Space::spm;
  bool isStore = spaceOf(from) == Space::spm && spaceOf(to) == Space::shared;
  if (!isLoad && !isStore)
    return emitOpError("expected one buffer in shared and one in spm, found ")
           << from << " and " << to;
  if (from.getElementType() != to.getElementType() || from.getRank() != to.getRank())
    return emitOpError("expected one element type and rank, found ") << from << " and " << to;
  auto source = getSource().getDefiningOp<AllocOp>(), target = getTarget().getDefiningOp<AllocOp>();
  if (!source || !target)
    return emitOpError("expected buffers from chip.alloc");
  if (source.getExtents() != target.getExtents())
    return emitOpError("expected equal extents, found ")
           << source.getExtentsAttr() << " and " << target.getExtentsAttr();
  return success();
}

template <typename ReadOp> static LogicalResult verifyRead(ReadOp op) {
  auto type = cast<MemRefType>(op.getSource().getType());
  if (spaceOf(type) != Space::dram || !type.getElementType().isSignlessInteger(32))
    return op.emitOpError("expected a view of dram with i32 elements, found ") << type;
  if (int64_t(op.getOrigin().size()) != type.getRank())
    return op.emitOpError("expected ") << type.getRank() << " coordinates";
  return success();
}

LogicalResult CountOp::verify() { return verifyRead(*this); }
LogicalResult ElementOp::verify() { return verifyRead(*this); }

LogicalResult IfOp::verify() {
  auto argument = dyn_cast<BlockArgument>(getCondition());
  Operation *giver = argument ? argument.getOwner()->getParentOp() : getCondition().getDefiningOp();
  bool isVariable = argument && giver->getName().getStringRef() == "scf.for";
  if (!isVariable && !isa<CountOp, ElementOp>(giver))
    return emitOpError("expected a chip.count, a chip.element or a loop's variable");
  return success();
}

/// The shared buffer's semaphores are out of reach of what each core has. From task to task
/// something goes between their loops.
template <typename SemaphoreOp> static LogicalResult verifyBank(SemaphoreOp op) {
  if (op.getAcross() && !isa<TaskOp>(op->getParentOp()))
    return op.emitOpError("expected `across` in the body of a task, not in a loop or branch");
  if (op.getBank() == Bank::shared && isPerCore(op.getEngine()))
    return op.emitOpError("expected an engine with one queue in bank shared, found ")
           << stringifyEnum(op.getEngine());
  return success();
}

LogicalResult WaitOp::verify() { return verifyBank(*this); }
LogicalResult SignalOp::verify() { return verifyBank(*this); }

#include "dialects/Chip/ChipOpsKinds.cpp.inc"
