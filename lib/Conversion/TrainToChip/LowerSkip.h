//===- LowerSkip.h - images whose gradient is skipped -----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_CONVERSION_TRAINTOCHIP_LOWERSKIP_H
#define LIB_CONVERSION_TRAINTOCHIP_LOWERSKIP_H

#include "LowerOp.h"

namespace slp {

/// The lowerings of train.keep and train.drop.
void addSkipLowerings(LoweringTable &table);

/// Lets a nest of an op with `train.over_kept` run over the list of the function's train.keep.
/// Fails with an error where there is no list, or no loop over images alone.
mlir::LogicalResult runOverKept(mlir::Operation *op, const TensorMap &tensors,
                                chip_ir::NestOp nest);

} // namespace slp

#endif // LIB_CONVERSION_TRAINTOCHIP_LOWERSKIP_H
