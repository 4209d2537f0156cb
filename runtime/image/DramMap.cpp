//===- DramMap.cpp - which tensors have which bytes -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/image/DramMap.h"

#include "runtime/isa/CompressedLayout.h"
#include "runtime/isa/ElementBytes.h"

#include <algorithm>
#include <numeric>

namespace slp::image {

std::pair<uint64_t, uint64_t> bytesOf(const Tensor &tensor) {
  uint64_t bitmaps = 0;
  if (mach::isCompressed(tensor.format)) {
    auto places = mach::TensorPlaces::of(tensor.layout, mach::elementBytes(tensor.format),
                                         /*isCompressed=*/true, tensor.shape);
    if (places)
      bitmaps = uint64_t(mach::CompressedLayout::bitmapsOf(places->elements));
  }
  return {tensor.address - bitmaps, tensor.address + tensor.bytes};
}

std::vector<const Tensor *> tensorsAt(const Image &image, uint64_t address) {
  std::vector<const Tensor *> result;
  for (const Tensor &tensor : image.tensors)
    if (address >= tensor.address && address < tensor.address + tensor.bytes)
      result.push_back(&tensor);
  return result;
}

/// Indices of tensors, by where they begin.
static std::vector<size_t> byAddress(const Image &image) {
  std::vector<size_t> order(image.tensors.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::pair(bytesOf(image.tensors[a]).first, a) <
           std::pair(bytesOf(image.tensors[b]).first, b);
  });
  return order;
}

std::vector<bool> sharingTensors(const Image &image) {
  std::vector<bool> result(image.tensors.size(), false);
  size_t farthest = 0; // of those so far the one that reaches farthest
  bool isFirst = true;
  for (size_t index : byAddress(image)) {
    auto [begin, end] = bytesOf(image.tensors[index]);
    uint64_t reached = bytesOf(image.tensors[farthest]).second;
    if (!isFirst && begin < reached)
      result[index] = result[farthest] = true;
    if (isFirst || end > reached)
      farthest = index;
    isFirst = false;
  }
  return result;
}

Status checkApart(const Image &image) {
  // Of those that stay and of all, the one that reaches farthest so far.
  const Tensor *staying = nullptr, *farthest = nullptr;
  for (size_t index : byAddress(image)) {
    const Tensor &tensor = image.tensors[index];
    auto [begin, end] = bytesOf(tensor);
    bool stays = tensor.role != Role::temp;
    const Tensor *other = stays ? farthest : staying;
    if (other && begin < bytesOf(*other).second)
      return Error{"tensor '" + tensor.name + "' at " + std::to_string(begin) +
                   ": begins before the end of '" + other->name + "' at " +
                   std::to_string(bytesOf(*other).second) +
                   ", expected tensors apart, unless both are temporaries"};
    if (!farthest || end > bytesOf(*farthest).second)
      farthest = &tensor;
    if (stays && (!staying || end > bytesOf(*staying).second))
      staying = &tensor;
  }
  return Status::success();
}

} // namespace slp::image
