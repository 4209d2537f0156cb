//===- ElementFormat.cpp - element types and the formats of the machine -----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Mach/ElementFormat.h"

#include "dialects/Num/NumDialect.h"

using namespace mlir;

slp::mach::Format slp::mach::formatOf(Type element) {
  if (auto f = dyn_cast<num_ir::FloatType>(element))
    return f.getWidth() > 8 ? Format::fp16 : Format::fp8;
  if (element.isInteger(32))
    return Format::i32;
  return element.isInteger(8) ? Format::u8 : Format::f32;
}

int64_t slp::mach::elementBytes(Format format) {
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
