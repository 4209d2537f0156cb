//===- FormatsTest.cpp - other formats, roundings and accumulators ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Property: whatever a chip description says of numbers, and whatever formats, shared exponent
// biases and roundings the tensors of a network have, the simulator computes every element of every
// train tensor as the reference does.
//
//===----------------------------------------------------------------------------------------===//

#include "CompiledNetwork.h"

#include "dialects/Train/TrainState.h"
#include "dialects/Train/TrainStreams.h"
#include "dialects/Train/WriteOpKind.h"
#include "slp/Transforms/Train/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"

#include <random>

using namespace slp;

namespace {

/// A chip that differs from a shipped one in its numerics section.
struct ChipCase {
  const char *name, *base, *precision, *numerics;
};

const ChipCase chipCases[] = {
    {"LnpuHalfAway", "lnpu", "fp8", "rounding: {value: half_away, from: assumed}"},
    {"LnpuTowardZero", "lnpu", "fp16", "rounding: {value: toward_zero, from: assumed}"},
    {"LnpuStochasticFp8", "lnpu", "fp8", "rounding: {value: stochastic, from: assumed}"},
    {"LnpuStochasticFp16", "lnpu", "fp16", "rounding: {value: stochastic, from: assumed}"},
    {"AsuNearestEven", "asu-fp8", "fp8", "rounding: {value: nearest_even, from: assumed}"},
    {"AsuTowardZero", "asu-fp8", "fp8", "rounding: {value: toward_zero, from: assumed}"},
    {"AsuStochastic", "asu-fp8", "fp8", "rounding: {value: stochastic, from: assumed}"},
    {"AsuEachTerm", "asu-fp8", "fp8", "dot: {value: 1, unit: terms, from: assumed}"},
    {"AsuDot16", "asu-fp8", "fp8", "dot: {value: 16, unit: terms, from: assumed}"},
    {"LnpuFp16Accumulator", "lnpu", "fp16", "accumulate: {value: fp16, from: assumed}"},
    {"LnpuChainPerImage", "lnpu", "fp16", "across: {value: f32, from: assumed}"},
    {"LnpuFp16Total", "lnpu", "fp8", "across: {value: fp16, from: assumed}"},
    {"AsuOneChain", "asu-fp8", "fp8", "across: {value: none, from: assumed}"},
    {"AsuOneChainEachTerm", "asu-fp8", "fp8",
     "across: {value: none, from: assumed}\n  dot: {value: 1, unit: terms, from: assumed}"},
    {"AsuOneChainF32", "asu-fp8", "fp8",
     "across: {value: none, from: assumed}\n  accumulate: {value: f32, from: assumed}"},
    {"LnpuFp16EachTerm", "lnpu", "fp8",
     "accumulate: {value: fp16, from: assumed}\n  dot: {value: 1, unit: terms, from: assumed}"},
    {"LnpuFp16Dot16", "lnpu", "fp16",
     "accumulate: {value: fp16, from: assumed}\n  across: {value: fp16, from: assumed}\n"
     "  dot: {value: 16, unit: terms, from: assumed}"},
    {"LnpuF32Dot1", "lnpu", "fp8", "dot: {value: 1, unit: terms, from: assumed}"},
    {"LnpuF32Dot16", "lnpu", "fp8", "dot: {value: 16, unit: terms, from: assumed}"},
    {"LnpuHfp8Forward", "lnpu", "fp8", "fp8: {format: hfp8.forward, from: assumed}"},
    {"LnpuFlush", "lnpu", "fp8", "fp8: {format: asu.fp8.flush, from: assumed}"},
    {"LnpuFlushBelow1", "lnpu", "fp16",
     "fp16: {exp: 5, man: 10, bias: 15, specials: none, subnormals: flush, flush_below: 0.01, "
     "from: assumed}"},
    {"LnpuIbmFp16", "lnpu", "fp16", "fp16: {format: ibm.fp16, from: assumed}"},
    {"AsuOcpE4M3", "asu-fp8", "fp8", "fp8: {format: ocp.e4m3, from: assumed}"},
    {"AsuOcpE5M2", "asu-fp8", "fp8",
     "fp8: {format: ocp.e5m2, from: assumed}\n  fp16: {format: ieee.fp16, from: assumed}"},
    {"AsuBFloat16", "asu-fp8", "fp8", "fp16: {format: bf16, from: assumed}"},
};

/// A file with the description, as long as this lives.
class ChipFile {
public:
  ChipFile(const std::string &base, const std::string &numerics) {
    int fd = -1;
    EXPECT_FALSE(llvm::sys::fs::createTemporaryFile("chip", "yaml", fd, path));
    llvm::raw_fd_ostream os(fd, /*shouldClose=*/true);
    os << "base: " << base << "\nname: other\nnumerics:\n  " << numerics << "\n";
  }
  ~ChipFile() { llvm::sys::fs::remove(path); }
  std::string name() const { return path.str().str(); }

private:
  llvm::SmallString<128> path;
};

/// Compiles the network of `seed` with tiles drawn at random, and compares.
void expectEqual(uint32_t seed, const std::string &target, const std::string &precision,
                 llvm::function_ref<void(mlir::ModuleOp, const chip::Chip &)> change = nullptr) {
  CompileOptions options;
  options.target = target;
  options.precision = precision;
  options.tileSeed = 1 + seed * 7919;
  options.layouts = seed % 2 ? std::to_string(seed) : "row-major";
  options.fusion = seed % 4 ? std::to_string(seed) : fusionOfAll;
  options.homes = seed % 3 ? std::to_string(seed) : "auto";
  options.masterWeights = seed % 3 ? "fp16" : "fp32";
  verify::Options run;
  run.steps = 2;
  run.seed = seed;
  run.threads = 2;
  run.interleaveSeed = seed % 2;
  CompiledNetwork network(seed, options, Layers::all, change);
  SCOPED_TRACE("network " + std::to_string(seed) + "\n" + network.ir);
  ASSERT_TRUE(network.program) << network.error;
  std::optional<verify::Report> report = network.compare(network.program->image, network.chip, run);
  ASSERT_TRUE(report) << network.error;
  EXPECT_TRUE(report->ok()) << textOf(*report);
  EXPECT_EQ(report->steps, 2);
}

class OtherChips : public testing::TestWithParam<ChipCase> {};
INSTANTIATE_TEST_SUITE_P(All, OtherChips, testing::ValuesIn(chipCases),
                         [](const auto &info) { return std::string(info.param.name); });

TEST_P(OtherChips, ComputeWhatTheReferenceDoes) {
  const ChipCase &c = GetParam();
  ChipFile file(c.base, c.numerics);
  for (uint32_t seed : {3u, 14u, 25u})
    expectEqual(seed, file.name(), c.precision);
}

/// Gives results of ops other formats of the chip, shared exponent biases and roundings, where the
/// verifiers let them; counts the changes.
class Scrambler {
public:
  Scrambler(uint32_t seed, bool only8Bits) : random(seed), only8Bits(only8Bits) {}
  void operator()(mlir::ModuleOp module, const chip::Chip &chip) {
    mlir::ScopedDiagnosticHandler quiet(module.getContext(), [](mlir::Diagnostic &) {});
    std::vector<num::Format> formats = {chip.numerics.fp8, chip.numerics.fp16};
    for (const chip::NamedFormat &further : chip.numerics.formats)
      formats.push_back(further.format);
    for (auto fn : module.getOps<mlir::func::FuncOp>())
      for (mlir::Operation &op : fn.getBody().front().without_terminator())
        if (op.hasAttr("rounding"))
          scramble(&op, formats);
    for (const train::State &state : train::statesOf(module))
      if (state.copyOf)
        scrambleCopy(module, state, formats);
    // Streams follow the new roundings.
    mlir::PassManager pm(module.getContext());
    pm.addPass(createTrainNameTensors());
    EXPECT_TRUE(mlir::succeeded(pm.run(module)));
  }
  int formatsChanged = 0, roundings = 0;

private:
  static bool isBound(mlir::OpResult result) {
    // States and outputs have the formats of others; so has what a state is updated with. A bias
    // must suit the accumulator.
    return llvm::isa<train::InPlaceInterface>(result.getOwner()) ||
           llvm::any_of(result.getUses(), [](mlir::OpOperand &use) {
             mlir::Operation *user = use.getOwner();
             return (llvm::isa<mlir::func::ReturnOp>(user) || isOneOf<train::WriteOp>(user)) ||
                    (user->hasAttr("accumulate") && use.getOperandNumber() == 2);
           });
  }
  static bool verifies(mlir::Operation *op) {
    return mlir::succeeded(mlir::verify(op)) &&
           llvm::all_of(op->getUsers(),
                        [](mlir::Operation *u) { return mlir::succeeded(mlir::verify(u)); });
  }
  void scramble(mlir::Operation *op, const std::vector<num::Format> &formats) {
    mlir::MLIRContext *context = op->getContext();
    if (random() % 2) {
      op->setAttr("rounding", roundingAttr(context, num::Rounding(random() % 4)));
      ++roundings;
    }
    for (mlir::OpResult result : op->getResults()) {
      auto type = llvm::cast<mlir::RankedTensorType>(result.getType());
      auto old = llvm::dyn_cast<num_ir::FloatType>(type.getElementType());
      if (!old || isBound(result) || random() % 3 == 0)
        continue;
      num::Format format = formats[random() % formats.size()].shifted(int(random() % 9) - 4);
      if (!num::validate(format) || (only8Bits && old.getWidth() <= 8 && format.bits() > 8))
        continue;
      result.setType(type.clone(formatType(context, format)));
      ++formatsChanged;
      if (verifies(op))
        continue;
      result.setType(type);
      --formatsChanged;
    }
  }

