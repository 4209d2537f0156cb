//===- Case.h - a test case of the ONNX project -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A folder with model.onnx and test_data_set_N/{input,output}_N.pb, as the ONNX project publishes
// them (Debian: libonnx-testdata). Found and read here; Check.cpp runs one.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TOOLS_SLP_CONFORMANCE_CASE_H
#define TOOLS_SLP_CONFORMANCE_CASE_H

#include "runtime/api/Result.h"

#include "onnx/onnx_pb.h"
#include "llvm/ADT/ArrayRef.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace slp::conformance {

/// The values of a tensor file; integers and booleans are exact up to 2^53.
struct Values {
  int type = 0; // onnx::TensorProto::DataType
  std::vector<int64_t> shape;
  std::vector<double> values; // row-major

  bool isFloat() const {
    return type == onnx::TensorProto::FLOAT || type == onnx::TensorProto::DOUBLE ||
           type == onnx::TensorProto::FLOAT16 || type == onnx::TensorProto::BFLOAT16;
  }
};

/// Inputs and expected outputs of one run, by the names in the graph.
struct DataSet {
  std::map<std::string, Values> inputs, outputs;
  std::map<std::string, std::string> files; // of the inputs
};

struct Case {
  std::string name;  // path below the folder on the command line, "node/test_relu"
  std::string model; // path of model.onnx
  std::vector<std::string> dataFolders;
  // From the model file:
  std::set<std::string> operators; // with domain, unless it is ONNX's own
  int64_t opset = 0;               // of ONNX's own domain; 0: none
  bool isRandom = false;           // its outputs are random by definition
  std::vector<std::string> inputs, outputs;
  std::set<std::string> otherThanTensors; // those of them that are sequences, optional values, maps
  std::set<std::string> bfloats;          // those of BFLOAT16: files may give their bits as UINT16
};

/// All cases in `folder` and below, sorted by name. Folders without a model are passed over.
Result<std::vector<Case>> findCases(const std::string &folder);

/// The tensors in one of the case's data folders. Fails for sequences, strings and damaged files.
Result<DataSet> readDataSet(const Case &testCase, const std::string &folder);

} // namespace slp::conformance

#endif // TOOLS_SLP_CONFORMANCE_CASE_H
