//===- ArrayFile.cpp - arrays in data files ---------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Reads whole files and turns their elements into FP32. Called by the readers of IDX and NumPy
// files.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/data/ArrayFile.h"

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <type_traits>

namespace slp::data {

namespace {

template <typename T> T loadAs(const uint8_t *from, ByteOrder order) {
  uint64_t bits = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    size_t place = order == ByteOrder::little ? i : sizeof(T) - 1 - i;
    bits |= uint64_t(from[i]) << (8 * place);
  }
  using Bits = std::conditional_t<
      sizeof(T) == 1, uint8_t,
      std::conditional_t<sizeof(T) == 2, uint16_t,
                         std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>>>;
  Bits narrow = Bits(bits);
  T value;
  std::memcpy(&value, &narrow, sizeof value);
  return value;
}

/// FP32 represents every integer up to here.
constexpr int64_t largestExact = 1 << 24;

template <typename T> bool isBeyondExact(T value) {
  if constexpr (std::is_unsigned_v<T>)
    return value > uint64_t(largestExact);
  else
    return value > largestExact || value < -largestExact;
}

/// The number that a code of IEEE binary16 means; exact.
float numberOfHalf(uint16_t code) {
  int exponent = code >> 10 & 31, mantissa = code & 1023;
  float magnitude = exponent == 31 ? (mantissa ? NAN : INFINITY)
                    : exponent     ? std::ldexp(float(1024 + mantissa), exponent - 25)
                                   : std::ldexp(float(mantissa), -24);
  return code >> 15 ? -magnitude : magnitude;
}

/// The number that a code of bfloat16, the upper half of a binary32, means.
float numberOfBfloat(uint16_t code) {
  uint32_t bits = uint32_t(code) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// Elements stored as T, each of which means the number that `meaning` gives.
template <typename T, typename Meaning>
Status convert(const std::string &path, const uint8_t *from, ByteOrder order,
               std::vector<float> &values, Meaning meaning) {
  for (size_t i = 0; i < values.size(); ++i) {
    auto value = meaning(loadAs<T>(from + i * sizeof(T), order));
    if constexpr (std::is_floating_point_v<decltype(value)>) {
      bool fits = std::isfinite(value) && std::fabs(double(value)) <= 0x1.fffffep+127;
      if (!fits)
        return Error{path + ": element " + std::to_string(i) + " is " + std::to_string(value) +
                     ", expected a finite f32 value"};
    } else if (isBeyondExact(value)) {
      return Error{path + ": element " + std::to_string(i) + " is " + std::to_string(value) +
                   ", expected an integer that f32 represents, at most 2^24"};
    }
    values[i] = float(value);
  }
  return Status::success();
}

template <typename T>
Status convert(const std::string &path, const uint8_t *from, ByteOrder order,
               std::vector<float> &values) {
  return convert<T>(path, from, order, values, [](T value) { return value; });
}

} // namespace

size_t sizeOf(ElementKind kind) {
  switch (kind) {
  case ElementKind::boolean:
  case ElementKind::u8:
  case ElementKind::i8:
    return 1;
  case ElementKind::u16:
  case ElementKind::i16:
  case ElementKind::f16:
  case ElementKind::bf16:
    return 2;
  case ElementKind::u32:
  case ElementKind::i32:
  case ElementKind::f32:
    return 4;
  case ElementKind::u64:
  case ElementKind::i64:
  case ElementKind::f64:
    return 8;
  }
  return 0;
}

const char *nameOf(ElementKind kind) {
  switch (kind) {
  case ElementKind::boolean:
    return "bool";
  case ElementKind::u8:
    return "u8";
  case ElementKind::u16:
    return "u16";
  case ElementKind::u32:
    return "u32";
  case ElementKind::u64:
    return "u64";
  case ElementKind::i8:
    return "i8";
  case ElementKind::i16:
    return "i16";
  case ElementKind::i32:
    return "i32";
  case ElementKind::i64:
    return "i64";
  case ElementKind::f16:
    return "f16";
  case ElementKind::bf16:
    return "bf16";
  case ElementKind::f32:
    return "f32";
  case ElementKind::f64:
    return "f64";
  }
  return "";
}

Result<std::vector<uint8_t>> readFile(const std::string &path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error))
    return Error{path + ": no such file"};
  if (!std::filesystem::is_regular_file(path, error))
    return Error{path + ": not a regular file"};
  std::ifstream stream(path, std::ios::binary | std::ios::ate);
  if (!stream)
    return Error{path + ": cannot open the file"};
  std::streamoff size = stream.tellg();
  if (size < 0)
    return Error{path + ": cannot read the file"};
  std::vector<uint8_t> bytes(size);
  stream.seekg(0);
  if (!stream.read(reinterpret_cast<char *>(bytes.data()), size))
    return Error{path + ": cannot read the file"};
  return bytes;
}

Result<Array> arrayOf(const std::string &path, std::vector<uint8_t> file, size_t offset,
                      std::vector<uint64_t> shape, ElementKind kind, ByteOrder order) {
  // Extents are untrusted; past what the file could hold the product no longer matters.
  unsigned __int128 elements = 1;
  for (uint64_t extent : shape) {
    if (extent == 0)
      return Error{path + ": the shape is " + spellShape(shape) +
                   ", expected at least one element"};
    if (elements <= file.size())
      elements *= extent;
  }
  if (shape.empty())
    return Error{path + ": holds a scalar, expected the samples as its first dimension"};
  size_t found = file.size() - offset;
  if (elements * sizeOf(kind) != found)
    return Error{path + ": " + std::to_string(found) + " bytes of data, expected " +
                 spellShape(shape) + " elements of " + nameOf(kind)};
  Array array;
  array.shape = std::move(shape);
  if (kind == ElementKind::u8) {
    array.isBytes = true;
    array.bytes = std::move(file);
    array.bytes.erase(array.bytes.begin(), array.bytes.begin() + offset);
    return array;
  }
  array.values.resize(size_t(elements));
  const uint8_t *from = file.data() + offset;
  auto run = [&]() -> Status {
    switch (kind) {
    case ElementKind::boolean:
      return convert<uint8_t>(path, from, order, array.values,
                              [](uint8_t value) { return int32_t(value != 0); });
    case ElementKind::u16:
      return convert<uint16_t>(path, from, order, array.values);
    case ElementKind::u32:
      return convert<uint32_t>(path, from, order, array.values);
    case ElementKind::u64:
      return convert<uint64_t>(path, from, order, array.values);
    case ElementKind::f16:
      return convert<uint16_t>(path, from, order, array.values, numberOfHalf);
    case ElementKind::bf16:
      return convert<uint16_t>(path, from, order, array.values, numberOfBfloat);
    case ElementKind::i8:
      return convert<int8_t>(path, from, order, array.values);
    case ElementKind::i16:
      return convert<int16_t>(path, from, order, array.values);
    case ElementKind::i32:
      return convert<int32_t>(path, from, order, array.values);
    case ElementKind::i64:
      return convert<int64_t>(path, from, order, array.values);
    case ElementKind::f32:
      return convert<float>(path, from, order, array.values);
    case ElementKind::f64:
      return convert<double>(path, from, order, array.values);
    case ElementKind::u8:
      break; // above
    }
    return Status::success();
  };
  if (Status status = run(); !status)
    return status.takeError();
  return array;
}

} // namespace slp::data
