//===- NumDialect.cpp - the num dialect -------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Num/NumDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include <charconv>
#include <cmath>

using namespace mlir;
using namespace slp::num_ir;

/// `0.000125`: the shortest decimal that reads back as the same FP32 number.
static ParseResult parseThreshold(AsmParser &parser, FloatAttr &threshold) {
  double value = 0;
  if (failed(parser.parseFloat(value)))
    return failure();
  threshold = FloatAttr::get(Float32Type::get(parser.getContext()), static_cast<float>(value));
  return success();
}

static void printThreshold(AsmPrinter &printer, FloatAttr threshold) {
  char buffer[32];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, threshold.getValue().convertToFloat());
  StringRef digits(buffer, end.ptr - buffer);
  // MLIR wants a full stop ahead of an exponent.
  size_t exponent = digits.find('e');
  printer << digits.substr(0, exponent);
  if (!digits.contains('.'))
    printer << ".0";
  if (exponent != StringRef::npos)
    printer << digits.substr(exponent);
}

#include "dialects/Num/NumOpsDialect.cpp.inc"
#include "dialects/Num/NumOpsEnums.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/Num/NumOpsTypes.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Num/NumOpsAttributes.cpp.inc"

//===----------------------------------------------------------------------------------------===//
// Names in printed IR
//===----------------------------------------------------------------------------------------===//

/// "e5m10"; "e5m2b17" with another bias than 2^(exp - 1) - 1; "f32".
static std::string shortNameOf(Type type) {
  auto format = dyn_cast<slp::num_ir::FloatType>(type);
  if (!format)
    return "f32";
  std::string name = "e" + std::to_string(format.getExp()) + "m" + std::to_string(format.getMan());
  if (format.getBias() != (1 << (format.getExp() - 1)) - 1)
    name += "b" + std::to_string(format.getBias());
  return name;
}

namespace {
/// A module begins with a line for each format and each way to accumulate, and says the name
/// afterwards. MLIR numbers names that several have, as formats differ in more than a name tells.
struct NumAliases : OpAsmDialectInterface {
  using OpAsmDialectInterface::OpAsmDialectInterface;

  AliasResult getAlias(Type type, raw_ostream &os) const override {
    if (isa<slp::num_ir::FloatType>(type)) {
      os << "num_" << shortNameOf(type);
      return AliasResult::FinalAlias;
    }
    if (auto mixed = dyn_cast<MixedType>(type)) {
      os << "num_mixed_" << shortNameOf(mixed.getLo()) << "_" << shortNameOf(mixed.getHi());
      return AliasResult::FinalAlias;
    }
    return AliasResult::NoAlias;
  }

  AliasResult getAlias(Attribute attribute, raw_ostream &os) const override {
    auto accumulate = dyn_cast<AccumulateAttr>(attribute);
    if (!accumulate)
      return AliasResult::NoAlias;
    os << "num_dot" << accumulate.getDot() << "_" << shortNameOf(accumulate.getFormat());
    return AliasResult::FinalAlias;
  }
};
} // namespace

void NumDialect::initialize() {
  addInterfaces<NumAliases>();
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/Num/NumOpsTypes.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Num/NumOpsAttributes.cpp.inc"
      >();
}

/// What is wrong with the parameters of a format; empty: nothing.
static std::string problemOf(unsigned exp, unsigned man, int bias, Specials specials,
                             Subnormals subnormals, FloatAttr flushBelow) {
  if (exp < 2 || exp > 8)
    return "expected 2 to 8 exponent bits, found " + std::to_string(exp);
  if (man < 1 || man > 10)
    return "expected 1 to 10 mantissa bits, found " + std::to_string(man);
  if (1 + exp + man > 16)
    return "expected at most 16 bits in all, found " + std::to_string(1 + exp + man);
  if (bias < 0 || bias > 127)
    return "expected a bias of 0 to 127, found " + std::to_string(bias);
  bool isLastBinade = specials == Specials::none || specials == Specials::nan;
  int largest = (1 << exp) - (isLastBinade ? 1 : 2) - bias;
  if (largest > 127)
    return "expected a largest exponent of at most 127, that of f32, found " +
           std::to_string(largest);
  if (!flushBelow)
    return "";
  if (subnormals == Subnormals::gradual)
    return "expected flush_below with flush only";
  double threshold = flushBelow.getValueAsDouble();
  if (!flushBelow.getType().isF32() || !(threshold >= std::ldexp(1.0, 1 - bias)) ||
      !(threshold < std::ldexp(1.0, largest + 1)))
    return "expected flush_below to be at least the smallest normal number and within the range of "
           "the format";
  return "";
}

