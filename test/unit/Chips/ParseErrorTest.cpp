//===- ParseErrorTest.cpp - impossible chip descriptions are refused --------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Each test changes one line of a shipped description and expects one message that names file, key,
// value and range.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/chips/Chip.h"

#include "gtest/gtest.h"

#include <fstream>
#include <iterator>
#include <sstream>

using namespace slp;

namespace {

std::string shipped(const std::string &name) {
  std::ifstream file(SLP_CHIPS_DIR "/" + name + ".yaml");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/// The shipped text with the first `from` replaced by `to`.
std::string changed(const std::string &from, const std::string &to,
                    const std::string &name = "lnpu") {
  std::string text = shipped(name);
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

std::string messageOf(const std::string &yaml) {
  Result<chip::Chip> result = chip::parse(yaml, "my.yaml");
  EXPECT_FALSE(result.ok());
  std::string message = result.ok() ? "accepted" : result.message();
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  return message;
}

/// The text of a number's line up to the value.
std::string number(const std::string &key, const std::string &value) {
  return "  " + key + ": {value: " + value + ",";
}

std::string messageForValue(const std::string &key, const std::string &from,
                            const std::string &to) {
  return messageOf(changed(number(key, from), number(key, to)));
}

} // namespace

TEST(ParseError, ImpossibleNumbers) {
  EXPECT_EQ(messageForValue("cores", "16", "0"),
            "my.yaml: structure.cores: 0 cores, expected an integer from 1 to 64 cores");
  EXPECT_EQ(messageForValue("cores", "16", "65"),
            "my.yaml: structure.cores: 65 cores, expected an integer from 1 to 64 cores");
  EXPECT_EQ(
      messageForValue("scratchpad", "16", "-16"),
      "my.yaml: structure.scratchpad: -16 KiB, expected an integer from 1024 to 1073741824 bytes, "
      "a multiple of 64");
  EXPECT_EQ(messageForValue("dram_burst", "64", "48"),
            "my.yaml: rates.dram_burst: 48 bytes, expected an integer from 1 to 4096 bytes, a "
            "power of two");
  EXPECT_EQ(messageForValue("dram_efficiency", "0.85", "1.01"),
            "my.yaml: rates.dram_efficiency: 1.01 share, expected a number from 0.01 to 1 share");
  EXPECT_NE(messageForValue("loop_depth", "8", "7").find("from 8 to 64"), std::string::npos);
  EXPECT_NE(messageForValue("clock", "200", "0").find("rates.clock: 0 MHz"), std::string::npos);
  EXPECT_NE(messageForValue("dram_byte", "40", "-1").find("energy.dram_byte: -1 pJ"),
            std::string::npos);
  EXPECT_NE(messageForValue("dram", "1", "9223372036854775807").find("structure.dram"),
            std::string::npos);
}

TEST(ParseError, WrongTypes) {
  EXPECT_NE(messageForValue("cores", "16", "many").find("structure.cores: many cores"),
            std::string::npos);
  EXPECT_NE(messageForValue("cores", "16", "16.5").find("an integer"), std::string::npos);
  EXPECT_NE(messageForValue("clock", "200", ".nan").find("a number"), std::string::npos);
  EXPECT_NE(messageForValue("clock", "200", "inf").find("a number"), std::string::npos);
  EXPECT_NE(messageForValue("clock", "200", "200x").find("200x"), std::string::npos);
  EXPECT_NE(messageForValue("cores", "16", "[16]").find("a list"), std::string::npos);
  EXPECT_NE(messageOf(changed("unit: cores", "unit: bytes"))
                .find("structure.cores.unit: bytes, expected cores"),
            std::string::npos);
  EXPECT_NE(messageOf(changed("unit: KiB", "unit: KB"))
                .find("structure.scratchpad.unit: KB, expected one of bytes, KiB, MiB, GiB"),
            std::string::npos);
  EXPECT_NE(
      messageOf(changed("cores, from: recalled", "cores, from: guessed"))
          .find("structure.cores.from: guessed, expected quoted, derived, recalled or assumed"),
      std::string::npos);
  EXPECT_NE(messageOf(changed("name: lnpu", "name: [a]")).find("name: a list"), std::string::npos);
  EXPECT_NE(messageOf(changed("name: lnpu", "name: ../x")).find("name: ../x"), std::string::npos);
}

TEST(ParseError, Formats) {
  EXPECT_NE(
      messageOf(changed("fp8: {exp: 5, man: 2", "fp8: {exp: 5, man: 3"))
          .find("numerics.fp8: 1 + 5 + 3 bits, expected sign, exp and man of together 8 bits"),
      std::string::npos);
  EXPECT_NE(messageOf(changed("exp: 5", "exp: 9"))
                .find("numerics.fp8.exp: 9, expected an integer from 2 to 8"),
            std::string::npos);
  EXPECT_NE(messageOf(changed("bias: 15", "bias: 128")).find("numerics.fp8.bias"),
            std::string::npos);
  EXPECT_NE(
      messageOf(changed("specials: reserved", "specials: odd")).find("ieee, none, reserved or nan"),
      std::string::npos);
  EXPECT_NE(messageOf(changed("specials: reserved", "specials: ieee")).find("drop 0 * Inf"),
            std::string::npos);
  EXPECT_NE(messageOf(changed("subnormals: flush", "subnormals: some")).find("gradual or flush"),
            std::string::npos);
  EXPECT_NE(
      messageOf(changed("rounding: {value: nearest_even", "rounding: {value: up"))
          .find("numerics.rounding.value: up, expected nearest_even, half_away, toward_zero or "
                "stochastic"),
      std::string::npos);
  EXPECT_NE(messageOf(changed("dot: {value: 8", "dot: {value: 4"))
                .find("numerics.dot.value: 4, expected 1, 8 or 16"),
            std::string::npos);
  EXPECT_NE(messageOf(changed("accumulate: {value: f32", "accumulate: {value: bf16"))
                .find("numerics.accumulate.value: bf16, expected f32 or fp16"),
            std::string::npos);
  EXPECT_NE(messageOf(changed("across: {value: none", "across: {value: bf16"))
                .find("numerics.across.value: bf16, expected f32, fp16 or none"),
            std::string::npos);
}

TEST(ParseError, AnAccumulatorHasNoThreshold) {
  const std::string flush = "subnormals: flush, flush_below: 0.01";
  EXPECT_NE(
      messageOf(changed("fp16: {exp: 5, man: 10, bias: 15, specials: none, subnormals: gradual",
                        "fp16: {exp: 5, man: 10, bias: 15, specials: none, " + flush, "asu-fp8"))
          .find("numerics.fp16.flush_below: a threshold, expected none: accumulators are fp16"),
      std::string::npos);
  std::string yaml =
      changed("fp16: {exp: 5, man: 10, bias: 15, specials: reserved, subnormals: gradual",
              "fp16: {exp: 5, man: 10, bias: 15, specials: reserved, " + flush);
  EXPECT_TRUE(chip::parse(yaml, "my.yaml").ok());
}

TEST(ParseError, FurtherFormats) {
  auto yamlWith = [](const std::string &formats) {
    return changed("  rounding: {value", "  formats: " + formats + "\n  rounding: {value");
  };
  auto with = [&](const std::string &formats) { return messageOf(yamlWith(formats)); };
  const std::string e4m3 =
      "{exp: 4, man: 3, bias: 7, specials: none, subnormals: gradual, from: assumed}";
  EXPECT_TRUE(
      chip::parse(yamlWith("{a: " + e4m3 + ", b.2: {format: bf16, from: assumed}}"), "my.yaml")
          .ok());
  EXPECT_NE(with("[]").find("numerics.formats: a list, expected a map"), std::string::npos);
  EXPECT_NE(with("{fp8: " + e4m3 + "}").find("numerics.formats.fp8: this name"), std::string::npos);
  EXPECT_NE(with("{A: " + e4m3 + "}").find("numerics.formats.A: this name"), std::string::npos);
  EXPECT_NE(
      with("{a: " + e4m3 + ", b: " + e4m3 + ", c: " + e4m3 + ", d: " + e4m3 + ", e: " + e4m3 + "}")
          .find("numerics.formats.e: a fifth format of 1 bytes"),
      std::string::npos);
  EXPECT_NE(with("{a: {format: fp7, from: assumed}}").find("unknown number format 'fp7'"),
            std::string::npos);
  EXPECT_NE(with("{a: {format: bf16, exp: 8, from: assumed}}").find("exp: a value beside format"),
            std::string::npos);
  const std::string e4m3With = "{a: {exp: 4, man: 3, bias: 7, specials: none, from: assumed, ";
  EXPECT_NE(with(e4m3With + "subnormals: gradual, flush_below: 1}}")
                .find("a threshold of flushing, but subnormals are gradual"),
            std::string::npos);
  EXPECT_NE(with(e4m3With + "subnormals: flush, flush_below: 0.001}}")
                .find("the threshold of flushing is 0.001, expected 0.015625 to 480"),
            std::string::npos);
  EXPECT_NE(with(e4m3With + "subnormals: flush, flush_below: nan}}")
                .find("flush_below: nan, expected a positive number"),
            std::string::npos);
}

TEST(ParseError, Features) {
  EXPECT_NE(messageOf(changed("[fp16-mac,", "[fp16-mac, magic,"))
                .find("features: magic, expected one of"),
            std::string::npos);
  EXPECT_NE(messageOf(changed("[fp16-mac,", "[fp16-mac, fp16-mac,")).find("fp16-mac twice"),
            std::string::npos);
  EXPECT_NE(messageOf(changed("[fp16-mac, zero-skip,", "[fp16-mac,"))
                .find("features: load-balance without zero-skip"),
            std::string::npos);
  // A number of a feature that the chip lacks, and a feature whose number is missing.
  EXPECT_EQ(messageOf(changed("[dot8,", "[fp16-mac, dot8,", "asu-fp8")),
            "my.yaml: rates.fp16_macs: missing, expected a value");
  EXPECT_EQ(messageOf(changed("[fp16-mac, zero-skip, mixed-precision,", "[zero-skip,")),
            "my.yaml: rates.fp16_macs: a value, expected none: the chip has no feature fp16-mac");
  EXPECT_NE(messageOf(changed("gradient-skip]", "zero-skip]", "asu-fp8"))
                .find("mechanisms.gradient-skip.theta: unknown key"),
            std::string::npos);
}

TEST(ParseError, Array) {
  const std::string lines = "  lines: {value: 6, unit: lines, from: recalled";
  EXPECT_EQ(messageOf(changed("  pes:", "  # pes:")),
            "my.yaml: structure.pes: missing, expected a value");
  EXPECT_EQ(messageOf(changed(lines, "  lines: {value: 0, unit: lines, from: recalled")),
            "my.yaml: structure.lines: 0 lines, expected an integer from 1 to 1024 lines");
  EXPECT_EQ(messageOf(changed(lines, "  lines: {value: 5, unit: lines, from: recalled")),
            "my.yaml: rates.fp8_macs: 96 MAC/cycle, expected a multiple of the 40 PEs of a core, "
            "structure.lines x structure.pes");
  EXPECT_EQ(messageOf(changed(lines, "  lines: {value: 12, unit: lines, from: recalled")),
            "my.yaml: rates.fp16_macs: 48 MAC/cycle, expected a multiple of the 96 PEs of a core, "
            "structure.lines x structure.pes");
}

TEST(ParseError, UnknownAndRepeatedKeys) {
  EXPECT_NE(messageOf(changed("  cores:", "  corse:"))
                .find("structure.corse: unknown key, expected one of cores, lines"),
            std::string::npos);
  EXPECT_NE(messageOf(changed("structure:", "extra: 1\nstructure:")).find("extra: unknown key"),
            std::string::npos);
  EXPECT_NE(messageOf(changed("unit: cores,", "unit: cores, units: x,"))
                .find("structure.cores.units: unknown key"),
            std::string::npos);
  EXPECT_EQ(messageOf(changed("  loop_depth:",
                              "  cores: {value: 1, unit: cores, from: assumed}\n  loop_depth:")),
            "my.yaml: structure.cores: a second value, expected each key once");
  EXPECT_EQ(messageOf(changed("unit: cores,", "unit: cores, unit: cores,")),
            "my.yaml: structure.cores.unit: a second value, expected each key once");
  EXPECT_NE(messageOf("base: lnpu\nname: x\ntitle: y\nrates: {clock: 1, clock: 2}\n")
                .find("rates.clock: a second value"),
            std::string::npos);
}

// Property: a description without any one of its numbers is refused, and the message names the
// number.
TEST(ParseError, EveryNumberIsNeeded) {
  for (const char *name : {"lnpu", "asu-fp8"}) {
    std::istringstream text(shipped(name));
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);)
      lines.push_back(line);
    int removed = 0;
    for (size_t i = 0; i < lines.size() && lines[i] != "published:"; ++i) {
      size_t brace = lines[i].find(": {");
      if (brace == std::string::npos)
        continue;
      std::string without, key = lines[i].substr(lines[i].find_first_not_of(' '));
      for (size_t j = 0; j < lines.size(); ++j)
        without += j == i ? "" : lines[j] + "\n";
      std::string message = messageOf(without);
      EXPECT_NE(message.find(key.substr(0, key.find(':')) + ": missing"), std::string::npos)
          << message;
      ++removed;
    }
    EXPECT_GT(removed, 40) << name;
  }
}

