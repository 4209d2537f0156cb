// Words of descriptors are checked like instructions.
// RUN: not slp-tblgen -gen-instr-structs -I %mach_td %s 2>&1 | FileCheck %s

include "MachInstr.td"

// CHECK: error: field 'b' of 'BadTile.w0' (bits 31..15) overlaps field 'a' at bit 15
// CHECK: error: bit 127 of 'BadTile.w0' neither used nor declared reserved
// CHECK: error: field 'l' of 'BadTile.w1' is a label, which a descriptor cannot hold
// CHECK: error: field 'a' of 'BadTile.w1' is also a field of 'BadTile.w0'
def BadTile : Descriptor<"BadTile", [
  DescriptorWord<"w0", [Field<"a", Unsigned, 15, 0, "x">, Field<"b", Unsigned, 31, 15, "x">], [Reserved<126, 32>]>,
  DescriptorWord<"w1", [Field<"a", Unsigned, 15, 0, "x">, Field<"l", Label, 31, 16, "x">], [Reserved<127, 32>]>]> {
  let summary = "s"; let description = "d";
}
