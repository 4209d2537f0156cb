//===- WeightGroups.cpp - leads the opening and closing of weight groups ----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/api/WeightGroups.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace slp::api {

/// The entry point, the state of the numbers, and what is added to the name of a layer's weights
/// (docs/image.md).
static constexpr const char *entryName = "refresh", *numbersName = "weight_groups",
                            *masksSuffix = ".groups", *meansSuffix = ".groups.means";
/// lasso, threshold, steps: whole numbers up to here are exact.
static constexpr int64_t mostSteps = int64_t(1) << 24;

float thresholdOf(std::vector<float> means, double share) {
  std::sort(means.begin(), means.end());
  size_t closed = size_t(std::floor(share * double(means.size()) + 1e-9));
  return closed < means.size()
             ? means[closed]
             : std::nextafter(means.back(), std::numeric_limits<float>::infinity());
}

bool WeightGroups::areIn(const image::Image &image) {
  const image::Tensor *numbers = image.findTensor(numbersName);
  return image.findEntry(entryName) && numbers && numbers->role == image::Role::state &&
         numbers->shape == std::vector<int64_t>{3};
}

static bool endsWith(const std::string &text, const std::string &end) {
  return text.size() > end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

Status WeightGroups::findStates() {
  for (const image::Tensor &tensor : session.image().tensors) {
    if (tensor.role != image::Role::state || !endsWith(tensor.name, meansSuffix))
      continue;
    std::string layer = tensor.name.substr(0, tensor.name.size() - std::string(meansSuffix).size());
    const image::Tensor *mask = session.image().findTensor(layer + masksSuffix);
    if (!mask || mask->role != image::Role::state || mask->shape != tensor.shape)
      return Error{"state '" + tensor.name + "' of the image has no mask '" + layer + masksSuffix +
                   "' of its shape"};
    means.push_back(tensor.name);
    masks.push_back(mask->name);
  }
  if (means.empty())
    return Error{"the image has an entry point 'refresh' and no means of weight groups"};
  return Status::success();
}

/// "100steps", "2epochs".
static Status parsePeriod(const std::string &text, double &number, bool &isOfEpochs) {
  char *end = nullptr;
  number = std::strtod(text.c_str(), &end);
  std::string unit = end;
  isOfEpochs = unit == "epochs" || unit == "epoch";
  bool isOfSteps = unit == "steps" || unit == "step";
  bool isWhole = std::floor(number) == number;
  if (end != text.c_str() && (isOfEpochs || isOfSteps) && isWhole && number >= 1 &&
      number <= double(mostSteps))
    return Status::success();
  return Error{"--group-period: " + text + ", expected a whole number from 1 to " +
               std::to_string(mostSteps) + " and steps or epochs, such as 100steps or 2epochs"};
}

Status WeightGroups::choose(const WeightGroupOptions &options) {
  const auto &mechanisms = session.chip().mechanisms;
  auto take = [&](const char *key, double &value, std::string &from) {
    auto it = mechanisms.find(std::string("weight-groups.") + key);
    if (it == mechanisms.end())
      return;
    value = it->second.value;
    from = std::string(chip::toString(it->second.provenance));
  };
  take("lambda", numbers.lasso, numbers.lassoFrom);
  take("percentile", numbers.share, numbers.shareFrom);
  take("refresh", period, numbers.periodFrom);
  if (options.lasso) {
    numbers.lasso = *options.lasso;
    numbers.lassoFrom = "given";
  }
  if (!(numbers.lasso >= 0) || !std::isfinite(float(numbers.lasso)))
    return Error{"--group-lasso: " + std::to_string(numbers.lasso) +
                 ", expected a finite number of at least 0"};
  if (options.share) {
    numbers.share = *options.share;
    numbers.shareFrom = "given";
  }
  if (!(numbers.share >= 0 && numbers.share <= 1))
    return Error{"--group-share: " + std::to_string(numbers.share) + ", expected 0 to 1"};
  if (options.period.empty())
    return Status::success();
  numbers.periodFrom = "given";
  return parsePeriod(options.period, period, isPeriodOfEpochs);
}

Result<std::unique_ptr<WeightGroups>> WeightGroups::create(Session &session,
                                                           const WeightGroupOptions &options) {
  std::unique_ptr<WeightGroups> groups(new WeightGroups(session));
  if (Status s = groups->choose(options); !s)
    return s.takeError();
  if (Status s = groups->findStates(); !s)
    return s.takeError();
  return std::move(groups);
}

Result<std::vector<float>> WeightGroups::readAll(const std::vector<std::string> &tensors) const {
  std::vector<float> all;
  for (const std::string &tensor : tensors) {
    Result<std::vector<float>> values = session.machine().read(tensor);
    if (!values)
      return values.takeError();
    all.insert(all.end(), values->begin(), values->end());
  }
  return std::move(all);
}

Status WeightGroups::writeNumbers() {
  return session.machine().write(numbersName, {float(numbers.lasso), closing, float(steps)});
}

Status WeightGroups::begin(int64_t stepsOfEpoch) {
  double wanted = isPeriodOfEpochs ? period * double(stepsOfEpoch) : period;
  periodSteps = int64_t(std::min(wanted, double(mostSteps)));
  numbers.periodSteps = periodSteps;
  Result<std::vector<float>> saved = session.machine().read(numbersName);
  if (!saved)
    return saved.takeError();
  closing = (*saved)[1];
  float place = (*saved)[2];
  if (!(place >= 0 && place <= float(mostSteps)) || std::floor(place) != place)
    return Error{std::string("state '") + numbersName + "' says that " + std::to_string(place) +
                 " steps of the period are done, expected a whole number from 0 to " +
                 std::to_string(mostSteps)};
  steps = int64_t(place);
  return writeNumbers(); // with the lasso of this run
}

Result<float> WeightGroups::threshold() const {
  Result<std::vector<float>> all = readAll(means);
  if (!all)
    return all.takeError();
  return thresholdOf(all.take(), numbers.share);
}

Status WeightGroups::refreshBy(float threshold, const Refresh &refresh) {
  closing = threshold;
  if (Status s = writeNumbers(); !s)
    return s;
  return refresh();
}

Status WeightGroups::beginStep(const Refresh &refresh) {
  if (steps > 0 && steps < periodSteps)
    return Status::success();
  steps = 0;
  if (Status s = refreshBy(0, refresh); !s)
    return s;
  Result<float> found = threshold();
  if (!found)
    return found.takeError();
  closing = *found;
  return writeNumbers();
}

Status WeightGroups::endStep(const Refresh &refresh) {
  if (++steps > 1)
    return writeNumbers();
  if (Status s = refreshBy(0, refresh); !s)
    return s;
  Result<float> found = threshold();
  if (!found)
    return found.takeError();
  return refreshBy(*found, refresh);
}

Result<views::WeightGroupsRecord> WeightGroups::describe() const {
  Result<std::vector<float>> all = readAll(masks);
  if (!all)
    return all.takeError();
  views::WeightGroupsRecord record = numbers;
  record.groups = int64_t(all->size());
  record.closed = std::count(all->begin(), all->end(), 0.0f);
  record.threshold = closing;
  return record;
}

} // namespace slp::api
