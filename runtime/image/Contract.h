//===- Contract.h - what an image promises of its tensors -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Private to runtime/image.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_IMAGE_CONTRACT_H
#define RUNTIME_IMAGE_CONTRACT_H

#include "runtime/image/Image.h"

namespace slp::image {

/// Fails unless every input begins with the batch and `image.contract` names tensors that are there
/// and fit together (docs/image.md). Tensors and entry points have been checked.
Status checkContract(const Image &image);

} // namespace slp::image

#endif // RUNTIME_IMAGE_CONTRACT_H
