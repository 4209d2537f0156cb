//===- DifferencesTest.cpp - every gradient against differences in double precision -----------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// For each op that has a gradient, graphs of one op (or of one and what it needs): L = sum(dy * y).
// What reverse mode builds, evaluated by the reference in double precision, against central
// differences of L, for all operands together and for each alone. The table is GradientCases.cpp;
// an op that train-differentiate knows and the table does not is a failure.
//
//===----------------------------------------------------------------------------------------===//

#include "GradientCases.h"

#include "slp/Autodiff/Passes.h"
#include "slp/Reference/Evaluator.h"

#include "lib/Autodiff/Differentiator.h"

#include "dialects/Train/SeedOp.h"
#include "dialects/Train/TrainBuilders.h"
#include "dialects/Train/TrainState.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

#include <cmath>
#include <set>

using namespace mlir;
using namespace slp;
using namespace slp::reference;

namespace {

using Tensors = NamedTensorsOf<double>;

/// The error is relative, but for elements that are small beside the others.
constexpr double small = 1e-2;
/// Errors of the difference: about step^2, and 1e-16 / step.
constexpr double step = 2e-5;

/// Numbers in (-1, 1) that no two draws repeat, from a counter.
double draw(uint32_t &state) {
  state = state * 1664525u + 1013904223u;
  return (double(state) + 0.5) / 0x1p31 - 1;
}

TensorOf<double> valuesOf(const Input &input, uint32_t seed) {
  TensorOf<double> tensor(input.shape);
  uint32_t state = seed * 2654435761u + 1;
  for (auto [i, value] : llvm::enumerate(tensor.values)) {
    double u = draw(state);
    if (!input.values.empty())
      value = input.values[i];
    else
      value = input.draw == Draw::positive ? 1.25 + u : 2 * u;
  }
  return tensor;
}

/// One graph: @f of the inputs and `dy`, with the op under test and its gradients.
class Graph {
public:
  Graph(MLIRContext &context, const GradientCase &c)
      : handler(&context, [this](Diagnostic &d) { error += d.str() + "\n"; }),
        module(ModuleOp::create(UnknownLoc::get(&context))), builder(&context) {
    builder.setInsertionPointToStart(module->getBody());
    function =
        func::FuncOp::create(builder, module->getLoc(), "f", builder.getFunctionType({}, {}));
    Block *block = function.addEntryBlock();
    builder.setInsertionPointToStart(block);
    for (auto [i, input] : llvm::enumerate(c.inputs)) {
      Type element = input.isIndex ? Type(builder.getI32Type()) : builder.getF32Type();
      addArgument("x" + std::to_string(i), RankedTensorType::get(input.shape, element));
    }
    SmallVector<Value> inputs(block->getArguments());
    op = c.build(builder, inputs);
    if (!op)
      return;
    y = op->getResult(c.result);
    dy = c.isLoss ? train::createInferred<train::SeedOp>(builder, module->getLoc(), {}).getY()
                  : addArgument("dy", y.getType());
    func::ReturnOp::create(builder, module->getLoc());
    builder.setInsertionPoint(block->getTerminator());
  }

  /// Builds the gradients of `inputs`; null where there is none. Fails with `error`.
  LogicalResult differentiate(ArrayRef<unsigned> inputs) {
    SmallVector<Value> sources;
    for (unsigned i : inputs)
      sources.push_back(function.getArgument(i));
    autodiff::Differentiator reverse(builder, sources, {});
    if (failed(reverse.run(y, dy)))
      return failure();
    for (Value source : sources)
      gradients.push_back(reverse.gradientOf(source, builder.getUnknownLoc()));
    function.setType(builder.getFunctionType(function.getBody().getArgumentTypes(), {}));
    return verify(*module);
  }

