//===- InstructionSet.h - the instruction set as the generator sees it ------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The records of dialects/Mach/MachInstr.td as plain structs, sorted by opcode.
// `readInstructionSet` builds them, `checkInstructionSet` refuses inconsistent ones, and each
// backend prints one kind of consumer.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TOOLS_SLPTBLGEN_INSTRUCTIONSET_H
#define TOOLS_SLPTBLGEN_INSTRUCTIONSET_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <optional>
#include <string>
#include <vector>

namespace llvm {
class Record;
class RecordKeeper;
} // namespace llvm

namespace slp::tblgen {

/// Width of an instruction or descriptor word, bits.
constexpr int wordBits = 128;
/// The opcode's bits are 7..0 of every instruction.
constexpr int opcodeBits = 8;

enum class FieldKind {
  unknown,
  unsignedInteger,
  signedInteger,
  enumeration,
  registerNumber,
  label,
  symbol
};

/// `EnumKind`: named values counted from 0.
struct EnumDef {
  const llvm::Record *record = nullptr;
  std::string name, summary;
  std::vector<std::string> values;
};

/// `Role`: what an engine does with the tile of an operand.
struct RoleDef {
  std::string access, elements, rank, when;
  std::vector<std::string> spaces;
};

/// `Field`: bits hi..lo, both inclusive.
struct FieldDef {
  const llvm::Record *record = nullptr;
  std::string name, kindName, cppType, prefix, description;
  FieldKind kind = FieldKind::unknown;
  int hi = 0, lo = 0;
  int64_t count = 0; // registers: how many; enums: how many values
  std::optional<RoleDef> role;
  int host = -1; // register of a number that the host sets
  bool isFlag = false, isDefaulted = false;
  std::string feature; // of the chip, without which the field must be 0
  int width() const { return hi - lo + 1; }
};

/// `Reserved`: bits hi..lo that must be zero.
struct ReservedDef {
  const llvm::Record *record = nullptr;
  int hi = 0, lo = 0;
};

/// How one 128-bit word is divided.
struct LayoutDef {
  const llvm::Record *record = nullptr;
  std::string name; // for messages: a mnemonic or "TensorTile.head"
  bool hasOpcode = false;
  std::vector<FieldDef> fields;
  std::vector<ReservedDef> reserved;
};

/// `Instruction`.
struct InstructionDef {
  const llvm::Record *record = nullptr;
  std::string defName, mnemonic, structName, functionName;
  std::string family; // "Vector" of MachInstrVector.td, the file of the record
  unsigned opcode = 0;
  LayoutDef layout;
  std::string summary, description, engine, timingClass;
  std::vector<std::string> requires_;
};

/// `Descriptor`: several words in memory order.
struct DescriptorDef {
  const llvm::Record *record = nullptr;
  std::string name, summary, description;
  std::vector<LayoutDef> words;
};

/// A member of the descriptor's struct: one field, or the fields NAME0, NAME1, ... joined to an
/// array.
struct DescriptorMember {
  std::string name;
  bool isArray = false;
  std::vector<const FieldDef *> fields; // in index order
};

struct InstructionSet {
  std::vector<EnumDef> enums;               // by name
  std::vector<InstructionDef> instructions; // by opcode
  std::vector<DescriptorDef> descriptors;   // by name
};

/// Reads every record; unset members come out empty. Fails only on records that are not of the
/// expected class.
InstructionSet readInstructionSet(const llvm::RecordKeeper &records);

/// Prints one located error per inconsistency. Returns true if there was none.
bool checkInstructionSet(const InstructionSet &set);

/// The values of `Access` and `Elements` of runtime/isa/Layout.h, in their order.
llvm::ArrayRef<llvm::StringRef> accessNames();
llvm::ArrayRef<llvm::StringRef> elementsNames();
/// "2 or 4" as numbers; empty if it is none.
std::vector<int> ranksOf(llvm::StringRef rank);
/// The field of that name; -1 if there is none.
int fieldIndex(const LayoutDef &layout, llvm::StringRef name);
/// The number that a field must hold for an operand to be there; none if it can hold no such value.
std::optional<uint64_t> valueOf(const InstructionSet &set, const FieldDef &field,
                                llvm::StringRef value);

/// Members in order of first appearance.
std::vector<DescriptorMember> membersOf(const DescriptorDef &descriptor);

/// Families in the order in which their first instruction has its opcode.
std::vector<std::string> familiesOf(const InstructionSet &set);

/// "conv.fp" -> "ConvFp".
std::string structNameOf(llvm::StringRef mnemonic);
/// "ConvFp" -> "convFp".
std::string lowerFirst(llvm::StringRef name);
/// "countPad" -> "CountPad".
std::string upperFirst(llvm::StringRef name);
bool isCppKeyword(llvm::StringRef word);
/// An enum value as a C++ identifier: "continue" -> "continue_".
std::string enumeratorOf(llvm::StringRef value);
/// Text as a C++ string literal, quotes included.
std::string quoted(llvm::StringRef text);

// The backends, one file each.
void emitEnumDecls(const InstructionSet &set, llvm::raw_ostream &os);
/// The values of one enum, as a header; false if there is no enum of that name.
bool emitEnumValues(const InstructionSet &set, llvm::StringRef name, llvm::raw_ostream &os);
/// One value as a constant (format::mixed), as a header; false if there is no such value.
bool emitEnumValue(const InstructionSet &set, llvm::StringRef name, llvm::StringRef value,
                   llvm::raw_ostream &os);
void emitEnumDefs(const InstructionSet &set, llvm::raw_ostream &os);
/// The struct of one instruction, as a header; false if there is no struct of that name.
bool emitStructDecl(const InstructionSet &set, llvm::StringRef structName, llvm::raw_ostream &os);
/// Includes the structs of one family of instructions; false if there is no such family.
bool emitStructIncludes(const InstructionSet &set, llvm::StringRef family, llvm::raw_ostream &os);
/// Includes the structs of all families.
void emitFamilyIncludes(const InstructionSet &set, llvm::raw_ostream &os);
void emitDescriptorDecls(const InstructionSet &set, llvm::raw_ostream &os);
void emitStructDefs(const InstructionSet &set, llvm::raw_ostream &os);
void emitTables(const InstructionSet &set, llvm::raw_ostream &os);
void emitFunctionDecls(const InstructionSet &set, llvm::raw_ostream &os);
void emitList(const InstructionSet &set, llvm::raw_ostream &os);
void emitDispatcher(const InstructionSet &set, llvm::raw_ostream &os);
/// Prints one error per instruction that has no op among `records`. Returns true if there was none.
bool checkOps(const InstructionSet &set, const llvm::RecordKeeper &records);
/// The ops of the chip dialect for one family of instructions, as TableGen; false if there is no
/// such family.
bool emitChipOps(const InstructionSet &set, llvm::StringRef family, llvm::raw_ostream &os);
/// One manual page: `page` is a mnemonic, a descriptor's name, or "README" for the index.
bool emitPage(const InstructionSet &set, llvm::StringRef page, llvm::raw_ostream &os);
/// The names of all pages, one a line.
void emitPageList(const InstructionSet &set, llvm::raw_ostream &os);

} // namespace slp::tblgen

#endif // TOOLS_SLPTBLGEN_INSTRUCTIONSET_H
