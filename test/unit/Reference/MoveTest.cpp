//===- MoveTest.cpp - data movement of the reference ------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Values worked out by hand.
//
//===----------------------------------------------------------------------------------------===//

#include "EvaluateModule.h"

#include <cmath>

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

/// Every integer of the step is a number of FP32; what comes back has no fraction.
TEST(Move, WholeNumbers) {
  EvaluatedModule m(R"mlir(
func.func @f(%i: tensor<4xi32> {train.name = "i"}, %x: tensor<7xf32> {train.name = "x"}) {
  %y = train.to_float %i {train.names = ["y"]} : (tensor<4xi32>) -> tensor<4xf32>
  %w = train.to_integer %x {train.names = ["w"]} : (tensor<7xf32>) -> tensor<7xi32>
  return
})mlir");
  NamedTensors r =
      m.run("f", {{"i", makeTensor({4}, {-100, 0, 16777216, 2049})},
                  {"x", makeTensor({7}, {1.75f, -1.75f, 0.5f, NAN, 1e9f, -INFINITY, 65537})}});
  EXPECT_EQ(r["y"].values, (Values{-100, 0, 16777216, 2049}));
  EXPECT_EQ(r["w"].values, (Values{1, -1, 0, 0, 16777216, -16777216, 65537}));
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
