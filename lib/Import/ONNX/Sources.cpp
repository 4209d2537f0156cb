//===- Sources.cpp - where the values of initializers come from -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Sources.h"

#include "dialects/Train/TrainDialect.h"
#include "runtime/data/NpyHeader.h"
#include "slp/Emit/InitialValues.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"

#include <filesystem>

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;
using onnx::TensorProto;

Sources::Sources(StringRef modelPath, const ModelFile &model)
    : modelPath(modelPath), folder(path::parent_path(modelPath)), model(model) {
  if (folder.empty())
    folder = ".";
}

/// `file` as seen from the model's folder.
std::string Sources::fromModel(StringRef file) const {
  SmallString<128> from(folder), to(file);
  // Where there is no working directory, names stay as they are.
  if (fs::make_absolute(from) || fs::make_absolute(to))
    return file.str();
  path::remove_dots(from, /*remove_dot_dot=*/true);
  path::remove_dots(to, /*remove_dot_dot=*/true);
  return std::filesystem::path(to.str().str()).lexically_relative(from.str().str()).string();
}

Status Sources::collect() {
  for (auto [i, tensor] : llvm::enumerate(model.model.graph().initializer()))
    if (!own.try_emplace(tensor.name(), i).second)
      return Error{"initializer \"" + tensor.name() + "\" is defined twice"};
  return Status::success();
}

Result<StringRef> Sources::open(const std::string &file) {
  std::unique_ptr<llvm::MemoryBuffer> &buffer = files[file];
  if (!buffer) {
    auto read =
        llvm::MemoryBuffer::getFile(file, /*IsText=*/false, /*RequiresNullTerminator=*/false);
    if (!read)
      return Error{read.getError().message()};
    buffer = std::move(*read);
  }
  return buffer->getBuffer();
}

//===----------------------------------------------------------------------------------------===//
// --params
//===----------------------------------------------------------------------------------------===//

Status Sources::openParams(StringRef file) {
  if (fs::is_directory(file)) {
    paramsFolder = file.str();
    return Status::success();
  }
  Result<std::unique_ptr<ModelFile>> read = readBinaryModel(file);
  if (!read)
    return Error{"--params=" + file.str() + ": " + read.message()};
  params = read.take();
  paramsPath = file.str();
  for (auto [i, tensor] : llvm::enumerate(params->model.graph().initializer()))
    ofParams.try_emplace(tensor.name(), i);
  return Status::success();
}

static TensorProto::DataType typeOf(data::ElementKind kind) {
  switch (kind) {
  case data::ElementKind::boolean:
    return TensorProto::BOOL;
  case data::ElementKind::u8:
    return TensorProto::UINT8;
  case data::ElementKind::u16:
    return TensorProto::UINT16;
  case data::ElementKind::u32:
    return TensorProto::UINT32;
  case data::ElementKind::u64:
    return TensorProto::UINT64;
  case data::ElementKind::i8:
    return TensorProto::INT8;
  case data::ElementKind::i16:
    return TensorProto::INT16;
  case data::ElementKind::i32:
    return TensorProto::INT32;
  case data::ElementKind::i64:
    return TensorProto::INT64;
  case data::ElementKind::f16:
    return TensorProto::FLOAT16;
  case data::ElementKind::bf16:
    return TensorProto::BFLOAT16;
  case data::ElementKind::f32:
    return TensorProto::FLOAT;
  case data::ElementKind::f64:
    return TensorProto::DOUBLE;
  }
  llvm_unreachable("all kinds are named above");
}

/// Type, shape and place of the elements of a tensor alone in `bytes`. Elements of a .npy that are
/// not row-major and little-endian come in `plain` as if they were.
static Result<DataSlice> readTensorHeader(const std::string &file, StringRef bytes,
                                          TensorProto &tensor, std::string &plain) {
  if (!StringRef(file).ends_with(".npy")) {
    Result<DataSlice> slice = readTensor(bytes, tensor);
    return slice ? slice : Result<DataSlice>(Error{file + ": " + slice.message()});
  }
  std::string_view text(bytes.data(), bytes.size());
  Result<data::NpyHeader> header = data::parseNpyHeader(file, text);
  if (!header)
    return header.takeError();
  tensor.set_data_type(typeOf(header->kind));
  for (uint64_t size : header->shape)
    tensor.add_dims(int64_t(size));
  if (!header->isPlain()) {
    Result<std::string> elements = data::plainElements(file, *header, text);
    if (!elements)
      return elements.takeError();
    plain = elements.take();
  }
  return DataSlice{header->offset, bytes.size() - header->offset, true};
}

