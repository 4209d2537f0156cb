//===- TableBackend.cpp - tables of instructions and fields
//------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What the runtime's encoder, decoder, assembler and tests look up: for each instruction its
// fields, reserved bits, engine, timing class and required features; for each descriptor its words.
//
//===----------------------------------------------------------------------------------------===//

#include "InstructionSet.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace slp::tblgen {

static StringRef kindName(FieldKind kind) {
  switch (kind) {
  case FieldKind::unsignedInteger:
    return "unsignedInteger";
  case FieldKind::signedInteger:
    return "signedInteger";
  case FieldKind::enumeration:
    return "enumeration";
  case FieldKind::registerNumber:
    return "registerNumber";
  case FieldKind::label:
    return "label";
  case FieldKind::symbol:
    return "symbol";
  case FieldKind::unknown:
    break;
  }
  return "unknown";
}

/// The view of a table, or an empty one where there is no table (C++ has no empty arrays).
static std::string viewOf(const std::string &table, size_t size) {
  return size ? "{" + table + ", " + std::to_string(size) + "}" : "{}";
}

/// The initializer of an OperandRole.
static std::string roleOf(const InstructionSet &set, const LayoutDef &layout, const RoleDef &role) {
  unsigned spaces = 0, ranks = 0;
  for (const EnumDef &def : set.enums)
    if (def.name == "Space")
      for (auto [index, name] : llvm::enumerate(def.values))
        spaces |= unsigned(llvm::is_contained(role.spaces, name)) << index;
  std::vector<int> numbers = ranksOf(role.rank);
  for (int rank : numbers)
    ranks |= 1u << rank;
  bool isSame = numbers.empty() && !role.rank.empty();
  std::string when = "-1, 0";
  if (!role.when.empty()) {
    auto [name, value] = StringRef(role.when).split('=');
    int field = fieldIndex(layout, name);
    when = std::to_string(field) + ", " +
           std::to_string(*valueOf(set, layout.fields[size_t(field)], value));
  }
  return "{Access::" + role.access + ", Elements::" + role.elements + ", " +
         std::to_string(spaces) + ", " + std::to_string(ranks) + ", " +
         std::to_string(isSame ? fieldIndex(layout, role.rank) : -1) + ", " + when + "}";
}

static void emitFields(const InstructionSet &set, const std::string &table, const LayoutDef &layout,
                       raw_ostream &os) {
  if (layout.fields.empty())
    return;
  os << "static constexpr FieldInfo " << table << "[] = {\n";
  for (const FieldDef &field : layout.fields) {
    std::string names =
        field.kind == FieldKind::enumeration
            ? "{" + lowerFirst(field.cppType) + "Names, " + std::to_string(field.count) + "}"
            : "{}";
    os << "    {" << quoted(field.name) << ", FieldKind::" << kindName(field.kind) << ", "
       << field.hi << ", " << field.lo << ", " << quoted(field.prefix) << ", " << field.count
       << ", " << names;
    // Members behind the last one that is not what it is by default are left out.
    bool hasFeature = !field.feature.empty(), isOptional = field.isDefaulted || hasFeature;
    if (field.role || field.host >= 0 || isOptional)
      os << ", " << (field.role ? roleOf(set, layout, *field.role) : "{}");
    if (field.host >= 0 || isOptional)
      os << ", " << field.host;
    if (isOptional)
      os << ", " << (field.isFlag ? "true" : "false") << ", "
         << (field.isDefaulted ? "true" : "false");
    if (hasFeature)
      os << ", " << quoted(field.feature);
    os << "},\n";
  }
  os << "};\n";
}

static void emitReserved(const std::string &table, ArrayRef<ReservedDef> ranges, raw_ostream &os) {
  if (ranges.empty())
    return;
  os << "static constexpr BitRange " << table << "[] = {";
  llvm::interleaveComma(ranges, os, [&](const ReservedDef &range) {
    os << "{" << range.hi << ", " << range.lo << "}";
  });
  os << "};\n";
}

static std::string layoutOf(const LayoutDef &layout, const std::string &prefix) {
  return "{" + quoted(layout.name) + ", " + viewOf(prefix + "Fields", layout.fields.size()) + ", " +
         viewOf(prefix + "Reserved", layout.reserved.size()) + "}";
}

void emitTables(const InstructionSet &set, raw_ostream &os) {
  for (const InstructionDef &instr : set.instructions) {
    emitFields(set, instr.functionName + "Fields", instr.layout, os);
    emitReserved(instr.functionName + "Reserved", instr.layout.reserved, os);
    if (!instr.requires_.empty()) {
      os << "static constexpr std::string_view " << instr.functionName << "Requires[] = {";
      llvm::interleaveComma(instr.requires_, os, [&](const std::string &f) { os << quoted(f); });
      os << "};\n";
    }
  }
  os << "\nstatic constexpr InstructionInfo instructionTable[] = {\n";
  for (const InstructionDef &instr : set.instructions) {
    std::string engine =
        instr.engine == "any" ? "std::nullopt" : "Engine::" + enumeratorOf(instr.engine);
    os << "    {" << instr.structName << "::opcode, " << layoutOf(instr.layout, instr.functionName)
       << ", " << engine << ", " << quoted(instr.timingClass) << ", "
       << viewOf(instr.functionName + "Requires", instr.requires_.size()) << "},\n";
  }
  os << "};\n\n";
  for (const DescriptorDef &descriptor : set.descriptors) {
    std::string prefix = lowerFirst(descriptor.name);
    for (auto [index, word] : llvm::enumerate(descriptor.words)) {
      std::string wordPrefix = prefix + "Word" + std::to_string(index);
      emitFields(set, wordPrefix + "Fields", word, os);
      emitReserved(wordPrefix + "Reserved", word.reserved, os);
    }
    os << "static constexpr LayoutInfo " << prefix << "WordTable[] = {\n";
    for (auto [index, word] : llvm::enumerate(descriptor.words))
      os << "    " << layoutOf(word, prefix + "Word" + std::to_string(index)) << ",\n";
    os << "};\nstatic constexpr ArrayView<LayoutInfo> " << prefix << "Words{" << prefix
       << "WordTable, " << descriptor.words.size() << "};\n\n";
  }
}

} // namespace slp::tblgen
