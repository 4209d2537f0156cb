//===- OpChecker.cpp - every instruction has its op -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
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

bool checkOps(const InstructionSet &set, const RecordKeeper &records) {
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
                                             ">;` to dialects/Mach/Mach" + instr.family + "Ops.td");
  }
  return good;
}

} // namespace slp::tblgen
