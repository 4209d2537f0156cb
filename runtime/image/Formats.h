//===- Formats.h - does a chip have the formats of an image -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// From a format of the instruction set and a shared exponent bias to what codes mean. Compiler,
// assembler and simulator ask here.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_IMAGE_FORMATS_H
#define RUNTIME_IMAGE_FORMATS_H

#include "runtime/chips/Chip.h"
#include "runtime/image/Image.h"

namespace slp::image {

/// What codes of fp8, fp16 or x0 to x7 with this shared exponent bias mean on a chip. Fails if the
/// chip lacks the format, or if FP32 cannot hold its values with this bias.
Result<num::Format> chipFormat(const chip::Numerics &numerics, mach::Format format, int bias);

/// Checks that the chip has the formats of all tensors and descriptors, that those without codes
/// have no bias, and that tiles in `acc` leave rounding to the chip.
Status checkFormats(const Image &image, const chip::Chip &chip);

} // namespace slp::image

#endif // RUNTIME_IMAGE_FORMATS_H
