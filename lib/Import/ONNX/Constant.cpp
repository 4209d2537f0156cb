//===- Constant.cpp - a tensor whose values are known at import -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Constant.h"

#include "onnx/onnx_pb.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

#include <cstring>

using namespace slp;
using namespace slp::import_onnx;
using llvm::ArrayRef;
using llvm::StringRef;
using onnx::TensorProto;
namespace endian = llvm::support::endian;

bool slp::import_onnx::isFloatingType(int32_t type) {
  return type == TensorProto::FLOAT || type == TensorProto::DOUBLE ||
         type == TensorProto::FLOAT16 || type == TensorProto::BFLOAT16;
}

bool Constant::isFloating() const { return isFloatingType(type); }

Constant Constant::ofIntegers(ArrayRef<int64_t> shape, std::vector<int64_t> values, int32_t type) {
  Constant c;
  c.type = type;
  c.shape.assign(shape.begin(), shape.end());
  c.integers = std::move(values);
  return c;
}

Constant Constant::ofNumbers(ArrayRef<int64_t> shape, std::vector<double> values, int32_t type) {
  Constant c;
  c.type = type;
  c.shape.assign(shape.begin(), shape.end());
  c.numbers = std::move(values);
  return c;
}

Constant Constant::zeros(ArrayRef<int64_t> shape, int32_t type) {
  size_t count = countElements(shape);
  return isFloatingType(type) ? ofNumbers(shape, std::vector<double>(count), type)
                              : ofIntegers(shape, std::vector<int64_t>(count), type);
}

std::string slp::import_onnx::typeName(int32_t type) {
  if (TensorProto::DataType_IsValid(type))
    return TensorProto::DataType_Name(TensorProto::DataType(type));
  return "data type " + std::to_string(type);
}

int64_t slp::import_onnx::elementBytes(int32_t type) {
  switch (type) {
  case TensorProto::BOOL:
  case TensorProto::INT8:
  case TensorProto::UINT8:
    return 1;
  case TensorProto::INT16:
  case TensorProto::UINT16:
  case TensorProto::FLOAT16:
  case TensorProto::BFLOAT16:
    return 2;
  case TensorProto::FLOAT:
  case TensorProto::INT32:
  case TensorProto::UINT32:
    return 4;
  case TensorProto::DOUBLE:
  case TensorProto::INT64:
  case TensorProto::UINT64:
    return 8;
  default:
    return 0;
  }
}

double slp::import_onnx::roundToType(double value, int32_t type) {
  if (type == TensorProto::FLOAT)
    return double(float(value));
  if (type == TensorProto::DOUBLE)
    return value;
  const llvm::fltSemantics &semantics =
      type == TensorProto::FLOAT16 ? llvm::APFloat::IEEEhalf() : llvm::APFloat::BFloat();
  llvm::APFloat rounded(value);
  bool losesInfo;
  rounded.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  rounded.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return rounded.convertToDouble();
}

bool slp::import_onnx::fitsType(int64_t value, int32_t type) {
  switch (type) {
  case TensorProto::BOOL:
    return value == 0 || value == 1;
  case TensorProto::INT8:
    return llvm::isInt<8>(value);
  case TensorProto::UINT8:
    return llvm::isUInt<8>(value);
  case TensorProto::INT16:
    return llvm::isInt<16>(value);
  case TensorProto::UINT16:
    return llvm::isUInt<16>(value);
  case TensorProto::INT32:
    return llvm::isInt<32>(value);
  case TensorProto::UINT32:
    return llvm::isUInt<32>(value);
  case TensorProto::UINT64:
    return value >= 0; // larger ones are refused when they are read
  default:
    return true;
  }
}

int64_t slp::import_onnx::countElements(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  bool isEmpty = false;
  for (int64_t size : shape) {
    if (size < 0)
      return -1;
    isEmpty |= size == 0;
    if (size && (llvm::MulOverflow(count, size, count) || count > int64_t(1) << 48))
      return -1;
  }
  return isEmpty ? 0 : count;
}

