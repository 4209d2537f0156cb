// A field is wider than its C++ type.
// RUN: not slp-tblgen -gen-instr-structs -I %mach_td %s 2>&1 | FileCheck %s

include "MachInstr.td"

// CHECK: error: field 'a' of 'bad' is 65 bits wide, its type 'uint64_t' holds at most 64
def BAD : Instruction<"bad", 0xf0, [Field<"a", Unsigned, 72, 8, "x">], [Reserved<127, 73>]> {
  let summary = "s"; let description = "d"; let engine = "seq"; let timingClass = "t";
}
