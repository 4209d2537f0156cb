//===- Evaluation.cpp - judges a split of the data by an image --------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/api/Evaluation.h"

#include "runtime/num/ExpLog.h"

#include <algorithm>

namespace slp::api {

bool canEvaluate(const Session &session) {
  return session.has("eval") &&
         (session.hasEvalLoss() || session.labels() >= 0 || session.targets() >= 0);
}

std::string describeEvaluation(const Session &session, uint32_t samples) {
  if (!canEvaluate(session))
    return "the graph has no loss, and no logits that an input judges: the test split is run, and "
           "nothing said of it";
  if (!session.hasEvalLoss())
    return "";
  auto batch = uint32_t(session.batch());
  std::string text;
  if (session.labels() < 0)
    text = "the graph has no logits that an input judges: the test split gives its own loss, '" +
           session.image().contract.evalLoss + "', and no accuracy";
  if (samples % batch == 0)
    return text;
  text += text.empty() ? "" : "; ";
  if (samples < batch)
    return text + "the test loss is of one batch of " + std::to_string(batch) +
           ", filled with the " + std::to_string(samples) + " test samples over and over";
  return text + "the test loss leaves out the last " + std::to_string(samples % batch) + " of " +
         std::to_string(samples) + " test samples, which do not fill a batch of " +
         std::to_string(batch);
}

namespace {
/// Logits (outer, classes, inner) of one batch.
struct Scores {
  const std::vector<float> &values;
  size_t classes, inner;

  /// Score of a class at a position: positions are counted as labels are, without the class axis.
  float at(size_t position, size_t c) const {
    return values[(position / inner * classes + c) * inner + position % inner];
  }
  size_t positions() const { return values.size() / classes; }
  /// The first greatest.
  size_t predicted(size_t position) const {
    size_t best = 0;
    for (size_t c = 1; c < classes; ++c)
      if (at(position, c) > at(position, best))
        best = c;
    return best;
  }
  /// Cross entropy at one position, by the written exp and log: the same number on any host.
  double crossEntropy(size_t position, float label) const {
    float max = at(position, predicted(position));
    double sum = 0;
    for (size_t c = 0; c < classes; ++c)
      sum += double(num::exp(at(position, c) - max));
    auto target = size_t(label);
    double chosen = label >= 0 && target < classes ? double(at(position, target)) - double(max) : 0;
    return double(num::log(float(sum))) - chosen;
  }
};

/// One call of `evaluate`.
class Judge {
public:
  Judge(Session &session, const Samples &samples, Evaluation &result)
      : session(session), samples(samples), result(result), batch(size_t(session.batch())) {
    for (const image::LabelInput &input : session.image().contract.labelInputs)
      if (input.tensor == session.image().contract.labels)
        ignore = input.ignore;
  }
  /// Takes in what the last run of `eval` made of the batch that begins with entry `first` of
  /// `order`.
  Status take(const std::vector<uint32_t> &order, size_t first);
  void finish();

private:
  void judgeClasses(const std::vector<float> &logits, const std::vector<float> &labels,
                    size_t counted);
  void judgeNumbers(const std::vector<float> &logits, const std::vector<float> &targets,
                    size_t counted);

  Session &session;
  const Samples &samples;
  Evaluation &result;
  size_t batch;
  std::optional<int32_t> ignore;
  double lossSum = 0; // of `lossCount` batches, labels or samples
  uint64_t lossCount = 0;
};
} // namespace

void Judge::judgeClasses(const std::vector<float> &logits, const std::vector<float> &labels,
                         size_t counted) {
  const image::Contract &contract = session.image().contract;
  Scores scores{logits, size_t(contract.logitsShape[size_t(contract.classAxis)]), 1};
  for (size_t d = size_t(contract.classAxis) + 1; d < contract.logitsShape.size(); ++d)
    scores.inner *= size_t(contract.logitsShape[d]);
  size_t perSample = scores.positions() / batch;
  for (size_t p = 0; p < counted * perSample; ++p) {
    if (ignore && labels[p] == float(*ignore))
      continue;
    ++result.labels;
    result.correct += int64_t(scores.predicted(p)) == int64_t(labels[p]);
    if (session.hasEvalLoss())
      continue;
    lossSum += scores.crossEntropy(p, labels[p]);
    ++lossCount;
  }
}

/// Mean square distance of each sample.
void Judge::judgeNumbers(const std::vector<float> &logits, const std::vector<float> &targets,
                         size_t counted) {
  size_t width = logits.size() / batch;
  for (size_t i = 0; i < counted; ++i) {
    double sum = 0;
    for (size_t e = i * width; e < (i + 1) * width; ++e)
      sum += (double(logits[e]) - double(targets[e])) * (double(logits[e]) - double(targets[e]));
    lossSum += sum / double(width);
    ++lossCount;
  }
}

Status Judge::take(const std::vector<uint32_t> &order, size_t first) {
  size_t counted = std::min(batch, samples.count() - first);
  if (session.hasEvalLoss() && (counted == batch || first == 0)) {
    Result<float> loss = session.evalLoss();
    if (!loss)
      return loss.takeError();
    lossSum += double(*loss);
    ++lossCount;
  }
  bool isNumbers = !session.hasEvalLoss() && session.targets() >= 0;
  if (!result.hasClasses && !isNumbers)
    return Status::success();
  Result<std::vector<float>> logits = session.machine().read(session.image().contract.logits);
  if (!logits)
    return logits.takeError();
  int judge = isNumbers ? session.targets() : session.labels();
  std::vector<float> expected = samples.gather(size_t(judge), order, first, batch);
  if (isNumbers)
    judgeNumbers(*logits, expected, counted);
  else
    judgeClasses(*logits, expected, counted);
  return Status::success();
}

void Judge::finish() {
  if (lossCount)
    result.loss = lossSum / double(lossCount);
}

Result<Evaluation> evaluate(Session &session, const Samples &samples, bool timed,
                            Watcher &watcher) {
  auto batch = size_t(session.batch());
  Evaluation result;
  result.samples = samples.count();
  result.hasClasses = session.labels() >= 0;
  size_t batches = (samples.count() + batch - 1) / batch;
  std::vector<uint32_t> order(batches * batch);
  for (size_t i = 0; i < order.size(); ++i)
    order[i] = uint32_t(i % samples.count());

  Judge judge(session, samples, result);
  for (size_t b = 0; b < batches; ++b) {
    for (size_t i = 0; i < session.inputs().size(); ++i)
      if (Status s = session.write(i, samples.gather(i, order, b * batch, batch)); !s)
        return s.takeError();
    Result<RunResult> run = session.run("eval", timed);
    if (!run)
      return run.takeError();
    if (Status s = judge.take(order, b * batch); !s)
      return s.takeError();
    views::StepRecord step;
    step.step = int64_t(b) + 1;
    if (run->measurement) {
      step.totals = run->measurement->totals(session.groups());
      if (result.measurement)
        *result.measurement += *run->measurement;
      else
        result.measurement = *run->measurement;
      if (Status s = result.measurement->report.checkTotal(); !s)
        return s.takeError();
    }
    result.steps.push_back(step);
    watcher.progressed(step, step.step, int64_t(batches));
  }
  judge.finish();
  return result;
}

} // namespace slp::api
