//===- Features.h - does a chip have what an image needs
//---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Compiler, assembler and simulator all refuse code for a feature that the chip lacks, with this
// one check.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_IMAGE_FEATURES_H
#define RUNTIME_IMAGE_FEATURES_H

#include "runtime/chips/Chip.h"
#include "runtime/image/Image.h"

namespace slp::image {

/// Checks the formats (checkFormats of Formats.h), every instruction's required features, and that
/// no MAC operand can have a format of 16 bits on a chip without `fp16-mac` (formats of descriptor
/// registers are followed through loops and branches from every entry point). `image` has passed
/// `verify`. The message names the missing feature, the chip, the instruction and the ONNX node.
Status checkFeatures(const Image &image, const chip::Chip &chip);

} // namespace slp::image

#endif // RUNTIME_IMAGE_FEATURES_H