TEST(ParseError, NotADescription) {
  EXPECT_EQ(messageOf(""), "my.yaml: document: nothing, expected a map with the keys of "
                           "docs/chip-description.md");
  EXPECT_NE(messageOf("[1, 2]").find("a list"), std::string::npos);
  EXPECT_NE(messageOf("a: [").find("my.yaml:"), std::string::npos);
  EXPECT_NE(messageOf("a: [").find("not a YAML document"), std::string::npos);
  EXPECT_NE(messageOf("rates: 5\nbase: lnpu\nname: x\n").find("rates: 5, expected a map"),
            std::string::npos);
  EXPECT_NE(messageOf("base: nowhere\n").find("base: nowhere"), std::string::npos);
  EXPECT_NE(messageOf(std::string(2 << 20, ' ')).find("at most 1 MiB"), std::string::npos);
}

TEST(ParseError, OneDocument) {
  std::string two = shipped("lnpu") + "---\nname: another\n";
  EXPECT_EQ(messageOf(two), "my.yaml: document: 2 of them, expected one description a file");
  Result<chip::Chip> one = chip::parse("---\n" + shipped("lnpu"), "my.yaml");
  EXPECT_TRUE(one.ok()) << one.message();
}

TEST(ParseError, ABaseGivesNoName) {
  EXPECT_EQ(messageOf("base: lnpu\ntitle: mine\n"),
            "my.yaml: name: missing, expected a name of its own beside base: lnpu");
  Result<chip::Chip> untitled = chip::parse("base: lnpu\nname: mine\n", "my.yaml");
  ASSERT_TRUE(untitled.ok()) << untitled.message();
  EXPECT_EQ(untitled->title, "mine, based on lnpu");
  Result<chip::Chip> twice = chip::parse("base: lnpu-50mhz\nname: mine\n", "my.yaml");
  ASSERT_TRUE(twice.ok()) << twice.message();
  EXPECT_EQ(twice->title, "mine, based on lnpu-50mhz");
}

