//===- Divergence.cpp - says when a training leaves its numbers -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/api/Divergence.h"

#include "runtime/image/DramMap.h"
#include "runtime/isa/EngineMac.h.inc"
#include "runtime/isa/Instructions.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace slp::api {

/// One step may have no gradient by chance: a batch whose errors all underflow, say.
static constexpr int64_t vanishedStepsThatCount = 3;

enum Phase : int8_t { fp = 0, bp = 1, wg = 2, up = 3 }; // as debug records number them

static std::string quoted(const std::string &name) { return "'" + name + "'"; }

static std::string spell(double loss) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", loss);
  return text;
}

/// "12 of 144 elements of 'x'".
static std::string share(uint64_t count, uint64_t elements, const std::string &name) {
  return std::to_string(count) + " of " + std::to_string(elements) + " elements of " + quoted(name);
}

/// Whether an instruction belongs to the entry point `accumulate`.
static bool isOfAccumulate(const image::Image &image, uint64_t pc) {
  const image::Entry *entry = image.findEntry("accumulate");
  if (!entry || pc < entry->pc)
    return false;
  return std::none_of(image.entries.begin(), image.entries.end(), [&](const image::Entry &other) {
    return other.pc > entry->pc && other.pc <= pc;
  });
}

DivergenceWatch::DivergenceWatch(const Session &session) : session(session) {
  isScaled = !session.image().lossScaleState.empty();
  for (const image::Capture &capture : session.image().debug.captures) {
    Watched watched;
    watched.name = capture.tensor;
    watched.masking = capture.masking;
    watched.isAccumulator = capture.accumulator;
    // A narrow accumulator is rounded once for each dot group.
    watched.roundings = capture.accumulator ? 0 : 1;
    for (int64_t extent : capture.shape)
      watched.roundings *= uint64_t(extent);
    captures.push_back(watched);
  }
  watchRecords(/*onlyMacs=*/true);
  if (std::none_of(captures.begin(), captures.end(),
                   [](const Watched &w) { return w.isWeightGrad; }))
    watchRecords(/*onlyMacs=*/false);
}

void DivergenceWatch::watchRecords(bool onlyMacs) {
  const image::Image &image = session.image();
  std::vector<bool> isShared = image::sharingTensors(image);
  // Of one that shares its bytes nothing is left when the step has ended.
  auto isKept = [&](const std::string &name) {
    const image::Tensor *tensor = image.findTensor(name);
    return tensor && !isShared[size_t(tensor - image.tensors.data())];
  };
  auto isMac = [&](size_t pc) {
    Result<mach::Instruction> instr = mach::decode(image.text[pc]);
    return instr && mach::engineOf(*instr) == mach::engine::mac;
  };
  std::set<int32_t> made, stored; // nodes whose gradients are
  for (size_t pc = 0; pc < image.debug.records.size(); ++pc) {
    const image::DebugRecord &record = image.debug.records[pc];
    if (record.phase == wg && isMac(pc))
      made.insert(record.node);
    for (int32_t capture : record.capture) {
      if (capture < 0)
        continue;
      Watched &watched = captures[size_t(capture)];
      watched.phase = record.phase;
      if (record.phase == wg && image.findTensor(watched.name))
        stored.insert(record.node);
      if (record.node >= 0) {
        watched.node = image.debug.nodes[size_t(record.node)];
        watched.isGather = image.debug.ops[size_t(record.node)] == "train.gather";
      }
      watched.runs = isOfAccumulate(image, pc) ? uint64_t(session.microBatches() - 1) : 1;
      if (record.phase == wg && !watched.isWeightGrad && (!onlyMacs || isMac(pc)) &&
          isKept(watched.name))
        watched.isWeightGrad = true;
    }
  }
  areGradientsStored = std::includes(stored.begin(), stored.end(), made.begin(), made.end());
}

void DivergenceWatch::beginStep() {
  std::vector<exec::TensorEvents> events = session.machine().events();
  for (size_t i = 0; i < captures.size(); ++i)
    captures[i].before = events[i].events;
}

