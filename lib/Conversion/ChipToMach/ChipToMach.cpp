//===- ChipToMach.cpp - the pass convert-chip-to-mach -----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A task becomes: descriptors and constants, its loop nest; a region its tasks and a fence.
// Instructions are built as the runtime's structs, so that this file knows no encoding.
//
//===----------------------------------------------------------------------------------------===//

#include "Coordinate.h"
#include "DescriptorTable.h"
#include "dialects/Chip/ChipInstruction.h"
#include "dialects/Chip/ChipNest.h"
#include "dialects/Chip/ChipOps.h"
#include "dialects/Chip/ChipPlaces.h"
#include "dialects/Chip/ChipRegisters.h"
#include "dialects/Chip/NestOp.h"
#include "dialects/Mach/ElementFormat.h"
#include "dialects/Mach/MachDialect.h"
#include "dialects/Mach/MachProgramOps.h"
#include "dialects/Mach/MachToInstruction.h"
#include "runtime/isa/ElementBytes.h"
#include "runtime/isa/EnumBank.h.inc"
#include "runtime/isa/InstrSequencer.h.inc"
#include "runtime/isa/LayoutRowMajor.h.inc"
#include "runtime/isa/SpaceDram.h.inc"
#include "runtime/isa/StructLd.h.inc"
#include "runtime/isa/StructLdShared.h.inc"
#include "runtime/isa/StructMvLoad.h.inc"
#include "runtime/isa/StructMvStore.h.inc"
#include "runtime/isa/StructSt.h.inc"
#include "runtime/isa/StructStShared.h.inc"
#include "slp/Conversion/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/bit.h"

namespace slp {
#define GEN_PASS_DEF_CONVERTCHIPTOMACH
#include "slp/Conversion/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;

namespace {

using chip_ir::descriptorRegisters, chip_ir::geometryRegisters, chip_ir::scalarRegisters;

/// Mask registers with a fixed meaning: the cores of the task, core 0 alone, and those of each
/// group.
constexpr uint8_t taskMask = 0, oneCoreMask = 1, firstGroupMask = 2;

/// Registers for the numbers of a task: h`first` to h`end - 1`.
struct HyperRange {
  unsigned first = chip_ir::firstFreeHyper, end = chip_ir::hyperRegisters;
};

/// Emits the instructions of one task.
class TaskLowering {
public:
  TaskLowering(chip_ir::TaskOp task, OpBuilder &builder, DescriptorTable &table,
               const mach::FormatTable &formats, SymbolTable &symbols, HyperRange numbers,
               unsigned &nextLabel)
      : task(task), b(builder), table(table), formats(formats), symbols(symbols),
        nextLabel(nextLabel), hypers(numbers.first), hyperEnd(numbers.end) {}
  LogicalResult lower();
  void emitFence() { emit(task.getLoc(), mach::Fence()); }

private:
  Operation *emit(Location loc, const mach::Instruction &instruction, StringRef label = {},
                  StringRef symbol = {});
  LogicalResult prepare();
  void prepareMasks();
  void emitMask(uint8_t reg, uint64_t first, uint64_t count);
  void selectCores(uint64_t cores);
  LogicalResult prepareInstruction(chip_ir::EngineInstruction instr);
  FailureOr<uint8_t> newDescriptor(Operation *op, const mach::TensorTile &tile);
  LogicalResult addDescriptor(Operation *op, FailureOr<mach::TensorTile> tile, uint8_t &reg);
  LogicalResult placeInDram(Operation *op, Value value, mach::TensorTile &tile);
  FailureOr<mach::TensorTile> tileOf(chip_ir::AllocOp alloc);
  FailureOr<mach::TensorTile> bufferTile(chip_ir::AllocOp alloc);
  FailureOr<mach::TensorTile> viewTile(Operation *op, Value view, chip_ir::AllocOp alloc);
  LogicalResult lower(Block &block);
  LogicalResult lower(Operation &op);
  LogicalResult lowerLoop(scf::ForOp loop);
  LogicalResult lowerIf(chip_ir::IfOp op);
  template <typename ReadOp> FailureOr<mach::TensorTile> scalarTile(ReadOp op);
  template <typename ReadOp> LogicalResult lowerRead(ReadOp op);
  FailureOr<uint8_t> newScalar(Operation *op, Value value);
  void branchIfZero(Location loc, uint8_t scalar, StringRef label);
  std::string newLabel() { return "L" + std::to_string(nextLabel++); }
  LogicalResult moveTo(Operation *op, uint8_t reg, size_t dim, Value coordinate, int64_t more,
                       bool isSet);
  LogicalResult lowerAlloc(chip_ir::AllocOp alloc);
  int64_t groupStepOf(chip_ir::AllocOp alloc, size_t dim);
  bool isPerGroup(chip_ir::AllocOp alloc);
  LogicalResult place(chip_ir::AllocOp alloc, uint8_t reg, int64_t group);
  LogicalResult forGroups(ArrayRef<std::pair<Value, uint8_t>> placed,
                          llvm::function_ref<void(uint8_t mask)> emitWith);
  LogicalResult lowerInstruction(chip_ir::EngineInstruction instr);
  template <typename Instr, typename SemaphoreOp> void lowerSemaphore(SemaphoreOp op);
  LogicalResult lowerTransfer(chip_ir::LoadOp load);
  LogicalResult lowerTransfer(chip_ir::StoreOp store);
  LogicalResult lowerTransfer(chip_ir::MoveOp move);

