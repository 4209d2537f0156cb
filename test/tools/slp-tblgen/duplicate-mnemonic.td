// Two instructions share a mnemonic.
// RUN: not slp-tblgen -gen-instr-structs -I %mach_td %s 2>&1 | FileCheck %s

include "MachInstr.td"

// CHECK: duplicate-mnemonic.td:[[@LINE+5]]:5: error: mnemonic 'aa' is taken
// CHECK: duplicate-mnemonic.td:[[@LINE+1]]:5: note: first use of the mnemonic is here
def BAD_A : Instruction<"aa", 0xf0, [], [Reserved<127, 8>]> {
  let summary = "s"; let description = "d"; let engine = "seq"; let timingClass = "t";
}
def BAD_B : Instruction<"aa", 0xf1, [], [Reserved<127, 8>]> {
  let summary = "s"; let description = "d"; let engine = "seq"; let timingClass = "t";
}
