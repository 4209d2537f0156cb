// An operand says what the engine does with it.
// RUN: not slp-tblgen -gen-instr-structs -I %mach_td %s 2>&1 | FileCheck %s

include "MachInstr.td"

class Bad<string m, bits<8> op, Field f> : Instruction<m, op, [f, Field<"mode", Enum<OptionalEnum>, 13, 13, "x">], [Reserved<127, 14>]> {
  let summary = "s"; let description = "d"; let engine = "vector"; let timingClass = "t";
}
// CHECK: error: operand 'a' of 'bad.one' has no role, expected Operand<NAME, ROLE, ...> with Reads, Writes or Updates
def ONE : Bad<"bad.one", 0xf0, Field<"a", DescReg, 12, 8, "x">>;
// CHECK: error: the role of operand 'a' of 'bad.two' has the unknown elements 'complex', expected stored, real,
def TWO : Bad<"bad.two", 0xf1, Operand<"a", Reads<"complex">, 12, 8, "x">>;
// CHECK: error: the role of operand 'a' of 'bad.three' has the rank 'b', expected 0 to 5, several joined by ' or ', or an earlier operand
def THREE : Bad<"bad.three", 0xf2, Operand<"a", Reads<"real", "b">, 12, 8, "x">>;
// CHECK: error: the role of operand 'a' of 'bad.four' depends on 'mode=perhaps', expected FIELD=VALUE of this instruction
def FOUR : Bad<"bad.four", 0xf3, Operand<"a", Reads<"real", "", "mode=perhaps">, 12, 8, "x">>;
// CHECK: error: the role of operand 'a' of 'bad.five' names the unknown memory 'disk'
def FIVE : Bad<"bad.five", 0xf4, Operand<"a", Reads<"real", "", "", ["disk"]>, 12, 8, "x">>;
// CHECK: error: the role of operand 'a' of 'bad.six' has the unknown access 'peek', expected read, write, update, scratch
def SIX : Bad<"bad.six", 0xf5, Operand<"a", Role<"peek", "real", "", "", ["spm"]>, 12, 8, "x">>;
// CHECK: error: field 'a' of 'bad.seven' is no number that the host can set in register 16
def SEVEN : Bad<"bad.seven", 0xf6, HostNumber<"a", 16, 11, 8, "x">>;
