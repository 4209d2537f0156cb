//===- CompressedLayout.h - where the parts of a compressed tensor lie ------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/compressed.md. The compiler reserves memory by it, the machine packs and unpacks.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_ISA_COMPRESSEDLAYOUT_H
#define RUNTIME_ISA_COMPRESSEDLAYOUT_H

#include "runtime/isa/Instructions.h"

#include <cstdint>

namespace slp::mach {

/// Elements of a block: neighbours in row-major order of the tensor.
constexpr int64_t blockElements = 256;
/// Bytes of a block's bitmap of elements that are not zero.
constexpr int64_t bitmapBytes = blockElements / 8;

/// Distances within a compressed tensor, in bytes. Its address is that of the first payload slot;
/// the bitmaps lie before it, that of block b from 32 * (b + 1) bytes before the address on.
struct CompressedLayout {
  explicit CompressedLayout(Format format);
  /// Of a block with one code an element: descriptors address elements as if they lay so.
  int64_t denseBytes;
  /// From one payload to the next: room for a block without zeros, all of the wider format.
  int64_t slotBytes;

  static constexpr int64_t blocksOf(int64_t elements) {
    return (elements + blockElements - 1) / blockElements;
  }
  /// Before the address, a multiple of 64.
  static constexpr int64_t bitmapsOf(int64_t elements) {
    return (blocksOf(elements) * bitmapBytes + 63) / 64 * 64;
  }
  /// From the address on.
  constexpr int64_t payloadsOf(int64_t elements) const { return blocksOf(elements) * slotBytes; }
};

} // namespace slp::mach

#endif // RUNTIME_ISA_COMPRESSEDLAYOUT_H
