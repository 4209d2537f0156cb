//===- Operands.cpp - tokens and names of assembly --------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The scanner, quoted names, and the tables of names that operands may use.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/isa/Assembly.h"
#include "runtime/isa/Cursor.h"

#include <algorithm>
#include <cstring>

namespace slp::mach {

static bool isWordChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.';
}

/// What ONNX names usually consist of stays without quotes.
static bool isBareNameChar(char c) { return isWordChar(c) || (c && std::strchr("$/:-", c)); }

static int hexDigit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

std::string_view Cursor::word() {
  skipSpace();
  size_t length = 0;
  while (length < rest.size() && isWordChar(rest[length]))
    ++length;
  std::string_view result = rest.substr(0, length);
  rest.remove_prefix(length);
  return result;
}

std::string Cursor::found() {
  skipSpace();
  std::string_view token = rest.substr(0, rest.find_first_of(" \t,]="));
  return token.empty()
             ? (rest.empty() ? "the end of the line" : "'" + std::string(1, rest[0]) + "'")
             : "'" + std::string(token) + "'";
}

Result<uint64_t> Cursor::number(bool &negative) {
  skipSpace();
  Error error{"expected a number within 64 bits, found " + found()};
  std::string_view text = rest;
  negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+'))
    text.remove_prefix(1);
  unsigned base = 10;
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    base = 16;
    text.remove_prefix(2);
  }
  uint64_t value = 0;
  size_t digits = 0;
  for (; digits < text.size(); ++digits) {
    int digit = hexDigit(text[digits]);
    if (digit < 0 || static_cast<unsigned>(digit) >= base)
      break;
    if (value > (~uint64_t(0) - static_cast<unsigned>(digit)) / base)
      return error;
    value = value * base + static_cast<unsigned>(digit);
  }
  bool endsInWord = digits < text.size() && isWordChar(text[digits]);
  if (digits == 0 || endsInWord || (negative && value > uint64_t(1) << 63))
    return error;
  text.remove_prefix(digits);
  rest = text;
  return negative ? 0 - value : value;
}

std::string quoteName(std::string_view name) {
  if (!name.empty() && std::all_of(name.begin(), name.end(), isBareNameChar))
    return std::string(name);
  static constexpr char digits[] = "0123456789abcdef";
  std::string result = "\"";
  for (char c : name) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      result += '\\';
      result += digits[byte >> 4];
      result += digits[byte & 15];
    } else {
      result += c;
    }
  }
  return result + '"';
}

Result<std::string> takeName(std::string_view &text) {
  if (text.empty() || text[0] != '"') {
    size_t length = 0;
    while (length < text.size() && isBareNameChar(text[length]))
      ++length;
    if (length == 0)
      return Error{"expected a name"};
    std::string name(text.substr(0, length));
    text.remove_prefix(length);
    return name;
  }
  std::string name;
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return name;
    }
    if (text[i] != '\\') {
      name += text[i];
    } else if (i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\')) {
      name += text[++i];
    } else if (i + 2 < text.size() && hexDigit(text[i + 1]) >= 0 && hexDigit(text[i + 2]) >= 0) {
      name += static_cast<char>(hexDigit(text[i + 1]) * 16 + hexDigit(text[i + 2]));
      i += 2;
    } else {
      return Error{"unknown escape in a quoted name"};
    }
  }
  return Error{"quoted name without a closing quote"};
}

Status OperandNames::addDescriptor(std::string name) {
  if (!descriptorIndices.emplace(name, descriptors.size()).second)
    return Error{"descriptor '@" + name + "' is defined twice"};
  descriptors.push_back(std::move(name));
  return Status::success();
}

Status OperandNames::addLabel(std::string name, int64_t pc) {
  if (name.size() < 2 || name[0] != '.' || !std::all_of(name.begin(), name.end(), isWordChar))
    return Error{"'" + name + "' is no label, expected a full stop, then letters and digits"};
  if (!labelTargets.emplace(name, pc).second)
    return Error{"label '" + name + "' is defined twice"};
  labelNames.emplace(pc, std::move(name));
  return Status::success();
}

const std::string *OperandNames::descriptorName(uint64_t index) const {
  return index < descriptors.size() ? &descriptors[index] : nullptr;
}

std::optional<uint64_t> OperandNames::descriptorIndex(std::string_view name) const {
  auto it = descriptorIndices.find(name);
  return it == descriptorIndices.end() ? std::nullopt : std::optional(it->second);
}

const std::string *OperandNames::labelAt(int64_t pc) const {
  auto it = labelNames.find(pc);
  return it == labelNames.end() ? nullptr : &it->second;
}

std::optional<int64_t> OperandNames::labelTarget(std::string_view name) const {
  auto it = labelTargets.find(name);
  return it == labelTargets.end() ? std::nullopt : std::optional(it->second);
}

} // namespace slp::mach
