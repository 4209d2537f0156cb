//===- Dispatch.h - calls the function of an instruction --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// How an interpreter plugs in: in its own namespace, where the type `State` of its state lives,
//
//   #define SLP_INSTR_STATE State
//   #include "runtime/isa/InstrFunctions.h.inc"   // Status convFp(State &, const mach::ConvFp &);
//   ... #undef SLP_INSTR_STATE
//
// and `mach::dispatch(state, instr)` calls the right one. One that is declared and not defined does
// not link.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_ISA_DISPATCH_H
#define RUNTIME_ISA_DISPATCH_H

#include "runtime/isa/Instructions.h"

namespace slp::mach {

/// Finds the functions by argument-dependent lookup, so that this header need not know the state.
template <typename State> struct Dispatcher {
  State &state;
#include "runtime/isa/InstrDispatch.h.inc"
};

/// Calls the function named after the instruction and returns its status.
template <typename State> Status dispatch(State &state, const Instruction &instr) {
  return std::visit(Dispatcher<State>{state}, instr);
}

} // namespace slp::mach

#endif // RUNTIME_ISA_DISPATCH_H
