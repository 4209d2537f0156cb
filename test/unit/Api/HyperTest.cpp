//===- HyperTest.cpp - run-time numbers and schedules -----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/api/Hyper.h"
#include "runtime/api/Schedule.h"

#include "gtest/gtest.h"

using namespace slp;
using namespace slp::api;

TEST(Hyper, RegistersHoldTheNumbersInOrder) {
  Hyper hyper{0.5f, 0.75f, 0.125f, 0.25f, 0.5f, 1e-3f, 4};
  auto h = registersOf(hyper, /*step=*/2, /*run=*/7);
  EXPECT_EQ(h[0], 0.5f);
  EXPECT_EQ(h[1], 0.75f);
  EXPECT_EQ(h[2], 0.125f);
  EXPECT_EQ(h[3], 0.25f);
  EXPECT_EQ(h[4], 0.5f);
  EXPECT_EQ(h[5], 1e-3f);
  EXPECT_EQ(h[6], float(1 / (1 - 0.5625)));
  EXPECT_EQ(h[7], float(1 / 0.75));
  EXPECT_EQ(h[8], 7.0f);
  EXPECT_EQ(h[9], 4.0f);
}

TEST(Hyper, DampeningBeginsWithTheSecondStep) {
  Hyper hyper;
  hyper.dampening = 0.5f;
  EXPECT_EQ(registersOf(hyper, 1, 1)[3], 0.0f);
  EXPECT_EQ(registersOf(hyper, 2, 2)[3], 0.5f);
  hyper.momentum = 0;
  EXPECT_EQ(registersOf(hyper, 2, 2)[3], 0.0f);
}

TEST(Hyper, CorrectionsStayFiniteForever) {
  auto h = registersOf(Hyper(), int64_t(1) << 40, 1);
  EXPECT_EQ(h[6], 1.0f);
  EXPECT_EQ(h[7], 1.0f);
}

TEST(Hyper, OnlyTheOptimizersNumbersAreTaken) {
  image::Image image;
  image.entries.push_back({"step", 0});
  EXPECT_TRUE(hyperOf(image, {{"beta2", 0.5}})); // nothing is known of its optimizer
  image.optimizer = "sgd";
  image.numbers = {{"lr", 0.25}, {"momentum", 0.5}};
  Result<Hyper> hyper = hyperOf(image, {{"momentum", 0.75}});
  ASSERT_TRUE(hyper) << hyper.message();
  EXPECT_EQ(hyper->learningRate, 0.25f);
  EXPECT_EQ(hyper->momentum, 0.75f);
  EXPECT_EQ(hyperOf(image, {{"beta2", 0.5}}).message(),
            "--beta2: the image's optimizer, sgd, does not use it; expected one of --lr, "
            "--momentum");
  EXPECT_EQ(hyperOf(image, {{"momentum", 1}}).message(),
            "--momentum: 1.000000, expected at least 0 and less than 1");
  image::Image eval;
  EXPECT_EQ(hyperOf(eval, {{"lr", 1}}).message(), "--lr: the image trains nothing");
}

static void expectRates(const char *text, int64_t warmup, const std::vector<double> &rates) {
  Result<Schedule> schedule = Schedule::parse(text, warmup);
  ASSERT_TRUE(schedule) << schedule.message();
  for (size_t i = 0; i < rates.size(); ++i)
    EXPECT_NEAR(schedule->rateAt(0.1f, int64_t(i)), rates[i], 1e-8) << text << " step " << i;
}

TEST(Schedule, RatesAreThoseOfPyTorch) {
  // StepLR(3, 0.5), ExponentialLR(0.9), LinearLR(1, 0.25, 4), CosineAnnealingLR(7, 0.01) at 0.1.
  expectRates("constant", 0, {0.1, 0.1});
  expectRates("step:3:0.5", 0, {0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025});
  expectRates("exponential:0.9", 0, {0.1, 0.09, 0.081, 0.0729, 0.06561});
  expectRates("linear:4:0.25", 0, {0.1, 0.08125, 0.0625, 0.04375, 0.025, 0.025, 0.025});
  expectRates("cosine:7:0.01", 0,
              {0.1, 0.09554359905560886, 0.08305704108364301, 0.06501344202803415,
               0.04498655797196586, 0.026942958916356993, 0.014456400944391143, 0.01});
  // SequentialLR of LinearLR(0.25, 1, 3) and CosineAnnealingLR(6), milestone 4.
  expectRates("cosine:6", 4,
              {0.025, 0.05, 0.075, 0.1, 0.1, 0.09330127018922195, 0.075, 0.05, 0.025,
               0.006698729810778065, 0, 0});
}

TEST(Schedule, WrongOnesAreRefused) {
  EXPECT_EQ(Schedule::parse("cosin:3", 0).message(),
            "--schedule: 'cosin:3', expected constant, step, exponential, linear or cosine");
  EXPECT_EQ(Schedule::parse("step:0:0.5", 0).message(),
            "--schedule: 'step:0:0.5', expected step:EVERY:FACTOR with at least 1 step and a "
            "factor of at least 0");
  for (const char *text : {"", "constant:1", "step:3", "step:3:x", "exponential", "linear:1:2:3",
                           "cosine:1e3", "cosine:4:-1", "exponential:nan"})
    EXPECT_FALSE(Schedule::parse(text, 0)) << text;
  EXPECT_EQ(Schedule::parse("constant", -1).message(), "--warmup: -1, expected at least 0");
}
