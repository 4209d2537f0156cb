//===- Instructions.h - the instruction set as C++ --------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Any instruction, the descriptor record, and conversion to and from 128-bit words, by tables that
// are generated from dialects/Mach/MachInstr.td. Used by the simulator, the image, the assembler
// and lib/Emit. To speak of an instruction include the structs of its family,
// runtime/isa/Instr<Family>.h.inc (the family is the record's file, MachInstr<Family>.td); to speak
// of a value of an enum, runtime/isa/Enum<Name>.h.inc.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_ISA_INSTRUCTIONS_H
#define RUNTIME_ISA_INSTRUCTIONS_H

#include "runtime/api/Result.h"
#include "runtime/isa/Layout.h"
#include "runtime/isa/Word.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

namespace slp::mach {

#include "runtime/isa/InstrEnums.h.inc"

/// What tells instructions apart: a struct's member `opcode` names one.
enum class Opcode : uint8_t;

#include "runtime/isa/InstrDescriptors.h.inc"

/// Any one instruction: an opcode and one value per field, as valuesOf gives them. It knows none of
/// the structs, so that a new instruction rebuilds only what speaks of it; `as` gives the struct.
class Instruction {
public:
  static constexpr size_t maxFields = 20;

  /// No instruction: of an opcode that is in no table.
  Instruction() = default;
  template <typename T,
            typename = std::enable_if_t<std::is_same_v<decltype(T::opcode), const Opcode>>>
  Instruction(const T &typed) : code(T::opcode) {
    static_assert(T::numFields <= maxFields, "raise Instruction::maxFields");
    auto values = typed.values();
    for (size_t i = 0; i < T::numFields; ++i)
      fields[i] = values[i];
  }
  /// `values` has `count` entries, at most maxFields.
  Instruction(Opcode opcode, const uint64_t *values, size_t count) : code(opcode) {
    for (size_t i = 0; i < count; ++i)
      fields[i] = values[i];
  }

  Opcode opcode() const { return code; }
  /// One value per field of the table, signed ones in two's complement; zeros behind them.
  const uint64_t *values() const { return fields.data(); }
  template <typename T> bool is() const { return code == T::opcode; }
  /// The struct, if the instruction is one of this kind.
  template <typename T> std::optional<T> as() const {
    return is<T>() ? std::optional<T>(T::fromValues(values())) : std::nullopt;
  }

  bool operator==(const Instruction &other) const {
    return code == other.code && fields == other.fields;
  }
  bool operator!=(const Instruction &other) const { return !(*this == other); }

private:
  Opcode code{};
  std::array<uint64_t, maxFields> fields{};
};

/// What the table says about an instruction.
struct InstructionInfo {
  Opcode opcode;
  LayoutInfo layout;                     // layout.name is the mnemonic
  std::optional<Engine> engine;          // none: the instruction's own field says
  std::string_view timingClass;          // key of the chip description's timing rules
  ArrayView<std::string_view> requires_; // features without which a chip refuses it
};

/// All instructions by ascending opcode.
ArrayView<InstructionInfo> allInstructions();
/// The words of a TensorTile, in memory order.
ArrayView<LayoutInfo> tensorTileLayout();
/// Null if no instruction has this opcode.
const InstructionInfo *findInstruction(uint8_t opcode);
/// Null if no instruction has this mnemonic.
const InstructionInfo *findInstruction(std::string_view mnemonic);
const InstructionInfo &infoOf(Opcode opcode);
const InstructionInfo &infoOf(const Instruction &instr);

Opcode opcodeOf(const Instruction &instr);
std::string_view mnemonicOf(const Instruction &instr);
/// Whose queue the instruction enters; wait and signal name it themselves.
Engine engineOf(const Instruction &instr);
/// Whether every core has a queue of this engine; else the chip has one.
bool isPerCore(Engine engine);
std::string_view timingClassOf(const Instruction &instr);
ArrayView<std::string_view> requiresOf(const Instruction &instr);

/// Fails if a value does not fit its field, naming instruction and field.
Result<Word> encode(const Instruction &instr);
/// Fails on an unknown opcode, a reserved bit that is set, or a number that names no enum value.
Result<Instruction> decode(Word word);

/// One value per field of the table, signed ones in two's complement.
std::vector<uint64_t> valuesOf(const Instruction &instr);
/// Inverse of valuesOf. `values` has one entry per field, within its range.
Instruction makeInstruction(const InstructionInfo &info, const uint64_t *values);

} // namespace slp::mach

#endif // RUNTIME_ISA_INSTRUCTIONS_H
