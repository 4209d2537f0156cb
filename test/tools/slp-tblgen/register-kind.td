// A register kind has a prefix and 2 to 256 registers.
// RUN: not slp-tblgen -gen-instr-structs -I %mach_td %s 2>&1 | FileCheck %s

include "MachInstr.td"

// CHECK: error: field 'a' of 'bad' is a register kind without a prefix or with a count outside 2..256
// CHECK: error: field 'b' of 'bad' is a register kind without a prefix or with a count outside 2..256
def BAD : Instruction<"bad", 0xf0, [Field<"a", Register<"q", 1>, 8, 8, "x">, Field<"b", Register<"", 2>, 9, 9, "x">], [Reserved<127, 10>]> {
  let summary = "s"; let description = "d"; let engine = "seq"; let timingClass = "t";
}
