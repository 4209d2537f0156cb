//===- Case.cpp - a test case of the ONNX project ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "Case.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/Support/Endian.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

using namespace slp;
using namespace slp::conformance;
namespace fs = std::filesystem;

static bool parseFile(const std::string &path, google::protobuf::Message &message) {
  std::ifstream in(path, std::ios::binary);
  return in && message.ParseFromIstream(&in);
}

//===----------------------------------------------------------------------------------------===//
// Cases
//===----------------------------------------------------------------------------------------===//

/// Whether the standard says that the node's outputs are drawn at random.
static bool isRandom(const onnx::NodeProto &node, int64_t opset) {
  static const std::set<std::string> always = {"Bernoulli",         "Multinomial",
                                               "RandomNormal",      "RandomUniform",
                                               "RandomUniformLike", "RandomNormalLike"};
  if (always.count(node.op_type()))
    return true;
  // Since operator set 12 a third input says whether Dropout trains.
  return node.op_type() == "Dropout" && opset >= 12 && node.input_size() == 3 &&
         !node.input(2).empty();
}

static void addOperators(const onnx::GraphProto &graph, Case &testCase) {
  for (const onnx::NodeProto &node : graph.node()) {
    bool isStandard = node.domain().empty() || node.domain() == "ai.onnx";
    testCase.operators.insert(isStandard ? node.op_type() : node.domain() + "." + node.op_type());
    testCase.isRandom |= isRandom(node, testCase.opset);
    for (const onnx::AttributeProto &attribute : node.attribute()) {
      if (attribute.has_g())
        addOperators(attribute.g(), testCase);
      for (const onnx::GraphProto &inner : attribute.graphs())
        addOperators(inner, testCase);
    }
  }
}

static Status readCase(const fs::path &folder, Case &testCase) {
  onnx::ModelProto model;
  testCase.model = folder / "model.onnx";
  if (!parseFile(testCase.model, model))
    return Error{testCase.model + ": not an ONNX model"};
  for (const onnx::OperatorSetIdProto &set : model.opset_import())
    if (set.domain().empty() || set.domain() == "ai.onnx")
      testCase.opset = set.version();
  addOperators(model.graph(), testCase);
  auto addValue = [&](const onnx::ValueInfoProto &value, std::vector<std::string> &names) {
    names.push_back(value.name());
    if (!value.type().has_tensor_type())
      testCase.otherThanTensors.insert(value.name());
    if (value.type().tensor_type().elem_type() == onnx::TensorProto::BFLOAT16)
      testCase.bfloats.insert(value.name());
  };
  for (const onnx::ValueInfoProto &input : model.graph().input())
    addValue(input, testCase.inputs);
  for (const onnx::ValueInfoProto &output : model.graph().output())
    addValue(output, testCase.outputs);
  for (const fs::directory_entry &entry : fs::directory_iterator(folder))
    if (entry.path().filename().string().rfind("test_data_set_", 0) == 0)
      testCase.dataFolders.push_back(entry.path());
  std::sort(testCase.dataFolders.begin(), testCase.dataFolders.end());
  return Status::success();
}

Result<std::vector<Case>> slp::conformance::findCases(const std::string &folder) {
  std::vector<Case> cases;
  std::error_code error;
  fs::recursive_directory_iterator it(folder, error), end;
  auto add = [&](const fs::path &path) {
    Case testCase;
    testCase.name =
        path == folder ? path.filename().string() : path.lexically_relative(folder).string();
    Status status = readCase(path, testCase);
    cases.push_back(std::move(testCase));
    return status;
  };
  if (!error && fs::exists(fs::path(folder) / "model.onnx"))
    if (Status status = add(folder); !status)
      return status.takeError();
  for (; !error && it != end; it.increment(error))
    if (it->is_directory() && fs::exists(it->path() / "model.onnx"))
      if (Status status = add(it->path()); !status)
        return status.takeError();
  if (error)
    return Error{folder + ": " + error.message()};
  std::sort(cases.begin(), cases.end(),
            [](const Case &a, const Case &b) { return a.name < b.name; });
  return cases;
}

//===----------------------------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------------------------===//

static double fromBits(const llvm::fltSemantics &format, uint64_t bits) {
  llvm::APFloat value(format, llvm::APInt(16, bits));
  bool losesInfo = false;
  value.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return value.convertToDouble();
}

/// The i-th element of raw data; 0 bytes means a type that has none.
template <typename T> static double rawAt(const std::string &raw, size_t i) {
  return static_cast<double>(
      llvm::support::endian::read<T, llvm::endianness::little>(raw.data() + i * sizeof(T)));
}

