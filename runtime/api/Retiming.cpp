//===- Retiming.cpp - time and energy of a step that was recorded -----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/api/Retiming.h"

#include "runtime/api/Guard.h"
#include "runtime/api/Masks.h"
#include "runtime/api/WorkFile.h"
#include "runtime/energy/Activity.h"
#include "runtime/image/Description.h"
#include "runtime/image/File.h"
#include "runtime/timing/Model.h"
#include "runtime/views/Stats.h"

#include <algorithm>
#include <filesystem>

namespace slp::api {
namespace {

/// What of the structure decides about time alone.
bool isOfTime(const std::string &key) {
  return key == "structure.lines" || key == "structure.queue_depth";
}

/// The description in `file` in the place of the one that the image carries.
Result<chip::Chip> replacement(const chip::Chip &carried, const std::string &file,
                               std::string &notes) {
  Result<chip::Chip> chip = chip::load(file);
  if (!chip)
    return chip;
  std::vector<chip::Difference> structure = chip::structureDifferences(carried, *chip), others;
  std::copy_if(structure.begin(), structure.end(), std::back_inserter(others),
               [](const chip::Difference &d) { return !isOfTime(d.key); });
  if (!others.empty())
    return Error{"--chip=" + file + ": " + chip::describe(others) +
                 "; a recording keeps all of numerics and structure but lines and queue_depth"};
  std::vector<chip::Difference> all = chip::ratesDifferences(carried, *chip);
  all.insert(all.begin(), structure.begin(), structure.end());
  notes = "--chip=" + file + ": " +
          (all.empty() ? "the numbers that the image has already" : chip::describe(all));
  return chip;
}

/// Lets time and energy listen to the same recording.
class Both : public exec::Observer {
public:
  Both(timing::Model &model, energy::ActivityCounter &counter) : model(model), counter(counter) {}
  void issued(const exec::Event &event) override {
    model.issued(event);
    counter.issued(event);
  }

private:
  timing::Model &model;
  energy::ActivityCounter &counter;
};

/// Runs `step` of the image on the masks in `folder`, without multiplying.
Status runOnMasks(const std::string &folder, const image::Image &image, const chip::Chip &carried,
                  exec::Observer &observer) {
  Result<std::unique_ptr<exec::Machine>> machine = exec::Machine::create(carried, image);
  if (!machine)
    return machine.takeError();
  if (Status s = loadMasks(folder, image, **machine); !s)
    return s;
  exec::Options options;
  options.observer = &observer;
  options.values = exec::Values::classes;
  return (*machine)->run("step", options);
}

Result<views::Record> run(const RetimingOptions &options, std::string &notes) {
  Result<image::Image> image = image::readFile(options.image);
  if (!image)
    return image.takeError();
  Result<chip::Chip> chip = image::chipOf(*image);
  if (!chip)
    return Error{options.image + ": " + chip.message()};
  const chip::Chip carried = *chip;
  if (!options.chip.empty())
    chip = replacement(*chip, options.chip, notes);
  if (!chip)
    return chip.takeError();
  views::Record record;
  record.chip = *chip;
  record.groups = timing::Groups(*image);
  timing::Model model(record.chip, record.groups);
  energy::ActivityCounter counter(record.groups);
  Both both(model, counter);
  if (std::filesystem::is_directory(options.recording)) {
    if (Status s = runOnMasks(options.recording, *image, carried, both); !s)
      return s.takeError();
  } else {
    Result<std::vector<uint8_t>> recording = image::readBytes(options.recording);
    if (!recording)
      return recording.takeError();
    if (Status s = replayWork(*recording, *image, options.recording, both); !s)
      return s.takeError();
  }
  Result<timing::Report> report = model.finish();
  if (!report)
    return Error{options.recording + ": " + report.message()};
  record.image = options.image.substr(options.image.find_last_of('/') + 1);
  record.model = image->modelName;
  record.batch = image->batch * image->microBatches;
  record.measurement = views::Measurement{report.take(), counter.take()};
  views::StepRecord step;
  step.step = 1;
  step.totals = record.measurement->totals(record.groups);
  record.steps.push_back(step);
  if (!options.stats.empty())
    if (Status s = views::writeStats(record, options.stats); !s)
      return s.takeError();
  return std::move(record);
}

} // namespace

Result<views::Record> retime(const RetimingOptions &options, std::string &notes) {
  return guarded(options.recording, [&] { return run(options, notes); });
}

} // namespace slp::api
