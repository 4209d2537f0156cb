//===- Tensors.h - values of ONNX tensors -----------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_IMPORT_ONNX_TENSORS_H
#define LIB_IMPORT_ONNX_TENSORS_H

#include "lib/Import/ONNX/ModelFile.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace slp::import_onnx {

/// The type of a float tensor; fails for other element types and impossible sizes.
Result<mlir::RankedTensorType> floatTypeOf(const onnx::TensorProto &tensor, mlir::Builder &builder);

/// The `init` of a train.state: #train.file naming `slice` of the file `fileName`, or, where the
/// values do not lie in one piece, a dense attribute of at most 4096 bytes.
Result<mlir::Attribute> initialValueOf(const onnx::TensorProto &tensor, mlir::RankedTensorType type,
                                       const ModelFile &file, DataSlice slice,
                                       llvm::StringRef fileName);

} // namespace slp::import_onnx

#endif // LIB_IMPORT_ONNX_TENSORS_H
