//===- ModelFile.cpp - the bytes of an ONNX file ----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Weights can be gigabytes: parsing the file as one message would copy them all. The two outer
// levels of the wire format (ModelProto, GraphProto) and the initializers (TensorProto) are walked
// here, and a copy without long data is what protobuf parses.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/ModelFile.h"

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/stubs/logging.h"
#include "llvm/ADT/STLFunctionalExtras.h"

using namespace slp;
using namespace slp::import_onnx;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;

/// Data up to this many bytes are parsed with the structure: shapes, small constants.
static constexpr uint64_t longData = 4096;

// Field numbers of onnx.proto.
enum : uint32_t {
  graphOfModel = 7,
  trainingOfModel = 20,
  initializationOfTraining = 1,
  algorithmOfTraining = 2,
  initializerOfGraph = 5,
  floatDataOfTensor = 4,
  rawOfTensor = 9,
  doubleDataOfTensor = 10
};
enum : uint32_t { varint = 0, fixed64 = 1, lengthDelimited = 2, fixed32 = 5 };

namespace {
/// One field of a message: bytes [begin, end) of the file with its tag, the payload from `payload`.
struct Field {
  uint32_t number, wire;
  uint64_t begin, payload, end;
};
} // namespace

/// Calls `visit` for each field of the message in bytes [begin, end) of `file`, in order.
static Status walkMessage(llvm::StringRef file, uint64_t begin, uint64_t end,
                          llvm::function_ref<Status(const Field &)> visit) {
  const auto *data = reinterpret_cast<const uint8_t *>(file.data());
  CodedInputStream in(data + begin, int(end - begin));
  while (uint64_t(in.CurrentPosition()) < end - begin) {
    Field field;
    field.begin = begin + in.CurrentPosition();
    auto bad = [&](const char *what) {
      return Error{std::string("not an ONNX model, or truncated (") + what + " at byte " +
                   std::to_string(field.begin) + " of " + std::to_string(file.size()) + ")"};
    };
    uint32_t tag = in.ReadTag();
    field.number = tag >> 3;
    field.wire = tag & 7;
    if (field.number == 0)
      return bad("no field");
    field.payload = begin + in.CurrentPosition();
    uint64_t number = 0;
    uint32_t length = 0;
    if (field.wire == varint) {
      if (!in.ReadVarint64(&number))
        return bad("broken number");
    } else if (field.wire == lengthDelimited) {
      if (!in.ReadVarint32(&length))
        return bad("broken length");
      field.payload = begin + in.CurrentPosition();
      if (length > end - field.payload)
        return bad("field longer than the file");
      in.Skip(int(length));
    } else if (field.wire == fixed64 || field.wire == fixed32) {
      if (!in.Skip(field.wire == fixed64 ? 8 : 4))
        return bad("broken number");
    } else {
      return bad("unknown kind of field");
    }
    field.end = begin + in.CurrentPosition();
    if (Status status = visit(field); !status)
      return status;
  }
  return Status::success();
}

/// Appends a length-delimited field.
static void appendField(std::string &out, uint32_t number, const std::string &payload) {
  google::protobuf::io::StringOutputStream stream(&out);
  CodedOutputStream coded(&stream);
  coded.WriteTag(number << 3 | lengthDelimited);
  coded.WriteVarint32(uint32_t(payload.size()));
  coded.WriteString(payload);
}

/// Appends the TensorProto in `tensor` without its long data, and tells where they are.
static Result<DataSlice> stripTensor(llvm::StringRef file, const Field &tensor, std::string &out) {
  DataSlice slice;
  bool isSplit = false;
  Status status = walkMessage(file, tensor.payload, tensor.end, [&](const Field &field) {
    bool isData = field.wire == lengthDelimited &&
                  (field.number == rawOfTensor || field.number == floatDataOfTensor ||
                   field.number == doubleDataOfTensor);
    if (isData) {
      isSplit |= slice.length != 0;
      slice = {field.payload, field.end - field.payload, field.number == rawOfTensor};
    }
    if (!isData || slice.length <= longData)
      out.append(file.data() + field.begin, field.end - field.begin);
    return Status::success();
  });
  if (!status)
    return status.takeError();
  // Protobuf allows packed data in several runs; no exporter writes them.
  if (isSplit)
    return Error{"initializer with data in several runs is not supported"};
  return slice;
}