bool Sources::inParams(StringRef name) {
  if (ofParams.count(name))
    return true;
  if (paramsFolder.empty() || name.contains('/') || name.contains('\\'))
    return false;
  auto [it, isNew] = ofFolder.try_emplace(name);
  if (!isNew)
    return it->second.has_value();
  for (StringRef extension : {".npy", ".pb"}) {
    SmallString<128> file(paramsFolder);
    path::append(file, name + extension);
    if (!fs::exists(file))
      continue;
    it->second.emplace();
    it->second->path = file.str().str();
    return true;
  }
  return false;
}

const TensorProto *Sources::header(StringRef name) {
  if (auto it = ofParams.find(name); it != ofParams.end())
    return &params->model.graph().initializer(it->second);
  if (inParams(name)) {
    Result<Source> source = find(name);
    return source ? source->tensor : nullptr;
  }
  auto it = own.find(name);
  return it == own.end() ? nullptr : &model.model.graph().initializer(it->second);
}

Result<Source> Sources::find(StringRef name) {
  if (auto it = ofParams.find(name); it != ofParams.end())
    return sourceOf(*params, it->second, fromModel(paramsPath));
  if (inParams(name)) {
    Source &source = *ofFolder.find(name)->second;
    if (source.tensor)
      return source;
    std::string file = source.path;
    Result<StringRef> bytes = open(file);
    if (!bytes)
      return Error{file + ": " + bytes.message()};
    auto tensor = std::make_unique<TensorProto>();
    auto plain = std::make_unique<std::string>();
    Result<DataSlice> slice = readTensorHeader(file, *bytes, *tensor, *plain);
    if (!slice)
      return slice.takeError();
    headers.push_back(std::move(tensor));
    source.tensor = headers.back().get();
    source.data = source.stored = bytes->substr(slice->offset, slice->length);
    if (!plain->empty()) {
      rearranged.push_back(std::move(plain));
      source.data = *rearranged.back();
    }
    source.offset = slice->offset;
    source.path = fromModel(file);
    return source;
  }
  return sourceOf(model, own.lookup(name), path::filename(modelPath).str());
}

//===----------------------------------------------------------------------------------------===//
// The model's own and external data
//===----------------------------------------------------------------------------------------===//

Result<Source> Sources::sourceOf(const ModelFile &file, int index, const std::string &from) {
  const TensorProto &tensor = file.model.graph().initializer(index);
  if (tensor.data_location() == TensorProto::EXTERNAL) {
    if (&file != &model)
      return Error{"external data of --params are not supported"};
    return findExternal(tensor);
  }
  Source source;
  source.tensor = &tensor;
  source.data = source.stored = file.dataOf(index);
  source.path = from;
  source.offset = file.bytes ? file.slices[index].offset : 0;
  return source;
}

/// Whether `file`, with links followed, is `folder` or below it.
static bool liesWithin(StringRef file, StringRef folder) {
  SmallString<128> realFile, realFolder;
  if (fs::real_path(file, realFile) || fs::real_path(folder, realFolder))
    return false;
  auto part = path::begin(realFile), end = path::end(realFile);
  for (auto of = path::begin(realFolder); of != path::end(realFolder); ++of, ++part)
    if (part == end || *part != *of)
      return false;
  return true;
}