  /// Gives a compute copy, all reads of it and what is written to it another format, if one of a
  /// few fits.
  void scrambleCopy(mlir::ModuleOp module, const train::State &copy,
                    const std::vector<num::Format> &formats) {
    std::vector<mlir::Value> values;
    module.walk([&](mlir::Operation *op) {
      if (auto read = train::stateReadBy(op); read && read.getAttr() == copy.symbol)
        values.push_back(op->getResult(0));
      if (auto written = train::stateWrittenBy(op); written && written.getAttr() == copy.symbol)
        values.push_back(op->getOperand(0));
    });
    auto setType = [&](mlir::RankedTensorType type) {
      copy.op->setAttr("type", mlir::TypeAttr::get(type));
      for (mlir::Value value : values)
        value.setType(type);
    };
    for (int attempt = 0; attempt < 4; ++attempt) {
      num::Format format = formats[random() % formats.size()].shifted(int(random() % 9) - 4);
      if (!num::validate(format) || (only8Bits && format.bits() > 8))
        continue;
      setType(mlir::RankedTensorType::get(copy.type.getShape(),
                                          formatType(module.getContext(), format)));
      if (mlir::succeeded(mlir::verify(copy.op)) &&
          llvm::all_of(values, [](mlir::Value v) { return verifies(v.getDefiningOp()); })) {
        ++formatsChanged;
        return;
      }
      setType(copy.type);
    }
  }

