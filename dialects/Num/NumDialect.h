//===- NumDialect.h - the num dialect ---------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_NUM_NUMDIALECT_H
#define DIALECTS_NUM_NUMDIALECT_H

#include "mlir/IR/Attributes.h"
#include "mlir/IR/BuiltinTypeInterfaces.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"

#include "dialects/Num/NumOpsEnums.h.inc"

#include "dialects/Num/NumOpsDialect.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/Num/NumOpsTypes.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Num/NumOpsAttributes.h.inc"

namespace slp::num_ir {

/// Of a module: a dictionary of the chip's storage formats by name, !num.float types. Set with the
/// types of the tensors; what lowers tensors to the machine finds their formats in it.
inline llvm::StringRef getFormatsAttrName() { return "num.formats"; }

/// The format whose values an element of this type has: of a !num.float itself, of a !num.mixed its
/// wider one; null for f32 and integers.
FloatType storageFormat(mlir::Type element);

} // namespace slp::num_ir

#endif // DIALECTS_NUM_NUMDIALECT_H
