//===- ConformanceTest.cpp - the judge of ONNX's test cases is strict -------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What test/Import/conformance.test relies on: differences are found, and a case that dies or hangs
// is reported without harm to the others.
//
//===----------------------------------------------------------------------------------------===//

#include "tools/slp-conformance/Runner.h"
#include "tools/slp-conformance/Summary.h"

#include "llvm/Support/FileSystem.h"
#include "gtest/gtest.h"

#include <chrono>
#include <cmath>
#include <thread>

using namespace slp;
using namespace slp::conformance;

namespace {

Values floats(std::vector<int64_t> shape, std::vector<double> values) {
  return {onnx::TensorProto::FLOAT, std::move(shape), std::move(values)};
}

std::string compare(const Values &expected, std::vector<int64_t> shape, std::vector<float> got,
                    bool isRandom = false) {
  return compareOutput("y", expected, shape, got, isRandom);
}

TEST(Compare, FloatsByTolerance) {
  EXPECT_EQ(compare(floats({3}, {1, -2, 0}), {3}, {1.0009f, -2.0019f, 0.9e-7f}), "");
  EXPECT_EQ(compare(floats({2, 2}, {1, 1, 1, 1}), {2, 2}, {1, 1, 1.25f, 1}),
            "output \"y\" [1, 0]: got 1.25, expected 1");
  EXPECT_NE(compare(floats({1}, {1}), {1}, {1.0011f}), "");
  EXPECT_NE(compare(floats({1}, {0}), {1}, {1.1e-7f}), "");
}

TEST(Compare, InfinityAndNanAreValues) {
  float inf = INFINITY, nan = NAN;
  EXPECT_EQ(compare(floats({3}, {INFINITY, -INFINITY, NAN}), {3}, {inf, -inf, nan}), "");
  EXPECT_NE(compare(floats({1}, {INFINITY}), {1}, {3e38f}), "");
  EXPECT_NE(compare(floats({1}, {INFINITY}), {1}, {-inf}), "");
  EXPECT_NE(compare(floats({1}, {1}), {1}, {nan}), "");
  EXPECT_NE(compare(floats({1}, {NAN}), {1}, {1}), "");
}

TEST(Compare, IntegersExactly) {
  Values expected{onnx::TensorProto::INT64, {2}, {1000, 5}};
  EXPECT_EQ(compare(expected, {2}, {1000, 5}), "");
  EXPECT_NE(compare(expected, {2}, {1000.5f, 5}), "");
  EXPECT_NE(compare({onnx::TensorProto::BOOL, {1}, {1}}, {1}, {0.9995f}), "");
}

TEST(Compare, Shapes) {
  EXPECT_EQ(compare(floats({1, 2}, {1, 2}), {2}, {1, 2}),
            "output \"y\": got shape [2], expected [1, 2]");
  EXPECT_EQ(compare(floats({}, {1}), {}, {1}), "");
}

TEST(Compare, RandomOutputs) {
  std::vector<double> expected;
  std::vector<float> other, few, scaled;
  for (int i = 0; i < 1000; ++i) {
    expected.push_back(i % 2 ? 2.0 : 0.0);
    other.push_back(i % 2 ? 0.0f : 2.0f);
    few.push_back(i % 3 ? 2.0f : 0.0f);
    scaled.push_back(i % 2 ? 1.5f : 0.0f);
  }
  EXPECT_EQ(compare(floats({1000}, expected), {1000}, other, true), "");
  EXPECT_EQ(compare(floats({1000}, expected), {1000}, few, true),
            "output \"y\": got 334 zeros of 1000, expected about 500");
  EXPECT_NE(compare(floats({1000}, expected), {1000}, scaled, true), "");
  EXPECT_NE(compare(floats({1000}, expected), {10, 100}, other, true), "");
}

TEST(Runner, SurvivesWhatACaseDoes) {
  Limits limits;
  limits.jobs = 2;
  limits.seconds = 1;
  limits.memory = 512;
  auto outcomes = runAll(6, limits, [](size_t i) -> Outcome {
    if (i == 1)
      std::abort();
    if (i == 2)
      std::this_thread::sleep_for(std::chrono::seconds(60));
    if (i == 3) { // more than the limit
      volatile char *p = static_cast<char *>(std::malloc(size_t(1) << 30));
      *p = 1;
    }
    if (i == 4)
      _Exit(3);
    return {i == 5 ? Kind::refused : Kind::pass, i == 5 ? "why" : ""};
  });
  ASSERT_TRUE(outcomes) << outcomes.message();
  EXPECT_EQ((*outcomes)[0].kind, Kind::pass);
  EXPECT_EQ((*outcomes)[1].kind, Kind::crash);
  EXPECT_EQ((*outcomes)[1].detail, "Aborted, with at most 512 MiB");
  EXPECT_EQ((*outcomes)[2].kind, Kind::timeout);
  EXPECT_EQ((*outcomes)[3].kind, Kind::crash);
  EXPECT_EQ((*outcomes)[4].kind, Kind::crash);
  EXPECT_EQ((*outcomes)[4].detail, "exit status 3");
  EXPECT_EQ((*outcomes)[5].kind, Kind::refused);
  EXPECT_EQ((*outcomes)[5].detail, "why");
}

TEST(Summary, FindsRegressions) {
  llvm::SmallString<128> path;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("expected", "json", path));
  {
    std::error_code code;
    llvm::raw_fd_ostream out(path, code);
    out << R"({"cases": {"a": {"reference": "pass"}, "b": {"reference": "refused"},
                         "c": {"reference": "random", "lnpu-fp16": "refused"}}})";
  }
  std::vector<CaseResult> results(4);
  for (int i = 0; i < 4; ++i)
    results[i].testCase.name = std::string(1, char('a' + i));
  results[0].outcome = {Kind::refused, "no reason"};
  results[1].outcome = {Kind::pass, ""};
  results[2].outcome = {Kind::random, ""};
  results[3].outcome = {Kind::refused, "not in the file"};
  auto found = findRegressions(results, "reference", path.str().str());
  ASSERT_TRUE(found) << found.message();
  EXPECT_EQ(*found, std::vector<std::string>{"a: was pass, now refused: no reason"});
  EXPECT_TRUE(findRegressions(results, "lnpu-fp16", path.str().str())->empty());
  results.erase(results.begin(), results.begin() + 3);
  EXPECT_FALSE(findRegressions(results, "reference", path.str().str()));
  EXPECT_FALSE(findRegressions(results, "reference", "absent.json"));
  llvm::sys::fs::remove(path);
}

} // namespace
