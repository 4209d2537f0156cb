//===- StructBackend.cpp - typed structs, encoders, decoders
//-----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// One struct per instruction and descriptor. The structs convert to and from arrays of field
// values; what is common to all (placing bits, range checks, assembly) works on those arrays and
// the tables of TableBackend.cpp. Each struct has a header of its own, so that a change of an
// instruction, or a new one, rebuilds only what speaks of it; the header of a family includes those
// of its instructions.
//
//===----------------------------------------------------------------------------------------===//

#include "InstructionSet.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace slp::tblgen {

static void emitComment(raw_ostream &os, StringRef indent, StringRef text) {
  for (StringRef line : llvm::split(text.trim(), '\n'))
    os << indent << (line.trim().empty() ? "///" : "/// ") << line.trim() << "\n";
}

static StringRef initialValue(const FieldDef &field) {
  return field.kind == FieldKind::enumeration ? "{}" : " = 0";
}

static void emitStruct(const InstructionDef &instr, raw_ostream &os) {
  emitComment(os, "", instr.summary + "\n" + instr.description);
  os << "struct " << instr.structName << " {\n";
  os << "  static constexpr Opcode opcode = static_cast<Opcode>(0x"
     << utohexstr(instr.opcode, true, 2) << ");\n";
  os << "  static constexpr size_t numFields = " << instr.layout.fields.size() << ";\n\n";
  for (const FieldDef &field : instr.layout.fields) {
    emitComment(os, "  ", field.description);
    os << "  " << field.cppType << " " << field.name << initialValue(field) << ";\n";
  }
  os << "\n  bool operator==(const " << instr.structName << " &other) const;\n";
  os << "  bool operator!=(const " << instr.structName
     << " &other) const { return !(*this == other); }\n";
  os << "  /// Field values in order, signed ones in two's complement.\n";
  os << "  std::array<uint64_t, numFields> values() const;\n";
  os << "  /// Inverse of values(); a value must fit its member's type.\n";
  os << "  static " << instr.structName << " fromValues(const uint64_t *values);\n";
  os << "  /// Fails if a value does not fit its field.\n";
  os << "  Result<Word> encode() const;\n";
  os << "  /// Fails on another opcode, a reserved bit that is set, an unknown enum value.\n";
  os << "  static Result<" << instr.structName << "> decode(Word word);\n";
  os << "};\n\n";
}

static void emitDescriptorStruct(const DescriptorDef &descriptor, raw_ostream &os) {
  std::vector<DescriptorMember> members = membersOf(descriptor);
  size_t numFields = 0;
  for (const DescriptorMember &member : members)
    numFields += member.fields.size();
  emitComment(os, "", descriptor.summary + "\n" + descriptor.description);
  os << "struct " << descriptor.name << " {\n";
  os << "  static constexpr size_t numWords = " << descriptor.words.size() << ";\n";
  os << "  static constexpr size_t numFields = " << numFields << ";\n\n";
  for (const DescriptorMember &member : members) {
    const FieldDef &field = *member.fields[0];
    emitComment(os, "  ", field.description);
    if (member.isArray)
      os << "  std::array<" << field.cppType << ", " << member.fields.size() << "> " << member.name
         << "{};\n";
    else
      os << "  " << field.cppType << " " << member.name << initialValue(field) << ";\n";
  }
  os << "\n  bool operator==(const " << descriptor.name << " &other) const;\n";
  os << "  bool operator!=(const " << descriptor.name
     << " &other) const { return !(*this == other); }\n";
  os << "  /// Field values in word order, signed ones in two's complement.\n";
  os << "  std::array<uint64_t, numFields> values() const;\n";
  os << "  /// Inverse of values(); a value must fit its member's type.\n";
  os << "  static " << descriptor.name << " fromValues(const uint64_t *values);\n";
  os << "  /// Words in memory order. Fails if a value does not fit its field.\n";
  os << "  Result<std::array<Word, numWords>> encode() const;\n";
  os << "  /// Fails on a reserved bit that is set or an unknown enum value.\n";
  os << "  static Result<" << descriptor.name
     << "> decode(const std::array<Word, numWords> &words);\n";
  os << "};\n\n";
}

bool emitStructDecl(const InstructionSet &set, StringRef structName, raw_ostream &os) {
  auto instr = llvm::find_if(set.instructions,
                             [&](const InstructionDef &i) { return i.structName == structName; });
  if (instr == set.instructions.end())
    return false;
  std::string guard = "RUNTIME_ISA_STRUCT" + structName.upper() + "_H_INC";
  os << "#ifndef " << guard << "\n#define " << guard << "\n\n"
     << "#include \"runtime/isa/Instructions.h\"\n\nnamespace slp::mach {\n\n";
  emitStruct(*instr, os);
  os << "} // namespace slp::mach\n\n#endif // " << guard << "\n";
  return true;
}

