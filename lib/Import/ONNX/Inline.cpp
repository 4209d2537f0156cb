//===- Inline.cpp - functions and branches become nodes of the graph --------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Inline.h"

#include "llvm/ADT/STLExtras.h"

using namespace slp;
using namespace slp::import_onnx;

namespace {
/// New names for the values of a body.
class Renaming {
public:
  /// Names that are in `names` get what stands there; of the others, all get `prefix` if
  /// `isClosed`, else those that were added by `own`.
  Renaming(std::string prefix, bool isClosed) : prefix(std::move(prefix)), isClosed(isClosed) {}

  void set(const std::string &from, const std::string &to) { names[from] = to; }
  void own(const std::string &name) { names.try_emplace(name, prefix + name); }

  std::string operator()(const std::string &name) const {
    auto it = names.find(name);
    if (it != names.end())
      return it->second;
    return name.empty() || !isClosed ? name : prefix + name;
  }

  void rename(onnx::NodeProto &node) const {
    for (std::string &input : *node.mutable_input())
      input = (*this)(input);
    for (std::string &output : *node.mutable_output())
      output = (*this)(output);
    for (onnx::AttributeProto &attribute : *node.mutable_attribute()) {
      if (attribute.has_g())
        rename(*attribute.mutable_g());
      for (onnx::GraphProto &graph : *attribute.mutable_graphs())
        rename(graph);
    }
  }

private:
  void rename(onnx::GraphProto &graph) const {
    for (onnx::ValueInfoProto &input : *graph.mutable_input())
      input.set_name((*this)(input.name()));
    for (onnx::TensorProto &tensor : *graph.mutable_initializer())
      tensor.set_name((*this)(tensor.name()));
    for (onnx::NodeProto &node : *graph.mutable_node())
      rename(node);
    for (onnx::ValueInfoProto &output : *graph.mutable_output())
      output.set_name((*this)(output.name()));
  }

  std::string prefix;
  bool isClosed;
  llvm::StringMap<std::string> names;
};
} // namespace

static std::string keyOf(const std::string &domain, const std::string &name) {
  return (domain == "ai.onnx" ? "" : domain) + ":" + name;
}

Inliner::Inliner(const onnx::ModelProto &model) {
  for (const onnx::FunctionProto &function : model.functions())
    functions[keyOf(function.domain(), function.name())] = &function;
}

const onnx::FunctionProto *Inliner::find(const onnx::NodeProto &node) const {
  return functions.lookup(keyOf(node.domain(), node.op_type()));
}

std::string Inliner::prefixOf(const std::string &node) {
  std::string prefix = node + "/";
  for (unsigned n = 2; !prefixes.insert(prefix).second; ++n)
    prefix = node + "#" + std::to_string(n) + "/";
  return prefix;
}

//===----------------------------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------------------------===//

/// The value that the call gives to the function's attribute `name`, or its default.
static bool findAttribute(const onnx::NodeProto &call, const onnx::FunctionProto &function,
                          const std::string &name, onnx::AttributeProto &found) {
  for (const onnx::AttributeProto &attribute : call.attribute())
    if (attribute.name() == name)
      return found = attribute, true;
  // Defaults are a field that libonnx 1.12 does not know by name.
  constexpr int attributeProtoOfFunction = 11;
  const google::protobuf::UnknownFieldSet &unknown =
      function.GetReflection()->GetUnknownFields(function);
  for (int i = 0; i < unknown.field_count(); ++i) {
    const google::protobuf::UnknownField &field = unknown.field(i);
    if (field.number() == attributeProtoOfFunction &&
        field.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED &&
        found.ParseFromString(field.length_delimited()) && found.name() == name)
      return true;
  }
  return false;
}

/// Functions of functions could be endless without being recursive.
static constexpr size_t maxInlinedNodes = 1000000;

/// Replaces references to attributes of the function, in `node` and in its subgraphs.
static void bindAttributes(onnx::NodeProto &node, const onnx::NodeProto &call,
                           const onnx::FunctionProto &function) {
  for (int i = node.attribute_size(); i-- > 0;) {
    onnx::AttributeProto &attribute = *node.mutable_attribute(i);
    if (attribute.has_g())
      for (onnx::NodeProto &inner : *attribute.mutable_g()->mutable_node())
        bindAttributes(inner, call, function);
    if (attribute.ref_attr_name().empty())
      continue;
    std::string name = attribute.name();
    onnx::AttributeProto value;
    if (!findAttribute(call, function, attribute.ref_attr_name(), value)) {
      node.mutable_attribute()->DeleteSubrange(i, 1); // absent in the call: absent inside
      continue;
    }
    attribute = value;
    attribute.set_name(name);
  }
}

static int64_t opsetOf(const onnx::FunctionProto &function, int64_t otherwise) {
  for (const onnx::OperatorSetIdProto &set : function.opset_import())
    if (set.domain().empty() || set.domain() == "ai.onnx")
      return set.version();
  return otherwise;
}

Status Inliner::expand(const NamedNode &node, NodeList &into, std::vector<std::string> &callers,
                       llvm::function_ref<bool(const onnx::NodeProto &)> isSupported) {
  const onnx::NodeProto &call = *node.proto;
  const onnx::FunctionProto *function = isSupported(call) ? nullptr : find(call);
  if (!function) {
    into.nodes.push_back(node);
    return Status::success();
  }
  std::string key = keyOf(call.domain(), call.op_type());
  if (llvm::is_contained(callers, key))
    return Error{"node \"" + node.name + "\": function " + call.op_type() + " calls itself"};
  if (call.input_size() > function->input_size() || call.output_size() > function->output_size())
    return Error{"node \"" + node.name + "\": function " + call.op_type() + " has " +
                 std::to_string(function->input_size()) + " inputs and " +
                 std::to_string(function->output_size()) + " outputs, found " +
                 std::to_string(call.input_size()) + " and " + std::to_string(call.output_size())};
  std::string prefix = prefixOf(node.name);
  Renaming renaming(prefix, /*isClosed=*/true);
  for (int i = 0; i < function->input_size(); ++i)
    renaming.set(function->input(i), i < call.input_size() ? call.input(i) : "");
  for (int i = 0; i < function->output_size() && i < call.output_size(); ++i)
    if (!call.output(i).empty())
      renaming.set(function->output(i), call.output(i));

  callers.push_back(key);
  NodeList body;
  appendNodes(body, function->node());
  for (const NamedNode &inner : body.nodes) {
    if (into.made.size() > maxInlinedNodes)
      return Error{"node \"" + node.name + "\": functions of more than " +
                   std::to_string(maxInlinedNodes) + " nodes in all are not supported"};
    into.made.push_back(*inner.proto);
    onnx::NodeProto &copy = into.made.back();
    bindAttributes(copy, call, *function);
    renaming.rename(copy);
    NamedNode named{&copy, prefix + inner.name, opsetOf(*function, node.opset)};
    if (Status status = expand(named, into, callers, isSupported); !status)
      return status;
  }
  // An output that is an input of the function too.
  for (int i = 0; i < call.output_size(); ++i) {
    int input = -1;
    for (int j = 0; j < call.input_size(); ++j)
      if (function->input(j) == function->output(i))
        input = j;
    if (input < 0)
      continue;
    onnx::NodeProto &identity = into.made.emplace_back();
    identity.set_op_type("Identity");
    identity.add_input(call.input(input));
    identity.add_output(call.output(i));
    into.nodes.push_back({&identity, prefix + "Identity_" + std::to_string(i), node.opset});
  }
  callers.pop_back();
  return Status::success();
}

Status Inliner::inlineFunctions(NodeList &list,
                                llvm::function_ref<bool(const onnx::NodeProto &)> isSupported) {
  if (functions.empty())
    return Status::success();
  NodeList result;
  result.made = std::move(list.made);
  std::vector<std::string> callers;
  for (const NamedNode &node : list.nodes)
    if (Status status = expand(node, result, callers, isSupported); !status)
      return status;
  list = std::move(result);
  return Status::success();
}

//===----------------------------------------------------------------------------------------===//
// Branches
//===----------------------------------------------------------------------------------------===//

NodeList Inliner::inlineBranch(const NamedNode &node, const onnx::GraphProto &branch) {
  std::string prefix = prefixOf(node.name);
  Renaming renaming(prefix, /*isClosed=*/false); // a branch reads what is around it
  for (const onnx::TensorProto &tensor : branch.initializer())
    renaming.own(tensor.name());
  for (const onnx::NodeProto &inner : branch.node())
    for (const std::string &output : inner.output())
      if (!output.empty())
        renaming.own(output);

  NodeList list;
  auto add = [&](const std::string &name) -> onnx::NodeProto & {
    onnx::NodeProto &made = list.made.emplace_back();
    list.nodes.push_back({&made, prefix + name, node.opset});
    return made;
  };
  for (const onnx::TensorProto &tensor : branch.initializer()) {
    onnx::NodeProto &constant = add(tensor.name());
    constant.set_op_type("Constant");
    constant.add_output(renaming(tensor.name()));
    onnx::AttributeProto &value = *constant.add_attribute();
    value.set_name("value");
    value.set_type(onnx::AttributeProto::TENSOR);
    *value.mutable_t() = tensor;
  }
  NodeList body;
  appendNodes(body, branch.node());
  for (const NamedNode &inner : body.nodes) {
    onnx::NodeProto &copy = add(inner.name);
    copy = *inner.proto;
    renaming.rename(copy);
  }
  for (int i = 0; i < branch.output_size() && i < node.proto->output_size(); ++i) {
    if (node.proto->output(i).empty())
      continue;
    onnx::NodeProto &identity = add("Identity_" + std::to_string(i));
    identity.set_op_type("Identity");
    identity.add_input(renaming(branch.output(i).name()));
    identity.add_output(node.proto->output(i));
  }
  return list;
}
