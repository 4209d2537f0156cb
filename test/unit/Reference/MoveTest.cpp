//===- MoveTest.cpp - data movement of the reference, and its gradients -----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Values worked out by hand; and what reverse mode builds for each op, against central differences
// of sum(dy * y). Movement is linear and inputs are multiples of 1/16: both are exact.
//
//===----------------------------------------------------------------------------------------===//

#include "EvaluateModule.h"

#include "dialects/Train/TrainDialect.h"
#include "lib/Autodiff/Differentiator.h"
#include "lib/Autodiff/Gradients.h"

#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace slp;
using namespace slp::reference;
using Values = std::vector<float>;

TEST(Move, ByHand) {
  EvaluatedModule m(R"mlir(
func.func @f(%x: tensor<2x3xf32> {train.name = "x"}, %i: tensor<4xi32> {train.name = "i"}) {
  %t = train.transpose %x {perm = array<i64: 1, 0>, train.names = ["transpose"]} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %s = train.slice %x {starts = array<i64: 1, 2>, sizes = array<i64: 2, 2>, steps = array<i64: -1, -2>, train.names = ["slice"]} : (tensor<2x3xf32>) -> tensor<2x2xf32>
  %c = train.concat %x, %s {axis = 1 : i64, train.names = ["concat"]} : (tensor<2x3xf32>, tensor<2x2xf32>) -> tensor<2x5xf32>
  %p = train.pad %x {low = array<i64: 1, -1>, high = array<i64: 0, 1>, value = 9.0 : f32, train.names = ["pad"]} : (tensor<2x3xf32>) -> tensor<3x3xf32>
  %r = train.reshape %x : (tensor<2x3xf32>) -> tensor<2x1x3xf32>
  %e = train.expand %r {shape = array<i64: 2, 2, 3>, train.names = ["expand"]} : (tensor<2x1x3xf32>) -> tensor<2x2x3xf32>
  %v = train.reshape %x : (tensor<2x3xf32>) -> tensor<1x3x2xf32>
  %g = train.gather %v, %i {train.names = ["gather"]} : (tensor<1x3x2xf32>, tensor<4xi32>) -> tensor<1x4x2xf32>
  %a = train.scatter_add %g, %i {rows = 3 : i64, train.names = ["scatter_add"]} : (tensor<1x4x2xf32>, tensor<4xi32>) -> tensor<1x3x2xf32>
  return
})mlir");
  NamedTensors r = m.run(
      "f", {{"x", makeTensor({2, 3}, {1, 2, 3, 4, 5, 6})}, {"i", makeTensor({4}, {2, -2, 3, 2})}});
  EXPECT_EQ(r["transpose"].values, (Values{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(r["slice"].values, (Values{6, 4, 3, 1}));
  EXPECT_EQ(r["concat"].values, (Values{1, 2, 3, 6, 4, 4, 5, 6, 3, 1}));
  EXPECT_EQ(r["pad"].values, (Values{9, 9, 9, 2, 3, 9, 5, 6, 9}));
  EXPECT_EQ(r["expand"].values, (Values{1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6}));
  // Rows 2, 1 from the end, none, 2.
  EXPECT_EQ(r["gather"].values, (Values{5, 6, 3, 4, 0, 0, 5, 6}));
  EXPECT_EQ(r["scatter_add"].values, (Values{0, 0, 3, 4, 10, 12}));
}

/// Sums in ascending order, each step rounded to FP32.
TEST(Move, ScatterAddGoesInOrder) {
  EvaluatedModule m(R"mlir(
func.func @f(%dy: tensor<1x3x1xf32> {train.name = "dy"}, %i: tensor<3xi32> {train.name = "i"}) {
  %a = train.scatter_add %dy, %i {rows = 1 : i64, train.names = ["a"]} : (tensor<1x3x1xf32>, tensor<3xi32>) -> tensor<1x1x1xf32>
  return
})mlir");
  NamedTensors r = m.run("f", {{"dy", makeTensor({1, 3, 1}, {16777216.0f, 1, -16777216.0f})},
                               {"i", makeTensor({3}, {0, 0, 0})}});
  EXPECT_EQ(r["a"].values, (Values{0}));
}

namespace {

struct Movement {
  llvm::SmallVector<int64_t> x, y;
  std::string op, attributes;
};

std::string typeOf(llvm::ArrayRef<int64_t> shape) {
  std::string text = "tensor<";
  for (int64_t extent : shape)
    text += std::to_string(extent) + "x";
  return text + "f32>";
}

class MoveGradient : public testing::TestWithParam<Movement> {};

} // namespace

TEST_P(MoveGradient, EqualsDifference) {
  const Movement &p = GetParam();
  bool isIndexed = p.op == "train.gather" || p.op == "train.scatter_add";
  std::string x = typeOf(p.x), y = typeOf(p.y), operands = "%x", types = x;
  if (p.op == "train.concat")
    operands = "%x, %x", types = x + ", " + x;
  if (isIndexed)
    operands = "%x, %i", types = x + ", tensor<5xi32>";
  std::string ir =
      "func.func @f(%x: " + x + " {train.name = \"x\"}, %dy: " + y +
      " {train.name = \"dy\"}, %i: tensor<5xi32> {train.name = \"i\"}) {\n  %y = " + p.op + " " +
      operands + " {" + p.attributes + "train.names = [\"y\"]} : (" + types + ") -> " + y +
      "\n  return\n}";
  MLIRContext context;
  context.loadDialect<func::FuncDialect, num_ir::NumDialect, train::TrainDialect>();
  autodiff::attachMoveGradients(context);
  auto module = parseSourceString<ModuleOp>(ir, &context);
  ASSERT_TRUE(module) << ir;
  auto f = *module->getOps<func::FuncOp>().begin();
  Block &block = f.getBody().front();
  OpBuilder b(block.getTerminator());
  Value source = f.getArgument(0);
  autodiff::Differentiator reverse(b, source, {});
  ASSERT_TRUE(succeeded(reverse.run(block.front().getResult(0), f.getArgument(1))));
  Value dx = reverse.gradientOf(source, b.getUnknownLoc());
  ASSERT_TRUE(dx);
  ASSERT_EQ(dx.getType(), source.getType());
  dx.getDefiningOp()->setAttr(train::getNamesAttrName(), b.getStrArrayAttr({"dx"}));
  std::string text;
  llvm::raw_string_ostream(text) << *module;

  EvaluatedModule m(text);
  NamedTensors inputs = {{"x", makeExact(p.x, 1)},
                         {"dy", makeExact(p.y, 2)},
                         {"i", makeTensor({5}, {2, 0, -1, 7, 2})}};
  auto loss = [&] {
    Tensor result = m.run("f", inputs).at("y");
    double sum = 0;
    for (size_t i = 0; i < result.values.size(); ++i)
      sum += double(inputs["dy"][i]) * result[i];
    return sum;
  };
  Tensor gradient = m.run("f", inputs).at("dx");
  bool some = false;
  Tensor &varied = inputs["x"];
  for (size_t i = 0; i < varied.values.size(); ++i) {
    float saved = varied[i];
    varied[i] = saved + 0.25f;
    double above = loss();
    varied[i] = saved - 0.25f;
    double below = loss();
    varied[i] = saved;
    some |= gradient[i] != 0;
    ASSERT_EQ(gradient[i], (above - below) / 0.5) << "element " << i << "\n" << text;
  }
  EXPECT_TRUE(some);
}

INSTANTIATE_TEST_SUITE_P(
    Ops, MoveGradient,
    testing::Values(
        Movement{{2, 3, 4}, {3, 8}, "train.reshape", ""},
        Movement{{2, 3, 4}, {4, 2, 3}, "train.transpose", "perm = array<i64: 2, 0, 1>, "},
        Movement{{4, 5},
                 {2, 3},
                 "train.slice",
                 "starts = array<i64: 1, 2>, sizes = array<i64: 2, 3>, "
                 "steps = array<i64: 1, 1>, "},
        Movement{{4, 9},
                 {2, 3},
                 "train.slice",
                 "starts = array<i64: 3, 0>, sizes = array<i64: 2, 3>, "
                 "steps = array<i64: -3, 4>, "},
        Movement{{3, 7, 8},
                 {3, 4, 3},
                 "train.slice",
                 "starts = array<i64: 0, 6, 7>, sizes = array<i64: 3, 4, 3>, "
                 "steps = array<i64: 1, -2, -3>, "},
        Movement{{2, 3}, {2, 6}, "train.concat", "axis = 1 : i64, "},
        Movement{{3, 4},
                 {4, 4},
                 "train.pad",
                 "low = array<i64: 2, -1>, high = array<i64: -1, 1>, value = 3.0 : f32, "},
        Movement{{2, 4, 3}, {2, 5, 3}, "train.gather", ""},
        Movement{{2, 5, 3}, {2, 4, 3}, "train.scatter_add", "rows = 4 : i64, "}));
