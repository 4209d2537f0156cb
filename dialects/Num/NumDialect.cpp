//===- NumDialect.cpp - the num dialect -------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Num/NumDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace slp::num_ir;

#include "dialects/Num/NumOpsDialect.cpp.inc"
#include "dialects/Num/NumOpsEnums.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/Num/NumOpsTypes.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Num/NumOpsAttributes.cpp.inc"

void NumDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/Num/NumOpsTypes.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Num/NumOpsAttributes.cpp.inc"
      >();
}

LogicalResult slp::num_ir::FloatType::verify(function_ref<InFlightDiagnostic()> emitError,
                                             unsigned exp, unsigned man, int bias, Specials,
                                             Subnormals) {
  if (exp < 2 || exp > 8)
    return emitError() << "expected 2 to 8 exponent bits, found " << exp;
  if (man < 1 || man > 10)
    return emitError() << "expected 1 to 10 mantissa bits, found " << man;
  if (1 + exp + man > 16)
    return emitError() << "expected at most 16 bits in all, found " << 1 + exp + man;
  if (bias < 1 || bias > 127)
    return emitError() << "expected a bias of 1 to 127, found " << bias;
  return success();
}

LogicalResult AccumulateAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t dot,
                                     Type format, Rounding rounding, Type across) {
  if (dot != 8)
    return emitError() << "expected a dot group of 8 terms, found " << dot;
  for (Type t : {format, across})
    if (!t.isF32() && !isa<slp::num_ir::FloatType>(t))
      return emitError() << "expected f32 or !num.float as accumulator format, found " << t;
  if (rounding == Rounding::stochastic)
    return emitError() << "an accumulator cannot round stochastically";
  return success();
}
