//===- Formats.cpp - a chip's formats as types and attributes ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// From the numbers of a chip description to types of the num dialect. Used where tensors get their
// formats, and by tests.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Transforms/Train/Passes.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace slp;

num_ir::FloatType slp::formatType(MLIRContext *context, const num::Format &format) {
  constexpr num_ir::Specials specials[] = {num_ir::Specials::ieee, num_ir::Specials::none,
                                           num_ir::Specials::reserved, num_ir::Specials::nan};
  FloatAttr threshold;
  if (format.flushBelow != 0)
    threshold = FloatAttr::get(Float32Type::get(context), format.flushBelow);
  return num_ir::FloatType::get(
      context, format.exp, format.man, format.bias, specials[size_t(format.specials)],
      format.subnormals == num::Subnormals::flush ? num_ir::Subnormals::flush
                                                  : num_ir::Subnormals::gradual,
      threshold);
}

num_ir::RoundingAttr slp::roundingAttr(MLIRContext *context, num::Rounding rounding) {
  constexpr num_ir::Rounding modes[] = {num_ir::Rounding::nearest_even, num_ir::Rounding::half_away,
                                        num_ir::Rounding::toward_zero,
                                        num_ir::Rounding::stochastic};
  return num_ir::RoundingAttr::get(context, modes[size_t(rounding)]);
}

void slp::setFormats(ModuleOp module, const chip::Chip &chip) {
  Builder b(module.getContext());
  SmallVector<NamedAttribute> formats;
  auto add = [&](StringRef name, const num::Format &format) {
    formats.push_back(b.getNamedAttr(name, TypeAttr::get(formatType(module.getContext(), format))));
  };
  add("fp8", chip.numerics.fp8);
  add("fp16", chip.numerics.fp16);
  for (const chip::NamedFormat &further : chip.numerics.formats)
    add(further.name, further.format);
  module->setAttr(num_ir::getFormatsAttrName(), b.getDictionaryAttr(formats));
}
