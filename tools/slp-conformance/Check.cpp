//===- Check.cpp - run one test case ----------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "Check.h"

#include "slp/Autodiff/Passes.h"
#include "slp/Emit/InitialValues.h"
#include "slp/Reference/Evaluator.h"
#include "slp/Verify/Verify.h"

#include "dialects/Train/DerivativeOpKind.h"
#include "dialects/Train/DropoutOp.h"
#include "dialects/Train/TrainState.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

#include <cmath>
#include <cstdio>
#include <limits>

using namespace mlir;
using namespace slp;
using namespace slp::conformance;

static constexpr std::pair<Kind, llvm::StringLiteral> kindNames[] = {
    {Kind::pass, "pass"},   {Kind::random, "random"}, {Kind::refused, "refused"},
    {Kind::wrong, "WRONG"}, {Kind::crash, "CRASH"},   {Kind::timeout, "TIMEOUT"}};

llvm::StringRef slp::conformance::stringify(Kind kind) { return kindNames[int(kind)].second; }

std::optional<Kind> slp::conformance::parseKind(llvm::StringRef text) {
  for (auto &[kind, name] : kindNames)
    if (name == text)
      return kind;
  return std::nullopt;
}

//===----------------------------------------------------------------------------------------===//
// Comparison
//===----------------------------------------------------------------------------------------===//

static std::string printShape(llvm::ArrayRef<int64_t> shape) {
  std::string text;
  for (int64_t size : shape)
    text += (text.empty() ? "" : ", ") + std::to_string(size);
  return "[" + text + "]";
}

static std::string print(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

static std::string printIndex(int64_t linear, llvm::ArrayRef<int64_t> shape) {
  llvm::SmallVector<int64_t> index(shape.size());
  for (size_t d = shape.size(); d-- > 0; linear /= shape[d])
    index[d] = linear % shape[d];
  return printShape(index);
}

static bool agrees(double expected, double got, const Values &values) {
  if (expected == got || (std::isnan(expected) && std::isnan(got)))
    return true;
  // The step computes in FP32; the expected BFLOAT16 are truncated.
  double share = values.type == onnx::TensorProto::BFLOAT16 ? 1.0 / 128 : 1e-3;
  return values.isFloat() && std::isfinite(expected) &&
         std::abs(got - expected) <= 1e-7 + share * std::abs(expected);
}

std::string slp::conformance::compareOutput(llvm::StringRef name, const Values &expected,
                                            llvm::ArrayRef<int64_t> shape,
                                            llvm::ArrayRef<float> got, bool isRandom) {
  std::string where = "output \"" + name.str() + "\"";
  if (shape != llvm::ArrayRef<int64_t>(expected.shape))
    return where + ": got shape " + printShape(shape) + ", expected " + printShape(expected.shape);
  double zerosGot = 0, zerosExpected = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    double want = expected.values[i];
    zerosGot += got[i] == 0;
    zerosExpected += want == 0;
    if (isRandom && (want == 0 || got[i] == 0))
      continue;
    if (!agrees(want, got[i], expected))
      return where + " " + printIndex(i, shape) + ": got " + print(got[i]) + ", expected " +
             print(want);
  }
  if (!isRandom || got.empty())
    return "";
  // Both counts are draws of one binomial distribution: six standard deviations of their
  // difference.
  double n = double(got.size()), p = zerosExpected / n;
  if (std::abs(zerosGot - zerosExpected) <= 6 * std::sqrt(2 * n * p * (1 - p)))
    return "";
  return where + ": got " + print(zerosGot) + " zeros of " + print(n) + ", expected about " +
         print(zerosExpected);
}

//===----------------------------------------------------------------------------------------===//
// One data set
//===----------------------------------------------------------------------------------------===//

namespace {
/// Everything one data set of a case needs; `why` collects the first error.
class DataSetCheck {
public:
  /// `binds` as --bind of slpc.
  DataSetCheck(const Case &testCase, const Settings &settings, const DataSet &data,
               const std::vector<std::string> &binds)
      : testCase(testCase), settings(settings), data(data), binds(binds),
        context(registry(), MLIRContext::Threading::DISABLED),
        handler(&context, [this](Diagnostic &diagnostic) {
          if (why.empty() && diagnostic.getSeverity() == DiagnosticSeverity::Error)
            note(diagnostic);
          return success();
        }) {}

  Outcome run();
  /// The importer's refusal, or `otherwise`.
  Outcome refuse(const std::string &otherwise);

private:
  static DialectRegistry registry() {
    DialectRegistry all;
    registerDialects(all);
    return all;
  }
  void note(Diagnostic &diagnostic);
  OwningOpRef<ModuleOp> import();
  std::string misfit(llvm::StringRef name, const Values &given, Type type) const;
  func::FuncOp prepare(ModuleOp module, func::FuncOp step);
  Outcome refused() const { return {Kind::refused, why.empty() ? "no reason was given" : why}; }
  Outcome evaluate(ModuleOp module, func::FuncOp step, const reference::NamedTensors &inputs);
  Outcome verify(OwningOpRef<ModuleOp> module, const reference::NamedTensors &inputs);
  std::string folder() const { return llvm::sys::path::parent_path(testCase.model).str(); }

