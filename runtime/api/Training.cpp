//===- Training.cpp - trains and evaluates an image -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/api/Training.h"

#include "runtime/api/Divergence.h"
#include "runtime/api/Guard.h"
#include "runtime/api/Masks.h"
#include "runtime/api/Profile.h"
#include "runtime/api/Schedule.h"
#include "runtime/api/StateFile.h"
#include "runtime/api/WorkFile.h"
#include "runtime/image/DramMap.h"
#include "runtime/image/File.h"
#include "runtime/isa/FormatMixed.h.inc"
#include "runtime/views/Stats.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <unistd.h>

namespace slp::api {

/// Synthetic data: as many steps as show a steady state, few enough to be quick.
static constexpr uint32_t syntheticBatches = 8;

static Status checkOptions(const SimulationOptions &options) {
  auto refuse = [](const char *flag, auto value, const char *expected) -> Status {
    return Error{std::string(flag) + ": " + std::to_string(value) + ", expected " + expected};
  };
  if (options.epochs < 1)
    return refuse("--epochs", options.epochs, "at least 1");
  if (options.steps && *options.steps < 1)
    return refuse("--steps", *options.steps, "at least 1");
  if (options.maxInstructions < 1)
    return refuse("--max-instructions", options.maxInstructions, "at least 1");
  if (options.threads < 0)
    return refuse("--threads", options.threads, "at least 0");
  return Status::success();
}

/// A run may take long: what cannot be written at its end is refused at its beginning.
static Status checkOutput(const std::string &path) {
  size_t slash = path.find_last_of('/');
  std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  if (!path.empty() && access(folder.c_str(), W_OK) != 0)
    return Error{path + ": cannot write: " + std::strerror(errno)};
  return Status::success();
}

/// Says what the labels of a batch mean of which none counts; empty: one does.
static std::string describeLabels(const data::InputSpec &spec, const std::vector<float> &labels) {
  bool isCounted = !spec.ignore || std::any_of(labels.begin(), labels.end(), [&](float label) {
    return label != float(*spec.ignore);
  });
  return isCounted ? ""
                   : "no label of '" + spec.name + "' counts, all are " +
                         std::to_string(*spec.ignore) + ": loss and gradient are 0";
}

/// `said` becomes what there is to say of the labels.
static Status writeBatch(Session &session, const Samples &samples,
                         const std::vector<uint32_t> &order, size_t first, std::string &said) {
  for (size_t i = 0; i < session.inputs().size(); ++i) {
    std::vector<float> values = samples.gather(i, order, first, size_t(session.batch()));
    if (said.empty())
      said = describeLabels(session.inputs()[i], values);
    if (Status s = session.write(i, values); !s)
      return s;
  }
  return Status::success();
}

/// Fails where the cycles become too many to count.
static Status addTo(std::optional<views::Measurement> &sum, const views::Measurement &part) {
  if (!sum)
    sum = part;
  else
    *sum += part;
  return sum->report.checkTotal();
}

namespace {
/// One call of `simulate`.
class Simulation {
public:
  Simulation(const SimulationOptions &options, Watcher &watcher)
      : options(options), watcher(watcher) {}
  Result<views::Record> run();

private:
  /// Whether test samples are of use: to judge by, or, with --eval, to run.
  bool runsEval() const;
  Status load();
  Status train();
  Result<views::StepRecord> trainStep(const std::vector<uint32_t> &order, size_t first);
  void chooseStart();
  Status trainEpoch(int64_t perEpoch, int64_t steps);
  Status evaluateOnly();
  Status checkDivergence(double loss);
  void warnOutside(const std::string &where);
  Status judge(views::EpochRecord &epoch);
  Status describeTensors();
  Status chooseNumbers();
  Status openGroups();
  Status refreshGroups(std::optional<views::Measurement> &measurement);

