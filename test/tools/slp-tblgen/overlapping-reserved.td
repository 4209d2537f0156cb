// A reserved range takes bits of a field.
// RUN: not slp-tblgen -gen-instr-structs -I %mach_td %s 2>&1 | FileCheck %s

include "MachInstr.td"

// CHECK: error: reserved range bits 127..12 of 'bad' (bits 127..12) overlaps field 'a' at bit 12
def BAD : Instruction<"bad", 0xf0, [Field<"a", Unsigned, 12, 8, "x">], [Reserved<127, 12>]> {
  let summary = "s"; let description = "d"; let engine = "seq"; let timingClass = "t";
}
