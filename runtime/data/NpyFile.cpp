//===- NpyFile.cpp - NumPy's array files ------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A magic string, a version, the length of a header, the header (a Python dictionary with the keys
// descr, fortran_order and shape), then the elements. Called by Dataset.cpp and by the importer.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/data/NpyHeader.h"

#include "runtime/api/Printable.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace slp::data {

namespace {

struct NamedKind {
  std::string_view name; // without the byte order
  ElementKind kind;
};
constexpr NamedKind kinds[] = {
    {"b1", ElementKind::boolean}, {"u1", ElementKind::u8},        {"u2", ElementKind::u16},
    {"u4", ElementKind::u32},     {"u8", ElementKind::u64},       {"i1", ElementKind::i8},
    {"i2", ElementKind::i16},     {"i4", ElementKind::i32},       {"i8", ElementKind::i64},
    {"f2", ElementKind::f16},     {"f4", ElementKind::f32},       {"f8", ElementKind::f64},
    {"V2", ElementKind::bf16},    {"bfloat16", ElementKind::bf16}};

/// The header's text from the value of `key` on, or nothing if the key is not there.
std::optional<std::string_view> valueOf(std::string_view header, std::string_view key) {
  size_t at = header.find("'" + std::string(key) + "'");
  if (at == std::string_view::npos)
    return std::nullopt;
  header.remove_prefix(at + key.size() + 2);
  at = header.find_first_not_of(' ');
  if (at == std::string_view::npos || header[at] != ':')
    return std::nullopt;
  at = header.find_first_not_of(' ', at + 1);
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
  if (!startsWith(*fortran, "False") && !startsWith(*fortran, "True"))
    return Error{path + ": fortran_order in the header is neither True nor False"};
  std::optional<std::vector<uint64_t>> shape = parseShape(*shapeText);
  if (!shape)
    return Error{path + ": the shape in the header cannot be read"};
  std::string_view name = descr->substr(0, descr->find_first_of(",}"));
  if (name.size() >= 2 && name.front() == '\'' && name.back() == '\'')
    name = name.substr(1, name.size() - 2);
  std::string_view plain = name;
  if (!plain.empty() && std::string_view("<>|=").find(plain.front()) != std::string_view::npos)
    plain.remove_prefix(1);
  auto named = std::find_if(std::begin(kinds), std::end(kinds),
                            [&](const NamedKind &known) { return known.name == plain; });
  if (named == std::end(kinds))
    return Error{path + ": elements are '" + printable(name) +
                 "', expected f2, f4, f8, i1 to i8, u1 to u8, b1 or bfloat16 (V2)"};
  NpyHeader result;
  result.kind = named->kind;
  result.order = name.front() == '>' ? ByteOrder::big : ByteOrder::little;
  result.isFortran = startsWith(*fortran, "True");
  result.shape = std::move(*shape);
  result.offset = begin + length;
  return result;
}

Result<std::string> plainElements(const std::string &path, const NpyHeader &header,
                                  std::string_view file) {
  std::string_view stored = file.substr(std::min(header.offset, file.size()));
  size_t width = sizeOf(header.kind);
  unsigned __int128 bytes = width; // extents are untrusted
  for (uint64_t extent : header.shape)
    bytes = std::min<unsigned __int128>(bytes * extent, UINT64_MAX);
  if (bytes != stored.size())
    return Error{path + ": " + std::to_string(stored.size()) + " bytes of data, expected " +
                 spellShape(header.shape) + " elements of " + nameOf(header.kind)};
  std::string plain(stored);
  if (header.isFortran && !plain.empty()) {
    // Steps in the file from one element to the next of each dimension.
    size_t rank = header.shape.size();
    std::vector<size_t> steps(rank), at(rank, 0);
    for (size_t d = 0, step = width; d < rank; step *= header.shape[d++])
      steps[d] = step;
    size_t from = 0;
    for (size_t to = 0; to < plain.size(); to += width) {
      std::copy_n(stored.begin() + from, width, plain.begin() + to);
      for (size_t d = rank; d-- > 0;) {
        from += steps[d];
        if (++at[d] < header.shape[d])
          break;
        from -= steps[d] * header.shape[d];
        at[d] = 0;
      }
    }
  }
  if (header.order == ByteOrder::big)
    for (size_t i = 0; i < plain.size(); i += width)
      std::reverse(plain.begin() + i, plain.begin() + i + width);
  return plain;
}

Result<Array> readNpy(const std::string &path) {
  Result<std::vector<uint8_t>> read = readFile(path);
  if (!read)
    return read.takeError();
  std::vector<uint8_t> file = read.take();
  std::string_view text(reinterpret_cast<const char *>(file.data()), file.size());
  Result<NpyHeader> header = parseNpyHeader(path, text);
  if (!header)
    return header.takeError();
  size_t offset = header->offset;
  if (!header->isPlain()) {
    Result<std::string> plain = plainElements(path, *header, text);
    if (!plain)
      return plain.takeError();
    file.assign(plain->begin(), plain->end());
    offset = 0;
  }
  return arrayOf(path, std::move(file), offset, std::move(header->shape), header->kind,
                 ByteOrder::little);
}

} // namespace slp::data
