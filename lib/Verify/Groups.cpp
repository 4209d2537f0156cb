//===- Groups.cpp - weight groups of a comparison ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "Groups.h"

#include "llvm/ADT/STLExtras.h"

#include <random>

using namespace slp;
using namespace slp::verify;

std::vector<float> verify::groupNumbersBy(float threshold, int step) {
  constexpr float lasso = 0.03125f;
  return {lasso, threshold, float(step)};
}

float verify::medianOfMeans(const reference::NamedTensors &states) {
  std::vector<float> all;
  for (const auto &[name, tensor] : states)
    if (llvm::StringRef(name).ends_with(train::groupMeansSuffix))
      all.insert(all.end(), tensor.values.begin(), tensor.values.end());
  llvm::sort(all);
  return all.empty() ? 0 : all[all.size() / 2];
}

/// Element `i` of n of a mask.
static bool isOpen(GroupMasks masks, size_t i, size_t n, std::mt19937 &random) {
  switch (masks) {
  case GroupMasks::refresh:
  case GroupMasks::open:
    return true;
  case GroupMasks::closed:
    return false;
  case GroupMasks::one:
    return i == n / 2;
  case GroupMasks::alternating:
    return i % 2 == 0;
  case GroupMasks::random:
    return random() % 2 == 0;
  }
  return true;
}

std::vector<std::pair<std::string, std::vector<float>>>
verify::drawMasks(const reference::NamedTensors &states, GroupMasks masks, uint32_t seed) {
  std::vector<std::pair<std::string, std::vector<float>>> drawn;
  if (masks == GroupMasks::refresh)
    return drawn;
  std::mt19937 random(seed);
  for (const auto &[name, tensor] : states) {
    bool hasMeans = states.count(name + ".means"); // else a parameter that is called so
    if (!llvm::StringRef(name).ends_with(train::groupsSuffix) || !hasMeans)
      continue;
    std::vector<float> mask(tensor.values.size());
    for (size_t i = 0; i < mask.size(); ++i)
      mask[i] = isOpen(masks, i, mask.size(), random);
    drawn.emplace_back(name, std::move(mask));
  }
  return drawn;
}
