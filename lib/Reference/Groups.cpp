//===- Groups.cpp - weight groups by definition -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md §13.
//
//===----------------------------------------------------------------------------------------===//

#include "Kernel.h"

#include "dialects/Train/TrainGroups.h"
#include "dialects/Train/TrainMasks.h"

#include <cmath>

using namespace mlir;
using namespace slp;
using namespace slp::reference;

namespace {
struct GroupSums {
  float mean, norm;
};
} // namespace

/// tree8 of magnitudes, and of squares, of the input channels of one output channel.
static GroupSums sumRow(const Tensor &w, int64_t co, int64_t ci, int64_t kh, int64_t kw) {
  float a[8] = {}, b[8] = {};
  for (int64_t j = 0; j < std::min<int64_t>(8, w.dim(1) - ci); ++j) {
    float x = w[w.at(co, ci + j, kh, kw)];
    a[j] = std::fabs(x);
    b[j] = x * x;
  }
  auto tree8 = [](const float *v) {
    float q0 = (v[0] + v[4]) + (v[2] + v[6]), q1 = (v[1] + v[5]) + (v[3] + v[7]);
    return q0 + q1;
  };
  return {tree8(a), tree8(b)};
}

/// Mean and norm of group (b, a, kh, kw).
static GroupSums sumsOf(const Tensor &w, int64_t b, int64_t a, int64_t kh, int64_t kw) {
  constexpr int64_t channels = train::maskChannels;
  GroupSums sums = {0, 0};
  int64_t rows = std::min(channels, w.dim(0) - channels * b);
  int64_t columns = std::min(channels, w.dim(1) - channels * a);
  for (int64_t i = 0; i < rows; ++i) {
    GroupSums row = sumRow(w, channels * b + i, channels * a, kh, kw);
    sums.mean = sums.mean + row.mean;
    sums.norm = sums.norm + row.norm;
  }
  return {sums.mean / static_cast<float>(rows * columns), std::sqrt(sums.norm)};
}

/// Calls `visit(index of the group, its sums)` for all groups of `w`, of which `like` has one
/// element each.
static void forGroups(const Tensor &w, const Tensor &like,
                      llvm::function_ref<void(int64_t, GroupSums)> visit) {
  for (int64_t b = 0; b < like.dim(0); ++b)
    for (int64_t a = 0; a < like.dim(1); ++a)
      for (int64_t kh = 0; kh < like.dim(2); ++kh)
        for (int64_t kw = 0; kw < like.dim(3); ++kw)
          visit(like.at(b, a, kh, kw), sumsOf(w, b, a, kh, kw));
}

static LogicalResult evaluateGroupPull(Call &call) {
  const Tensor &groups = *call.operands[0], &numbers = *call.operands[2];
  float lasso = numbers[train::lassoElement], threshold = numbers[train::thresholdElement];
  forGroups(*call.operands[1], groups, [&](int64_t i, GroupSums sums) {
    bool isPulled = sums.mean < threshold && sums.norm > 0;
    float pull = groups[i] == 0 ? -1 : isPulled ? lasso / sums.norm : 0;
    call.results[0][i] = call.store(0)(pull, i);
    call.results[1][i] = call.store(1)(sums.mean, i);
    call.results[2][i] = call.store(2)(sums.norm, i);
  });
  return success();
}

static LogicalResult evaluateGroupRefresh(Call &call) {
  float threshold = (*call.operands[3])[train::thresholdElement];
  forGroups(*call.operands[2], *call.operands[0], [&](int64_t i, GroupSums sums) {
    call.results[0][i] = call.store(0)(sums.mean < threshold ? 0 : 1, i);
    call.results[1][i] = call.store(1)(sums.mean, i);
  });
  return success();
}

void reference::addGroupKernels(KernelTable &table) {
  table["train.group_pull"] = evaluateGroupPull;
  table["train.group_refresh"] = evaluateGroupRefresh;
}
