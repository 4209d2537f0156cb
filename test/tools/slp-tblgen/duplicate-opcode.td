// Two instructions share an opcode; both places are shown.
// RUN: not slp-tblgen -gen-instr-structs -I %mach_td %s 2>&1 | FileCheck %s

include "MachInstr.td"

// CHECK: duplicate-opcode.td:[[@LINE+5]]:5: error: opcode 0xf0 of 'aa' is taken by 'zz'; the next free one is 0xf1
// CHECK: duplicate-opcode.td:[[@LINE+1]]:5: note: first use of the opcode is here
def BAD_A : Instruction<"zz", 0xf0, [], [Reserved<127, 8>]> {
  let summary = "s"; let description = "d"; let engine = "seq"; let timingClass = "t";
}
def BAD_B : Instruction<"aa", 0xf0, [], [Reserved<127, 8>]> {
  let summary = "s"; let description = "d"; let engine = "seq"; let timingClass = "t";
}
