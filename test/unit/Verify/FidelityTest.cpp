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

/// Two steps of a good and a bad tensor; the bad one is worse in the first.
static FidelityReport sampleReport() {
  FidelityReport report;
  Closeness good = closenessOf({1, 2}, {1, 2}), bad = closenessOf({3, 4}, {3, 0}),
            worse = closenessOf({1, 0}, {0, 1});
  report.rows = {{1, "good", "relu", "fp", "train.relu", "f32", good},
                 {1, "conv/dx", "conv", "bp", "train.conv_bp", "f32", worse},
                 {2, "good", "relu", "fp", "train.relu", "f32", good},
                 {2, "conv/dx", "conv", "bp", "train.conv_bp", "f32", bad}};
  report.unmatched = {"lost"};
  return report;
}

TEST(Fidelity, TableHasEachTensorInItsWorstStep) {
  std::string text, verbose;
  llvm::raw_string_ostream textStream(text), verboseStream(verbose);
  printFidelity(sampleReport(), textStream, false);
  printFidelity(sampleReport(), verboseStream, true);
  size_t bad = text.find("conv/dx (conv)"), good = text.find("good (relu)");
  ASSERT_NE(bad, std::string::npos);
  ASSERT_NE(good, std::string::npos);
  EXPECT_LT(bad, good);
  EXPECT_EQ(text.find("conv/dx", bad + 1), std::string::npos);
  EXPECT_NE(text.find(" 0.000000       1.414"), std::string::npos) << text;
  EXPECT_EQ(text.find(" 0.600000"), std::string::npos);
  EXPECT_NE(verbose.find(" 0.600000"), std::string::npos);
  EXPECT_NE(text.find("not measured: lost"), std::string::npos);
}

TEST(Fidelity, TableIsCutUnlessVerbose) {
  FidelityReport report;
  for (int i = 0; i < 40; ++i) {
    std::string name = "t" + std::to_string(i);
    report.rows.push_back({1, name, name, "fp", "train.relu", "f32", closenessOf({1}, {1})});
  }
  std::string text, verbose;
  llvm::raw_string_ostream textStream(text), verboseStream(verbose);
  printFidelity(report, textStream, false);
  printFidelity(report, verboseStream, true);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2 + 30 + 1);
  EXPECT_NE(text.find("and 10 more tensors"), std::string::npos);
  EXPECT_EQ(std::count(verbose.begin(), verbose.end(), '\n'), 2 + 40);
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
  report.rows = {{1, "x", "x", "fp", "train.relu", "f32", closenessOf({0}, {1})}};
  std::string text;
  llvm::raw_string_ostream(text) << fidelityJson(report, "m.onnx", "lnpu", "fp8");
  EXPECT_NE(text.find("\"relative_error\":null"), std::string::npos) << text;
}
