//===- TextPrinter.cpp - an image becomes assembly text ---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Everything that the file holds, so that slp-as can make the same bytes of it; comments for
// people.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/image/Text.h"

#include "runtime/image/DramMap.h"
#include "runtime/image/Layout.h"
#include "runtime/isa/Assembly.h"
#include "runtime/isa/LayoutRowMajor.h.inc"
#include "runtime/isa/SpaceDram.h.inc"
#include "runtime/isa/StructDesc.h.inc"

#include <algorithm>
#include <charconv>

namespace slp::image {

namespace {

constexpr size_t bytesPerLine = 64;
constexpr const char *roleNames[] = {"input", "output", "state", "temp", "constant", "copy"};
constexpr const char *phaseNames[] = {"fp", "bp", "wg", "up"};

std::string listText(const std::vector<int64_t> &values) {
  std::string text = "[";
  for (size_t i = 0; i < values.size(); ++i)
    text += (i ? ", " : "") + std::to_string(values[i]);
  return text + "]";
}

std::string hexText(uint64_t value) {
  char digits[16];
  auto end = std::to_chars(digits, digits + sizeof digits, value, 16);
  return "0x" + std::string(digits, end.ptr);
}

/// The shortest decimal that reads back as the same number.
std::string numberText(double value) {
  char digits[64];
  auto end = std::to_chars(digits, digits + sizeof digits, value);
  return std::string(digits, end.ptr);
}

void printBytes(std::string &out, const std::vector<uint8_t> &bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i % bytesPerLine == 0)
      out += i ? "\n.bytes " : ".bytes ";
    out += digits[bytes[i] >> 4];
    out += digits[bytes[i] & 15];
  }
  out += bytes.empty() ? "" : "\n";
}

/// One directive a line of the description.
void printDescription(std::string &out, const std::string &description) {
  for (size_t begin = 0; begin < description.size();) {
    size_t end = std::min(description.find('\n', begin), description.size());
    out += ".chip_line " +
           mach::quoteName(std::string_view(description).substr(begin, end - begin)) + "\n";
    begin = end + 1;
  }
}

void printHeader(std::string &out, const Image &image) {
  out += ".image " + std::to_string(formatVersion) + "\n";
  out += ".chip " + mach::quoteName(image.chipName) + " " + hexText(image.chipHash) + " " +
         hexText(image.ratesHash) + "\n";
  printDescription(out, image.chipDescription);
  out += ".model " + mach::quoteName(image.modelName);
  if (image.modelHash)
    out += " " + hexText(image.modelHash);
  out += "\n";
  out += ".batch " + std::to_string(image.batch) + "\n";
  out += ".loss_scale " + numberText(image.lossScale) + "\n";
  if (!image.lossScaleState.empty())
    out += ".loss_scale_state " + mach::quoteName(image.lossScaleState) + "\n";
  if (!image.optimizer.empty())
    out += ".optimizer " + mach::quoteName(image.optimizer) + "\n";
  if (image.microBatches != 1)
    out += ".micro_batches " + std::to_string(image.microBatches) + "\n";
  for (const RuntimeNumber &number : image.numbers)
    out += ".number " + mach::quoteName(number.name) + " " + numberText(number.value) + "\n";
}

void printTensor(std::string &out, const Tensor &t) {
  out +=
      ".tensor @" + mach::quoteName(t.name) + " role=" + roleNames[size_t(t.role)] +
      (t.role == Role::copy ? ", of=@" + mach::quoteName(t.copyOf) +
                                  ", rounding=" + std::string(mach::toString(t.rounding))
                            : "") +
      ", format=" + std::string(mach::toString(t.format)) + ", bias=" + std::to_string(t.bias) +
      (t.layout == mach::layout::row_major ? ""
                                           : ", layout=" + std::string(mach::toString(t.layout))) +
      ", shape=" + listText(t.shape) + ", strides=" + listText(t.strides) +
      ", address=" + std::to_string(t.address) + ", bytes=" + std::to_string(t.bytes) + "\n";
  printBytes(out, t.init);
}

void printContract(std::string &out, const Contract &contract) {
  auto printName = [&](const char *directive, const std::string &name) {
    if (!name.empty())
      out += std::string(directive) + " @" + mach::quoteName(name) + "\n";
  };
  printName(".loss", contract.loss);
  printName(".eval_loss", contract.evalLoss);
  if (!contract.logits.empty())
    out += ".logits @" + mach::quoteName(contract.logits) +
           " shape=" + listText(contract.logitsShape) + ", class_axis=" +
           (contract.classAxis < 0 ? "none" : std::to_string(contract.classAxis)) + "\n";
  printName(".labels", contract.labels);
  printName(".targets", contract.targets);
  for (const LabelInput &input : contract.labelInputs)
    out += ".label_input @" + mach::quoteName(input.tensor) +
           " classes=" + std::to_string(input.classes) +
           (input.ignore ? ", ignore=" + std::to_string(*input.ignore) : "") + "\n";
  for (const IndexInput &input : contract.indexInputs)
    out +=
        ".index_input @" + mach::quoteName(input.tensor) + " sizes=" + listText(input.sizes) + "\n";
}

