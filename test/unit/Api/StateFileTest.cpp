//===- StateFileTest.cpp - trained state as bytes ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/api/StateFile.h"

#include "gtest/gtest.h"

#include <cstring>
#include <limits>

using namespace slp;
using namespace slp::api;

static SavedState someState() {
  float tiny = std::numeric_limits<float>::denorm_min();
  return {1234567890123,
          Position{3, 17, 1437, 32, 0xfffffffe, data::Order::file},
          {{"conv1.weight", {2, 1, 3}, {1.5f, -2, tiny, 0, 3e38f, -1e-40f}},
           {"scalar", {}, {7}},
           {"empty", {0, 4}, {}}}};
}

TEST(StateFile, RoundTripIsExact) {
  SavedState state = someState();
  const std::vector<StateTensor> &tensors = state.tensors;
  Result<SavedState> saved = deserializeState(serializeState(state), "file");
  ASSERT_TRUE(saved) << saved.message();
  EXPECT_EQ(saved->steps, state.steps);
  ASSERT_TRUE(saved->position);
  EXPECT_EQ(saved->position->epochs, 3);
  EXPECT_EQ(saved->position->steps, 17);
  EXPECT_EQ(saved->position->samples, 1437);
  EXPECT_EQ(saved->position->batch, 32);
  EXPECT_EQ(saved->position->seed, 0xfffffffe);
  EXPECT_EQ(saved->position->order, data::Order::file);
  const std::vector<StateTensor> *back = &saved->tensors;
  ASSERT_EQ(back->size(), tensors.size());
  for (size_t i = 0; i < tensors.size(); ++i) {
    EXPECT_EQ((*back)[i].name, tensors[i].name);
    EXPECT_EQ((*back)[i].shape, tensors[i].shape);
    ASSERT_EQ((*back)[i].values.size(), tensors[i].values.size());
    for (size_t j = 0; j < tensors[i].values.size(); ++j)
      EXPECT_EQ(std::memcmp(&(*back)[i].values[j], &tensors[i].values[j], 4), 0);
  }
}

TEST(StateFile, Version2HasNoPosition) {
  SavedState state = someState();
  state.position.reset();
  std::vector<uint8_t> bytes = serializeState(state);
  EXPECT_EQ(bytes[8], 2);
  Result<SavedState> saved = deserializeState(bytes, "file");
  ASSERT_TRUE(saved) << saved.message();
  EXPECT_FALSE(saved->position);
  EXPECT_EQ(saved->steps, state.steps);
  EXPECT_EQ(saved->tensors.size(), state.tensors.size());
}

TEST(StateFile, PositionsThatCannotBeAreRefused) {
  SavedState state = someState();
  state.position->steps = 44; // that many are the whole epoch
  EXPECT_FALSE(deserializeState(serializeState(state), "file"));
  state = someState();
  state.position->epochs = -1;
  Result<SavedState> result = deserializeState(serializeState(state), "file");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(), "file: corrupt: its length or its numbers do not match its contents");
  // Fewer steps than the position has epochs and steps.
  for (int64_t steps : {0, 3, 17, 19}) {
    state = someState();
    state.steps = steps;
    EXPECT_FALSE(deserializeState(serializeState(state), "file")) << steps;
  }
  state.steps = 20;
  EXPECT_TRUE(deserializeState(serializeState(state), "file"));
  state.position->epochs = std::numeric_limits<int64_t>::max();
  EXPECT_FALSE(deserializeState(serializeState(state), "file"));
}

TEST(StateFile, OtherFilesAreRefused) {
  auto refused = [](const std::vector<uint8_t> &bytes) {
    Result<SavedState> result = deserializeState(bytes, "dir/file");
    return result ? std::string("accepted") : result.message();
  };
  EXPECT_EQ(refused({}), "dir/file: not a state file of slp-sim");
  EXPECT_EQ(refused(std::vector<uint8_t>(100, 'x')), "dir/file: not a state file of slp-sim");
  std::vector<uint8_t> good = serializeState(someState());
  std::vector<uint8_t> newer = good;
  newer[8] = 4;
  EXPECT_EQ(refused(newer), "dir/file: version 4, expected 2 or 3");
  // Any flipped byte behind the version is noticed, and any truncation.
  for (size_t i = 12; i < good.size(); ++i) {
    std::vector<uint8_t> bad = good;
    bad[i] ^= 0x10;
    EXPECT_EQ(refused(bad), "dir/file: corrupt: the checksum does not match") << "byte " << i;
  }
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_NE(refused({good.begin(), good.begin() + std::ptrdiff_t(size)}), "accepted");
}

TEST(StateFile, ContentsThatContradictThemselvesAreRefused) {
  // The checksum is right, the number of values is not.
  SavedState state = someState();
  state.tensors[0].values.pop_back();
  Result<SavedState> result = deserializeState(serializeState(state), "file");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.message(), "file: corrupt: its length or its numbers do not match its contents");
  state = someState();
  state.tensors[0].shape = {int64_t(1) << 62, int64_t(1) << 62, 1 << 20};
  EXPECT_FALSE(deserializeState(serializeState(state), "file"));
}
