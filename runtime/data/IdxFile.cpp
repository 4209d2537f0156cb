//===- IdxFile.cpp - IDX files ----------------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The format of MNIST's files: two zero bytes, the element type, the rank, the extents as
// big-endian 32-bit numbers, then the elements, big-endian and row-major. Called by Dataset.cpp.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/data/ArrayFile.h"

#include <optional>

namespace slp::data {

static std::optional<ElementKind> kindOf(uint8_t code) {
  switch (code) {
  case 0x08:
    return ElementKind::u8;
  case 0x09:
    return ElementKind::i8;
  case 0x0b:
    return ElementKind::i16;
  case 0x0c:
    return ElementKind::i32;
  case 0x0d:
    return ElementKind::f32;
  case 0x0e:
    return ElementKind::f64;
  default:
    return std::nullopt;
  }
}

Result<Array> readIdx(const std::string &path) {
  Result<std::vector<uint8_t>> read = readFile(path);
  if (!read)
    return read.takeError();
  std::vector<uint8_t> file = read.take();
  if (file.size() < 4 || file[0] != 0 || file[1] != 0)
    return Error{path + ": not an IDX file, which begins with two zero bytes"};
  std::optional<ElementKind> kind = kindOf(file[2]);
  if (!kind)
    return Error{path + ": IDX element type " + std::to_string(file[2]) +
                 ", expected 8, 9, 11, 12, 13 or 14"};
  size_t rank = file[3], header = 4 + 4 * rank;
  if (file.size() < header)
    return Error{path + ": " + std::to_string(file.size()) + " bytes, expected a header of " +
                 std::to_string(header) + " bytes for rank " + std::to_string(rank)};
  std::vector<uint64_t> shape;
  for (size_t at = 4; at < header; at += 4)
    shape.push_back(uint64_t(file[at]) << 24 | file[at + 1] << 16 | file[at + 2] << 8 |
                    file[at + 3]);
  return arrayOf(path, std::move(file), header, std::move(shape), *kind, ByteOrder::big);
}

} // namespace slp::data
