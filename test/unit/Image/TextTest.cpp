//===- TextTest.cpp - images survive being text -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/image/Text.h"
#include "runtime/isa/FormatF32.h.inc"

#include "ExampleImage.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <random>

using namespace slp;
using namespace slp::image;

namespace {

std::vector<uint8_t> bytesOf(const Image &image) {
  Result<std::vector<uint8_t>> bytes = serialize(image);
  EXPECT_TRUE(bytes.ok()) << bytes.message();
  return bytes.ok() ? bytes.take() : std::vector<uint8_t>();
}

void expectRoundTrip(const Image &image) {
  std::string text = printText(image);
  Result<ParsedText> parsed = parseText(text, "my.s");
  ASSERT_TRUE(parsed.ok()) << parsed.message() << "\n" << text;
  EXPECT_TRUE(parsed->hasChipHash);
  EXPECT_EQ(bytesOf(parsed->image), bytesOf(image)) << text;
  EXPECT_EQ(printText(parsed->image), text);
}

/// The example's text with the first `from` replaced by `to`.
std::string messageAfter(const std::string &from, const std::string &to) {
  std::string text = printText(exampleImage());
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at == std::string::npos)
    return "";
  Result<ParsedText> parsed = parseText(text.replace(at, from.size(), to), "my.s");
  EXPECT_FALSE(parsed.ok());
  return parsed.ok() ? "accepted" : parsed.message();
}

} // namespace

// Property: text and file say the same, to the byte.
TEST(Text, RoundTrip) { expectRoundTrip(exampleImage()); }

TEST(Text, RoundTripWithoutDebugInformation) {
  Image image = exampleImage();
  image.debug = Debug();
  expectRoundTrip(image);
  image.debug.records.resize(image.text.size()); // records that say nothing are records
  expectRoundTrip(image);
  EXPECT_NE(printText(image).find(".loc none none"), std::string::npos);
}

TEST(Text, RoundTripOfOddNames) {
  Image image = exampleImage();
  image.modelName = "my \"model\"; v2.onnx";
  image.modelHash = 0; // then the text has none
  image.tensors[0].name = "a;b\\c";
  image.tensors[2].name = "h\xc3\xa9llo, w]orld=";
  image.descriptors[0].name = "x @ ; 1";
  image.debug.nodes[1] = "none";
  image.debug.elided[0].reason = "because: ; \"quotes\"";
  image.entries[0].name = "in it";
  expectRoundTrip(image);
}

// Property: entry points and numbers at their limits, in any order.
TEST(Text, RoundTripOfExtremes) {
  Image image = exampleImage();
  image.chipHash = UINT64_MAX;
  image.batch = 1 << 24; // of no inputs
  image.tensors.erase(image.tensors.begin(), image.tensors.begin() + 2);
  image.contract.labels = "";
  image.contract.labelInputs.clear();
  image.contract.indexInputs.clear();
  image.lossScale = 0x1p-1074;
  image.entries = {{"step", 3}, {"init", 3}, {"eval", 0}};
  expectRoundTrip(image);
  image.lossScale = 0x1p1023;
  image.tensors.back().address = (uint64_t(1) << 48) - 4;
  expectRoundTrip(image);
}

TEST(Text, RoundTripOfChipDescriptions) {
  Image image = exampleImage();
  for (const char *text : {"\n", "a: 'quo\"ted; \\ @x'\n\n  # \x7f h\xc3\xa9llo\n", " x\n"}) {
    image.chipDescription = text;
    expectRoundTrip(image);
  }
}

TEST(Text, RoundTripOfContracts) {
  Image image = exampleImage();
  image.contract.labelInputs[0].ignore = std::nullopt;
  expectRoundTrip(image);
  image.contract.labelInputs[0].ignore = INT32_MIN;
  expectRoundTrip(image);
  image.contract.labels = "";
  image.contract.classAxis = -1;
  expectRoundTrip(image);
  image.contract.indexInputs[0].sizes = {1 << 24};
  image.contract.indexInputs[0].tensor = "labels";
  expectRoundTrip(image);
  image.debug.captures[0].masking = Masking::mask;
  image.contract = Contract();
  expectRoundTrip(image);
}

