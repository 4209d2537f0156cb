//===- Instructions.h - the instruction set as C++ --------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Enums, one struct per instruction, the descriptor record, and conversion to and from 128-bit
// words; all generated from dialects/Mach/MachInstr.td. Used by the simulator, the image, the
// assembler and lib/Emit. The values of an enum are in runtime/isa/Enum<Name>.h.inc: include it to
// speak of one.
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
#include <utility>
#include <variant>
#include <vector>

namespace slp::mach {

#include "runtime/isa/InstrEnums.h.inc"
#include "runtime/isa/InstrStructs.h.inc"

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

/// Calls `f` with the typed struct.
template <typename F> decltype(auto) visit(F &&f, const Instruction &instr) {
  return std::visit(std::forward<F>(f), instr);
}

Opcode opcodeOf(const Instruction &instr);
std::string_view mnemonicOf(const Instruction &instr);
/// Whose queue the instruction enters; wait and signal name it themselves.
Engine engineOf(const Instruction &instr);
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
