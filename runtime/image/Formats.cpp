//===- Formats.cpp - does a chip have the formats of an image ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/image/Formats.h"

#include "runtime/isa/ElementBytes.h"
#include "runtime/isa/EnumStoreRounding.h.inc"
#include "runtime/isa/FormatCoded8.h.inc"
#include "runtime/isa/FormatFp16.h.inc"
#include "runtime/isa/FormatFp8.h.inc"
#include "runtime/isa/FormatMixed.h.inc"
#include "runtime/isa/SpaceAcc.h.inc"

namespace slp::image {

Result<num::Format> chipFormat(const chip::Numerics &numerics, mach::Format format, int bias) {
  const num::Format *found = nullptr;
  if (format == mach::format::fp8 || format == mach::format::coded8)
    found = &numerics.fp8;
  else if (format == mach::format::fp16 || mach::isCompressed(format))
    found = &numerics.fp16;
  else if (mach::isChipFormat(format))
    found = numerics.furtherFormat(size_t(format) -
                                       size_t(mach::furtherFormat(0, mach::elementBytes(format))),
                                   mach::elementBytes(format));
  if (!found)
    return Error{"the chip has no format " + std::string(mach::toString(format))};
  num::Format shifted = found->shifted(bias);
  if (Status s = num::validate(shifted); !s)
    return Error{"the shared exponent bias " + std::to_string(bias) + " does not suit format " +
                 std::string(mach::toString(format)) + ": " + s.message()};
  return shifted;
}

static Status checkFormat(const chip::Chip &chip, mach::Format format, int64_t bias) {
  if (mach::isChipFormat(format)) {
    Result<num::Format> found = chipFormat(chip.numerics, format, int(bias));
    return found ? Status::success() : Status(found.takeError());
  }
  if (mach::isCompressed(format)) {
    std::string feature = format == mach::format::mixed ? "mixed-precision" : "zero-skip";
    if (!chip.has(feature))
      return Error{"format " + std::string(mach::toString(format)) + " needs the feature " +
                   feature + ", which " + chip.name + " lacks"};
  }
  if (bias != 0)
    return Error{"a shared exponent bias, but elements of " + std::string(mach::toString(format)) +
                 " have none"};
  return Status::success();
}

Status checkFormats(const Image &image, const chip::Chip &chip) {
  for (const Tensor &t : image.tensors)
    if (Status s = checkFormat(chip, t.format, t.bias); !s)
      return Error{"tensor '" + t.name + "': " + s.message()};
  for (const NamedDescriptor &d : image.descriptors) {
    Status s = checkFormat(chip, d.tile.format, d.tile.bias);
    bool isPlain =
        d.tile.rounding == mach::StoreRounding::chip && d.tile.bias == 0 && d.tile.stream == 0;
    if (s && d.tile.space == mach::space::acc && !isPlain)
      s = Error{"a tile in acc, expected rounding chip, bias 0 and stream 0"};
    if (!s)
      return Error{"descriptor '" + d.name + "': " + s.message()};
  }
  return Status::success();
}

} // namespace slp::image
