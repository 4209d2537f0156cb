//===- MachInstr.td - the instruction set, written once ---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// THE source of the instruction set. slp-tblgen makes from it: mach ops, typed structs, encoder,
// decoder, assembler, disassembler, dispatcher, timing classes and docs/isa/. It includes nothing
// of MLIR, so that a hardware engineer can read it alone.
//
// The instruction set is SLPC's own. Neither chip's instruction list is public.
//
//===----------------------------------------------------------------------------------------===//

//===----------------------------------------------------------------------------------------===//
// Record classes
//===----------------------------------------------------------------------------------------===//

/// A named list of values, printed by name in assembly. Values count from 0 in list order.
class EnumKind<string n, list<string> vs> {
  string name = n;        // C++ type name
  list<string> values = vs;
  string summary = ?;
}

/// What a field holds: how it is printed, parsed, range-checked and typed.
class FieldKind<string k, string cpp> {
  string kind = k;        // unsigned, signed, enum, register, label, symbol
  string cppType = cpp;   // type of the member in the generated struct
  string prefix = "";     // register kinds: "r" prints r5
  int count = 0;          // registers: how many there are; enums: how many values
}
def Unsigned : FieldKind<"unsigned", "uint64_t">;
def Signed   : FieldKind<"signed", "int64_t">;
/// pc-relative, in instructions, from the instruction after this one.
def Label    : FieldKind<"label", "int64_t">;
/// Index of an entry in the image's descriptor table, printed by the entry's name.
def TableSymbol : FieldKind<"symbol", "uint64_t">;
class Register<string p, int n> : FieldKind<"register", "uint8_t"> { let prefix = p; let count = n; }
def ScalarReg : Register<"r", 64>;   // 64-bit signed integers of the sequencer; r0 reads as 0
def DescReg   : Register<"d", 32>;   // descriptors
def MaskReg   : Register<"m", 8>;    // 64-bit core masks
def GeomReg   : Register<"g", 8>;    // window geometry
def HyperReg  : Register<"h", 16>;   // FP32 numbers; h0 to h9 are set by the host: h0 lr,
    // h1 momentum or beta1, h2 weight decay, h3 dampening, h4 beta2, h5 epsilon, h6 1/(1-beta1^t), h7 1/(1-beta2^t),
    // h8 number of the run, h9 clip norm
def Semaphore : Register<"s", 64>;   // counting semaphores, one bank per core
class Enum<EnumKind e> : FieldKind<"enum", e.name> { EnumKind enumKind = e; let count = !size(e.values); }

/// Bits hi..lo of the word (both inclusive).
class Field<string n, FieldKind k, int h, int l, string d> {
  string name = n;
  FieldKind kind = k;
  int hi = h;
  int lo = l;
  string description = d;
}

/// Bits that must be zero. Decoding a word with one of them set fails.
class Reserved<int h, int l> { int hi = h; int lo = l; }

/// One 128-bit instruction. Every bit belongs to the opcode, one field or one reserved range.
class Instruction<string m, bits<8> op, list<Field> fs, list<Reserved> rs> {
  string mnemonic = m;          // "conv.fp"; the struct is ConvFp, the function convFp
  bits<8> opcode = op;          // bits 7..0
  list<Field> fields = fs;
  list<Reserved> reserved = rs;
  string summary = ?;           // one line
  string description = ?;       // the manual's text: shapes, units, rounding, faults
  string engine = ?;            // queue: seq, load, store, mac, vector, any (the field `engine`)
  string timingClass = ?;       // key of the chip description's timing rules
  list<string> requires = [];   // feature names; a chip without them refuses the instruction
}

/// One 128-bit word of a descriptor in memory.
class DescriptorWord<string n, list<Field> fs, list<Reserved> rs> {
  string name = n;
  list<Field> fields = fs;
  list<Reserved> reserved = rs;
}

/// A record in the image's descriptor table, loaded into a descriptor register by `desc`.
class Descriptor<string n, list<DescriptorWord> ws> {
  string name = n;
  list<DescriptorWord> words = ws;   // in memory order, little endian
  string summary = ?;
  string description = ?;
}

include "MachEnums.td"
include "MachDescriptor.td"
include "MachInstrSequencer.td"
include "MachInstrTransfer.td"
include "MachInstrMac.td"
include "MachInstrVector.td"
include "MachInstrNormalize.td"
include "MachInstrMixed.td"
include "MachInstrUpdate.td"
include "MachInstrMove.td"
