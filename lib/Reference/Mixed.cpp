//===- Mixed.cpp - element-wise mixing of FP8 and FP16 by definition --------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md §5 (classify) and §9 (threshold, share_target).
//
//===----------------------------------------------------------------------------------------===//

#include "Kernel.h"

#include "dialects/Train/ClassifyOp.h"
#include "dialects/Train/ShareTargetOp.h"
#include "dialects/Train/ThresholdOp.h"

#include <cmath>

using namespace mlir;
using namespace slp;
using namespace slp::reference;

static constexpr int bins = 128, binsPerBinade = 4, firstExponent = -15;

/// The least magnitude of bin `b`; of b = 128, where the last one ends.
static float edgeOf(int b) {
  float fraction = static_cast<float>(b % binsPerBinade) / binsPerBinade;
  return std::ldexp(1 + fraction, b / binsPerBinade + firstExponent);
}

/// The bin of a magnitude that is not zero; the first and the last have no limit.
static int binOf(float magnitude) {
  int b = bins - 1;
  while (b > 0 && magnitude < edgeOf(b))
    --b;
  return b;
}

static LogicalResult evaluateClassify(Call &call) {
  auto op = cast<train::ClassifyOp>(call.op);
  auto mixed = cast<num_ir::MixedType>(op.getY().getType().getElementType());
  Store narrow = call.storeAs(0, mixed.getLo()), wide = call.storeAs(0, mixed.getHi());
  const Tensor &x = *call.operands[0];
  float threshold = call.operands[1]->values[0], low = op.getLow().convertToFloat();
  for (size_t i = 0; i < x.values.size(); ++i) {
    float magnitude = std::fabs(x[i]);
    bool isWide = magnitude >= threshold || magnitude < low;
    call.results[0][i] = (isWide ? wide : narrow)(x[i], i);
    if (magnitude > 0)
      call.results[1][binOf(magnitude)] += 1;
  }
  return success();
}

static LogicalResult evaluateThreshold(Call &call) {
  auto op = cast<train::ThresholdOp>(call.op);
  llvm::SmallVector<int64_t> counts;
  int64_t all = 0, below = 0;
  for (int b = 0; b < bins; ++b) {
    counts.push_back(static_cast<int64_t>(call.operands[1]->values[b]));
    all += counts.back();
    if (edgeOf(b + 1) <= op.getLow().convertToFloat())
      below += counts.back();
  }
  float &threshold = call.results[0][0];
  threshold = call.operands[0]->values[0];
  if (all == 0)
    return success();
  float wanted = static_cast<float>(all) * call.operands[2]->values[0];
  float room = wanted - static_cast<float>(below);
  if (!(room > 0))
    room = 0;
  int64_t above = 0;
  for (int b = bins - 1; b >= 0; --b) {
    if (static_cast<float>(above + counts[b]) <= room) {
      above += counts[b];
      continue;
    }
    float part = (room - static_cast<float>(above)) / static_cast<float>(counts[b]);
    float upper = edgeOf(b + 1), width = upper - edgeOf(b);
    threshold = std::fma(-part, width, upper);
    return success();
  }
  threshold = 0;
  return success();
}

static LogicalResult evaluateShareTarget(Call &call) {
  auto op = cast<train::ShareTargetOp>(call.op);
  llvm::ArrayRef<float> old = call.operands[0]->values;
  float target = old[0], sum = old[1] + call.operands[1]->values[0], best = old[2];
  float runs = old[3] + 1, period = static_cast<float>(op.getPeriod());
  if (runs >= period) {
    float mean = sum / period;
    bool isLower = mean < best * (1 - op.getImprovement().convertToFloat());
    if (best == 0 || isLower) {
      best = mean;
    } else {
      float grown = target * op.getGrowth().convertToFloat();
      float largest = op.getLargest().convertToFloat();
      target = grown < largest ? grown : largest;
    }
    sum = 0;
    runs = 0;
  }
  call.results[0].values = {target, positiveZero(sum), positiveZero(best), runs};
  return success();
}

void reference::addMixedKernels(KernelTable &table) {
  table["train.classify"] = evaluateClassify;
  table["train.threshold"] = evaluateThreshold;
  table["train.share_target"] = evaluateShareTarget;
}
