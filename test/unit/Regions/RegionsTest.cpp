//===- RegionsTest.cpp - three regions of ResNet-18, written by hand --------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Each file of test/regions holds a definition in `train` and a program in `chip` that somebody
// wrote for it; $N stands for the images. Every output of the program is compared with the
// reference, bit for bit, and its cycles with a bound that knows no schedule: the most of what the
// MAC arrays, the vector unit and the compulsory traffic of DRAM need.
//
// SLP_REGIONS_SEED sets the seed of the inputs (1), SLP_REGIONS_IMAGES the images whose values are
// compared (few, since the reference is slow; 8 is the whole region), SLP_REGIONS_VERBOSE prints
// where the cycles of each engine go. SLP_REGIONS_QUEUE sets the entries of a queue,
// SLP_REGIONS_INSERTED puts the semaphores of chip-insert-semaphores in the place of those written
// by hand.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Chip/ChipOps.h"
#include "dialects/Train/TrainDialect.h"
#include "dialects/Train/TrainState.h"
#include "runtime/exec/Machine.h"
#include "runtime/timing/Model.h"
#include "slp/Conversion/Passes.h"
#include "slp/Emit/Emit.h"
#include "slp/Pipeline/Pipeline.h"
#include "slp/Reference/Arithmetic.h"
#include "slp/Reference/Evaluator.h"
#include "slp/Transforms/Chip/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"
#include "gtest/gtest.h"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

using namespace mlir;
using namespace slp;

