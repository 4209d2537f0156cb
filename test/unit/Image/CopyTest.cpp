//===- CopyTest.cpp - compute copies of states in images --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "ExampleImage.h"
#include "runtime/image/Image.h"
#include "runtime/image/Text.h"
#include "runtime/isa/EnumStoreRounding.h.inc"
#include "runtime/isa/FormatF32.h.inc"
#include "runtime/isa/FormatFp8.h.inc"

#include "gtest/gtest.h"

using namespace slp;
using namespace slp::image;

/// The example with a copy of its velocity, 2 x 8 in fp16.
static Image imageWithCopy() {
  Image image = exampleImage();
  Tensor copy{
      "velocity.copy", Role::copy, mach::format::fp8, {2, 8}, {8, 1}, (1 << 20) + 256, 16, {}};
  copy.copyOf = "velocity";
  copy.rounding = mach::StoreRounding::half_away;
  image.tensors.push_back(copy);
  return image;
}

template <typename Change> static std::string messageAfter(Change change) {
  Image image = imageWithCopy();
  change(image.tensors.back());
  Status status = verify(image);
  return status.ok() ? "accepted" : status.message();
}

TEST(Copy, RoundTrips) {
  Image image = imageWithCopy();
  Result<std::vector<uint8_t>> bytes = serialize(image);
  ASSERT_TRUE(bytes) << bytes.message();
  Result<Image> back = deserialize(*bytes, "memory");
  ASSERT_TRUE(back) << back.message();
  ASSERT_EQ(back->tensors.size(), image.tensors.size());
  EXPECT_EQ(back->tensors.back().role, Role::copy);
  EXPECT_EQ(back->tensors.back().copyOf, "velocity");
  EXPECT_EQ(back->tensors.back().rounding, mach::StoreRounding::half_away);
  std::string text = printText(image);
  EXPECT_NE(
      text.find(".tensor @velocity.copy role=copy, of=@velocity, rounding=half_away, format=fp8,"),
      std::string::npos);
  Result<ParsedText> parsed = parseText(text, "my.s");
  ASSERT_TRUE(parsed) << parsed.message();
  EXPECT_EQ(parsed->image.tensors.back().copyOf, "velocity");
  EXPECT_EQ(parsed->image.tensors.back().rounding, mach::StoreRounding::half_away);
  EXPECT_EQ(printText(parsed->image), text);
}

TEST(Copy, IsOneOfAStateOfItsShape) {
  std::string of = "tensor 'velocity.copy': copy of ",
              expected = ", expected a state of its shape, both in formats of one code an element";
  EXPECT_EQ(messageAfter([](Tensor &t) { t.copyOf = "nobody"; }), of + "'nobody'" + expected);
  EXPECT_EQ(messageAfter([](Tensor &t) { t.copyOf = "logits"; }), of + "'logits'" + expected);
  EXPECT_EQ(messageAfter([](Tensor &t) { t.copyOf = "conv1.bias"; }),
            of + "'conv1.bias'" + expected);
  EXPECT_EQ(messageAfter([](Tensor &t) { t.copyOf = t.name; }), of + "'velocity.copy'" + expected);
  EXPECT_EQ(messageAfter([](Tensor &t) {
              t.format = mach::format::f32;
              t.strides = {32, 4};
              t.bytes = 64;
            }),
            of + "'velocity'" + expected);
  EXPECT_EQ(messageAfter([](Tensor &t) { t.role = Role::state; }),
            of + "'velocity', expected role copy");
  EXPECT_EQ(messageAfter([](Tensor &t) { t.init.assign(16, 1); }),
            "tensor 'velocity.copy': initial values, expected them for states and constants only");
  for (int rounding : {0, 4, 5})
    EXPECT_EQ(messageAfter([&](Tensor &t) { t.rounding = mach::StoreRounding(rounding); }),
              "tensor 'velocity.copy': rounding " + std::to_string(rounding) +
                  " of a copy, expected one without random numbers");
  EXPECT_EQ(messageAfter([](Tensor &) {}), "accepted");
}
