//===- NpyFile.cpp - NumPy's array files ------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A magic string, a version, the length of a header, the header (a Python dictionary with the keys
// descr, fortran_order and shape), then the elements. Called by Dataset.cpp.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/data/NpyHeader.h"

#include "runtime/data/ArrayFile.h"

#include <charconv>
#include <optional>
#include <string_view>

namespace slp::data {

namespace {

struct NamedKind {
  std::string_view descr;
  ElementKind kind;
};
constexpr NamedKind kinds[] = {{"<f4", ElementKind::f32}, {"<f8", ElementKind::f64},
                               {"<i4", ElementKind::i32}, {"<i8", ElementKind::i64},
                               {"|u1", ElementKind::u8},  {"<u1", ElementKind::u8}};

/// The header's text from the value of `key` on, or nothing if the key is not there.
std::optional<std::string_view> valueOf(std::string_view header, std::string_view key) {
  size_t at = header.find("'" + std::string(key) + "'");
  if (at == std::string_view::npos)
    return std::nullopt;
  header.remove_prefix(at + key.size() + 2);
  at = header.find_first_not_of(" ");
  if (at == std::string_view::npos || header[at] != ':')
    return std::nullopt;
  at = header.find_first_not_of(" ", at + 1);
  if (at == std::string_view::npos)
    return std::nullopt;
  return header.substr(at);
}

bool startsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

/// "(3, 4)", "(3,)" or "()".
std::optional<std::vector<uint64_t>> parseShape(std::string_view text) {
  if (!startsWith(text, "("))
    return std::nullopt;
  text.remove_prefix(1);
  std::vector<uint64_t> shape;
  while (true) {
    while (startsWith(text, " "))
      text.remove_prefix(1);
    if (startsWith(text, ")"))
      return shape;
    uint64_t extent = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), extent);
    if (error != std::errc())
      return std::nullopt;
    shape.push_back(extent);
    text.remove_prefix(end - text.data());
    if (startsWith(text, ","))
      text.remove_prefix(1);
    else if (!startsWith(text, ")"))
      return std::nullopt;
  }
}

} // namespace

Result<NpyHeader> parseNpyHeader(const std::string &path, std::string_view file) {
  constexpr std::string_view magic = "\x93NUMPY";
  if (!startsWith(file, magic) || file.size() < 10)
    return Error{path + ": not a NumPy file, which begins with \\x93NUMPY"};
  auto byteAt = [&](size_t i) { return size_t(uint8_t(file[i])); };
  size_t version = byteAt(6);
  if (version != 1 && version != 2)
    return Error{path + ": NumPy file version " + std::to_string(version) + ", expected 1 or 2"};
  size_t begin = version == 1 ? 10 : 12;
  if (file.size() < begin)
    return Error{path + ": the file ends within its header"};
  size_t length = byteAt(8) | byteAt(9) << 8;
  if (version == 2)
    length |= byteAt(10) << 16 | byteAt(11) << 24;
  if (file.size() - begin < length)
    return Error{path + ": the file ends within its header of " + std::to_string(length) +
                 " bytes"};
  std::string_view header = file.substr(begin, length);

  auto descr = valueOf(header, "descr"), fortran = valueOf(header, "fortran_order"),
       shapeText = valueOf(header, "shape");
  if (!descr || !fortran || !shapeText)
    return Error{path + ": the header lacks descr, fortran_order or shape"};
  if (!startsWith(*fortran, "False"))
    return Error{path + ": the array is in Fortran order, expected C order "
                        "(numpy.ascontiguousarray)"};
  std::optional<std::vector<uint64_t>> shape = parseShape(*shapeText);
  if (!shape)
    return Error{path + ": the shape in the header cannot be read"};
  NpyHeader result;
  result.descr = descr->substr(0, descr->find_first_of(",}"));
  if (result.descr.size() >= 2 && result.descr.front() == '\'' && result.descr.back() == '\'')
    result.descr = result.descr.substr(1, result.descr.size() - 2);
  result.shape = std::move(*shape);
  result.offset = begin + length;
  return result;
}

Result<Array> readNpy(const std::string &path) {
  Result<std::vector<uint8_t>> read = readFile(path);
  if (!read)
    return read.takeError();
  std::vector<uint8_t> file = read.take();
  Result<NpyHeader> header =
      parseNpyHeader(path, {reinterpret_cast<const char *>(file.data()), file.size()});
  if (!header)
    return header.takeError();
  for (const NamedKind &named : kinds)
    if (header->descr == named.descr)
      return arrayOf(path, std::move(file), header->offset, std::move(header->shape), named.kind,
                     ByteOrder::little);
  return Error{path + ": elements are '" + header->descr +
               "', expected little-endian f4, f8, i4, i8 or u1"};
}

} // namespace slp::data
