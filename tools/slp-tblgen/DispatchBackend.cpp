//===- DispatchBackend.cpp - one function per instruction
//--------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Declares the function that gives each instruction its meaning, and the calls of them. A function
// that nobody defined does not link.
//
//===----------------------------------------------------------------------------------------===//

#include "InstructionSet.h"

#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace slp::tblgen {

void emitFunctionDecls(const InstructionSet &set, raw_ostream &os) {
  os << "// The includer defines SLP_INSTR_STATE, the type that the functions work on.\n";
  for (const InstructionDef &instr : set.instructions)
    os << "/// " << instr.summary << "\n::slp::Status " << instr.functionName
       << "(SLP_INSTR_STATE &state, const ::slp::mach::" << instr.structName << " &instr);\n";
}

void emitList(const InstructionSet &set, raw_ostream &os) {
  os << "// The includer defines SLP_INSTRUCTION(struct, function, mnemonic).\n";
  for (const InstructionDef &instr : set.instructions)
    os << "SLP_INSTRUCTION(" << instr.structName << ", " << instr.functionName << ", "
       << quoted(instr.mnemonic) << ")\n";
}

void emitDispatcher(const InstructionSet &set, raw_ostream &os) {
  for (const InstructionDef &instr : set.instructions)
    os << "case 0x" << utohexstr(instr.opcode, true, 2) << ":\n  return " << instr.functionName
       << "(state, *instr.as<" << instr.structName << ">());\n";
}

} // namespace slp::tblgen
