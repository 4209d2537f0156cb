//===- ElementBytes.h - how large an element of a format is -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Asked wherever strides and extents become bytes: the compiler's emission, the image, the machine.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_ISA_ELEMENTBYTES_H
#define RUNTIME_ISA_ELEMENTBYTES_H

#include "runtime/isa/EnumFormat.h.inc"
#include "runtime/isa/Instructions.h"

#include <cstdint>

namespace slp::mach {

/// Bytes of one element: 4, 2 or 1.
constexpr int32_t elementBytes(Format format) {
  switch (format) {
  case Format::f32:
  case Format::i32:
    return 4;
  case Format::fp16:
  case Format::x4:
  case Format::x5:
  case Format::x6:
  case Format::x7:
  case Format::mixed:
  case Format::coded16:
    return 2;
  case Format::fp8:
  case Format::u8:
  case Format::x0:
  case Format::x1:
  case Format::x2:
  case Format::x3:
  case Format::coded8:
    return 1;
  }
  return 1;
}

/// Whether elements are codes of one num::Format of the chip: fp8, fp16, x0 to x7.
constexpr bool isChipFormat(Format format) {
  return format == Format::fp16 || format == Format::fp8 ||
         (format >= Format::x0 && format <= Format::x7);
}

/// Formats whose tensors are compressed in DRAM (docs/compressed.md). On the chip their elements
/// are codes of fp16, coded8's of fp8.
constexpr bool isCompressed(Format format) {
  return format == Format::mixed || format == Format::coded16 || format == Format::coded8;
}

/// Whether elements are codes, of one format or of several.
constexpr bool hasCodes(Format format) { return isChipFormat(format) || isCompressed(format); }

/// Further formats that a chip can have of each size, 1 and 2 bytes.
constexpr size_t maxFurtherFormats = 4;

/// The code of the chip's further format number `index`, in the order of names, among those that
/// take `bytes` bytes (1 or 2).
constexpr Format furtherFormat(size_t index, int bytes) {
  return Format(size_t(bytes == 1 ? Format::x0 : Format::x4) + index);
}

} // namespace slp::mach

#endif // RUNTIME_ISA_ELEMENTBYTES_H
