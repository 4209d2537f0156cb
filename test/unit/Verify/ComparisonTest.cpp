//===- ComparisonTest.cpp - what counts as equal, different and not compared ------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Verify/Comparison.h"

#include "dialects/Train/ReluOp.h"
#include "runtime/isa/Assembly.h"
#include "runtime/isa/FormatF32.h.inc"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace slp;
using namespace slp::verify;

namespace {

/// One tensor "y" of four elements, an image of a MAC instruction (0) and a vector one (1).
class ComparisonTest : public testing::Test {
protected:
  ComparisonTest() {
    context.loadDialect<mlir::func::FuncDialect, train::TrainDialect>();
    module = mlir::parseSourceString<mlir::ModuleOp>(R"mlir(
func.func @step(%x: tensor<2x2xf32>) {
  %y = train.relu %x {phase = #train.phase<bp>, train.names = ["y"]} : (tensor<2x2xf32>) -> tensor<2x2xf32> loc("relu1")
  %z = train.relu %x : (tensor<2x2xf32>) -> tensor<2x2xf32> loc("relu2")
  return
})mlir",
                                                     &context);
    for (const char *text : {"matmul acc=d1, a=d2, b=d3, bias=d4, mask=m0, mode=zero",
                             "v.relu dst=d1, src=d2, mask=m0"}) {
      Result<mach::Instruction> instruction = mach::parse(text);
      EXPECT_TRUE(instruction) << (instruction ? "" : instruction.message());
      image.text.push_back(*mach::encode(*instruction));
    }
  }

  /// The i-th relu's result is expected to be 1, 2, 3, 4.
  void expect(Comparison &comparison, int i) {
    auto step = module->lookupSymbol<mlir::func::FuncOp>("step");
    auto op = *std::next(step.getOps<train::ReluOp>().begin(), i);
    reference::Tensor values(llvm::ArrayRef<int64_t>{2, 2});
    values.values = {1, 2, 3, 4};
    comparison.expect(i ? "" : "y", values, op->getResult(0));
  }

  static image::Capture y() { return {"y", {2, 2}, mach::format::f32, false}; }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  image::Image image;
  Report report;
};

} // namespace

TEST_F(ComparisonTest, EqualInPieces) {
  Comparison comparison(image, "step 1");
  expect(comparison, 0);
  comparison.captured(y(), 1, {2, 3}, {3, 4});
  comparison.captured(y(), 1, {0, 1, 2}, {1, 2, 3});
  comparison.finish(report, true);
  EXPECT_TRUE(report.ok());
  EXPECT_EQ(report.tensors, 1);
  EXPECT_EQ(report.elements, 4);
}

TEST_F(ComparisonTest, PartialSumsCountOnlyAtTheEnd) {
  Comparison comparison(image, "step 1");
  expect(comparison, 0);
  comparison.captured(y(), 0, {0, 1, 2, 3}, {0, 0, 0, 0});
  comparison.captured(y(), 0, {0, 1, 2, 3}, {1, 2, 3, 4});
  comparison.finish(report, true);
  EXPECT_TRUE(report.ok());
}

TEST_F(ComparisonTest, AWrongValueThatIsOverwrittenIsADifference) {
  Comparison comparison(image, "step 2");
  expect(comparison, 0);
  comparison.captured(y(), 1, {0, 1, 2, 3}, {1, 2, 3.5f, 5});
  comparison.captured(y(), 1, {0, 1, 2, 3}, {1, 2, 3, 4});
  comparison.finish(report, true);
  ASSERT_TRUE(report.difference);
  EXPECT_EQ(report.difference->linear, 2);
  EXPECT_EQ(report.difference->count, 2);
  std::string text;
  llvm::raw_string_ostream os(text);
  print(report, os, false);
  EXPECT_EQ(text, "slp-verify: relu1 (train.relu, bp): tensor \"y\" element [1, 0] = linear 2: "
                  "reference 3 (0x40400000), simulator 3.5 (0x40600000); instruction 1 v.relu "
                  "dst=d1, src=d2, mask=m0; 2 of 4 elements differ; step 2\n");
}

TEST_F(ComparisonTest, ZerosHaveSigns) {
  EXPECT_FALSE(sameBits(0.0f, -0.0f));
  EXPECT_TRUE(sameBits(NAN, -NAN));
  EXPECT_FALSE(sameBits(NAN, 0.0f));
}

TEST_F(ComparisonTest, MissingElementsFailUnlessAPassSaysWhy) {
  Comparison comparison(image, "step 1");
  expect(comparison, 0);
  comparison.captured(y(), 1, {0, 1, 3}, {1, 2, 4});
  comparison.finish(report, true);
  ASSERT_EQ(report.uncovered.size(), 1u);
  EXPECT_EQ(report.uncovered[0], "\"y\" (train.relu): 1 of 4 elements were not captured");
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(report.tensors, 0);

  report = {};
  image.debug.elided.push_back({"y", "reshape: another name of x"});
  comparison.finish(report, true);
  EXPECT_TRUE(report.ok());
  ASSERT_EQ(report.elided.size(), 1u);
  EXPECT_EQ(report.elided[0].reason, "reshape: another name of x");
}

TEST_F(ComparisonTest, NamelessAndUnknownTensorsFail) {
  Comparison comparison(image, "step 1");
  expect(comparison, 1);
  comparison.captured({"w", {1}, mach::format::f32, false}, 1, {0}, {1});
  comparison.finish(report, true);
  ASSERT_EQ(report.uncovered.size(), 2u);
  EXPECT_EQ(report.uncovered[0], "result #0 of train.relu (relu2) has no name");
  EXPECT_EQ(report.uncovered[1], "\"w\" is captured, but is no tensor of the train module");
}

TEST_F(ComparisonTest, IndicesBeyondTheTensorFail) {
  Comparison comparison(image, "step 1");
  expect(comparison, 0);
  comparison.captured(y(), 1, {0, 1, 2, 3}, {1, 2, 3, 4});
  comparison.captured(y(), 1, {4}, {1});
  comparison.finish(report, true);
  ASSERT_EQ(report.uncovered.size(), 1u);
  EXPECT_EQ(report.uncovered[0], "\"y\" is captured at index 4 of 4");
}
