//===- ElementFormat.h - element types and the formats of the machine -------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Used where types of the compiler become fields of descriptors and records of the image.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_MACH_ELEMENTFORMAT_H
#define DIALECTS_MACH_ELEMENTFORMAT_H

#include "runtime/isa/Instructions.h"

#include "mlir/IR/Types.h"

namespace slp::mach {

/// f32, i32 and i8 as they are; !num.float of up to 8 bits is the chip's fp8, a wider one its fp16.
/// Other types do not reach this point: the verifiers of train and chip admit only these.
Format formatOf(mlir::Type element);

} // namespace slp::mach

#endif // DIALECTS_MACH_ELEMENTFORMAT_H