Result<Source> Sources::findExternal(const TensorProto &tensor) {
  std::string location;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
  for (const onnx::StringStringEntryProto &entry : tensor.external_data()) {
    uint64_t number = 0;
    bool isNumber = entry.key() == "offset" || entry.key() == "length";
    if (isNumber && StringRef(entry.value()).getAsInteger(10, number))
      return Error{"external data: expected a number as " + entry.key() + ", found \"" +
                   entry.value() + "\""};
    if (entry.key() == "location")
      location = entry.value();
    else if (entry.key() == "offset")
      offset = number;
    else if (entry.key() == "length")
      length = number;
  }
  auto error = [&](const Twine &what) {
    return Error{("external data \"" + location + "\": " + what).str()};
  };
  bool leaves = llvm::any_of(llvm::make_range(path::begin(location), path::end(location)),
                             [](StringRef part) { return part == ".."; });
  if (location.empty() || path::is_absolute(location) || leaves)
    return error("expected a file below the model's folder");
  int64_t width = elementBytes(tensor.data_type());
  int64_t count = countElements({tensor.dims().data(), size_t(tensor.dims_size())});
  if (width == 0 || count < 0)
    return error("impossible size or type");
  uint64_t expected = uint64_t(count) * width;
  if (length && *length != expected)
    return error("expected " + Twine(expected) + " bytes, found a length of " + Twine(*length));

  Source source;
  source.tensor = &tensor;
  SmallString<128> file(folder);
  path::append(file, location);
  if (!fs::exists(file)) {
    source.isAbsent = true;
    source.absence = "external data \"" + location + "\": no such file";
    return source;
  }
  if (!liesWithin(file, folder))
    return error("the file lies outside the model's folder");
  if (!fs::is_regular_file(file))
    return error("expected a file");
  Result<StringRef> bytes = open(file.str().str());
  if (!bytes)
    return error(bytes.message());
  if (offset > bytes->size() || expected > bytes->size() - offset)
    return error("expected " + Twine(expected) + " bytes at offset " + Twine(offset) +
                 ", the file has " + Twine(bytes->size()));
  source.data = source.stored = bytes->substr(offset, expected);
  source.offset = offset;
  source.path = location;
  return source;
}

//===----------------------------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------------------------===//

Result<Constant> slp::import_onnx::readTensorFile(const std::string &file) {
  auto buffer =
      llvm::MemoryBuffer::getFile(file, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return Error{file + ": " + buffer.getError().message()};
  StringRef bytes = (*buffer)->getBuffer();
  TensorProto tensor;
  std::string plain;
  Result<DataSlice> slice = readTensorHeader(file, bytes, tensor, plain);
  if (!slice)
    return slice.takeError();
  Result<Constant> constant = readConstant(
      tensor, plain.empty() ? bytes.substr(slice->offset, slice->length) : StringRef(plain));
  return constant ? std::move(constant) : Result<Constant>(Error{file + ": " + constant.message()});
}

Result<RankedTensorType> slp::import_onnx::stateTypeOf(const TensorProto &tensor,
                                                       MLIRContext *context) {
  if (!isFloatingType(tensor.data_type()))
    return Error{"expected a floating data type, found " + typeName(tensor.data_type())};
  ArrayRef<int64_t> shape(tensor.dims().data(), tensor.dims_size());
  int64_t bytes = 8;
  for (int64_t size : shape)
    if (size < 1 || llvm::MulOverflow(bytes, size, bytes))
      return Error{"impossible size " + std::to_string(size)};
  return RankedTensorType::get(shape, Float32Type::get(context));
}

Result<Attribute> slp::import_onnx::initialValueOf(const Source &source, RankedTensorType type) {
  uint64_t count = type.getNumElements(), expected = count * elementBytes(source.type());
  if (!source.data.empty()) {
    if (source.data.size() != expected)
      return Error{"expected " + std::to_string(expected) + " bytes of data, found " +
                   std::to_string(source.data.size())};
    return Attribute(train::FileAttr::get(type.getContext(), source.path, source.offset, expected,
                                          source.type(), checksumOf(source.stored)));
  }
  Result<Constant> constant = readConstant(*source.tensor, "");
  if (!constant)
    return constant.takeError();
  if (count * 4 > 4096)
    return Error{"values beside raw_data or float_data hold at most 4096 bytes a tensor, found " +
                 std::to_string(count * 4) + "; use .onnx and raw_data"};
  SmallVector<float> values(constant->numbers.begin(), constant->numbers.end());
  return Attribute(DenseElementsAttr::get(type, ArrayRef(values)));
}
