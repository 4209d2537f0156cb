//===- Layout.h - where the fields of a word lie ----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The tables that slp-tblgen generates, and the encoder and decoder that work on any of them. Field
// values travel as 64-bit numbers: registers and enums by number, signed fields in two's
// complement.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_ISA_LAYOUT_H
#define RUNTIME_ISA_LAYOUT_H

#include "runtime/api/Result.h"
#include "runtime/isa/Word.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace slp::mach {

/// A view of a constant table.
template <typename T> struct ArrayView {
  const T *first = nullptr;
  size_t count = 0;
  constexpr const T *begin() const { return first; }
  constexpr const T *end() const { return first + count; }
  constexpr size_t size() const { return count; }
  constexpr const T &operator[](size_t i) const { return first[i]; }
};

enum class FieldKind : uint8_t {
  unsignedInteger,
  signedInteger,
  enumeration,
  registerNumber,
  label,  // instructions, from the one after this one; signed
  symbol, // index into the descriptor table
};

/// What an engine does with the tile of an operand.
enum class Access : uint8_t { none, read, write, update, scratch };

/// The formats that an operand's elements may have.
enum class Elements : uint8_t {
  stored,      // any
  real,        // f32 or a format of the chip
  f32,         // f32
  i32,         // 32-bit integers
  index,       // u8 or i32
  number,      // i32, f32 or a format of the chip
  mixed,       // element-wise mixed fp8 and fp16
  factor,      // what the MAC engine multiplies: a format of the chip
  weight,      // the same, but not mixed
  accumulator, // the accumulator's format
  total,       // the format of sums over images
  sum,         // one of these two
  start,       // what the accumulator holds exactly
  mask,        // the chip's fp8, of which only what is zero counts
};

/// An operand of an instruction, by the class Role of dialects/Mach/MachInstr.td.
struct OperandRole {
  Access access = Access::none; // none: the field is no operand
  Elements elements{};
  uint8_t spaces = 0;   // bit s: it may lie in memory s
  uint8_t ranks = 0;    // bit r: it may have r dimensions; none set: sameRank says, or any
  int8_t sameRank = -1; // field of the operand that has as many dimensions
  int8_t when = -1;     // field that says whether it is there; -1: it always is
  uint64_t value = 0;   // what that field then holds

  constexpr bool isOperand() const { return access != Access::none; }
  constexpr bool isRead() const { return access == Access::read || access == Access::update; }
  constexpr bool isWritten() const {
    return access == Access::write || access == Access::update || access == Access::scratch;
  }
  /// `values`: of all fields of the instruction.
  constexpr bool isThere(const uint64_t *values) const { return when < 0 || values[when] == value; }
};

/// One field: bits hi..lo of its word, both inclusive, at most 64.
struct FieldInfo {
  std::string_view name;
  FieldKind kind;
  int hi, lo;
  std::string_view prefix;           // registers: "d" of d3
  uint64_t count;                    // registers and enums: how many there are
  ArrayView<std::string_view> names; // enums: names of the values
  OperandRole role = {};
  int host = -1;            // register of a number that the host sets; -1: the program gives it
  bool isFlag = false;      // one bit
  bool isDefaulted = false; // text may leave it out, which is 0
  std::string_view feature = {}; // of the chip, without which it must be 0

  constexpr int width() const { return hi - lo + 1; }
  constexpr bool isSigned() const {
    return kind == FieldKind::signedInteger || kind == FieldKind::label;
  }
  /// The largest value; as two's complement for signed fields.
  constexpr uint64_t maximum() const {
    if (kind == FieldKind::enumeration || kind == FieldKind::registerNumber)
      return count - 1;
    int bits = isSigned() ? width() - 1 : width();
    return bits == 64 ? ~uint64_t(0) : (uint64_t(1) << bits) - 1;
  }
};

/// Bits hi..lo, both inclusive, any number of them.
struct BitRange {
  int hi, lo;
};

/// How one word is divided.
struct LayoutInfo {
  std::string_view name; // for messages: a mnemonic, or a word of a descriptor
  ArrayView<FieldInfo> fields;
  ArrayView<BitRange> reserved;
};

/// Success if the field can hold the value; otherwise says which range it can hold.
Status checkValue(std::string_view where, const FieldInfo &field, uint64_t value);

/// Places one value per field into `word`, which holds zeros there.
Status encodeFields(const LayoutInfo &layout, const uint64_t *values, Word &word);
/// Takes one value per field out of `word`; fails on a reserved bit that is set and on numbers that
/// name nothing.
Status decodeFields(const LayoutInfo &layout, Word word, uint64_t *values);

/// The same for several words in memory order, with the values of all their fields in a row.
Status encodeWords(ArrayView<LayoutInfo> layouts, const uint64_t *values, Word *words);
Status decodeWords(ArrayView<LayoutInfo> layouts, const Word *words, uint64_t *values);

} // namespace slp::mach

#endif // RUNTIME_ISA_LAYOUT_H
