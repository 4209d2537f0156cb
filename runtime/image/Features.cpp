//===- Features.cpp - does a chip have what an image needs
//-------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Follows the formats that each descriptor register can have, instruction by instruction, until
// nothing changes.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/image/Features.h"

#include "runtime/image/Formats.h"
#include "runtime/isa/ElementBytes.h"
#include "runtime/isa/EngineMac.h.inc"
#include "runtime/isa/StructBz.h.inc"
#include "runtime/isa/StructDesc.h.inc"
#include "runtime/isa/StructHalt.h.inc"
#include "runtime/isa/StructLoop.h.inc"
#include "runtime/isa/StructLoopr.h.inc"

#include <array>

namespace slp::image {

namespace {

constexpr size_t numDescriptorRegisters = 32;

/// Per descriptor register the set of formats it can hold, bit f for Format f.
using Formats = std::array<uint32_t, numDescriptorRegisters>;

uint32_t bitOf(mach::Format format) { return uint32_t(1) << unsigned(format); }

/// The formats that a multiplier for 16 bits is for.
uint32_t wideFormats() {
  uint32_t set = 0;
  for (size_t i = 0; mach::isFormat(i); ++i)
    if (mach::hasCodes(mach::Format(i)) && mach::elementBytes(mach::Format(i)) == 2)
      set |= bitOf(mach::Format(i));
  return set;
}

/// Adds `from` to `into`; whether that changed anything.
bool join(Formats &into, const Formats &from) {
  bool changed = false;
  for (size_t i = 0; i < into.size(); ++i) {
    uint32_t both = into[i] | from[i];
    changed |= both != into[i];
    into[i] = both;
  }
  return changed;
}

/// Formats of registers before each instruction, over all ways to get there.
class FormatFlow {
public:
  FormatFlow(const Image &image, const std::vector<mach::Instruction> &program)
      : image(image), program(program), before(program.size(), Formats{}),
        isReached(program.size(), false), loopsEndingAt(program.size()) {
    for (size_t pc = 0; pc < program.size(); ++pc)
      if (isLoop(program[pc]))
        loopsEndingAt[labelTarget(pc)].push_back(pc);
    for (const Entry &e : image.entries)
      reach(e.pc, Formats{});
    while (!work.empty()) {
      size_t pc = work.back();
      work.pop_back();
      step(pc);
    }
  }

  /// Formats that the descriptor register can have when the instruction starts.
  uint32_t at(size_t pc, size_t reg) const { return before[pc][reg]; }

private:
  const Image &image;
  const std::vector<mach::Instruction> &program;
  std::vector<Formats> before;
  std::vector<bool> isReached;
  std::vector<std::vector<size_t>> loopsEndingAt; // loop instructions by the target of their label
  std::vector<size_t> work;

  static bool isLoop(const mach::Instruction &instr) {
    return instr.is<mach::Loop>() || instr.is<mach::Loopr>();
  }

  size_t labelTarget(size_t pc) const {
    int64_t offset = 0;
    if (auto loop = program[pc].as<mach::Loop>())
      offset = loop->end;
    else if (auto loopr = program[pc].as<mach::Loopr>())
      offset = loopr->end;
    else if (auto branch = program[pc].as<mach::Bz>())
      offset = branch->target;
    return size_t(int64_t(pc) + 1 + offset);
  }

  void reach(size_t pc, const Formats &formats) {
    if (pc >= program.size())
      return;
    bool isNew = !isReached[pc];
    isReached[pc] = true;
    if (join(before[pc], formats) || isNew)
      work.push_back(pc);
  }

  /// Getting to `pc` may end a loop body, which may then start again.
  void reachThroughLoops(size_t pc, const Formats &formats) {
    reach(pc, formats);
    if (pc < program.size())
      for (size_t loop : loopsEndingAt[pc])
        reach(loop + 1, formats);
  }

  void step(size_t pc) {
    const mach::Instruction &instr = program[pc];
    if (instr.is<mach::Halt>())
      return;
    Formats after = before[pc];
    if (auto desc = instr.as<mach::Desc>())
      after[desc->dd] = bitOf(image.descriptors[desc->src].tile.format);
    if (isLoop(instr) || instr.is<mach::Bz>())
      reachThroughLoops(labelTarget(pc), after);
    reachThroughLoops(pc + 1, after);
  }
};

/// ", for node 'conv1'", if the image says so.
std::string nodeText(const Image &image, size_t pc) {
  if (pc >= image.debug.records.size() || image.debug.records[pc].node < 0)
    return "";
  return ", for node '" + image.debug.nodes[size_t(image.debug.records[pc].node)] + "'";
}

Error missing(const Image &image, const chip::Chip &chip, size_t pc, std::string_view feature,
              const std::string &why) {
  return Error{"chip '" + chip.name + "' lacks the feature " + std::string(feature) + ", which " +
               why + " at instruction " + std::to_string(pc) + " needs" + nodeText(image, pc)};
}

/// Whether the field is a factor of a MAC instruction.
bool isFactor(const mach::FieldInfo &field) {
  return field.role.isOperand() && (field.role.elements == mach::Elements::factor ||
                                    field.role.elements == mach::Elements::weight);
}

} // namespace

Status checkFeatures(const Image &image, const chip::Chip &chip) {
  if (Status s = checkFormats(image, chip); !s)
    return s;
  std::vector<mach::Instruction> program;
  for (size_t pc = 0; pc < image.text.size(); ++pc) {
    Result<mach::Instruction> instr = mach::decode(image.text[pc]);
    if (!instr)
      return Error{"instruction " + std::to_string(pc) + ": " + instr.message()};
    for (std::string_view feature : mach::requiresOf(*instr))
      if (!chip.has(feature))
        return missing(image, chip, pc, feature, std::string(mach::mnemonicOf(*instr)));
    const mach::InstructionInfo &info = mach::infoOf(*instr);
    std::vector<uint64_t> values = mach::valuesOf(*instr);
    for (size_t i = 0; i < info.layout.fields.size(); ++i) {
      const mach::FieldInfo &field = info.layout.fields[i];
      if (!field.feature.empty() && values[i] != 0 && !chip.has(field.feature))
        return missing(image, chip, pc, field.feature,
                       std::string(info.layout.name) + " with " + std::string(field.name));
    }
    program.push_back(instr.take());
  }
  if (chip.has("fp16-mac"))
    return Status::success();
  FormatFlow flow(image, program);
  for (size_t pc = 0; pc < program.size(); ++pc) {
    const mach::InstructionInfo &info = mach::infoOf(program[pc]);
    if (info.engine != mach::engine::mac)
      continue;
    std::vector<uint64_t> values = mach::valuesOf(program[pc]);
    for (size_t i = 0; i < info.layout.fields.size(); ++i) {
      const mach::FieldInfo &field = info.layout.fields[i];
      if (isFactor(field) && (flow.at(pc, values[i]) & wideFormats()))
        return missing(image, chip, pc, "fp16-mac",
                       std::string(info.layout.name) + " with the fp16 operand " +
                           std::string(field.name));
    }
  }
  return Status::success();
}

} // namespace slp::image
