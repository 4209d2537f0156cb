//===- ChipVerify.h - what several verifiers of the chip dialect ask --------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_CHIP_CHIPVERIFY_H
#define DIALECTS_CHIP_CHIPVERIFY_H

#include "dialects/Chip/ChipDialect.h"

namespace slp::chip_ir {

/// Fails with an error of `op` unless `tensor` is a chip.tensor of `element` that has all elements
/// of a view of this shape, with these strides and first element (both in elements), and has a
/// layout, if any, that can address it.
mlir::LogicalResult verifyReach(mlir::Operation *op, mlir::SymbolTableCollection &symbols,
                                mlir::FlatSymbolRefAttr tensor, mlir::Type element,
                                mlir::ArrayRef<int64_t> shape, mlir::ArrayRef<int64_t> strides,
                                int64_t first);

/// Fails with an error of `op` unless the buffer has a stream of random numbers where it rounds at
/// random, and only there.
mlir::LogicalResult verifyRounding(mlir::Operation *op, std::optional<num_ir::Rounding> rounding,
                                   std::optional<int64_t> stream);

/// Fails with an error of `op` unless its `room`, if it has one, is a first byte and the one behind
/// the last.
mlir::LogicalResult verifyRoom(mlir::Operation *op, std::optional<mlir::ArrayRef<int64_t>> room);

} // namespace slp::chip_ir

#endif // DIALECTS_CHIP_CHIPVERIFY_H
