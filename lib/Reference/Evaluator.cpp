//===- Evaluator.cpp - evaluates train IR by its definition -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Walks a function once, in order. Values live until the function ends.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Reference/Evaluator.h"

#include "Kernel.h"

#include "dialects/Train/TrainState.h"
#include "dialects/Train/TrainStreams.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

using namespace mlir;
using namespace slp;
using namespace slp::reference;

/// An element of `values` that `type` cannot hold, or -1.
template <typename Real>
static int64_t findUnrepresentable(llvm::ArrayRef<Real> values, Type type) {
  auto format = num_ir::storageFormat(type);
  if (!format)
    return -1;
  for (auto [i, value] : llvm::enumerate(values))
    if (!isValue(value, format))
      return i;
  return -1;
}

template <typename Real>
static LogicalResult checkValues(Operation *op, llvm::Twine what, const TensorOf<Real> &tensor,
                                 Type type) {
  auto tensorType = cast<RankedTensorType>(type);
  if (tensorType.getShape() != llvm::ArrayRef<int64_t>(tensor.shape) ||
      tensorType.getNumElements() != static_cast<int64_t>(tensor.values.size()))
    return op->emitError() << "expected " << what << " of type " << type << ", found "
                           << tensor.values.size() << " values of another shape";
  int64_t bad = findUnrepresentable<Real>(tensor.values, tensorType.getElementType());
  if (bad >= 0)
    return op->emitError() << "expected " << what << " representable in "
                           << tensorType.getElementType() << ", found " << tensor.values[bad]
                           << " at index " << bad;
  return success();
}

//===----------------------------------------------------------------------------------------===//
// State
//===----------------------------------------------------------------------------------------===//

static FailureOr<std::vector<float>>
initialValues(const train::State &state, int64_t count,
              llvm::function_ref<FailureOr<std::vector<float>>(const train::State &)> readFile) {
  if (!state.init)
    return std::vector<float>(count, 0.0f);
  if (auto dense = dyn_cast<DenseElementsAttr>(state.init)) {
    auto values = dense.getValues<float>();
    return std::vector<float>(values.begin(), values.end());
  }
  FailureOr<std::vector<float>> values = readFile(state);
  if (succeeded(values) && static_cast<int64_t>(values->size()) != count)
    return state.op->emitOpError("expected ")
           << count << " initial values, found " << values->size() << " in the file";
  return values;
}

/// Double precision is not that of a narrow format.
template <typename Real> static LogicalResult checkPrecision(Operation *op, TypeRange types) {
  if constexpr (std::is_same_v<Real, double>)
    for (Type type : types)
      if (isa<num_ir::FloatType>(cast<RankedTensorType>(type).getElementType()))
        return op->emitOpError("is of type ")
               << type << ", which is not evaluated in double precision";
  return success();
}

template <typename Real>
FailureOr<EvaluatorOf<Real>> EvaluatorOf<Real>::create(ModuleOp module, ReadFile readFile) {
  EvaluatorOf evaluator(module);
  for (const train::State &state : train::statesOf(module)) {
    if (failed(checkPrecision<Real>(state.op, state.type)))
      return failure();
    if (state.copyOf)
      continue;
    TensorOf<Real> tensor(state.type.getShape());
    FailureOr<std::vector<float>> values =
        initialValues(state, state.type.getNumElements(), readFile);
    if (failed(values))
      return failure();
    // Initial values belong to no run, and so to no random number.
    auto rounding = state.rounding ? state.rounding.getValue() : num_ir::Rounding::nearest_even;
    if (rounding == num_ir::Rounding::stochastic)
      rounding = num_ir::Rounding::nearest_even;
    StoreOf<Real> store(state.type.getElementType(), rounding);
    for (size_t i = 0; i < values->size(); ++i)
      tensor[i] = store((*values)[i], i);
    evaluator.state[state.name().str()] = std::move(tensor);
  }
  for (const train::State &state : train::statesOf(module))
    if (state.copyOf)
      evaluator.makeCopy(state);
  return evaluator;
}

template <typename Real> void EvaluatorOf<Real>::makeCopy(const train::State &copy) {
  const TensorOf<Real> &original = state[copy.copyOf.getValue().str()];
  TensorOf<Real> tensor(original.shape);
  StoreOf<Real> store(copy.type.getElementType(), copy.rounding.getValue());
  for (size_t i = 0; i < tensor.values.size(); ++i)
    tensor[i] = store(original[i], i);
  state[copy.name().str()] = std::move(tensor);
}

