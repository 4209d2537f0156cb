//===- ViewsTest.cpp - statistics file, table and progress line -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/isa/EngineLoad.h.inc"
#include "runtime/isa/EngineMac.h.inc"
#include "runtime/isa/EngineSeq.h.inc"
#include "runtime/isa/EngineStore.h.inc"
#include "runtime/isa/EngineVector.h.inc"
#include "runtime/isa/StructConvFp.h.inc"
#include "runtime/isa/StructHalt.h.inc"
#include "runtime/isa/StructLd.h.inc"
#include "runtime/isa/StructSt.h.inc"
#include "runtime/isa/StructVRelu.h.inc"
#include "runtime/timing/Model.h"
#include "runtime/views/Progress.h"
#include "runtime/views/Stats.h"
#include "runtime/views/Table.h"

#include "gtest/gtest.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>

using namespace slp;
using namespace slp::views;
using Json = nlohmann::ordered_json;

/// Two steps of a program with one instruction of each engine, in two nodes and phases.
static Record sampleRecord() {
  Record record;
  Result<chip::Chip> lnpu = chip::load("lnpu");
  EXPECT_TRUE(lnpu);
  record.chip = lnpu.take();
  image::Image image;
  image.debug.nodes = {"/conv1/Conv", "fc\xff"};
  for (int node : {0, 0, 1, 1, -1}) {
    image::DebugRecord debug;
    debug.node = node;
    debug.phase = int8_t(node < 0 ? -1 : node);
    image.debug.records.push_back(debug);
  }
  record.groups = timing::Groups(image);
  record.image = "cnn.elf";
  record.model = "cnn.onnx";
  record.batch = 32;
  record.settings.numbers = {{"lr", 0.05}};

  timing::Model model(record.chip, record.groups);
  energy::ActivityCounter counter(record.groups);
  for (int run = 0; run < 2; ++run) {
    auto send = [&](uint64_t pc, mach::Opcode opcode, mach::Engine engine,
                    const exec::CoreWork &work) {
      exec::Event event;
      event.pc = pc;
      event.opcode = opcode;
      event.engine = engine;
      event.mask = 1;
      event.work = {work};
      model.issued(event);
      counter.issued(event);
    };
    exec::CoreWork work;
    work.bytesRead[0] = work.bytesWritten[2] = 4096;
    work.dramUsefulBytes = 4000;
    send(0, mach::Ld::opcode, mach::engine::load, work);
    work = {};
    work.macs = 9000;
    work.zeroMacs = 900;
    work.macSlots = 9600;
    send(1, mach::ConvFp::opcode, mach::engine::mac, work);
    work = {};
    work.elements = work.operations = 320;
    send(2, mach::VRelu::opcode, mach::engine::vector, work);
    work = {};
    work.bytesWritten[0] = 128;
    send(3, mach::St::opcode, mach::engine::store, work);
    send(4, mach::Halt::opcode, mach::engine::seq, {});
    Result<timing::Report> report = model.finish();
    EXPECT_TRUE(report);
    Measurement measurement{report.take(), counter.take()};
    StepRecord step;
    step.epoch = 1;
    step.step = run + 1;
    step.loss = 2.5 - run;
    step.learningRate = 0.05;
    step.skipped = run;
    step.totals = measurement.totals(record.groups);
    record.steps.push_back(step);
    if (record.measurement)
      *record.measurement += measurement;
    else
      record.measurement = measurement;
  }
  record.epochs.push_back({1, 2.0, 0.75, std::nullopt, 3});
  record.loss = 2.0;
  record.accuracy = 0.75;
  record.lossScale = LossScaleRecord{65536, 1024, 6};
  record.weightGroups =
      WeightGroupsRecord{0.002, 0.5, 44, "given", "derived", "assumed", 36, 18, 0.125};
  record.divergence = Divergence{2, "fc/dw", "the loss is inf"};
  TensorRecord tensor;
  tensor.name = "w";
  tensor.role = "state";
  tensor.shape = {2, 2};
  tensor.elements = 4;
  tensor.zeros = 1;
  record.tensors.push_back(tensor);
  return record;
}

static void collect(const Json &json, const std::string &path, std::set<std::string> &paths) {
  if (json.is_object() && path != "run.numbers") { // whose keys are those of the optimizer
    for (const auto &[key, value] : json.items())
      collect(value, path.empty() ? key : path + "." + key, paths);
  } else if (json.is_array()) {
    for (const Json &value : json)
      collect(value, path + "[]", paths);
  } else {
    paths.insert(path);
  }
}

