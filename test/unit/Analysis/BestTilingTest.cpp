//===- BestTilingTest.cpp - the grid of tilings, and what is found in it ----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "CompiledNest.h"
#include "RandomNest.h"

#include "gtest/gtest.h"

#include <cstdio>

using namespace slp;
using chip_ir::Tiling;

namespace {
class OnChip : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override {
    Result<chip::Chip> loaded = chip::load(GetParam());
    ASSERT_TRUE(loaded);
    chip = loaded.take();
  }
  /// Calls f(nest, places) for the nests of random ops.
  template <typename F> void forRandomNests(uint32_t seeds, int64_t most, F f) {
    for (NestKind kind : nestKinds)
      for (uint32_t seed = 1; seed <= seeds; ++seed) {
        SCOPED_TRACE(std::string(toString(kind)) + ", seed " + std::to_string(seed));
        CompiledNest nest(makeRandomNest(kind, seed, chip.name, most), chip);
        ASSERT_TRUE(nest.tile(/*seed=*/0)) << nest.error;
        nest.forNests(f);
      }
  }
  chip::Chip chip;
};
} // namespace

/// The verifier of chip.nest says what loops allow; `excess` what memories hold.
static void expectLegal(const chip_ir::NestView &nest, const TileSpace &space, const Tiling &tiling,
                        const Capacities &capacities) {
  EXPECT_TRUE(space.isLegal(tiling, capacities));
  EXPECT_FALSE(nest.refusalOfOrder(tiling.order));
  chip_ir::TilingAttr before = *nest.op.getTiling();
  nest.op.setTilingAttr(tiling.toAttr(nest.op.getContext()));
  EXPECT_TRUE(mlir::succeeded(nest.op.verifyRegions()));
  nest.op.setTilingAttr(before);
}

TEST_P(OnChip, AllTilingsOfTheGridAreLegal) {
  Capacities capacities = Capacities::of(chip);
  TileWish wish;
  forRandomNests(3, 12, [&](const chip_ir::NestView &nest, const BufferPlaces &) {
    mlir::FailureOr<TileSpace> space = TileSpace::create(nest, chip, wish);
    ASSERT_TRUE(mlir::succeeded(space));
    int64_t number = 0, checked = 0;
    space->forEach(capacities, [&](const Tiling &tiling) {
      if (number++ % 997 != 0 || checked++ > 200)
        return;
      expectLegal(nest, *space, tiling, capacities);
    });
    EXPECT_GT(number, 0);
    EXPECT_LE(double(number), space->size());
  });
}

TEST_P(OnChip, DrawnTilingsAreLegal) {
  Capacities capacities = Capacities::of(chip);
  TileWish wish;
  forRandomNests(5, 48, [&](const chip_ir::NestView &nest, const BufferPlaces &) {
    mlir::FailureOr<TileSpace> space = TileSpace::create(nest, chip, wish);
    ASSERT_TRUE(mlir::succeeded(space));
    for (uint64_t seed = 1; seed <= 20; ++seed) {
      std::optional<Tiling> tiling = space->draw(seed, capacities);
      ASSERT_TRUE(tiling);
      expectLegal(nest, *space, *tiling, capacities);
    }
  });
}

/// What others keep in the memories is not there for a nest's buffers.
TEST_P(OnChip, TilingsFitTheCapacities) {
  TileWish wish;
  BestTilings best(chip);
  forRandomNests(4, 48, [&](const chip_ir::NestView &nest, const BufferPlaces &places) {
    mlir::FailureOr<TileSpace> space = TileSpace::create(nest, chip, wish);
    ASSERT_TRUE(mlir::succeeded(space));
    for (int64_t part : {1, 2, 3}) {
      Capacities capacities = Capacities::of(chip);
      capacities.shared /= part;
      capacities.scratchpad /= part;
      mlir::FailureOr<TilingChoice> choice = best.bestTiling(nest, places, wish, capacities);
      ASSERT_TRUE(mlir::succeeded(choice));
      expectLegal(nest, *space, choice->tiling, capacities);
    }
  });
}

TEST_P(OnChip, AnswersAreRemembered) {
  Capacities capacities = Capacities::of(chip);
  TileWish wish, fewer;
  fewer.cores = 2;
  BestTilings best(chip);
  CompiledNest nest(makeRandomNest(NestKind::matmul, 4, chip.name), chip);
  ASSERT_TRUE(nest.tile(/*seed=*/0)) << nest.error;
  size_t different = 0;
  nest.forNests([&](const chip_ir::NestView &view, const BufferPlaces &places) {
    mlir::FailureOr<TilingChoice> first = best.bestTiling(view, places, wish, capacities);
    size_t now = best.size();
    mlir::FailureOr<TilingChoice> again = best.bestTiling(view, places, wish, capacities);
    ASSERT_TRUE(mlir::succeeded(first) && mlir::succeeded(again));
    EXPECT_EQ(best.size(), now);
    EXPECT_EQ(first->tiling.toAttr(view.op.getContext()),
              again->tiling.toAttr(view.op.getContext()));
    // Without memory the same is found.
    BestTilings other(chip);
    mlir::FailureOr<TilingChoice> fresh = other.bestTiling(view, places, wish, capacities);
    ASSERT_TRUE(mlir::succeeded(fresh));
    EXPECT_EQ(first->tiling.toAttr(view.op.getContext()),
              fresh->tiling.toAttr(view.op.getContext()));
    // Each of these is another question.
    ASSERT_TRUE(mlir::succeeded(best.bestTiling(view, places, fewer, capacities)));
    ASSERT_TRUE(mlir::succeeded(best.bestTiling(view, places, wish, capacities.half())));
    different += 3;
  });
  EXPECT_EQ(best.size(), different);
}

/// Property: of small nests the search finds a tiling that takes at most 5 % more cycles, by
/// estimate, than the best of the whole grid, in nine cases of ten; and never half as many more.
TEST_P(OnChip, TheSearchIsNearTheBest) {
  Capacities capacities = Capacities::of(chip);
  TileWish wish;
  BestTilings best(chip);
  int64_t number = 0, near = 0;
  double worst = 1, grid = 0;
  forRandomNests(3, 6, [&](const chip_ir::NestView &nest, const BufferPlaces &places) {
    mlir::FailureOr<TileSpace> space = TileSpace::create(nest, chip, wish);
    ASSERT_TRUE(mlir::succeeded(space));
    if (space->size() > 60000)
      return;
    CostModel model(nest, places, best.getCosts());
    std::optional<TilingChoice> all = bestOfAll(*space, model, capacities);
    mlir::FailureOr<TilingChoice> found = best.bestTiling(nest, places, wish, capacities);
    ASSERT_TRUE(all && mlir::succeeded(found));
    double ratio = found->estimate.cycles / all->estimate.cycles;
    ++number;
    near += ratio <= 1.05;
    worst = std::max(worst, ratio);
    grid = std::max(grid, space->size());
  });
  std::printf(
      "%s: %lld nests of grids of up to %.0f tilings, %lld found within 5 %%, the worst %.2f "
      "times the best\n",
      GetParam(), static_cast<long long>(number), grid, static_cast<long long>(near), worst);
  EXPECT_GE(number, 5);
  EXPECT_GE(double(near), 0.9 * double(number));
  EXPECT_LE(worst, 1.5);
}

INSTANTIATE_TEST_SUITE_P(Chips, OnChip, testing::Values("lnpu", "asu-fp8"));
