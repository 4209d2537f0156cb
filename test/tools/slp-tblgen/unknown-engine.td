// The engine is a value of Engine, or any.
// RUN: not slp-tblgen -gen-instr-structs -I %mach_td %s 2>&1 | FileCheck %s

include "MachInstr.td"

// CHECK: error: 'bad' names an unknown engine 'gpu'
def BAD : Instruction<"bad", 0xf0, [], [Reserved<127, 8>]> {
  let summary = "s"; let description = "d"; let engine = "gpu"; let timingClass = "t";
}