// A feature goes with its numbers, in whatever section they are; those that the file gives itself
// are refused as ever.
TEST(ParseError, DroppedFeatures) {
  for (const char *base : {"lnpu", "lnpu-50mhz", "asu-fp8"}) {
    std::string head = "base: " + std::string(base) + "\nname: x\nfeatures: ";
    Result<chip::Chip> none = chip::parse(head + "[]\n", "my.yaml");
    ASSERT_TRUE(none.ok()) << none.message();
    EXPECT_TRUE(none->mechanisms.empty());
    Result<chip::Chip> again = chip::parse(none->description, "my.yaml");
    EXPECT_TRUE(again.ok()) << again.message();
    EXPECT_NE(messageOf(head + "[]\nrates:\n  fp16_macs: {value: 1, unit: MAC/cycle, from: "
                               "assumed}\n")
                  .find("rates.fp16_macs: a value, expected none: the chip has no feature "
                        "fp16-mac"),
              std::string::npos);
  }
  Result<chip::Chip> some =
      chip::parse("base: lnpu\nname: x\nfeatures: [fp16-mac, zero-skip]\n", "my.yaml");
  ASSERT_TRUE(some.ok()) << some.message();
  Result<chip::Chip> whole = chip::parse(shipped("lnpu"), "lnpu.yaml");
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(some->rates.fp16MacsPerCycle.value, whole->rates.fp16MacsPerCycle.value);
  EXPECT_LT(some->mechanisms.size(), whole->mechanisms.size());
  EXPECT_NE(messageOf("base: lnpu\nname: x\nfeatures: [load-balance]\n")
                .find("load-balance without zero-skip"),
            std::string::npos);
}

