// Every field says what it is.
// RUN: not slp-tblgen -gen-instr-structs -I %mach_td %s 2>&1 | FileCheck %s

include "MachInstr.td"

// CHECK: error: field 'a' of 'bad' has no description
def BAD : Instruction<"bad", 0xf0, [Field<"a", Unsigned, 12, 8, "">], [Reserved<127, 13>]> {
  let summary = "s"; let description = "d"; let engine = "seq"; let timingClass = "t";
}
