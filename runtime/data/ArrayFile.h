//===- ArrayFile.h - arrays in data files -----------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What the three readers of data files have in common. Dataset.h is the interface of data sets,
// NpyHeader.h that of single NumPy files.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_DATA_ARRAYFILE_H
#define RUNTIME_DATA_ARRAYFILE_H

#include "runtime/api/Result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace slp::data {

/// Row-major values; the first extent counts samples. Unsigned bytes stay bytes, because pixels are
/// most of the memory.
struct Array {
  std::vector<uint64_t> shape;
  bool isBytes = false;
  std::vector<uint8_t> bytes; // if isBytes
  std::vector<float> values;  // otherwise
};

/// How a file stores one element.
enum class ElementKind { boolean, u8, u16, u32, u64, i8, i16, i32, i64, f16, bf16, f32, f64 };
enum class ByteOrder { little, big };

/// Bytes of one element.
size_t sizeOf(ElementKind kind);
const char *nameOf(ElementKind kind);

/// The whole file, or why it cannot be read.
Result<std::vector<uint8_t>> readFile(const std::string &path);

/// The array whose elements are all of `file` from byte `offset` on. Refuses a file of another size
/// than the shape says, an array without elements, and values FP32 cannot hold: not finite, or an
/// integer beyond ±2^24. Doubles round to nearest, bools become 0 and 1. `path` is for messages.
Result<Array> arrayOf(const std::string &path, std::vector<uint8_t> file, size_t offset,
                      std::vector<uint64_t> shape, ElementKind kind, ByteOrder order);

/// An IDX file of any element type and rank.
Result<Array> readIdx(const std::string &path);
/// A NumPy file of version 1 or 2: numbers of any kind but complex ones, in any order.
Result<Array> readNpy(const std::string &path);

/// Images (samples, 3, 32, 32) and labels (samples) of one or more CIFAR-10 binary files, in that
/// order.
struct CifarArrays {
  Array images, labels;
};
Result<CifarArrays> readCifar(const std::vector<std::string> &paths);

/// "3 x 28 x 28"; "a scalar" for rank 0.
template <typename Extents> std::string spellShape(const Extents &shape) {
  std::string s;
  for (auto extent : shape)
    s += (s.empty() ? "" : " x ") + std::to_string(extent);
  return s.empty() ? "a scalar" : s;
}

} // namespace slp::data

#endif // RUNTIME_DATA_ARRAYFILE_H