  const Case &testCase;
  const Settings &settings;
  const DataSet &data;
  const std::vector<std::string> &binds;
  MLIRContext context;
  std::string why;
  ScopedDiagnosticHandler handler;
};
} // namespace

void DataSetCheck::note(Diagnostic &diagnostic) {
  why = diagnostic.str();
  llvm::StringRef text = why;
  if (text.consume_front(testCase.model))
    text.consume_front(": ");
  why = text.str();
  if (auto node = dyn_cast<NameLoc>(diagnostic.getLocation()))
    why = "node \"" + node.getName().str() + "\": " + why;
  std::replace(why.begin(), why.end(), '\n', ' ');
}

/// The function to evaluate: derivatives are written out, and what older Dropouts do in training
/// alone is gone from a graph that has no loss. Null after an error.
func::FuncOp DataSetCheck::prepare(ModuleOp module, func::FuncOp step) {
  bool isReady = true;
  step.walk([&](Operation *op) {
    auto dropout = dyn_cast<train::DropoutOp>(op);
    isReady &= !isOneOf<train::DerivativeOp>(op) && !(dropout && dropout.getTrainOnly());
  });
  if (isReady)
    return step;
  PassManager passes(&context);
  passes.addPass(createTrainDifferentiate());
  if (failed(passes.run(module)))
    return nullptr;
  auto trained = module.lookupSymbol<func::FuncOp>("step");
  return trained ? trained : module.lookupSymbol<func::FuncOp>("eval");
}

Outcome DataSetCheck::evaluate(ModuleOp module, func::FuncOp step,
                               const reference::NamedTensors &inputs) {
  step = prepare(module, step);
  if (!step)
    return refused();
  FailureOr<reference::Evaluator> evaluator = reference::Evaluator::create(
      module, [&](const train::State &state) { return readInitialValues(state, folder()); });
  if (failed(evaluator))
    return refused();
  auto results = step.getBody().front().getTerminator()->getOperands();
  llvm::DenseMap<Value, reference::Tensor> values;
  for (BlockArgument argument : step.getArguments())
    if (auto name =
            step.getArgAttrOfType<StringAttr>(argument.getArgNumber(), train::getArgNameAttrName()))
      if (auto it = inputs.find(name.getValue().str()); it != inputs.end())
        values[argument] = it->second;
  auto observe = [&](llvm::StringRef, const reference::Tensor &tensor, OpResult result) {
    if (llvm::is_contained(results, result))
      values[result] = tensor;
  };
  if (failed(evaluator->run(step.getName(), inputs, observe)))
    return refused();

  llvm::StringMap<Value> byName;
  for (auto [i, value] : llvm::enumerate(results))
    if (auto name = step.getResultAttrOfType<StringAttr>(i, train::getArgNameAttrName()))
      byName.try_emplace(name.getValue(), value);
  std::vector<std::string> uncompared;
  for (const std::string &name : testCase.outputs) {
    auto expected = data.outputs.find(name);
    if (expected == data.outputs.end()) {
      uncompared.push_back("\"" + name + "\"");
      continue;
    }
    Value value = byName.lookup(name);
    if (!value)
      return {Kind::refused, "output \"" + name + "\" is not a result of the imported graph"};
    const reference::Tensor &got = values[value];
    std::string difference =
        compareOutput(name, expected->second, got.shape, got.values, testCase.isRandom);
    if (!difference.empty())
      return {Kind::wrong, difference};
  }
  if (uncompared.size() == testCase.outputs.size())
    return {Kind::refused, "no output has expected values"};
  std::string without = uncompared.empty() ? "" : "no expected values for output ";
  return {testCase.isRandom ? Kind::random : Kind::pass, without + llvm::join(uncompared, ", "),
          int(uncompared.size())};
}

Outcome DataSetCheck::verify(OwningOpRef<ModuleOp> module, const reference::NamedTensors &inputs) {
  FailureOr<verify::Program> program =
      verify::compile(std::move(module), settings.compile, *settings.chip, folder());
  if (failed(program))
    return refused();
  verify::Options options;
  options.steps = 1;
  options.inputs = &inputs;
  options.threads = 1;
  FailureOr<verify::Report> report =
      verify::compare(*program->train, program->image, *settings.chip, folder(), options);
  if (failed(report))
    return {Kind::wrong, why};
  if (report->ok() && report->tensors == 0)
    return {Kind::refused, "nothing is computed at run time"};
  if (report->ok())
    return {Kind::pass, ""};
  std::string text;
  llvm::raw_string_ostream os(text);
  verify::print(*report, os, /*verbose=*/false);
  llvm::StringRef line = llvm::StringRef(text).split('\n').first;
  line.consume_front("slp-verify: ");
  return {Kind::wrong, line.str()};
}

