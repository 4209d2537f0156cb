//===- Tensors.cpp - values of ONNX tensors ---------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Tensors.h"

#include "dialects/Train/TrainDialect.h"
#include "lib/Import/ONNX/Constant.h"
#include "slp/Emit/InitialValues.h"

#include "llvm/Support/Endian.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

Result<RankedTensorType> slp::import_onnx::floatTypeOf(const onnx::TensorProto &tensor,
                                                       Builder &builder) {
  if (tensor.data_type() != onnx::TensorProto::FLOAT)
    return Error{"expected data type FLOAT, found " + typeName(tensor.data_type())};
  SmallVector<int64_t> shape(tensor.dims().begin(), tensor.dims().end());
  int64_t bytes = 4;
  for (int64_t size : shape)
    if (size < 1 || llvm::MulOverflow(bytes, size, bytes))
      return Error{"impossible size " + std::to_string(size)};
  return RankedTensorType::get(shape, builder.getF32Type());
}

Result<Attribute> slp::import_onnx::initialValueOf(const onnx::TensorProto &tensor,
                                                   RankedTensorType type, const ModelFile &file,
                                                   DataSlice slice, StringRef fileName) {
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL)
    return Error{"external data are not supported"};
  uint64_t expected = uint64_t(type.getNumElements()) * 4;
  auto misfit = [&](uint64_t found) {
    return Error{"expected " + std::to_string(expected) + " bytes of data, found " +
                 std::to_string(found)};
  };
  if (slice.isRaw || slice.length > 4096) {
    if (slice.length != expected)
      return misfit(slice.length);
    StringRef bytes = file.bytes->getBuffer().substr(slice.offset, slice.length);
    return Attribute(train::FileAttr::get(type.getContext(), fileName, slice.offset, slice.length,
                                          onnx::TensorProto::FLOAT, checksumOf(bytes)));
  }
  ArrayRef<float> values(tensor.float_data().data(), tensor.float_data_size());
  if (values.size() * 4 != expected)
    return misfit(values.size() * 4);
  if (expected > 4096)
    return Error{"a text model holds at most 4096 bytes a tensor, found " +
                 std::to_string(expected) + "; use .onnx"};
  return Attribute(DenseElementsAttr::get(type, values));
}
