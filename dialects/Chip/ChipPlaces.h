//===- ChipPlaces.h - where tensors of the chip dialect lie in DRAM ---------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// From `chip.tensor` and its layout to runtime/isa/Addresses.h, which knows the layouts.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_CHIP_CHIPPLACES_H
#define DIALECTS_CHIP_CHIPPLACES_H

#include "dialects/Chip/TensorOp.h"
#include "dialects/Mach/MachProgramOps.h"
#include "runtime/isa/Addresses.h"

namespace slp::chip_ir {

/// How a tensor would lie in a layout.
Result<mach::TensorPlaces> placesIn(TensorOp tensor, Layout layout);
/// How a tensor that has verified lies: row by row as long as it has no layout.
mach::TensorPlaces placesOf(TensorOp tensor);

/// Bytes that a tensor takes before its address, for bitmaps, and from there on.
struct TensorBytes {
  int64_t before, behind;
};
TensorBytes bytesOf(TensorOp tensor);

/// How a descriptor addresses a view of elements: of this shape, from number `first` on, with these
/// strides, all counted in row-major order of the tensor.
Result<mach::PlacedView> placeView(const mach::TensorPlaces &tensor,
                                   mlir::ArrayRef<int64_t> extents, mlir::ArrayRef<int64_t> strides,
                                   int64_t first);
/// The same of a view with this type, of a tensor that has an address.
Result<mach::PlacedView> placeView(mach::TensorOp tensor, mlir::MemRefType view);

} // namespace slp::chip_ir

#endif // DIALECTS_CHIP_CHIPPLACES_H
