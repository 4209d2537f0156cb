//===- TrainBuilders.cpp - ops whose result types follow from their operands ------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainBuilders.h"

#include "dialects/Train/AdagradOp.h"
#include "dialects/Train/AdamOp.h"
#include "dialects/Train/AddOp.h"
#include "dialects/Train/ConvBpOp.h"
#include "dialects/Train/ConvOp.h"
#include "dialects/Train/ConvWgOp.h"
#include "dialects/Train/MulOp.h"
#include "dialects/Train/SgdOp.h"

using namespace mlir;

/// The first operands of an op with several that are optional.
template <typename Op> static bool addSegments(OperationState &state) {
  if (state.name.getStringRef() != Op::getOperationName())
    return false;
  auto &sizes = state.getOrAddProperties<typename Op::Properties>().operandSegmentSizes;
  std::fill_n(sizes.begin(), std::min(sizes.size(), state.operands.size()), 1);
  return true;
}

Operation *slp::train::createInferred(OpBuilder &builder, Location loc, StringRef name,
                                      ValueRange operands, ArrayRef<NamedAttribute> attributes,
                                      ArrayRef<Type> elements) {
  OperationState state(loc, name, operands, /*types=*/{}, attributes);
  for (Type element : elements)
    state.addTypes(RankedTensorType::get({}, element));
  (void)(addSegments<ConvOp>(state) || addSegments<ConvBpOp>(state) ||
         addSegments<ConvWgOp>(state) || addSegments<SgdOp>(state) ||
         addSegments<AdagradOp>(state) || addSegments<AdamOp>(state));
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
