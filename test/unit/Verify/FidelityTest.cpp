//===- FidelityTest.cpp - measures of closeness, their table and their JSON -------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Verify/Fidelity.h"

#include "gtest/gtest.h"

#include <cmath>
#include <fstream>
#include <regex>
#include <set>

using namespace slp::verify;

static Closeness closenessOf(std::vector<float> exact, std::vector<float> low, double scale = 1,
                             double largest = HUGE_VAL) {
  Closeness c;
  c.add(exact, low, scale, largest);
  return c;
}

TEST(Fidelity, SameValuesAreClose) {
  Closeness c = closenessOf({3, -4, 0}, {3, -4, 0});
  EXPECT_EQ(c.elements, 3);
  EXPECT_EQ(c.cosine(), 1);
  EXPECT_EQ(c.relativeError(), 0);
  EXPECT_EQ(c.underflowShare(), 0);
  EXPECT_EQ(c.overflowShare(), 0);
}

TEST(Fidelity, KnownAngles) {
  EXPECT_EQ(closenessOf({1, 0}, {0, 2}).cosine(), 0);
  EXPECT_DOUBLE_EQ(closenessOf({2, 1}, {-4, -2}).cosine(), -1);
  EXPECT_DOUBLE_EQ(closenessOf({1, 0}, {1, 1}).cosine(), std::sqrt(0.5));
  // (3, 4) and (3, 0): the difference has norm 4, the first 5.
  Closeness c = closenessOf({3, 4}, {3, 0});
  EXPECT_DOUBLE_EQ(c.cosine(), 0.6);
  EXPECT_DOUBLE_EQ(c.relativeError(), 0.8);
}

TEST(Fidelity, LossScaleIsDividedOut) {
  Closeness c = closenessOf({3, -4}, {3 * 1024, -4 * 1024}, 1024);
  EXPECT_EQ(c.cosine(), 1);
  EXPECT_EQ(c.relativeError(), 0);
}

TEST(Fidelity, SharesHaveTheirOwnDenominators) {
  // Of four values that are not zero one became zero; a zero that stays or grows is none. Two of
  // five are as large as the format allows, whatever the loss scale.
  Closeness c = closenessOf({1, 2, 3, 4, 0}, {0, 8, -8, 7, 1}, 4, 8);
  EXPECT_DOUBLE_EQ(c.underflowShare(), 0.25);
  EXPECT_DOUBLE_EQ(c.overflowShare(), 0.4);
}

TEST(Fidelity, ZeroTensors) {
  Closeness both = closenessOf({0, 0}, {0, 0}), one = closenessOf({0, 0}, {0, 1});
  EXPECT_EQ(both.cosine(), 1);
  EXPECT_EQ(both.relativeError(), 0);
  EXPECT_EQ(both.underflowShare(), 0);
  EXPECT_EQ(one.cosine(), 0);
  EXPECT_TRUE(std::isinf(one.relativeError()));
  EXPECT_EQ(closenessOf({0, 1}, {0, 0}).cosine(), 0);
  EXPECT_EQ(Closeness().cosine(), 1);
  EXPECT_EQ(Closeness().overflowShare(), 0);
}

TEST(Fidelity, PartsAddUp) {
  Closeness parts = closenessOf({3}, {3}), whole = closenessOf({3, 4}, {3, 0});
  std::vector<float> exact = {4}, low = {0};
  parts.add(exact, low, 1, HUGE_VAL);
  EXPECT_EQ(parts.elements, whole.elements);
  EXPECT_EQ(parts.cosine(), whole.cosine());
  EXPECT_EQ(parts.relativeError(), whole.relativeError());
}

static FidelityRow rowOf(int step, const std::string &tensor, const std::string &node,
                         const std::string &phase, Closeness closeness,
                         std::vector<std::string> reads = {},
                         std::vector<FidelityOperand> operands = {}) {
  FidelityRow row;
  row.step = step;
  row.tensor = tensor;
  row.node = node;
  row.phase = phase;
  row.op = operands.empty() ? "train.relu" : "train.conv";
  row.format = "f32";
  row.closeness = closeness;
  row.reads = std::move(reads);
  row.operands = std::move(operands);
  return row;
}

