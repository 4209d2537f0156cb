//===- ChipTest.cpp - what the shipped chip descriptions say ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Sizes and rates re-sum to the published totals, energies to the calibration point that the files
// name, hashes depend on exactly what they should.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/chips/Chip.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <yaml-cpp/yaml.h>

using namespace slp;
using chip::Chip;

namespace {

Chip loaded(const std::string &name) {
  Result<Chip> result = chip::load(name);
  EXPECT_TRUE(result.ok()) << result.message();
  return result.ok() ? result.take() : Chip();
}

/// Bytes of all memories on the chip.
int64_t onChipBytes(const Chip &c) {
  return c.structure.cores * (c.structure.scratchpadBytes + 2 * c.structure.accBankBytes) +
         c.structure.sharedBytes;
}

/// What a layer does per multiply-accumulate, skipped ones counted, as the energy comments of the
/// descriptions state it; the cycles are in those that the array would take at its peak.
struct Activity {
  double spmBytes, accBytes, sharedBytes, vectorOps, cycles = 1;
};

/// All-in pJ per multiply-accumulate, without DRAM, of which a share is computed.
double allIn(const Chip &c, double mac, const Activity &a, int macsPerCycle, double share = 1) {
  double perCycle = (c.energies.staticPerCycle + c.energies.instruction / 1000) * a.cycles;
  return mac * share + a.spmBytes * c.energies.spmByte + a.accBytes * c.energies.accByte +
         a.sharedBytes * c.energies.sharedByte + a.vectorOps * c.energies.vectorOp +
         perCycle / (c.structure.cores * macsPerCycle);
}

} // namespace

TEST(Chip, ShippedNamesAllLoad) {
  std::vector<std::string> names = chip::shippedNames();
  EXPECT_EQ(names, (std::vector<std::string>{"asu-fp8", "lnpu", "lnpu-50mhz"}));
  for (const std::string &name : names)
    EXPECT_EQ(loaded(name).name, name);
}

TEST(Chip, EmbeddedTextIsTheFile) {
  Chip embedded = loaded("lnpu"), file = loaded(SLP_CHIPS_DIR "/lnpu.yaml");
  EXPECT_EQ(embedded.structureHash(), file.structureHash());
  EXPECT_EQ(embedded.ratesHash(), file.ratesHash());
  EXPECT_EQ(embedded.assumptions(), file.assumptions());
}

TEST(Chip, LnpuSizesReSum) {
  Chip c = loaded("lnpu");
  EXPECT_EQ(onChipBytes(c), 372 * 1024);
  EXPECT_EQ(c.structure.scratchpadBytes + 2 * c.structure.accBankBytes, 20 * 1024);
  EXPECT_EQ(c.structure.sharedBytes, 52 * 1024);
  double tflops = 2.0 * c.structure.cores * c.rates.fp8MacsPerCycle * c.rates.clockHz / 1e12;
  EXPECT_NEAR(tflops, c.published.at("peak_fp8").value, 0.02);
  tflops = 2.0 * c.structure.cores * c.rates.fp16MacsPerCycle * c.rates.clockHz / 1e12;
  EXPECT_NEAR(tflops, c.published.at("peak_fp16").value, 0.01);
  EXPECT_EQ(c.structure.dramBytes, int64_t(1) << 30);
  EXPECT_DOUBLE_EQ(c.rates.dramBytesPerSecond, 3.2e9);
  EXPECT_DOUBLE_EQ(c.rates.dramLatencySeconds, 100e-9);
  EXPECT_EQ(c.features, (std::set<std::string>{"fp16-mac", "zero-skip", "mixed-precision",
                                               "load-balance", "intra-channel"}));
}

TEST(Chip, LnpuNumerics) {
  Chip c = loaded("lnpu");
  EXPECT_EQ(c.numerics.fp8, num::lnpuFp8);
  EXPECT_EQ(c.numerics.fp16, num::lnpuFp16);
  EXPECT_EQ(c.numerics.rounding, num::Rounding::nearestEven);
  EXPECT_EQ(c.numerics.dot, 8);
  EXPECT_FALSE(c.numerics.accumulateFp16);
  EXPECT_EQ(c.numerics.across, chip::AcrossImages::none);
}

TEST(Chip, AsuSizesAndNumerics) {
  Chip c = loaded("asu-fp8");
  EXPECT_EQ(onChipBytes(c), 2 * 1024 * 1024);
  EXPECT_EQ(c.structure.cores * c.rates.fp8MacsPerCycle, 512);
  EXPECT_FALSE(c.has("fp16-mac"));
  EXPECT_EQ(c.rates.fp16MacsPerCycle, 0);
  EXPECT_EQ(c.numerics.fp8, num::asuFp8);
  EXPECT_EQ(c.numerics.fp16, num::asuFp16);
  EXPECT_EQ(c.numerics.rounding, num::Rounding::halfAway);
  EXPECT_TRUE(c.numerics.accumulateFp16);
  EXPECT_EQ(c.numerics.across, chip::AcrossImages::fp16);
}

