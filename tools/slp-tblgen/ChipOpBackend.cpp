//===- ChipOpBackend.cpp - one op of the chip dialect per engine instruction
//--------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Writes TableGen: what the ops have in common is dialects/Chip/ChipInstruction.td.
//
//===----------------------------------------------------------------------------------------===//

#include "InstructionSet.h"

using namespace llvm;

namespace slp::tblgen {

bool hasChipOp(const InstructionDef &instr) {
  return instr.engine == "mac" || instr.engine == "vector";
}

bool emitChipOps(const InstructionSet &set, StringRef family, raw_ostream &os) {
  bool isKnown = false;
  os << "include \"dialects/Chip/ChipInstruction.td\"\n\n";
  for (const InstructionDef &instr : set.instructions) {
    if (instr.family != family)
      continue;
    isKnown = true;
    if (hasChipOp(instr))
      os << "def " << instr.structName << "Op : Chip_InstructionOp<" << instr.defName << ", "
         << instr.opcode << ">;\n";
  }
  return isKnown;
}

} // namespace slp::tblgen
