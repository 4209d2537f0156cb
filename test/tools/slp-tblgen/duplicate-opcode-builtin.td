// A new instruction takes an opcode of the instruction set.
// RUN: not slp-tblgen -gen-instr-structs -I %mach_td %s 2>&1 | FileCheck %s

include "MachInstr.td"

// CHECK: duplicate-opcode-builtin.td:[[@LINE+2]]:5: error: opcode 0x30 of 'bad' is taken by 'conv.fp'; the next free one is 0x35
// CHECK: MachInstrMac.td:{{[0-9]+}}:5: note: first use of the opcode is here
def ZBAD : Instruction<"bad", 0x30, [], [Reserved<127, 8>]> {
  let summary = "s"; let description = "d"; let engine = "seq"; let timingClass = "t";
}
