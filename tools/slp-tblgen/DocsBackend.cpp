//===- DocsBackend.cpp - the manual pages of docs/isa
//------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// One Markdown page per instruction and descriptor, and an index. tools/scripts/generate-docs
// writes them; a test compares what is committed with what this prints.
//
//===----------------------------------------------------------------------------------------===//

#include "InstructionSet.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

#include <algorithm>

using namespace llvm;

namespace slp::tblgen {
namespace {

/// A stretch of a word: the opcode, a field or reserved bits.
struct Stretch {
  int hi, lo;
  std::string label;     // in the picture
  const FieldDef *field; // null for the opcode and reserved bits
  bool reserved;
};

const EnumDef *findEnum(const InstructionSet &set, StringRef name) {
  auto it = llvm::find_if(set.enums, [&](const EnumDef &def) { return def.name == name; });
  return it == set.enums.end() ? nullptr : &*it;
}

/// From the highest bit down.
std::vector<Stretch> stretchesOf(const LayoutDef &layout, StringRef opcode) {
  std::vector<Stretch> result;
  result.reserve(layout.fields.size() + layout.reserved.size() + 1);
  for (const FieldDef &field : layout.fields)
    result.push_back({field.hi, field.lo, field.name, &field, false});
  for (const ReservedDef &range : layout.reserved)
    result.push_back({range.hi, range.lo, "0", nullptr, true});
  if (layout.hasOpcode)
    result.push_back({opcodeBits - 1, 0, opcode.str(), nullptr, false});
  llvm::sort(result, [](const Stretch &a, const Stretch &b) { return a.hi > b.hi; });
  return result;
}

std::string bitsOf(int hi, int lo) {
  return hi == lo ? std::to_string(hi) : std::to_string(hi) + ".." + std::to_string(lo);
}

/// What may stand after `name=` in assembly.
std::string operandSyntax(const InstructionSet &set, const FieldDef &field) {
  switch (field.kind) {
  case FieldKind::registerNumber:
    return field.prefix + "0.." + field.prefix + std::to_string(field.count - 1);
  case FieldKind::enumeration:
    if (const EnumDef *def = findEnum(set, field.cppType))
      return llvm::join(def->values, " or ");
    return field.cppType;
  case FieldKind::label:
    return "a label, or the distance in instructions from the next one";
  case FieldKind::symbol:
    return "@name of a descriptor, or its number";
  case FieldKind::signedInteger:
    return "signed integer";
  case FieldKind::unsignedInteger:
  case FieldKind::unknown:
    break;
  }
  if (field.isFlag)
    return "0 or 1; 0 if left out";
  return "unsigned integer";
}

/// A sample operand with the width of its field: `d0/*u5*/`.
std::string sampleOperand(const InstructionSet &set, const FieldDef &field) {
  std::string sample = "0";
  bool isSigned = field.kind == FieldKind::signedInteger || field.kind == FieldKind::label;
  if (field.kind == FieldKind::registerNumber)
    sample = field.prefix + "0";
  else if (field.kind == FieldKind::label)
    sample = ".L0";
  else if (field.kind == FieldKind::symbol)
    sample = "@name";
  else if (const EnumDef *def = findEnum(set, field.cppType))
    sample = def->values.front();
  return sample + (isSigned ? "/*i" : "/*u") + std::to_string(field.width()) + "*/";
}

/// The word drawn as boxes, highest bit on the left.
void emitPicture(const std::vector<Stretch> &stretches, raw_ostream &os) {
  std::string numbers, boxes = "|";
  for (const Stretch &s : stretches) {
    std::string hi = std::to_string(s.hi), lo = s.hi == s.lo ? "" : std::to_string(s.lo);
    size_t width = std::max(s.label.size() + 2, hi.size() + lo.size() + 1);
    numbers += " " + hi + std::string(width - hi.size() - lo.size(), ' ') + lo;
    size_t left = (width - s.label.size()) / 2;
    boxes +=
        std::string(left, ' ') + s.label + std::string(width - left - s.label.size(), ' ') + "|";
  }
  os << "```\n" << StringRef(numbers).rtrim() << "\n" << boxes << "\n```\n\n";
}

/// "; needs `zero-skip` unless none".
std::string neededBy(const InstructionSet &set, const FieldDef &field) {
  if (field.feature.empty())
    return "";
  const EnumDef *def = findEnum(set, field.cppType);
  return "; needs `" + field.feature + "` unless " + (def ? def->values.front() : "0");
}

void emitFieldTable(const InstructionSet &set, const std::vector<Stretch> &stretches,
                    raw_ostream &os) {
  os << "| bits | width | field | values | meaning |\n|---|---|---|---|---|\n";
  for (const Stretch &s : llvm::reverse(stretches)) {
    os << "| " << bitsOf(s.hi, s.lo) << " | " << s.hi - s.lo + 1 << " | ";
    if (s.field)
      os << "`" << s.field->name << "` | " << operandSyntax(set, *s.field) << " | "
         << s.field->description
         << (s.field->host >= 0 ? "; the host sets h" + std::to_string(s.field->host) : "")
         << neededBy(set, *s.field) << " |\n";
    else if (s.reserved)
      os << "reserved | 0 | a word with one of these bits set is rejected |\n";
    else
      os << "opcode | " << s.label << " | |\n";
  }
  os << "\n";
}

/// Text of a td string without its indentation. A star is a product there and emphasis in Markdown.
void emitParagraph(StringRef text, raw_ostream &os) {
  bool code = false;
  for (StringRef line : llvm::split(text.trim(), '\n')) {
    for (char c : line.trim()) {
      code ^= c == '`';
      if (c == '*' && !code)
        os << '\\';
      os << c;
    }
    os << "\n";
  }
  os << "\n";
}

/// What may lie in an operand of these elements.
StringRef elementsText(StringRef elements) {
  return StringSwitch<StringRef>(elements)
      .Case("stored", "any")
      .Case("real", "f32 or a format of the chip")
      .Case("index", "u8 or i32")
      .Case("number", "i32, f32 or a format of the chip")
      .Case("factor", "a format of the chip")
      .Case("weight", "a format of the chip but mixed")
      .Case("accumulator", "the accumulator's format")
      .Case("total", "the format of sums over images")
      .Case("sum", "the accumulator's format or that of sums over images")
      .Case("start", "what the accumulator holds exactly")
      .Case("mask", "the chip's fp8")
      .Default(elements);
}

StringRef accessText(StringRef access) {
  return StringSwitch<StringRef>(access)
      .Case("write", "written")
      .Case("update", "read and written")
      .Default(access);
}

void emitOperandTable(const InstructionDef &instr, raw_ostream &os) {
  if (llvm::none_of(instr.layout.fields, [](const FieldDef &f) { return f.role.has_value(); }))
    return;
  os << "## Operands\n\n| operand | is | formats | memories | dimensions | there if |\n"
        "|---|---|---|---|---|---|\n";
  for (const FieldDef &field : instr.layout.fields) {
    if (!field.role)
      continue;
    const RoleDef &role = *field.role;
    bool isSame = !role.rank.empty() && ranksOf(role.rank).empty();
    os << "| `" << field.name << "` | " << accessText(role.access) << " | "
       << elementsText(role.elements) << " | " << llvm::join(role.spaces, ", ") << " | "
       << (isSame              ? "as `" + role.rank + "`"
           : role.rank.empty() ? "any"
                               : role.rank)
       << " | " << (role.when.empty() ? "always" : "`" + role.when + "`") << " |\n";
  }
  os << "\n";
}

std::string opcodeOf(const InstructionDef &instr) {
  return "0x" + utohexstr(instr.opcode, true, 2);
}

void emitInstructionPage(const InstructionSet &set, const InstructionDef &instr, raw_ostream &os) {
  os << "# `" << instr.mnemonic << "`\n\n" << instr.summary << "\n\n";
  os << "**Engine:** "
     << (instr.engine == "any" ? "the one named by the field `engine`" : instr.engine) << "\n\n";
  os << "## Syntax\n\n```\n" << instr.mnemonic;
  const char *separator = " ";
  for (const FieldDef &field : instr.layout.fields) {
    os << separator << field.name << "=" << sampleOperand(set, field);
    separator = ", ";
  }
  os << "\n```\n\n## Encoding\n\n";
  std::vector<Stretch> stretches = stretchesOf(instr.layout, opcodeOf(instr));
  emitPicture(stretches, os);
  emitFieldTable(set, stretches, os);
  emitOperandTable(instr, os);
  os << "## Description\n\n";
  emitParagraph(instr.description, os);
  os << "## Required features\n\n"
     << (instr.requires_.empty() ? std::string("none")
                                 : "`" + llvm::join(instr.requires_, "`, `") + "`")
     << "\n\n## Timing class\n\n`" << instr.timingClass << "`\n";
}

void emitDescriptorPage(const InstructionSet &set, const DescriptorDef &descriptor,
                        raw_ostream &os) {
  os << "# `" << descriptor.name << "`\n\n" << descriptor.summary << "\n\n";
  os << "## Encoding\n\n"
     << descriptor.words.size() << " words of " << wordBits << " bits ("
     << descriptor.words.size() * wordBits / 8 << " bytes), little endian, in this order.\n\n";
  for (const LayoutDef &word : descriptor.words) {
    os << "### `" << StringRef(word.name).split('.').second << "`\n\n";
    std::vector<Stretch> stretches = stretchesOf(word, "");
    emitPicture(stretches, os);
    emitFieldTable(set, stretches, os);
  }
  os << "## Description\n\n";
  emitParagraph(descriptor.description, os);
}

void emitIndex(const InstructionSet &set, raw_ostream &os) {
  os << "# Instruction set\n\n"
     << "Written by `slp-tblgen` from `dialects/Mach/MachInstr.td`; run "
        "`tools/scripts/generate-docs` after a change.\n"
     << "The instruction set is SLPC's own. Neither chip's instruction list is public.\n\n"
     << "Instructions are words of " << wordBits << " bits, little endian, with the opcode in bits "
     << opcodeBits - 1 << "..0. Reserved bits must be zero.\n\n";
  os << "## Instructions\n\n| opcode | mnemonic | engine | timing class | summary "
        "|\n|---|---|---|---|---|\n";
  for (const InstructionDef &instr : set.instructions)
    os << "| " << opcodeOf(instr) << " | [`" << instr.mnemonic << "`](" << instr.mnemonic
       << ".md) | " << instr.engine << " | " << instr.timingClass << " | " << instr.summary
       << " |\n";
  os << "\n## Descriptors\n\n";
  for (const DescriptorDef &descriptor : set.descriptors)
    os << "- [`" << descriptor.name << "`](" << descriptor.name << ".md): " << descriptor.summary
       << "\n";
  os << "\n## Named values\n\n";
  for (const EnumDef &def : set.enums) {
    os << "### " << def.name << "\n\n" << def.summary << "\n\n| value | name |\n|---|---|\n";
    for (auto [index, value] : llvm::enumerate(def.values))
      os << "| " << index << " | `" << value << "` |\n";
    os << "\n";
  }
  os << "## Assembly\n\n"
     << "| line | meaning |\n|---|---|\n"
     << "| `MNEMONIC FIELD=VALUE, ...` | an instruction; every field once, in any order |\n"
     << "| `.LABEL:` | a place: the instruction that follows |\n"
     << "| `.descriptor @NAME FIELD=VALUE, ...` | the next entry of the descriptor table; numbered "
        "fields "
        "are one array, `extent=[8, 1, 1, 1, 1]` |\n"
     << "| `.entry NAME` | an entry point at the instruction that follows |\n"
     << "| `; ...` | a comment, also behind anything else |\n\n"
     << "Registers are a letter and a number, named values their name, integers decimal or `0x` "
        "and\n"
     << "hexadecimal. A label operand is a label, or the distance in instructions from the one "
        "that follows\n"
     << "its own. A symbol operand is `@NAME` of a descriptor, or its number. A name consists of "
        "letters,\n"
     << "digits and `_.$/:-`, or stands in quotes with `\\\"`, `\\\\` and `\\` followed by two "
        "hexadecimal digits.\n";
}

} // namespace

bool emitPage(const InstructionSet &set, StringRef page, raw_ostream &os) {
  if (page == "README") {
    emitIndex(set, os);
    return true;
  }
  for (const InstructionDef &instr : set.instructions)
    if (instr.mnemonic == page) {
      emitInstructionPage(set, instr, os);
      return true;
    }
  for (const DescriptorDef &descriptor : set.descriptors)
    if (descriptor.name == page) {
      emitDescriptorPage(set, descriptor, os);
      return true;
    }
  return false;
}

void emitPageList(const InstructionSet &set, raw_ostream &os) {
  os << "README\n";
  for (const InstructionDef &instr : set.instructions)
    os << instr.mnemonic << "\n";
  for (const DescriptorDef &descriptor : set.descriptors)
    os << descriptor.name << "\n";
}

} // namespace slp::tblgen
