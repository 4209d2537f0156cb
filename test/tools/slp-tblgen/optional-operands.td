// Operands that may not be there are the last ones, and of several none is written: ops of chip have one list of them.
// RUN: not slp-tblgen -gen-instr-structs -I %mach_td %s 2>&1 | FileCheck %s

include "MachInstr.td"

// CHECK: error: operand 'c' of 'bad' stands behind operands that may not be there, expected it before
// CHECK: error: operand 'b' of 'bad' is one of several that may not be there, expected it only read
def BAD : Instruction<"bad", 0xf0, [
    Operand<"a", Reads<"real", "", "mode=present">, 12, 8, "x">, Operand<"b", Writes<"real", "", "mode=present">, 17, 13, "x">,
    Operand<"c", Reads<"real">, 22, 18, "x">, Field<"mode", Enum<OptionalEnum>, 23, 23, "x">], [Reserved<127, 24>]> {
  let summary = "s"; let description = "d"; let engine = "vector"; let timingClass = "t";
}