TEST(Text, ErrorsOfContracts) {
  EXPECT_EQ(messageAfter(".loss @loss", ".loss loss"),
            "my.s:21: .loss: expected '@' and a name, found 'loss'");
  EXPECT_EQ(messageAfter(".labels @labels", ".labels @labels\n.labels @labels"),
            "my.s:25: .labels: a second one, expected one");
  EXPECT_EQ(messageAfter("class_axis=1", "class_axis=-1"),
            "my.s:23: .logits: expected an integer from 0 to 2147483647, found '-1'");
  EXPECT_EQ(messageAfter("classes=12", "classes=0"),
            "my.s:25: .label_input: expected an integer from 1 to 9223372036854775807, found '0'");
  EXPECT_EQ(messageAfter("ignore=-100", "ignore=4294967296"),
            "my.s:25: .label_input: expected an integer from -2147483648 to 2147483647, found "
            "'4294967296'");
  EXPECT_EQ(messageAfter("sizes=[7]", "sizes=7"), "my.s:26: .index_input: expected '[', found '7'");
  EXPECT_EQ(messageAfter("sizes=[7]", "size=[7]"),
            "my.s:26: .index_input: expected 'sizes=', found 'size'");
  EXPECT_EQ(messageAfter("masking=scores", "masking=all"),
            "my.s:29: .capture: expected one of none, mask, scores, found 'all'");
}

TEST(Text, RoundTripOfADynamicLossScale) {
  Image image = exampleImage();
  image.lossScale = 1;
  image.lossScaleState = "loss \"scale\"";
  image.tensors.push_back(
      {image.lossScaleState, Role::state, mach::format::f32, {4}, {4}, 2 << 20, 16, {}});
  expectRoundTrip(image);
  Result<std::vector<uint8_t>> bytes = serialize(image);
  ASSERT_TRUE(bytes.ok()) << bytes.message();
  Result<Image> back = deserialize(*bytes, "memory");
  ASSERT_TRUE(back.ok()) << back.message();
  EXPECT_EQ(back->lossScaleState, image.lossScaleState);
}

TEST(Text, RoundTripOfRandomRecords) {
  std::mt19937 random(3);
  for (int trial = 0; trial < 200; ++trial) {
    Image image = exampleImage();
    for (DebugRecord &r : image.debug.records) {
      r.node = int32_t(random() % 3) - 1;
      r.phase = int8_t(random() % 5) - 1;
      r.capture[0] = int32_t(random() % 2) - 1;
      r.capture[1] = int32_t(random() % 2) - 1;
    }
    expectRoundTrip(image);
  }
}

