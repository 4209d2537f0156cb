//===- TableValues.h - field values drawn from the tables -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Zero, largest, smallest and random values for every field of a layout, so that no test lists
// instructions by hand.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TEST_UNIT_ISA_TABLEVALUES_H
#define TEST_UNIT_ISA_TABLEVALUES_H

#include "runtime/isa/Layout.h"

#include <random>
#include <vector>

namespace slp::mach::test {

enum class Draw { zero, maximum, minimum, random };
constexpr Draw allDraws[] = {Draw::zero, Draw::maximum, Draw::minimum, Draw::random};

/// A value that the field can hold.
inline uint64_t draw(const FieldInfo &field, Draw how, std::mt19937_64 &random) {
  uint64_t largest = field.maximum();
  switch (how) {
  case Draw::zero:
    return 0;
  case Draw::maximum:
    return largest;
  case Draw::minimum:
    return field.isSigned() ? ~largest : 0;
  case Draw::random:
    break;
  }
  if (!field.isSigned())
    return largest == ~uint64_t(0) ? random() : random() % (largest + 1);
  uint64_t magnitude = random() & largest;
  return random() & 1 ? ~magnitude : magnitude;
}

/// One value per field.
inline std::vector<uint64_t> draw(const LayoutInfo &layout, Draw how, std::mt19937_64 &random) {
  std::vector<uint64_t> values;
  for (const FieldInfo &field : layout.fields)
    values.push_back(draw(field, how, random));
  return values;
}

} // namespace slp::mach::test

#endif // TEST_UNIT_ISA_TABLEVALUES_H
