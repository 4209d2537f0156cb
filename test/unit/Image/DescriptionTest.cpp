//===- DescriptionTest.cpp - an image carries its chip, and no other --------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/image/Description.h"

#include "ExampleImage.h"

#include "gtest/gtest.h"

using namespace slp;
using namespace slp::image;

namespace {

chip::Chip parsed(const std::string &yaml) {
  Result<chip::Chip> chip = chip::parse(yaml, "test.yaml");
  EXPECT_TRUE(chip.ok()) << chip.message();
  return chip.ok() ? chip.take() : chip::Chip();
}

Image imageFor(const chip::Chip &chip) {
  Image image = exampleImage();
  setChip(image, chip);
  return image;
}

std::string messageOf(const Image &image) {
  Result<chip::Chip> chip = chipOf(image);
  EXPECT_FALSE(chip.ok());
  return chip.ok() ? "accepted" : chip.message();
}

} // namespace

// Property: whatever the chip, file and back, the image gives the chip it was made for.
TEST(Description, TheChipComesBack) {
  std::vector<chip::Chip> chips;
  for (const std::string &name : chip::shippedNames())
    chips.push_back(*chip::load(name));
  chips.push_back(
      parsed("base: lnpu\nname: lnpu\ntitle: its name, other rates\nrates:\n"
             "  clock: {value: 123.456, unit: MHz, from: quoted, note: \"it's: odd\"}\n"));
  chips.push_back(parsed("base: asu-fp8\nname: mine\ntitle: other structure\nstructure:\n"
                         "  cores: {value: 64, unit: cores, from: derived}\n"));
  for (const chip::Chip &chip : chips) {
    Result<std::vector<uint8_t>> bytes = serialize(imageFor(chip));
    ASSERT_TRUE(bytes.ok()) << bytes.message();
    Result<Image> back = deserialize(*bytes, "my.elf");
    ASSERT_TRUE(back.ok()) << back.message();
    Result<chip::Chip> again = chipOf(*back);
    ASSERT_TRUE(again.ok()) << again.message();
    EXPECT_EQ(again->name, chip.name);
    EXPECT_EQ(again->title, chip.title);
    EXPECT_EQ(again->structureHash(), chip.structureHash());
    EXPECT_EQ(again->ratesHash(), chip.ratesHash());
    EXPECT_EQ(again->assumptions(), chip.assumptions());
  }
}

TEST(Description, AnotherChipsIsRefused) {
  chip::Chip lnpu = *chip::load("lnpu");
  Image image = imageFor(lnpu);
  image.chipName = "mine";
  EXPECT_EQ(messageOf(image),
            "the chip description it carries is that of 'lnpu', expected one of 'mine'");
  image = imageFor(lnpu);
  image.chipHash ^= 1;
  EXPECT_EQ(messageOf(image),
            "the chip description it carries is that of 'lnpu', whose hash of "
            "features, numerics and structure is not the one that the image says");
  image = imageFor(lnpu);
  image.ratesHash ^= 1;
  EXPECT_EQ(messageOf(image), "the chip description it carries is that of 'lnpu', whose hash of "
                              "rates and energies is not the one that the image says");
  image = imageFor(lnpu);
  image.chipDescription = "name: lnpu\n";
  EXPECT_EQ(messageOf(image), "the chip description it carries: title: missing, expected a value");
  image.chipDescription = "name: [\n";
  EXPECT_EQ(messageOf(image).compare(0, 33, "the chip description it carries:2"), 0)
      << messageOf(image);
  image.chipDescription.clear();
  EXPECT_EQ(messageOf(image), "the image carries no chip description");
  EXPECT_FALSE(serialize(image).ok());
  image.chipDescription = "no end of line";
  EXPECT_EQ(messageOf(image), "the chip description it carries is not made of lines of text");
  EXPECT_FALSE(serialize(image).ok());
}
