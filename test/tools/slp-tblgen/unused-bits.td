// Bits that nobody uses must be declared reserved.
// RUN: not slp-tblgen -gen-instr-structs -I %mach_td %s 2>&1 | FileCheck %s

include "MachInstr.td"

// CHECK: error: bits 14..13 of 'bad' neither used nor declared reserved
// CHECK: error: bit 127 of 'bad' neither used nor declared reserved
def BAD : Instruction<"bad", 0xf0, [Field<"a", Unsigned, 12, 8, "x">], [Reserved<126, 15>]> {
  let summary = "s"; let description = "d"; let engine = "seq"; let timingClass = "t";
}
