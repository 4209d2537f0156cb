// An enum has more values than its field has numbers.
// RUN: not slp-tblgen -gen-instr-structs -I %mach_td %s 2>&1 | FileCheck %s

include "MachInstr.td"

// CHECK: error: field 'a' of 'bad' is 2 bits wide, too narrow for the 7 values of 'Engine'
def BAD : Instruction<"bad", 0xf0, [Field<"a", Enum<EngineEnum>, 9, 8, "x">], [Reserved<127, 10>]> {
  let summary = "s"; let description = "d"; let engine = "seq"; let timingClass = "t";
}
