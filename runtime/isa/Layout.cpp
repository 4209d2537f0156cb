//===- Layout.cpp - places and takes fields ---------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The one encoder and the one decoder, for instructions and descriptors alike.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/isa/Layout.h"

#include <algorithm>
#include <string>

namespace slp::mach {

static Error outOfRange(std::string_view where, const FieldInfo &field, uint64_t value) {
  std::string text =
      field.isSigned() ? std::to_string(static_cast<int64_t>(value)) : std::to_string(value);
  std::string least =
      field.isSigned() ? std::to_string(-static_cast<int64_t>(field.maximum()) - 1) : "0";
  return Error{std::string(where) + ": field '" + std::string(field.name) + "' is " + text +
               ", expected " + least + " to " + std::to_string(field.maximum())};
}

Status checkValue(std::string_view where, const FieldInfo &field, uint64_t value) {
  if (field.isSigned()) {
    auto number = static_cast<int64_t>(value);
    auto largest = static_cast<int64_t>(field.maximum());
    if (number > largest || number < -largest - 1)
      return outOfRange(where, field, value);
  } else if (value > field.maximum()) {
    return outOfRange(where, field, value);
  }
  return Status::success();
}

Status encodeFields(const LayoutInfo &layout, const uint64_t *values, Word &word) {
  for (size_t i = 0; i < layout.fields.size(); ++i) {
    const FieldInfo &field = layout.fields[i];
    if (Status s = checkValue(layout.name, field, values[i]); !s)
      return s;
    uint64_t mask = field.width() == 64 ? ~uint64_t(0) : (uint64_t(1) << field.width()) - 1;
    word.insert(field.hi, field.lo, values[i] & mask);
  }
  return Status::success();
}

Status decodeFields(const LayoutInfo &layout, Word word, uint64_t *values) {
  for (const BitRange &range : layout.reserved)
    for (int low = range.lo; low <= range.hi; low += 64)
      if (word.bits(std::min(range.hi, low + 63), low) != 0)
        return Error{std::string(layout.name) + ": reserved bits " + std::to_string(range.hi) +
                     ".." + std::to_string(range.lo) + " are not zero"};
  for (size_t i = 0; i < layout.fields.size(); ++i) {
    const FieldInfo &field = layout.fields[i];
    uint64_t value = word.bits(field.hi, field.lo);
    if (field.isSigned() && field.width() < 64) {
      uint64_t sign = uint64_t(1) << (field.width() - 1);
      value = (value ^ sign) - sign;
    }
    if (Status s = checkValue(layout.name, field, value); !s)
      return s;
    values[i] = value;
  }
  return Status::success();
}

Status encodeWords(ArrayView<LayoutInfo> layouts, const uint64_t *values, Word *words) {
  for (const LayoutInfo &layout : layouts) {
    *words = Word();
    if (Status s = encodeFields(layout, values, *words++); !s)
      return s;
    values += layout.fields.size();
  }
  return Status::success();
}

Status decodeWords(ArrayView<LayoutInfo> layouts, const Word *words, uint64_t *values) {
  for (const LayoutInfo &layout : layouts) {
    if (Status s = decodeFields(layout, *words++, values); !s)
      return s;
    values += layout.fields.size();
  }
  return Status::success();
}

} // namespace slp::mach
