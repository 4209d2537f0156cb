//===- NpyHeader.h - what a NumPy file says of its elements -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Called by the reader of data sets and by the importer, which leaves the elements in the file.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_DATA_NPYHEADER_H
#define RUNTIME_DATA_NPYHEADER_H

#include "runtime/api/Result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slp::data {

struct NpyHeader {
  std::string descr; // NumPy's name of the element type: "<f4"
  std::vector<uint64_t> shape;
  size_t offset = 0; // bytes before the elements, which are row-major
};

/// Reads the header of `file`, the first bytes of a NumPy file of version 1 or 2 in C order.
/// `path` is for messages.
Result<NpyHeader> parseNpyHeader(const std::string &path, std::string_view file);

} // namespace slp::data

#endif // RUNTIME_DATA_NPYHEADER_H
