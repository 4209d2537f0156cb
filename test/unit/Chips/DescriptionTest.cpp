//===- DescriptionTest.cpp - descriptions as text, compared, and doubted ----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/chips/Chip.h"

#include "gtest/gtest.h"

using namespace slp;
using chip::Chip;
using chip::Difference;

namespace {

Chip parsed(const std::string &yaml) {
  Result<Chip> chip = chip::parse(yaml, "test.yaml");
  EXPECT_TRUE(chip.ok()) << chip.message();
  return chip.ok() ? chip.take() : Chip();
}

Chip loaded(const std::string &name) {
  Result<Chip> chip = chip::load(name);
  EXPECT_TRUE(chip.ok()) << chip.message();
  return chip.ok() ? chip.take() : Chip();
}

const char *const head = "base: lnpu\nname: mine\ntitle: test\n";

/// Parsing the text that a description gives must give the same description, text included.
void expectSameAgain(const Chip &chip) {
  Chip again = parsed(chip.description);
  EXPECT_EQ(again.description, chip.description);
  EXPECT_EQ(again.name, chip.name);
  EXPECT_EQ(again.title, chip.title);
  EXPECT_EQ(again.structureHash(), chip.structureHash());
  EXPECT_EQ(again.ratesHash(), chip.ratesHash());
  EXPECT_EQ(again.assumptions(), chip.assumptions()); // provenance too
  ASSERT_EQ(again.published.size(), chip.published.size());
  for (const auto &[key, said] : chip.published) {
    EXPECT_EQ(again.published[key].value, said.value) << key;
    EXPECT_EQ(again.published[key].note, said.note) << key;
  }
}

std::string all(const std::vector<std::string> &lines) {
  std::string text;
  for (const std::string &line : lines)
    text += line + "\n";
  return text;
}

} // namespace

TEST(Description, TextGivesTheSameChip) {
  for (const std::string &name : chip::shippedNames())
    expectSameAgain(loaded(name));
  expectSameAgain(parsed(std::string(head) +
                         "numerics:\n"
                         "  formats:\n"
                         "    e4m3: {format: e4m3, from: quoted}\n"
                         "  accumulate: {value: fp16, from: derived, note: \"it's \\\"so\\\": #1, "
                         "{a} [b] \\\\ %x h\xc3\xa9\"}\n"
                         "rates:\n"
                         "  clock: {value: +1e+02, unit: MHz, from: quoted, note: null and void}\n"
                         "published:\n"
                         "  \"a: key\": {value: -1.5, unit: '~', from: quoted, note: '-'}\n"
                         "  'null': {value: 3, unit: \"no\", from: recalled, note: 'Null'}\n"));
}

TEST(Description, TextNeedsNoBase) {
  Chip chip = loaded("lnpu-50mhz");
  EXPECT_EQ(chip.description.find("base:"), std::string::npos);
  EXPECT_EQ(chip.description.compare(0, 17, "name: lnpu-50mhz\n"), 0) << chip.description;
  // Numbers of the base and of the file itself, as they were written.
  EXPECT_NE(chip.description.find("\n  cores: {value: 16, unit: cores, from: recalled, note: '"),
            std::string::npos);
  EXPECT_NE(chip.description.find("\n  supply: {value: 0.78, unit: V, from: recalled}\n"),
            std::string::npos);
}

TEST(Description, DifferencesAreWhatTheHashesSee) {
  Chip lnpu = loaded("lnpu");
  EXPECT_TRUE(chip::structureDifferences(lnpu, lnpu).empty());
  EXPECT_TRUE(chip::ratesDifferences(lnpu, lnpu).empty());
  EXPECT_TRUE(chip::structureDifferences(lnpu, loaded("lnpu-50mhz")).empty());
  EXPECT_EQ(chip::ratesDifferences(lnpu, loaded("lnpu-50mhz")).size(), 10u);

  Chip other = lnpu;
  other.structure.cores.value = 32;
  other.numerics.dot = 16;
  other.features.erase("load-balance");
  EXPECT_EQ(chip::describe(chip::structureDifferences(lnpu, other)),
            "feature load-balance yes, now no; numerics.dot 8, now 16; structure.cores 16 cores, "
            "now 32 cores");
  other = lnpu;
  other.energies.dramByte.value = 20;
  other.mechanisms["load-balance.window"].value = 7;
  other.rates.vectorCyclesPerElement["vector"].value = 2;
  std::vector<Difference> rates = chip::ratesDifferences(lnpu, other);
  EXPECT_EQ(chip::describe(rates),
            "rates.vector_cycles.vector 1 cycles, now 2 cycles; energy.dram_byte 40 pJ, now 20 pJ; "
            "mechanisms.load-balance.window 6 items, now 7 items");
  EXPECT_EQ(chip::describe(rates, 1),
            "rates.vector_cycles.vector 1 cycles, now 2 cycles; and 2 more");
  // The other way round, and what only one of them has.
  EXPECT_EQ(chip::describe(chip::ratesDifferences(other, lnpu), 1),
            "rates.vector_cycles.vector 2 cycles, now 1 cycles; and 2 more");
  bool found = false;
  for (const Difference &d : chip::ratesDifferences(lnpu, loaded("asu-fp8")))
    found |= d.key == "rates.fp16_macs" && d.to == "none";
  EXPECT_TRUE(found);
}

TEST(Description, EnergiesDoNotScaleByThemselves) {
  auto of = [](const std::string &rates, const std::string &energy = "") {
    return all(chip::warnings(parsed(std::string(head) + "rates:\n" + rates + energy)));
  };
  auto supply = [](const char *volts) {
    return std::string("  supply: {value: ") + volts + ", unit: V, from: assumed}\n";
  };
  auto clock = [](const char *megahertz) {
    return std::string("  clock: {value: ") + megahertz + ", unit: MHz, from: assumed}\n";
  };
  const std::string own = "energy:\n  vector_op: {value: 1, unit: pJ, from: assumed}\n";
  const std::string end = ": the energies do not scale by themselves and are taken as they stand\n";
  for (const std::string &name : chip::shippedNames())
    EXPECT_EQ(all(chip::warnings(loaded(name))), "");
  // Copied energies, at another supply or a higher clock than theirs.
  EXPECT_EQ(of(supply("0.1")), "rates.supply: 0.1 V with the energies of lnpu at 1.1 V" + end);
  EXPECT_EQ(of(supply("1")), "rates.supply: 1 V with the energies of lnpu at 1.1 V" + end);
  EXPECT_EQ(of(clock("20000")),
            "rates.clock: 20000 MHz with the energies of lnpu at 200 MHz" + end);
  EXPECT_EQ(of(clock("100")), "");
  EXPECT_EQ(of(clock("0.5")), "rates.clock: 0.5 MHz, outside 1 to 5000 MHz" + end);
  // Energies of one's own, beyond what chips run at.
  EXPECT_EQ(of(supply("1") + clock("400"), own), "");
  EXPECT_EQ(of(supply("0.1"), own), "rates.supply: 0.1 V, outside 0.3 to 2 V" + end);
  EXPECT_EQ(of(supply("10") + clock("100000"), own),
            "rates.supply: 10 V, outside 0.3 to 2 V" + end +
                "rates.clock: 100000 MHz, outside 1 to 5000 MHz" + end);
}
