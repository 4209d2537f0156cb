//===- Inputs.cpp - what the graph is given at every step -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Importer.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

Value Importer::addArgument(Type type, StringRef name) {
  unsigned at = step.getNumArguments();
  Builder &b = graph.builder;
  (void)step.insertArgument(
      at, type,
      b.getDictionaryAttr(b.getNamedAttr(train::getArgNameAttrName(), b.getStringAttr(name))),
      NameLoc::get(b.getStringAttr(name)));
  return step.getArgument(at);
}

/// f32 for floating types and bools, i32 for integers; null for all others.
static Type argumentElement(int32_t type, Builder &b) {
  if (isFloatingType(type) || type == onnx::TensorProto::BOOL)
    return b.getF32Type();
  return elementBytes(type) ? Type(b.getI32Type()) : Type();
}

FailureOr<RankedTensorType> Importer::inputType(const onnx::ValueInfoProto &input) {
  auto error = [&] { return graph.error() << "input \"" << input.name() << "\": "; };
  const onnx::TypeProto::Tensor &tensor = input.type().tensor_type();
  Type element = argumentElement(tensor.elem_type(), graph.builder);
  if (!element)
    return error() << "expected a tensor of a floating type, an integer type or BOOL, found "
                   << typeName(tensor.elem_type());
  if (!tensor.has_shape())
    return error() << "expected a shape, found none";
  SmallVector<int64_t> shape;
  for (auto [i, dim] : llvm::enumerate(tensor.shape().dim())) {
    int64_t size = dim.has_dim_value() ? dim.dim_value() : 0;
    if (i == 0 && options.batch)
      size = options.batch;
    if (i == 0 && !dim.has_dim_value() && !size)
      return error() << "the batch is symbolic (\"" << dim.dim_param() << "\"): give --batch=N";
    if (size < 1)
      return error() << "expected a size of at least 1 in dimension " << i << ", found "
                     << (dim.has_dim_value() ? std::to_string(size)
                                             : "\"" + dim.dim_param() + "\"");
    shape.push_back(size);
  }
  int64_t elements = 1;
  for (int64_t size : shape)
    if (llvm::MulOverflow(elements, size, elements) || elements > int64_t(1) << 40)
      return error() << "impossible size " << printShape(shape);
  return RankedTensorType::get(shape, element);
}

LogicalResult Importer::importInputs() {
  for (const onnx::ValueInfoProto &input : proto.input()) {
    if (initializers.count(input.name()))
      continue; // IR version 3 lists them as inputs too
    if (plan.absent.contains(input.name()))
      continue;
    if (plan.parameters.contains(input.name())) {
      if (failed(readParameterInput(input)))
        return failure();
      continue;
    }
    FailureOr<RankedTensorType> type = inputType(input);
    if (failed(type))
      return failure();
    if (graph.values.count(input.name()))
      return graph.error() << "input \"" << input.name() << "\" is defined twice";
    graph.values[input.name()] = addArgument(*type, input.name());
  }
  return success();
}
