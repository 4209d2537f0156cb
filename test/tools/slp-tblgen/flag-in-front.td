// Text leaves fields out at the end of a list.
// RUN: not slp-tblgen -gen-instr-structs -I %mach_td %s 2>&1 | FileCheck %s

include "MachInstr.td"

// CHECK: error: field 'b' of 'bad' stands behind one that may be left out, expected it before
def BAD : Instruction<"bad", 0xf0, [Flag<"a", 8, "x">, Field<"b", Unsigned, 10, 9, "y">], [Reserved<127, 11>]> {
  let summary = "s"; let description = "d"; let engine = "seq"; let timingClass = "t";
}
