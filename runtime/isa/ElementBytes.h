//===- ElementBytes.h - how large an element of a format is -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Asked wherever strides and extents become bytes: the compiler's emission, the image, the machine.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_ISA_ELEMENTBYTES_H
#define RUNTIME_ISA_ELEMENTBYTES_H

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
    return 2;
  case Format::fp8:
  case Format::u8:
    return 1;
  }
  return 1;
}

} // namespace slp::mach

#endif // RUNTIME_ISA_ELEMENTBYTES_H
