//===- Inline.h - functions and branches become nodes of the graph ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Called by Import.cpp, for functions before the nodes are put in order, for an If when its
// condition is known.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_IMPORT_ONNX_INLINE_H
#define LIB_IMPORT_ONNX_INLINE_H

#include "lib/Import/ONNX/NodeList.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace slp::import_onnx {

/// The functions that a model defines for itself.
class Inliner {
public:
  explicit Inliner(const onnx::ModelProto &model);

  /// Replaces each node that calls a function of the model by the function's nodes, and so on. The
  /// values and nodes inside are called NODE/NAME. Operators that `isSupported` stay. Fails for a
  /// function that calls itself, or gets more inputs or outputs than it has.
  Status inlineFunctions(NodeList &list,
                         llvm::function_ref<bool(const onnx::NodeProto &)> isSupported);

  /// The nodes of `branch`, which an If node `node` takes: names inside are called NODE/NAME, and
  /// the node's outputs are made at the end.
  NodeList inlineBranch(const NamedNode &node, const onnx::GraphProto &branch);

private:
  struct Call;
  Status expand(const NamedNode &node, NodeList &into, std::vector<std::string> &callers,
                llvm::function_ref<bool(const onnx::NodeProto &)> isSupported);
  const onnx::FunctionProto *find(const onnx::NodeProto &node) const;
  std::string prefixOf(const std::string &node);

  llvm::StringMap<const onnx::FunctionProto *> functions; // DOMAIN:NAME
  llvm::StringSet<> prefixes;                             // taken
};

} // namespace slp::import_onnx

#endif // LIB_IMPORT_ONNX_INLINE_H
