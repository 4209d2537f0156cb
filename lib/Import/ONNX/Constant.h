//===- Constant.h - a tensor whose values are known at import ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Shapes, axes, scales, masks: what Constant nodes, initializers that are no parameters and folded
// nodes give. Made by Import.cpp and the Fold*.cpp files, read by operators through Node.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_IMPORT_ONNX_CONSTANT_H
#define LIB_IMPORT_ONNX_CONSTANT_H

#include "runtime/api/Result.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace onnx {
class TensorProto;
} // namespace onnx

namespace slp::import_onnx {

/// Row-major. Floating types keep `numbers`, each one representable in the type; integers and bools
/// (0 or 1) keep `integers`, each one in the type's range.
struct Constant {
  int32_t type = 0; // onnx::TensorProto::DataType
  llvm::SmallVector<int64_t> shape;
  std::vector<int64_t> integers;
  std::vector<double> numbers;

  bool isFloating() const;
  int64_t size() const { return isFloating() ? numbers.size() : integers.size(); }
  /// Element `i` as a number, whatever the type.
  double number(int64_t i) const { return isFloating() ? numbers[i] : double(integers[i]); }

  static Constant ofIntegers(llvm::ArrayRef<int64_t> shape, std::vector<int64_t> values,
                             int32_t type = 7 /*INT64*/);
  static Constant ofNumbers(llvm::ArrayRef<int64_t> shape, std::vector<double> values,
                            int32_t type = 1 /*FLOAT*/);
  /// A tensor of `type` and `shape` with all elements zero.
  static Constant zeros(llvm::ArrayRef<int64_t> shape, int32_t type);
};

/// "FLOAT", "INT64", ...; types that are newer than libonnx are "data type 23".
std::string typeName(int32_t type);
/// Bytes of one element in raw data; 0 for types that constants cannot have.
int64_t elementBytes(int32_t type);
bool isFloatingType(int32_t type);

/// `value` rounded to the nearest number of a floating `type`, ties to even.
double roundToType(double value, int32_t type);
/// Whether an integer `type` (or BOOL) can hold `value`.
bool fitsType(int64_t value, int32_t type);

/// The number of elements, or -1 for a negative dimension or a product above 2^48.
int64_t countElements(llvm::ArrayRef<int64_t> shape);

/// The value of one little-endian element of a floating `type`.
double decodeNumber(const char *bytes, int32_t type);

/// The values of `tensor`. `data` are its elements, little-endian, if they were left out of the
/// message (empty otherwise). Fails for strings, complex and unknown types, impossible shapes, and
/// data of another length.
Result<Constant> readConstant(const onnx::TensorProto &tensor, llvm::StringRef data);

} // namespace slp::import_onnx

#endif // LIB_IMPORT_ONNX_CONSTANT_H