template <typename Real>
const TensorOf<Real> *EvaluatorOf<Real>::readState(llvm::StringRef name) const {
  auto it = state.find(name.str());
  return it == state.end() ? nullptr : &it->second;
}

template <typename Real>
LogicalResult EvaluatorOf<Real>::writeState(llvm::StringRef name, std::vector<Real> values) {
  train::State declared = train::findState(module, name);
  if (!declared)
    return module.emitError() << "there is no train.state @" << name;
  if (declared.copyOf)
    return declared.op->emitOpError("is written by nobody but the program: write ")
           << declared.copyOf;
  TensorOf<Real> &tensor = state[name.str()];
  TensorOf<Real> next(tensor.shape);
  next.values = std::move(values);
  if (failed(checkValues(declared.op, "a value", next, declared.type)))
    return failure();
  llvm::transform(next.values, next.values.begin(), positiveZero<Real>);
  tensor = std::move(next);
  for (const train::State &other : train::statesOf(module))
    if (other.copyOf == declared.symbol)
      makeCopy(other);
  return success();
}

//===----------------------------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------------------------===//

/// What the definition needs and the verifier does not ask for.
static LogicalResult checkRounding(Operation *op) {
  auto rounding = op->getAttrOfType<num_ir::RoundingAttr>("rounding");
  if (rounding && rounding.getValue() == num_ir::Rounding::stochastic &&
      !op->hasAttr(train::getStreamsAttrName()))
    return op->emitOpError("rounds stochastically, but has no train.streams; run "
                           "train-name-tensors first");
  return success();
}

static llvm::StringRef nameOf(OpResult result) {
  auto names = result.getOwner()->getAttrOfType<ArrayAttr>(train::getNamesAttrName());
  if (!names || names.size() <= result.getResultNumber())
    return "";
  auto name = dyn_cast<StringAttr>(names[result.getResultNumber()]);
  return name ? name.getValue() : "";
}

template <typename Real>
LogicalResult EvaluatorOf<Real>::run(llvm::StringRef function, const NamedTensorsOf<Real> &inputs,
                                     Observe observe) {
  auto func = module.lookupSymbol<func::FuncOp>(function);
  if (!func || func.isDeclaration())
    return module.emitError() << "there is no function @" << function << " to evaluate";
  llvm::DenseMap<Value, TensorOf<Real>> values;
  for (BlockArgument argument : func.getArguments()) {
    auto name =
        func.getArgAttrOfType<StringAttr>(argument.getArgNumber(), train::getArgNameAttrName());
    auto it = name ? inputs.find(name.getValue().str()) : inputs.end();
    if (it == inputs.end())
      return func.emitError() << "there are no values for argument #" << argument.getArgNumber()
                              << " '" << (name ? name.getValue() : "") << "'";
    if (failed(
            checkValues(func, "input '" + name.getValue() + "'", it->second, argument.getType())))
      return failure();
    TensorOf<Real> &value = values[argument] = it->second;
    llvm::transform(value.values, value.values.begin(), positiveZero<Real>);
  }

  NamedTensorsOf<Real> written;
  uint64_t saturations = 0;
  for (Operation &op : func.getBody().front().without_terminator()) {
    if (auto name = train::stateWrittenBy(&op)) {
      written[name.getValue().str()] = values[op.getOperand(0)];
      continue;
    }
    llvm::SmallVector<TensorOf<Real>> results;
    if (failed(checkPrecision<Real>(&op, op.getResultTypes())))
      return failure();
    for (Type type : op.getResultTypes())
      results.emplace_back(cast<RankedTensorType>(type).getShape());
    if (auto read = train::stateReadBy(&op)) {
      results[0] = state[read.getValue().str()];
    } else {
      Kernel<Real> kernel = findKernel<Real>(op.getName().getStringRef());
      if (!kernel)
        return op.emitOpError("has no definition in the reference");
      llvm::SmallVector<const TensorOf<Real> *> operands;
      for (Value operand : op.getOperands())
        operands.push_back(&values.find(operand)->second);
      CallOf<Real> call{&op, operands, results, hyper, &saturations};
      if (failed(checkRounding(&op)) || failed(kernel(call)))
        return failure();
    }
    for (OpResult result : op.getResults()) {
      TensorOf<Real> &value = values[result] = std::move(results[result.getResultNumber()]);
      observe(nameOf(result), value, result);
    }
  }
  for (auto &[name, value] : written)
    state[name] = std::move(value);
  return success();
}

template class reference::EvaluatorOf<float>;
template class reference::EvaluatorOf<double>;
