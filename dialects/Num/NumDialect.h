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

#endif // DIALECTS_NUM_NUMDIALECT_H