LogicalResult slp::num_ir::FloatType::verify(function_ref<InFlightDiagnostic()> emitError,
                                             unsigned exp, unsigned man, int bias,
                                             Specials specials, Subnormals subnormals,
                                             FloatAttr flushBelow) {
  std::string problem = problemOf(exp, man, bias, specials, subnormals, flushBelow);
  return problem.empty() ? success() : LogicalResult(emitError() << problem);
}

double slp::num_ir::FloatType::getThreshold() const {
  if (getSubnormals() == Subnormals::gradual)
    return 0;
  return getFlushBelow() ? getFlushBelow().getValueAsDouble() : std::ldexp(1.0, 1 - getBias());
}

slp::num_ir::FloatType slp::num_ir::FloatType::shifted(int by) const {
  FloatAttr threshold = getFlushBelow();
  if (threshold)
    threshold = FloatAttr::get(threshold.getType(), std::ldexp(threshold.getValueAsDouble(), -by));
  int bias = getBias() + by;
  if (!problemOf(getExp(), getMan(), bias, getSpecials(), getSubnormals(), threshold).empty())
    return nullptr;
  return get(getContext(), getExp(), getMan(), bias, getSpecials(), getSubnormals(), threshold);
}

LogicalResult MixedType::verify(function_ref<InFlightDiagnostic()> emitError,
                                slp::num_ir::FloatType lo, slp::num_ir::FloatType hi) {
  if (lo == hi)
    return success();
  bool isWithin = lo.getExp() == hi.getExp() && lo.getBias() == hi.getBias() &&
                  lo.getSpecials() == hi.getSpecials() && lo.getMan() < hi.getMan();
  // A subnormal of lo must be a number of hi.
  isWithin &= lo.getSubnormals() == Subnormals::flush || hi.getSubnormals() == Subnormals::gradual;
  if (!isWithin)
    return emitError() << "expected two formats of which the second has more mantissa bits and "
                          "otherwise the same fields, found "
                       << lo << " and " << hi;
  if (lo.getWidth() != 8 || hi.getWidth() != 16)
    return emitError() << "expected a format of 8 and one of 16 bits, found " << lo.getWidth()
                       << " and " << hi.getWidth();
  return success();
}

slp::num_ir::FloatType slp::num_ir::storageFormat(Type element) {
  if (auto mixed = dyn_cast<MixedType>(element))
    return mixed.getHi();
  return dyn_cast<slp::num_ir::FloatType>(element);
}

bool AccumulateAttr::hasChainPerImage() const { return !isa<NoneType>(getAcross()); }

LogicalResult AccumulateAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t dot,
                                     Type format, Rounding rounding, Type across) {
  if (dot != 1 && dot != 8 && dot != 16)
    return emitError() << "expected a dot group of 1, 8 or 16 terms, found " << dot;
  SmallVector<Type, 2> formats = {format};
  if (!isa<NoneType>(across))
    formats.push_back(across);
  for (Type t : formats)
    if (!t.isF32() && !isa<slp::num_ir::FloatType>(t))
      return emitError() << "expected f32 or !num.float as accumulator format, found " << t;
  if (rounding == Rounding::stochastic)
    return emitError() << "an accumulator cannot round stochastically";
  return success();
}
