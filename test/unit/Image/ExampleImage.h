//===- ExampleImage.h - a small image with everything in it -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What the tests of runtime/image start from: every kind of tensor, gaps, a loop, a branch, debug
// information.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TEST_UNIT_IMAGE_EXAMPLEIMAGE_H
#define TEST_UNIT_IMAGE_EXAMPLEIMAGE_H

#include "runtime/image/Image.h"

namespace slp::image {

/// A descriptor of rank 2 in DRAM.
mach::TensorTile dramTile(mach::Format format, uint64_t base);

mach::TensorTile coreTile(mach::Format format, mach::Space space);

mach::Word word(const mach::Instruction &instr);

/// Instructions: init at 0, step at 1. The MAC at 8 reads d1 and d2.
std::vector<mach::Word> exampleText(uint64_t xDescriptor);

Image exampleImage();

} // namespace slp::image

#endif // TEST_UNIT_IMAGE_EXAMPLEIMAGE_H
