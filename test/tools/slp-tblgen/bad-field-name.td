// Field names become C++ members, one each.
// RUN: not slp-tblgen -gen-instr-structs -I %mach_td %s 2>&1 | FileCheck %s

include "MachInstr.td"

// CHECK: error: field 'do' of 'bad' needs a name that is a camelBack C++ identifier
// CHECK: error: 'bad' has two fields 'a'
def BAD : Instruction<"bad", 0xf0, [Field<"do", Unsigned, 8, 8, "x">, Field<"a", Unsigned, 9, 9, "x">, Field<"a", Unsigned, 10, 10, "x">], [Reserved<127, 11>]> {
  let summary = "s"; let description = "d"; let engine = "seq"; let timingClass = "t";
}
