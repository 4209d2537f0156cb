//===- GatingTest.cpp - a gated convolution and its gradients, written out --------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What train-gate-channels and train-differentiate make of a convolution, evaluated in double
// precision, against loops that follow docs/numerics.md section 12. The gradient of a gate is so by
// definition: no difference would show it.
//
//===----------------------------------------------------------------------------------------===//

#include "EvaluateModule.h"

#include "slp/Autodiff/Passes.h"
#include "slp/Transforms/Train/Passes.h"

#include "dialects/Train/SgdOp.h"

#include "mlir/Pass/PassManager.h"

#include <cmath>
#include <random>

using namespace mlir;
using namespace slp;
using namespace slp::reference;

namespace {

using Values = TensorOf<double>;

constexpr int64_t images = 2, channels = 32, rows = 4, columns = 5, outRows = 3, outColumns = 3;
constexpr int64_t groups = 2, slices = channels / 8, chunk = channels / groups;
constexpr double alpha = 2, epsilon = 1e-5f;

/// Everything is a state, so that everything has a gradient. The slope of the loss is `c`.
constexpr const char *model = R"mlir(
module attributes {slp.stage = "import"} {
  train.state @x : tensor<2x32x4x5xf32>
  train.state @w : tensor<32x32x2x2xf32>
  train.state @b : tensor<32xf32>
  train.state @c : tensor<2x32x3x3xf32> {frozen}
  func.func @step() -> tensor<f32> {
    %x = train.read @x : tensor<2x32x4x5xf32>
    %w = train.read @w : tensor<32x32x2x2xf32>
    %b = train.read @b : tensor<32xf32>
    %c = train.read @c : tensor<2x32x3x3xf32>
    %y = train.conv %x, %w, %b {strides = array<i64: 2, 2>, pads = array<i64: 1, 0, 1, 1>, train.names = ["y"]} : (tensor<2x32x4x5xf32>, tensor<32x32x2x2xf32>, tensor<32xf32>) -> tensor<2x32x3x3xf32> loc("layer")
    %p = train.mul %y, %c : (tensor<2x32x3x3xf32>, tensor<2x32x3x3xf32>) -> tensor<2x32x3x3xf32>
    %s = train.reduce_sum %p {axes = array<i64: 0, 1, 2, 3>} : (tensor<2x32x3x3xf32>) -> tensor<1x1x1x1xf32>
    %loss = train.reshape %s : (tensor<1x1x1x1xf32>) -> tensor<f32>
    return %loss : tensor<f32>
  }
}
)mlir";

/// The same step by loops.
struct Naive {
  Values x{{images, channels, rows, columns}}, w{{channels, channels, 2, 2}}, b{{channels}};
  Values c{{images, channels, outRows, outColumns}};
  Values threshold{{slices}}, mean{{channels}}, var{{channels}};
  double lambda = 0, target = 0;
  // results
  Values p = c, y = c, gate{{images, slices, outRows, outColumns}};
  Values dx = x, dw = w, db = b, dthreshold = threshold;
  Values nextMean = mean, nextVar = var;

  /// Calls `visit(n, co, oy, ox, ci, kh, kw, place in x, place in w)` for each term.
  template <typename Visitor> void forTerms(Visitor visit) {
    for (int64_t n = 0; n < images; ++n)
      for (int64_t co = 0; co < channels; ++co)
        for (int64_t oy = 0; oy < outRows; ++oy)
          for (int64_t ox = 0; ox < outColumns; ++ox)
            for (int64_t ci = 0; ci < channels; ++ci)
              for (int64_t kh = 0; kh < 2; ++kh)
                for (int64_t kw = 0; kw < 2; ++kw) {
                  int64_t iy = oy * 2 - 1 + kh, ix = ox * 2 + kw;
                  if (iy >= 0 && iy < rows && ix < columns)
                    visit(c.at(n, co, oy, ox), gate.at(n, co / 8, oy, ox), b.values[co],
                          co / chunk == ci / chunk, x.at(n, ci, iy, ix), w.at(co, ci, kh, kw));
                }
  }

