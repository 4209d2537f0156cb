// A field takes bits of the opcode.
// RUN: not slp-tblgen -gen-instr-structs -I %mach_td %s 2>&1 | FileCheck %s

include "MachInstr.td"

// CHECK: error: field 'a' of 'bad' (bits 12..7) overlaps the opcode at bit 7
def BAD : Instruction<"bad", 0xf0, [Field<"a", Unsigned, 12, 7, "x">], [Reserved<127, 13>]> {
  let summary = "s"; let description = "d"; let engine = "seq"; let timingClass = "t";
}
