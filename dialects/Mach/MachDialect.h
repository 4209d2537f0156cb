//===- MachDialect.h - the mach dialect without its ops ---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The last level before the image. lib/Conversion/ChipToMach builds it, lib/Emit reads it. Ops are
// in dialects/Mach/Mach<Family>Ops.h; most code speaks of instructions by their tables.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_MACH_MACHDIALECT_H
#define DIALECTS_MACH_MACHDIALECT_H

#include "runtime/isa/Instructions.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"

#include "dialects/Mach/MachOpsDialect.h.inc"

namespace slp::mach {

class ProgramOp; // the parent of every instruction

namespace detail {
/// Checks the attributes slp.node, slp.phase and slp.tensor.
mlir::LogicalResult verifyInstruction(mlir::Operation *op);
} // namespace detail

/// Every op that stands for one machine instruction.
template <typename ConcreteOp>
class InstructionTrait : public mlir::OpTrait::TraitBase<ConcreteOp, InstructionTrait> {
public:
  static mlir::LogicalResult verifyTrait(mlir::Operation *op) {
    return detail::verifyInstruction(op);
  }
};

/// True for ops that take a word of the text section.
bool isInstruction(mlir::Operation *op);

/// Names of the discardable attributes of instructions.
constexpr llvm::StringLiteral nodeAttrName = "slp.node";
constexpr llvm::StringLiteral phaseAttrName = "slp.phase";
constexpr llvm::StringLiteral tensorAttrName = "slp.tensor";

} // namespace slp::mach

#endif // DIALECTS_MACH_MACHDIALECT_H
