//===- ElementBytes.cpp - how large an element of a format is ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/isa/ElementBytes.h"

#include "runtime/isa/EnumFormat.h.inc"

namespace slp::mach {

int32_t elementBytes(Format format) {
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

bool isChipFormat(Format format) {
  return format == Format::fp16 || format == Format::fp8 ||
         (format >= Format::x0 && format <= Format::x7);
}

bool isCompressed(Format format) {
  return format == Format::mixed || format == Format::coded16 || format == Format::coded8;
}

bool hasCodes(Format format) { return isChipFormat(format) || isCompressed(format); }

Format furtherFormat(size_t index, int bytes) {
  return Format(size_t(bytes == 1 ? Format::x0 : Format::x4) + index);
}

} // namespace slp::mach
