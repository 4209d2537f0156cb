//===- Checker.cpp - refuses inconsistent instruction sets
//-------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Runs before every backend, so that no backend needs to cope with a bad record. Each error names
// the record, and where two records or fields disagree a note points at each.
//
//===----------------------------------------------------------------------------------------===//

#include "InstructionSet.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/TableGen/Error.h"
#include "llvm/TableGen/Record.h"

#include <map>
#include <set>

using namespace llvm;

namespace slp::tblgen {
namespace {

std::string bitRange(int hi, int lo) {
  return hi == lo ? "bit " + std::to_string(hi)
                  : "bits " + std::to_string(hi) + ".." + std::to_string(lo);
}

/// What holds a bit of a word, for the overlap check.
struct Owner {
  const Record *record = nullptr;
  std::string what;
};

class Checker {
public:
  explicit Checker(const InstructionSet &set) : set(set) {}

  bool run() {
    for (const EnumDef &def : set.enums)
      checkEnum(def);
    for (const InstructionDef &instr : set.instructions)
      checkInstruction(instr);
    checkUnique();
    for (const DescriptorDef &descriptor : set.descriptors)
      checkDescriptor(descriptor);
    return good;
  }

private:
  void error(const Record *record, const Twine &message) {
    PrintError(record->getLoc(), message);
    good = false;
  }
  static void note(const Record *record, const Twine &message) {
    PrintNote(record->getLoc(), message);
  }
  void requireSet(const Record *record, const std::string &name, StringRef member,
                  StringRef value) {
    if (value.trim().empty())
      error(record, "'" + name + "' has no " + member);
  }

  void checkEnum(const EnumDef &def);
  void checkInstruction(const InstructionDef &instr);
  void checkUnique();
  /// "; the next free one is 0x4f" for an opcode that is taken; empty if there is none above it.
  std::string nextFree(unsigned opcode) const;
  void checkDescriptor(const DescriptorDef &descriptor);
  void checkLayout(const LayoutDef &layout);
  /// Returns false if the bits lie outside the word, so that they cannot be counted.
  bool checkRange(const LayoutDef &layout, const Record *record, const std::string &what, int hi,
                  int lo);
  void checkField(const LayoutDef &layout, const FieldDef &field);
  void checkRegister(const std::string &where, const FieldDef &field);
  /// Operands have roles, and what roles say makes sense.
  void checkRoles(const InstructionDef &instr);
  void checkRole(const InstructionDef &instr, const FieldDef &field);
  /// Ops of the chip dialect have at most one list of operands that may not be there.
  void checkOptional(const InstructionDef &instr);

