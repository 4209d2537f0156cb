//===- MachToInstruction.h - mach ops and instructions ----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The conversion that lib/Emit uses, and its inverse.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_MACH_MACHTOINSTRUCTION_H
#define DIALECTS_MACH_MACHTOINSTRUCTION_H

#include "runtime/isa/Instructions.h"

#include "mlir/IR/Builders.h"

namespace slp::mach {

/// Distance in instructions from the one after `op` to the label; emits its own error.
using LabelResolver =
    llvm::function_ref<mlir::FailureOr<int64_t>(mlir::Operation *op, llvm::StringRef label)>;
/// Index in the descriptor table; emits its own error.
using SymbolResolver =
    llvm::function_ref<mlir::FailureOr<uint64_t>(mlir::Operation *op, llvm::StringRef symbol)>;

/// The instruction of an op. Fails, with a diagnostic, on other ops and where a resolver
/// fails.
mlir::FailureOr<Instruction> toInstruction(mlir::Operation *op, LabelResolver labels,
                                           SymbolResolver symbols);

/// Builds the op of an instruction. `label` and `symbol` name the operands of those kinds; an
/// instruction has at most one of each.
mlir::Operation *createInstruction(mlir::OpBuilder &builder, mlir::Location loc,
                                   const Instruction &instr, llvm::StringRef label = {},
                                   llvm::StringRef symbol = {});

} // namespace slp::mach

#endif // DIALECTS_MACH_MACHTOINSTRUCTION_H
