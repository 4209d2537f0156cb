// A register field has exactly the bits that its registers need.
// RUN: not slp-tblgen -gen-instr-structs -I %mach_td %s 2>&1 | FileCheck %s

include "MachInstr.td"

// CHECK: error: field 'a' of 'bad' is 4 bits wide, too narrow for 32 registers, which take 5
// CHECK: error: field 'b' of 'bad' is 6 bits wide, too wide for 32 registers, which take 5
def BAD : Instruction<"bad", 0xf0, [Field<"a", DescReg, 11, 8, "x">, Field<"b", DescReg, 17, 12, "x">], [Reserved<127, 18>]> {
  let summary = "s"; let description = "d"; let engine = "seq"; let timingClass = "t";
}
