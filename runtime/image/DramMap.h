//===- DramMap.h - which tensors have which bytes ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Temporaries that are not alive together may share bytes: what is read of one when a program has
// ended is then what the last of them left.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_IMAGE_DRAMMAP_H
#define RUNTIME_IMAGE_DRAMMAP_H

#include "runtime/image/Image.h"

namespace slp::image {

/// Bytes [begin, end) of DRAM that a tensor takes, the bitmaps of a compressed one included.
std::pair<uint64_t, uint64_t> bytesOf(const Tensor &tensor);

/// The tensors whose elements take the byte at an address, in the image's order.
std::vector<const Tensor *> tensorsAt(const Image &image, uint64_t address);

/// By tensor: whether another one has bytes in common with it.
std::vector<bool> sharingTensors(const Image &image);

/// Fails if two tensors share bytes of which one is no temporary.
Status checkApart(const Image &image);

} // namespace slp::image

#endif // RUNTIME_IMAGE_DRAMMAP_H
