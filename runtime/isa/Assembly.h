//===- Assembly.h - instructions and programs as text -----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Assembler and disassembler, driven by the generated tables. slp-as and slp-dis work on whole
// programs; fault messages and remarks print single instructions. The grammar is in
// docs/isa/README.md.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_ISA_ASSEMBLY_H
#define RUNTIME_ISA_ASSEMBLY_H

#include "runtime/api/Result.h"
#include "runtime/isa/Instructions.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace slp::mach {

/// The names that operands may use: entries of the descriptor table and places in the text.
class OperandNames {
public:
  /// The next entry of the descriptor table. Fails if the name is taken.
  Status addDescriptor(std::string name);
  /// `pc` is an instruction index. Several labels may name one place; a label begins with a full
  /// stop.
  Status addLabel(std::string name, int64_t pc);

  /// Null beyond the table.
  const std::string *descriptorName(uint64_t index) const;
  std::optional<uint64_t> descriptorIndex(std::string_view name) const;
  /// The first label added for this place, or null.
  const std::string *labelAt(int64_t pc) const;
  std::optional<int64_t> labelTarget(std::string_view name) const;

private:
  std::vector<std::string> descriptors;
  std::map<std::string, uint64_t, std::less<>> descriptorIndices;
  std::map<std::string, int64_t, std::less<>> labelTargets;
  std::map<int64_t, std::string> labelNames;
};

/// `conv.fp acc=d3, x=d1, ...`. `pc` is the instruction's own index, from which label operands
/// count. Operands without a name are printed as numbers, which parse() takes too.
std::string print(const Instruction &instr, const OperandNames &names = {}, int64_t pc = 0);
/// Every field must be given once, in any order. Messages name the instruction and the field.
Result<Instruction> parse(std::string_view text, const OperandNames &names = {}, int64_t pc = 0);

/// `space=dram, format=fp8, ..., extent=[8, 16, 1, 1, 1], ...`: every field, arrays in brackets.
std::string print(const TensorTile &tile);
Result<TensorTile> parseTensorTile(std::string_view text);

/// The name as it stands behind `@`: bare if its characters allow, else quoted with `\\`, `\"` and
/// `\` hex hex.
std::string quoteName(std::string_view name);
/// Inverse of quoteName. Takes the name off the front of `text`.
Result<std::string> takeName(std::string_view &text);

struct NamedTile {
  std::string name;
  TensorTile tile;
};

/// An entry point.
struct NamedPlace {
  std::string name;
  uint64_t pc = 0; // instruction index
};

/// What a text section, a descriptor table and the entry points say.
struct Program {
  std::vector<Instruction> text;
  std::vector<NamedTile> descriptors; // in table order
  std::vector<NamedPlace> entries;
};

/// Called for a line `.name operands` that is none of the assembler's own directives; `pc` is the
/// index of the next instruction. slp-as reads with it what an image has beyond a program.
using DirectiveHandler =
    std::function<Status(std::string_view name, std::string_view operands, uint64_t pc)>;
/// Lines:
///   .descriptor @NAME field=value, ...    the next entry of the descriptor table
///   .entry NAME                           an entry point at the next instruction
///   .LABEL:                               a place
///   MNEMONIC field=value, ...             an instruction
/// `;` begins a comment. Messages begin with `line N: `.
Result<Program> parseProgram(std::string_view text, const DirectiveHandler &handler = {});

/// Text per instruction index; either may be empty.
struct ProgramComments {
  std::function<std::string(uint64_t pc)> before; // whole lines ahead of the instruction
  std::function<std::string(uint64_t pc)> behind; // comment on the instruction's line, without `;`
};
/// Inverse of parseProgram. Places that are branched to are called `.L0`, `.L1`, ... in ascending
/// order.
std::string printProgram(const Program &program, const ProgramComments &comments = {});

/// The names that printProgram() gives to the places and descriptors of a program, for print().
OperandNames namesOf(const Program &program);

} // namespace slp::mach

#endif // RUNTIME_ISA_ASSEMBLY_H
