//===- main.cpp - slp-sim: runs an image on a simulated chip ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The command line around runtime/api/Training.h. Everything that can be said of a run is said
// here: progress and notes on stderr, results on stdout, one line and exit status 1 on an error.
//
//===----------------------------------------------------------------------------------------===//

#include "tools/EmptyValues.h"

#include "runtime/api/Retiming.h"
#include "runtime/api/Training.h"
#include "runtime/api/Version.h"
#include "runtime/views/Progress.h"
#include "runtime/views/Table.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <unistd.h>

using namespace slp;

namespace {
class Console : public api::Watcher {
public:
  explicit Console(bool quiet)
      : quiet(quiet), progress(stderr, !quiet && isatty(STDERR_FILENO) && isatty(STDOUT_FILENO)) {}

  void note(const std::string &text) override {
    if (quiet)
      return;
    progress.clear();
    std::fprintf(stderr, "slp-sim: note: %s\n", text.c_str());
  }
  void warning(const std::string &text) override {
    progress.clear();
    std::fprintf(stderr, "slp-sim: warning: %s\n", text.c_str());
  }
  void progressed(const views::StepRecord &step, int64_t done, int64_t total) override {
    std::string what = step.epoch ? "epoch " + std::to_string(step.epoch) : "evaluating";
    progress.update(what, done, total, step.loss);
  }
  void epochEnded(const views::EpochRecord &epoch, int64_t epochs) override {
    progress.clear();
    std::printf("epoch %lld/%lld  loss %.4f", static_cast<long long>(epoch.epoch),
                static_cast<long long>(epochs), epoch.loss);
    if (epoch.accuracy)
      std::printf("  test accuracy %.1f %%", 100 * *epoch.accuracy);
    else if (epoch.testLoss)
      std::printf("  test loss %.4f", *epoch.testLoss);
    std::printf("\n");
    std::fflush(stdout);
  }
  void finish() { progress.clear(); }

private:
  bool quiet;
  views::Progress progress;
};
} // namespace

static int fail(std::string message) {
  // Messages of libraries may have several lines; ours is one.
  for (char &c : message)
    if (c == '\n')
      c = ' ';
  std::fprintf(stderr, "slp-sim: %s\n", message.c_str());
  return 1;
}

/// What is said beside the results.
enum class Assumptions { none, line, list };

static void printSummary(const views::Record &record, Assumptions assumptions) {
  std::string table = views::phaseTable(record);
  if (!table.empty())
    std::printf("\n%s", table.c_str());
  if (record.loss)
    std::printf("\nloss %.6g", *record.loss);
  if (record.accuracy)
    std::printf("%stest accuracy %.2f %%", record.loss ? ", " : "\n", 100 * *record.accuracy);
  else if (record.testLoss)
    std::printf("%stest loss %.6g", record.loss ? ", " : "\n", *record.testLoss);
  std::printf("\n");
  if (record.lossScale)
    std::printf("loss scale %.9g, from %.9g; updates of %lld of %zu steps held\n",
                record.lossScale->last, record.lossScale->first,
                static_cast<long long>(record.lossScale->skipped), record.steps.size());
  int64_t skipped = 0, images = 0;
  for (const views::StepRecord &step : record.steps)
    if (step.skipped) {
      skipped += *step.skipped;
      images += record.batch;
    }
  if (images)
    std::printf("gradients of %lld of %lld images skipped\n", static_cast<long long>(skipped),
                static_cast<long long>(images));
  if (const std::optional<views::WeightGroupsRecord> &groups = record.weightGroups)
    std::printf("weight groups: %lld of %lld closed (%.1f %%), mean magnitudes below %.6g; lasso "
                "%.6g (%s), share %.6g (%s), every %lld steps (%s)\n",
                static_cast<long long>(groups->closed), static_cast<long long>(groups->groups),
                100 * double(groups->closed) / double(groups->groups), groups->threshold,
                groups->lasso, groups->lassoFrom.c_str(), groups->share, groups->shareFrom.c_str(),
                static_cast<long long>(groups->periodSteps), groups->periodFrom.c_str());
  if (!record.measurement || assumptions == Assumptions::none)
    return;
  std::string foot = assumptions == Assumptions::list ? views::assumptionsFoot(record.chip)
                                                      : views::assumptionsLine(record.chip);
  std::printf("\n%s", foot.c_str());
}

/// Whether an option says something to a recording.
static bool mayRetime(const std::string &name) {
  for (const char *known :
       {"IMAGE", "--timing-only", "--chip", "--stats", "--assumptions", "--quiet"})
    if (name == known)
      return true;
  return false;
}