  chip_ir::TaskOp task;
  OpBuilder &b;
  DescriptorTable &table;
  const mach::FormatTable &formats;
  SymbolTable &symbols;
  unsigned &nextLabel;
  DenseMap<Value, uint8_t> bufferRegister;                        // by alloc result
  DenseMap<Operation *, uint8_t> viewRegister;                    // by load or store
  DenseMap<Operation *, uint8_t> geometryRegister, hyperRegister; // by instruction
  DenseMap<Value, uint8_t> scalarRegister; // induction variables, and what is read
  unsigned descriptors = 0, geometries = 0, hypers, hyperEnd, scalars = 1;
  ArrayAttr of;          // node, op and phase of what is lowered, if not the task's
  uint64_t selected = 0; // cores in the register `taskMask`
};

} // namespace

Operation *TaskLowering::emit(Location loc, const mach::Instruction &instruction, StringRef label,
                              StringRef symbol) {
  Operation *op = mach::createInstruction(b, loc, instruction, label, symbol);
  op->setAttr("slp.node", of ? of[0] : task.getNameAttr());
  op->setAttr("slp.op", of ? of[1] : task.getOpAttr());
  op->setAttr("slp.phase", of ? of[2] : task.getPhaseAttr());
  return op;
}

FailureOr<uint8_t> TaskLowering::newDescriptor(Operation *op, const mach::TensorTile &tile) {
  if (descriptors == descriptorRegisters)
    return op->emitError("needs more than ") << descriptorRegisters << " descriptors in one task";
  uint8_t reg = descriptors++;
  mach::Desc desc;
  desc.dd = reg;
  emit(op->getLoc(), desc, {}, table.add(op->getLoc(), tile));
  return reg;
}

static FailureOr<mach::ElementFormat> formatOf(Operation *op, Type element,
                                               const mach::FormatTable &formats) {
  std::optional<mach::ElementFormat> found = formats.find(element);
  if (!found || !llvm::isInt<8>(found->bias))
    return op->emitError("the chip has no format ") << element << ", up to its bias";
  return *found;
}

/// Sets everything but address, rounding and stream from an alloc.
FailureOr<mach::TensorTile> TaskLowering::tileOf(chip_ir::AllocOp alloc) {
  auto type = cast<MemRefType>(alloc.getResult().getType());
  FailureOr<mach::ElementFormat> format = formatOf(alloc, type.getElementType(), formats);
  if (failed(format))
    return failure();
  mach::TensorTile tile;
  tile.format = format->format;
  tile.bias = format->bias;
  tile.rank = type.getRank();
  tile.slots = 1;
  tile.extent.fill(1);
  tile.tile.fill(1);
  for (int64_t d = 0; d < type.getRank(); ++d) {
    tile.extent[d] = alloc.getExtents()[d];
    tile.tile[d] = type.getDimSize(d);
    tile.coreStride[d] = alloc.getCoreStride()[d];
    if (auto constant = alloc.getOrigin()[d].getDefiningOp<arith::ConstantIndexOp>())
      tile.origin[d] = constant.value();
  }
  return tile;
}

FailureOr<mach::TensorTile> TaskLowering::bufferTile(chip_ir::AllocOp alloc) {
  auto type = cast<MemRefType>(alloc.getResult().getType());
  FailureOr<mach::TensorTile> result = tileOf(alloc);
  if (failed(result))
    return failure();
  mach::TensorTile &tile = *result;
  tile.rounding = mach::storeRounding(alloc.getRounding());
  tile.stream = alloc.getStream().value_or(0);
  tile.space = static_cast<mach::Space>(chip_ir::spaceOf(type));
  tile.slots = alloc.getSlots();
  tile.slotBytes = *alloc.getSlotBytes();
  tile.base = *alloc.getOffset();
  int64_t stride = chip_ir::elementBytes(type.getElementType());
  for (int64_t d = type.getRank(); d-- > 0; stride *= type.getDimSize(d))
    tile.stride[d] = stride;
  return result;
}

/// Sets where a view's elements lie in DRAM.
LogicalResult TaskLowering::placeInDram(Operation *op, Value value, mach::TensorTile &tile) {
  auto view = value.getDefiningOp<chip_ir::ViewOp>();
  auto tensor = view ? symbols.lookup<mach::TensorOp>(view.getTensor()) : mach::TensorOp();
  if (!tensor)
    return op->emitError("expected a chip.view of a tensor with an address");
  auto placed = chip_ir::placeView(tensor, cast<MemRefType>(value.getType()));
  if (!placed)
    return op->emitError() << placed.message();
  const mach::AddressMap &map = placed->map;
  tile.space = mach::space::dram;
  tile.base = tensor.getAddress() + placed->offset;
  tile.layout = map.layout;
  if (map.layout != mach::layout::row_major) {
    tile.channel = map.channel;
    tile.grouped = map.grouped;
  }
  if (mach::isCompressed(tile.format)) {
    int64_t offset = placed->offset / map.elementBytes;
    if (!llvm::isUInt<24>(offset))
      return op->emitError("begins ") << offset << " elements into a compressed tensor, expected "
                                      << "fewer than 2^24";
    tile.stream = offset;
  }
  std::copy_n(map.stride.begin(), map.rank, tile.stride.begin());
  return success();
}

FailureOr<mach::TensorTile> TaskLowering::viewTile(Operation *op, Value value,
                                                   chip_ir::AllocOp alloc) {
  FailureOr<mach::TensorTile> tile = tileOf(alloc);
  if (failed(tile) || failed(placeInDram(op, value, *tile)))
    return failure();
  return tile;
}

/// The element that `chip.count` or `chip.element` reads.
template <typename ReadOp> FailureOr<mach::TensorTile> TaskLowering::scalarTile(ReadOp op) {
  auto type = cast<MemRefType>(op.getSource().getType());
  FailureOr<mach::ElementFormat> format = formatOf(op, type.getElementType(), formats);
  if (failed(format))
    return failure();
  mach::TensorTile tile;
  tile.format = format->format;
  tile.rank = type.getRank();
  tile.slots = 1;
  tile.extent.fill(1);
  tile.tile.fill(1);
  for (int64_t d = 0; d < type.getRank(); ++d) {
    tile.extent[d] = type.getDimSize(d);
    if (auto constant = op.getOrigin()[d].template getDefiningOp<arith::ConstantIndexOp>())
      tile.origin[d] = constant.value();
  }
  if (failed(placeInDram(op, op.getSource(), tile)))
    return failure();
  return tile;
}

/// Constants of an instruction: its window, and the numbers that the host does not set.
LogicalResult TaskLowering::prepareInstruction(chip_ir::EngineInstruction instr) {
  for (const mach::FieldInfo &field : instr.getInfo().layout.fields) {
    Attribute value = instr->getAttr(StringRef(field.name));
    if (auto window = dyn_cast_or_null<DenseI64ArrayAttr>(value)) {
      if (geometries == geometryRegisters)
        return instr.emitOpError("needs more than ") << geometryRegisters << " windows in one task";
      geometryRegister[instr] = geometries;
      mach::Geom geom;
      geom.gd = geometries++;
      ArrayRef<int64_t> v = window;
      geom.kh = v[0], geom.kw = v[1], geom.sh = v[2], geom.sw = v[3], geom.pt = v[4];
      geom.pl = v[5], geom.dh = v[6], geom.dw = v[7], geom.countPad = v[8];
      if (v.size() > 9)
        geom.pb = v[9], geom.pr = v[10];
      emit(instr.getLoc(), geom);
    } else if (auto number = dyn_cast_or_null<FloatAttr>(value)) {
      if (hypers == hyperEnd)
        return instr.emitOpError("needs more than ") << hyperEnd << " numbers in one task";
      hyperRegister.try_emplace(instr, hypers);
      mach::Hyper hyper;
      hyper.hd = hypers++;
      hyper.bits = llvm::bit_cast<uint32_t>(number.getValue().convertToFloat());
      emit(instr.getLoc(), hyper);
    }
  }
  return success();
}

/// A vector instruction whose operands all lie in the shared buffer runs once, not on every core.
static bool isOfOneCore(chip_ir::EngineInstruction instr) {
  return instr.getEngine() == chip_ir::Engine::vector &&
         llvm::all_of(instr->getOperandTypes(), [](Type type) {
           return chip_ir::spaceOf(cast<MemRefType>(type)) == chip_ir::Space::shared;
         });
}

void TaskLowering::emitMask(uint8_t reg, uint64_t first, uint64_t count) {
  mach::Mask mask;
  mask.md = reg;
  mask.cores = (count == 64 ? ~uint64_t(0) : (uint64_t(1) << count) - 1) << first;
  emit(task.getLoc(), mask);
}

/// Puts the first so many cores into the task's mask register: those of the task, and for what goes
/// from task to task those of the region.
void TaskLowering::selectCores(uint64_t cores) {
  if (cores != selected)
    emitMask(taskMask, 0, cores);
  selected = cores;
}

void TaskLowering::prepareMasks() {
  selectCores(task.getCores());
  bool hasOneCore = false;
  task.walk([&](chip_ir::EngineInstruction instr) { hasOneCore |= isOfOneCore(instr); });
  if (hasOneCore && task.getCores() > 1)
    emitMask(oneCoreMask, 0, 1);
  if (task.getGroups() > 1)
    for (int64_t g = 0; g < int64_t(task.getGroups()); ++g)
      emitMask(firstGroupMask + g, g * task.getCoresOfGroup(), task.getCoresOfGroup());
}

/// Loads a tile into the next descriptor register, which `reg` gets.
LogicalResult TaskLowering::addDescriptor(Operation *op, FailureOr<mach::TensorTile> tile,
                                          uint8_t &reg) {
  FailureOr<uint8_t> next = failed(tile) ? FailureOr<uint8_t>() : newDescriptor(op, *tile);
  if (failed(next))
    return failure();
  reg = *next;
  return success();
}

LogicalResult TaskLowering::prepare() {
  prepareMasks();
  WalkResult result = task.walk([&](Operation *op) -> WalkResult {
    of = op->getAttrOfType<ArrayAttr>(chip_ir::ofAttrName);
    if (auto alloc = dyn_cast<chip_ir::AllocOp>(op)) {
      if (!alloc.getOffset() || !alloc.getSlotBytes())
        return alloc.emitOpError("has no address; run chip-place-buffers first");
      return addDescriptor(op, bufferTile(alloc), bufferRegister[alloc.getResult()]);
    }
    if (isa<chip_ir::LoadOp, chip_ir::StoreOp>(op)) {
      bool load = isa<chip_ir::LoadOp>(op);
      auto alloc = op->getOperand(load ? 1 : 0).getDefiningOp<chip_ir::AllocOp>();
      if (!alloc)
        return op->emitError("expected a buffer from chip.alloc");
      return addDescriptor(op, viewTile(op, op->getOperand(load ? 0 : 1), alloc), viewRegister[op]);
    }
    if (auto count = dyn_cast<chip_ir::CountOp>(op))
      return addDescriptor(op, scalarTile(count), viewRegister[op]);
    if (auto element = dyn_cast<chip_ir::ElementOp>(op))
      return addDescriptor(op, scalarTile(element), viewRegister[op]);
    if (auto instr = dyn_cast<chip_ir::EngineInstruction>(op))
      return prepareInstruction(instr);
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

/// The last scalar register is scratch, dead after the next instruction.
FailureOr<uint8_t> TaskLowering::newScalar(Operation *op, Value value) {
  if (scalars == scalarRegisters - 1)
    return op->emitError("needs more than ")
           << scalarRegisters - 2 << " scalar registers in one task";
  scalarRegister[value] = scalars;
  return scalars++;
}

LogicalResult TaskLowering::lowerLoop(scf::ForOp loop) {
  std::optional<APInt> trip = loop.getStaticTripCount();
  auto lower0 = getConstantIntValue(loop.getLowerBound());
  auto step = getConstantIntValue(loop.getStep());
  bool isCounted = loop.getUpperBound().getDefiningOp<chip_ir::CountOp>() && step == 1;
  if ((!trip && !isCounted) || !step || lower0 != 0)
    return loop.emitError("expected a loop from 0 with constant step and trip count, or by 1 to a "
                          "chip.count");
  FailureOr<uint8_t> variable = newScalar(loop, loop.getInductionVar());
  if (failed(variable))
    return failure();
  std::string label = newLabel();
  auto open = [&](auto head) {
    head.rd = *variable;
    head.step = *step;
    emit(loop.getLoc(), head, label);
  };
  if (trip) {
    mach::Loop head;
    head.trip = trip->getZExtValue();
    open(head);
  } else {
    mach::Loopr head;
    head.rt = scalarRegister.lookup(loop.getUpperBound());
    open(head);
  }
  if (failed(lower(*loop.getBody())))
    return failure();
  mach::LabelOp::create(b, loop.getLoc(), b.getStringAttr(label));
  return success();
}

void TaskLowering::branchIfZero(Location loc, uint8_t scalar, StringRef label) {
  mach::Bz branch;
  branch.rs = scalar;
  emit(loc, branch, label);
}

/// Branches lead forward: over the first arm to the other, and over that, r0 being 0.
LogicalResult TaskLowering::lowerIf(chip_ir::IfOp op) {
  bool hasOther = !op.getOtherwise().empty() && !op.getOtherwise().front().empty();
  std::string other = newLabel(), end = hasOther ? newLabel() : "";
  branchIfZero(op.getLoc(), scalarRegister.lookup(op.getCondition()), other);
  if (failed(lower(op.getThen().front())))
    return failure();
  if (hasOther)
    branchIfZero(op.getLoc(), /*scalar=*/0, end);
  mach::LabelOp::create(b, op.getLoc(), b.getStringAttr(other));
  if (!hasOther)
    return success();
  if (failed(lower(op.getOtherwise().front())))
    return failure();
  mach::LabelOp::create(b, op.getLoc(), b.getStringAttr(end));
  return success();
}

template <typename ReadOp> LogicalResult TaskLowering::lowerRead(ReadOp op) {
  FailureOr<uint8_t> value = newScalar(op, op.getResult());
  if (failed(value))
    return failure();
  mach::Lds lds;
  lds.rd = *value;
  lds.src = viewRegister[op];
  lds.bound = op.getBound();
  for (auto [d, coordinate] : llvm::enumerate(op.getOrigin()))
    if (failed(moveTo(op, lds.src, d, coordinate, /*more=*/0, /*isSet=*/true)))
      return failure();
  emit(op.getLoc(), lds);
  return success();
}

/// Moves a register's tile in a dimension to a coordinate and `more`. A constant is there already
/// if `isSet`.
LogicalResult TaskLowering::moveTo(Operation *op, uint8_t reg, size_t dim, Value coordinate,
                                   int64_t more, bool isSet) {
  FailureOr<Coordinate> c = coordinateOf(op, coordinate);
  if (failed(c))
    return failure();
  if (!c->variable && isSet)
    return success();
  if (c->variable && !scalarRegister.count(c->variable))
    return op->emitError("expected a coordinate of a loop of the task, found ") << c->variable;
  mach::Org org;
  org.dd = reg;
  org.dim = dim;
  org.rs = c->variable ? scalarRegister.lookup(c->variable) : 0; // r0 is 0
  org.imm = c->constant + more;
  if (c->variable && c->factor != 1) {
    mach::Madd madd;
    madd.rd = scalarRegisters - 1; // scratch
    madd.ra = org.rs;
    madd.mul = c->factor;
    emit(op->getLoc(), madd);
    org.rs = madd.rd;
  }
  emit(op->getLoc(), org);
  return success();
}

/// Takes the next copy and moves the tile. A buffer that is loaded gets its coordinates from the
/// transfer, so that the transfer's view is moved instead.
LogicalResult TaskLowering::lowerAlloc(chip_ir::AllocOp alloc) {
  uint8_t reg = bufferRegister[alloc.getResult()];
  if (alloc.getSlots() > 1) {
    mach::Rot rot;
    rot.dd = reg;
    emit(alloc.getLoc(), rot);
  }
  bool loaded = false;
  for (Operation *user : alloc.getResult().getUsers()) {
    if (!isa<chip_ir::LoadOp>(user))
      continue;
    if (loaded)
      return alloc.emitOpError("is loaded more than once");
    loaded = true;
    reg = viewRegister[user];
  }
  return isPerGroup(alloc) ? success() : place(alloc, reg, /*group=*/0);
}

/// How much farther in a dimension a buffer is on the cores of a group than on those of the one
/// before, if each core added its stride alone.
int64_t TaskLowering::groupStepOf(chip_ir::AllocOp alloc, size_t dim) {
  if (task.getGroups() == 1)
    return 0;
  return alloc.groupStrideOf(dim) - task.getCoresOfGroup() * alloc.getCoreStride()[dim];
}

/// Whether each group needs instructions of its own for a buffer.
bool TaskLowering::isPerGroup(chip_ir::AllocOp alloc) {
  return llvm::any_of(llvm::seq<size_t>(0, alloc.getExtents().size()),
                      [&](size_t d) { return groupStepOf(alloc, d) != 0; });
}

/// Moves the tile in a register to a buffer's coordinates on the cores of a group. What a
/// descriptor adds for each core counts from core 0, which need not be in the group.
LogicalResult TaskLowering::place(chip_ir::AllocOp alloc, uint8_t reg, int64_t group) {
  for (auto [d, value] : llvm::enumerate(alloc.getOrigin())) {
    int64_t groupStep = groupStepOf(alloc, d);
    if (failed(moveTo(alloc, reg, d, value, group * groupStep, /*isSet=*/!groupStep)))
      return failure();
  }
  return success();
}

/// Emits an instruction for all cores at once, or, where the core number does not tell where tiles
/// lie, for each group with the registers moved to its tiles.
LogicalResult TaskLowering::forGroups(ArrayRef<std::pair<Value, uint8_t>> placed,
                                      llvm::function_ref<void(uint8_t mask)> emitWith) {
  SmallVector<std::pair<chip_ir::AllocOp, uint8_t>> moved;
  for (auto [buffer, reg] : placed)
    if (auto alloc = buffer.getDefiningOp<chip_ir::AllocOp>(); alloc && isPerGroup(alloc))
      moved.emplace_back(alloc, reg);
  if (moved.empty()) {
    emitWith(taskMask);
    return success();
  }
  for (int64_t group = 0; group < int64_t(task.getGroups()); ++group) {
    for (auto [alloc, reg] : moved)
      if (failed(place(alloc, reg, group)))
        return failure();
    emitWith(firstGroupMask + group);
  }
  return success();
}

LogicalResult TaskLowering::lowerInstruction(chip_ir::EngineInstruction instr) {
  SmallVector<uint64_t> values = instr.getFieldValues();
  ArrayRef<uint64_t> given(values);
  uint8_t nextHyper = hyperRegister.lookup(instr);
  size_t nextOperand = 0, maskField = values.size();
  SmallVector<std::pair<Value, uint8_t>> placed;
  for (auto [index, field] : llvm::enumerate(instr.getInfo().layout.fields)) {
    if (field.role.isOperand() && field.role.isThere(given.data())) {
      auto it = bufferRegister.find(instr->getOperand(nextOperand++));
      if (it == bufferRegister.end())
        return instr.emitOpError("expected a buffer from chip.alloc");
      values[index] = it->second;
      placed.emplace_back(it->first, it->second);
    } else if (field.prefix == "m") {
      maskField = index;
    } else if (field.prefix == "g") {
      values[index] = geometryRegister.lookup(instr);
    } else if (field.host >= 0) {
      values[index] = uint64_t(field.host);
    } else if (field.prefix == "h" && instr->hasAttr(StringRef(field.name))) {
      values[index] = nextHyper++;
    }
  }
  bool isOnce = task.getCores() > 1 && isOfOneCore(instr);
  return forGroups(placed, [&](uint8_t mask) {
    if (maskField < values.size())
      values[maskField] = isOnce ? oneCoreMask : mask;
    Operation *op = emit(instr.getLoc(), mach::makeInstruction(instr.getInfo(), values.data()));
    if (std::optional<ArrayAttr> captures = instr.getCaptures())
      op->setAttr("slp.tensor", *captures);
  });
}

/// Whether a wait or signal is of all cores of the region.
static bool isAcross(Operation &op) {
  auto wait = dyn_cast<chip_ir::WaitOp>(op);
  auto signal = dyn_cast<chip_ir::SignalOp>(op);
  return (wait && wait.getAcross()) || (signal && signal.getAcross());
}

/// The cores of the task with the most.
static uint64_t coresOfRegion(chip_ir::TaskOp task) {
  uint64_t cores = task.getCores();
  if (auto region = dyn_cast<chip_ir::RegionOp>(task->getParentOp()))
    for (auto other : region.getBody().front().getOps<chip_ir::TaskOp>())
      cores = std::max<uint64_t>(cores, other.getCores());
  return cores;
}

template <typename Instr, typename SemaphoreOp> void TaskLowering::lowerSemaphore(SemaphoreOp op) {
  Instr instr;
  instr.engine = static_cast<mach::Engine>(op.getEngine());
  instr.sem = op.getSemaphore();
  instr.count = op.getCount();
  instr.mask = taskMask;
  instr.bank = static_cast<mach::Bank>(op.getBank());
  emit(op.getLoc(), instr);
}

LogicalResult TaskLowering::lowerTransfer(chip_ir::LoadOp load) {
  uint8_t dst = bufferRegister[load.getBuffer()], src = viewRegister[load];
  if (chip_ir::engineOf(load) == chip_ir::Engine::shared_load) {
    mach::LdShared ld;
    ld.dst = dst;
    ld.src = src;
    emit(load.getLoc(), ld);
    return success();
  }
  return forGroups({{load.getBuffer(), src}}, [&](uint8_t mask) {
    mach::Ld ld;
    ld.dst = dst;
    ld.src = src;
    ld.mask = mask;
    emit(load.getLoc(), ld);
  });
}

LogicalResult TaskLowering::lowerTransfer(chip_ir::StoreOp store) {
  uint8_t dst = viewRegister[store], src = bufferRegister[store.getBuffer()];
  if (chip_ir::engineOf(store) == chip_ir::Engine::shared_store) {
    mach::StShared st;
    st.dst = dst;
    st.src = src;
    emit(store.getLoc(), st);
    return success();
  }
  return forGroups({{store.getBuffer(), src}}, [&](uint8_t mask) {
    mach::St st;
    st.dst = dst;
    st.src = src;
    st.mask = mask;
    emit(store.getLoc(), st);
  });
}

LogicalResult TaskLowering::lowerTransfer(chip_ir::MoveOp move) {
  uint8_t dst = bufferRegister[move.getTarget()], src = bufferRegister[move.getSource()];
  auto fill = [&](auto mv, uint8_t mask) {
    mv.dst = dst;
    mv.src = src;
    mv.mask = mask;
    emit(move.getLoc(), mv);
  };
  return forGroups({{move.getTarget(), dst}, {move.getSource(), src}}, [&](uint8_t mask) {
    move.getEngine() == chip_ir::Engine::load ? fill(mach::MvLoad(), mask)
                                              : fill(mach::MvStore(), mask);
  });
}

LogicalResult TaskLowering::lower(Operation &op) {
  of = op.getAttrOfType<ArrayAttr>(chip_ir::ofAttrName);
  bool isInTask = op.getBlock()->getParentOp() == task;
  if (isInTask)
    selectCores(isAcross(op) ? coresOfRegion(task) : task.getCores());
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return lowerLoop(loop);
  if (auto branch = dyn_cast<chip_ir::IfOp>(op))
    return lowerIf(branch);
  if (auto count = dyn_cast<chip_ir::CountOp>(op))
    return lowerRead(count);
  if (auto element = dyn_cast<chip_ir::ElementOp>(op))
    return lowerRead(element);
  if (auto alloc = dyn_cast<chip_ir::AllocOp>(op))
    return lowerAlloc(alloc);
  if (auto instr = dyn_cast<chip_ir::EngineInstruction>(op))
    return lowerInstruction(instr);
  if (auto load = dyn_cast<chip_ir::LoadOp>(op))
    return lowerTransfer(load);
  if (auto store = dyn_cast<chip_ir::StoreOp>(op))
    return lowerTransfer(store);
  if (auto move = dyn_cast<chip_ir::MoveOp>(op))
    return lowerTransfer(move);
  if (auto wait = dyn_cast<chip_ir::WaitOp>(op)) {
    lowerSemaphore<mach::Wait>(wait);
  } else if (auto signal = dyn_cast<chip_ir::SignalOp>(op)) {
    lowerSemaphore<mach::Signal>(signal);
  } else if (!isa<chip_ir::ViewOp, arith::ConstantIndexOp, affine::AffineApplyOp, scf::YieldOp>(
                 op)) {
    return op.emitError("has no machine instruction");
  }
  return success();
}

LogicalResult TaskLowering::lower(Block &block) {
  for (Operation &op : block)
    if (failed(lower(op)))
      return failure();
  return success();
}

LogicalResult TaskLowering::lower() {
  return failed(prepare()) ? failure() : lower(task.getBody().front());
}

/// The registers behind h9 that the host sets for no instruction of the module; those that it does
/// set begin or end what is there.
static HyperRange freeNumbers(ModuleOp module) {
  HyperRange range;
  uint32_t ofHost = 0;
  module.walk([&](chip_ir::EngineInstruction instr) {
    for (const mach::FieldInfo &field : instr.getInfo().layout.fields)
      if (field.host >= 0)
        ofHost |= uint32_t(1) << field.host;
  });
  while (range.first < range.end && (ofHost >> range.first & 1))
    ++range.first;
  while (range.end > range.first && (ofHost >> (range.end - 1) & 1))
    --range.end;
  return range;
}

namespace {
struct ConvertChipToMach : slp::impl::ConvertChipToMachBase<ConvertChipToMach> {
  using Base::Base;
  void runOnOperation() override;

private:
  LogicalResult lowerTensor(chip_ir::TensorOp tensor, const mach::FormatTable &formats);
  LogicalResult lowerProgram(func::FuncOp fn, mach::ProgramOp program, DescriptorTable &table,
                             const mach::FormatTable &formats);
};
} // namespace

LogicalResult ConvertChipToMach::lowerTensor(chip_ir::TensorOp tensor,
                                             const mach::FormatTable &formats) {
  if (!tensor.getAddress())
    return tensor.emitOpError("has no address; run chip-place-buffers first");
  if (tensor.getHome().value_or(chip_ir::Space::dram) != chip_ir::Space::dram) {
    tensor.erase(); // its buffers say where it is
    return success();
  }
  OpBuilder b(tensor);
  auto type = cast<MemRefType>(tensor.getType());
  FailureOr<mach::ElementFormat> format = formatOf(tensor, type.getElementType(), formats);
  if (failed(format))
    return failure();
  IntegerAttr bias = format->bias ? b.getI64IntegerAttr(format->bias) : IntegerAttr();
  chip_ir::Layout order = tensor.getLayout().value_or(chip_ir::Layout::row_major);
  IntegerAttr layout =
      order == chip_ir::Layout::row_major ? IntegerAttr() : b.getI64IntegerAttr(int64_t(order));
  int64_t bytes = chip_ir::bytesOf(tensor).behind;
  std::string role = stringifyEnum(tensor.getRole()).str();
  mach::TensorOp::create(b, tensor.getLoc(), tensor.getSymName(), role, format->format,
                         type.getShape(), *tensor.getAddress(), bytes, DenseI64ArrayAttr(),
                         tensor.getInitAttr(), tensor.getInitRoundingAttr(), tensor.getCopyOfAttr(),
                         bias, layout);
  tensor.erase();
  return success();
}

/// Appends the instructions of a function to a program.
LogicalResult ConvertChipToMach::lowerProgram(func::FuncOp fn, mach::ProgramOp program,
                                              DescriptorTable &table,
                                              const mach::FormatTable &formats) {
  OpBuilder b = OpBuilder::atBlockEnd(&program.getBody().front());
  SymbolTable symbols(getOperation());
  unsigned nextLabel = 0;
  if (auto nests = fn.getOps<chip_ir::NestOp>(); !nests.empty())
    return (*nests.begin()).emitOpError("has no loops yet; run chip-expand-nests first");
  HyperRange numbers = freeNumbers(getOperation());
  WalkResult result = fn.walk([&](chip_ir::TaskOp task) -> WalkResult {
    TaskLowering lowering(task, b, table, formats, symbols, numbers, nextLabel);
    if (failed(lowering.lower()))
      return failure();
    bool isLast = !isa<chip_ir::RegionOp>(task->getParentOp()) || !task->getNextNode();
    if (isLast)
      lowering.emitFence();
    return success();
  });
  if (result.wasInterrupted())
    return failure();
  mach::createInstruction(b, fn.getLoc(), mach::Halt());
  return success();
}

void ConvertChipToMach::runOnOperation() {
  ModuleOp module = getOperation();
  mach::FormatTable formats(module);
  for (auto tensor : llvm::make_early_inc_range(module.getOps<chip_ir::TensorOp>()))
    if (failed(lowerTensor(tensor, formats)))
      return signalPassFailure();
  auto functions = llvm::to_vector(module.getOps<func::FuncOp>());
  if (functions.empty())
    return;
  OpBuilder b(functions.front());
  auto init = mach::ProgramOp::create(b, module.getLoc(), "init"); // every image has one
  DescriptorTable table(OpBuilder(init), module); // the table stands before the programs
  b.createBlock(&init.getBody());
  if (llvm::none_of(functions, [](func::FuncOp fn) { return fn.getSymName() == "init"; }))
    mach::createInstruction(b, module.getLoc(), mach::Halt());
  for (func::FuncOp fn : functions) {
    // The program takes the function's name.
    std::string name = fn.getSymName().str();
    fn.setSymName(name + ".tasks");
    mach::ProgramOp program = init;
    if (name != "init") {
      OpBuilder atFunction(fn);
      program = mach::ProgramOp::create(atFunction, fn.getLoc(), name);
      program.getBody().emplaceBlock();
    }
    if (failed(lowerProgram(fn, program, table, formats)))
      return signalPassFailure();
    fn.erase();
  }
  module->setAttr("slp.stage", StringAttr::get(&getContext(), "lower"));
}
