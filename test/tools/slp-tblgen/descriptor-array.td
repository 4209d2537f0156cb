// Numbered fields of a descriptor count from 0 without gaps.
// RUN: not slp-tblgen -gen-instr-structs -I %mach_td %s 2>&1 | FileCheck %s

include "MachInstr.td"

// CHECK: error: field 'a2' of 'BadTile' does not continue the array 'a', which counts from 0 and has one kind
def BadTile : Descriptor<"BadTile", [
  DescriptorWord<"w0", [Field<"a0", Unsigned, 15, 0, "x">, Field<"a2", Unsigned, 31, 16, "x">], [Reserved<127, 32>]>]> {
  let summary = "s"; let description = "d";
}
