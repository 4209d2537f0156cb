// An enum lists a value twice, or none, or has no summary.
// RUN: not slp-tblgen -gen-instr-structs -I %mach_td %s 2>&1 | FileCheck %s

include "MachInstr.td"

// CHECK: error: 'Empty' has no summary
// CHECK: error: enum 'Empty' has 0 values, expected 1 to 256
// CHECK: error: enum 'Twice' lists the value 'x' twice
def TwiceEnum : EnumKind<"Twice", ["x", "y", "x"]> { let summary = "s"; }
def EmptyEnum : EnumKind<"Empty", []>;
