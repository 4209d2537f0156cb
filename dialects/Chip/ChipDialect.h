//===- ChipDialect.h - the chip dialect -------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_CHIP_CHIPDIALECT_H
#define DIALECTS_CHIP_CHIPDIALECT_H

#include "dialects/Num/NumDialect.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/RegionKindInterface.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/Chip/ChipOpsEnums.h.inc"

#include "dialects/Chip/ChipOpsDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Chip/ChipOpsAttributes.h.inc"

namespace slp::chip_ir {

/// The memory of a buffer or view; dram if the type says nothing.
Space spaceOf(mlir::MemRefType type);

/// Bytes of one element: f32 and i32 4, !num.float 1 or 2, i8 1.
int64_t elementBytes(mlir::Type element);

/// A copy of a buffer has fewer bytes: the distance of copies has 24 bits in a descriptor.
constexpr int64_t copyBytesLimit = int64_t(1) << 24;

/// Whether every core has a queue of this engine; else there is one.
bool isPerCore(Engine engine);

/// The engine of an op that works (load, store, move, run), or nothing.
std::optional<Engine> engineOf(mlir::Operation *op);

} // namespace slp::chip_ir

#endif // DIALECTS_CHIP_CHIPDIALECT_H
