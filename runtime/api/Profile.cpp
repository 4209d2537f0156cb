//===- Profile.cpp - what each tensor would lose in each format -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/api/Profile.h"

#include "runtime/image/File.h"
#include "runtime/isa/ElementBytes.h"
#include "runtime/isa/FormatF32.h.inc"
#include "runtime/isa/FormatFp16.h.inc"
#include "runtime/isa/FormatI32.h.inc"
#include "runtime/isa/FormatMixed.h.inc"
#include "runtime/isa/FormatU8.h.inc"
#include "runtime/num/Round.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace slp::api {

void FormatLoss::add(const num::Format &format, num::Rounding rounding,
                     const std::vector<float> &values) {
  std::vector<float> rounded(values.size());
  num::roundArray(format, rounding, values.data(), nullptr, rounded.data(), values.size(), events);
  for (size_t i = 0; i < values.size(); ++i) {
    double difference = double(rounded[i]) - double(values[i]);
    squaresError += difference * difference;
    squares += double(values[i]) * double(values[i]);
  }
}

double FormatLoss::error() const { return squares == 0 ? 0 : std::sqrt(squaresError / squares); }

Profile::Profile(const chip::Chip &chip, const image::Image &image)
    : chip(chip), image(image), rounding(chip.numerics.accumulatorRounding()) {
  formats = {{"fp8", chip.numerics.fp8}, {"fp16", chip.numerics.fp16}};
  for (const chip::NamedFormat &further : chip.numerics.formats)
    formats.emplace_back(further.name, further.format);
}

void Profile::setFormat(Source &source, mach::Format format, bool isAccumulator) const {
  if (isAccumulator)
    format = chip.numerics.accumulateFp16 ? mach::format::fp16 : mach::format::f32;
  bool isWhole = format == mach::format::i32 || format == mach::format::u8;
  // Some elements of a mixed tensor have been rounded to the narrow format.
  bool isMixed = format == mach::format::mixed;
  source.format = std::string(mach::toString(format));
  source.bits = isWhole ? 0 : isMixed ? 8 : 8 * mach::elementBytes(format);
}

/// What an instruction of this phase computes.
static const char *kindOf(int phase) {
  static const char *const kinds[] = {"activation", "error", "gradient"};
  return kinds[phase];
}

void Profile::captured(const image::Capture &what, uint64_t pc, const std::vector<int64_t> &linear,
                       const std::vector<float> &values) {
  const image::DebugRecord &record = image.debug.records[pc];
  if (record.phase < 0 || record.phase > 2 || what.tensor.compare(0, 5, "eval:") == 0)
    return; // updates, which end in states
  Values &to = run[what.tensor];
  if (to.elements.empty()) {
    int64_t count = 1;
    for (int64_t extent : what.shape)
      count *= extent;
    to.elements.resize(size_t(count));
    static const char *const phases[] = {"fp", "bp", "wg"};
    to.source.node = record.node < 0 ? "" : image.debug.nodes[size_t(record.node)];
    to.source.phase = phases[record.phase];
    to.source.kind = kindOf(record.phase);
    setFormat(to.source, what.format, what.accumulator);
  }
  for (size_t i = 0; i < linear.size(); ++i)
    if (linear[i] >= 0 && size_t(linear[i]) < to.elements.size())
      to.elements[size_t(linear[i])] = values[i];
}

/// The tensor whose values before rounding carry this name, or the name itself.
static std::string storedName(const std::string &name) {
  for (const char *suffix : {"/acc", "/exact"}) {
    size_t length = std::char_traits<char>::length(suffix);
    if (name.size() > length && name.compare(name.size() - length, length, suffix) == 0)
      return name.substr(0, name.size() - length);
  }
  return name;
}

void Profile::measure(const std::string &name, const Source &source,
                      const std::vector<float> &values) {
  Tensor &tensor = tensors[name];
  tensor.source = source;
  tensor.elements += values.size();
  for (float value : values) {
    float magnitude = std::fabs(value);
    if (!(magnitude > 0)) { // a NaN neither
      ++tensor.zeros;
      continue;
    }
    tensor.smallest = tensor.smallest == 0 ? magnitude : std::min(tensor.smallest, magnitude);
    tensor.largest = std::max(tensor.largest, magnitude);
  }
  for (const auto &[format, definition] : formats)
    if (definition.bits() < source.bits)
      tensor.losses[format].add(definition, rounding, values);
}

Status Profile::endRun(const exec::Machine &machine) {
  for (const image::Tensor &tensor : image.tensors) {
    bool isState = tensor.role == image::Role::state;
    if ((!isState && tensor.role != image::Role::input) || run.count(tensor.name))
      continue;
    Result<std::vector<float>> values = machine.read(tensor.name);
    if (!values)
      return values.takeError();
    Values &to = run[tensor.name];
    to.elements = values.take();
    to.source.kind = isState ? "state" : "input";
    setFormat(to.source, tensor.format, false);
  }
  // Of a tensor and its values before rounding the latter say more.
  std::map<std::string, const Values *> best;
  for (const auto &[name, values] : run) {
    const Values *&known = best[storedName(name)];
    if (values.source.bits != 0 && (!known || values.source.bits > known->source.bits))
      known = &values;
  }
  for (const auto &[name, values] : best)
    if (values)
      measure(name, values->source, values->elements);
  lossScale = image.lossScale;
  if (auto scaling = run.find(image.lossScaleState); scaling != run.end())
    lossScale *= double(scaling->second.elements.front()); // dynamic: after this step
  run.clear();
  ++runs;
  return Status::success();
}

nlohmann::ordered_json Profile::json() const {
  using Json = nlohmann::ordered_json;
  Json json;
  json["schema"] = "slp-profile";
  json["version"] = 2;
  json["model"]["file"] = image.modelName;
  char hash[17];
  std::snprintf(hash, sizeof hash, "%016llx", static_cast<unsigned long long>(image.modelHash));
  json["model"]["hash"] = hash;
  json["model"]["states"] = Json::array();
  for (const image::Tensor &tensor : image.tensors)
    if (tensor.role == image::Role::state)
      json["model"]["states"].push_back({{"name", tensor.name}, {"shape", tensor.shape}});
  json["chip"] = chip.name;
  json["loss_scale"] = lossScale;
  json["runs"] = runs;
  for (const auto &[name, definition] : formats)
    json["formats"][name] = definition.name();
  json["tensors"] = Json::array();
  for (const auto &[name, tensor] : tensors) {
    Json entry;
    entry["tensor"] = name;
    entry["node"] = tensor.source.node;
    entry["phase"] = tensor.source.phase;
    entry["kind"] = tensor.source.kind;
    entry["measured_in"] = tensor.source.format;
    entry["elements"] = tensor.elements;
    entry["zeros"] = tensor.zeros;
    entry["smallest"] = tensor.smallest;
    entry["largest"] = tensor.largest;
    entry["formats"] = Json::object();
    uint64_t nonZero = tensor.elements - tensor.zeros;
    for (const auto &[format, loss] : tensor.losses)
      entry["formats"][format] = {
          {"underflow", nonZero ? double(loss.events.underflow) / double(nonZero) : 0.0},
          {"overflow",
           tensor.elements ? double(loss.events.saturation) / double(tensor.elements) : 0.0},
          {"error", loss.error()}};
    json["tensors"].push_back(std::move(entry));
  }
  return json;
}

Status Profile::write(const std::string &path) const {
  using Json = nlohmann::ordered_json;
  std::string text = json().dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
  return image::writeBytes({text.begin(), text.end()}, path);
}

} // namespace slp::api