TEST(Chip, LnpuEnergyReSumsToItsCalibrationPoints) {
  Chip slow = loaded("lnpu-50mhz"), fast = loaded("lnpu");
  // Measured: docs/reproduction.md.
  const Activity fp8 = {0.1386, 0.0571, 0, 0.0009, 1.029};
  const Activity fp16 = {2 * 0.1386, 0.0571, 0, 0.0009, 1.029};
  const Activity tenth = {0.1006, 0.0571, 0, 0.0009, 0.143};
  double dense = allIn(slow, slow.energies.fp8Mac, fp8, 96);
  EXPECT_NEAR(dense, 0.575, 0.575 * 2e-3);
  EXPECT_NEAR(2 / dense, 3.48, 3.48 * 2e-3); // TFLOPS/W
  EXPECT_NEAR(allIn(slow, slow.energies.fp16Mac, fp16, 48), 2 * dense, dense * 3e-3);
  EXPECT_NEAR(2 / allIn(slow, slow.energies.fp8Mac, tenth, 96, 0.1), 25.3, 0.25); // 90 % zeros

  double volts = fast.rates.supplyVolts / slow.rates.supplyVolts, scale = volts * volts;
  auto isScaled = [&](double high, double low) { EXPECT_NEAR(high, low * scale, high * 1e-5); };
  isScaled(fast.energies.fp8Mac, slow.energies.fp8Mac);
  isScaled(fast.energies.fp16Mac, slow.energies.fp16Mac);
  isScaled(fast.energies.spmByte, slow.energies.spmByte);
  isScaled(fast.energies.accByte, slow.energies.accByte);
  isScaled(fast.energies.sharedByte, slow.energies.sharedByte);
  isScaled(fast.energies.vectorOp, slow.energies.vectorOp);
  isScaled(fast.energies.instruction, slow.energies.instruction);
  isScaled(fast.energies.staticPerCycle, slow.energies.staticPerCycle);
  EXPECT_EQ(fast.energies.dramByte, slow.energies.dramByte);
  double watts = allIn(fast, fast.energies.fp8Mac, fp8, 96) * 1e-12 * 0.3e12;
  EXPECT_NEAR(watts, 0.367, 0.367 * 0.08); // recalled, and not calibrated on
}

TEST(Chip, AsuEnergyReSumsToItsCalibrationPoint) {
  Chip c = loaded("asu-fp8");
  const Activity fp8 = {3 / 16.0, 1 / 18.0, 1 / 64.0, 1 / 576.0};
  EXPECT_NEAR(2 / allIn(c, c.energies.fp8Mac, fp8, 64), 3.5, 3.5 * 1e-3);
}

TEST(Chip, FurtherFormatsAreInTheOrderOfTheirNames) {
  const std::string yaml = "base: lnpu\nname: more\nnumerics:\n  formats:\n"
                           "    wide: {format: bf16, from: assumed}\n"
                           "    b: {format: hfp8.backward, from: quoted}\n"
                           "    a: {format: hfp8.forward, from: derived}\n"
                           "    c: {exp: 5, man: 2, bias: 15, specials: none, subnormals: flush, "
                           "flush_below: 0.000125, from: assumed}\n";
  Result<Chip> parsed = chip::parse(yaml, "more.yaml");
  ASSERT_TRUE(parsed.ok()) << parsed.message();
  const chip::Numerics &n = parsed->numerics;
  ASSERT_EQ(n.formats.size(), 4u);
  EXPECT_EQ(*n.furtherFormat(0, 1), num::hfp8Forward);
  EXPECT_EQ(*n.furtherFormat(1, 1), num::hfp8Backward);
  EXPECT_EQ(*n.furtherFormat(2, 1), num::asuFp8Flush);
  EXPECT_EQ(n.furtherFormat(3, 1), nullptr);
  EXPECT_EQ(*n.furtherFormat(0, 2), num::bf16);
  EXPECT_EQ(n.furtherFormat(1, 2), nullptr);
  EXPECT_EQ(n.formatNamed("a"), n.furtherFormat(0, 1));
  EXPECT_EQ(n.formatNamed("fp16"), &n.fp16);
  EXPECT_EQ(n.formatNamed("d"), nullptr);
  EXPECT_NE(parsed->structureHash(), loaded("lnpu").structureHash());
  std::vector<std::string> lines = parsed->assumptions();
  auto has = [&](const std::string &line) {
    return std::find(lines.begin(), lines.end(), line) != lines.end();
  };
  EXPECT_TRUE(has("numerics.formats.a = 4,3,11,none,gradual [derived]"));
  EXPECT_FALSE(has("numerics.formats.b = 5,2,15,none,gradual [quoted]"));
  EXPECT_TRUE(has("numerics.formats.wide = 8,7,127,ieee,gradual [assumed]"));
  Chip other = *parsed;
  other.numerics.formats[2].format.flushBelow *= 2;
  EXPECT_NE(other.structureHash(), parsed->structureHash());
}

