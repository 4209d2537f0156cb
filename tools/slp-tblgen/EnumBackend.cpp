//===- EnumBackend.cpp - enum classes and their names -----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// One enum class per EnumKind record, its values in list order, with toString and a parser. The
// declarations of all enums name no value, and each enum has a file of its own with its values, so
// that a new value rebuilds only what speaks of values of that enum. Of an enum that many files
// speak of, each value has a file besides: who names one is not rebuilt by another.
//
//===----------------------------------------------------------------------------------------===//

#include "InstructionSet.h"

#include "llvm/ADT/STLExtras.h"

using namespace llvm;

namespace slp::tblgen {

void emitEnumDecls(const InstructionSet &set, raw_ostream &os) {
  for (const EnumDef &def : set.enums) {
    os << "enum class " << def.name << " : uint8_t;\n";
    os << "/// The name in assembly; empty for a number that is no value.\n";
    os << "std::string_view toString(" << def.name << " value);\n";
    os << "/// The value of a name in assembly, if it is one.\n";
    os << "std::optional<" << def.name << "> parse" << def.name << "(std::string_view name);\n";
    os << "/// Whether a value has this number.\n";
    os << "bool is" << def.name << "(uint64_t number);\n\n";
  }
}

bool emitEnumValues(const InstructionSet &set, StringRef name, raw_ostream &os) {
  auto def = llvm::find_if(set.enums, [&](const EnumDef &e) { return e.name == name; });
  if (def == set.enums.end())
    return false;
  std::string guard = "RUNTIME_ISA_ENUM" + name.upper() + "_H_INC";
  os << "#ifndef " << guard << "\n#define " << guard << "\n\n";
  os << "#include <cstddef>\n#include <cstdint>\n\nnamespace slp::mach {\n\n";
  os << "/// " << def->summary << "\n";
  os << "enum class " << def->name << " : uint8_t {\n";
  for (auto [index, value] : llvm::enumerate(def->values))
    os << "  " << enumeratorOf(value) << " = " << index << ",\n";
  os << "};\n";
  os << "constexpr size_t num" << def->name << "Values = " << def->values.size() << ";\n\n";
  os << "} // namespace slp::mach\n\n#endif // " << guard << "\n";
  return true;
}

bool emitEnumValue(const InstructionSet &set, StringRef name, StringRef value, raw_ostream &os) {
  auto def = llvm::find_if(set.enums, [&](const EnumDef &e) { return e.name == name; });
  if (def == set.enums.end())
    return false;
  auto found = llvm::find(def->values, value);
  if (found == def->values.end())
    return false;
  std::string guard = "RUNTIME_ISA_VALUE" + name.upper() + value.upper() + "_H_INC";
  os << "#ifndef " << guard << "\n#define " << guard << "\n\n";
  os << "#include <cstdint>\n\nnamespace slp::mach {\n\n";
  os << "enum class " << name << " : uint8_t;\n";
  os << "namespace " << lowerFirst(name) << " {\n";
  os << "inline constexpr auto " << enumeratorOf(value) << " = static_cast<" << name << ">("
     << found - def->values.begin() << ");\n";
  os << "}\n\n} // namespace slp::mach\n\n#endif // " << guard << "\n";
  return true;
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
       << "  return std::nullopt;\n}\n";
    os << "bool is" << def.name << "(uint64_t number) { return number < std::size(" << table
       << "); }\n\n";
  }
}

} // namespace slp::tblgen
