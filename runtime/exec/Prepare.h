//===- Prepare.h - from an instruction's fields to an issue -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What every engine instruction goes through first: registers are read, and each operand is checked
// against its role (dialects/Mach/MachInstr.td).
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_PREPARE_H
#define RUNTIME_EXEC_PREPARE_H

#include "runtime/exec/State.h"

namespace slp::exec {

/// The issue of the instruction at pc: its cores, operands and destinations in the order of the
/// fields, window, mode and numbers. An operand that is not there repeats the first that is read,
/// so that loops over operands need no case. Fails where an operand is not what its role says, and
/// on mode bias of an instruction that has none.
Result<Issue> prepareOperands(const State &state);

/// Fails unless the descriptor is what the role of `field`, one of the instruction at pc, says.
Status checkOperand(const State &state, const mach::FieldInfo &field, const Descriptor &d);

} // namespace slp::exec

#endif // RUNTIME_EXEC_PREPARE_H