  /// Runs @f; `values` gets what was asked for of the op results.
  LogicalResult run(const Tensors &inputs, ArrayRef<Value> wanted,
                    std::vector<TensorOf<double>> &values) {
    auto readFile = [](const train::State &) { return FailureOr<std::vector<float>>(failure()); };
    FailureOr<DoubleEvaluator> evaluator = DoubleEvaluator::create(*module, readFile);
    values.assign(wanted.size(), {});
    for (auto [i, value] : llvm::enumerate(wanted))
      if (auto argument = dyn_cast_or_null<BlockArgument>(value))
        values[i] = inputs.at(nameOf(argument.getArgNumber()));
    return failed(evaluator)
               ? failure()
               : evaluator->run("f", inputs,
                                [&](StringRef, const TensorOf<double> &result, OpResult at) {
                                  for (auto [i, value] : llvm::enumerate(wanted))
                                    if (value == at)
                                      values[i] = result;
                                });
  }

  std::string error;
  Operation *op = nullptr;
  Value y, dy;
  SmallVector<Value> gradients;

private:
  Value addArgument(const std::string &name, Type type) {
    auto attributes = builder.getDictionaryAttr(
        builder.getNamedAttr(train::getArgNameAttrName(), builder.getStringAttr(name)));
    EXPECT_TRUE(succeeded(
        function.insertArgument(function.getNumArguments(), type, attributes, module->getLoc())));
    return function.getArguments().back();
  }
  std::string nameOf(unsigned argument) {
    return function.getArgAttrOfType<StringAttr>(argument, train::getArgNameAttrName()).str();
  }

  ScopedDiagnosticHandler handler;
  OwningOpRef<ModuleOp> module;
  OpBuilder builder;
  func::FuncOp function;
};

DialectRegistry makeRegistry() {
  DialectRegistry registry;
  registry.insert<func::FuncDialect, num_ir::NumDialect, train::TrainDialect>();
  registerGradients(registry);
  return registry;
}

class Differences : public testing::TestWithParam<GradientCase> {
protected:
  Differences() : context(makeRegistry()) { context.loadAllAvailableDialects(); }

  /// Compares the gradients of `inputs`, asked for together.
  void compare(const GradientCase &c, ArrayRef<unsigned> inputs) {
    Graph graph(context, c);
    ASSERT_TRUE(graph.op) << graph.error;
    ASSERT_EQ(graph.op->getName().getStringRef().str(), "train." + c.op);
    ASSERT_TRUE(succeeded(graph.differentiate(inputs))) << graph.error;
    Tensors values;
    for (auto [i, input] : llvm::enumerate(c.inputs))
      values["x" + std::to_string(i)] = valuesOf(input, uint32_t(i + 1));
    auto type = cast<RankedTensorType>(graph.y.getType());
    TensorOf<double> &dy = values["dy"] =
        valuesOf(Input{SmallVector<int64_t>(type.getShape())}, 99);
    if (c.isLoss)
      dy.values = {1};
    std::vector<TensorOf<double>> found, results;
    ASSERT_TRUE(succeeded(graph.run(values, graph.gradients, found))) << graph.error;
    auto loss = [&] {
      EXPECT_TRUE(succeeded(graph.run(values, graph.y, results))) << graph.error;
      double sum = 0;
      for (auto [slope, y] : llvm::zip_equal(dy.values, results[0].values))
        sum += slope * y;
      return sum;
    };
    for (auto [i, input] : llvm::enumerate(inputs)) {
      TensorOf<double> &x = values["x" + std::to_string(input)];
      std::vector<double> wanted;
      for (double &element : x.values) {
        double saved = element;
        element = saved + step;
        double above = loss();
        element = saved - step;
        double below = loss();
        element = saved;
        wanted.push_back((above - below) / (2 * step));
      }
      // Without a gradient, nothing may change.
      std::vector<double> got = found[i].values;
      if (!graph.gradients[i])
        got.assign(wanted.size(), 0);
      ASSERT_EQ(got.size(), wanted.size());
      double largest = 0;
      for (double value : wanted)
        largest = std::max(largest, std::fabs(value));
      EXPECT_EQ(largest > 0, c.hasSlope) << "of input " << input;
      for (size_t e = 0; e < got.size(); ++e)
        EXPECT_NEAR(got[e], wanted[e],
                    c.tolerance * std::max(std::fabs(wanted[e]), small * largest) + 1e-12)
            << "input " << input << ", element " << e << " at " << x[e];
    }
  }

