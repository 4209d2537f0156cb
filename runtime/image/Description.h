//===- Description.h - the chip description that an image carries -----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// An image is for one chip, and says which: it holds the whole description, so that it runs without
// the file it was compiled for, and nobody looks a chip up by its name. Written by lib/Emit and
// slp-as, read by runtime/api and slp-verify.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_IMAGE_DESCRIPTION_H
#define RUNTIME_IMAGE_DESCRIPTION_H

#include "runtime/chips/Chip.h"
#include "runtime/image/Image.h"

namespace slp::image {

/// Makes `image` one for `chip`: its name, its hashes and its description.
void setChip(Image &image, const chip::Chip &chip);

/// The chip that the image carries. Fails if the description is not valid, or not that of the name
/// and the hashes beside it.
Result<chip::Chip> chipOf(const Image &image);

} // namespace slp::image

#endif // RUNTIME_IMAGE_DESCRIPTION_H
