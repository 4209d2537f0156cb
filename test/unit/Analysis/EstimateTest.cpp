//===- EstimateTest.cpp - estimates beside the simulator --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Property: half of the estimates of nests by themselves are within 10 % of the simulator's cycles,
// for nests and tilings drawn at random, and for those that are chosen. docs/tiling.md has the
// figures, which `AnalysisTests --gtest_filter=*Estimates*` prints; SLP_ESTIMATE_NESTS is how many
// nests of a kind there are, and SLP_ESTIMATE_SEED the first seed.
//
//===----------------------------------------------------------------------------------------===//

#include "CompiledNest.h"
#include "RandomNest.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

using namespace slp;

namespace {
class Estimates : public testing::TestWithParam<std::tuple<const char *, NestKind>> {};

uint32_t numberFrom(const char *variable, uint32_t otherwise) {
  const char *text = std::getenv(variable);
  return text ? uint32_t(std::strtoul(text, nullptr, 10)) : otherwise;
}

/// Element number share * size of sorted values.
double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values.empty()
             ? 0
             : values[std::min(values.size() - 1, size_t(share * double(values.size())))];
}
} // namespace

/// Relative errors of the estimates of all nests of a module; negative: too few cycles.
static void addErrors(NestKind kind, uint32_t seed, uint64_t tileSeed, const chip::Chip &chip,
                      std::vector<double> &errors, bool isVerbose) {
  CompiledNest nest(makeRandomNest(kind, seed, chip.name), chip);
  SCOPED_TRACE(std::string(toString(kind)) + ", seed " + std::to_string(seed) +
               " --tile-seed=" + std::to_string(tileSeed));
  ASSERT_TRUE(nest.tile(tileSeed)) << nest.error;
  std::string text;
  if (isVerbose)
    nest.forNests([&](const chip_ir::NestView &view, const BufferPlaces &) {
      llvm::raw_string_ostream os(text);
      for (chip_ir::LoopAttr loop : view.loops)
        os << loop;
      os << *view.op.getTiling();
    });
  std::map<NestName, double> estimates = nest.estimates(), cycles = nest.cycles();
  ASSERT_FALSE(cycles.empty()) << nest.error;
  for (auto [name, estimate] : estimates) {
    auto it = cycles.find(name);
    if (it == cycles.end()) {
      std::string have;
      for (auto &[other, c] : cycles)
        have += " " + std::get<0>(other) + "/" + std::get<1>(other) + "/" + std::get<2>(other);
      FAIL() << "no cycles of " << std::get<0>(name) << "/" << std::get<1>(name) << "/"
             << std::get<2>(name) << " among" << have;
    }
    errors.push_back((estimate - it->second) / it->second);
    if (isVerbose)
      std::printf("%8.0f of %8.0f cycles (%+.1f %%), seed %u %s %s\n", estimate, it->second,
                  100 * errors.back(), seed, std::get<1>(name).c_str(), text.c_str());
  }
}

TEST_P(Estimates, AreNearTheSimulator) {
  auto [target, kind] = GetParam();
  Result<chip::Chip> chip = chip::load(target);
  ASSERT_TRUE(chip);
  uint32_t first = numberFrom("SLP_ESTIMATE_SEED", 1),
           number = numberFrom("SLP_ESTIMATE_NESTS", 40);
  bool isVerbose = std::getenv("SLP_ESTIMATE_VERBOSE");
  for (bool isDrawn : {true, false}) {
    std::vector<double> errors, magnitudes;
    for (uint32_t seed = first; seed < first + number; ++seed)
      addErrors(kind, seed, isDrawn ? seed : 0, *chip, errors, isVerbose);
    for (double error : errors)
      magnitudes.push_back(std::fabs(error));
    double median = quantile(magnitudes, 0.5);
    std::printf(
        "%s, %s, %s tilings, seeds %u to %u: median error %.1f %%, 90th percentile %.1f %%, "
        "median with sign %+.1f %%\n",
        target, toString(kind), isDrawn ? "drawn" : "chosen", first, first + number - 1,
        100 * median, 100 * quantile(magnitudes, 0.9), 100 * quantile(errors, 0.5));
    EXPECT_LE(median, 0.10);
  }
}

INSTANTIATE_TEST_SUITE_P(Nests, Estimates,
                         testing::Combine(testing::Values("lnpu", "asu-fp8"),
                                          testing::ValuesIn(nestKinds)));
