//===- ElementBytes.h - how large an element of a format is -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Asked wherever strides and extents become bytes: the compiler's emission, the image, the machine.
// Who asks needs no value of the enum: a new one rebuilds what names values.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_ISA_ELEMENTBYTES_H
#define RUNTIME_ISA_ELEMENTBYTES_H

#include "runtime/isa/Instructions.h"

#include <cstdint>

namespace slp::mach {

/// Bytes of one element: 4, 2 or 1.
int32_t elementBytes(Format format);

/// Whether elements are codes of one num::Format of the chip: fp8, fp16, x0 to x7.
bool isChipFormat(Format format);

/// Formats whose tensors are compressed in DRAM (docs/compressed.md). On the chip their elements
/// are codes of fp16, coded8's of fp8.
bool isCompressed(Format format);

/// Whether elements are codes, of one format or of several.
bool hasCodes(Format format);

/// Further formats that a chip can have of each size, 1 and 2 bytes.
constexpr size_t maxFurtherFormats = 4;

/// The code of the chip's further format number `index`, in the order of names, among those that
/// take `bytes` bytes (1 or 2).
Format furtherFormat(size_t index, int bytes);

} // namespace slp::mach

#endif // RUNTIME_ISA_ELEMENTBYTES_H
