//===- Roles.h - how a graph uses its values --------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Found backwards from the results, before any node is imported: what an initializer is depends on
// all that read it. docs/decisions/0019 has the rule. Called by Import.cpp and Initializers.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_IMPORT_ONNX_ROLES_H
#define LIB_IMPORT_ONNX_ROLES_H

#include "lib/Import/ONNX/NodeList.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace slp::import_onnx {

/// What an initializer is in the step.
enum class Role {
  parameter, // a state that an optimizer may change
  frozen,    // a state that none changes
  constant   // known at import
};

struct RoleOf {
  Role role;
  std::string why;
  std::string doubt = {}; // why a parameter may be none, though it is trained
};

class Roles {
public:
  /// `name` is a result of the graph.
  void addResult(llvm::StringRef name) {
    live.insert(name);
    usedOtherwise.insert(name);
  }
  /// Adds the uses by the nodes of `list`, which are in order. What is known of their outputs is
  /// known already.
  void scan(const NodeList &list);

  /// Whether `name` reaches a result through operands that have a gradient.
  bool isLive(llvm::StringRef name) const { return live.contains(name); }
  /// Whether an operator has it as a weight, whoever made up its name.
  bool isWeight(llvm::StringRef name) const { return weights.contains(name); }
  /// Whether it is only ever added to what a Softmax reads, at once or after it was moved.
  bool isAddedToScores(llvm::StringRef name) const {
    return added.contains(name) && !usedOtherwise.contains(name);
  }
  /// Whether it is a running statistic of a normalization.
  bool isStatistic(llvm::StringRef name) const { return statistics.contains(name); }
  /// Whether a Gradient is taken by it.
  bool isIndependent(llvm::StringRef name) const { return independent.contains(name); }
  /// The node that needs its values at import; empty if there is none.
  llvm::StringRef boundBy(llvm::StringRef name) const;

private:
  void scan(const NamedNode &node);
  /// What reading it as input `i` of `node` is to a Softmax.
  void noteScores(const onnx::NodeProto &node, int i);

  llvm::StringSet<> scores, added, usedOtherwise; // a Softmax's input; addends of one; all else
  llvm::StringSet<> live, weights, statistics, independent;
  llvm::StringMap<std::string> bound;
};

} // namespace slp::import_onnx

#endif // LIB_IMPORT_ONNX_ROLES_H
