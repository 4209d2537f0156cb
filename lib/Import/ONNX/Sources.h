//===- Sources.h - where the values of initializers come from ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The model file, external data beside it, or the files of --params; large values stay where they
// are. Called by Initializers.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_IMPORT_ONNX_SOURCES_H
#define LIB_IMPORT_ONNX_SOURCES_H

#include "lib/Import/ONNX/Constant.h"
#include "lib/Import/ONNX/ModelFile.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringMap.h"

#include <optional>

namespace slp::import_onnx {

/// The values of one initializer, not yet read.
struct Source {
  const onnx::TensorProto *tensor = nullptr; // type and shape; values too, if `data` is empty
  llvm::StringRef data;                      // little-endian elements, row-major
  llvm::StringRef stored;                    // the same as they lie in the file
  std::string path;                          // of the file with `stored`, from the model's folder
  uint64_t offset = 0;                       // of `stored` in it, bytes
  bool isAbsent = false;                     // external data that do not exist
  std::string absence;                       // why

  int32_t type() const { return tensor->data_type(); }
  llvm::ArrayRef<int64_t> shape() const {
    return {tensor->dims().data(), size_t(tensor->dims_size())};
  }
};

class Sources {
public:
  /// `path` is the model's; both must outlive this.
  Sources(llvm::StringRef path, const ModelFile &model);

  /// Reads what is needed of --params: a model with initializers, or a folder of NAME.npy and
  /// NAME.pb. Messages name the file.
  Status openParams(llvm::StringRef path);
  /// Collects the model's own; fails if two have one name.
  Status collect();

  bool contains(llvm::StringRef name) { return own.count(name) || inParams(name); }
  /// Whether --params has values for `name`.
  bool inParams(llvm::StringRef name);
  /// Type and shape of an initializer without looking for its data; null if there is none.
  const onnx::TensorProto *header(llvm::StringRef name);
  /// Everything of an initializer that exists; --params comes first. Fails for external data that
  /// lie outside the model's folder, or are shorter than they should be.
  Result<Source> find(llvm::StringRef name);

private:
  Result<llvm::StringRef> open(const std::string &path);
  Result<Source> findExternal(const onnx::TensorProto &tensor);
  Result<Source> sourceOf(const ModelFile &file, int index, const std::string &path);
  Status openParamFile(llvm::StringRef name, const std::string &path);
  std::string fromModel(llvm::StringRef path) const;

  std::string modelPath, folder;
  const ModelFile &model;
  std::unique_ptr<ModelFile> params; // --params=FILE
  std::string paramsPath, paramsFolder;
  llvm::StringMap<int> own, ofParams; // name to index in the file
  llvm::StringMap<std::optional<Source>> ofFolder;
  std::vector<std::unique_ptr<onnx::TensorProto>> headers; // of files in the folder
  std::vector<std::unique_ptr<std::string>> rearranged;    // elements of some of them
  llvm::StringMap<std::unique_ptr<llvm::MemoryBuffer>> files;
};

/// A tensor alone in a file: .npy, or .pb for a TensorProto.
Result<Constant> readTensorFile(const std::string &path);

/// The type of a floating tensor in the step: f32. Fails for other element types and impossible
/// sizes.
Result<mlir::RankedTensorType> stateTypeOf(const onnx::TensorProto &tensor,
                                           mlir::MLIRContext *context);

/// The `init` of a train.state: #train.file, or, where the values do not lie in one piece, a dense
/// attribute of at most 4096 bytes.
Result<mlir::Attribute> initialValueOf(const Source &source, mlir::RankedTensorType type);

} // namespace slp::import_onnx

#endif // LIB_IMPORT_ONNX_SOURCES_H
