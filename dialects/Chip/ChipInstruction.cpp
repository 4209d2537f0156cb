//===- ChipInstruction.cpp - engine instructions in the chip dialect --------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Chip/ChipInstruction.h"

#include "dialects/Chip/NestOp.h"
#include "dialects/Num/NumDialect.h"
#include "runtime/isa/Alternatives.h"
#include "runtime/isa/EnumEngine.h.inc"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

#include "dialects/Chip/ChipInstruction.cpp.inc"

SmallVector<uint64_t> EngineInstruction::getFieldValues() {
  SmallVector<uint64_t> values;
  for (const mach::FieldInfo &field : getInfo().layout.fields) {
    Attribute attr = getOperation()->getAttr(StringRef(field.name));
    auto number = dyn_cast_if_present<IntegerAttr>(attr);
    values.push_back(number ? uint64_t(number.getInt()) : isa_and_present<UnitAttr>(attr));
  }
  return values;
}

/// The fields of the operands that are there, in order.
static SmallVector<const mach::FieldInfo *> fieldsThere(EngineInstruction instr) {
  SmallVector<uint64_t> values = instr.getFieldValues();
  SmallVector<const mach::FieldInfo *> result;
  for (const mach::FieldInfo &field : instr.getInfo().layout.fields)
    if (field.role.isOperand() && field.role.isThere(values.data()))
      result.push_back(&field);
  return result;
}

const mach::FieldInfo &EngineInstruction::getField(OpOperand &operand) {
  return *fieldsThere(*this)[operand.getOperandNumber()];
}

SmallVector<Value> EngineInstruction::getWritten() {
  SmallVector<Value> result;
  for (auto [field, buffer] : llvm::zip(fieldsThere(*this), getOperation()->getOperands()))
    if (field->role.isWritten())
      result.push_back(buffer);
  return result;
}

SmallVector<Value> EngineInstruction::getOnlyRead() {
  SmallVector<Value> result;
  for (auto [field, buffer] : llvm::zip(fieldsThere(*this), getOperation()->getOperands()))
    if (!field->role.isWritten())
      result.push_back(buffer);
  return result;
}

Engine EngineInstruction::getEngine() { return static_cast<Engine>(*getInfo().engine); }

//===----------------------------------------------------------------------------------------===//
// Verification
//===----------------------------------------------------------------------------------------===//

/// What a buffer of these elements may hold, for messages.
static StringRef expectedElements(mach::Elements elements) {
  switch (elements) {
  case mach::Elements::stored:
    return "any format";
  case mach::Elements::real:
    return "f32 or a format of the chip";
  case mach::Elements::f32:
    return "f32";
  case mach::Elements::i32:
    return "i32";
  case mach::Elements::index:
    return "i8 or i32";
  case mach::Elements::number:
    return "i32, f32 or a format of the chip";
  case mach::Elements::mixed:
    return "!num.mixed";
  case mach::Elements::factor:
    return "a format of the chip";
  case mach::Elements::weight:
    return "a format of the chip that is not mixed";
  case mach::Elements::accumulator:
  case mach::Elements::total:
  case mach::Elements::sum:
  case mach::Elements::start:
    return "f32 or a format of the chip that is not mixed";
  case mach::Elements::mask:
    return "a format of 8 bits";
  }
  return "";
}

/// Which format an accumulator has only the chip says; the simulator asks it.
static bool canHold(mach::Elements elements, Type type) {
  bool isF32 = type.isF32(), isMixed = isa<num_ir::MixedType>(type);
  bool isFormat = isa<num_ir::FloatType>(type), isInteger = type.isInteger(32);
  switch (elements) {
  case mach::Elements::stored:
    return true;
  case mach::Elements::real:
    return isF32 || isFormat || isMixed;
  case mach::Elements::f32:
    return isF32;
  case mach::Elements::i32:
    return isInteger;
  case mach::Elements::index:
    return isInteger || type.isInteger(8);
  case mach::Elements::number:
    return isF32 || isFormat || isMixed || isInteger;
  case mach::Elements::mixed:
    return isMixed;
  case mach::Elements::factor:
    return isFormat || isMixed;
  case mach::Elements::weight:
    return isFormat;
  case mach::Elements::accumulator:
  case mach::Elements::total:
  case mach::Elements::sum:
  case mach::Elements::start:
    return isF32 || isFormat;
  case mach::Elements::mask:
    return isFormat && elementBytes(type) == 1;
  }
  return false;
}

