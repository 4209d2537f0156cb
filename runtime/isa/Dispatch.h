//===- Dispatch.h - calls the function of an instruction --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// How an interpreter plugs in: in its own namespace, where the type `State` of its state lives, in
// the one file that dispatches,
//
//   #define SLP_INSTR_STATE State
//   #include "runtime/isa/InstrFunctions.h.inc"   // Status convFp(State &, const mach::ConvFp &);
//   ... #undef SLP_INSTR_STATE
//
// and `mach::dispatch(state, instr)` calls the right one. One that is declared and not defined does
// not link. The files that define them include the structs of their family alone.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_ISA_DISPATCH_H
#define RUNTIME_ISA_DISPATCH_H

#include "runtime/isa/InstrAll.h.inc"
#include "runtime/isa/Instructions.h"

#include <string>

namespace slp::mach {

/// Calls the function named after the instruction and returns its status. The function is found by
/// argument-dependent lookup, so that this header need not know the state.
template <typename State> Status dispatch(State &state, const Instruction &instr) {
  switch (static_cast<uint8_t>(instr.opcode())) {
#include "runtime/isa/InstrDispatch.h.inc"
  default:
    return Error{"no instruction has opcode " + std::to_string(static_cast<int>(instr.opcode()))};
  }
}

} // namespace slp::mach

#endif // RUNTIME_ISA_DISPATCH_H
