//===- TrainBuilders.h - ops whose result types follow from their operands --------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// For the importer and autodiff, which know operands and attributes of an op but not its shape.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINBUILDERS_H
#define DIALECTS_TRAIN_TRAINBUILDERS_H

#include "dialects/Train/TrainDialect.h"

namespace slp::train {

/// Inserts an op of `name` with results of `elements` (one type per result) and the shapes that
/// inferShapes gives. Of optional operands the first are given. Null, with an error at `loc` and
/// nothing inserted, if the operands do not fit.
mlir::Operation *createInferred(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef name,
                                mlir::ValueRange operands,
                                llvm::ArrayRef<mlir::NamedAttribute> attributes,
                                llvm::ArrayRef<mlir::Type> elements);

/// The same for an op type; all results are f32 unless `elements` says otherwise.
template <typename Op>
Op createInferred(mlir::OpBuilder &builder, mlir::Location loc, mlir::ValueRange operands,
                  llvm::ArrayRef<mlir::NamedAttribute> attributes = {},
                  llvm::ArrayRef<mlir::Type> elements = {}) {
  llvm::SmallVector<mlir::Type> types(elements);
  if (types.empty())
    types.push_back(builder.getF32Type());
  return mlir::cast_or_null<Op>(
      createInferred(builder, loc, Op::getOperationName(), operands, attributes, types));
}

/// The attribute `name` of a window or shape: an array of i64.
inline mlir::NamedAttribute i64s(mlir::OpBuilder &builder, llvm::StringRef name,
                                 llvm::ArrayRef<int64_t> values) {
  return builder.getNamedAttr(name, builder.getDenseI64ArrayAttr(values));
}

/// The attribute that puts an op in `phase`.
inline mlir::NamedAttribute phaseOf(mlir::OpBuilder &builder, Phase phase) {
  return builder.getNamedAttr("phase", PhaseAttr::get(builder.getContext(), phase));
}

/// a + b and a * b of f32, which broadcast; null, with an error, if they do not fit.
mlir::Value createSum(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value a, mlir::Value b,
                      Phase phase);
mlir::Value createProduct(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value a,
                          mlir::Value b, Phase phase);

} // namespace slp::train

#endif // DIALECTS_TRAIN_TRAINBUILDERS_H