  void run() {
    for (size_t i = 0; i < p.values.size(); ++i)
      p[i] = b[i / (outRows * outColumns) % channels];
    forTerms([&](int64_t out, int64_t, double, bool isBase, int64_t at, int64_t weight) {
      if (isBase)
        p[out] += x[at] * w[weight];
    });
    std::vector<double> z(gate.values.size()), dz(gate.values.size());
    auto forPixels = [&](auto visit) {
      for (int64_t n = 0; n < images; ++n)
        for (int64_t co = 0; co < channels; ++co)
          for (int64_t oy = 0; oy < outRows; ++oy)
            for (int64_t ox = 0; ox < outColumns; ++ox)
              visit(co, c.at(n, co, oy, ox), gate.at(n, co / 8, oy, ox));
    };
    forPixels([&](int64_t co, int64_t out, int64_t slice) {
      z[slice] += (p[out] - mean[co]) / std::sqrt(var[co] + epsilon) / 8;
    });
    for (size_t i = 0; i < z.size(); ++i) {
      z[i] -= threshold[i / (outRows * outColumns) % slices];
      gate[i] = z[i] > 0 ? 1 : 0;
    }
    y = p;
    forTerms([&](int64_t out, int64_t slice, double, bool isBase, int64_t at, int64_t weight) {
      if (!isBase && gate[slice] != 0)
        y[out] += x[at] * w[weight];
    });
    forPixels([&](int64_t, int64_t out, int64_t slice) {
      double s = 1 / (1 + std::exp(-alpha * z[slice]));
      dz[slice] += gate[slice] * alpha * s * (1 - s) * c[out] * (y[out] - p[out]);
    });
    Values g = c;
    forPixels([&](int64_t co, int64_t out, int64_t slice) {
      g[out] += dz[slice] / 8 / std::sqrt(var[co] + epsilon);
      db[co] += g[out];
    });
    for (size_t i = 0; i < dz.size(); ++i)
      dthreshold[i / (outRows * outColumns) % slices] -= dz[i];
    for (int64_t s = 0; s < slices; ++s)
      dthreshold[s] += 2 * lambda * (threshold[s] - target);
    forTerms([&](int64_t out, int64_t slice, double, bool isBase, int64_t at, int64_t weight) {
      double error = isBase ? g[out] : gate[slice] * c[out];
      dx[at] += error * w[weight];
      dw[weight] += error * x[at];
    });
    double count = images * outRows * outColumns;
    std::vector<double> sum(channels), squares(channels);
    forPixels([&](int64_t co, int64_t out, int64_t) { sum[co] += p[out] / count; });
    forPixels([&](int64_t co, int64_t out, int64_t) {
      squares[co] += (p[out] - sum[co]) * (p[out] - sum[co]) / count;
    });
    for (int64_t co = 0; co < channels; ++co) {
      nextMean[co] = float(0.9) * mean[co] + (1 - float(0.9)) * sum[co];
      nextVar[co] = float(0.9) * var[co] + (1 - float(0.9)) * squares[co];
    }
  }
};