  const SimulationOptions &options;
  Watcher &watcher;
  std::unique_ptr<Session> session;
  std::unique_ptr<Profile> profile; // null unless asked for
  std::unique_ptr<WorkRecorder> recorder;
  std::unique_ptr<MaskRecorder> masks;
  std::unique_ptr<DivergenceWatch> divergence;
  std::unique_ptr<WeightGroups> groups; // null if the image has none
  std::unique_ptr<Samples> training, test;
  views::Record record;
  Hyper hyper;
  Schedule schedule;
  std::optional<Position> position; // in the training data; absent if nothing was trained
  int64_t totalSteps = 0, epochs = 0;
  bool isLabelNoted = false;  // that no label of a batch counts: once
  bool isBeyondNoted = false; // what does not fit into its format
};
} // namespace

bool Simulation::runsEval() const {
  return canEvaluate(*session) || (options.evaluateOnly && session->has("eval"));
}

Status Simulation::load() {
  const std::vector<data::InputSpec> &inputs = session->inputs();
  if (options.data.empty()) {
    watcher.note("no --data: synthetic random samples, whose loss and accuracy mean nothing");
    auto count = uint32_t(record.batch) * syntheticBatches; // an image's step has at most 2^24
    if (!options.evaluateOnly)
      training = syntheticSamples(inputs, count, options.seed);
    if (runsEval())
      test = syntheticSamples(inputs, uint32_t(session->batch()), options.seed + 1);
    return Status::success();
  }
  auto loadSplit = [&](data::Split split, std::unique_ptr<Samples> &to) -> Status {
    Result<std::unique_ptr<Samples>> samples = loadSamples(options.data, inputs, split);
    if (!samples)
      return samples.takeError();
    to = samples.take();
    return Status::success();
  };
  if (!options.evaluateOnly)
    if (Status s = loadSplit(data::Split::train, training); !s)
      return s;
  bool wantsTest = options.evaluateOnly || data::hasTestSplit(options.data, inputs);
  if (runsEval() && !wantsTest)
    watcher.note(options.data + ": no test split (for an input x: x.test.npy): nothing is said of "
                                "samples that it has not seen");
  if (!runsEval() || !wantsTest)
    return Status::success();
  if (Status s = loadSplit(data::Split::test, test); !s)
    return s;
  if (std::string told = describeEvaluation(*session, test->count()); !told.empty())
    watcher.note(told);
  return Status::success();
}

/// What the test split says of the state after an epoch.
Status Simulation::judge(views::EpochRecord &epoch) {
  if (!test)
    return Status::success();
  Watcher quiet;
  Result<Evaluation> evaluation = evaluate(*session, *test, /*timed=*/false, quiet);
  if (!evaluation)
    return evaluation.takeError();
  epoch.accuracy = evaluation->accuracy();
  epoch.testLoss = evaluation->loss;
  warnOutside("test split: ");
  return Status::success();
}

/// Images whose gradient a run of `entry` has skipped; nothing where the image skips none.
static Result<std::optional<int64_t>> skippedBy(const Session &session, const std::string &entry) {
  std::string prefix = entry == "step" ? "" : entry + ":";
  const image::Tensor *mask = session.image().findTensor(prefix + "keep/mask");
  if (!mask || !session.image().findTensor(prefix + "keep/count"))
    return std::optional<int64_t>();
  Result<std::vector<float>> kept = session.machine().read(prefix + "keep/count");
  if (!kept)
    return kept.takeError();
  return std::optional<int64_t>(mask->shape[0] - int64_t(kept->front()));
}

/// Weight groups, where the image has them.
Status Simulation::openGroups() {
  if (!WeightGroups::areIn(session->image())) {
    if (!options.weightGroups.isGiven())
      return Status::success();
    return Error{"--group-lasso, --group-share and --group-period are for an image with weight "
                 "groups (slpc --sparsity=weight-groups)"};
  }
  Result<std::unique_ptr<WeightGroups>> opened =
      WeightGroups::create(*session, options.weightGroups);
  if (!opened)
    return opened.takeError();
  groups = opened.take();
  return Status::success();
}

/// One run of `refresh`. What it does is no part of what is recorded of a step, or of the profile.
Status Simulation::refreshGroups(std::optional<views::Measurement> &measurement) {
  session->setRecorder(nullptr);
  session->setCapturer(nullptr);
  Result<RunResult> run = session->run("refresh", !options.functionalOnly);
  session->setRecorder(recorder.get());
  session->setCapturer(profile.get());
  if (!run)
    return run.takeError();
  return run->measurement ? addTo(measurement, *run->measurement) : Status::success();
}

/// One training step on the samples from entry `first` of `order` on: all of its micro-batches.
Result<views::StepRecord> Simulation::trainStep(const std::vector<uint32_t> &order, size_t first) {
  views::StepRecord step;
  Hyper now = hyper;
  now.learningRate = schedule.rateAt(hyper.learningRate, session->stepsDone());
  session->setHyper(now);
  step.learningRate = now.learningRate;
  int64_t parts = session->microBatches();
  double sum = 0;
  std::optional<views::Measurement> measurement;
  auto refresh = [&] { return refreshGroups(measurement); };
  if (groups)
    if (Status s = groups->beginStep(refresh); !s)
      return s.takeError();
  divergence->beginStep();
  for (int64_t part = 0; part < parts; ++part) {
    std::string said;
    if (Status s =
            writeBatch(*session, *training, order, first + size_t(part * session->batch()), said);
        !s)
      return s.takeError();
    if (!said.empty() && !isLabelNoted)
      watcher.note("step " + std::to_string(session->stepsDone() + 1) + ": " +
                   (parts > 1 ? "in a micro-batch " : "") + said);
    isLabelNoted |= !said.empty();
    if (recorder)
      recorder->begin(); // the last run is kept
    bool isLast = int64_t(record.steps.size()) + 1 == totalSteps && part + 1 == parts;
    if (masks && isLast)
      if (Status s = masks->beginRun(session->machine()); !s)
        return s.takeError();
    std::string entry = part + 1 < parts ? "accumulate" : "step";
    Result<RunResult> run = session->run(entry, !options.functionalOnly);
    if (!run)
      return run.takeError();
    if (masks && isLast)
      if (Status s = masks->endRun(session->machine()); !s)
        return s.takeError();
    Result<std::optional<int64_t>> skipped = skippedBy(*session, entry);
    if (!skipped)
      return skipped.takeError();
    if (*skipped)
      step.skipped = step.skipped.value_or(0) + **skipped;
    if (profile)
      if (Status s = profile->endRun(session->machine()); !s)
        return s.takeError();
    Result<float> loss = session->loss();
    if (!loss)
      return loss.takeError();
    sum += *loss;
    if (run->measurement)
      if (Status s = addTo(measurement, *run->measurement); !s)
        return s.takeError();
  }
  step.loss = sum / double(parts);
  if (Status s = checkDivergence(*step.loss); !s)
    return s.takeError();
  if (groups)
    if (Status s = groups->endStep(refresh); !s)
      return s.takeError();
  if (measurement) {
    step.totals = measurement->totals(session->groups());
    if (Status s = addTo(record.measurement, *measurement); !s)
      return s.takeError();
  }
  return step;
}

Status Simulation::checkDivergence(double loss) {
  Result<std::optional<views::Divergence>> found = divergence->endStep(loss);
  if (!found)
    return found.takeError();
  std::string step = "step " + std::to_string(session->stepsDone()) + ": ";
  if (!isBeyondNoted)
    if (std::string said = divergence->describeBeyond(); !said.empty())
      watcher.note(step + said);
  isBeyondNoted = true; // the first step says it
  warnOutside(step);
  if (!*found)
    return Status::success();
  record.divergence = **found;
  record.isStopped = options.stopOnDivergence;
  if (!record.isStopped)
    watcher.warning("step " + std::to_string((*found)->step) + ": " + (*found)->what);
  return Status::success();
}

void Simulation::warnOutside(const std::string &where) {
  if (std::string said = divergence->describeOutside(); !said.empty())
    watcher.warning(where + said);
}

/// The next `steps` steps of the epoch in which the position lies.
Status Simulation::trainEpoch(int64_t perEpoch, int64_t steps) {
  views::EpochRecord ended;
  ended.epoch = position->epochs + 1;
  std::vector<uint32_t> order =
      data::epochOrder(options.order, options.seed, uint32_t(position->epochs), training->count());
  double sum = 0;
  for (int64_t i = 0; i < steps; ++i) {
    Result<views::StepRecord> step =
        trainStep(order, size_t(position->steps) * size_t(record.batch));
    if (!step)
      return step.takeError();
    position->advance(perEpoch);
    sum += *step->loss;
    if (step->skipped)
      ended.skipped = ended.skipped.value_or(0) + *step->skipped;
    step->epoch = ended.epoch;
    step->step = session->stepsDone();
    record.steps.push_back(*step);
    watcher.progressed(*step, int64_t(record.steps.size()), totalSteps);
    if (record.isStopped)
      return Status::success(); // the epoch has no end
  }
  ended.loss = sum / double(steps);
  if (Status s = judge(ended); !s)
    return s;
  record.epochs.push_back(ended);
  watcher.epochEnded(ended, epochs);
  return Status::success();
}

/// Where in the data the run begins: behind what led to a loaded state.
void Simulation::chooseStart() {
  Position now;
  now.samples = training->count();
  now.batch = record.batch;
  now.seed = options.seed;
  now.order = options.order;
  if (!position && session->stepsDone() > 0)
    watcher.note(options.load + ": version 2 does not say which epoch comes next: epochs are "
                                "counted from 1, in the order that a training begins with");
  std::string note;
  position = position ? resume(*position, now, note) : now;
  if (!note.empty())
    watcher.note(options.load + ": " + note);
}

Status Simulation::train() {
  Result<data::Batches> batches = data::batchesOf(training->count(), uint32_t(record.batch));
  if (!batches)
    return batches.takeError();
  if (batches->dropped)
    watcher.note(std::to_string(batches->dropped) + " of " + std::to_string(training->count()) +
                 " samples do not fill a batch of " + std::to_string(batches->batch) +
                 " and are left out of each epoch");
  record.settings.samples = training->count();
  record.settings.dropped = batches->dropped;
  Result<std::vector<float>> before = session->lossScale();
  if (!before)
    return before.takeError();
  chooseStart();
  divergence = std::make_unique<DivergenceWatch>(*session);
  int64_t perEpoch = batches->steps;
  if (groups)
    if (Status s = groups->begin(perEpoch); !s)
      return s;
  totalSteps = options.steps ? *options.steps : options.epochs * perEpoch - position->steps;
  epochs = position->epochs + (position->steps + totalSteps + perEpoch - 1) / perEpoch;
  for (int64_t left = totalSteps; left > 0 && !record.isStopped;) {
    int64_t steps = std::min(left, perEpoch - position->steps);
    left -= steps;
    if (Status s = trainEpoch(perEpoch, steps); !s)
      return s;
  }
  Result<std::vector<float>> after = session->lossScale();
  if (!after)
    return after.takeError();
  if (!after->empty())
    record.lossScale = views::LossScaleRecord{(*before)[0], (*after)[0],
                                              int64_t((*after)[2]) - int64_t((*before)[2])};
  if (groups) {
    Result<views::WeightGroupsRecord> described = groups->describe();
    if (!described)
      return described.takeError();
    record.weightGroups = *described;
  }
  if (record.epochs.empty())
    return Status::success();
  record.loss = record.epochs.back().loss;
  record.accuracy = record.epochs.back().accuracy;
  record.testLoss = record.epochs.back().testLoss;
  return Status::success();
}

Status Simulation::evaluateOnly() {
  record.settings.entry = "eval";
  record.batch = session->batch();
  if (!test)
    return Error{options.image + ": the image has no entry point 'eval'"};
  record.settings.samples = test->count();
  divergence = std::make_unique<DivergenceWatch>(*session);
  divergence->beginStep();
  Result<Evaluation> evaluation = evaluate(*session, *test, !options.functionalOnly, watcher);
  if (!evaluation)
    return evaluation.takeError();
  if (std::string said = divergence->describeBeyondOfEval(evaluation->steps.size()); !said.empty())
    watcher.note("test split: " + said);
  warnOutside("test split: ");
  record.accuracy = evaluation->accuracy();
  record.testLoss = evaluation->loss;
  record.steps = std::move(evaluation->steps);
  record.measurement = std::move(evaluation->measurement);
  return Status::success();
}

static const char *nameOf(image::Role role) {
  switch (role) {
  case image::Role::input:
    return "input";
  case image::Role::output:
    return "output";
  case image::Role::state:
    return "state";
  case image::Role::temp:
    return "temp";
  case image::Role::constant:
    return "constant";
  case image::Role::copy:
    return "copy";
  }
  return "";
}

Status Simulation::describeTensors() {
  std::map<std::string, size_t> indices;
  const std::vector<image::Tensor> &tensors = session->image().tensors;
  std::vector<bool> isShared = image::sharingTensors(session->image());
  for (size_t t = 0; t < tensors.size(); ++t) {
    const image::Tensor &tensor = tensors[t];
    views::TensorRecord entry;
    entry.name = tensor.name;
    entry.role = nameOf(tensor.role);
    entry.shape = tensor.shape;
    entry.format = std::string(mach::toString(tensor.format));
    if (isShared[t]) { // others have its bytes: its values are not known
      indices[entry.name] = record.tensors.size();
      record.tensors.push_back(entry);
      continue;
    }
    Result<std::vector<float>> values = session->machine().read(tensor.name);
    if (!values)
      return values.takeError();
    entry.elements = values->size();
    entry.zeros = uint64_t(std::count(values->begin(), values->end(), 0.0f));
    if (tensor.format == mach::format::mixed) {
      // FP16 is what fp8 cannot hold (docs/compressed.md).
      const num::Format &fp8 = record.chip.numerics.fp8;
      entry.fp16 = uint64_t(std::count_if(values->begin(), values->end(), [&](float x) {
        return num::round(fp8, num::Rounding::towardZero, x, 0, nullptr) != x;
      }));
    }
    indices[entry.name] = record.tensors.size();
    record.tensors.push_back(entry);
  }
  const std::vector<image::Capture> &captures = session->image().debug.captures;
  std::vector<exec::TensorEvents> events = session->machine().events();
  for (size_t i = 0; i < events.size(); ++i) {
    auto [it, isNew] = indices.try_emplace(events[i].tensor, record.tensors.size());
    if (isNew) {
      record.tensors.emplace_back();
      record.tensors.back().name = events[i].tensor;
      if (i < captures.size())
        record.tensors.back().shape = captures[i].shape;
    }
    views::TensorRecord &entry = record.tensors[it->second];
    entry.saturated += events[i].events.saturation;
    entry.underflowed += events[i].events.underflow;
    entry.invalid += events[i].events.invalid;
    entry.outside += events[i].events.outside;
  }
  return Status::success();
}

/// Numbers of the optimizer and the schedule, as asked for or by default.
Status Simulation::chooseNumbers() {
  const image::Image &image = session->image();
  Result<Hyper> chosen = hyperOf(image, options.numbers);
  if (!chosen)
    return chosen.takeError();
  hyper = *chosen;
  session->setHyper(hyper);
  Result<Schedule> parsed = Schedule::parse(options.schedule, options.warmup);
  if (!parsed)
    return parsed.takeError();
  schedule = *parsed;
  record.settings.optimizer = image.optimizer;
  for (const NumberInfo &info : knownNumbers()) {
    auto isOf = [&](const auto &used) { return used.name == info.name; };
    bool isUsed = image.numbers.empty()
                      ? std::any_of(options.numbers.begin(), options.numbers.end(),
                                    [&](const Number &n) { return n.first == info.name; })
                      : std::any_of(image.numbers.begin(), image.numbers.end(), isOf);
    if (isUsed)
      record.settings.numbers.emplace_back(info.name, hyper.*info.member);
  }
  return Status::success();
}

static std::string fileName(const std::string &path) {
  return path.substr(path.find_last_of('/') + 1);
}

Result<views::Record> Simulation::run() {
  if (Status s = checkOptions(options); !s)
    return s.takeError();
  if (options.evaluateOnly && !options.profile.empty())
    return Error{"--profile measures training steps, and --eval runs none"};
  if (!options.record.empty() && (options.evaluateOnly || options.functionalOnly))
    return Error{"--record writes the work of a training step whose time is simulated; --eval and "
                 "--functional-only have none"};
  if (!options.masks.empty()) {
    if (options.evaluateOnly)
      return Error{"--masks writes where a training step has zeros, and --eval runs none"};
    if (std::error_code none; std::filesystem::exists(options.masks, none) &&
                              !std::filesystem::is_directory(options.masks, none))
      return Error{options.masks + ": expected a folder for masks, or nothing there"};
  }
  for (const std::string &path : {options.save, options.stats, options.profile, options.record})
    if (Status s = checkOutput(path); !s)
      return s.takeError();
  SessionOptions sessionOptions;
  sessionOptions.threads = options.threads;
  sessionOptions.maxInstructions = uint64_t(options.maxInstructions);
  sessionOptions.checkOrder = options.checkOrder;
  Result<std::unique_ptr<Session>> opened =
      Session::open(options.image, options.chip, sessionOptions);
  if (!opened)
    return opened.takeError();
  session = opened.take();
  if (!options.profile.empty()) {
    profile = std::make_unique<Profile>(session->chip(), session->image());
    session->setCapturer(profile.get());
  }
  if (!options.record.empty()) {
    recorder = std::make_unique<WorkRecorder>(session->image());
    session->setRecorder(recorder.get());
  }
  if (!options.masks.empty())
    masks = std::make_unique<MaskRecorder>(session->image());
  if (!session->replaced().empty())
    watcher.note(session->replaced());
  for (const std::string &line : chip::warnings(session->chip()))
    watcher.warning("chip " + session->chip().name + ": " + line);
  record.chip = session->chip();
  record.groups = session->groups();
  record.image = fileName(options.image);
  record.model = session->image().modelName;
  record.batch = session->batch() * session->microBatches();
  views::Settings &settings = record.settings;
  settings.data = options.data;
  settings.order = options.order == data::Order::file ? "file" : "shuffled";
  settings.seed = options.seed;
  settings.schedule = options.schedule;
  settings.warmup = options.warmup;
  if (Status s = chooseNumbers(); !s)
    return s.takeError();
  settings.functionalOnly = options.functionalOnly;

  if (Status s = openGroups(); !s)
    return s.takeError();
  if (Status s = load(); !s)
    return s.takeError();
  if (Status s = session->initialize(); !s)
    return s.takeError();
  if (!options.load.empty()) {
    Result<std::optional<Position>> saved = loadState(*session, options.load);
    if (!saved)
      return saved.takeError();
    position = *saved;
  }
  if (Status s = options.evaluateOnly ? evaluateOnly() : train(); !s)
    return s.takeError();
  // What a diverged training leaves is not worth going on with, and may not replace what is.
  if (!options.save.empty() && !record.isStopped)
    if (Status s = saveState(*session, position, options.save); !s)
      return s.takeError();
  if (profile)
    if (Status s = profile->write(options.profile); !s)
      return s.takeError();
  if (recorder)
    if (Status s = image::writeBytes(recorder->take(), options.record); !s)
      return s.takeError();
  if (masks && !record.isStopped)
    if (Status s = masks->write(options.masks); !s)
      return s.takeError();
  if (options.stats.empty())
    return std::move(record);
  if (Status s = describeTensors(); !s)
    return s.takeError();
  if (Status s = views::writeStats(record, options.stats); !s)
    return s.takeError();
  return std::move(record);
}

Result<views::Record> simulate(const SimulationOptions &options, Watcher &watcher) {
  return guarded(options.image, [&] { return Simulation(options, watcher).run(); });
}

} // namespace slp::api