namespace {

/// Cycles that each engine needs, whatever the schedule.
struct Bound {
  int64_t mac = 0, vector = 0, dram = 0;
  int64_t most() const { return std::max({mac, vector, dram}); }
};

constexpr int64_t images = 8;

/// docs/timing.md, "The MAC array": cycles of one item.
int64_t itemCycles(const chip::Chip &chip, int64_t elements, int64_t groups) {
  int64_t rate = chip.peRate(/*fp16=*/false), dot = chip.numerics.dot;
  return llvm::divideCeil(rate >= dot ? groups * dot : elements, rate);
}

/// All items on all lines.
int64_t macCycles(const chip::Chip &chip, int64_t items) {
  return items / (chip.structure.cores * chip.structure.lines);
}

/// Whether a tap of -1, 0 or 1 reads inside `size` at a coordinate.
bool isInside(int64_t at, int64_t tap, int64_t size) { return at + tap >= 0 && at + tap < size; }

/// A convolution of 3 x 3, pads 1, forward or backward: 8 columns of a row and the outputs of a
/// line's PEs are an item, for which the taps inside and the channels of the sum are streamed.
int64_t convCycles(const chip::Chip &chip, int64_t channels, int64_t size) {
  int64_t cycles = 0;
  for (int64_t row = 0; row < size; ++row)
    for (int64_t first = 0; first < size; first += 8) {
      int64_t taps = 0;
      for (int64_t column = first; column < std::min(first + 8, size); ++column)
        for (int64_t tap = 0; tap < 9; ++tap)
          taps += isInside(row, tap / 3 - 1, size) && isInside(column, tap % 3 - 1, size);
      cycles += itemCycles(chip, taps * channels, taps * llvm::divideCeil(channels, 8));
    }
  return macCycles(chip, cycles * images * llvm::divideCeil(channels, chip.structure.pes));
}

/// Its weight gradient: an input channel, a tap and the outputs of a line's PEs are an item, for
/// which the pixels of all images are streamed whose tap is inside. Dot groups are 8 pixels of one
/// image.
int64_t weightGradientCycles(const chip::Chip &chip, int64_t channels, int64_t size) {
  int64_t cycles = 0;
  for (int64_t tap = 0; tap < 9; ++tap) {
    int64_t pixels = 0, groups = 0;
    for (int64_t first = 0; first < size * size; first += 8) {
      int64_t inside = 0;
      for (int64_t p = first; p < std::min(first + 8, size * size); ++p)
        inside += isInside(p / size, tap / 3 - 1, size) && isInside(p % size, tap % 3 - 1, size);
      pixels += inside;
      groups += inside != 0;
    }
    cycles += itemCycles(chip, images * pixels, images * groups);
  }
  return macCycles(chip, cycles * channels * llvm::divideCeil(channels, chip.structure.pes));
}

Bound boundOf(const chip::Chip &chip, int64_t mac, int64_t operations, int64_t bytes) {
  double perCycle = chip.rates.dramBytesPerSecond * chip.rates.dramEfficiency / chip.rates.clockHz;
  return {mac, operations / chip.rates.vectorLanes, int64_t(double(bytes) / perCycle)};
}

/// layer1.0.conv1 of ResNet-18 at 224 x 224 has 64 channels of 56 x 56, a row has 7 strips.
constexpr int64_t activations = images * 64 * 56 * 56, parts = images * 64 * 7,
                  filters = 64 * 64 * 9;

/// Round, statistics, and the join of their parts. In: x and w; out: y, means and variances.
Bound forward(const chip::Chip &chip) {
  return boundOf(chip, convCycles(chip, 64, 56), (1 + 4) * activations + 11 * parts + 2 * 64,
                 2 * activations + filters + 2 * 64 * 4);
}

/// The mask, which rounds, the sums, and the join of their parts; 1 / deviation. In: the error, w,
/// the mask, and what was normalized with its means and variances; out: the error below, two sums.
Bound backward(const chip::Chip &chip) {
  return boundOf(chip, convCycles(chip, 64, 56), (1 + 5) * activations + 2 * parts + 3 * 64,
                 4 * activations + filters + 4 * 64 * 4);
}

/// layer4.1.conv2: 512 channels of 7 x 7. The update; gradients stay where they are. In: x, the
/// error, and weights and velocities of 16 bits; out: these.
Bound update(const chip::Chip &chip) {
  constexpr int64_t weights = 512 * 512 * 9;
  return boundOf(chip, weightGradientCycles(chip, 512, 7), 5 * weights,
                 2 * images * 512 * 7 * 7 + 4 * weights * 2);
}

/// One region on one chip.
struct Case {
  const char *target, *name;
  Bound (*bound)(const chip::Chip &chip);
  int64_t images; // whose values are compared
};

/// A file of test/regions, ready to run.
class HandWritten {
public:
  HandWritten(const std::string &target, const std::string &name, int64_t images)
      : handler(&context, [this](Diagnostic &d) { error += d.str() + "\n"; }) {
    DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    chip = chip::load(target).take();
    if (const char *entries = std::getenv("SLP_REGIONS_QUEUE"))
      chip.structure.queueDepth.value = std::atoi(entries);
    std::ifstream file(std::string(SLP_REGIONS_DIR) + "/" + target + "-" + name + ".mlir");
    std::stringstream text;
    text << file.rdbuf();
    source =
        parseSourceString<ModuleOp>(replaceAll(text.str(), "$N", std::to_string(images)), &context);
    EXPECT_TRUE(source) << error;
    if (source)
      compile();
  }
  bool isReady() const { return machine != nullptr; }

  void compareValues(uint32_t seed);
  /// The ratio of the bound to the cycles measured.
  double compareTime(const Bound &bound);

private:
  static std::string replaceAll(std::string text, const std::string &what, const std::string &by) {
    for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
      text.replace(at, what.size(), by);
    return text;
  }

  void compile() {
    auto module = source->lookupSymbol<ModuleOp>("program");
    program = OwningOpRef<ModuleOp>(cast<ModuleOp>(module->clone()));
    if (std::getenv("SLP_REGIONS_INSERTED"))
      program->walk([](Operation *op) {
        if (isa<chip_ir::WaitOp, chip_ir::SignalOp>(op))
          op->erase();
      });
    bool isScheduled =
        program->walk([](chip_ir::SignalOp) { return WalkResult::interrupt(); }).wasInterrupted();
    for (auto tensor : program->getOps<chip_ir::TensorOp>())
      shapes[tensor.getSymName().str()] =
          llvm::to_vector(cast<MemRefType>(tensor.getType()).getShape());
    PassManager pm(&context);
    pm.addPass(createPlaceBuffers());
    if (!isScheduled)
      pm.addPass(createInsertSemaphores());
    pm.addPass(createVerifySchedule());
    pm.addPass(createConvertChipToMach());
    if (failed(pm.run(*program))) {
      ADD_FAILURE() << error;
      return;
    }
    FailureOr<image::Image> emitted = emitImage(*program, chip, "");
    if (failed(emitted)) {
      ADD_FAILURE() << error;
      return;
    }
    image = std::move(*emitted);
    auto created = exec::Machine::create(chip, image);
    ASSERT_TRUE(created) << created.message();
    machine = created.take();
  }

