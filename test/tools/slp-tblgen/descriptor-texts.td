// Descriptors have texts and words.
// RUN: not slp-tblgen -gen-instr-structs -I %mach_td %s 2>&1 | FileCheck %s

include "MachInstr.td"

// CHECK: error: 'BadTile' has no summary
// CHECK: error: 'BadTile' has no description
// CHECK: error: descriptor 'BadTile' has no words
def BadTile : Descriptor<"BadTile", []>;