  const InstructionSet &set;
  bool good = true;
};

void Checker::checkEnum(const EnumDef &def) {
  requireSet(def.record, def.name, "summary", def.summary);
  if (def.values.empty() || def.values.size() > 256)
    error(def.record,
          "enum '" + def.name + "' has " + Twine(def.values.size()) + " values, expected 1 to 256");
  std::set<std::string> seen;
  for (const std::string &value : def.values)
    if (!seen.insert(value).second)
      error(def.record, "enum '" + def.name + "' lists the value '" + value + "' twice");
}

static bool isMnemonic(StringRef mnemonic) {
  return !mnemonic.empty() && llvm::all_of(llvm::split(mnemonic, '.'), [](StringRef part) {
    return !part.empty() && isLower(part[0]) &&
           llvm::all_of(part, [](char c) { return isLower(c) || isDigit(c); });
  });
}

void Checker::checkInstruction(const InstructionDef &instr) {
  if (!isMnemonic(instr.mnemonic))
    error(instr.record, "'" + instr.mnemonic +
                            "' is no mnemonic, expected lower-case words joined by full stops");
  if (isCppKeyword(instr.functionName))
    error(instr.record, "mnemonic '" + instr.mnemonic + "' is a word of C++");
  requireSet(instr.record, instr.mnemonic, "summary", instr.summary);
  requireSet(instr.record, instr.mnemonic, "description", instr.description);
  requireSet(instr.record, instr.mnemonic, "engine", instr.engine);
  requireSet(instr.record, instr.mnemonic, "timingClass", instr.timingClass);

  auto engines = llvm::find_if(set.enums, [](const EnumDef &def) { return def.name == "Engine"; });
  if (instr.engine == "any") {
    if (llvm::none_of(instr.layout.fields, [](const FieldDef &f) { return f.cppType == "Engine"; }))
      error(instr.record, "'" + instr.mnemonic +
                              "' runs on any engine but has no field of kind Enum<EngineEnum>");
  } else if (!instr.engine.empty() &&
             (engines == set.enums.end() || !llvm::is_contained(engines->values, instr.engine))) {
    error(instr.record, "'" + instr.mnemonic + "' names an unknown engine '" + instr.engine + "'");
  }
  checkLayout(instr.layout);
  checkRoles(instr);
  checkOptional(instr);
}

void Checker::checkRoles(const InstructionDef &instr) {
  for (const FieldDef &field : instr.layout.fields) {
    bool isDescriptor = field.kind == FieldKind::registerNumber && field.cppType == "uint8_t" &&
                        field.prefix == "d";
    if (field.role)
      checkRole(instr, field);
    else if (isDescriptor && instr.engine != "seq")
      error(field.record, "operand '" + field.name + "' of '" + instr.mnemonic +
                              "' has no role, expected Operand<NAME, ROLE, ...> with Reads, Writes "
                              "or Updates");
    if (field.host >= 0 && (field.prefix != "h" || field.host >= field.count))
      error(field.record, "field '" + field.name + "' of '" + instr.mnemonic +
                              "' is no number that the host can set in register " +
                              Twine(field.host));
  }
}

void Checker::checkOptional(const InstructionDef &instr) {
  std::vector<const FieldDef *> optional;
  const FieldDef *behind = nullptr;
  for (const FieldDef &field : instr.layout.fields) {
    if (!field.role)
      continue;
    if (!field.role->when.empty())
      optional.push_back(&field);
    else if (!optional.empty())
      behind = &field;
  }
  if (optional.size() < 2)
    return;
  if (behind)
    error(behind->record, "operand '" + behind->name + "' of '" + instr.mnemonic +
                              "' stands behind operands that may not be there, expected it before");
  for (const FieldDef *field : optional)
    if (field->role->access != "read")
      error(field->record, "operand '" + field->name + "' of '" + instr.mnemonic +
                               "' is one of several that may not be there, expected it only read");
}

void Checker::checkRole(const InstructionDef &instr, const FieldDef &field) {
  const RoleDef &role = *field.role;
  std::string where = "the role of operand '" + field.name + "' of '" + instr.mnemonic + "'";
  auto expectOne = [&](StringRef what, StringRef value, ArrayRef<StringRef> names) {
    if (!llvm::is_contained(names, value))
      error(field.record, where + " has the unknown " + what + " '" + value + "', expected " +
                              llvm::join(names, ", "));
  };
  expectOne("access", role.access, accessNames().drop_front());
  expectOne("elements", role.elements, elementsNames());
  auto spaces = llvm::find_if(set.enums, [](const EnumDef &def) { return def.name == "Space"; });
  if (role.spaces.empty())
    error(field.record, where + " names no memory");
  for (const std::string &space : role.spaces)
    if (spaces == set.enums.end() || !llvm::is_contained(spaces->values, space))
      error(field.record, where + " names the unknown memory '" + space + "'");
  int index = fieldIndex(instr.layout, field.name);
  if (!role.rank.empty() && ranksOf(role.rank).empty()) {
    int other = fieldIndex(instr.layout, role.rank);
    if (other < 0 || other >= index || !instr.layout.fields[size_t(other)].role)
      error(field.record,
            where + " has the rank '" + role.rank +
                "', expected 0 to 5, several joined by ' or ', or an earlier operand");
  }
  if (role.when.empty())
    return;
  auto [name, value] = StringRef(role.when).split('=');
  int other = fieldIndex(instr.layout, name);
  if (other < 0 || !valueOf(set, instr.layout.fields[size_t(other)], value))
    error(field.record,
          where + " depends on '" + role.when + "', expected FIELD=VALUE of this instruction");
}

std::string Checker::nextFree(unsigned opcode) const {
  std::set<unsigned> taken;
  for (const InstructionDef &instr : set.instructions)
    taken.insert(instr.opcode);
  while (taken.count(opcode))
    ++opcode;
  return opcode >> opcodeBits ? "" : "; the next free one is 0x" + utohexstr(opcode, true, 2);
}

void Checker::checkUnique() {
  std::map<unsigned, const InstructionDef *> opcodes;
  std::map<std::string, const InstructionDef *> mnemonics;
  for (const InstructionDef &instr : set.instructions) {
    auto [opcode, newOpcode] = opcodes.try_emplace(instr.opcode, &instr);
    if (!newOpcode) {
      error(instr.record, "opcode 0x" + utohexstr(instr.opcode, true) + " of '" + instr.mnemonic +
                              "' is taken by '" + opcode->second->mnemonic + "'" +
                              nextFree(instr.opcode));
      note(opcode->second->record, "first use of the opcode is here");
    }
    auto [mnemonic, newMnemonic] = mnemonics.try_emplace(instr.mnemonic, &instr);
    if (!newMnemonic) {
      error(instr.record, "mnemonic '" + instr.mnemonic + "' is taken");
      note(mnemonic->second->record, "first use of the mnemonic is here");
    }
  }
}

void Checker::checkDescriptor(const DescriptorDef &descriptor) {
  requireSet(descriptor.record, descriptor.name, "summary", descriptor.summary);
  requireSet(descriptor.record, descriptor.name, "description", descriptor.description);
  if (descriptor.words.empty())
    error(descriptor.record, "descriptor '" + descriptor.name + "' has no words");
  std::map<std::string, const LayoutDef *> seen;
  for (const LayoutDef &word : descriptor.words) {
    checkLayout(word);
    for (const FieldDef &field : word.fields) {
      auto [first, isNew] = seen.try_emplace(field.name, &word);
      if (!isNew && first->second != &word) {
        error(field.record, "field '" + field.name + "' of '" + word.name +
                                "' is also a field of '" + first->second->name + "'");
        note(first->second->record, "first use of the name is here");
      }
    }
  }
  for (const DescriptorMember &member : membersOf(descriptor)) {
    if (!member.isArray)
      continue;
    for (auto [index, field] : llvm::enumerate(member.fields))
      if (field->name != member.name + std::to_string(index) ||
          field->cppType != member.fields[0]->cppType)
        error(field->record, "field '" + field->name + "' of '" + descriptor.name +
                                 "' does not continue the array '" + member.name +
                                 "', which counts from 0 and has one kind");
  }
}

bool Checker::checkRange(const LayoutDef &layout, const Record *record, const std::string &what,
                         int hi, int lo) {
  std::string where = what + " of '" + layout.name + "' (" + bitRange(hi, lo) + ")";
  if (hi < lo) {
    error(record, where + " has its high bit below its low bit");
    return false;
  }
  if (lo < 0 || hi >= wordBits) {
    error(record, where + " lies outside the word of " + Twine(wordBits) + " bits");
    return false;
  }
  return true;
}

void Checker::checkLayout(const LayoutDef &layout) {
  std::vector<Owner> owners(wordBits);
  auto claim = [&](const Record *record, const std::string &what, int hi, int lo) {
    if (!checkRange(layout, record, what, hi, lo))
      return;
    std::set<std::string> named;
    for (int bit = lo; bit <= hi; ++bit) {
      if (owners[bit].record && named.insert(owners[bit].what).second) {
        error(layout.record, what + " of '" + layout.name + "' (" + bitRange(hi, lo) +
                                 ") overlaps " + owners[bit].what + " at bit " + Twine(bit));
        note(owners[bit].record, owners[bit].what + " is here");
        note(record, what + " is here");
      }
      owners[bit] = {record, what};
    }
  };
  if (layout.hasOpcode)
    claim(layout.record, "the opcode", opcodeBits - 1, 0);
  std::map<std::string, const FieldDef *> names;
  bool hasDefaulted = false;
  for (const FieldDef &field : layout.fields) {
    claim(field.record, "field '" + field.name + "'", field.hi, field.lo);
    checkField(layout, field);
    if (hasDefaulted && !field.isDefaulted)
      error(field.record, "field '" + field.name + "' of '" + layout.name +
                              "' stands behind one that may be left out, expected it before");
    hasDefaulted |= field.isDefaulted;
    if (!names.try_emplace(field.name, &field).second)
      error(layout.record, "'" + layout.name + "' has two fields '" + field.name + "'");
  }
  for (const ReservedDef &reserved : layout.reserved)
    claim(reserved.record, "reserved range " + bitRange(reserved.hi, reserved.lo), reserved.hi,
          reserved.lo);
  for (int bit = 0; bit < wordBits; ++bit) {
    if (owners[bit].record)
      continue;
    int last = bit;
    while (last + 1 < wordBits && !owners[last + 1].record)
      ++last;
    error(layout.record,
          bitRange(last, bit) + " of '" + layout.name + "' neither used nor declared reserved");
    bit = last;
  }
}

void Checker::checkField(const LayoutDef &layout, const FieldDef &field) {
  std::string where = "field '" + field.name + "' of '" + layout.name + "'";
  if (field.description.empty())
    error(field.record, where + " has no description");
  if (field.name.empty() || !isLower(field.name[0]) ||
      !llvm::all_of(field.name, [](char c) { return isAlnum(c); }) || isCppKeyword(field.name))
    error(field.record, where + " needs a name that is a camelBack C++ identifier");
  if (field.hi < field.lo)
    return;
  if (field.width() > 64)
    error(field.record, where + " is " + Twine(field.width()) + " bits wide, its type '" +
                            field.cppType + "' holds at most 64");
  switch (field.kind) {
  case FieldKind::unknown:
    error(field.record, where + " is of unknown kind '" + field.kindName + "'");
    break;
  case FieldKind::registerNumber:
    checkRegister(where, field);
    break;
  case FieldKind::enumeration:
    if (field.width() < 64 && (int64_t(1) << field.width()) < field.count)
      error(field.record, where + " is " + Twine(field.width()) +
                              " bits wide, too narrow for the " + Twine(field.count) +
                              " values of '" + field.cppType + "'");
    break;
  case FieldKind::unsignedInteger:
  case FieldKind::signedInteger:
  case FieldKind::label:
  case FieldKind::symbol:
    break;
  }
  if ((field.kind == FieldKind::label || field.kind == FieldKind::symbol) && !layout.hasOpcode)
    error(field.record, where + " is a " + field.kindName + ", which a descriptor cannot hold");
}

void Checker::checkRegister(const std::string &where, const FieldDef &field) {
  if (field.count < 2 || field.count > 256 || field.prefix.empty()) {
    error(field.record,
          where + " is a register kind without a prefix or with a count outside 2..256");
    return;
  }
  int needed = static_cast<int>(Log2_64_Ceil(static_cast<uint64_t>(field.count)));
  if (field.width() != needed)
    error(field.record, where + " is " + Twine(field.width()) + " bits wide, too " +
                            (field.width() < needed ? "narrow" : "wide") + " for " +
                            Twine(field.count) + " registers, which take " + Twine(needed));
}

} // namespace

bool checkInstructionSet(const InstructionSet &set) { return Checker(set).run(); }

} // namespace slp::tblgen