  /// Tensors of [N, C, H, W] may lie in DRAM as [N, H, W, C]. `toChip`: from the order of `train`.
  std::vector<float> reorder(const std::string &name, const std::vector<float> &values,
                             ArrayRef<int64_t> shape, bool toChip) const;

  MLIRContext context;
  std::string error;
  ScopedDiagnosticHandler handler;
  OwningOpRef<ModuleOp> source, program;
  chip::Chip chip;
  image::Image image;
  std::unique_ptr<exec::Machine> machine;
  std::map<std::string, SmallVector<int64_t>> shapes; // of chip tensors
};

} // namespace

std::vector<float> HandWritten::reorder(const std::string &name, const std::vector<float> &values,
                                        ArrayRef<int64_t> shape, bool toChip) const {
  ArrayRef<int64_t> there = shapes.at(name);
  if (shape.size() != 4 || there.size() != 4 || there == shape)
    return values;
  int64_t n = shape[0], c = shape[1], h = shape[2], w = shape[3];
  EXPECT_EQ(there, ArrayRef<int64_t>({n, h, w, c})) << name;
  std::vector<float> result(values.size());
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < c; ++j)
      for (int64_t p = 0; p < h * w; ++p) {
        size_t channelsFirst = (i * c + j) * h * w + p, channelsLast = (i * h * w + p) * c + j;
        result[toChip ? channelsLast : channelsFirst] =
            values[toChip ? channelsFirst : channelsLast];
      }
  return result;
}

void HandWritten::compareValues(uint32_t seed) {
  auto definition = source->lookupSymbol<ModuleOp>("definition");
  auto step = definition.lookupSymbol<func::FuncOp>("step");
  std::mt19937 random(seed);
  reference::NamedTensors inputs;
  for (BlockArgument argument : step.getArguments()) {
    auto name = step.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "train.name").str();
    // A deviation of 1 by default; variances are positive.
    auto scale = step.getArgAttrOfType<FloatAttr>(argument.getArgNumber(), "test.deviation");
    bool isPositive = step.getArgAttr(argument.getArgNumber(), "test.positive") != nullptr;
    auto type = cast<RankedTensorType>(argument.getType());
    reference::Tensor tensor(type.getShape());
    reference::Store store(type.getElementType(), num_ir::Rounding::nearest_even);
    std::normal_distribution<float> normal(0, scale ? float(scale.getValueAsDouble()) : 1.0f);
    for (auto [i, value] : llvm::enumerate(tensor.values)) {
      float drawn = normal(random);
      value = store(isPositive ? std::abs(drawn) + 0.25f : drawn, int64_t(i));
    }
    inputs[name] = std::move(tensor);
  }
  reference::Hyper hyper;
  hyper.learningRate = 0.05f, hyper.momentum = 0.9f, hyper.weightDecay = 1e-4f;
  const float numbers[] = {hyper.learningRate, hyper.momentum, hyper.weightDecay, hyper.dampening};
  for (auto [index, value] : llvm::enumerate(numbers))
    machine->setHyper(int(index), value);
  exec::Options inOrder, options;
  inOrder.checkOrder = true;
  options.interleaveSeed = seed; // engines as far apart as semaphores let them
  for (const exec::Options &run : {inOrder, options}) {
    for (const auto &[name, tensor] : inputs) {
      Status written = machine->write(name, reorder(name, tensor.values, tensor.shape, true));
      ASSERT_TRUE(written) << written.message();
    }
    Status ran = machine->run("step", run);
    ASSERT_TRUE(ran) << ran.message();
  }

  auto evaluator =
      reference::Evaluator::create(definition, [](const train::State &) { return failure(); });
  ASSERT_TRUE(succeeded(evaluator)) << error;
  evaluator->setHyper(hyper);
  std::set<std::string> compared;
  LogicalResult evaluated = evaluator->run(
      "step", inputs, [&](StringRef name, const reference::Tensor &expected, OpResult) {
        std::string tensor = (name.ends_with("/next") ? name.drop_back(5) : name).str();
        if (!shapes.count(tensor))
          return; // never in DRAM
        Result<std::vector<float>> read = machine->read(tensor);
        ASSERT_TRUE(read) << read.message();
        std::vector<float> found = reorder(tensor, *read, expected.shape, false);
        ASSERT_EQ(found.size(), expected.values.size()) << tensor;
        size_t wrong = 0, first = 0, nonZero = 0;
        for (size_t i = 0; i < found.size(); ++i) {
          nonZero += expected.values[i] != 0;
          if (std::memcmp(&found[i], &expected.values[i], sizeof(float)) != 0 && wrong++ == 0)
            first = i;
        }
        EXPECT_EQ(wrong, 0u) << tensor << ": first at " << first << ", " << found[first] << " for "
                             << expected.values[first];
        EXPECT_GT(nonZero, found.size() / 8) << tensor << " is nearly all zeros";
        compared.insert(tensor);
      });
  EXPECT_TRUE(succeeded(evaluated)) << error;
  for (const image::Tensor &tensor : image.tensors)
    EXPECT_TRUE(tensor.role != image::Role::output || compared.count(tensor.name)) << tensor.name;
}

