//===- Move.cpp - data movement by definition -------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md §5: for each element of the result, where it comes from.
//
//===----------------------------------------------------------------------------------------===//

#include "Kernel.h"

#include "slp/Reference/Arithmetic.h"

#include "dialects/Train/ConcatOp.h"
#include "dialects/Train/PadOp.h"
#include "dialects/Train/SliceOp.h"
#include "dialects/Train/TransposeOp.h"

#include <cmath>

using namespace mlir;
using namespace slp;
using namespace slp::reference;

using Index = llvm::SmallVector<int64_t>;

/// Row-major offset of `index`; -1 outside the tensor.
template <typename Real>
static int64_t offsetOf(llvm::ArrayRef<int64_t> index, const TensorOf<Real> &t) {
  int64_t offset = 0;
  for (auto [i, extent] : llvm::zip_equal(index, t.shape)) {
    if (i < 0 || i >= extent)
      return -1;
    offset = offset * extent + i;
  }
  return offset;
}

/// y[i] = at(i) for all indices i of y, stored with their row-major index.
template <typename Real, typename At, typename Stored>
static void forEachElement(TensorOf<Real> &y, Stored stored, At at) {
  Index index(y.shape.size(), 0);
  for (size_t linear = 0; linear < y.values.size(); ++linear) {
    y[linear] = stored(at(index), linear);
    for (size_t d = index.size(); d-- > 0;) {
      if (++index[d] < y.shape[d])
        break;
      index[d] = 0;
    }
  }
}

/// y[i] = at(i) for all indices i of y, where elements only change their places.
template <typename Real, typename At>
static void moveEachElement(TensorOf<Real> &y, const StoreOf<Real> &store, At at) {
  forEachElement(y, [&](Real x, int64_t linear) { return store.moved(x, linear); }, at);
}

template <typename Real> static LogicalResult evaluateReshape(CallOf<Real> &call) {
  call.results[0].values = call.operands[0]->values;
  return success();
}

template <typename Real> static LogicalResult evaluateTranspose(CallOf<Real> &call) {
  auto op = cast<train::TransposeOp>(call.op);
  const auto &x = *call.operands[0];
  moveEachElement(call.results[0], call.store(0), [&](const Index &i) {
    Index from(i.size());
    for (size_t d = 0; d < i.size(); ++d)
      from[op.getPerm()[d]] = i[d];
    return x[offsetOf(from, x)];
  });
  return success();
}

template <typename Real> static LogicalResult evaluateSlice(CallOf<Real> &call) {
  auto op = cast<train::SliceOp>(call.op);
  const auto &x = *call.operands[0];
  moveEachElement(call.results[0], call.store(0), [&](const Index &i) {
    Index from;
    for (size_t d = 0; d < i.size(); ++d)
      from.push_back(op.getStarts()[d] + i[d] * op.getSteps()[d]);
    return x[offsetOf(from, x)];
  });
  return success();
}

template <typename Real> static LogicalResult evaluateConcat(CallOf<Real> &call) {
  auto op = cast<train::ConcatOp>(call.op);
  moveEachElement(call.results[0], call.store(0), [&](const Index &i) {
    Index from = i;
    int64_t &along = from[op.getAxis()];
    size_t part = 0;
    for (; along >= call.operands[part]->dim(op.getAxis()); ++part)
      along -= call.operands[part]->dim(op.getAxis());
    const auto &x = *call.operands[part];
    return x[offsetOf(from, x)];
  });
  return success();
}

template <typename Real> static LogicalResult evaluatePad(CallOf<Real> &call) {
  auto op = cast<train::PadOp>(call.op);
  const auto &x = *call.operands[0];
  Real value = op.getValue().convertToFloat();
  moveEachElement(call.results[0], call.store(0), [&](const Index &i) {
    Index from;
    for (size_t d = 0; d < i.size(); ++d)
      from.push_back(i[d] - op.getLow()[d]);
    int64_t offset = offsetOf(from, x);
    return offset < 0 ? value : x[offset];
  });
  return success();
}

template <typename Real> static LogicalResult evaluateExpand(CallOf<Real> &call) {
  const auto &x = *call.operands[0];
  moveEachElement(call.results[0], call.store(0), [&](const Index &i) {
    Index from = i;
    for (size_t d = 0; d < i.size(); ++d)
      if (x.dim(d) == 1)
        from[d] = 0;
    return x[offsetOf(from, x)];
  });
  return success();
}

/// The row that an index names; outside [0, rows) if it names none.
template <typename Real> static int64_t rowOf(Real index, int64_t rows) {
  auto row = static_cast<int64_t>(index);
  return row < 0 ? row + rows : row;
}

template <typename Real> static LogicalResult evaluateGather(CallOf<Real> &call) {
  const auto &table = *call.operands[0], &indices = *call.operands[1];
  moveEachElement(call.results[0], call.store(0), [&](const Index &i) {
    int64_t offset = offsetOf({i[0], rowOf(indices[i[1]], table.dim(1)), i[2]}, table);
    *call.saturations += offset < 0; // counted as invalid
    return offset < 0 ? 0.0f : table[offset];
  });
  return success();
}

template <typename Real> static LogicalResult evaluateScatterAdd(CallOf<Real> &call) {
  const auto &dy = *call.operands[0], &indices = *call.operands[1];
  int64_t rows = call.results[0].dim(1);
  forEachElement(call.results[0], call.store(0), [&](const Index &i) {
    Real sum = 0.0f;
    for (int64_t k = 0; k < dy.dim(1); ++k)
      if (rowOf(indices[k], rows) == i[1])
        sum = sum + dy[offsetOf({i[0], k, i[2]}, dy)];
    return sum;
  });
  return success();
}

template <typename Real> static LogicalResult evaluateToFloat(CallOf<Real> &call) {
  call.results[0].values = call.operands[0]->values;
  return success();
}

template <typename Real> static LogicalResult evaluateToInteger(CallOf<Real> &call) {
  constexpr Real most = 1 << 24;
  for (auto [y, x] : llvm::zip_equal(call.results[0].values, call.operands[0]->values))
    y = x != x ? 0 : positiveZero(std::trunc(x < -most ? -most : x > most ? most : x));
  return success();
}

template <typename Real> void reference::addMoveKernels(KernelTableOf<Real> &table) {
  table["train.reshape"] = evaluateReshape<Real>;
  table["train.transpose"] = evaluateTranspose<Real>;
  table["train.slice"] = evaluateSlice<Real>;
  table["train.concat"] = evaluateConcat<Real>;
  table["train.pad"] = evaluatePad<Real>;
  table["train.expand"] = evaluateExpand<Real>;
  table["train.gather"] = evaluateGather<Real>;
  table["train.scatter_add"] = evaluateScatterAdd<Real>;
  table["train.to_float"] = evaluateToFloat<Real>;
  table["train.to_integer"] = evaluateToInteger<Real>;
}

template void reference::addMoveKernels(KernelTableOf<float> &);
template void reference::addMoveKernels(KernelTableOf<double> &);
