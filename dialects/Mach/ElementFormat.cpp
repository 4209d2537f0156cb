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