int main(int argc, char **argv) {
  api::SimulationOptions options;
  CLI::App app(
      "slp-sim: trains an image on a simulated sparse learning processor and reports loss, "
      "cycles, energy and traffic.");
  app.add_option("IMAGE", options.image, "image written by slpc")->required();
  app.add_option("--data", options.data, "directory with IDX, CIFAR-10 or NAME.npy files");
  std::string order = "shuffled";
  app.add_option("--order", order, "order of the samples: file or shuffled")
      ->check(CLI::IsMember({"file", "shuffled"}))
      ->capture_default_str();
  auto *epochs = app.add_option("--epochs", options.epochs, "passes over the training split")
                     ->capture_default_str();
  app.add_option("--steps", options.steps, "training steps in all, instead of epochs")
      ->excludes(epochs);
  std::vector<std::optional<double>> numbers(api::knownNumbers().size());
  for (size_t i = 0; i < numbers.size(); ++i) {
    const api::NumberInfo &info = api::knownNumbers()[i];
    app.add_option(std::string("--") + info.name, numbers[i],
                   std::string(info.description) + "; default: the image's");
  }
  app.add_option("--group-lasso", options.weightGroups.lasso,
                 "factor of the penalty on small weight groups; default: the chip description's");
  app.add_option("--group-share", options.weightGroups.share,
                 "share of the weight groups that is closed, 0 to 1; default: the description's");
  app.add_option("--group-period", options.weightGroups.period,
                 "from one closing of weight groups to the next: Nsteps or Nepochs; default: the "
                 "description's");
  app.add_option("--schedule", options.schedule,
                 "learning rate over the steps: constant, step:EVERY:FACTOR, exponential:FACTOR, "
                 "linear:STEPS[:FACTOR] or cosine:STEPS[:MIN]")
      ->capture_default_str();
  app.add_option("--warmup", options.warmup, "steps in which the learning rate rises from 0")
      ->capture_default_str();
  app.add_option("--seed", options.seed, "of shuffling and synthetic samples")
      ->capture_default_str();
  app.add_option("--threads", options.threads, "host threads, 0: all; results do not depend on it")
      ->capture_default_str();
  app.add_flag("--eval", options.evaluateOnly, "no training: accuracy, or loss, on the test split");
  app.add_option("--chip", options.chip,
                 "chip description whose rates and energies replace the image's");
  app.add_flag("--functional-only", options.functionalOnly, "values only: no cycles, no energy");
  app.add_flag("--stop-on-divergence", options.stopOnDivergence,
               "end with exit status 1 after the first step that shows it; --save writes nothing");
  app.add_option("--stats", options.stats, "write statistics as JSON (docs/stats-schema.md)");
  app.add_option("--profile", options.profile,
                 "write what each tensor would lose in each format, for slpc --profile-use "
                 "(docs/fidelity.md)");
  app.add_option("--record", options.record,
                 "write what the last step did, without its values, for --timing-only");
  app.add_option("--masks", options.masks,
                 "write, to a folder, which elements of the last step's tensors are zero, for "
                 "--timing-only of any image of the same model and precision");
  std::string timingOnly;
  auto *retimed = app.add_option(
      "--timing-only", timingOnly,
      "cycles and energy of a step that --record or --masks wrote, without its values; --chip may "
      "have other rates, energies, lines and queues");
  app.add_option("--save", options.save, "write the trained state");
  app.add_option("--load", options.load, "start from a saved state");
  app.add_option("--max-instructions", options.maxInstructions,
                 "instructions that one run of an entry point may issue")
      ->capture_default_str();
  app.add_flag("--check-order", options.checkOrder,
               "fail at accesses to memory that no semaphore, fence or queue orders "
               "(docs/check-order.md)");
  bool listAssumptions = false, quiet = false;
  app.add_flag("--assumptions", listAssumptions,
               "list the numbers of the chip description that are not quoted from its makers");
  app.add_flag("--quiet", quiet, "results, warnings and errors only: no notes, no progress");
  app.set_version_flag("--version", api::versionOf("slp-sim"));
  if (std::string empty = findEmptyValue(argc, argv); !empty.empty())
    return fail(empty + "; see slp-sim --help");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp &) {
    std::printf("%s", app.help().c_str());
    return 0;
  } catch (const CLI::CallForVersion &e) {
    std::printf("%s\n", e.what());
    return 0;
  } catch (const CLI::ParseError &e) {
    return fail(std::string(e.what()) + "; see slp-sim --help");
  }
  for (size_t i = 0; i < numbers.size(); ++i)
    if (numbers[i])
      options.numbers.emplace_back(api::knownNumbers()[i].name, *numbers[i]);
  options.order = order == "file" ? data::Order::file : data::Order::shuffled;

  Console console(quiet);
  Assumptions assumptions = listAssumptions ? Assumptions::list
                            : quiet         ? Assumptions::none
                                            : Assumptions::line;
  if (retimed->count()) {
    for (const CLI::Option *given : app.get_options())
      if (given->count() && !mayRetime(given->get_name()))
        return fail(given->get_name() + " needs a run, and --timing-only has none");
    std::string notes;
    Result<views::Record> record =
        api::retime({options.image, timingOnly, options.chip, options.stats}, notes);
    if (!record)
      return fail(record.message());
    if (!notes.empty())
      console.note(notes);
    printSummary(*record, assumptions);
    return 0;
  }
  Result<views::Record> record = api::simulate(options, console);
  console.finish();
  if (!record)
    return fail(record.message());
  printSummary(*record, assumptions);
  if (record->isStopped)
    return fail("stopped: step " + std::to_string(record->divergence->step) + ": " +
                record->divergence->what);
  return 0;
}
