//===- TrainBuilders.cpp - ops whose result types follow from their operands ------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainBuilders.h"

#include "dialects/Train/AddOp.h"
#include "dialects/Train/MulOp.h"

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

Value slp::train::createSum(OpBuilder &builder, Location loc, Value a, Value b, Phase phase) {
  auto sum = createInferred<AddOp>(builder, loc, {a, b}, phaseOf(builder, phase));
  return sum ? sum.getY() : Value();
}

Value slp::train::createProduct(OpBuilder &builder, Location loc, Value a, Value b, Phase phase) {
  auto product = createInferred<MulOp>(builder, loc, {a, b}, phaseOf(builder, phase));
  return product ? product.getY() : Value();
}