/// The fields that docs/stats-schema.md lists, with its abbreviations spelled out.
static std::set<std::string> documentedFields() {
  std::ifstream file(SLP_STATS_SCHEMA);
  EXPECT_TRUE(file.good());
  std::set<std::string> fields;
  std::regex row("^\\| `([A-Za-z0-9_.\\[\\]]+)`");
  for (std::string line; std::getline(file, line);)
    if (std::smatch match; std::regex_search(line, match, row))
      fields.insert(match[1]);
  std::map<std::string, std::vector<std::string>> words = {
      {"M", {"total", "total.phases[]", "total.nodes[]"}},
      {"ENGINE", {"seq", "load", "store", "mac", "vector", "shared_load", "shared_store"}},
      {"SPACE", {"dram", "shared", "spm", "acc"}}};
  for (size_t i = 0; i < timing::numCauses; ++i)
    words["CAUSE"].push_back(toString(static_cast<timing::Cause>(i)));
  for (size_t i = 0; i < timing::numWallParts; ++i)
    words["PART"].push_back(toString(static_cast<timing::WallPart>(i)));
  for (const auto &[word, values] : words) {
    std::set<std::string> expanded;
    std::regex whole("(^|\\.)" + word + "(?=\\.|$)");
    for (const std::string &field : fields) {
      if (!std::regex_search(field, whole)) {
        expanded.insert(field);
        continue;
      }
      for (const std::string &value : values)
        expanded.insert(std::regex_replace(field, whole, "$1" + value));
    }
    fields = expanded;
  }
  return fields;
}

TEST(Stats, FieldsAreThoseOfTheSchemaDocument) {
  std::set<std::string> written, documented = documentedFields();
  collect(statsOf(sampleRecord()), "", written);
  for (const std::string &field : written)
    EXPECT_TRUE(documented.count(field)) << "not documented: " << field;
  for (const std::string &field : documented)
    EXPECT_TRUE(written.count(field)) << "documented, not written: " << field;
}

TEST(Stats, PartsAddUpToTotals) {
  Json total = statsOf(sampleRecord())["total"];
  int64_t cycles = total["cycles"];
  EXPECT_GT(cycles, 0);
  auto sum = [](const Json &object) {
    int64_t result = 0;
    for (const auto &[key, value] : object.items())
      result += value.get<int64_t>();
    return result;
  };
  EXPECT_EQ(sum(total["split"]), cycles);
  for (const char *list : {"phases", "nodes"}) {
    int64_t wall = 0;
    uint64_t macs = 0;
    double energy = 0;
    for (const Json &part : total[list]) {
      EXPECT_EQ(sum(part["split"]), part["cycles"].get<int64_t>());
      wall += part["cycles"].get<int64_t>();
      macs += part["macs"]["issued"].get<uint64_t>();
      energy += part["energy_pj"]["total"].get<double>();
    }
    EXPECT_EQ(wall, cycles) << list;
    EXPECT_EQ(macs, 18000u) << list;
    EXPECT_NEAR(energy, total["energy_pj"]["total"].get<double>(), 1e-6 * energy) << list;
  }
  for (const Json &engine : total["cores"])
    EXPECT_EQ(sum(engine["cycles"]), cycles);
}

TEST(Stats, ClosedTermsAreShown) {
  Record record = sampleRecord();
  size_t forward = 0; // the group of phase FP
  while (record.groups[forward].phase != 0)
    ++forward;
  energy::Activity &activity = record.measurement->activity.at(forward);
  activity.gatedMacs = 700;
  activity.groupedMacs = 200;
  activity.skippedMacs = 640;
  record.measurement->report.groups.at(forward).saved = 55;
  Json total = statsOf(record)["total"];
  for (const Json &part : {total, total["phases"][0], total["nodes"][forward]}) {
    EXPECT_EQ(part["macs"]["gated"], 700);
    EXPECT_EQ(part["macs"]["grouped"], 200);
    EXPECT_EQ(part["macs"]["skipped"], 640);
    EXPECT_EQ(part["lines"]["saved"], 55);
  }
  EXPECT_EQ(total["phases"][1]["macs"]["gated"], 0);
}

TEST(Stats, UtilisationIsAgainstAllCores) {
  Record record = sampleRecord();
  Totals all = record.measurement->totals(record.groups);
  double possible =
      double(all.wallCycles()) * record.chip.structure.cores * record.chip.rates.fp8MacsPerCycle;
  EXPECT_DOUBLE_EQ(all.utilisation(record.chip), 18000 / possible);
}

TEST(Stats, FunctionalRunHasLossesAndNoCycles) {
  Record record = sampleRecord();
  record.measurement.reset();
  for (StepRecord &step : record.steps)
    step.totals.reset();
  Json json = statsOf(record);
  EXPECT_FALSE(json["total"].contains("cycles"));
  EXPECT_FALSE(json["steps"][0].contains("cycles"));
  EXPECT_EQ(json["steps"][1]["loss"], 1.5);
  EXPECT_EQ(phaseTable(record), "");
}

