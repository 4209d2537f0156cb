//===- InitialValues.cpp - the first values of a state ----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Emit/InitialValues.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;

uint64_t slp::checksumOf(StringRef bytes) { return llvm::xxh3_64bits(bytes); }

/// The bytes that `file` names, unchanged since import.
static FailureOr<std::unique_ptr<llvm::MemoryBuffer>>
readSlice(slp::train::FileAttr file, StringRef modelFolder,
          llvm::function_ref<InFlightDiagnostic()> error) {
  SmallString<128> path(modelFolder);
  llvm::sys::path::append(path, file.getPath());
  uint64_t size = 0;
  if (std::error_code code = llvm::sys::fs::file_size(path, size)) {
    error() << path << ": " << code.message()
            << "; weights are read from the model file, --params=DIR names its folder";
    return failure();
  }
  // A mapping past the end of the file would fault, not fail.
  if (file.getOffset() > size || file.getLength() > size - file.getOffset()) {
    error() << path << ": expected " << file.getLength() << " bytes at offset " << file.getOffset()
            << ", the file has " << size;
    return failure();
  }
  auto slice = llvm::MemoryBuffer::getFileSlice(path, file.getLength(), file.getOffset());
  if (!slice) {
    error() << path << ": " << slice.getError().message();
    return failure();
  }
  if (slp::checksumOf((*slice)->getBuffer()) != file.getChecksum()) {
    error() << path << ": the bytes at offset " << file.getOffset()
            << " have changed since the model was imported";
    return failure();
  }
  return std::move(*slice);
}

FailureOr<std::vector<float>> slp::readInitialValues(Location loc, StringRef name,
                                                     RankedTensorType type, Attribute init,
                                                     StringRef modelFolder) {
  // An initializer is no node: its name is part of the message, not of the location.
  Location place = isa<NameLoc>(loc) ? UnknownLoc::get(loc.getContext()) : loc;
  auto error = [&] { return emitError(place) << "initial value of \"" << name << "\": "; };
  size_t count = type.getNumElements();
  if (!init)
    return std::vector<float>(count, 0.0f);
  if (auto dense = dyn_cast<DenseElementsAttr>(init)) {
    auto values = dense.tryGetValues<float>();
    if (failed(values) || values->size() != count) {
      error() << "expected " << count << " f32 elements, found " << dense.getType();
      return failure();
    }
    return std::vector<float>(values->begin(), values->end());
  }
  auto file = dyn_cast<train::FileAttr>(init);
  if (!file) {
    error() << "expected #train.file or a dense f32 attribute, found " << init;
    return failure();
  }
  if (file.getType() != 1) { // ONNX TensorProto::FLOAT
    error() << "expected ONNX data type 1 (float), found " << file.getType();
    return failure();
  }
  if (file.getLength() != count * 4) {
    error() << "expected " << count * 4 << " bytes, found " << file.getLength();
    return failure();
  }
  auto slice = readSlice(file, modelFolder, error);
  if (failed(slice))
    return failure();
  std::vector<float> values(count);
  const char *bytes = (*slice)->getBufferStart();
  for (size_t i = 0; i < count; ++i)
    values[i] = llvm::bit_cast<float>(llvm::support::endian::read32le(bytes + 4 * i));
  return values;
}

FailureOr<std::vector<float>> slp::readInitialValues(train::StateOp state, StringRef modelFolder) {
  return readInitialValues(state.getLoc(), state.getSymName(),
                           cast<RankedTensorType>(state.getType()), state.getInitAttr(),
                           modelFolder);
}