TEST(Chip, OperatingPointsShareTheStructureHashOnly) {
  Chip fast = loaded("lnpu"), slow = loaded("lnpu-50mhz"), asu = loaded("asu-fp8");
  EXPECT_EQ(fast.structureHash(), slow.structureHash());
  EXPECT_NE(fast.ratesHash(), slow.ratesHash());
  EXPECT_NE(fast.structureHash(), asu.structureHash());
  EXPECT_EQ(fast.structure.cores, slow.structure.cores);
  EXPECT_EQ(slow.rates.dramBytesPerSecond, fast.rates.dramBytesPerSecond);
}

TEST(Chip, HashesFollowTheirNumbers) {
  const Chip base = loaded("lnpu");
  Chip c = base;
  c.structure.sharedBytes.value += 64;
  EXPECT_NE(c.structureHash(), base.structureHash());
  c = base;
  c.numerics.fp8.bias += 1;
  EXPECT_NE(c.structureHash(), base.structureHash());
  c = base;
  c.features.erase("zero-skip");
  EXPECT_NE(c.structureHash(), base.structureHash());
  c = base;
  c.title = "another", c.structure.cores.provenance = chip::Provenance::quoted;
  EXPECT_EQ(c.structureHash(), base.structureHash());
  c.energies.dramByte.value = 32;
  EXPECT_EQ(c.structureHash(), base.structureHash());
  EXPECT_NE(c.ratesHash(), base.ratesHash());
  c = base;
  c.rates.vectorCyclesPerElement["vector"].value = 2;
  EXPECT_NE(c.ratesHash(), base.ratesHash());
  c = base;
  c.laneOperations.exp.value = 11;
  EXPECT_EQ(c.structureHash(), base.structureHash());
  EXPECT_NE(c.ratesHash(), base.ratesHash());
}

/// Keys of the numbers in a description's text whose tag is `tag`, of all sections that something
/// is computed from: a map with a `from` is a number.
static void keysOf(const YAML::Node &map, const std::string &path, const std::string &tag,
                   std::set<std::string> &keys) {
  for (const auto &entry : map) {
    std::string key = path + (path.empty() ? "" : ".") + entry.first.Scalar();
    if (!entry.second.IsMap() || key == "published")
      continue;
    if (!entry.second["from"])
      keysOf(entry.second, key, tag, keys);
    else if (entry.second["from"].Scalar() == tag)
      keys.insert(key);
  }
}

/// The description is walked as text, not by the table that `assumptions` walks: a number that the
/// table forgets is missed here.
TEST(Chip, AssumptionsListEveryNumberOfTheText) {
  const std::string formats = "numerics:\n  formats:\n"
                              "    e4m3: {format: e4m3, from: assumed}\n"
                              "    wide: {format: bf16, from: recalled}\n";
  std::vector<Chip> chips;
  for (const std::string &name : chip::shippedNames()) {
    chips.push_back(loaded(name));
    Result<Chip> more = chip::parse("base: " + name + "\nname: more\n" + formats, "more.yaml");
    ASSERT_TRUE(more.ok()) << more.message();
    chips.push_back(more.take());
  }
  for (const Chip &c : chips) {
    std::vector<std::string> expected;
    for (const char *tag : {"derived", "recalled", "assumed"}) {
      std::set<std::string> keys;
      keysOf(YAML::Load(c.description), "", tag, keys);
      for (const std::string &key : keys)
        expected.push_back(key + " [" + tag + "]");
    }
    EXPECT_GT(expected.size(), 60u) << c.name;
    std::vector<std::string> listed;
    for (const std::string &line : c.assumptions())
      listed.push_back(line.substr(0, line.find(" = ")) + line.substr(line.rfind(" [")));
    std::sort(expected.begin(), expected.end());
    std::sort(listed.begin(), listed.end());
    EXPECT_EQ(listed, expected) << c.name;
  }
}

TEST(Chip, AssumptionsListEverythingNotQuoted) {
  Chip c = loaded("lnpu");
  std::vector<std::string> lines = c.assumptions();
  auto has = [&](const std::string &line) {
    return std::find(lines.begin(), lines.end(), line) != lines.end();
  };
  EXPECT_TRUE(has("structure.cores = 16 cores [recalled]"));
  EXPECT_TRUE(has("numerics.rounding = nearest_even [assumed]"));
  EXPECT_TRUE(has("rates.fp8_macs = 96 MAC/cycle [derived]"));
  EXPECT_TRUE(has("rates.vector_cycles.vector_row = 1 cycles [assumed]"));
  size_t before = lines.size();
  c.structure.cores.provenance = chip::Provenance::quoted;
  EXPECT_EQ(c.assumptions().size(), before - 1);
  EXPECT_TRUE(has("lane_operations.gelu_grad = 30 operations [assumed]"));
  EXPECT_TRUE(has("mechanisms.mixed-precision.stall_period = 64 steps [assumed]"));
  EXPECT_TRUE(has("mechanisms.zero-skip.scan_positions = 8 positions/cycle [assumed]"));
  // A key that the chip's features rule out is no assumption.
  for (const std::string &line : loaded("asu-fp8").assumptions())
    EXPECT_EQ(line.find("fp16_macs"), std::string::npos) << line;
}
