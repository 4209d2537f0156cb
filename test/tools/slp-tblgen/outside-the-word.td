// A field ends beyond bit 127.
// RUN: not slp-tblgen -gen-instr-structs -I %mach_td %s 2>&1 | FileCheck %s

include "MachInstr.td"

// CHECK: error: field 'a' of 'bad' (bits 128..100) lies outside the word of 128 bits
def BAD : Instruction<"bad", 0xf0, [Field<"a", Unsigned, 128, 100, "x">], [Reserved<99, 8>]> {
  let summary = "s"; let description = "d"; let engine = "seq"; let timingClass = "t";
}
