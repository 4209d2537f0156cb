//===- BatchFacts.h - values of a batch and of its parts
//---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// An abstract interpretation of two imports of one graph, op by op. A value is
//
//   fixed    the same whatever the images are;
//   rows     a tensor with a dimension of images, where each image's part is a function of that
//            image alone, the same function for all;
//   total    a mean over such rows, or linear in one;
//   coupled  anything else,
//
// times a power of the batch: a sum over images is a mean times the batch. BatchFacts.cpp has the
// rules of families of ops, BatchCoupling.cpp says which op has which.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_ANALYSIS_BATCHFACTS_H
#define LIB_ANALYSIS_BATCHFACTS_H

#include "lib/Analysis/BatchCoupling.h"

#include "dialects/Train/ConcatOp.h"
#include "dialects/Train/ConstantOp.h"
#include "dialects/Train/GatherOp.h"
#include "dialects/Train/MatMulOp.h"
#include "dialects/Train/NllOp.h"
#include "dialects/Train/ScatterAddOp.h"
#include "dialects/Train/VarianceOp.h"

#include "llvm/ADT/DenseMap.h"

#include <optional>

namespace slp::analysis {

/// What is known of a value; see above.
struct Fact {
  enum Kind { fixed, rows, total, coupled };
  Kind kind = fixed;
  int power = 0;                 // of the batch
  bool isSplat = false;          // fixed: all elements are the same
  int64_t dim = 0;               // rows: the dimension that counts images,
  int64_t outer = 1, inner = 1;  // which is (outer, images, inner)
  mlir::Operation *op = nullptr; // coupled: where that began,
  std::string why = {};          // and how; empty where nothing is known of the op

  bool isWhole() const { return kind == fixed || kind == total; }
  bool hasLayoutOf(const Fact &other) const {
    return dim == other.dim && outer == other.outer && inner == other.inner;
  }
  Fact withPower(int p) const {
    Fact fact = *this;
    fact.power = p;
    return fact;
  }
  Fact along(int64_t d) const {
    Fact fact = *this;
    fact.dim = d;
    return fact;
  }
};

class Comparison {
public:
  Comparison(mlir::func::FuncOp part, mlir::func::FuncOp whole, int64_t factor)
      : part(part), whole(whole), factor(factor) {}

  BatchVerdict run();

private:
  Fact visit(mlir::Operation *op, mlir::Operation *other);
  Fact joined(mlir::Operation *op, int power);
  Fact elementwise(mlir::Operation *op);
  Fact sumLike(mlir::Operation *op, mlir::Value a, mlir::Value b);
  Fact product(mlir::Operation *op, const Fact &a, const Fact &b, int sign);
  Fact scaled(mlir::Operation *op, const Fact &x, double scale, double other, int sign);
  Fact reduction(mlir::Operation *op, llvm::ArrayRef<int64_t> axes);
  Fact variance(train::VarianceOp op);
  Fact alongRows(mlir::Operation *op, int64_t row);
  Fact matmul(train::MatMulOp op);
  Fact reshape(mlir::Operation *op, mlir::Value x);
  Fact repeated(mlir::Operation *op, const Fact &x, mlir::Value from);
  Fact concat(train::ConcatOp op);
  Fact gather(train::GatherOp op);
  Fact scatter(train::ScatterAddOp op);
  Fact constant(train::ConstantOp op, train::ConstantOp other);
  Fact window(mlir::Operation *op);
  Fact sumOverImages(mlir::Operation *op, const Fact &a, const Fact &b);

  /// The dimension in which the two shapes of `value` differ by the factor: -1 if they do not
  /// differ, nothing if they do otherwise.
  std::optional<int64_t> imageDim(mlir::Value value) const;
  /// n if `b` is `a` times the n-th power of the factor.
  std::optional<int> powerOf(double a, double b) const;
  const Fact &of(mlir::Value value) const { return facts.find(value)->second; }

  static Fact fails(mlir::Operation *op, const llvm::Twine &why) {
    Fact fact;
    fact.kind = Fact::coupled;
    fact.op = op;
    fact.why = why.str();
    return fact;
  }
  static Fact isUnknown(mlir::Operation *op) { return fails(op, ""); }
  static Fact total(int power) {
    Fact fact;
    fact.kind = Fact::total;
    fact.power = power;
    return fact;
  }

  mlir::func::FuncOp part, whole;
  int64_t factor;
  llvm::DenseMap<mlir::Value, Fact> facts;
  llvm::DenseMap<mlir::Value, mlir::Value> inWhole;
};

/// How images come together, for messages.
inline constexpr llvm::StringLiteral several = "computes with several images at a time",
                                     repeats =
                                         "takes a mean or a sum over images back to each image",
                                     overImages =
                                         "takes a variance over images (batch normalization)",
                                     notLinear = "is not linear in a mean or a sum over images";

/// The likelihood whose labels' shares add up to `value`.
train::NllOp sharesBehind(mlir::Value value);

inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value v) {
  return mlir::cast<mlir::RankedTensorType>(v.getType()).getShape();
}

} // namespace slp::analysis

#endif // LIB_ANALYSIS_BATCHFACTS_H
