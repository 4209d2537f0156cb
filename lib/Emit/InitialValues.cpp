//===- InitialValues.cpp - the first values of a state ----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Emit/InitialValues.h"

#include "runtime/data/NpyHeader.h"
#include "runtime/num/Random.h"

#include "dialects/Train/TrainState.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/xxhash.h"

#include <cmath>

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

/// The elements of a NumPy file that does not have them row-major and little-endian, rearranged;
/// empty for all other files. The header says what the file's bytes mean.
static FailureOr<std::string> rearranged(slp::train::FileAttr file, StringRef modelFolder,
                                         llvm::function_ref<InFlightDiagnostic()> error) {
  if (!file.getPath().ends_with(".npy"))
    return std::string();
  SmallString<128> path(modelFolder);
  llvm::sys::path::append(path, file.getPath());
  auto whole =
      llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!whole) {
    error() << path << ": " << whole.getError().message();
    return failure();
  }
  std::string_view text((*whole)->getBufferStart(), (*whole)->getBufferSize());
  auto header = slp::data::parseNpyHeader(path.str().str(), text);
  if (header && header->isPlain())
    return std::string();
  auto elements = header ? slp::data::plainElements(path.str().str(), *header, text)
                         : slp::Result<std::string>(header.takeError());
  if (!elements || elements->size() != file.getLength()) {
    error() << (elements ? (path + ": the file has changed since the model was imported").str()
                         : elements.message());
    return failure();
  }
  return elements.take();
}

/// Bytes of an element of an ONNX data type; 0 for those that states cannot have.
static size_t widthOf(unsigned type) {
  return type == 1 ? 4 : type == 11 ? 8 : type == 10 || type == 16 ? 2 : 0;
}

/// One little-endian element, rounded once to f32.
static float decode(const char *bytes, unsigned type) {
  namespace endian = llvm::support::endian;
  if (type == 1)
    return llvm::bit_cast<float>(endian::read32le(bytes));
  if (type == 11)
    return static_cast<float>(llvm::bit_cast<double>(endian::read64le(bytes)));
  uint16_t bits = endian::read16le(bytes);
  if (type == 16)
    return llvm::bit_cast<float>(uint32_t(bits) << 16);
  llvm::APFloat value(llvm::APFloat::IEEEhalf(), llvm::APInt(16, bits));
  bool losesInfo;
  value.convert(llvm::APFloat::IEEEsingle(), llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return value.convertToFloat();
}

/// docs/numerics.md section 7.
static std::vector<float> drawValues(slp::train::RandomAttr random, size_t count) {
  uint64_t tensor = slp::checksumOf(random.getName()) & 0xffffffffu;
  double bound = std::sqrt(6.0 / static_cast<double>(random.getFanIn()));
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) {
    uint32_t r = slp::num::random(random.getSeed(), slp::num::initialisationStream,
                                  tensor << 32 | static_cast<uint32_t>(i));
    double u = (static_cast<double>(r) - 2147483647.5) * 0x1p-31; // exact, in (-1, 1)
    values[i] = static_cast<float>(bound * u);
  }
  return values;
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
  if (auto random = dyn_cast<train::RandomAttr>(init))
    return drawValues(random, count);
  auto file = dyn_cast<train::FileAttr>(init);
  if (!file) {
    error() << "expected #train.file, #train.random or a dense f32 attribute, found " << init;
    return failure();
  }
  size_t width = widthOf(file.getType());
  if (width == 0) {
    error() << "expected ONNX data type 1 (float), 10 (float16), 11 (double) or 16 (bfloat16), "
               "found "
            << file.getType();
    return failure();
  }
  if (file.getLength() != count * width) {
    error() << "expected " << count * width << " bytes, found " << file.getLength();
    return failure();
  }
  auto slice = readSlice(file, modelFolder, error);
  if (failed(slice))
    return failure();
  auto moved = rearranged(file, modelFolder, error);
  if (failed(moved))
    return failure();
  std::vector<float> values(count);
  const char *bytes = moved->empty() ? (*slice)->getBufferStart() : moved->data();
  for (size_t i = 0; i < count; ++i)
    values[i] = decode(bytes + width * i, file.getType());
  return values;
}

FailureOr<std::vector<float>> slp::readInitialValues(const train::State &state,
                                                     StringRef modelFolder) {
  return readInitialValues(state.loc(), state.name(), state.type, state.init, modelFolder);
}
