// The high bit of a field or reserved range lies below its low bit.
// RUN: not slp-tblgen -gen-instr-structs -I %mach_td %s 2>&1 | FileCheck %s

include "MachInstr.td"

// CHECK: error: field 'a' of 'bad' (bits 8..12) has its high bit below its low bit
// CHECK: error: reserved range bits 13..127 of 'bad' (bits 13..127) has its high bit below its low bit
def BAD : Instruction<"bad", 0xf0, [Field<"a", Unsigned, 8, 12, "x">], [Reserved<13, 127>]> {
  let summary = "s"; let description = "d"; let engine = "seq"; let timingClass = "t";
}