void printDebug(std::string &out, const Debug &debug) {
  for (size_t i = 0; i < debug.nodes.size(); ++i)
    out += ".node @" + mach::quoteName(debug.nodes[i]) + " " + mach::quoteName(debug.ops[i]) +
           " ; " + std::to_string(i) + "\n";
  for (size_t i = 0; i < debug.captures.size(); ++i) {
    const Capture &c = debug.captures[i];
    out += ".capture @" + mach::quoteName(c.tensor) +
           " format=" + std::string(mach::toString(c.format)) +
           ", accumulator=" + (c.accumulator ? "1" : "0") + ", shape=" + listText(c.shape) +
           (c.masking == Masking::mask     ? ", masking=mask"
            : c.masking == Masking::scores ? ", masking=scores"
                                           : "") +
           " ; " + std::to_string(i) + "\n";
  }
  for (const Elided &e : debug.elided)
    out += ".elided @" + mach::quoteName(e.tensor) + " " + mach::quoteName(e.reason) + "\n";
}

/// Debug directives ahead of an instruction: `.loc` where it changes, `.captured` where there is
/// one.
std::string debugBefore(const Debug &debug, uint64_t pc) {
  if (debug.records.empty())
    return "";
  const DebugRecord &r = debug.records[pc];
  const DebugRecord *previous = pc == 0 ? nullptr : &debug.records[pc - 1];
  std::string out;
  if (!previous || previous->node != r.node || previous->phase != r.phase) {
    out += ".loc " + (r.node < 0 ? "none" : std::to_string(r.node)) + " " +
           (r.phase < 0 ? "none" : phaseNames[r.phase]);
    if (r.node >= 0)
      out += " ; node " + debug.nodes[size_t(r.node)] + ", " + debug.ops[size_t(r.node)];
    out += "\n";
  }
  size_t count = std::size(r.capture); // the last one is rare: left out if there is none
  if (r.capture[count - 1] < 0)
    --count;
  if (std::any_of(r.capture, r.capture + count, [](int32_t index) { return index >= 0; })) {
    std::string comment;
    out += ".captured";
    for (size_t i = 0; i < count; ++i) {
      int32_t index = r.capture[i];
      out += index < 0 ? " none" : " " + std::to_string(index);
      if (index >= 0)
        comment += (comment.empty() ? " ; tensor " : ", ") + debug.captures[size_t(index)].tensor;
    }
    out += comment + "\n";
  }
  return out;
}

/// For an instruction that loads a descriptor of DRAM: the tensor it lies in.
std::string tensorOf(const Image &image, const mach::Instruction &instr) {
  std::optional<mach::Desc> desc = instr.as<mach::Desc>();
  if (!desc)
    return "";
  const mach::TensorTile &tile = image.descriptors[desc->src].tile;
  std::string place =
      std::string(mach::toString(tile.format)) + " in " + std::string(mach::toString(tile.space));
  if (tile.space != mach::space::dram)
    return place;
  const char *before = ", tensor ";
  for (const Tensor *tensor : tensorsAt(image, tile.base)) {
    place += before + tensor->name;
    before = " or ";
  }
  return place;
}

} // namespace

std::string printText(const Image &image) {
  std::string out;
  printHeader(out, image);
  for (const Tensor &t : image.tensors)
    printTensor(out, t);
  printContract(out, image.contract);
  printDebug(out, image.debug);
  mach::Program program;
  for (mach::Word word : image.text)
    if (Result<mach::Instruction> instr = mach::decode(word); instr)
      program.text.push_back(instr.take());
  for (const NamedDescriptor &d : image.descriptors)
    program.descriptors.push_back({d.name, d.tile});
  for (const Entry &e : sortedEntries(image))
    program.entries.push_back({e.name, e.pc});
  mach::ProgramComments comments;
  comments.before = [&](uint64_t pc) { return debugBefore(image.debug, pc); };
  comments.behind = [&](uint64_t pc) { return tensorOf(image, program.text[pc]); };
  return out + mach::printProgram(program, comments);
}

} // namespace slp::image