TEST(Stats, FileIsWholeOrAbsent) {
  std::filesystem::path dir = std::filesystem::path(::testing::TempDir()) / "slp-views-test";
  std::filesystem::remove_all(dir);
  std::filesystem::create_directories(dir);
  std::string path = (dir / "stats.json").string();
  // One node name is not UTF-8.
  ASSERT_TRUE(writeStats(sampleRecord(), path));
  std::ifstream file(path);
  EXPECT_EQ(Json::parse(file)["schema"], "slp-stats");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir), {}), 1) << "nothing else left";

  Status missing = writeStats(sampleRecord(), (dir / "absent" / "stats.json").string());
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.message().find("absent/stats.json: cannot write: "), std::string::npos);
  std::filesystem::remove_all(dir);
}

TEST(Table, ShowsPhasesAndWhatTheyRestOn) {
  Record record = sampleRecord();
  std::string table = phaseTable(record);
  EXPECT_NE(table.find("per step, mean of 2, on lnpu:\n"), std::string::npos) << table;
  EXPECT_NE(table.find("\nfp "), std::string::npos) << table;
  EXPECT_NE(table.find("\nbp "), std::string::npos) << table;
  EXPECT_EQ(table.find("\nwg "), std::string::npos) << "nothing happened in it\n" << table;
  EXPECT_NE(table.find("9,000"), std::string::npos) << table;
  EXPECT_NE(table.find("4,224"), std::string::npos) << "DRAM bytes\n" << table;
  std::string foot = assumptionsFoot(record.chip);
  // Every number stands once, under its tag, behind its section: "tag: section: key = value; ...".
  std::string joined;
  for (char c : foot)
    joined += c == '\n' ? ' ' : c;
  size_t derived = joined.find("  derived: "), recalled = joined.find("  recalled: ");
  size_t assumed = joined.find("  assumed: ");
  ASSERT_TRUE(derived < recalled && recalled < assumed && assumed < joined.size()) << foot;
  std::map<std::string, std::string> under = {
      {"[derived]", joined.substr(derived, recalled - derived)},
      {"[recalled]", joined.substr(recalled, assumed - recalled)},
      {"[assumed]", joined.substr(assumed)}};
  for (const std::string &line : record.chip.assumptions()) {
    size_t dot = line.find('.'), tag = line.rfind(" [");
    const std::string &text = under.at(line.substr(tag + 1));
    size_t section = text.find(" " + line.substr(0, dot) + ": ");
    ASSERT_NE(section, std::string::npos) << line;
    EXPECT_NE(text.find(" " + line.substr(dot + 1, tag - dot - 1), section), std::string::npos)
        << line;
  }
  for (size_t begin = 0, end; (end = foot.find('\n', begin)) != std::string::npos; begin = end + 1)
    EXPECT_LE(end - begin, 100u);
}

TEST(Table, CountsAssumptionsByTag) {
  chip::Chip chip = sampleRecord().chip;
  std::map<std::string, int> count;
  for (const std::string &line : chip.assumptions())
    ++count[line.substr(line.rfind(" [") + 2)];
  EXPECT_EQ(assumptionsLine(chip),
            "Cycles and energy rest on " + std::to_string(chip.assumptions().size()) +
                " numbers that are not quoted from the makers of lnpu (" +
                std::to_string(count["derived]"]) + " derived, " +
                std::to_string(count["recalled]"]) + " recalled, " +
                std::to_string(count["assumed]"]) + " assumed); --assumptions lists them.\n");
}

TEST(Table, GroupsDigits) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(1234567), "1,234,567");
}

TEST(Progress, Line) {
  EXPECT_EQ(progressLine("epoch 2/20", 0.31, 0.12345, 12.4),
            "epoch 2/20 [######..............]  31 %  loss 0.1235  ETA 12 s");
  EXPECT_EQ(progressLine("x", 0, std::nullopt, 3), "x [....................]   0 %  ETA 3 s");
  EXPECT_EQ(progressLine("x", 2, 1, 600),
            "x [####################] 100 %  loss 1.0000  ETA 10 min");
}

TEST(Progress, NothingWithoutATerminal) {
  std::FILE *file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  {
    Progress progress(file, /*isTerminal=*/false);
    progress.update("epoch 1", 1, 2, 0.5);
  }
  EXPECT_EQ(std::ftell(file), 0);
  {
    Progress progress(file, /*isTerminal=*/true);
    progress.update("epoch 1", 1, 2, 0.5);
  }
  EXPECT_GT(std::ftell(file), 0);
  std::fclose(file);
}
