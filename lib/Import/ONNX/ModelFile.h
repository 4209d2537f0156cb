//===- ModelFile.h - the bytes of an ONNX file ------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Reads the structure of a model without its weights, and notes where those are. Called by
// Import.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_IMPORT_ONNX_MODELFILE_H
#define LIB_IMPORT_ONNX_MODELFILE_H

#include "runtime/api/Result.h"

#include "onnx/onnx_pb.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <vector>

namespace slp::import_onnx {

/// Where the values of one initializer lie in the file: `raw_data`, or one packed run of
/// `float_data` or `double_data`; all are little-endian elements.
struct DataSlice {
  uint64_t offset = 0, length = 0; // bytes; length 0: nowhere
  bool isRaw = false;
};

/// Where the values of a TrainingInfoProto's initializers lie.
struct TrainingSlices {
  std::vector<DataSlice> initialization, algorithm;
};

struct ModelFile {
  std::unique_ptr<llvm::MemoryBuffer> bytes;  // mapped; null for text
  onnx::ModelProto model;                     // without data longer than 4096 bytes
  std::vector<DataSlice> slices;              // one per initializer; empty for text
  std::vector<TrainingSlices> trainingSlices; // one per TrainingInfoProto; empty for text

  /// The elements of an initializer that are not in `model`; empty if they are.
  llvm::StringRef dataOf(int initializer) const {
    if (!bytes || slices[initializer].length == 0)
      return {};
    return bytes->getBuffer().substr(slices[initializer].offset, slices[initializer].length);
  }
};

/// Reads a TensorProto without data that lie in one piece in `bytes`, and tells where they are.
Result<DataSlice> readTensor(llvm::StringRef bytes, onnx::TensorProto &tensor);

/// Reads the binary file at `path`. Messages do not name the file.
Result<std::unique_ptr<ModelFile>> readBinaryModel(llvm::StringRef path);

/// Reads ONNX's textual syntax from `text`.
Result<std::unique_ptr<ModelFile>> parseTextModel(const std::string &text);

} // namespace slp::import_onnx

#endif // LIB_IMPORT_ONNX_MODELFILE_H