template <typename T> static void readRaw(const std::string &raw, std::vector<double> &out) {
  for (size_t i = 0; i < raw.size() / sizeof(T); ++i)
    out.push_back(rawAt<T>(raw, i));
}

static Status readElements(const onnx::TensorProto &tensor, std::vector<double> &out) {
  const std::string &raw = tensor.raw_data();
  auto typed = [&](const auto &field) {
    for (auto value : field)
      out.push_back(static_cast<double>(value));
  };
  auto halves = [&](const llvm::fltSemantics &format) {
    if (raw.empty())
      typed(tensor.int32_data());
    else
      readRaw<uint16_t>(raw, out);
    for (double &value : out)
      value = fromBits(format, static_cast<uint64_t>(value));
  };
  switch (tensor.data_type()) {
  case onnx::TensorProto::FLOAT:
    raw.empty() ? typed(tensor.float_data()) : readRaw<float>(raw, out);
    return Status::success();
  case onnx::TensorProto::DOUBLE:
    raw.empty() ? typed(tensor.double_data()) : readRaw<double>(raw, out);
    return Status::success();
  case onnx::TensorProto::INT64:
    raw.empty() ? typed(tensor.int64_data()) : readRaw<int64_t>(raw, out);
    return Status::success();
  case onnx::TensorProto::UINT64:
  case onnx::TensorProto::UINT32:
    if (raw.empty())
      typed(tensor.uint64_data());
    else if (tensor.data_type() == onnx::TensorProto::UINT64)
      readRaw<uint64_t>(raw, out);
    else
      readRaw<uint32_t>(raw, out);
    return Status::success();
  case onnx::TensorProto::INT32:
    raw.empty() ? typed(tensor.int32_data()) : readRaw<int32_t>(raw, out);
    return Status::success();
  case onnx::TensorProto::INT16:
    raw.empty() ? typed(tensor.int32_data()) : readRaw<int16_t>(raw, out);
    return Status::success();
  case onnx::TensorProto::UINT16:
    raw.empty() ? typed(tensor.int32_data()) : readRaw<uint16_t>(raw, out);
    return Status::success();
  case onnx::TensorProto::INT8:
    raw.empty() ? typed(tensor.int32_data()) : readRaw<int8_t>(raw, out);
    return Status::success();
  case onnx::TensorProto::UINT8:
  case onnx::TensorProto::BOOL:
    raw.empty() ? typed(tensor.int32_data()) : readRaw<uint8_t>(raw, out);
    return Status::success();
  case onnx::TensorProto::FLOAT16:
    halves(llvm::APFloat::IEEEhalf());
    return Status::success();
  case onnx::TensorProto::BFLOAT16:
    halves(llvm::APFloat::BFloat());
    return Status::success();
  default:
    return Error{"values of data type " + std::to_string(tensor.data_type()) +
                 " are not supported"};
  }
}

static Status readTensors(const Case &testCase, const std::string &folder, const std::string &kind,
                          const std::vector<std::string> &names, std::map<std::string, Values> &out,
                          std::map<std::string, std::string> &files) {
  for (size_t i = 0; i < names.size(); ++i) {
    std::string file = kind + "_" + std::to_string(i) + ".pb";
    if (!fs::exists(fs::path(folder) / file))
      continue; // an initializer that is an input too, or an optional input
    onnx::TensorProto tensor;
    if (testCase.otherThanTensors.count(names[i]))
      return Error{kind + " \"" + names[i] + "\": expected a tensor"};
    if (!parseFile(fs::path(folder) / file, tensor))
      return Error{file + ": not a tensor"};
    if (testCase.bfloats.count(names[i]) && tensor.data_type() == onnx::TensorProto::UINT16)
      tensor.set_data_type(onnx::TensorProto::BFLOAT16);
    files[names[i]] = fs::path(folder) / file;
    Values &values = out[names[i]];
    values.type = tensor.data_type();
    values.shape.assign(tensor.dims().begin(), tensor.dims().end());
    if (Status status = readElements(tensor, values.values); !status)
      return Error{file + ": " + status.message()};
    size_t count = 1;
    for (int64_t size : values.shape)
      count *= static_cast<size_t>(size);
    if (count != values.values.size())
      return Error{file + ": expected " + std::to_string(count) + " values, found " +
                   std::to_string(values.values.size())};
  }
  return Status::success();
}

Result<DataSet> slp::conformance::readDataSet(const Case &testCase, const std::string &folder) {
  DataSet set;
  if (Status status =
          readTensors(testCase, folder, "input", testCase.inputs, set.inputs, set.files);
      !status)
    return status.takeError();
  std::map<std::string, std::string> unused;
  if (Status status =
          readTensors(testCase, folder, "output", testCase.outputs, set.outputs, unused);
      !status)
    return status.takeError();
  return set;
}