std::optional<views::Divergence> DivergenceWatch::checkLoss(double loss) const {
  const std::string &name = session.lossOutput()->name;
  auto isLoss = [&](const Watched &w) { return w.name == name && w.beyond() > 0; };
  bool isSaturated = std::any_of(captures.begin(), captures.end(), isLoss);
  if (std::isfinite(loss) && !isSaturated)
    return std::nullopt;
  auto first = std::find_if(captures.begin(), captures.end(),
                            [](const Watched &w) { return w.beyond() > 0; });
  views::Divergence found;
  found.tensor = first == captures.end() ? name : first->name;
  found.what =
      std::isfinite(loss) ? "the loss saturates at " + spell(loss) : "the loss is " + spell(loss);
  if (first != captures.end())
    found.what += "; the first tensor that its format cannot hold is " + quoted(found.tensor);
  return found;
}

std::optional<views::Divergence> DivergenceWatch::checkTensors(double loss) const {
  for (const Watched &w : captures) {
    uint64_t roundings = w.roundings * w.runs;
    if (roundings == 0 || 2 * w.beyond() < roundings)
      continue;
    // Masks and the like saturate on purpose, from the first step on.
    if (w.phase == fp && (w.beganBeyond || !(loss > firstLoss)))
      continue;
    return views::Divergence{0, w.name, share(w.beyond(), roundings, w.name) + " saturate"};
  }
  return std::nullopt;
}

Result<bool> DivergenceWatch::areStatesAsBefore() {
  uint64_t hash = 0xcbf29ce484222325; // FNV-1a
  for (const image::Tensor &tensor : session.image().tensors) {
    if (tensor.role != image::Role::state)
      continue;
    Result<std::vector<float>> values = session.machine().read(tensor.name);
    if (!values)
      return values.takeError();
    for (float value : *values)
      hash = (hash ^ num::bitsOf(value)) * 0x100000001b3;
  }
  bool isSame = hash == stateHash;
  stateHash = hash;
  return isSame;
}

Result<std::optional<views::Divergence>> DivergenceWatch::checkGradients(double loss) {
  bool isAnyBeyond = false;
  const Watched *first = nullptr;
  for (const Watched &w : captures) {
    if (!w.isWeightGrad)
      continue;
    Result<exec::Extreme> extreme = session.machine().extremeOf(w.name);
    if (!extreme)
      return extreme.takeError();
    if (*extreme == exec::Extreme::none) {
      vanishedSteps = 0;
      return std::optional<views::Divergence>();
    }
    bool isBeyond = *extreme == exec::Extreme::limits;
    if (!first || (isBeyond && !isAnyBeyond))
      first = &w;
    isAnyBeyond |= isBeyond;
  }
  if (!first)
    return std::optional<views::Divergence>();
  if (isAnyBeyond && areGradientsStored)
    return std::optional(views::Divergence{0, first->name,
                                           "the gradients of all weights saturate, " +
                                               quoted(first->name) + " first"});
  // An update behind its gradient leaves nothing of that; while it is not zero, states move.
  if (!areGradientsStored) {
    Result<bool> isSame = areStatesAsBefore();
    if (!isSame)
      return isSame.takeError();
    if (isAnyBeyond || (vanishedSteps > 0 && !*isSame)) {
      vanishedSteps = 0;
      return std::optional<views::Divergence>();
    }
  }
  // A loss of 0 has no gradient: all is learnt, or no label counts.
  vanishedSteps = loss == 0 ? 0 : vanishedSteps + 1;
  if (vanishedSteps == 1) {
    vanished.step = session.stepsDone();
    vanished.tensor = first->name;
    auto under = std::find_if(captures.begin(), captures.end(), [](const Watched &w) {
      return (w.phase == bp || w.phase == wg) && w.during.underflow > 0;
    });
    vanished.what = "the gradients of all weights are zero, and in the next " +
                    std::to_string(vanishedStepsThatCount - 1) + " steps, though the loss is " +
                    spell(loss) + "; ";
    if (under == captures.end()) {
      vanished.what += "the first is " + quoted(vanished.tensor);
    } else {
      vanished.tensor = under->name;
      vanished.what += "the first tensor that underflows is " + quoted(vanished.tensor);
    }
  }
  if (vanishedSteps < vanishedStepsThatCount)
    return std::optional<views::Divergence>();
  return std::optional(vanished);
}