/// A closeness with this relative error.
static Closeness withError(float error) { return closenessOf({1, 0}, {1, error}); }

static std::vector<FidelityOperand> factors(const char *first, bool isNarrow = true) {
  return {{first, isNarrow}, {"weights", isNarrow}};
}

/// Two steps of a good and a bad tensor; the bad one is worse in the first.
static FidelityReport sampleReport() {
  FidelityReport report;
  Closeness good = closenessOf({1, 2}, {1, 2}), bad = closenessOf({3, 4}, {3, 0}),
            worse = closenessOf({1, 0}, {0, 1});
  report.rows = {rowOf(1, "good", "relu", "fp", good),
                 rowOf(1, "conv/dx", "conv", "bp", worse, {}, factors("errors")),
                 rowOf(2, "good", "relu", "fp", good),
                 rowOf(2, "conv/dx", "conv", "bp", bad, {}, factors("errors"))};
  report.unmatched = {"lost"};
  return report;
}

static std::string printed(const FidelityReport &report, bool verbose) {
  std::string text;
  llvm::raw_string_ostream os(text);
  printFidelity(report, os, verbose);
  return text;
}

TEST(Fidelity, TableHasEachLayerInItsWorstStep) {
  std::string text = printed(sampleReport(), false), verbose = printed(sampleReport(), true);
  EXPECT_NE(text.find(" 0.000000      1.414"), std::string::npos) << text;
  EXPECT_EQ(text.find(" 0.600000"), std::string::npos) << text;
  EXPECT_EQ(text.find("relu"), std::string::npos) << text;
  EXPECT_NE(text.find("and 1 nodes that lose less than 5 % themselves"), std::string::npos);
  EXPECT_NE(text.find("not measured: lost"), std::string::npos);
  EXPECT_NE(verbose.find(" 0.600000"), std::string::npos) << verbose;
  EXPECT_NE(verbose.find("good (relu)"), std::string::npos) << verbose;
}

TEST(Fidelity, LayersComeInForwardOrder) {
  FidelityReport report;
  report.rows = {rowOf(1, "a", "first", "fp", withError(0.01f), {}, factors("activations")),
                 rowOf(1, "b", "second", "fp", withError(0.5f), {"a"}, factors("activations")),
                 rowOf(1, "b/dx", "second", "bp", withError(0.9f), {}, factors("errors")),
                 rowOf(1, "a/dw", "first", "wg", withError(0.2f), {"b/dx"}, factors("errors"))};
  std::string text = printed(report, false);
  ASSERT_NE(text.find("  first\n"), std::string::npos) << text;
  EXPECT_LT(text.find("  first\n"), text.find("  second\n")) << text;
}

TEST(Fidelity, NoiseStandsApart) {
  FidelityReport report;
  report.rows = {rowOf(1, "c/dw", "c", "wg", withError(0.01f), {}, factors("errors")),
                 rowOf(1, "c/db", "c", "wg", closenessOf({1, 0}, {0, 1000}))};
  report.rows.back().isNoise = true;
  std::string text = printed(report, false);
  EXPECT_NE(text.find("0.01  c\n"), std::string::npos) << text;
  EXPECT_NE(text.find("noise, not counted: c/db"), std::string::npos) << text;
}

TEST(Fidelity, OwnErrorIsWhatIsAdded) {
  FidelityReport report;
  report.rows = {rowOf(1, "a", "a", "fp", withError(0.3f)), rowOf(2, "a", "a", "fp", withError(0)),
                 rowOf(1, "b", "b", "fp", withError(0.5f), {"a"})};
  EXPECT_NEAR(ownError(report, report.rows[2]), 0.4, 1e-6);
  report.rows[2].closeness = withError(0.2f);
  EXPECT_EQ(ownError(report, report.rows[2]), 0);
}

