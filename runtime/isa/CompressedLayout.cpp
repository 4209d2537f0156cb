//===- CompressedLayout.cpp - where the bytes of a compressed tensor are ----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/isa/CompressedLayout.h"

#include "runtime/isa/FormatCoded8.h.inc"
#include "runtime/isa/FormatMixed.h.inc"

namespace slp::mach {

CompressedLayout::CompressedLayout(Format format)
    : denseBytes(blockElements * (format == mach::format::coded8 ? 1 : 2)),
      slotBytes(denseBytes + (format == mach::format::mixed ? 64 : 0)) {}

} // namespace slp::mach
