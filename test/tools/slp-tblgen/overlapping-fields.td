// Two fields share a bit; both are shown.
// RUN: not slp-tblgen -gen-instr-structs -I %mach_td %s 2>&1 | FileCheck %s

include "MachInstr.td"

// CHECK: overlapping-fields.td:[[@LINE+3]]:5: error: field 'b' of 'bad' (bits 14..12) overlaps field 'a' at bit 12
// CHECK: overlapping-fields.td:[[@LINE+3]]:{{[0-9]+}}: note: field 'a' is here
// CHECK: overlapping-fields.td:[[@LINE+3]]:{{[0-9]+}}: note: field 'b' is here
def BAD : Instruction<"bad", 0xf0, [
    Field<"a", Unsigned, 12, 8, "x">,
    Field<"b", Unsigned, 14, 12, "x">], [Reserved<127, 15>]> {
  let summary = "s"; let description = "d"; let engine = "seq"; let timingClass = "t";
}
