// Mnemonics become C++ names.
// RUN: not slp-tblgen -gen-instr-structs -I %mach_td %s 2>&1 | FileCheck %s

include "MachInstr.td"

// CHECK: error: 'Bad-Name' is no mnemonic, expected lower-case words joined by full stops
// CHECK: error: mnemonic 'while' is a word of C++
def BAD_A : Instruction<"Bad-Name", 0xf0, [], [Reserved<127, 8>]> {
  let summary = "s"; let description = "d"; let engine = "seq"; let timingClass = "t";
}
def BAD_B : Instruction<"while", 0xf1, [], [Reserved<127, 8>]> {
  let summary = "s"; let description = "d"; let engine = "seq"; let timingClass = "t";
}