  MLIRContext context;
};

} // namespace

TEST_P(Differences, OfEveryOperand) {
  const GradientCase &c = GetParam();
  SmallVector<unsigned> inputs;
  for (auto [i, input] : llvm::enumerate(c.inputs))
    if (!input.isHeld && !input.isIndex)
      inputs.push_back(unsigned(i));
  ASSERT_FALSE(inputs.empty());
  compare(c, inputs);
  for (unsigned input : inputs)
    if (inputs.size() > 1)
      compare(c, input);
}

INSTANTIATE_TEST_SUITE_P(Ops, Differences, testing::ValuesIn(gradientCases()),
                         [](const testing::TestParamInfo<GradientCase> &info) {
                           return info.param.op + "_" + std::to_string(info.index);
                         });

TEST(DifferencesTable, HasEveryOpWithAGradient) {
  MLIRContext context(makeRegistry());
  context.loadAllAvailableDialects();
  std::set<std::string> covered, differentiable;
  for (const GradientCase &c : gradientCases())
    covered.insert("train." + c.op);
  for (RegisteredOperationName name : context.getRegisteredOperations())
    if (name.hasInterface<train::DifferentiableInterface>())
      differentiable.insert(name.getStringRef().str());
  EXPECT_GE(differentiable.size(), 60u);
  EXPECT_EQ(covered, differentiable);
}

/// A gradient that is not a slope: that of the operand of a straight-through rounding. Another is
/// that of a straight-through comparison (GatingTest.cpp).
TEST(DifferencesTable, StraightThroughIsTheIdentity) {
  MLIRContext context(makeRegistry());
  context.loadAllAvailableDialects();
  GradientCase c{"round_even", {{{2, 3}}}, [](OpBuilder &b, ArrayRef<Value> x) {
                   auto flag = b.getNamedAttr("straight_through", b.getUnitAttr());
                   return train::createInferred(b, b.getUnknownLoc(), "train.round_even", x[0],
                                                flag, b.getF32Type());
                 }};
  Graph graph(context, c);
  ASSERT_TRUE(graph.op) << graph.error;
  ASSERT_TRUE(succeeded(graph.differentiate(0u))) << graph.error;
  EXPECT_EQ(graph.gradients[0], graph.dy);
}

/// Double precision stands for FP32 alone.
TEST(DifferencesTable, IsOfFp32) {
  MLIRContext context(makeRegistry());
  context.loadAllAvailableDialects();
  std::string error;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &d) { error = d.str(); });
  auto module = parseSourceString<ModuleOp>(
      R"mlir(
func.func @f(%x: tensor<2xf32> {train.name = "x"}) {
  %y = train.round %x {rounding = #num.rounding<nearest_even>} : (tensor<2xf32>) -> tensor<2x!num.float<5, 10, 15, reserved, gradual>>
  return
})mlir",
      &context);
  ASSERT_TRUE(module) << error;
  auto readFile = [](const train::State &) { return FailureOr<std::vector<float>>(failure()); };
  FailureOr<DoubleEvaluator> evaluator = DoubleEvaluator::create(*module, readFile);
  ASSERT_TRUE(succeeded(evaluator)) << error;
  TensorOf<double> x({2});
  EXPECT_TRUE(failed(evaluator->run("f", {{"x", x}}, [](auto &&...) {})));
  EXPECT_NE(error.find("which is not evaluated in double precision"), std::string::npos) << error;
}