bool emitStructIncludes(const InstructionSet &set, StringRef family, raw_ostream &os) {
  if (!llvm::is_contained(familiesOf(set), family))
    return false;
  for (const InstructionDef &instr : set.instructions)
    if (instr.family == family)
      os << "#include \"runtime/isa/Struct" << instr.structName << ".h.inc\"\n";
  return true;
}

void emitFamilyIncludes(const InstructionSet &set, raw_ostream &os) {
  for (const std::string &family : familiesOf(set))
    os << "#include \"runtime/isa/Instr" << family << ".h.inc\"\n";
}

void emitDescriptorDecls(const InstructionSet &set, raw_ostream &os) {
  for (const DescriptorDef &descriptor : set.descriptors)
    emitDescriptorStruct(descriptor, os);
}

/// One entry of values(): widened to 64 bits, sign-extended where signed.
static std::string widened(StringRef member) {
  return ("static_cast<uint64_t>(" + member + ")").str();
}

/// Members as the C++ expressions that name each field: "acc", "extent[0]".
static std::vector<std::pair<std::string, const FieldDef *>> accessesOf(const DescriptorDef &d) {
  std::vector<DescriptorMember> members = membersOf(d);
  std::vector<std::pair<std::string, const FieldDef *>> result;
  for (const LayoutDef &word : d.words)
    for (const FieldDef &field : word.fields)
      for (const DescriptorMember &member : members)
        for (auto [index, f] : llvm::enumerate(member.fields))
          if (f == &field)
            result.emplace_back(
                member.isArray ? member.name + "[" + std::to_string(index) + "]" : member.name, f);
  return result;
}

using Accesses = std::vector<std::pair<std::string, const FieldDef *>>;

static void emitConversions(StringRef name, const Accesses &accesses, ArrayRef<std::string> members,
                            raw_ostream &os) {
  os << "bool " << name << "::operator==(const " << name << " &other) const {\n  (void)other;\n"
     << "  return true";
  for (const std::string &member : members)
    os << " &&\n         " << member << " == other." << member;
  os << ";\n}\n";
  os << "std::array<uint64_t, " << name << "::numFields> " << name << "::values() const {\n"
     << "  return {";
  llvm::interleave(
      accesses, os, [&](const auto &access) { os << widened(access.first); }, ",\n          ");
  os << "};\n}\n";
  os << name << " " << name << "::fromValues(const uint64_t *values) {\n  (void)values;\n  " << name
     << " result;\n";
  for (auto [index, access] : llvm::enumerate(accesses))
    os << "  result." << access.first << " = static_cast<" << access.second->cppType << ">(values["
       << index << "]);\n";
  os << "  return result;\n}\n";
}

static void emitInstructionDefs(const InstructionDef &instr, raw_ostream &os) {
  Accesses accesses;
  std::vector<std::string> members;
  for (const FieldDef &field : instr.layout.fields) {
    accesses.emplace_back(field.name, &field);
    members.push_back(field.name);
  }
  const std::string &name = instr.structName;
  emitConversions(name, accesses, members, os);
  os << "Result<Word> " << name << "::encode() const {\n"
     << "  return encodeInstruction(opcode, values().data());\n}\n";
  os << "Result<" << name << "> " << name << "::decode(Word word) {\n"
     << "  std::array<uint64_t, numFields> values{};\n"
     << "  if (Status s = decodeInstruction(opcode, word, values.data()); !s)\n"
     << "    return s.takeError();\n"
     << "  return fromValues(values.data());\n}\n\n";
}

static void emitDescriptorDefs(const DescriptorDef &descriptor, raw_ostream &os) {
  std::vector<std::string> members;
  for (const DescriptorMember &member : membersOf(descriptor))
    members.push_back(member.name);
  const std::string &name = descriptor.name;
  emitConversions(name, accessesOf(descriptor), members, os);
  std::string table = lowerFirst(name) + "Words";
  os << "Result<std::array<Word, " << name << "::numWords>> " << name << "::encode() const {\n"
     << "  std::array<Word, numWords> words{};\n"
     << "  if (Status s = encodeWords(" << table << ", values().data(), words.data()); !s)\n"
     << "    return s.takeError();\n"
     << "  return words;\n}\n";
  os << "Result<" << name << "> " << name << "::decode(const std::array<Word, numWords> &words) {\n"
     << "  std::array<uint64_t, numFields> values{};\n"
     << "  if (Status s = decodeWords(" << table << ", words.data(), values.data()); !s)\n"
     << "    return s.takeError();\n"
     << "  return fromValues(values.data());\n}\n\n";
}

void emitStructDefs(const InstructionSet &set, raw_ostream &os) {
  for (const InstructionDef &instr : set.instructions)
    emitInstructionDefs(instr, os);
  for (const DescriptorDef &descriptor : set.descriptors)
    emitDescriptorDefs(descriptor, os);
}

} // namespace slp::tblgen
