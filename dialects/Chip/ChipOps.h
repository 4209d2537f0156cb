//===- ChipOps.h - all ops of the chip dialect ------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// For what speaks of most of them; otherwise include dialects/Chip/<Op>.h.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_CHIP_CHIPOPS_H
#define DIALECTS_CHIP_CHIPOPS_H

#include "dialects/Chip/ChipDialect.h"

#include "dialects/Chip/ChipOps.h.inc"

#endif // DIALECTS_CHIP_CHIPOPS_H
