//===- PositionTest.cpp - what a run goes on with ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/api/Position.h"

#include "gtest/gtest.h"

using namespace slp;
using namespace slp::api;

/// After 3 epochs and 7 steps.
static Position saved() { return {3, 7, 100, 10, 5, data::Order::shuffled}; }

TEST(Position, TheLastStepFinishesTheEpoch) {
  Position at = saved();
  at.advance(10);
  EXPECT_EQ(at.steps, 8);
  at.advance(10);
  at.advance(10);
  EXPECT_EQ(at.epochs, 4);
  EXPECT_EQ(at.steps, 0);
}

TEST(Position, TheSameCourseGoesOnInsideItsEpoch) {
  std::string note = "before";
  Position at = resume(saved(), {0, 0, 100, 10, 5, data::Order::shuffled}, note);
  EXPECT_EQ(at.epochs, 3);
  EXPECT_EQ(at.steps, 7);
  EXPECT_EQ(note, "");
}

TEST(Position, FilesInOrderHaveNoSeed) {
  std::string note;
  Position before = saved();
  before.order = data::Order::file;
  EXPECT_EQ(resume(before, {0, 0, 100, 10, 6, data::Order::file}, note).steps, 7);
  EXPECT_EQ(note, "");
}

TEST(Position, AnotherCourseBeginsAnEpoch) {
  for (Position now : {Position{0, 0, 99, 10, 5, data::Order::shuffled},
                       Position{0, 0, 100, 20, 5, data::Order::shuffled},
                       Position{0, 0, 100, 10, 6, data::Order::shuffled},
                       Position{0, 0, 100, 10, 5, data::Order::file}}) {
    std::string note;
    Position at = resume(saved(), now, note);
    EXPECT_EQ(at.epochs, 4);
    EXPECT_EQ(at.steps, 0);
    EXPECT_EQ(at.samples, now.samples);
    EXPECT_EQ(at.batch, now.batch);
    EXPECT_EQ(at.seed, now.seed);
    EXPECT_EQ(at.order, now.order);
    EXPECT_NE(note.find(", and begins with a new epoch, 5"), std::string::npos) << note;
  }
}

TEST(Position, BetweenEpochsNothingIsLeftOut) {
  std::string note;
  Position before = saved();
  before.steps = 0;
  Position at = resume(before, {0, 0, 99, 10, 5, data::Order::shuffled}, note);
  EXPECT_EQ(at.epochs, 3);
  EXPECT_EQ(at.steps, 0);
  EXPECT_EQ(note, "the state was saved in a training of 100 samples, batches of 10, "
                  "--order=shuffled, --seed=5; this one has 99 samples, batches of 10, "
                  "--order=shuffled, --seed=5, and goes on with epoch 4");
}
