//===- ProgramNames.h - tensors that are called like programs ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Tensors and programs are symbols of one module, from import to image. Called by Import.cpp,
// before anything else looks at the file.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_IMPORT_ONNX_PROGRAMNAMES_H
#define LIB_IMPORT_ONNX_PROGRAMNAMES_H

#include "onnx/onnx_pb.h"

#include <string>
#include <utility>
#include <vector>

namespace slp::import_onnx {

/// Calls tensors with the name of a program (init, accumulate, step, eval) by that name and an
/// underscore, or as many as make it new, everywhere in the model but in the bodies of its
/// functions, whose names are their own. Returns the pairs (old, new) that occurred.
std::vector<std::pair<std::string, std::string>> renameProgramNames(onnx::ModelProto &model);

} // namespace slp::import_onnx

#endif // LIB_IMPORT_ONNX_PROGRAMNAMES_H
