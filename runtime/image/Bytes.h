//===- Bytes.h - little-endian records --------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Writes and reads the notes and the debug section of an image: fixed-width little-endian numbers,
// strings and lists with a 32-bit count before them. The reader never reads beyond its end,
// whatever the bytes say. Private to runtime/image.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_IMAGE_BYTES_H
#define RUNTIME_IMAGE_BYTES_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slp::image {

/// Appends records to a byte string.
class ByteWriter {
public:
  std::vector<uint8_t> bytes;

  void u8(uint8_t value) { bytes.push_back(value); }
  void u32(uint32_t value) { number(value, 4); }
  void u64(uint64_t value) { number(value, 8); }
  void i32(int32_t value) { u32(uint32_t(value)); }
  void i64(int64_t value) { u64(uint64_t(value)); }
  void count(size_t value) { u32(uint32_t(value)); }
  void text(std::string_view value) {
    count(value.size());
    bytes.insert(bytes.end(), value.begin(), value.end());
  }
  void list(const std::vector<int64_t> &values) {
    count(values.size());
    for (int64_t value : values)
      i64(value);
  }

private:
  void number(uint64_t value, int size) {
    for (int i = 0; i < size; ++i)
      bytes.push_back(uint8_t(value >> (8 * i)));
  }
};

/// Takes records from a byte string. After the first read beyond the end `ok` is false and every
/// read gives zero.
class ByteReader {
public:
  ByteReader(const uint8_t *data, size_t size) : at(data), left(size) {}

  bool ok() const { return good; }
  size_t remaining() const { return left; }
  uint8_t u8() { return uint8_t(number(1)); }
  uint32_t u32() { return uint32_t(number(4)); }
  uint64_t u64() { return number(8); }
  int32_t i32() { return int32_t(u32()); }
  int64_t i64() { return int64_t(u64()); }
  /// The length of a list whose elements take at least `elementSize` bytes; 0 and not ok if they
  /// cannot be there.
  size_t count(size_t elementSize) {
    size_t n = u32();
    if (n > left / elementSize)
      good = false;
    return good ? n : 0;
  }
  std::string text() {
    size_t n = count(1);
    std::string value(reinterpret_cast<const char *>(at), n);
    at += n;
    left -= n;
    return value;
  }
  std::vector<int64_t> list() {
    std::vector<int64_t> values(count(8));
    for (int64_t &value : values)
      value = i64();
    return values;
  }

private:
  const uint8_t *at;
  size_t left;
  bool good = true;

  uint64_t number(size_t size) {
    if (!good || left < size) {
      good = false;
      return 0;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < size; ++i)
      value |= uint64_t(at[i]) << (8 * i);
    at += size;
    left -= size;
    return value;
  }
};

} // namespace slp::image

#endif // RUNTIME_IMAGE_BYTES_H
