//===- Operators.cpp - the table of supported ONNX operators ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Operators.h"

#include "slp/Import/ONNX.h"

#include "onnx/onnx_pb.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

static constexpr const char *supportPage = "docs/onnx-support.md";

const OperatorTable &slp::import_onnx::operatorTable() {
  static const OperatorTable table = [] {
    OperatorTable t;
    addConvOperators(t);
    addDenseOperators(t);
    addElementwiseOperators(t);
    addLossOperators(t);
    addPoolOperators(t);
    addShapeOperators(t);
    return t;
  }();
  return table;
}

static std::string print(const onnx::AttributeProto &attribute) {
  std::string text;
  llvm::raw_string_ostream os(text);
  switch (attribute.type()) {
  case onnx::AttributeProto::INT:
    os << attribute.i();
    break;
  case onnx::AttributeProto::FLOAT:
    os << llvm::format("%g", attribute.f());
    break;
  case onnx::AttributeProto::INTS:
    os << '[';
    llvm::interleaveComma(attribute.ints(), os);
    os << ']';
    break;
  case onnx::AttributeProto::STRING:
    os << attribute.s();
    break;
  default:
    os << "(" << onnx::AttributeProto::AttributeType_Name(attribute.type()) << ")";
  }
  return text;
}

static onnx::AttributeProto::AttributeType onnxType(AttributeKind kind) {
  switch (kind) {
  case AttributeKind::integer:
    return onnx::AttributeProto::INT;
  case AttributeKind::integers:
    return onnx::AttributeProto::INTS;
  case AttributeKind::number:
    return onnx::AttributeProto::FLOAT;
  case AttributeKind::string:
    return onnx::AttributeProto::STRING;
  case AttributeKind::tensor:
    return onnx::AttributeProto::TENSOR;
  }
  llvm_unreachable("all kinds are named above");
}

/// Reports an attribute that the operator does not have, or a value that it may not have.
static LogicalResult checkAttribute(const onnx::AttributeProto &attribute, const Operator &op,
                                    function_ref<InFlightDiagnostic()> error) {
  auto rule = llvm::find_if(op.attributes,
                            [&](const AttributeRule &r) { return r.name == attribute.name(); });
  if (rule == op.attributes.end())
    return error() << "attribute " << attribute.name() << " is not supported (see " << supportPage
                   << ")";
  onnx::AttributeProto::AttributeType type = onnxType(rule->kind);
  if (attribute.type() != type)
    return error() << "attribute " << attribute.name() << ": expected "
                   << onnx::AttributeProto::AttributeType_Name(type) << ", found "
                   << onnx::AttributeProto::AttributeType_Name(attribute.type());
  bool isAccepted = rule->accepts ? rule->accepts(attribute)
                                  : rule->only.empty() || print(attribute) == rule->only;
  if (isAccepted)
    return success();
  StringRef quote = rule->kind == AttributeKind::string ? "\"" : "";
  return error() << "attribute " << attribute.name() << " = " << quote << print(attribute) << quote
                 << " is not supported, expected " << rule->only << " (see " << supportPage << ")";
}

const Operator *slp::import_onnx::checkNode(Graph &graph, const onnx::NodeProto &proto,
                                            const std::string &name) {
  auto error = [&] { return graph.error() << "node \"" << name << "\": "; };
  std::string type = proto.op_type();
  if (!proto.domain().empty() && proto.domain() != "ai.onnx")
    type = proto.domain() + "." + type;
  auto entry = operatorTable().find(type);
  if (entry == operatorTable().end()) {
    error() << "operator " << type << " is not supported (supported operators: " << supportPage
            << ")";
    return nullptr;
  }
  const Operator &op = entry->second;
  bool isFine = true;
  for (const onnx::AttributeProto &attribute : proto.attribute())
    isFine &= succeeded(checkAttribute(attribute, op, error));

  auto [required, optional] = StringRef(op.inputs).split('|');
  size_t most = required.size() + optional.size();
  auto present = llvm::count_if(proto.input(), [](const std::string &s) { return !s.empty(); });
  if (size_t(present) < required.size() || size_t(proto.input_size()) > most) {
    error() << type << ": expected " << required.size()
            << (most > required.size() ? " to " + std::to_string(most) : "") << " inputs, found "
            << proto.input_size();
    isFine = false;
  }
  if (proto.output_size() < 1 || proto.output(0).empty()) {
    error() << type << ": expected an output, found none";
    isFine = false;
  }
  for (int i = int(op.maxOutputs); i < proto.output_size(); ++i) {
    if (proto.output(i).empty())
      continue;
    error() << type << ": output \"" << proto.output(i) << "\" is not supported, expected "
            << op.maxOutputs;
    isFine = false;
  }
  return isFine ? &op : nullptr;
}

std::string slp::describeONNXSupport() {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "# Supported ONNX operators\n\n"
        "Made from the operator table in `lib/Import/ONNX`. Attributes that are not named here are "
        "refused, as are\nvalues other than the one given. Operator sets 7 and later; tensors are "
        "`float`, labels `int64` or `int32`.\n\n"
        "| operator | attributes | limits |\n|---|---|---|\n";
  for (const auto &[name, op] : operatorTable()) {
    os << "| " << name << " | ";
    llvm::interleaveComma(op.attributes, os, [&](const AttributeRule &rule) {
      os << '`' << rule.name << '`';
      if (!rule.only.empty())
        os << " (" << rule.only << ")";
    });
    os << " | " << op.notes << " |\n";
  }
  return text;
}