static LogicalResult verifyOperand(EngineInstruction instr, const mach::FieldInfo &field,
                                   MemRefType type, int64_t sameRank) {
  auto error = [&] {
    return instr.emitOpError("operand `")
           << StringRef(field.name) << "` is " << type << ", expected ";
  };
  const mach::OperandRole &role = field.role;
  if (!(role.spaces >> int(spaceOf(type)) & 1))
    return error() << "it in " << mach::alternatives(role.spaces, [](unsigned i) {
             return stringifyEnum(static_cast<Space>(i)).str();
           });
  if (role.sameRank >= 0 && type.getRank() != sameRank)
    return error() << sameRank << " dimensions, as `"
                   << StringRef(instr.getInfo().layout.fields[size_t(role.sameRank)].name)
                   << "` has";
  if (role.ranks && !(role.ranks >> type.getRank() & 1))
    return error() << mach::alternatives(role.ranks, [](unsigned i) { return std::to_string(i); })
                   << " dimensions";
  if (!canHold(role.elements, type.getElementType()))
    return error() << expectedElements(role.elements);
  return success();
}

/// Operands that depend on a field are there where it says so.
static LogicalResult verifyNumberOfOperands(EngineInstruction instr,
                                            ArrayRef<const mach::FieldInfo *> expectedFields) {
  size_t found = instr->getNumOperands(), expected = expectedFields.size();
  if (found == expected)
    return success();
  if (llvm::count_if(instr.getInfo().layout.fields,
                     [](const mach::FieldInfo &field) { return field.role.when >= 0; }) > 1) {
    InFlightDiagnostic d = instr.emitOpError("expected the operands ");
    llvm::interleaveComma(expectedFields, d, [&](const mach::FieldInfo *field) {
      d << "`" << StringRef(field->name) << "`";
    });
    return d << ", found " << found << " buffers";
  }
  for (const mach::FieldInfo &field : instr.getInfo().layout.fields) {
    if (field.role.when < 0)
      continue;
    const mach::FieldInfo &other = instr.getInfo().layout.fields[size_t(field.role.when)];
    InFlightDiagnostic d = instr.emitOpError();
    d << (found < expected ? "lacks operand `" : "has an operand `") << StringRef(field.name)
      << "`, which is there where `" << StringRef(other.name) << "` is ";
    if (field.role.value < other.names.size())
      return d << StringRef(other.names[field.role.value]);
    return d << field.role.value;
  }
  return instr.emitOpError("expected ") << expected << " operands, found " << found;
}

LogicalResult slp::chip_ir::verifyInstruction(Operation *op) {
  auto instr = cast<EngineInstruction>(op);
  SmallVector<const mach::FieldInfo *> fields = fieldsThere(instr);
  if (failed(verifyNumberOfOperands(instr, fields)))
    return failure();
  bool isInNest = isa_and_present<NestOp>(op->getParentOp());
  if (!isInNest && (instr.getIterates() || instr.getInFront()))
    return op->emitOpError("says which loops it iterates, but stands in no nest");
  DenseMap<int, int64_t> ranks; // by field
  size_t written = 0;
  for (auto [field, buffer] : llvm::zip(fields, op->getOperands())) {
    auto type = cast<MemRefType>(buffer.getType());
    if (!type.hasStaticShape() && !isInNest)
      return op->emitOpError("operand `") << StringRef(field->name) << "` is " << type
                                          << ", expected known sizes outside a nest";
    if (failed(verifyOperand(instr, *field, type, ranks.lookup(field->role.sameRank))))
      return failure();
    ranks[int(field - instr.getInfo().layout.fields.begin())] = type.getRank();
    written += field->role.isWritten();
  }
  for (const mach::FieldInfo &field : instr.getInfo().layout.fields)
    if (field.prefix == "g") {
      auto window = op->getAttrOfType<DenseI64ArrayAttr>(StringRef(field.name));
      if (window.size() != 9 && window.size() != 11)
        return op->emitOpError("expected a window of 9 or 11 numbers, found ") << window.size();
    }
  std::optional<ArrayAttr> captures = instr.getCaptures();
  if (captures && captures->size() != written)
    return op->emitOpError("expected one captured name per result, found ")
           << captures->size() << " for " << written;
  return success();
}

Operation *slp::chip_ir::createInstruction(OpBuilder &builder, Location loc,
                                           const mach::InstructionInfo &info, ValueRange buffers,
                                           ArrayRef<NamedAttribute> fields) {
  OperationState state(loc, "chip." + std::string(info.layout.name), buffers, TypeRange(), fields);
  return builder.create(state);
}