TEST(Text, CommentsNameNodesAndTensors) {
  std::string text = printText(exampleImage());
  EXPECT_NE(
      text.find(".loc 1 fp ; node /fc/Gemm, train.matmul\n.captured 0 none ; tensor y\n  matmul"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find(".entry step"), std::string::npos);
  EXPECT_NE(text.find("; fp8 in spm"), std::string::npos);
}

TEST(Text, MessagesNameTheLine) {
  EXPECT_EQ(messageAfter(".image 9", ".image 10"),
            "my.s:1: .image: expected an integer from 9 to 9, found '10'");
  EXPECT_EQ(messageAfter(".batch 2", ".batch 0"),
            "my.s:7: .batch: expected an integer from 1 to 9223372036854775807, found '0'");
  EXPECT_EQ(messageAfter(".batch 2", ".batch 18446744073709551615"),
            "my.s:7: .batch: expected an integer from 1 to 9223372036854775807, found "
            "'18446744073709551615'");
  EXPECT_EQ(messageAfter(".batch 2", ".batch 2 3"),
            "my.s:7: .batch: expected the end of the line, found '3'");
  EXPECT_EQ(messageAfter(".batch 2", ".batch 2\n.batch 2"),
            "my.s:8: .batch: a second one, expected one");
  EXPECT_EQ(messageAfter(".batch 2", ".bunch 2"), "my.s:7: unknown directive '.bunch'");
  EXPECT_EQ(messageAfter(".loss_scale 1024", ".loss_scale big"),
            "my.s:8: .loss_scale: expected a number, found 'big'");
  EXPECT_EQ(messageAfter("@input.1 role=input", "@input.1 role=inputs"),
            "my.s:9: .tensor: expected one of input, output, state, temp, constant, copy, found "
            "'inputs'");
  EXPECT_EQ(messageAfter("@input.1 role=input, ", "@input.1 "),
            "my.s:9: .tensor: expected 'role=', found 'format'");
  EXPECT_EQ(messageAfter("shape=[2, 8]", "shape=[2 8]"),
            "my.s:9: .tensor: expected ',' or ']', found '8'");
  EXPECT_EQ(messageAfter("@input.1", "input.1"),
            "my.s:9: .tensor: expected '@' and a name, found 'input.1'");
  EXPECT_EQ(messageAfter(".bytes 01", ".bytes 0g"),
            "my.s:12: .bytes: expected pairs of hexadecimal digits, found '0g'");
  EXPECT_EQ(messageAfter(".bytes 01", ".bytes 1"),
            "my.s:12: .bytes: expected pairs of hexadecimal digits");
  EXPECT_EQ(messageAfter(".bytes 01", ".bytes aabb01"),
            "my.s:12: .bytes: tensor 'conv1.weight' has 16 bytes, found more");
  EXPECT_NE(
      messageAfter(".loc 1 fp", ".loc 1 up2").find(".loc: expected one of none, fp, bp, wg, up"),
      std::string::npos);
  EXPECT_NE(messageAfter("matmul acc", "matmull acc").find("my.s:"), std::string::npos);
}

TEST(Text, MessagesWithoutALine) {
  EXPECT_EQ(messageAfter(".batch 2", ""), "my.s: no directive .batch");
  EXPECT_EQ(messageAfter(".bytes 01", ".bytes "),
            "my.s: tensor 'conv1.weight': 15 bytes of initial values, expected 16");
  EXPECT_EQ(messageAfter("address=64", "address=0"),
            "my.s: tensor 'labels' at 0: begins before the end of 'input.1' at 16, expected "
            "tensors apart, unless both are temporaries");
  EXPECT_EQ(
      messageAfter(".loc 1 fp", ".loc 2 fp"),
      "my.s: debug record of instruction 8: names a node, phase or capture that is not there");
}

TEST(Text, ChipHashesMayBeLeftOut) {
  const std::string text = printText(exampleImage()),
                    line = ".chip lnpu 0x123456789abcdef 0xf0e0d0c0b0a090\n";
  size_t at = text.find(line);
  ASSERT_NE(at, std::string::npos);
  auto parsed = [&](const std::string &replacement) {
    return parseText(std::string(text).replace(at, line.size(), replacement), "my.s");
  };
  Result<ParsedText> neither = parsed(".chip lnpu\n");
  ASSERT_TRUE(neither.ok()) << neither.message();
  EXPECT_FALSE(neither->hasChipHash || neither->hasRatesHash);
  EXPECT_EQ(neither->image.chipHash, 0u);
  EXPECT_EQ(neither->image.ratesHash, 0u);
  Result<ParsedText> one = parsed(".chip lnpu 0x7\n");
  ASSERT_TRUE(one.ok()) << one.message();
  EXPECT_TRUE(one->hasChipHash && !one->hasRatesHash);
  EXPECT_EQ(one->image.chipHash, 7u);
}

// Property: damaged text is refused with one line that names the file, or is an image.
TEST(Text, DamagedTextNeverCrashes) {
  const std::string text = printText(exampleImage());
  std::mt19937 random(5);
  for (int trial = 0; trial < 4000; ++trial) {
    std::string damaged = text;
    for (unsigned n = 1 + random() % 3; n > 0; --n)
      damaged[random() % damaged.size()] = "\0\n ;,.@=[]\"\\-9zf"[random() % 16];
    Result<ParsedText> parsed = parseText(damaged, "my.s");
    if (parsed.ok() && !parsed->image.chipDescription.empty())
      EXPECT_TRUE(serialize(parsed->image).ok());
    else if (!parsed.ok())
      EXPECT_EQ(parsed.message().compare(0, 4, "my.s"), 0) << parsed.message();
  }
}
