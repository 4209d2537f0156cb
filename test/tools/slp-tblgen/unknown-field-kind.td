// A kind that no backend knows.
// RUN: not slp-tblgen -gen-instr-structs -I %mach_td %s 2>&1 | FileCheck %s

include "MachInstr.td"

// CHECK: error: field 'a' of 'bad' is of unknown kind 'complex'
def Complex : FieldKind<"complex", "uint64_t">;
def BAD : Instruction<"bad", 0xf0, [Field<"a", Complex, 12, 8, "x">], [Reserved<127, 13>]> {
  let summary = "s"; let description = "d"; let engine = "seq"; let timingClass = "t";
}
