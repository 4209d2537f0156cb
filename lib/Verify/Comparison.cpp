//===- Comparison.cpp - expected and captured values of one run -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// An element may be captured more than once: an accumulator each time it is continued, and any
// result that several tiles compute. For accumulating instructions the last value counts; for all
// others every value must be right.
//
//===----------------------------------------------------------------------------------------===//

#include "Comparison.h"

#include "dialects/Train/KeepOpKind.h"
#include "dialects/Train/TrainKept.h"
#include "dialects/Train/TrainValues.h"

#include "runtime/isa/Assembly.h"

#include "mlir/IR/Location.h"
#include "llvm/ADT/Twine.h"

#include <cmath>

using namespace mlir;
using namespace slp;
using namespace slp::verify;

bool verify::sameBits(float a, float b) {
  return (std::isnan(a) && std::isnan(b)) ||
         llvm::bit_cast<uint32_t>(a) == llvm::bit_cast<uint32_t>(b);
}

std::vector<int64_t> verify::unflatten(int64_t linear, llvm::ArrayRef<int64_t> shape) {
  std::vector<int64_t> index(shape.size());
  for (size_t d = shape.size(); d-- > 0;) {
    index[d] = linear % shape[d];
    linear /= shape[d];
  }
  return index;
}

std::string verify::nodeOf(Operation *op) {
  std::string name;
  op->getLoc()->walk([&](Location loc) {
    auto named = dyn_cast<NameLoc>(loc);
    if (!named)
      return WalkResult::advance();
    name = named.getName().str();
    return WalkResult::interrupt();
  });
  return name;
}

/// Instructions that can go on from what their destination holds have a field `mode`; others set it
/// to what a sum begins with.
static bool canContinue(const mach::Instruction &instruction) {
  std::string_view name = mach::infoOf(instruction).layout.name;
  if (name == "zero" || name == "v.fill")
    return true;
  for (const mach::FieldInfo &field : mach::infoOf(instruction).layout.fields)
    if (field.name == "mode")
      return true;
  return false;
}

Comparison::Comparison(const image::Image &image, std::string where)
    : image(image), where(std::move(where)) {
  for (mach::Word word : image.text) {
    Result<mach::Instruction> instruction = mach::decode(word);
    accumulates.push_back(instruction && canContinue(*instruction));
  }
}

/// Which elements lie nowhere: those of dropped images, in results that have images.
static std::vector<bool> absentIn(OpResult result, llvm::ArrayRef<float> mask) {
  auto type = cast<RankedTensorType>(result.getType());
  bool hasImages = type.getRank() != 0 && type.getDimSize(0) == int64_t(mask.size());
  if (!result.getOwner()->hasAttr(train::getKeptOnlyAttrName()) || !hasImages)
    return {};
  int64_t elements = type.getNumElements() / int64_t(mask.size());
  std::vector<bool> absent;
  for (float isKept : mask)
    absent.insert(absent.end(), size_t(elements), isKept == 0);
  return absent;
}

void Comparison::expect(llvm::StringRef name, const reference::Tensor &values, OpResult result) {
  Operation *op = result.getOwner();
  // A read produces nothing; states are compared by reading them back.
  if (train::isRead(op))
    return;
  if (name.empty()) {
    unnamed.push_back(("result #" + llvm::Twine(result.getResultNumber()) + " of " +
                       op->getName().getStringRef() + " (" + nodeOf(op) + ") has no name")
                          .str());
    return;
  }
  if (isOneOf<train::KeepOp>(op) && result.getResultNumber() == 0)
    mask = values.values;
  byName[name.str()] = entries.size();
  size_t n = values.values.size();
  entries.push_back({name.str(), op, values, std::vector<float>(n), std::vector<uint32_t>(n),
                     std::vector<Seen>(n, Seen::no), absentIn(result, mask)});
}

LogicalResult Comparison::forEachExpected(
    llvm::function_ref<LogicalResult(llvm::StringRef, const reference::Tensor &, Operation *,
                                     const std::vector<bool> &)>
        visit) const {
  for (const Entry &entry : entries)
    if (failed(visit(entry.name, entry.expected, entry.op, entry.isAbsent)))
      return failure();
  return success();
}

