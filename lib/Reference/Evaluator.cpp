//===- Evaluator.cpp - evaluates train IR by its definition -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Walks a function once, in order. Values live until the function ends.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Reference/Evaluator.h"

#include "Kernel.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

using namespace mlir;
using namespace slp;
using namespace slp::reference;

/// An element of `values` that `type` cannot hold, or -1.
static int64_t findUnrepresentable(llvm::ArrayRef<float> values, Type type) {
  auto format = dyn_cast<num_ir::FloatType>(type);
  if (!format)
    return -1;
  for (auto [i, value] : llvm::enumerate(values))
    if (roundTo(value, format, num_ir::Rounding::toward_zero) != value)
      return i;
  return -1;
}

static LogicalResult checkValues(Operation *op, llvm::Twine what, const Tensor &tensor, Type type) {
  auto tensorType = cast<RankedTensorType>(type);
  if (tensorType.getShape() != llvm::ArrayRef<int64_t>(tensor.shape) ||
      tensorType.getNumElements() != static_cast<int64_t>(tensor.values.size()))
    return op->emitError() << "expected " << what << " of type " << type << ", found "
                           << tensor.values.size() << " values of another shape";
  int64_t bad = findUnrepresentable(tensor.values, tensorType.getElementType());
  if (bad >= 0)
    return op->emitError() << "expected " << what << " representable in "
                           << tensorType.getElementType() << ", found " << tensor.values[bad]
                           << " at index " << bad;
  return success();
}

//===----------------------------------------------------------------------------------------===//
// State
//===----------------------------------------------------------------------------------------===//

static FailureOr<std::vector<float>> initialValues(train::StateOp op, int64_t count,
                                                   Evaluator::ReadFile readFile) {
  if (!op.getInitAttr())
    return std::vector<float>(count, 0.0f);
  if (auto dense = dyn_cast<DenseElementsAttr>(op.getInitAttr())) {
    auto values = dense.getValues<float>();
    return std::vector<float>(values.begin(), values.end());
  }
  FailureOr<std::vector<float>> values = readFile(op);
  if (succeeded(values) && static_cast<int64_t>(values->size()) != count)
    return op.emitOpError("expected ")
           << count << " initial values, found " << values->size() << " in the file";
  return values;
}

FailureOr<Evaluator> Evaluator::create(ModuleOp module, ReadFile readFile) {
  Evaluator evaluator(module);
  for (train::StateOp op : module.getOps<train::StateOp>()) {
    auto type = cast<RankedTensorType>(op.getType());
    Tensor tensor(type.getShape());
    FailureOr<std::vector<float>> values = initialValues(op, type.getNumElements(), readFile);
    if (failed(values))
      return failure();
    std::optional<num_ir::Rounding> rounding = op.getRounding();
    if (rounding == num_ir::Rounding::stochastic)
      return op.emitOpError("an initial value cannot be rounded stochastically");
    Store store(type.getElementType(), rounding.value_or(num_ir::Rounding::nearest_even));
    llvm::transform(*values, tensor.values.begin(), store);
    evaluator.state[op.getSymName().str()] = std::move(tensor);
  }
  return evaluator;
}

const Tensor *Evaluator::readState(llvm::StringRef name) const {
  auto it = state.find(name.str());
  return it == state.end() ? nullptr : &it->second;
}

LogicalResult Evaluator::writeState(llvm::StringRef name, std::vector<float> values) {
  auto op = module.lookupSymbol<train::StateOp>(name);
  if (!op)
    return module.emitError() << "there is no train.state @" << name;
  Tensor &tensor = state[name.str()];
  Tensor next(tensor.shape);
  next.values = std::move(values);
  if (failed(checkValues(op, "a value", next, op.getType())))
    return failure();
  llvm::transform(next.values, next.values.begin(), positiveZero);
  tensor = std::move(next);
  return success();
}

//===----------------------------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------------------------===//

/// What the definition needs and the verifier does not ask for.
static LogicalResult checkRounding(Operation *op) {
  auto rounding = op->getAttrOfType<num_ir::RoundingAttr>("rounding");
  if (rounding && rounding.getValue() == num_ir::Rounding::stochastic)
    return op->emitOpError("stochastic rounding needs a tensor number, which train IR does not "
                           "give yet");
  return success();
}

static llvm::StringRef nameOf(OpResult result) {
  auto names = result.getOwner()->getAttrOfType<ArrayAttr>(train::getNamesAttrName());
  if (!names || names.size() <= result.getResultNumber())
    return "";
  auto name = dyn_cast<StringAttr>(names[result.getResultNumber()]);
  return name ? name.getValue() : "";
}

LogicalResult Evaluator::run(llvm::StringRef function, const NamedTensors &inputs,
                             Observe observe) {
  auto func = module.lookupSymbol<func::FuncOp>(function);
  if (!func || func.isDeclaration())
    return module.emitError() << "there is no function @" << function << " to evaluate";
  llvm::DenseMap<Value, Tensor> values;
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
    Tensor &value = values[argument] = it->second;
    llvm::transform(value.values, value.values.begin(), positiveZero);
  }

  NamedTensors written;
  for (Operation &op : func.getBody().front().without_terminator()) {
    if (auto write = dyn_cast<train::WriteOp>(op)) {
      written[write.getState().str()] = values[write.getValue()];
      continue;
    }
    llvm::SmallVector<Tensor> results;
    for (Type type : op.getResultTypes())
      results.emplace_back(cast<RankedTensorType>(type).getShape());
    if (auto read = dyn_cast<train::ReadOp>(op)) {
      results[0] = state[read.getState().str()];
    } else {
      Kernel kernel = findKernel(op.getName().getStringRef());
      if (!kernel)
        return op.emitOpError("has no definition in the reference");
      llvm::SmallVector<const Tensor *> operands;
      for (Value operand : op.getOperands())
        operands.push_back(&values.find(operand)->second);
      Call call{&op, operands, results, hyper};
      if (failed(checkRounding(&op)) || failed(kernel(call)))
        return failure();
    }
    for (OpResult result : op.getResults()) {
      Tensor &value = values[result] = std::move(results[result.getResultNumber()]);
      observe(nameOf(result), value, result);
    }
  }
  for (auto &[name, value] : written)
    state[name] = std::move(value);
  return success();
}
