//===- OpConversionBackend.cpp - from mach op to instruction
//-----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// One case per instruction for dialects/Mach/MachToInstruction.cpp: copies attributes into the
// struct; labels and symbols go through the caller's resolvers.
//
//===----------------------------------------------------------------------------------------===//

#include "InstructionSet.h"

using namespace llvm;

namespace slp::tblgen {

void emitOpConversion(const InstructionSet &set, raw_ostream &os) {
  for (const InstructionDef &instr : set.instructions) {
    os << ".Case([&](" << instr.structName << "Op op) -> FailureOr<Instruction> {\n"
       << "  (void)op;\n  " << instr.structName << " instr;\n";
    for (const FieldDef &field : instr.layout.fields) {
      std::string getter = "op.get" + upperFirst(field.name) + "()";
      if (field.kind == FieldKind::label || field.kind == FieldKind::symbol) {
        StringRef resolver = field.kind == FieldKind::label ? "labels" : "symbols";
        os << "  auto " << field.name << " = " << resolver << "(op, " << getter << ");\n"
           << "  if (failed(" << field.name << "))\n    return failure();\n"
           << "  instr." << field.name << " = *" << field.name << ";\n";
      } else {
        os << "  instr." << field.name << " = " << getter << ";\n";
      }
    }
    os << "  return Instruction(instr);\n})\n";
  }
}

} // namespace slp::tblgen