bool Comparison::differs(const Entry &entry, size_t i) const {
  return entry.seen[i] != Seen::no && !sameBits(entry.actual[i], entry.expected.values[i]);
}

void Comparison::captured(const image::Capture &what, uint64_t pc,
                          const std::vector<int64_t> &linear, const std::vector<float> &values) {
  auto it = byName.find(what.tensor);
  if (it == byName.end()) {
    strange[what.tensor] = "is captured, but is no tensor of the train module";
    return;
  }
  Entry &entry = entries[it->second];
  for (auto [at, value] : llvm::zip(linear, values)) {
    if (at < 0 || at >= static_cast<int64_t>(entry.actual.size())) {
      strange[what.tensor] = "is captured at index " + std::to_string(at) + " of " +
                             std::to_string(entry.actual.size());
      return;
    }
    if (!entry.isAbsent.empty() && entry.isAbsent[at]) {
      strange[what.tensor] = "is captured at index " + std::to_string(at) +
                             ", which belongs to an image that is dropped";
      return;
    }
    if (entry.seen[at] == Seen::wrong)
      continue;
    entry.actual[at] = value;
    entry.pc[at] = pc;
    bool wrong = !accumulates[pc] && !sameBits(value, entry.expected.values[at]);
    entry.seen[at] = wrong ? Seen::wrong : Seen::yes;
  }
}

std::string Comparison::instructionText(uint64_t pc) const {
  Result<mach::Instruction> instruction = mach::decode(image.text[pc]);
  if (!instruction)
    return std::to_string(pc);
  mach::OperandNames names;
  for (const image::NamedDescriptor &d : image.descriptors)
    if (!names.addDescriptor(d.name))
      break; // an image that reuses a name prints numbers from there on
  return std::to_string(pc) + " " + mach::print(*instruction, names, static_cast<int64_t>(pc));
}

Difference Comparison::describe(const Entry &entry, size_t first, int64_t count) const {
  auto phase = entry.op->getAttrOfType<train::PhaseAttr>("phase");
  Difference d;
  d.where = where;
  d.node = nodeOf(entry.op);
  d.op = entry.op->getName().getStringRef().str();
  d.phase = train::stringifyPhase(phase ? phase.getValue() : train::Phase::fp).str();
  d.tensor = entry.name;
  d.index = unflatten(first, entry.expected.shape);
  d.linear = first;
  d.reference = entry.expected.values[first];
  d.simulator = entry.actual[first];
  d.count = count;
  d.elements = entry.actual.size();
  d.instruction = instructionText(entry.pc[first]);
  return d;
}

void Comparison::finish(Report &report, bool countTensors) const {
  auto uncovered = [&](const std::string &line) {
    // The same gap shows in every step; one line is enough.
    if (!llvm::is_contained(report.uncovered, line))
      report.uncovered.push_back(line);
  };
  for (const std::string &line : unnamed)
    uncovered(line);
  for (const auto &[tensor, why] : strange)
    uncovered("\"" + tensor + "\" " + why);

  for (const Entry &entry : entries) {
    int64_t absent = llvm::count(entry.isAbsent, true);
    int64_t elements = entry.actual.size(), seen = 0, wrong = 0, first = -1;
    for (int64_t i = 0; i < elements; ++i) {
      seen += entry.seen[i] != Seen::no;
      if (!differs(entry, i))
        continue;
      first = first < 0 ? i : first;
      ++wrong;
    }
    report.elements += seen;
    report.absent += absent;
    if (wrong && !report.difference)
      report.difference = describe(entry, first, wrong);
    if (seen + absent == elements) {
      report.tensors += countTensors;
      continue;
    }
    auto elided = llvm::find_if(image.debug.elided,
                                [&](const image::Elided &e) { return e.tensor == entry.name; });
    if (elided == image.debug.elided.end())
      uncovered("\"" + entry.name + "\" (" + entry.op->getName().getStringRef().str() +
                "): " + std::to_string(elements - absent - seen) + " of " +
                std::to_string(elements) + " elements were not captured");
    else if (countTensors)
      report.elided.push_back(*elided);
  }
}
