//===- NpyHeader.h - what a NumPy file says of its elements -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Called by the reader of data sets and by the importer, which leaves the elements in the file.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_DATA_NPYHEADER_H
#define RUNTIME_DATA_NPYHEADER_H

#include "runtime/data/ArrayFile.h"

#include <string_view>

namespace slp::data {

struct NpyHeader {
  std::vector<uint64_t> shape;
  ElementKind kind = ElementKind::f32;
  ByteOrder order = ByteOrder::little;
  bool isFortran = false; // the first dimension varies fastest, not the last
  size_t offset = 0;      // bytes before the elements

  /// Whether the elements are row-major and little-endian, as readers want them.
  bool isPlain() const { return !isFortran && (order == ByteOrder::little || sizeOf(kind) == 1); }
};

/// Reads the header of `file`, the first bytes of a NumPy file of version 1 or 2. Elements may be
/// bools, integers, floats of 2, 4 or 8 bytes, or bfloat16, which has no name in NumPy: packages
/// that have the type write it as two bytes without meaning (V2). `path` is for messages.
Result<NpyHeader> parseNpyHeader(const std::string &path, std::string_view file);

/// The elements of the whole `file`, row-major and little-endian. Refuses a file of another size
/// than the header says.
Result<std::string> plainElements(const std::string &path, const NpyHeader &header,
                                  std::string_view file);

} // namespace slp::data

#endif // RUNTIME_DATA_NPYHEADER_H
