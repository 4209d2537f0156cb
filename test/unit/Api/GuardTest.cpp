//===- GuardTest.cpp - what the host cannot hold is an error ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/api/Guard.h"
#include "runtime/api/Printable.h"

#include "gtest/gtest.h"

#include <vector>

using namespace slp;

TEST(Guard, GivesWhatRunGives) {
  EXPECT_TRUE(guarded("x", [] { return Status::success(); }).ok());
  EXPECT_EQ(guarded("x", []() -> Status { return Error{"no"}; }).message(), "no");
  Result<int> result = guarded("x", []() -> Result<int> { return 7; });
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(*result, 7);
}

TEST(Guard, MakesErrorsOfWhatMemoryLacks) {
  Status bad = guarded("my.slp", []() -> Status { throw std::bad_alloc(); });
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.message(), "my.slp: the host has not enough memory for it");
  Result<int> tooLong = guarded("my.slp", []() -> Result<int> {
    std::vector<int> values;
    values.resize(values.max_size() + 1);
    return 1;
  });
  ASSERT_FALSE(tooLong.ok());
  EXPECT_EQ(tooLong.message(), bad.message());
}

TEST(Printable, EscapesControlCharacters) {
  EXPECT_EQ(printable(std::string("a\n\0b\x7f\x1b", 6)), "a\\x0a\\x00b\\x7f\\x1b");
  EXPECT_EQ(printable("h\xc3\xa9llo \\"), "h\xc3\xa9llo \\");
}