/// Appends the fields of the GraphProto in `graph` to `out`, initializers without their long data,
/// and tells where those are.
static Status stripGraph(llvm::StringRef file, const Field &graph, std::string &out,
                         std::vector<DataSlice> &slices) {
  return walkMessage(file, graph.payload, graph.end, [&](const Field &field) -> Status {
    if (field.number != initializerOfGraph || field.wire != lengthDelimited) {
      out.append(file.data() + field.begin, field.end - field.begin);
      return Status::success();
    }
    std::string tensor;
    Result<DataSlice> slice = stripTensor(file, field, tensor);
    if (!slice)
      return slice.takeError();
    appendField(out, initializerOfGraph, tensor);
    slices.push_back(*slice);
    return Status::success();
  });
}

/// The same for the TrainingInfoProto in `training`.
static Status stripTraining(llvm::StringRef file, const Field &training, std::string &out,
                            TrainingSlices &slices) {
  return walkMessage(file, training.payload, training.end, [&](const Field &field) -> Status {
    bool isInitialization = field.number == initializationOfTraining;
    if (field.wire != lengthDelimited ||
        (!isInitialization && field.number != algorithmOfTraining)) {
      out.append(file.data() + field.begin, field.end - field.begin);
      return Status::success();
    }
    std::string graph;
    Status status =
        stripGraph(file, field, graph, isInitialization ? slices.initialization : slices.algorithm);
    if (status)
      appendField(out, field.number, graph);
    return status;
  });
}

Result<DataSlice> slp::import_onnx::readTensor(llvm::StringRef bytes, onnx::TensorProto &tensor) {
  std::string stripped;
  if (bytes.size() > uint64_t(INT32_MAX))
    return Error{"a tensor of more than 2 GiB is not supported (protobuf's limit)"};
  Result<DataSlice> slice = stripTensor(bytes, {0, 0, 0, 0, bytes.size()}, stripped);
  google::protobuf::LogSilencer silencer;
  if (slice && !tensor.ParseFromString(stripped))
    return Error{"not a TensorProto"};
  return slice;
}

Result<std::unique_ptr<ModelFile>> slp::import_onnx::readBinaryModel(llvm::StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return Error{buffer.getError().message()};
  auto result = std::make_unique<ModelFile>();
  result->bytes = std::move(*buffer);
  llvm::StringRef file = result->bytes->getBuffer();
  if (file.size() > uint64_t(INT32_MAX))
    return Error{
        "a file of more than 2 GiB is not supported (protobuf's limit); keep the weights as "
        "external data"};

  std::string stripped, graph;
  bool hasGraph = false;
  Status status = walkMessage(file, 0, file.size(), [&](const Field &field) -> Status {
    if (field.number == graphOfModel && field.wire == lengthDelimited) {
      hasGraph = true;
      return stripGraph(file, field, graph, result->slices);
    }
    if (field.number == trainingOfModel && field.wire == lengthDelimited) {
      std::string training;
      Status status = stripTraining(file, field, training, result->trainingSlices.emplace_back());
      if (status)
        appendField(stripped, trainingOfModel, training);
      return status;
    }
    stripped.append(file.data() + field.begin, field.end - field.begin);
    return Status::success();
  });
  if (!status)
    return status.takeError();
  if (!hasGraph)
    return Error{"not an ONNX model (no graph)"};
  appendField(stripped, graphOfModel, graph);
  google::protobuf::LogSilencer silencer; // one clear line, ours
  if (!result->model.ParseFromString(stripped))
    return Error{"not an ONNX model, or truncated (a message does not parse)"};
  return result;
}
