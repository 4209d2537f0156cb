//===- Initializers.cpp - parameters and constants of the file --------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A floating initializer of rank 1 or more with more than one element is a parameter: a state whose
// values stay in the file. All others are constants, known at import.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Importer.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

/// "kaiming,SEED".
LogicalResult Importer::parseInit() {
  if (options.init.empty())
    return success();
  auto [method, seed] = StringRef(options.init).split(',');
  uint32_t number = 0;
  if (method != "kaiming" || seed.getAsInteger(10, number))
    return graph.error() << "--init=" << options.init
                         << " is not supported, expected kaiming,SEED with a seed below 2^32";
  initSeed = number;
  return success();
}

LogicalResult Importer::collectInitializers() {
  if (failed(parseInit()))
    return failure();
  if (Status status = sources.collect(); !status)
    return graph.error() << status.message();
  if (!options.params.empty())
    if (Status status = sources.openParams(options.params); !status) {
      emitError(UnknownLoc::get(module.getContext())) << status.message();
      return failure();
    }
  // Scales of normalizations begin at one, whatever else has rank 1 at zero.
  for (const onnx::NodeProto &node : proto.node()) {
    bool isBatch = node.op_type() == "BatchNormalization" || node.op_type() == "BatchNormInternal";
    bool isScaled = isBatch || node.op_type() == "InstanceNormalization" ||
                    node.op_type() == "LayerNormalization" ||
                    node.op_type() == "GroupNormalization";
    if (isScaled && node.input_size() > 1)
      startsAtOne.insert(node.input(1));
    if (isBatch && node.input_size() > 4)
      startsAtOne.insert(node.input(4)); // the running variance
  }
  return success();
}

bool Importer::isParameter(const onnx::TensorProto &tensor) const {
  return isFloatingType(tensor.data_type()) && tensor.dims_size() > 0 &&
         llvm::any_of(tensor.dims(), [](int64_t size) { return size != 1; });
}

LogicalResult Importer::readInitializer(StringRef name) {
  const onnx::TensorProto *header = sources.header(name);
  return header && isParameter(*header) ? readAsState(name) : readAsConstant(name);
}

LogicalResult Importer::readAsConstant(StringRef name) {
  auto error = [&] { return graph.error() << "initializer \"" << name << "\": "; };
  Result<Source> source = sources.find(name);
  if (!source)
    return error() << source.message();
  if (source->isAbsent)
    return error() << source->absence;
  Result<Constant> constant = readConstant(*source->tensor, source->data);
  if (!constant)
    return error() << constant.message();
  graph.folded += constant->size();
  if (graph.folded > maxConstantElements)
    return error() << "constants of more than " << maxConstantElements
                   << " elements in all are not supported";
  graph.constants[name] = std::make_shared<const Constant>(constant.take());
  return success();
}

/// docs/numerics.md section 7.
Attribute Importer::randomValueOf(StringRef name, RankedTensorType type) {
  ArrayRef<int64_t> shape = type.getShape();
  if (shape.size() >= 2)
    return train::RandomAttr::get(module.getContext(), name, *initSeed,
                                  product(shape, 1, shape.size()));
  if (startsAtOne.contains(name))
    return DenseElementsAttr::get(type, 1.0f);
  return Attribute();
}

LogicalResult Importer::readAsState(StringRef name) {
  auto error = [&](StringRef message) {
    return graph.error() << "initializer \"" << name << "\": " << message;
  };
  Result<Source> source = sources.find(name);
  if (!source)
    return error(source.message());
  Result<RankedTensorType> type = stateTypeOf(*source->tensor, module.getContext());
  if (!type)
    return error(type.message());
  if (source->isAbsent && !initSeed)
    return error(source->absence + "; --init=kaiming,SEED fills what is absent");
  auto computed = plan.initial.find(name);
  if (computed != plan.initial.end())
    return readAsComputed(name, *type, computed->second);
  Result<Attribute> init = source->isAbsent ? Result<Attribute>(randomValueOf(name, *type))
                                            : initialValueOf(*source, *type);
  if (!init)
    return error(init.message());
  graph.makeState(name, *type, *init, /*isFrozen=*/false);
  return success();
}
