//===- TrainBuilders.cpp - ops whose result types follow from their operands ------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainBuilders.h"

using namespace mlir;

Operation *slp::train::createInferred(OpBuilder &builder, Location loc, StringRef name,
                                      ValueRange operands, ArrayRef<NamedAttribute> attributes,
                                      ArrayRef<Type> elements) {
  OperationState state(loc, name, operands, /*types=*/{}, attributes);
  for (Type element : elements)
    state.addTypes(RankedTensorType::get({}, element));
  Operation *op = Operation::create(state);
  SmallVector<SmallVector<int64_t>> shapes;
  if (failed(cast<InferShapeInterface>(op).inferShapes(shapes))) {
    op->destroy();
    return nullptr;
  }
  for (auto [result, shape, element] : llvm::zip_equal(op->getResults(), shapes, elements))
    result.setType(RankedTensorType::get(shape, element));
  return builder.insert(op);
}
