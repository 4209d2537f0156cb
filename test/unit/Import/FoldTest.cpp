//===- FoldTest.cpp - operators on constants against NumPy ------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Property: every case of test/data/folds/cases.json is folded to NumPy's result, bit for bit, and
// every operator of the table has a case. What cannot be computed is refused, not wrapped around.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Fold.h"

#include "dialects/Train/TrainDialect.h"
#include "onnx/onnx_pb.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"

#include <set>

using namespace slp;
using namespace slp::import_onnx;

namespace {

std::vector<int64_t> integersOf(const llvm::json::Array &values) {
  std::vector<int64_t> result;
  for (const llvm::json::Value &value : values)
    result.push_back(*value.getAsInteger());
  return result;
}

Constant constantOf(const llvm::json::Object &json) {
  Constant c;
  c.type = *json.getInteger("type");
  for (int64_t size : integersOf(*json.getArray("shape")))
    c.shape.push_back(size);
  if (!c.isFloating())
    c.integers = integersOf(*json.getArray("values"));
  else
    for (const llvm::json::Value &value : *json.getArray("values"))
      c.numbers.push_back(*value.getAsNumber());
  return c;
}

/// One node by itself, all its inputs known.
class OneNode {
public:
  OneNode(const std::string &op, int64_t opset)
      : handler(&context, [this](mlir::Diagnostic &d) { error = d.str(); }),
        graph((context.loadDialect<train::TrainDialect>(), &context), "test") {
    graph.opset = opset;
    proto.set_op_type(op);
  }

  void addInput(Constant value) {
    std::string name = "in" + std::to_string(proto.input_size());
    graph.constants[name] = std::make_shared<const Constant>(std::move(value));
    proto.add_input(name);
  }
  void addInteger(const std::string &name, int64_t value) {
    onnx::AttributeProto &attribute = *proto.add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::INT);
    attribute.set_i(value);
  }
  void addString(const std::string &name, const std::string &value) {
    onnx::AttributeProto &attribute = *proto.add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::STRING);
    attribute.set_s(value);
  }
  void addIntegers(const std::string &name, const std::vector<int64_t> &values) {
    onnx::AttributeProto &attribute = *proto.add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::INTS);
    for (int64_t value : values)
      attribute.add_ints(value);
  }
  /// The outputs; empty if the fold did not succeed.
  std::vector<Constant> fold(int outputs = 1) {
    for (int i = 0; i < outputs; ++i)
      proto.add_output("out" + std::to_string(i));
    Node node(graph, proto, "node");
    auto rule = foldTable().find(proto.op_type());
    if (rule == foldTable().end())
      return {};
    mlir::FailureOr<bool> isFolded = rule->second.fold(node);
    std::vector<Constant> results;
    for (int i = 0; succeeded(isFolded) && *isFolded && i < outputs; ++i)
      results.push_back(*graph.constants.lookup(proto.output(i)));
    return results;
  }

  std::string error;

private:
  mlir::MLIRContext context;
  mlir::ScopedDiagnosticHandler handler;
  Graph graph;
  onnx::NodeProto proto;
};

TEST(Fold, AgreesWithNumPy) {
  auto buffer = llvm::MemoryBuffer::getFile(SLP_DATA_DIR "/folds/cases.json");
  ASSERT_TRUE(buffer);
  auto cases = llvm::json::parse((*buffer)->getBuffer());
  ASSERT_TRUE(bool(cases));
  std::set<std::string> seen = {"Constant"}; // no inputs: test/Import
  for (const auto &[index, value] : llvm::enumerate(*cases->getAsArray())) {
    const llvm::json::Object &test = *value.getAsObject();
    std::string op = test.getString("op")->str();
    SCOPED_TRACE("case " + std::to_string(index) + ": " + op);
    seen.insert(op);
    OneNode node(op, *test.getInteger("opset"));
    for (const auto &[name, attribute] : *test.getObject("attributes"))
      if (auto *list = attribute.getAsArray())
        node.addIntegers(name.str(), integersOf(*list));
      else if (auto text = attribute.getAsString())
        node.addString(name.str(), text->str());
      else
        node.addInteger(name.str(), *attribute.getAsInteger());
    for (const llvm::json::Value &input : *test.getArray("inputs"))
      node.addInput(constantOf(*input.getAsObject()));
    const llvm::json::Array &expected = *test.getArray("outputs");
    std::vector<Constant> got = node.fold(expected.size());
    EXPECT_EQ(node.error, "");
    ASSERT_EQ(got.size(), expected.size());
    for (size_t i = 0; i < got.size(); ++i) {
      Constant wanted = constantOf(*expected[i].getAsObject());
      EXPECT_EQ(got[i].type, wanted.type);
      EXPECT_EQ(llvm::ArrayRef(got[i].shape), llvm::ArrayRef(wanted.shape));
      EXPECT_EQ(got[i].integers, wanted.integers);
      EXPECT_EQ(got[i].numbers, wanted.numbers);
    }
  }
  for (const auto &entry : foldTable())
    EXPECT_TRUE(seen.count(entry.first)) << entry.first << " has no case";
}

TEST(Fold, RefusesOverflow) {
  OneNode sum("Add", 13);
  sum.addInput(Constant::ofIntegers({}, {INT64_MAX}));
  sum.addInput(Constant::ofIntegers({}, {1}));
  EXPECT_TRUE(sum.fold().empty());
  EXPECT_EQ(sum.error, "test: node \"node\": integer overflow or division by zero in Add");

  OneNode quotient("Div", 13);
  quotient.addInput(Constant::ofIntegers({}, {INT64_MIN}));
  quotient.addInput(Constant::ofIntegers({}, {-1}));
  EXPECT_TRUE(quotient.fold().empty());

  OneNode narrow("Cast", 13);
  narrow.addInput(Constant::ofNumbers({}, {3e9}));
  narrow.addInteger("to", onnx::TensorProto::INT32);
  EXPECT_TRUE(narrow.fold().empty());
  EXPECT_EQ(narrow.error,
            "test: node \"node\": 3000000000 does not fit INT32, to which it is cast");
}

TEST(Fold, RefusesLargeResultsBeforeAllocating) {
  OneNode fill("ConstantOfShape", 9);
  fill.addInput(Constant::ofIntegers(3, {1 << 20, 1 << 20, 1 << 20}));
  EXPECT_TRUE(fill.fold().empty());
  EXPECT_NE(fill.error, "");

  OneNode range("Range", 11);
  range.addInput(Constant::ofIntegers({}, {0}));
  range.addInput(Constant::ofIntegers({}, {INT64_MAX}));
  range.addInput(Constant::ofIntegers({}, {1}));
  EXPECT_TRUE(range.fold().empty());
  EXPECT_NE(range.error, "");
}

TEST(Fold, LeavesToTheOperatorWhatIeeeDoesNotDefine) {
  OneNode power("Pow", 13);
  power.addInput(Constant::ofNumbers({}, {2.0}));
  power.addInput(Constant::ofNumbers({}, {1.3}));
  EXPECT_TRUE(power.fold().empty());
  EXPECT_EQ(power.error, "");
}

} // namespace
