//===- Stats.cpp - the file of `slp-sim --stats` ----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/views/Stats.h"

#include "runtime/image/File.h"

#include <cinttypes>
#include <cstdio>
#include <string_view>

namespace slp::views {

using Json = nlohmann::ordered_json;

/// 64-bit hashes are text: many readers of JSON hold numbers as doubles.
static std::string hex(uint64_t value) {
  char text[19];
  std::snprintf(text, sizeof text, "0x%016" PRIx64, value);
  return text;
}

template <typename T> static Json orNull(const std::optional<T> &value) {
  return value ? Json(*value) : Json(nullptr);
}

static Json causesOf(const timing::CauseCycles &cycles) {
  Json json = Json::object();
  for (size_t i = 0; i < timing::numCauses; ++i)
    json[timing::toString(static_cast<timing::Cause>(i))] = cycles[i];
  return json;
}

static Json energyOf(const energy::Breakdown &e) {
  return {{"mac", e.mac},       {"scratchpad", e.spm}, {"accumulator", e.acc},
          {"shared", e.shared}, {"vector", e.vector},  {"control", e.control},
          {"static", e.fixed},  {"chip", e.chip()},    {"dram", e.dram},
          {"total", e.total()}};
}

/// The fields that the whole run, a phase and a node have in common.
static void addTotals(Json &json, const Totals &totals, const Record &record) {
  const energy::Activity &activity = totals.activity;
  json["cycles"] = totals.wallCycles();
  Json split = Json::object();
  for (size_t i = 0; i < timing::numWallParts; ++i)
    split[timing::toString(static_cast<timing::WallPart>(i))] = totals.cycles.wall[i];
  json["split"] = split;
  Json engines = Json::object();
  for (size_t e = 0; mach::isEngine(e); ++e)
    engines[std::string(mach::toString(static_cast<mach::Engine>(e)))] =
        causesOf(totals.cycles.engine[e]);
  json["engines"] = engines;
  json["macs"] = {{"issued", activity.macs()},
                  {"fp8", activity.fp8Macs},
                  {"fp16", activity.fp16Macs},
                  {"zero_operand", activity.zeroMacs},
                  {"slots", activity.macSlots * uint64_t(record.chip.numerics.dot)},
                  {"skipped", activity.skippedMacs},
                  {"gated", activity.gatedMacs},
                  {"grouped", activity.groupedMacs}};
  json["lines"] = {{"cycles", totals.cycles.lines},
                   {"busy", totals.cycles.busyLines},
                   {"scanning", totals.cycles.scanningLines},
                   {"saved", totals.cycles.saved}};
  json["utilisation"] = totals.utilisation(record.chip);
  json["vector_operations"] = activity.vectorOperations;
  json["instructions"] = activity.instructions;
  Json bytes = Json::object();
  for (size_t s = 0; mach::isSpace(s); ++s)
    bytes[std::string(mach::toString(static_cast<mach::Space>(s)))] = {
        {"read", activity.bytesRead[s]}, {"written", activity.bytesWritten[s]}};
  bytes["dram"]["useful"] = activity.dramUsefulBytes;
  json["bytes"] = bytes;
  json["energy_pj"] = energyOf(totals.energy(record.chip));
}

static Json chipOf(const chip::Chip &chip) {
  return {{"name", chip.name},
          {"title", chip.title},
          {"structure_hash", hex(chip.structureHash())},
          {"rates_hash", hex(chip.ratesHash())},
          {"cores", chip.structure.cores.value},
          {"clock_hz", chip.rates.clockHz.value}};
}

static Json runOf(const Settings &s) {
  Json numbers = Json::object();
  for (const auto &[name, value] : s.numbers)
    numbers[name] = value;
  return {{"entry", s.entry},
          {"data", s.data.empty() ? Json(nullptr) : Json(s.data)},
          {"order", s.order},
          {"seed", s.seed},
          {"optimizer", s.optimizer.empty() ? Json(nullptr) : Json(s.optimizer)},
          {"numbers", numbers},
          {"schedule", s.schedule},
          {"warmup", s.warmup},
          {"samples", s.samples},
          {"dropped", s.dropped},
          {"functional_only", s.functionalOnly}};
}

static Json stepOf(const StepRecord &step, const Record &record) {
  Json json = {{"step", step.step}, {"epoch", step.epoch}, {"loss", orNull(step.loss)}};
  if (step.learningRate)
    json["lr"] = *step.learningRate;
  if (step.skipped)
    json["skipped_images"] = *step.skipped;
  if (step.totals) {
    energy::Breakdown e = step.totals->energy(record.chip);
    json["cycles"] = step.totals->wallCycles();
    json["utilisation"] = step.totals->utilisation(record.chip);
    json["macs"] = step.totals->activity.macs();
    json["dram_bytes"] = step.totals->dramBytes();
    json["energy_chip_pj"] = e.chip();
    json["energy_dram_pj"] = e.dram;
  }
  return json;
}

static Json totalOf(const Record &record) {
  Json json = {{"steps", record.steps.size()},
               {"loss", orNull(record.loss)},
               {"accuracy", orNull(record.accuracy)},
               {"test_loss", orNull(record.testLoss)}};
  if (record.lossScale)
    json["loss_scale"] = {{"initial", record.lossScale->first},
                          {"final", record.lossScale->last},
                          {"skipped", record.lossScale->skipped}};
  if (record.weightGroups)
    json["weight_groups"] = {{"groups", record.weightGroups->groups},
                             {"closed", record.weightGroups->closed},
                             {"threshold", record.weightGroups->threshold},
                             {"lasso", record.weightGroups->lasso},
                             {"lasso_from", record.weightGroups->lassoFrom},
                             {"share", record.weightGroups->share},
                             {"share_from", record.weightGroups->shareFrom},
                             {"period", record.weightGroups->periodSteps},
                             {"period_from", record.weightGroups->periodFrom}};
  if (record.divergence)
    json["divergence"] = {{"step", record.divergence->step},
                          {"tensor", record.divergence->tensor},
                          {"what", record.divergence->what},
                          {"stopped", record.isStopped}};
  if (!record.measurement)
    return json;
  const Measurement &measurement = *record.measurement;
  Totals all = measurement.totals(record.groups);
  json["seconds"] = record.seconds(all.wallCycles());
  addTotals(json, all, record);
  Json full = Json::object();
  for (size_t e = 0; mach::isEngine(e); ++e)
    full[std::string(mach::toString(static_cast<mach::Engine>(e)))] =
        measurement.report.queueFull[e];
  json["queue_full"] = full;
  Json cores = Json::array();
  for (const timing::EngineCycles &e : measurement.report.engines) {
    Json engine = {{"engine", std::string(mach::toString(e.engine))}, {"core", e.core}};
    engine["cycles"] = causesOf(e.cycles);
    cores.push_back(engine);
  }
  json["cores"] = cores;

  Json phases = Json::array();
  for (int phase : {0, 1, 2, 3, -1}) {
    Json p = {{"phase", timing::phaseName(phase)}};
    addTotals(
        p,
        measurement.totals(record.groups, [&](const timing::Group &g) { return g.phase == phase; }),
        record);
    phases.push_back(p);
  }
  json["phases"] = phases;
  Json nodes = Json::array();
  for (size_t g = 0; g < record.groups.size(); ++g) {
    const timing::Group &group = record.groups[g];
    Json n = {{"node", group.name}, {"op", group.op}, {"phase", timing::phaseName(group.phase)}};
    addTotals(n,
              measurement.totals(record.groups,
                                 [&](const timing::Group &other) { return &other == &group; }),
              record);
    nodes.push_back(n);
  }
  json["nodes"] = nodes;
  return json;
}

static Json tensorOf(const TensorRecord &tensor) {
  Json json = {{"name", tensor.name},
               {"role", tensor.role.empty() ? Json(nullptr) : Json(tensor.role)},
               {"shape", tensor.shape}};
  bool known = tensor.elements > 0;
  json["elements"] = known ? Json(tensor.elements) : Json(nullptr);
  json["zeros"] = known ? Json(tensor.zeros) : Json(nullptr);
  json["sparsity"] = known ? Json(double(tensor.zeros) / double(tensor.elements)) : Json(nullptr);
  json["format"] = tensor.format.empty() ? Json(nullptr) : Json(tensor.format);
  uint64_t others = tensor.elements - tensor.zeros;
  json["fp16"] = tensor.fp16 ? Json(*tensor.fp16) : Json(nullptr);
  json["fp16_share"] =
      tensor.fp16 && others ? Json(double(*tensor.fp16) / double(others)) : Json(nullptr);
  json["saturated"] = tensor.saturated;
  json["underflowed"] = tensor.underflowed;
  json["invalid"] = tensor.invalid;
  json["outside"] = tensor.outside;
  return json;
}

Json statsOf(const Record &record) {
  Json json = {{"schema", "slp-stats"}, {"version", statsVersion}};
  json["chip"] = chipOf(record.chip);
  json["assumptions"] = record.chip.assumptions();
  json["image"] = {{"file", record.image}, {"model", record.model}, {"batch", record.batch}};
  json["run"] = runOf(record.settings);
  json["epochs"] = Json::array();
  for (const EpochRecord &epoch : record.epochs) {
    json["epochs"].push_back({{"epoch", epoch.epoch},
                              {"loss", epoch.loss},
                              {"accuracy", orNull(epoch.accuracy)},
                              {"test_loss", orNull(epoch.testLoss)}});
    if (epoch.skipped)
      json["epochs"].back()["skipped_images"] = *epoch.skipped;
  }
  json["steps"] = Json::array();
  for (const StepRecord &step : record.steps)
    json["steps"].push_back(stepOf(step, record));
  json["total"] = totalOf(record);
  json["tensors"] = Json::array();
  for (const TensorRecord &tensor : record.tensors)
    json["tensors"].push_back(tensorOf(tensor));
  return json;
}

Status writeStats(const Record &record, const std::string &path) {
  // Names come from files of others: bytes that are not UTF-8 must not throw.
  std::string text = statsOf(record).dump(1, ' ', false, Json::error_handler_t::replace);
  text += "\n";
  return image::writeBytes({text.begin(), text.end()}, path);
}

} // namespace slp::views
