//===- FieldValue.h - fields of instructions in mach IR ---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What the assembly formats of dialects/Mach/MachOp.td call.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_MACH_FIELDVALUE_H
#define DIALECTS_MACH_FIELDVALUE_H

#include "runtime/isa/Instructions.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/OpImplementation.h"

namespace slp::mach {

/// The field that begins at bit `lo` of the instruction with this opcode.
const FieldInfo &instructionField(int opcode, int lo);
/// The field that begins at bit `lo` of a word of TensorTile.
const FieldInfo &descriptorField(size_t word, int lo);

/// `d3` for registers, a name for enums, a number otherwise; unsigned fields of 64 bits keep their
/// bit pattern.
mlir::ParseResult parseFieldValue(mlir::OpAsmParser &parser, mlir::IntegerAttr &attr,
                                  const FieldInfo &field);
void printFieldValue(mlir::OpAsmPrinter &printer, mlir::Operation *op, mlir::IntegerAttr attr,
                     const FieldInfo &field);

/// `first = r3`, or nothing, where the field is 0 and `attr` is null.
mlir::ParseResult parseOptionalField(mlir::OpAsmParser &parser, mlir::IntegerAttr &attr,
                                     const FieldInfo &field);
/// Prints the space before it too.
void printOptionalField(mlir::OpAsmPrinter &printer, mlir::Operation *op, mlir::IntegerAttr attr,
                        const FieldInfo &field);

} // namespace slp::mach

#endif // DIALECTS_MACH_FIELDVALUE_H
