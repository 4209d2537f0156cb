//===- Prepare.cpp - from an instruction's fields to an issue ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Prepare.h"

#include "runtime/exec/Mac.h"
#include "runtime/image/Formats.h"
#include "runtime/isa/AccModeBias.h.inc"
#include "runtime/isa/AccModeZero.h.inc"
#include "runtime/isa/Alternatives.h"
#include "runtime/isa/FormatF32.h.inc"
#include "runtime/isa/FormatFp8.h.inc"
#include "runtime/isa/FormatI32.h.inc"
#include "runtime/isa/FormatMixed.h.inc"
#include "runtime/isa/FormatU8.h.inc"

namespace slp::exec {

using mach::Elements;

static Error misfit(const mach::FieldInfo &field, const std::string &is,
                    const std::string &expected) {
  return Error{"operand `" + std::string(field.name) + "` " + is + ", expected " + expected};
}

static Status checkSpace(const mach::FieldInfo &field, const mach::TensorTile &tile) {
  if (field.role.spaces >> int(tile.space) & 1)
    return Status::success();
  return misfit(field, "lies in " + std::string(mach::toString(tile.space)),
                mach::alternatives(field.role.spaces,
                                   [](unsigned i) { return mach::toString(mach::Space(i)); }));
}

/// Whether every value of `narrow` is one of `wide`.
static bool holds(const num::Format &wide, const num::Format &narrow) {
  if (narrow == wide)
    return true;
  // Exponents of the largest value, of the smallest normal one and of the spacing there.
  int last = narrow.maxField() - narrow.bias, normal = 1 - narrow.bias;
  int spacing = normal - narrow.man;
  bool isGradual = narrow.subnormals == num::Subnormals::gradual;
  bool reachesDown = wide.subnormals == num::Subnormals::gradual
                         ? spacing >= 1 - wide.bias - wide.man
                         : (isGradual ? spacing : normal) >= 1 - wide.bias;
  return narrow.man <= wide.man && reachesDown && last <= wide.maxField() - wide.bias &&
         !narrow.hasSpecials();
}

/// A format that the MAC engine multiplies.
static Status checkFactor(const chip::Chip &chip, const mach::FieldInfo &field, mach::Format f) {
  std::string is = "is " + std::string(mach::toString(f));
  if (!mach::hasCodes(f))
    return misfit(field, is, "a format of the chip");
  if (isWide(f) && !chip.has("fp16-mac"))
    return Error{"operand `" + std::string(field.name) + "` " + is +
                 ", which needs the feature fp16-mac; " + chip.name + " lacks it"};
  Result<num::Format> format = image::chipFormat(chip.numerics, f, 0);
  if (format && format->hasSpecials() && chip.has("zero-skip"))
    return Error{"operand `" + std::string(field.name) + "` " + is + ", which has Inf or NaN; " +
                 chip.name + " skips zeros and would drop 0 * Inf"};
  if (field.role.elements == Elements::weight && f == mach::format::mixed)
    return misfit(field, "is mixed", "weights in one format");
  return Status::success();
}

/// A format of which the accumulator holds all values.
static bool canStart(const chip::Chip &chip, const mach::TensorTile &tile) {
  bool isWideEnough = !chip.numerics.accumulateFp16; // f32 holds every format of a chip
  if (tile.format == mach::format::f32)
    return isWideEnough;
  Result<num::Format> format = image::chipFormat(chip.numerics, tile.format, int(tile.bias));
  return format.ok() && (isWideEnough || holds(chip.numerics.fp16, *format));
}

static Status checkElements(const chip::Chip &chip, const mach::FieldInfo &field,
                            const mach::TensorTile &tile) {
  mach::Format f = tile.format;
  auto expect = [&](bool fits, const std::string &expected) -> Status {
    if (fits)
      return Status::success();
    return misfit(field, "has format " + std::string(mach::toString(f)), expected);
  };
  bool isReal = f == mach::format::f32 || mach::hasCodes(f);
  switch (field.role.elements) {
  case Elements::stored:
    return Status::success();
  case Elements::real:
    return expect(isReal, "f32 or a format of the chip");
  case Elements::f32:
    return expect(f == mach::format::f32, "f32");
  case Elements::i32:
    return expect(f == mach::format::i32, "i32");
  case Elements::index:
    return expect(f == mach::format::u8 || f == mach::format::i32, "u8 or i32");
  case Elements::number:
    return expect(isReal || f == mach::format::i32, "i32, f32 or a format of the chip");
  case Elements::mixed:
    return expect(f == mach::format::mixed, "mixed");
  case Elements::factor:
  case Elements::weight:
    return checkFactor(chip, field, f);
  case Elements::accumulator:
    return expect(f == accumulatorFormat(chip),
                  std::string(mach::toString(accumulatorFormat(chip))));
  case Elements::total:
    return expect(f == weightGradientFormat(chip),
                  std::string(mach::toString(weightGradientFormat(chip))));
  case Elements::sum:
    return expect(f == accumulatorFormat(chip) || f == weightGradientFormat(chip),
                  std::string(mach::toString(accumulatorFormat(chip))));
  case Elements::start:
    return expect(canStart(chip, tile), "one that the accumulator holds exactly");
  case Elements::mask:
    return expect(f == mach::format::fp8, "fp8");
  }
  return Status::success();
}

static Status checkRank(const State &state, const mach::FieldInfo &field,
                        const mach::TensorTile &tile) {
  const mach::OperandRole &role = field.role;
  std::string is = "has rank " + std::to_string(tile.rank);
  if (role.sameRank >= 0) {
    const mach::Instruction &instr = state.text[state.pc];
    uint64_t rank = state.descriptor[instr.values()[role.sameRank]].tile.rank;
    if (tile.rank == rank)
      return Status::success();
    const mach::FieldInfo &other = mach::infoOf(instr).layout.fields[size_t(role.sameRank)];
    return misfit(field, is, std::to_string(rank) + ", that of `" + std::string(other.name) + "`");
  }
  if (role.ranks == 0 || role.ranks >> tile.rank & 1)
    return Status::success();
  return misfit(field, is,
                mach::alternatives(role.ranks, [](unsigned i) { return std::to_string(i); }));
}

Status checkOperand(const State &state, const mach::FieldInfo &field, const Descriptor &d) {
  if (Status s = checkSpace(field, d.tile); !s)
    return s;
  if (Status s = checkRank(state, field, d.tile); !s)
    return s;
  return checkElements(state.chip, field, d.tile);
}

/// Whether the operand that begins a sum is one of the instruction's.
static bool hasBias(const mach::InstructionInfo &info, size_t modeField) {
  for (const mach::FieldInfo &field : info.layout.fields)
    if (field.role.when == int(modeField))
      return true;
  return false;
}

Result<Issue> prepareOperands(const State &state) {
  const mach::Instruction &instr = state.text[state.pc];
  const mach::InstructionInfo &info = mach::infoOf(instr);
  const uint64_t *values = instr.values();
  Issue issue = state.prepare(info.opcode, *info.engine, 0);
  int outputs = 0, numbers = 0, firstRead = -1;
  for (size_t f = 0; f < info.layout.fields.size(); ++f) {
    const mach::FieldInfo &field = info.layout.fields[f];
    if (field.role.isOperand()) {
      int at = issue.operands++;
      if (!field.role.isThere(values)) {
        issue.operand[at] = issue.operand[firstRead < 0 ? 0 : firstRead];
        continue;
      }
      const Descriptor &d = state.descriptor[values[f]];
      if (Status s = checkOperand(state, field, d); !s)
        return s.takeError();
      issue.operand[at] = d;
      issue.hasOptional |= field.role.when >= 0;
      if (field.role.elements == Elements::mask)
        (field.name == "gate" ? issue.gate : issue.group) = at;
      if (field.role.isWritten())
        issue.destination[outputs++] = at;
      else if (firstRead < 0)
        firstRead = at;
    } else if (field.prefix == "m") {
      issue.mask = state.mask[values[f]];
    } else if (field.prefix == "g") {
      issue.window = state.geometry[values[f]];
    } else if (field.prefix == "h") {
      issue.hyper[numbers++] = state.hyper[values[f]];
    } else if (field.isFlag) {
      issue.again = values[f];
    } else if (field.name == "mode" && field.names[0] == mach::toString(mach::accMode::zero)) {
      issue.mode = mach::AccMode(values[f]);
      if (issue.mode == mach::accMode::bias && !hasBias(info, f))
        return Error{std::string(info.layout.name) + " has no bias: its mode is zero or continue"};
    } else if (field.name == "skip") {
      issue.skip = mach::Skip(values[f]);
    } else if (field.name == "first" && values[f] != 0) {
      issue.startIsGiven = true;
      if (state.scalar[values[f]] != 0)
        issue.mode = mach::accMode::continue_;
    }
  }
  return issue;
}

} // namespace slp::exec
