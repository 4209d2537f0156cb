//===- Instructions.cpp - instructions and words ----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Holds the generated tables and what reads them.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/isa/Instructions.h"

#include "runtime/isa/EnumEngine.h.inc"
#include "runtime/isa/InstrAll.h.inc"

#include <cassert>
#include <iterator>
#include <string>

namespace slp::mach {

#include "runtime/isa/InstrEnums.cpp.inc"
#include "runtime/isa/InstrTables.cpp.inc"

/// Position in instructionTable by opcode; one past the end for opcodes that nobody has.
static constexpr std::array<uint8_t, 256> makeOpcodeIndex() {
  std::array<uint8_t, 256> index{};
  for (uint8_t &entry : index)
    entry = static_cast<uint8_t>(std::size(instructionTable));
  for (size_t i = 0; i < std::size(instructionTable); ++i)
    index[static_cast<size_t>(instructionTable[i].opcode)] = static_cast<uint8_t>(i);
  return index;
}
static constexpr std::array<uint8_t, 256> opcodeIndex = makeOpcodeIndex();

static constexpr bool fitIntoInstruction() {
  for (const InstructionInfo &info : instructionTable)
    if (info.layout.fields.size() > Instruction::maxFields)
      return false;
  return true;
}
static_assert(fitIntoInstruction(), "an instruction has more fields: raise Instruction::maxFields");

static Result<Word> encodeInstruction(Opcode opcode, const uint64_t *values) {
  Word word{static_cast<uint64_t>(opcode), 0};
  if (Status s = encodeFields(infoOf(opcode).layout, values, word); !s)
    return s.takeError();
  return word;
}

static Status decodeInstruction(Opcode opcode, Word word, uint64_t *values) {
  const InstructionInfo &info = infoOf(opcode);
  if (word.bits(7, 0) != static_cast<uint64_t>(opcode))
    return Error{std::string(info.layout.name) + ": the word has opcode " +
                 std::to_string(word.bits(7, 0)) + ", expected " +
                 std::to_string(static_cast<int>(opcode))};
  return decodeFields(info.layout, word, values);
}

#include "runtime/isa/InstrStructs.cpp.inc"

ArrayView<InstructionInfo> allInstructions() {
  return {instructionTable, std::size(instructionTable)};
}

ArrayView<LayoutInfo> tensorTileLayout() { return tensorTileWords; }

const InstructionInfo *findInstruction(uint8_t opcode) {
  size_t index = opcodeIndex[opcode];
  return index < std::size(instructionTable) ? &instructionTable[index] : nullptr;
}

const InstructionInfo *findInstruction(std::string_view mnemonic) {
  for (const InstructionInfo &info : instructionTable)
    if (info.layout.name == mnemonic)
      return &info;
  return nullptr;
}

const InstructionInfo &infoOf(Opcode opcode) {
  const InstructionInfo *info = findInstruction(static_cast<uint8_t>(opcode));
  assert(info && "every Opcode is in the table");
  return *info;
}

const InstructionInfo &infoOf(const Instruction &instr) { return infoOf(opcodeOf(instr)); }

Opcode opcodeOf(const Instruction &instr) { return instr.opcode(); }

std::string_view mnemonicOf(const Instruction &instr) { return infoOf(instr).layout.name; }

bool isPerCore(Engine engine) {
  return engine == Engine::load || engine == Engine::store || engine == Engine::mac;
}

Engine engineOf(const Instruction &instr) {
  const InstructionInfo &info = infoOf(instr);
  if (info.engine)
    return *info.engine;
  for (size_t i = 0; i < info.layout.fields.size(); ++i)
    if (info.layout.fields[i].name == "engine")
      return static_cast<Engine>(instr.values()[i]);
  assert(false && "the checker demands a field for engine `any`");
  return Engine();
}

std::string_view timingClassOf(const Instruction &instr) { return infoOf(instr).timingClass; }

ArrayView<std::string_view> requiresOf(const Instruction &instr) { return infoOf(instr).requires_; }

Result<Word> encode(const Instruction &instr) {
  return encodeInstruction(instr.opcode(), instr.values());
}

Result<Instruction> decode(Word word) {
  auto opcode = static_cast<uint8_t>(word.bits(7, 0));
  const InstructionInfo *info = findInstruction(opcode);
  if (!info)
    return Error{"no instruction has opcode " + std::to_string(opcode)};
  std::array<uint64_t, Instruction::maxFields> values{};
  if (Status s = decodeFields(info->layout, word, values.data()); !s)
    return s.takeError();
  return makeInstruction(*info, values.data());
}

std::vector<uint64_t> valuesOf(const Instruction &instr) {
  const uint64_t *values = instr.values();
  return {values, values + infoOf(instr).layout.fields.size()};
}

Instruction makeInstruction(const InstructionInfo &info, const uint64_t *values) {
  return Instruction(info.opcode, values, info.layout.fields.size());
}

} // namespace slp::mach
