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
def HyperReg  : Register<"h", 16>;   // FP32 numbers; h0 to h9 and h15 are set by the host: h0 lr,
    // h1 momentum or beta1, h2 weight decay, h3 dampening, h4 beta2, h5 epsilon, h6 1/(1-beta1^t), h7 1/(1-beta2^t),
    // h8 number of the run, h9 clip norm, h15 loss below which an image is dropped
def Semaphore : Register<"s", 64>;   // counting semaphores, one bank per core and one of the shared buffer
class Enum<EnumKind e> : FieldKind<"enum", e.name> { EnumKind enumKind = e; let count = !size(e.values); }

/// What an engine does with the tile of an operand. Simulator, verifiers, lowering and manual take it from here.
class Role<string a, string e, string r, string w, list<string> s> {
  string access = a;       // read, write, update (read and written) or scratch
  string elements = e;     // formats it may have, see `Elements` of runtime/isa/Layout.h
  string rank = r;         // "": any; "2", "2 or 4"; the name of an earlier operand with as many dimensions
  string when = w;         // "": always there; "FIELD=VALUE": only where the field has that value
  list<string> spaces = s; // memories it may lie in
}
class Reads<string e, string r = "", string w = "", list<string> s = ["shared", "spm", "acc"]> : Role<"read", e, r, w, s>;
class Writes<string e, string r = "", string w = "", list<string> s = ["shared", "spm", "acc"]> : Role<"write", e, r, w, s>;
class Updates<string e, string r = "", string w = "", list<string> s = ["shared", "spm", "acc"]> : Role<"update", e, r, w, s>;

/// Bits hi..lo of the word (both inclusive).
class Field<string n, FieldKind k, int h, int l, string d> {
  string name = n;
  FieldKind kind = k;
  int hi = h;
  int lo = l;
  string description = d;
  bit isOperand = false;   // every descriptor that an engine other than the sequencer takes is one
  Role role = ?;           // of an operand
  int host = -1;           // the register of a number that the host sets
  bit isFlag = false;      // one bit
  bit isDefaulted = false; // stands behind all other fields; text may leave it out, which is 0
  bit isOptional = false;  // a number that only some of its instruction's functions take
  string feature = "";     // of the chip, without which the field must be 0
}
/// A tile.
class Operand<string n, Role r, int h, int l, string d> : Field<n, DescReg, h, l, d> {
  let role = r;
  let isOperand = true;
}
/// A number of a function that may take fewer.
class FunctionNumber<string n, int h, int l, string d> : Field<n, HyperReg, h, l, d> { let isOptional = true; }
/// A number that the host sets before a step, in register `r` (runtime/api/Hyper.h).
class HostNumber<string n, int r, int h, int l, string d> : Field<n, HyperReg, h, l, d> { let host = r; }

/// A bit that is set where its name stands.
class Flag<string n, int at, string d> : Field<n, Unsigned, at, at, d> {
  let isFlag = true;
  let isDefaulted = true;
}

/// Says where a sum starts that goes on from tile to tile, if coordinates do not.
class First<int h, int l> : Field<"first", ScalarReg, h, l,
    "r0: the tile's coordinates tell where the sum starts; another: it starts, as mode says, where the register holds 0"> {
  let isDefaulted = true;
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
  string engine = ?;            // queue: a value of EngineEnum, or any (the field `engine`)
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
