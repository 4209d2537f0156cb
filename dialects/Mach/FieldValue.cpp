//===- FieldValue.cpp - fields of instructions in mach IR -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The spelling follows the tables of the assembler.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Mach/FieldValue.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace slp::mach;

static StringRef toRef(std::string_view text) { return StringRef(text.data(), text.size()); }

/// The field of a layout that begins at a bit. ODS passes numbers that it took from the same
/// records.
static const FieldInfo &fieldAt(const LayoutInfo &layout, int lo) {
  const FieldInfo *field =
      llvm::find_if(layout.fields, [&](const FieldInfo &f) { return f.lo == lo; });
  assert(field != layout.fields.end() && "MachOps.td and the tables come from the same records");
  return *field;
}

const FieldInfo &slp::mach::instructionField(int opcode, int lo) {
  return fieldAt(infoOf(static_cast<Opcode>(opcode)).layout, lo);
}

const FieldInfo &slp::mach::descriptorField(size_t word, int lo) {
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

ParseResult slp::mach::parseFieldValue(OpAsmParser &parser, IntegerAttr &attr,
                                       const FieldInfo &field) {
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

void slp::mach::printFieldValue(OpAsmPrinter &printer, Operation *, IntegerAttr attr,
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

ParseResult slp::mach::parseOptionalField(OpAsmParser &parser, IntegerAttr &attr,
                                          const FieldInfo &field) {
  if (failed(parser.parseOptionalKeyword(toRef(field.name))))
    return success();
  if (parser.parseEqual())
    return failure();
  return parseFieldValue(parser, attr, field);
}

void slp::mach::printOptionalField(OpAsmPrinter &printer, Operation *op, IntegerAttr attr,
                                   const FieldInfo &field) {
  if (!attr)
    return;
  printer << ' ' << toRef(field.name) << " = ";
  printFieldValue(printer, op, attr, field);
}
