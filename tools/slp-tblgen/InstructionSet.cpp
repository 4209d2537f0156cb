//===- InstructionSet.cpp - reads the records -------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Turns TableGen records into the structs of InstructionSet.h, and spells the names that all
// backends share.
//
//===----------------------------------------------------------------------------------------===//

#include "InstructionSet.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Path.h"
#include "llvm/TableGen/Error.h"
#include "llvm/TableGen/Record.h"

#include <tuple>

using namespace llvm;

namespace slp::tblgen {

static std::string stringOrEmpty(const Record *record, StringRef field) {
  return record->getValueAsOptionalString(field).value_or("").str();
}

static std::vector<std::string> stringList(const Record *record, StringRef field) {
  std::vector<std::string> result;
  for (StringRef s : record->getValueAsListOfStrings(field))
    result.push_back(s.str());
  return result;
}

static FieldKind kindOf(StringRef name) {
  return StringSwitch<FieldKind>(name)
      .Case("unsigned", FieldKind::unsignedInteger)
      .Case("signed", FieldKind::signedInteger)
      .Case("enum", FieldKind::enumeration)
      .Case("register", FieldKind::registerNumber)
      .Case("label", FieldKind::label)
      .Case("symbol", FieldKind::symbol)
      .Default(FieldKind::unknown);
}

/// The role of an operand; none of a field that has none.
static std::optional<RoleDef> readRole(const Record *field) {
  const auto *init = dyn_cast<DefInit>(field->getValueInit("role"));
  if (!init)
    return std::nullopt;
  const Record *record = init->getDef();
  return RoleDef{record->getValueAsString("access").str(),
                 record->getValueAsString("elements").str(), record->getValueAsString("rank").str(),
                 record->getValueAsString("when").str(), stringList(record, "spaces")};
}

static FieldDef readField(const Record *record) {
  FieldDef field;
  field.record = record;
  field.name = record->getValueAsString("name").str();
  field.hi = static_cast<int>(record->getValueAsInt("hi"));
  field.lo = static_cast<int>(record->getValueAsInt("lo"));
  field.description = stringOrEmpty(record, "description");
  const Record *kind = record->getValueAsDef("kind");
  field.kindName = kind->getValueAsString("kind").str();
  field.kind = kindOf(field.kindName);
  field.cppType = kind->getValueAsString("cppType").str();
  field.prefix = kind->getValueAsString("prefix").str();
  field.count = kind->getValueAsInt("count");
  field.role = readRole(record);
  field.host = static_cast<int>(record->getValueAsInt("host"));
  field.isFlag = record->getValueAsBit("isFlag");
  field.isDefaulted = record->getValueAsBit("isDefaulted");
  field.feature = record->getValueAsString("feature").str();
  return field;
}

static LayoutDef readLayout(const Record *record, std::string name, bool hasOpcode) {
  LayoutDef layout;
  layout.record = record;
  layout.name = std::move(name);
  layout.hasOpcode = hasOpcode;
  for (const Record *field : record->getValueAsListOfDefs("fields"))
    layout.fields.push_back(readField(field));
  for (const Record *reserved : record->getValueAsListOfDefs("reserved"))
    layout.reserved.push_back({reserved, static_cast<int>(reserved->getValueAsInt("hi")),
                               static_cast<int>(reserved->getValueAsInt("lo"))});
  return layout;
}

/// "Vector" for a record of MachInstrVector.td; the file's own name without its ending elsewhere.
static std::string familyOf(const Record *record) {
  unsigned buffer = SrcMgr.FindBufferContainingLoc(record->getLoc().front());
  StringRef name = llvm::sys::path::stem(SrcMgr.getMemoryBuffer(buffer)->getBufferIdentifier());
  name.consume_front("MachInstr");
  return name.str();
}

static InstructionDef readInstruction(const Record *record) {
  InstructionDef instr;
  instr.record = record;
  instr.defName = record->getName().str();
  instr.mnemonic = record->getValueAsString("mnemonic").str();
  instr.structName = structNameOf(instr.mnemonic);
  instr.functionName = lowerFirst(instr.structName);
  instr.family = familyOf(record);
  const BitsInit *bits = record->getValueAsBitsInit("opcode");
  for (unsigned i = 0; i < bits->getNumBits(); ++i)
    if (const auto *bit = dyn_cast<BitInit>(bits->getBit(i)))
      instr.opcode |= static_cast<unsigned>(bit->getValue()) << i;
  instr.layout = readLayout(record, instr.mnemonic, /*hasOpcode=*/true);
  instr.summary = stringOrEmpty(record, "summary");
  instr.description = stringOrEmpty(record, "description");
  instr.engine = stringOrEmpty(record, "engine");
  instr.timingClass = stringOrEmpty(record, "timingClass");
  instr.requires_ = stringList(record, "requires");
  return instr;
}

InstructionSet readInstructionSet(const RecordKeeper &records) {
  InstructionSet set;
  for (const Record *record : records.getAllDerivedDefinitionsIfDefined("EnumKind"))
    set.enums.push_back({record, record->getValueAsString("name").str(),
                         stringOrEmpty(record, "summary"), stringList(record, "values")});
  for (const Record *record : records.getAllDerivedDefinitionsIfDefined("Instruction"))
    set.instructions.push_back(readInstruction(record));
  // Records arrive by name; everything that is generated goes by opcode. Of two with one opcode the
  // first in the files is taken to be right.
  llvm::sort(set.instructions, [](const InstructionDef &a, const InstructionDef &b) {
    unsigned idA = a.record->getID(), idB = b.record->getID();
    return std::tie(a.opcode, idA) < std::tie(b.opcode, idB);
  });
  for (const Record *record : records.getAllDerivedDefinitionsIfDefined("Descriptor")) {
    DescriptorDef descriptor{record,
                             record->getValueAsString("name").str(),
                             stringOrEmpty(record, "summary"),
                             stringOrEmpty(record, "description"),
                             {}};
    for (const Record *word : record->getValueAsListOfDefs("words"))
      descriptor.words.push_back(
          readLayout(word, descriptor.name + "." + word->getValueAsString("name").str(), false));
    set.descriptors.push_back(std::move(descriptor));
  }
  return set;
}

ArrayRef<StringRef> accessNames() {
  static constexpr StringRef names[] = {"none", "read", "write", "update", "scratch"};
  return names;
}

ArrayRef<StringRef> elementsNames() {
  static constexpr StringRef names[] = {"stored", "real",  "f32",    "i32",    "index",
                                        "number", "mixed", "factor", "weight", "accumulator",
                                        "total",  "sum",   "start",  "mask"};
  return names;
}

std::vector<int> ranksOf(StringRef rank) {
  std::vector<int> result;
  SmallVector<StringRef> parts;
  rank.split(parts, " or ");
  for (StringRef part : parts) {
    int number = 0;
    if (part.getAsInteger(10, number) || number < 0 || number > 5)
      return {};
    result.push_back(number);
  }
  return result;
}

int fieldIndex(const LayoutDef &layout, StringRef name) {
  auto it = llvm::find_if(layout.fields, [&](const FieldDef &f) { return f.name == name; });
  return it == layout.fields.end() ? -1 : static_cast<int>(it - layout.fields.begin());
}

std::optional<uint64_t> valueOf(const InstructionSet &set, const FieldDef &field, StringRef value) {
  uint64_t number = 0;
  if (field.kind == FieldKind::unsignedInteger)
    return value.getAsInteger(10, number) ? std::nullopt : std::optional(number);
  if (field.kind != FieldKind::enumeration)
    return std::nullopt;
  for (const EnumDef &def : set.enums)
    if (def.name == field.cppType)
      for (auto [index, name] : llvm::enumerate(def.values))
        if (name == value)
          return index;
  return std::nullopt;
}

std::vector<DescriptorMember> membersOf(const DescriptorDef &descriptor) {
  std::vector<DescriptorMember> members;
  for (const LayoutDef &word : descriptor.words)
    for (const FieldDef &field : word.fields) {
      StringRef stem = StringRef(field.name).rtrim("0123456789");
      bool isArray = stem.size() != field.name.size();
      auto joined = llvm::find_if(members, [&](const DescriptorMember &member) {
        return isArray && member.isArray && member.name == stem;
      });
      if (joined != members.end())
        joined->fields.push_back(&field);
      else
        members.push_back({stem.str(), isArray, {&field}});
    }
  return members;
}

std::vector<std::string> familiesOf(const InstructionSet &set) {
  std::vector<std::string> families;
  for (const InstructionDef &instr : set.instructions)
    if (!llvm::is_contained(families, instr.family))
      families.push_back(instr.family);
  return families;
}

std::string upperFirst(StringRef name) {
  std::string result = name.str();
  if (!result.empty())
    result[0] = toUpper(result[0]);
  return result;
}

std::string lowerFirst(StringRef name) {
  std::string result = name.str();
  if (!result.empty())
    result[0] = toLower(result[0]);
  return result;
}

std::string structNameOf(StringRef mnemonic) {
  std::string result;
  for (StringRef part : llvm::split(mnemonic, '.'))
    result += upperFirst(part);
  return result;
}

bool isCppKeyword(StringRef word) {
  static constexpr StringLiteral keywords[] = {
      "and",       "auto",      "bool",     "break",    "case",     "catch",    "char",
      "class",     "const",     "continue", "default",  "delete",   "do",       "double",
      "else",      "enum",      "explicit", "export",   "extern",   "false",    "float",
      "for",       "friend",    "goto",     "if",       "inline",   "int",      "long",
      "mutable",   "namespace", "new",      "not",      "operator", "or",       "private",
      "protected", "public",    "register", "requires", "return",   "short",    "signed",
      "sizeof",    "static",    "struct",   "switch",   "template", "this",     "throw",
      "true",      "try",       "typedef",  "typename", "union",    "unsigned", "using",
      "virtual",   "void",      "volatile", "while",    "xor"};
  return llvm::is_contained(keywords, word);
}

std::string enumeratorOf(StringRef value) {
  return isCppKeyword(value) ? value.str() + "_" : value.str();
}

std::string quoted(StringRef text) {
  std::string result;
  raw_string_ostream os(result);
  os << '"';
  os.write_escaped(text);
  os << '"';
  return result;
}

} // namespace slp::tblgen
