//===- ChipPlaces.cpp - where tensors of the chip dialect lie in DRAM -------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Chip/ChipPlaces.h"

#include "dialects/Mach/ElementFormat.h"
#include "runtime/isa/CompressedLayout.h"
#include "runtime/isa/ElementBytes.h"
#include "runtime/isa/LayoutRowMajor.h.inc"

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

Result<mach::TensorPlaces> slp::chip_ir::placesIn(TensorOp tensor, Layout layout) {
  auto type = cast<MemRefType>(tensor.getType());
  Type element = type.getElementType();
  return mach::TensorPlaces::of(static_cast<mach::Layout>(layout), elementBytes(element),
                                mach::compressedFormat(element).has_value(),
                                std::vector<int64_t>(type.getShape()));
}

mach::TensorPlaces slp::chip_ir::placesOf(TensorOp tensor) {
  return placesIn(tensor, tensor.getLayout().value_or(Layout::row_major)).take();
}

TensorBytes slp::chip_ir::bytesOf(TensorOp tensor) {
  Type element = cast<MemRefType>(tensor.getType()).getElementType();
  int64_t elements = placesOf(tensor).elements;
  if (auto format = mach::compressedFormat(element))
    return {mach::CompressedLayout::bitmapsOf(elements),
            mach::CompressedLayout(*format).payloadsOf(elements)};
  return {0, elements * elementBytes(element)};
}

Result<mach::PlacedView> slp::chip_ir::placeView(const mach::TensorPlaces &tensor,
                                                 ArrayRef<int64_t> extents,
                                                 ArrayRef<int64_t> strides, int64_t first) {
  return mach::placeView(tensor,
                         {std::vector<int64_t>(extents), std::vector<int64_t>(strides), first});
}

Result<mach::PlacedView> slp::chip_ir::placeView(mach::TensorOp tensor, MemRefType view) {
  SmallVector<int64_t> strides;
  int64_t first = 0;
  if (failed(view.getStridesAndOffset(strides, first)))
    return Error{"expected a strided view"};
  auto places = mach::TensorPlaces::of(
      tensor.getLayout().value_or(mach::layout::row_major), mach::elementBytes(tensor.getFormat()),
      mach::isCompressed(tensor.getFormat()), std::vector<int64_t>(tensor.getShape()));
  if (!places)
    return places.takeError();
  return placeView(*places, view.getShape(), strides, first);
}
