// Summary, description, engine and timing class must be set.
// RUN: not slp-tblgen -gen-instr-structs -I %mach_td %s 2>&1 | FileCheck %s

include "MachInstr.td"

// CHECK: missing-texts.td:[[@LINE+4]]:5: error: 'bad' has no summary
// CHECK: error: 'bad' has no description
// CHECK: error: 'bad' has no engine
// CHECK: error: 'bad' has no timingClass
def BAD : Instruction<"bad", 0xf0, [], [Reserved<127, 8>]>;
