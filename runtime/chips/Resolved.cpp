//===- Resolved.cpp - a chip description as text that needs no other file ---------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/chips/Resolved.h"

#include <algorithm>
#include <yaml-cpp/yaml.h>

namespace slp::chip {

/// Bare where every reader takes it for this string or number, else in single quotes, in
/// which only these are written twice.
static std::string scalarText(const std::string &value) {
  auto isPlain = [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '.' || c == '/' || c == '-' || c == '+';
  };
  std::string lower = value;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  bool isBare = !value.empty() && std::all_of(value.begin(), value.end(), isPlain) &&
                lower != "null" && value.find_first_not_of("-.") != std::string::npos;
  if (isBare)
    return value;
  std::string text = "'";
  for (char c : value)
    text += c == '\'' ? "''" : std::string(1, c);
  return text + "'";
}

static bool isMapOfScalars(const YAML::Node &map) {
  for (const auto &entry : map)
    if (!entry.second.IsScalar())
      return false;
  return true;
}

static std::string listText(const YAML::Node &list) {
  std::string text = "[";
  for (const YAML::Node &item : list)
    text += (text.size() == 1 ? "" : ", ") + scalarText(item.Scalar());
  return text + "]";
}

static std::string lineText(const YAML::Node &map) {
  std::string text = "{";
  for (const auto &entry : map)
    text += (text.size() == 1 ? "" : ", ") + scalarText(entry.first.Scalar()) + ": " +
            scalarText(entry.second.Scalar());
  return text + "}";
}

static void print(const YAML::Node &map, size_t indent, std::string &text) {
  for (const auto &entry : map) {
    const YAML::Node &value = entry.second;
    text += std::string(indent, ' ') + scalarText(entry.first.Scalar()) + ":";
    bool isBlock = value.IsMap() && value.size() != 0 && (indent == 0 || !isMapOfScalars(value));
    if (isBlock) {
      text += "\n";
      print(value, indent + 2, text);
      continue;
    }
    text += " " +
            (value.IsMap()        ? lineText(value)
             : value.IsSequence() ? listText(value)
                                  : scalarText(value.Scalar())) +
            "\n";
  }
}

std::string resolvedText(const YAML::Node &root) {
  std::string text;
  print(root, 0, text);
  return text;
}

} // namespace slp::chip