double HandWritten::compareTime(const Bound &bound) {
  timing::Groups groups(image);
  timing::Model model(chip, groups);
  exec::Options options;
  options.observer = &model;
  options.values = exec::Values::absent;
  Status ran = machine->run("step", options);
  EXPECT_TRUE(ran) << ran.message();
  Result<timing::Report> report = model.finish();
  EXPECT_TRUE(report) << report.message();
  if (!report)
    return 0;
  double ratio = double(bound.most()) / double(report->cycles);
  llvm::outs() << llvm::formatv(
      "mac {0:N}, vector {1:N}, dram {2:N}; bound {3:N}, measured {4:N}, ratio {5:F3}\n", bound.mac,
      bound.vector, bound.dram, bound.most(), report->cycles, ratio);
  if (!std::getenv("SLP_REGIONS_VERBOSE"))
    return ratio;
  for (const timing::EngineCycles &engine : report->engines) {
    llvm::outs() << mach::toString(engine.engine) << " " << engine.core << ":";
    for (size_t cause = 0; cause < timing::numCauses; ++cause)
      llvm::outs() << " " << timing::toString(timing::Cause(cause)) << " " << engine.cycles[cause];
    llvm::outs() << "\n";
  }
  return ratio;
}

static int64_t fromEnvironment(const char *name, int64_t otherwise) {
  const char *text = std::getenv(name);
  return text ? std::strtoll(text, nullptr, 10) : otherwise;
}

class RegionsTest : public testing::TestWithParam<Case> {};

TEST_P(RegionsTest, GivesTheBitsOfTheDefinition) {
  HandWritten region(GetParam().target, GetParam().name,
                     fromEnvironment("SLP_REGIONS_IMAGES", GetParam().images));
  ASSERT_TRUE(region.isReady());
  uint32_t seed = uint32_t(fromEnvironment("SLP_REGIONS_SEED", 1));
  llvm::outs() << "seed " << seed << "\n";
  region.compareValues(seed);
}

TEST_P(RegionsTest, TakesLittleLongerThanItsBound) {
  HandWritten region(GetParam().target, GetParam().name, images);
  ASSERT_TRUE(region.isReady());
  Result<chip::Chip> chip = chip::load(GetParam().target);
  ASSERT_TRUE(chip) << chip.message();
  EXPECT_GE(region.compareTime(GetParam().bound(*chip)), 0.9);
}

INSTANTIATE_TEST_SUITE_P(
    Regions, RegionsTest,
    testing::Values(Case{"lnpu", "fp", forward, 4}, Case{"asu-fp8", "fp", forward, 2},
                    Case{"lnpu", "bp", backward, 4}, Case{"asu-fp8", "bp", backward, 2},
                    Case{"lnpu", "wg", update, 2}, Case{"asu-fp8", "wg", update, 2}),
    [](const testing::TestParamInfo<Case> &info) {
      std::string name = std::string(info.param.target) + "_" + info.param.name;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });
