//===- Operators.cpp - the table of supported ONNX operators ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Operators.h"

#include "lib/Import/ONNX/Fold.h"
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
    addActivationOperators(t);
    addArtifactOperators(t);
    addConvOperators(t);
    addDenseOperators(t);
    addEinsumOperators(t);
    addElementwiseOperators(t);
    addLossOperators(t);
    addMoveOperators(t);
    addNormalizationOperators(t);
    addLrnOperators(t);
    addOrderedOperators(t);
    addPoolOperators(t);
    addPreviewOperators(t);
    addQuantizeOperators(t);
    addRecurrentOperators(t);
    addReduceOperators(t);
    addResizeOperators(t);
    addRmsNormalizationOperators(t);
    addScatterOperators(t);
    addShapeOperators(t);
    addArtifactMathOperators(t);
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
  case onnx::AttributeProto::FLOATS:
    os << '[';
    llvm::interleaveComma(attribute.floats(), os,
                          [&](float value) { os << llvm::format("%g", value); });
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
  case AttributeKind::numbers:
    return onnx::AttributeProto::FLOATS;
  case AttributeKind::string:
    return onnx::AttributeProto::STRING;
  case AttributeKind::strings:
    return onnx::AttributeProto::STRINGS;
  case AttributeKind::tensor:
    return onnx::AttributeProto::TENSOR;
  case AttributeKind::graph:
    return onnx::AttributeProto::GRAPH;
  }
  llvm_unreachable("all kinds are named above");
}

bool slp::import_onnx::hasNoMeaning(const onnx::AttributeProto &attribute) {
  StringRef name = attribute.name();
  return name == "consumed_inputs" || name == "description" || name == "doc_string" ||
         name.starts_with("__");
}

/// Reports an attribute that the operator does not have, or a value that it may not have.
static LogicalResult checkAttribute(const onnx::AttributeProto &attribute, const Operator &op,
                                    function_ref<InFlightDiagnostic()> error) {
  if (hasNoMeaning(attribute))
    return success();
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

std::string slp::import_onnx::keyOf(const onnx::NodeProto &node) {
  bool isStandard = node.domain().empty() || node.domain() == "ai.onnx";
  return isStandard ? node.op_type() : node.domain() + "." + node.op_type();
}

char Operator::kindOf(unsigned i) const {
  char last = 0;
  unsigned at = 0;
  for (char c : inputs) {
    if (c == '|')
      continue;
    if (c == '*')
      return last;
    if (at++ == i)
      return c;
    last = c;
  }
  return 0;
}

/// Reports too few or too many inputs.
static LogicalResult checkInputs(const onnx::NodeProto &proto, const Operator &op,
                                 function_ref<InFlightDiagnostic()> error) {
  auto [required, optional] = StringRef(op.inputs).split('|');
  size_t least = required.size(), most = required.size() + optional.size();
  bool isOpen = StringRef(op.inputs).ends_with("*");
  if (isOpen)
    least -= required.ends_with("*") ? 1 : 0;
  size_t present = 0;
  for (size_t i = 0; i < least && i < size_t(proto.input_size()); ++i)
    present += !proto.input(i).empty();
  if (present == least && (isOpen || size_t(proto.input_size()) <= most))
    return success();
  return error() << proto.op_type() << ": expected " << least
                 << (isOpen         ? " or more"
                     : most > least ? " to " + std::to_string(most)
                                    : "")
                 << " inputs, found " << proto.input_size();
}

const Operator *slp::import_onnx::checkNode(const Node &node, const onnx::NodeProto &proto) {
  auto error = [&] { return node.graph.error() << "node \"" << node.name() << "\": "; };
  std::string type = keyOf(proto);
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
  isFine &= succeeded(checkInputs(proto, op, error));
  if (proto.output_size() < 1 || llvm::all_of(proto.output(), [](auto &s) { return s.empty(); })) {
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

/// In what an operator is computed: "reference fp32; lnpu fp16, fp8".
static std::string precisionsOf(const Operator &op, ArrayRef<ChipPrecisions> chips) {
  if (op.forms.empty())
    return "none";
  std::string text = "reference fp32";
  if (op.hasLowering)
    for (const ChipPrecisions &chip : chips)
      text += "; " + chip.chip + " " + llvm::join(chip.precisions, ", ");
  return text;
}

std::string slp::describeONNXSupport(ArrayRef<ChipPrecisions> chips) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "# Supported ONNX operators\n\n"
        "Made from the operator table in `lib/Import/ONNX`. Attributes that are not named here are "
        "refused, as are\nvalues other than the one given. What the table of folds computes from "
        "known values needs no entry here:\n";
  std::vector<std::string> folds;
  for (const auto &entry : foldTable())
    folds.push_back(entry.first);
  os << llvm::join(folds, ", ")
     << ".\n\nForms of training graphs: a, a forward graph; b, the standard's training "
        "information; c, "
        "ONNX Runtime's training artifacts; d, a\nstep written in ordinary operators. Phases: "
        "forward, and gradient if what the operator becomes can be differentiated. Precisions: "
        "what\n`slpc --precision` accepts for the chip, if all that the operator becomes has a "
        "lowering to chips; the reference computes\nin fp32 besides.\n\n"
     << "| operator | versions | forms | phases | precisions | attributes | limits |\n"
        "|---|---|---|---|---|---|---|\n";
  for (const auto &[name, op] : operatorTable()) {
    StringRef phases = op.forms.empty() ? "none" : op.hasGradient ? "forward, gradient" : "forward";
    os << "| " << name << " | " << op.versions << " | " << op.forms << " | " << phases << " | "
       << precisionsOf(op, chips) << " | ";
    llvm::interleaveComma(op.attributes, os, [&](const AttributeRule &rule) {
      os << '`' << rule.name << '`';
      if (!rule.only.empty())
        os << " (" << rule.only << ")";
    });
    os << " | " << op.notes << " |\n";
  }
  return text;
}
