//===- FidelityTable.cpp - closeness layer by layer, and what to widen ------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What `slp-verify --fidelity` prints. A layer is an ONNX node.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Verify/Fidelity.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Format.h"

#include <array>
#include <cmath>
#include <optional>

using namespace slp;
using namespace slp::verify;

/// Below it, a relative error is one of any narrow format.
static constexpr double notable = 0.05;
static constexpr const char *phases[] = {"fp", "bp", "wg"};

namespace {
/// The worst rows of a node by phase; null where it has none.
using Worst = std::array<const FidelityRow *, 3>;

struct Layers {
  llvm::MapVector<llvm::StringRef, Worst> worst; // in forward order
  std::vector<const FidelityRow *> noise;        // each tensor once
};
} // namespace

static int phaseIndex(llvm::StringRef phase) {
  return int(llvm::find(phases, phase) - std::begin(phases));
}

static bool isWorse(const FidelityRow &a, const FidelityRow &b) {
  const Closeness &x = a.closeness, &y = b.closeness;
  if (x.cosine() != y.cosine())
    return x.cosine() < y.cosine();
  return x.relativeError() > y.relativeError();
}

static Layers layersOf(const FidelityReport &report) {
  Layers layers;
  llvm::StringMap<const FidelityRow *> noise;
  for (const FidelityRow &row : report.rows) {
    size_t phase = phaseIndex(row.phase);
    if (row.isNoise) {
      const FidelityRow *&known = noise[row.tensor];
      if (!known)
        layers.noise.push_back(&row);
      known = &row;
      continue;
    }
    if (phase >= std::size(phases))
      continue;
    const FidelityRow *&known = layers.worst[row.node][phase];
    if (!known || isWorse(row, *known))
      known = &row;
  }
  return layers;
}

double verify::ownError(const FidelityReport &report, const FidelityRow &row) {
  double error = row.closeness.relativeError(), before = 0;
  for (const FidelityRow &other : report.rows)
    if (other.step == row.step && llvm::is_contained(row.reads, other.tensor))
      before = std::max(before, other.closeness.relativeError());
  if (!std::isfinite(error) || !std::isfinite(before))
    return error;
  return std::sqrt(std::max(0.0, error * error - before * before));
}

/// What a layer's line adds to its measures: what is lost at the ends of the format.
static std::string endsOf(const Worst &worst) {
  static constexpr const char *names[] = {"activations", "errors", "gradients"};
  std::string text;
  llvm::raw_string_ostream os(text);
  for (auto [name, row] : llvm::zip_equal(names, worst)) {
    if (!row)
      continue;
    double under = 100 * row->closeness.underflowShare(),
           over = 100 * row->closeness.overflowShare();
    if (under >= 1)
      os << llvm::format("; %.0f %% underflow in %s", under, name);
    if (over > 0)
      os << llvm::format("; %.2g %% overflow in %s", over, name);
  }
  return text;
}

static void printMeasures(const FidelityRow *row, llvm::raw_ostream &os) {
  if (!row)
    os << "                      ";
  else
    os << llvm::format("%9.6f  %9.4g  ", row->closeness.cosine(), row->closeness.relativeError());
}

static void printRow(const FidelityRow &row, llvm::raw_ostream &os) {
  const Closeness &c = row.closeness;
  os << llvm::format("%9.6f  %10.4g  %7.2f %%  %6.2f %%  %4d  %-5s  ", c.cosine(),
                     c.relativeError(), 100 * c.underflowShare(), 100 * c.overflowShare(), row.step,
                     row.phase.c_str())
     << row.tensor;
  if (row.tensor != row.node)
    os << " (" << row.node << ")";
  os << (row.isNoise ? ", noise\n" : "\n");
}

