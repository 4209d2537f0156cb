//===- ElementFormat.cpp - element types and the formats of the machine -----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Mach/ElementFormat.h"

#include "runtime/isa/ElementBytes.h"
#include "runtime/isa/EnumStoreRounding.h.inc"
#include "runtime/isa/FormatCoded16.h.inc"
#include "runtime/isa/FormatCoded8.h.inc"
#include "runtime/isa/FormatF32.h.inc"
#include "runtime/isa/FormatFp16.h.inc"
#include "runtime/isa/FormatFp8.h.inc"
#include "runtime/isa/FormatI32.h.inc"
#include "runtime/isa/FormatMixed.h.inc"
#include "runtime/isa/FormatU8.h.inc"

using namespace mlir;
using namespace slp;
using namespace slp::mach;

FormatTable::FormatTable(ModuleOp module) {
  auto formats = module->getAttrOfType<DictionaryAttr>(num_ir::getFormatsAttrName());
  isByWidth = !formats;
  if (!formats)
    return;
  auto typeOf = [](Attribute attr) {
    auto type = dyn_cast_or_null<TypeAttr>(attr);
    return type ? dyn_cast<num_ir::FloatType>(type.getValue()) : num_ir::FloatType();
  };
  for (auto [name, format] :
       {std::pair("fp8", mach::format::fp8), std::pair("fp16", mach::format::fp16)})
    if (num_ir::FloatType type = typeOf(formats.get(name)))
      entries.push_back({type, format});
  // A dictionary is sorted by name, as x0 to x3 and x4 to x7 are.
  for (int bytes : {1, 2}) {
    size_t index = 0;
    for (NamedAttribute entry : formats) {
      num_ir::FloatType type = typeOf(entry.getValue());
      bool isFurther = entry.getName() != "fp8" && entry.getName() != "fp16";
      if (type && isFurther && (type.getWidth() > 8) == (bytes == 2) && index < maxFurtherFormats)
        entries.push_back({type, furtherFormat(index++, bytes)});
    }
  }
}

std::optional<ElementFormat> FormatTable::find(Type element) const {
  if (auto mixed = dyn_cast<num_ir::MixedType>(element)) {
    std::optional<ElementFormat> lo = find(mixed.getLo()), hi = find(mixed.getHi());
    if (!lo || !hi || lo->bias != 0 || hi->bias != 0)
      return std::nullopt;
    if (lo->format == mach::format::fp8 && hi->format == mach::format::fp16)
      return ElementFormat{mach::format::mixed};
    if (lo->format != hi->format ||
        (hi->format != mach::format::fp8 && hi->format != mach::format::fp16))
      return std::nullopt;
    return ElementFormat{hi->format == mach::format::fp8 ? mach::format::coded8
                                                         : mach::format::coded16};
  }
  auto type = dyn_cast<num_ir::FloatType>(element);
  if (!type) {
    if (element.isInteger(32))
      return ElementFormat{mach::format::i32};
    return ElementFormat{element.isInteger(8) ? mach::format::u8 : mach::format::f32};
  }
  if (isByWidth)
    return ElementFormat{type.getWidth() > 8 ? mach::format::fp16 : mach::format::fp8};
  for (const Entry &entry : entries)
    if (entry.type == type)
      return ElementFormat{entry.format};
  for (const Entry &entry : entries)
    if (int bias = type.getBias() - entry.type.getBias(); entry.type.shifted(bias) == type)
      return ElementFormat{entry.format, bias};
  return std::nullopt;
}

StoreRounding slp::mach::storeRounding(std::optional<num_ir::Rounding> rounding) {
  if (!rounding)
    return StoreRounding::chip;
  switch (*rounding) {
  case num_ir::Rounding::nearest_even:
    return StoreRounding::nearest_even;
  case num_ir::Rounding::half_away:
    return StoreRounding::half_away;
  case num_ir::Rounding::toward_zero:
    return StoreRounding::toward_zero;
  case num_ir::Rounding::stochastic:
    return StoreRounding::stochastic;
  }
  return StoreRounding::chip;
}

std::optional<Format> slp::mach::compressedFormat(Type element) {
  auto mixed = dyn_cast<num_ir::MixedType>(element);
  if (!mixed)
    return std::nullopt;
  if (mixed.getLo() != mixed.getHi())
    return mach::format::mixed;
  return mixed.getHi().getWidth() > 8 ? mach::format::coded16 : mach::format::coded8;
}