static double decodeSmall(uint16_t bits, const llvm::fltSemantics &semantics) {
  llvm::APFloat value(semantics, llvm::APInt(16, bits));
  bool losesInfo;
  value.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return value.convertToDouble();
}

double slp::import_onnx::decodeNumber(const char *bytes, int32_t type) {
  switch (type) {
  case TensorProto::FLOAT:
    return llvm::bit_cast<float>(endian::read32le(bytes));
  case TensorProto::DOUBLE:
    return llvm::bit_cast<double>(endian::read64le(bytes));
  case TensorProto::FLOAT16:
    return decodeSmall(endian::read16le(bytes), llvm::APFloat::IEEEhalf());
  default:
    return decodeSmall(endian::read16le(bytes), llvm::APFloat::BFloat());
  }
}

static int64_t decodeInteger(const char *bytes, int32_t type) {
  switch (type) {
  case TensorProto::BOOL:
    return *bytes != 0;
  case TensorProto::INT8:
    return int8_t(*bytes);
  case TensorProto::UINT8:
    return uint8_t(*bytes);
  case TensorProto::INT16:
    return int16_t(endian::read16le(bytes));
  case TensorProto::UINT16:
    return endian::read16le(bytes);
  case TensorProto::INT32:
    return int32_t(endian::read32le(bytes));
  case TensorProto::UINT32:
    return endian::read32le(bytes);
  default:
    return int64_t(endian::read64le(bytes));
  }
}

/// The elements that lie in the typed field of `tensor`.
static void readFields(const TensorProto &tensor, Constant &c) {
  switch (c.type) {
  case TensorProto::FLOAT:
    c.numbers.assign(tensor.float_data().begin(), tensor.float_data().end());
    break;
  case TensorProto::DOUBLE:
    c.numbers.assign(tensor.double_data().begin(), tensor.double_data().end());
    break;
  case TensorProto::FLOAT16: // bit patterns
    for (int32_t bits : tensor.int32_data())
      c.numbers.push_back(decodeSmall(uint16_t(bits), llvm::APFloat::IEEEhalf()));
    break;
  case TensorProto::BFLOAT16:
    for (int32_t bits : tensor.int32_data())
      c.numbers.push_back(decodeSmall(uint16_t(bits), llvm::APFloat::BFloat()));
    break;
  case TensorProto::INT64:
    c.integers.assign(tensor.int64_data().begin(), tensor.int64_data().end());
    break;
  case TensorProto::UINT32:
  case TensorProto::UINT64:
    for (uint64_t value : tensor.uint64_data())
      c.integers.push_back(int64_t(value));
    break;
  case TensorProto::BOOL:
    for (int32_t value : tensor.int32_data())
      c.integers.push_back(value != 0);
    break;
  default:
    c.integers.assign(tensor.int32_data().begin(), tensor.int32_data().end());
  }
}

Result<Constant> slp::import_onnx::readConstant(const TensorProto &tensor, StringRef data) {
  Constant c;
  c.type = tensor.data_type();
  c.shape.assign(tensor.dims().begin(), tensor.dims().end());
  int64_t width = elementBytes(c.type), count = countElements(c.shape);
  if (width == 0)
    return Error{"a constant of " + typeName(c.type) + " is not supported"};
  if (count < 0)
    return Error{"impossible size"};
  if (data.empty())
    data = tensor.raw_data();
  if (!data.empty()) {
    if (int64_t(data.size()) != count * width)
      return Error{"expected " + std::to_string(count * width) + " bytes of data, found " +
                   std::to_string(data.size())};
    for (const char *at = data.begin(); at != data.end(); at += width)
      if (c.isFloating())
        c.numbers.push_back(decodeNumber(at, c.type));
      else
        c.integers.push_back(decodeInteger(at, c.type));
  } else {
    readFields(tensor, c);
    if (c.size() != count)
      return Error{"expected " + std::to_string(count) + " elements, found " +
                   std::to_string(c.size())};
  }
  for (int64_t value : c.integers)
    if (!fitsType(value, c.type))
      return Error{"an element does not fit " + typeName(c.type)};
  return c;
}
