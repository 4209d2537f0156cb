//===- TextModel.cpp - ONNX's textual syntax --------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The only file that knows libonnx's parser. It is compiled with exceptions: the parser throws on
// numbers that are out of range.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/ModelFile.h"

#include "onnx/defs/parser.h"

#include <algorithm>

using namespace slp;
using namespace slp::import_onnx;

/// How deep braces nest; those in strings do not count. The parser calls itself for each.
static unsigned nestingOf(const std::string &text) {
  unsigned depth = 0, deepest = 0;
  bool isString = false;
  for (char c : text) {
    isString ^= c == '"';
    if (c == '{' && !isString)
      deepest = std::max(deepest, ++depth);
    if (c == '}' && !isString && depth > 0)
      --depth;
  }
  return deepest;
}

Result<std::unique_ptr<ModelFile>> slp::import_onnx::parseTextModel(const std::string &text) {
  if (nestingOf(text) > 100) // protobuf's limit for binary models
    return Error{"not ONNX text: braces nest more than 100 deep"};
  auto result = std::make_unique<ModelFile>();
  std::string message;
  try {
    onnx::OnnxParser parser(text.c_str());
    auto status = parser.Parse(result->model);
    if (status.IsOK())
      return result;
    message = status.ErrorMessage();
  } catch (const std::exception &e) {
    message = std::string("number out of range (") + e.what() + ")";
  }
  // The parser's message has several lines: position, context, what was expected.
  for (char &c : message)
    if (c == '\n')
      c = ' ';
  return Error{"not ONNX text: " + message};
}