TEST(ParseError, Load) {
  Result<chip::Chip> unknown = chip::load("tpu");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.message(), "unknown chip 'tpu', expected one of asu-fp8, lnpu, lnpu-50mhz, or "
                               "the path of a YAML file");
  Result<chip::Chip> absent = chip::load("/nowhere/x.yaml");
  ASSERT_FALSE(absent.ok());
  EXPECT_EQ(absent.message(),
            "/nowhere/x.yaml: cannot read the chip description: No such file or directory");
  Result<chip::Chip> directory = chip::load(SLP_CHIPS_DIR "/");
  ASSERT_FALSE(directory.ok());
  EXPECT_NE(directory.message().find("Is a directory"), std::string::npos) << directory.message();
}

// Property: no single damaged byte (every seventh, for time) crashes the reader.
TEST(ParseError, DamagedTextNeverCrashes) {
  const std::string text = shipped("lnpu-50mhz");
  for (size_t i = 0; i < text.size(); i += 7) {
    for (char c : {'\0', '{', '&', '\n'}) {
      std::string damaged = text;
      damaged[i] = c;
      Result<chip::Chip> result = chip::parse(damaged, "my.yaml");
      if (!result.ok()) {
        EXPECT_EQ(result.message().compare(0, 7, "my.yaml"), 0) << result.message();
      }
    }
  }
}
