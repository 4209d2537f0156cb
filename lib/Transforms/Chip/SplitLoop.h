//===- SplitLoop.h - one loop of a nest becomes two -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Lowerings make one loop of dimensions that follow each other in row-major tensors. A layout that
// has channels in blocks needs them apart (ChooseLayouts.cpp).
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_CHIP_SPLITLOOP_H
#define LIB_TRANSFORMS_CHIP_SPLITLOOP_H

#include "dialects/Chip/ChipNest.h"

namespace slp {

/// Makes a loop over groups of `inner` coordinates and one over these of loop number `loop`, and
/// two dimensions of each that runs along it. False, and nothing is changed, if the nest has
/// instructions that take elements otherwise than one by one, or a dimension whose coordinates are
/// not groups of `inner`. Buffers of tensors have strides.
bool splitLoop(chip_ir::NestOp nest, unsigned loop, int64_t inner);

} // namespace slp

#endif // LIB_TRANSFORMS_CHIP_SPLITLOOP_H