void DivergenceWatch::countEvents() {
  std::vector<exec::TensorEvents> events = session.machine().events();
  for (size_t i = 0; i < captures.size(); ++i) {
    const num::Events &now = events[i].events, &before = captures[i].before;
    captures[i].during = {now.saturation - before.saturation, now.underflow - before.underflow,
                          now.invalid - before.invalid, now.outside - before.outside};
  }
}

uint64_t DivergenceWatch::misfitsOf(const Watched &w) const {
  uint64_t count = w.beyond();
  if (w.isGather) // what an index had no place for is counted as invalid, too
    count -= std::min(count, w.during.outside);
  if (count == 0 || w.masking == image::Masking::none)
    return count;
  // Counts have no sign. What is fused with its reader is no mask's sum, and lies in memory.
  if (w.masking == image::Masking::mask || !session.image().findTensor(w.name))
    return 0;
  Result<uint64_t> upwards = session.machine().countLargest(w.name);
  return upwards ? std::min(*upwards, count) : 0;
}

std::string DivergenceWatch::describeBeyond(uint64_t runs, bool leavesGradients) const {
  constexpr size_t shown = 3;
  std::string text;
  size_t found = 0;
  bool isForward = false, isBackward = false;
  for (const Watched &w : captures) {
    bool isGradient = w.phase == bp || w.phase == wg;
    uint64_t misfits = isGradient && leavesGradients ? 0 : misfitsOf(w);
    if (misfits == 0)
      continue;
    (isGradient ? isBackward : isForward) = true;
    if (++found > shown)
      continue;
    text += found > 1 ? ", " : "";
    // Each partial sum of a narrow accumulator is rounded.
    text += w.isAccumulator ? std::to_string(misfits) + " sums of " + quoted(w.name)
                            : share(misfits, w.roundings * w.runs * runs, w.name);
  }
  if (found == 0)
    return "";
  if (found > shown)
    text += " and some of " + std::to_string(found - shown) + " more";
  text += " do not fit into their formats and take the largest numbers of them: ";
  text += isForward ? "scale the data, or give wider formats (slpc --precision)" : "";
  text += isForward && isBackward ? "; " : "";
  text += isBackward ? "of gradients, a smaller slpc --loss-scale" : "";
  return text;
}

std::string DivergenceWatch::describeBeyond() const { return describeBeyond(1, isScaled); }

std::string DivergenceWatch::describeBeyondOfEval(uint64_t runs) {
  countEvents();
  return describeBeyond(runs, /*leavesGradients=*/false);
}

std::string DivergenceWatch::describeOutside() {
  if (isOutsideSaid)
    return "";
  std::vector<exec::TensorEvents> events = session.machine().events();
  std::string text;
  size_t others = 0;
  for (size_t i = 0; i < captures.size(); ++i) {
    uint64_t count = events[i].events.outside;
    if (count == 0)
      continue;
    const Watched &w = captures[i];
    others += text.empty() ? 0 : 1;
    if (text.empty())
      text =
          std::to_string(count) +
          (w.isGather ? " elements of " + quoted(w.name) + " are 0"
                      : " elements that belong into sums of " + quoted(w.name) + " are left out") +
          ", as indices of node " + quoted(w.node) + " name no place of its table";
  }
  if (text.empty())
    return text;
  isOutsideSaid = true;
  if (others)
    text += "; so it is in " + std::to_string(others) + " more";
  return text;
}

Result<std::optional<views::Divergence>> DivergenceWatch::endStep(double loss) {
  std::optional<views::Divergence> found;
  if (isFound)
    return found;
  countEvents();
  for (Watched &watched : captures)
    if (isFirst)
      watched.beganBeyond = watched.beyond() > 0;
  if (isFirst)
    firstLoss = loss;
  isFirst = false;
  Result<std::vector<float>> scaling = session.lossScale();
  if (!scaling)
    return scaling.takeError();
  // Dynamic loss scaling finds its scale by saturating, and holds such updates.
  bool isHeld = !scaling->empty() && (*scaling)[3] != 0;
  found = checkLoss(loss);
  if (!found && !isHeld)
    found = checkTensors(loss);
  if (!found && !isHeld) {
    Result<std::optional<views::Divergence>> gradients = checkGradients(loss);
    if (!gradients)
      return gradients.takeError();
    found = *gradients;
  }
  if (found && found->step == 0)
    found->step = session.stepsDone();
  isFound = found.has_value();
  return found;
}

} // namespace slp::api