  std::mt19937 random;
  bool only8Bits;
};

class MixedFormats : public testing::TestWithParam<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Networks, MixedFormats, testing::Range(1u, 31u));

const char *const moreFormats = "formats:\n"
                                "    a: {format: hfp8.forward, from: assumed}\n"
                                "    b: {format: e4m3, from: assumed}\n"
                                "    c: {format: asu.fp8.flush, from: assumed}\n"
                                "    d: {exp: 3, man: 2, bias: 3, specials: reserved, "
                                "subnormals: flush, from: assumed}\n"
                                "    e: {format: ibm.fp16, from: assumed}\n"
                                "    f: {exp: 8, man: 7, bias: 127, specials: reserved, "
                                "subnormals: gradual, from: assumed}\n";

TEST_P(MixedFormats, ComputeWhatTheReferenceDoes) {
  for (const char *base : {"lnpu", "asu-fp8"}) {
    SCOPED_TRACE(base);
    ChipFile file(base, moreFormats);
    bool isAsu = base[0] == 'a'; // which multiplies 8-bit formats only
    Scrambler scrambler(GetParam(), isAsu);
    expectEqual(GetParam(), file.name(), "fp8", scrambler);
    EXPECT_GT(scrambler.formatsChanged, 2);
    EXPECT_GT(scrambler.roundings, 2);
  }
}

} // namespace