TEST(Fidelity, AdviceIsForLayersThatStandOut) {
  FidelityReport report;
  for (int i = 0; i < 5; ++i) {
    std::string name = "l" + std::to_string(i);
    report.rows.push_back(
        rowOf(1, name, name, "fp", withError(i == 3 ? 0.2f : 0.06f), {}, factors("activations")));
    report.rows.push_back(rowOf(1, name + "/dx", name, "bp", withError(i == 1 ? 0.3f : 0.06f), {},
                                factors("errors", /*isNarrow=*/i != 1)));
  }
  std::vector<LayerAdvice> advice = adviseLayers(report);
  ASSERT_EQ(advice.size(), 1u); // l1 cannot be wider
  EXPECT_EQ(advice[0].node, "l3");
  EXPECT_EQ(advice[0].kinds, (std::vector<std::string>{"activations", "weights"}));
  EXPECT_EQ(advice[0].phase, "fp");
  std::string file, part;
  llvm::raw_string_ostream fileStream(file), partStream(part);
  printAdvice(advice, "fp8", "fp16", fileStream);
  EXPECT_EQ(file,
            "suggested policy, a file for --precision:\nbase: fp8\nlayers:\n"
            "  - {name: \"l3\", activations: fp16, weights: fp16} # 20.0 % of its own in fp\n");
  printAdvice(advice, "mine.yaml", "fp8x2", partStream);
  EXPECT_EQ(part.find("base:"), std::string::npos) << part;
  EXPECT_NE(part.find("activations: fp8x2"), std::string::npos) << part;
}

TEST(Fidelity, AdviceIsForTheLargestWhereNoneStandsOut) {
  FidelityReport report;
  for (int i = 0; i < 3; ++i) {
    std::string name = "l" + std::to_string(i);
    report.rows.push_back(
        rowOf(1, name, name, "fp", withError(0.06f + 0.01f * i), {}, factors("activations")));
  }
  std::vector<LayerAdvice> advice = adviseLayers(report);
  ASSERT_EQ(advice.size(), 1u);
  EXPECT_EQ(advice[0].node, "l2");
  for (FidelityRow &row : report.rows)
    row.closeness = withError(0.01f);
  EXPECT_TRUE(adviseLayers(report).empty());
  std::string text;
  llvm::raw_string_ostream os(text);
  printAdvice({}, "fp8", "fp16", os);
  EXPECT_EQ(text, "suggested policy: none, no layer that can be wider loses 5 % itself\n");
}

static void collect(const llvm::json::Value &json, const std::string &path,
                    std::set<std::string> &paths) {
  if (const llvm::json::Object *object = json.getAsObject()) {
    for (const auto &[key, value] : *object)
      collect(value, (path.empty() ? "" : path + ".") + llvm::StringRef(key).str(), paths);
  } else if (const llvm::json::Array *array = json.getAsArray()) {
    for (const llvm::json::Value &value : *array)
      collect(value, path + "[]", paths);
  } else {
    paths.insert(path);
  }
}

TEST(Fidelity, FieldsAreThoseOfTheDocument) {
  std::ifstream file(SLP_FIDELITY_DOCUMENT);
  ASSERT_TRUE(file.good());
  std::set<std::string> written, documented;
  std::regex row("^\\| `([a-z_.\\[\\]]+)` \\|");
  std::string line;
  while (std::getline(file, line) && line.rfind("## Fields", 0) != 0) {
  }
  while (std::getline(file, line) && line.rfind("## ", 0) != 0)
    if (std::smatch match; std::regex_search(line, match, row))
      documented.insert(match[1]);
  collect(fidelityJson(sampleReport(), "m.onnx", "lnpu", "fp8"), "", written);
  EXPECT_EQ(written, documented);
}

TEST(Fidelity, JsonHasNoInfinity) {
  FidelityReport report;
  report.rows = {rowOf(1, "x", "x", "fp", closenessOf({0}, {1}))};
  std::string text;
  llvm::raw_string_ostream(text) << fidelityJson(report, "m.onnx", "lnpu", "fp8");
  EXPECT_NE(text.find("\"relative_error\":null"), std::string::npos) << text;
}