void verify::printFidelity(const FidelityReport &report, llvm::raw_ostream &os, bool verbose) {
  Layers layers = layersOf(report);
  os << "fidelity to fp32 by layer, in forward order, each in its worst tensor and step\n"
        "activations (FP)      errors (BP)           gradients (WG)\n"
        "   cosine rel. error     cosine rel. error     cosine rel. error  layer\n";
  size_t hidden = 0;
  for (const auto &[node, worst] : layers.worst) {
    bool isShown = verbose || llvm::any_of(worst, [&](const FidelityRow *row) {
                     return row && (!row->operands.empty() || ownError(report, *row) >= notable);
                   });
    if (!isShown) {
      ++hidden;
      continue;
    }
    for (const FidelityRow *row : worst)
      printMeasures(row, os);
    os << node << endsOf(worst) << "\n";
  }
  if (hidden != 0)
    os << "and " << hidden << " nodes that lose less than 5 % themselves (-v lists them)\n";
  for (const FidelityRow *row : layers.noise)
    os << "noise, not counted: " << row->tensor
       << ", the gradient of a bias before a normalization, is zero but for rounding\n";
  for (const std::string &name : report.unmatched)
    os << "not measured: " << name << " has no counterpart\n";
  if (!verbose)
    return;
  os << "every tensor of every step\n"
        "   cosine  rel. error  underflow  overflow  step  phase  tensor (node)\n";
  for (const FidelityRow &row : report.rows)
    printRow(row, os);
}

//===----------------------------------------------------------------------------------------===//
// Advice
//===----------------------------------------------------------------------------------------===//

/// The median, of an even number the upper one.
static double medianOf(std::vector<double> values) {
  auto middle = values.begin() + values.size() / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::vector<LayerAdvice> verify::adviseLayers(const FidelityReport &report) {
  constexpr double factor = 1.5;
  struct Candidate {
    llvm::StringRef node;
    const FidelityRow *row;
    double own;
  };
  Layers layers = layersOf(report);
  std::vector<Candidate> chosen;
  std::optional<Candidate> largest;
  for (size_t phase = 0; phase < std::size(phases); ++phase) {
    std::vector<Candidate> candidates;
    std::vector<double> errors;
    for (const auto &[node, worst] : layers.worst)
      if (const FidelityRow *row = worst[phase]; row && !row->operands.empty()) {
        double own = ownError(report, *row);
        errors.push_back(own);
        if (own >= notable && llvm::any_of(row->operands, [](auto &o) { return o.isNarrow; }))
          candidates.push_back({node, row, own});
      }
    for (const Candidate &candidate : candidates) {
      if (!largest || candidate.own > largest->own)
        largest = candidate;
      if (candidate.own >= factor * medianOf(errors))
        chosen.push_back(candidate);
    }
  }
  if (chosen.empty() && largest)
    chosen.push_back(*largest);

  std::vector<LayerAdvice> advice;
  for (const auto &[node, worst] : layers.worst) {
    LayerAdvice layer;
    layer.node = node.str();
    for (const Candidate &candidate : chosen) {
      if (candidate.node != node)
        continue;
      if (candidate.own > layer.error) {
        layer.error = candidate.own;
        layer.phase = candidate.row->phase;
      }
      for (const FidelityOperand &operand : candidate.row->operands)
        if (operand.isNarrow && !llvm::is_contained(layer.kinds, operand.kind))
          layer.kinds.push_back(operand.kind);
    }
    llvm::sort(layer.kinds);
    if (!layer.kinds.empty())
      advice.push_back(std::move(layer));
  }
  return advice;
}

void verify::printAdvice(llvm::ArrayRef<LayerAdvice> advice, llvm::StringRef policy,
                         llvm::StringRef wider, llvm::raw_ostream &os) {
  if (advice.empty()) {
    os << "suggested policy: none, no layer that can be wider loses 5 % itself\n";
    return;
  }
  bool isFile = policy.contains('.') || policy.contains('/');
  if (isFile)
    os << "suggested policy, at the head of " << policy << "'s layers:\nlayers:\n";
  else
    os << "suggested policy, a file for --precision:\nbase: " << policy << "\nlayers:\n";
  for (const LayerAdvice &layer : advice) {
    os << "  - {name: \"" << layer.node << "\"";
    for (const std::string &kind : layer.kinds)
      os << ", " << kind << ": " << wider;
    os << "} # ";
    if (std::isfinite(layer.error))
      os << llvm::format("%.1f %% of its own in ", 100 * layer.error);
    os << layer.phase << "\n";
  }
}
