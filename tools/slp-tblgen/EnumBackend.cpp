//===- EnumBackend.cpp - enum classes and their names
//------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// One enum class per EnumKind record, its values in list order, with toString and a parser.
//
//===----------------------------------------------------------------------------------------===//

#include "InstructionSet.h"

#include "llvm/ADT/STLExtras.h"

using namespace llvm;

namespace slp::tblgen {

void emitEnumDecls(const InstructionSet &set, raw_ostream &os) {
  for (const EnumDef &def : set.enums) {
    os << "/// " << def.summary << "\n";
    os << "enum class " << def.name << " : uint8_t {\n";
    for (auto [index, value] : llvm::enumerate(def.values))
      os << "  " << enumeratorOf(value) << " = " << index << ",\n";
    os << "};\n";
    os << "/// The name in assembly; empty for a number that is no value.\n";
    os << "std::string_view toString(" << def.name << " value);\n";
    os << "/// The value of a name in assembly, if it is one.\n";
    os << "std::optional<" << def.name << "> parse" << def.name << "(std::string_view name);\n";
    os << "constexpr size_t num" << def.name << "Values = " << def.values.size() << ";\n\n";
  }
}

void emitEnumDefs(const InstructionSet &set, raw_ostream &os) {
  for (const EnumDef &def : set.enums) {
    std::string table = lowerFirst(def.name) + "Names";
    os << "static constexpr std::string_view " << table << "[] = {";
    llvm::interleaveComma(def.values, os, [&](const std::string &v) { os << quoted(v); });
    os << "};\n";
    os << "std::string_view toString(" << def.name << " value) {\n"
       << "  auto index = static_cast<size_t>(value);\n"
       << "  return index < std::size(" << table << ") ? " << table
       << "[index] : std::string_view();\n}\n";
    os << "std::optional<" << def.name << "> parse" << def.name << "(std::string_view name) {\n"
       << "  for (size_t i = 0; i < std::size(" << table << "); ++i)\n"
       << "    if (" << table << "[i] == name)\n"
       << "      return static_cast<" << def.name << ">(i);\n"
       << "  return std::nullopt;\n}\n\n";
  }
}

} // namespace slp::tblgen