OwningOpRef<ModuleOp> DataSetCheck::import() {
  CompileOptions options = settings.compile;
  options.binds = binds;
  return readModel(context, testCase.model, options);
}

Outcome DataSetCheck::refuse(const std::string &otherwise) {
  return import() ? Outcome{Kind::refused, otherwise} : refused();
}

/// Why the step cannot be given `given` as its argument of `type`; empty if it can.
std::string DataSetCheck::misfit(llvm::StringRef name, const Values &given, Type type) const {
  llvm::ArrayRef<int64_t> shape = cast<ShapedType>(type).getShape();
  std::string where = "input \"" + name.str() + "\": ";
  if (shape != llvm::ArrayRef<int64_t>(given.shape))
    return where + "the case has values of shape " + printShape(given.shape) +
           ", the graph expects " + printShape(shape);
  constexpr double most = std::numeric_limits<float>::max();
  for (double value : given.values)
    if (std::isfinite(value) && std::abs(value) > most)
      return where + "the case has " + print(value) + ", which is beyond FP32";
  return "";
}

Outcome DataSetCheck::run() {
  OwningOpRef<ModuleOp> module = import();
  if (!module)
    return refused();
  auto step = module->lookupSymbol<func::FuncOp>("step");
  if (!step)
    return {Kind::refused, "there is no function @step"};
  reference::NamedTensors inputs;
  for (unsigned i = 0; i < step.getNumArguments(); ++i) {
    auto name = step.getArgAttrOfType<StringAttr>(i, train::getArgNameAttrName());
    auto given = name ? data.inputs.find(name.str()) : data.inputs.end();
    if (given == data.inputs.end())
      return {Kind::refused, "the case has no values for an input of the imported graph"};
    std::string why = misfit(given->first, given->second, step.getArgument(i).getType());
    if (!why.empty())
      return {Kind::refused, why};
    reference::Tensor &tensor = inputs[given->first];
    tensor = reference::Tensor(given->second.shape);
    llvm::copy(given->second.values, tensor.values.begin());
  }
  return settings.verify ? verify(std::move(module), inputs) : evaluate(*module, step, inputs);
}

//===----------------------------------------------------------------------------------------===//
// A case
//===----------------------------------------------------------------------------------------===//

/// The graph has as inputs what models in use have as constants: shapes, axes, bounds. What is
/// bound at import, one try after the other, until the graph is not refused: nothing; what is no
/// float; everything but the first input; everything.
static std::vector<std::vector<std::string>> listBinds(const Case &testCase, const DataSet &data) {
  std::vector<std::vector<std::string>> tries(1);
  auto add = [&](llvm::function_ref<bool(size_t, const Values &)> isBound) {
    std::vector<std::string> binds;
    for (auto [i, name] : llvm::enumerate(testCase.inputs))
      if (auto given = data.inputs.find(name);
          given != data.inputs.end() && isBound(i, given->second))
        binds.push_back(name + "=" + data.files.at(name));
    if (!llvm::is_contained(tries, binds))
      tries.push_back(std::move(binds));
  };
  add([](size_t, const Values &values) { return !values.isFloat(); });
  add([](size_t i, const Values &) { return i != 0; });
  add([](size_t, const Values &) { return true; });
  return tries;
}

/// Why the expected values are not what the standard says; empty for all cases but a few.
static std::string mistakeOf(llvm::StringRef name) {
  if (name == "test_adam_multiple")
    return "the case expects epsilon 0.01, but the model leaves it out: 1e-6 by the standard";
  return "";
}

static Outcome checkDataSet(const Case &testCase, const Settings &settings, const DataSet &data) {
  std::optional<Outcome> first;
  for (const std::vector<std::string> &binds : listBinds(testCase, data)) {
    Outcome outcome = DataSetCheck(testCase, settings, data, binds).run();
    if (outcome.kind != Kind::refused)
      return outcome;
    if (!first)
      first = outcome;
  }
  return *first;
}

Outcome slp::conformance::check(const Case &testCase, const Settings &settings) {
  std::string mistake = mistakeOf(llvm::sys::path::filename(testCase.name));
  if (!mistake.empty())
    return {Kind::refused, mistake};
  const std::vector<std::string> nothing;
  Outcome outcome{Kind::refused, "the case has no data"};
  int uncompared = 0;
  for (const std::string &folder : testCase.dataFolders) {
    Result<DataSet> data = readDataSet(testCase, folder);
    if (!data) // the importer's reason, if it has one, tells more
      return DataSetCheck(testCase, settings, DataSet(), nothing).refuse(data.message());
    outcome = checkDataSet(testCase, settings, *data);
    if (outcome.kind != Kind::pass && outcome.kind != Kind::random)
      return outcome;
    uncompared += outcome.uncompared;
  }
  outcome.uncompared = uncompared;
  return outcome;
}
