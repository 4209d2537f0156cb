//===- Initializers.cpp - parameters and constants of the file --------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A floating initializer of rank 1 or more with more than one element is a parameter: a state whose
// values stay in the file. All others are constants, known at import.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Importer.h"
#include "lib/Import/ONNX/Tensors.h"

#include "dialects/Train/TrainStateOps.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

LogicalResult Importer::collectInitializers() {
  for (auto [i, tensor] : llvm::enumerate(proto.initializer()))
    if (!initializers.try_emplace(tensor.name(), i).second)
      return graph.error() << "initializer \"" << tensor.name() << "\" is defined twice";
  return success();
}

bool Importer::isParameter(const onnx::TensorProto &tensor) const {
  return isFloatingType(tensor.data_type()) && tensor.dims_size() > 0 &&
         llvm::any_of(tensor.dims(), [](int64_t size) { return size != 1; });
}

LogicalResult Importer::readInitializer(StringRef name) {
  bool isState = isParameter(proto.initializer(initializers.lookup(name)));
  return isState ? readAsState(name) : readAsConstant(name);
}

LogicalResult Importer::readAsConstant(StringRef name) {
  int index = initializers.lookup(name);
  const onnx::TensorProto &tensor = proto.initializer(index);
  Result<Constant> constant = readConstant(tensor, file.dataOf(index));
  if (!constant)
    return graph.error() << "initializer \"" << name << "\": " << constant.message();
  graph.folded += constant->size();
  if (graph.folded > maxConstantElements)
    return graph.error() << "initializer \"" << name << "\": constants of more than "
                         << maxConstantElements << " elements in all are not supported";
  graph.constants[name] = std::make_shared<const Constant>(constant.take());
  return success();
}

LogicalResult Importer::readAsState(StringRef name) {
  int index = initializers.lookup(name);
  const onnx::TensorProto &tensor = proto.initializer(index);
  auto error = [&](StringRef message) {
    return graph.error() << "initializer \"" << name << "\": " << message;
  };
  OpBuilder &b = graph.builder;
  Result<RankedTensorType> type = floatTypeOf(tensor, b);
  if (!type)
    return error(type.message());
  DataSlice slice = file.bytes ? file.slices[index] : DataSlice();
  Result<Attribute> init = initialValueOf(tensor, *type, file, slice, fileName);
  if (!init)
    return error(init.message());
  Location loc = NameLoc::get(b.getStringAttr(name));
  OpBuilder atModule(step);
  auto state = train::StateOp::create(atModule, loc, b.getStringAttr(name), TypeAttr::get(*type),
                                      *init, num_ir::RoundingAttr(), UnitAttr());
  auto read = train::ReadOp::create(b, loc, *type, FlatSymbolRefAttr::get(state.getSymNameAttr()));
  read->setAttr(train::getNamesAttrName(), b.getStrArrayAttr({name}));
  graph.values[name] = read.getResult();
  return success();
}
