//===- ChipInstruction.h - engine instructions in the chip dialect ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The interface of the ops `chip.MNEMONIC`, which slp-tblgen writes from the instruction set: who
// speaks of any of them includes this and none of their classes.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_CHIP_CHIPINSTRUCTION_H
#define DIALECTS_CHIP_CHIPINSTRUCTION_H

#include "dialects/Chip/ChipDialect.h"
#include "runtime/isa/Instructions.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"

namespace slp::chip_ir {

/// Fails unless the buffers of an engine instruction are what the roles of its operands say.
mlir::LogicalResult verifyInstruction(mlir::Operation *op);

/// Creates `chip.MNEMONIC` of an instruction of an engine. `fields`: an attribute for each field
/// that is one (see ChipInstruction.td), by its name, and `captures` where there are some.
mlir::Operation *createInstruction(mlir::OpBuilder &builder, mlir::Location loc,
                                   const mach::InstructionInfo &info, mlir::ValueRange buffers,
                                   mlir::ArrayRef<mlir::NamedAttribute> fields);

} // namespace slp::chip_ir

#include "dialects/Chip/ChipInstruction.h.inc"

#endif // DIALECTS_CHIP_CHIPINSTRUCTION_H
