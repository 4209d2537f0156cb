//===- LayoutTest.cpp - images of tensors in blocks -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/image/Text.h"
#include "runtime/isa/EnumLayout.h.inc"
#include "runtime/isa/FormatCoded8.h.inc"
#include "runtime/isa/FormatFp16.h.inc"
#include "runtime/isa/SpaceDram.h.inc"

#include "ExampleImage.h"

#include "gtest/gtest.h"

using namespace slp;
using namespace slp::image;

namespace {

/// The example, and behind its tensors one of (2, 20, 3, 4) in blocks of channels with a view (n,
/// g, c, pixels) of its second image.
Image blockedImage() {
  Image image = exampleImage();
  Tensor t;
  t.name = "blocked";
  t.format = mach::format::fp16;
  t.layout = mach::Layout::channels16;
  t.shape = {2, 20, 3, 4};
  t.strides = {768, 384, 128, 32};
  t.bytes = 1536;
  t.address = (image.tensors.back().address + image.tensors.back().bytes + 63) / 64 * 64;
  mach::TensorTile tile;
  tile.space = mach::space::dram;
  tile.format = t.format;
  tile.rank = 4;
  tile.slots = 1;
  tile.base = t.address + 768;
  tile.layout = t.layout;
  tile.channel = 2;
  tile.grouped = 1;
  tile.extent = {1, 4, 5, 12, 1};
  tile.tile = {1, 4, 5, 12, 1};
  tile.stride = {768, 0, 384, 32, 0};
  image.tensors.push_back(t);
  image.descriptors.push_back({"blocked.1", tile});
  return image;
}

template <typename Change> std::string messageAfter(Change change) {
  Image image = blockedImage();
  change(image, image.tensors.back(), image.descriptors.back().tile);
  Status status = verify(image);
  EXPECT_FALSE(status.ok());
  return status.ok() ? "accepted" : status.message();
}

} // namespace

TEST(ImageLayout, SurvivesFileAndText) {
  Image image = blockedImage();
  ASSERT_TRUE(verify(image).ok()) << verify(image).message();
  Result<std::vector<uint8_t>> bytes = serialize(image);
  ASSERT_TRUE(bytes.ok()) << bytes.message();
  Result<Image> read = deserialize(*bytes, "my.slp");
  ASSERT_TRUE(read.ok()) << read.message();
  EXPECT_EQ(read->tensors.back().layout, mach::Layout::channels16);
  EXPECT_TRUE(read->descriptors.back().tile == image.descriptors.back().tile);
  std::string text = printText(image);
  EXPECT_NE(text.find("layout=channels16, channel=2, grouped=1"), std::string::npos) << text;
  EXPECT_NE(text.find("bias=0, layout=channels16, shape=[2, 20, 3, 4]"), std::string::npos);
  Result<ParsedText> parsed = parseText(text, "my.s");
  ASSERT_TRUE(parsed.ok()) << parsed.message();
  EXPECT_EQ(printText(parsed->image), text);
  EXPECT_EQ(*serialize(parsed->image), *bytes);
}

TEST(ImageLayout, RefusesTensors) {
  EXPECT_EQ(
      messageAfter([](Image &, Tensor &t, mach::TensorTile &) { t.layout = mach::Layout(3); }),
      "tensor 'blocked': unknown layout 3");
  EXPECT_EQ(messageAfter([](Image &, Tensor &t, mach::TensorTile &) { t.strides[1] = 400; }),
            "tensor 'blocked': layout channels16 with other strides than [768, 384, 128, 32]");
  EXPECT_EQ(messageAfter([](Image &, Tensor &t, mach::TensorTile &) { t.bytes = 1534; }),
            "tensor 'blocked': its elements do not fit its 1534 bytes");
  EXPECT_EQ(messageAfter([](Image &, Tensor &t, mach::TensorTile &) {
              t.shape = {40};
              t.strides = {2};
            }),
            "tensor 'blocked': layout channels16 needs at least 2 dimensions, found 1");
  EXPECT_EQ(messageAfter([](Image &, Tensor &t, mach::TensorTile &) {
              t.layout = mach::Layout::blocks8x8;
              t.format = mach::format::coded8;
            }),
            "tensor 'blocked': layout blocks8x8 needs a format that is not compressed");
}

TEST(ImageLayout, RefusesDescriptors) {
  EXPECT_EQ(
      messageAfter([](Image &, Tensor &t, mach::TensorTile &tile) {
        tile.layout = mach::Layout::row_major;
        tile.channel = tile.grouped = 0;
      }),
      "descriptor 'blocked.1': layout row_major, expected channels16, that of tensor 'blocked'");
  EXPECT_EQ(messageAfter([](Image &i, Tensor &, mach::TensorTile &) {
              i.descriptors[4].tile.layout = mach::Layout::channels16;
              i.descriptors[4].tile.stride[0] = 1024;
            }),
            "descriptor 'conv1.weight': layout channels16, expected row_major, that of tensor "
            "'conv1.weight'");
  EXPECT_EQ(messageAfter(
                [](Image &, Tensor &, mach::TensorTile &tile) { tile.layout = mach::Layout(5); }),
            "descriptor 'blocked.1': TensorTile.head: field 'layout' is 5, expected 0 to 2");
  EXPECT_EQ(
      messageAfter([](Image &, Tensor &, mach::TensorTile &tile) { tile.channel = 5; }),
      "descriptor 'blocked.1': layout channels16 has channels in dimension 5, in groups, of 4");
  EXPECT_EQ(
      messageAfter([](Image &, Tensor &, mach::TensorTile &tile) { tile.stride[2] = 768; }),
      "descriptor 'blocked.1': blocks of channels 768 bytes apart, expected 384, as in tensor "
      "'blocked'");
  EXPECT_EQ(messageAfter([](Image &, Tensor &, mach::TensorTile &tile) { tile.base += 8; }),
            "descriptor 'blocked.1': begins 776 bytes into tensor 'blocked', inside a block of "
            "channels");
}

/// A file of a later set of layouts: the bits in the descriptor table are looked at.
TEST(ImageLayout, RefusesUnknownBitsInAFile) {
  mach::TensorTile tile = blockedImage().descriptors.back().tile;
  auto words = tile.encode();
  ASSERT_TRUE(words.ok());
  EXPECT_TRUE(mach::TensorTile::decode(*words).ok());
  (*words)[0].insert(123, 123, 1); // layout 5
  auto decoded = mach::TensorTile::decode(*words);
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.message(), "TensorTile.head: field 'layout' is 5, expected 0 to 2");
}

/// Temporaries that are not alive together may share bytes: a view is one of either.
TEST(ImageLayout, ViewsOfTensorsThatShareBytes) {
  Image image = blockedImage();
  Tensor plain = image.tensors.back();
  plain.name = "plain";
  plain.layout = mach::Layout::row_major;
  plain.strides = {480, 24, 8, 2};
  image.tensors.push_back(plain);
  EXPECT_TRUE(verify(image).ok()) << verify(image).message();
  image.descriptors.back().tile.stride[2] = 768;
  EXPECT_EQ(verify(image).message(),
            "descriptor 'blocked.1': blocks of channels 768 bytes apart, expected 384, as in "
            "tensor 'blocked'");
}