/// The step of the model, gated. `shift` moves the thresholds.
class Gated {
public:
  Gated() : handler(&context, [this](Diagnostic &d) { error += d.str() + "\n"; }) {
    DialectRegistry registry;
    registry.insert<func::FuncDialect, num_ir::NumDialect, train::TrainDialect>();
    registerGradients(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    module = parseSourceString<ModuleOp>(model, &context);
    EXPECT_TRUE(module) << error;
  }

  bool build() {
    TrainGateChannelsOptions options;
    options.layers = {"layer"};
    options.groups = groups;
    PassManager pm(&context);
    pm.addPass(createTrainGateChannels(options));
    pm.addPass(createTrainDifferentiate());
    if (!module || failed(pm.run(*module)))
      return false;
    // Optimizers have no double precision: their gradients are what is looked at.
    SmallVector<train::SgdOp> updates;
    module->walk([&](train::SgdOp update) { updates.push_back(update); });
    for (train::SgdOp update : updates) {
      gradients[train::stateReadBy(update.getW()).getValue().str()] = update.getDw();
      for (Operation *user : llvm::to_vector(update->getUsers()))
        user->erase();
      update.erase();
    }
    return true;
  }

  void compare(Naive &naive) {
    auto readFile = [](const train::State &) { return FailureOr<std::vector<float>>(failure()); };
    FailureOr<DoubleEvaluator> evaluator = DoubleEvaluator::create(*module, readFile);
    ASSERT_TRUE(succeeded(evaluator)) << error;
    for (auto [name, value] : {std::pair<const char *, Values *>("x", &naive.x),
                               {"w", &naive.w},
                               {"b", &naive.b},
                               {"c", &naive.c},
                               {"w.gate.threshold", &naive.threshold},
                               {"w.gate.mean", &naive.mean},
                               {"w.gate.var", &naive.var}})
      ASSERT_TRUE(succeeded(evaluator->writeState(name, value->values))) << name;
    ASSERT_TRUE(succeeded(evaluator->writeState("gating-lambda", {naive.lambda})));
    ASSERT_TRUE(succeeded(evaluator->writeState("gating-target", {naive.target})));
    naive.run();
    std::map<std::string, Values> found;
    ASSERT_TRUE(
        succeeded(evaluator->run("step", {},
                                 [&](StringRef name, const Values &values, OpResult result) {
                                   if (!name.empty())
                                     found[name.str()] = values;
                                   for (auto &[state, gradient] : gradients)
                                     if (gradient == result)
                                       found["d" + state] = values;
                                 })))
        << error;
    found["mean"] = *evaluator->readState("w.gate.mean");
    found["var"] = *evaluator->readState("w.gate.var");
    for (auto [name, wanted] : {std::pair<const char *, Values *>("y/base", &naive.p),
                                {"y/gate", &naive.gate},
                                {"y", &naive.y},
                                {"dx", &naive.dx},
                                {"dw", &naive.dw},
                                {"db", &naive.db},
                                {"dw.gate.threshold", &naive.dthreshold},
                                {"mean", &naive.nextMean},
                                {"var", &naive.nextVar}}) {
      ASSERT_TRUE(found.count(name)) << name;
      ASSERT_EQ(found[name].values.size(), wanted->values.size()) << name;
      for (size_t i = 0; i < wanted->values.size(); ++i)
        ASSERT_NEAR(found[name][i], (*wanted)[i], 1e-9 * (1 + std::fabs((*wanted)[i])))
            << name << " element " << i;
    }
  }

  std::string error;

private:
  MLIRContext context;
  ScopedDiagnosticHandler handler;
  OwningOpRef<ModuleOp> module;
  std::map<std::string, Value> gradients;
};

/// A case whose thresholds are about `shift`; gives the share of open gates.
double compareWith(double shift, uint32_t seed) {
  Gated gated;
  EXPECT_TRUE(gated.build()) << gated.error;
  if (testing::Test::HasFailure())
    return -1;
  Naive naive;
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  for (Values *values : {&naive.x, &naive.w, &naive.b, &naive.c, &naive.threshold, &naive.mean})
    for (double &value : values->values)
      value = normal(random);
  for (double &value : naive.threshold.values)
    value = shift + 0.25 * value;
  for (double &value : naive.var.values)
    value = 16 + 4 * std::fabs(normal(random));
  naive.lambda = 0.75;
  naive.target = 1.5;
  gated.compare(naive);
  double open = 0;
  for (double value : naive.gate.values)
    open += value;
  return open / double(naive.gate.values.size());
}

} // namespace

TEST(Gating, IsWhatItsDefinitionSays) {
  double open = compareWith(0, 1);
  EXPECT_GT(open, 0.2);
  EXPECT_LT(open, 0.8);
}

TEST(Gating, AllOpenIsThePlainConvolution) { EXPECT_EQ(compareWith(-1000, 2), 1); }

TEST(Gating, AllClosedIsTheBasePath) { EXPECT_EQ(compareWith(1000, 3), 0); }
