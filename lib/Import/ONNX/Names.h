//===- Names.h - names that no user gave ------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A file does not tell a parameter from a number that an optimizer of graphs moved out of a
// Constant node. The name often does: docs/decisions/0019 lists the conventions. Called by
// Roles.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_IMPORT_ONNX_NAMES_H
#define LIB_IMPORT_ONNX_NAMES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace slp::import_onnx {

/// Whether `name` is what exporters call the output of a Constant node, or what tools call
/// constants that they made themselves.
bool isConstantName(llvm::StringRef name);
/// Whether `name` was made up for the value of some node: isConstantName, or the number or operator
/// of a node that has been computed.
bool isGeneratedName(llvm::StringRef name);

/// Whether the last part of `name` is what modules of PyTorch and its libraries call buffers.
bool isBufferName(llvm::StringRef name);

/// `"a", "b", "c" and 12 more`, for messages of one line.
std::string quoteNames(llvm::ArrayRef<std::string> names);

} // namespace slp::import_onnx

#endif // LIB_IMPORT_ONNX_NAMES_H
