//===- OpConversionBackend.cpp - from mach op to instruction ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// One case per instruction for dialects/Mach/MachToInstruction.cpp: copies attributes into the
// struct; labels and symbols go through the caller's resolvers.
// Reads MachOps.td, which includes the instruction set, so that it can tell an instruction without
// an op.
//
//===----------------------------------------------------------------------------------------===//

#include "InstructionSet.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/TableGen/Error.h"
#include "llvm/TableGen/Record.h"

using namespace llvm;

namespace slp::tblgen {

/// Whether each instruction has its op, under the name that the conversion uses.
static bool checkOps(const InstructionSet &set, const RecordKeeper &records) {
  DenseMap<const Record *, const Record *> ops;
  for (const Record *op : records.getAllDerivedDefinitionsIfDefined("Mach_Op"))
    ops[op->getValueAsDef("instruction")] = op;
  bool good = true;
  for (const InstructionDef &instr : set.instructions) {
    std::string expected = instr.structName + "Op";
    const Record *op = ops.lookup(instr.record);
    if (op && op->getName() == expected)
      continue;
    good = false;
    if (op)
      PrintError(op->getLoc(), "the op of " + instr.defName + " must be called '" + expected +
                                   "', found '" + op->getName() + "'");
    else
      PrintError(instr.record->getLoc(), "instruction " + instr.defName + " has no op: add `def " +
                                             expected + " : Mach_Op<" + instr.defName +
                                             ">;` to dialects/Mach/MachOps.td");
  }
  return good;
}

bool emitOpConversion(const InstructionSet &set, const RecordKeeper &records, raw_ostream &os) {
  if (!checkOps(set, records))
    return false;
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
  return true;
}

} // namespace slp::tblgen
