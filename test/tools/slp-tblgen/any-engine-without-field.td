// Who runs on any engine says on which.
// RUN: not slp-tblgen -gen-instr-structs -I %mach_td %s 2>&1 | FileCheck %s

include "MachInstr.td"

// CHECK: error: 'bad' runs on any engine but has no field of kind Enum<EngineEnum>
def BAD : Instruction<"bad", 0xf0, [], [Reserved<127, 8>]> {
  let summary = "s"; let description = "d"; let engine = "any"; let timingClass = "t";
}
