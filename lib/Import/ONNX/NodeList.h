//===- NodeList.h - the nodes of a graph in an order to import them ---------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What Import.cpp walks: one flat list, in topological order, without nodes that nothing reads.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_IMPORT_ONNX_NODELIST_H
#define LIB_IMPORT_ONNX_NODELIST_H

#include "runtime/api/Result.h"

#include "onnx/onnx_pb.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"

#include <deque>
#include <string>
#include <vector>

namespace slp::import_onnx {

struct NamedNode {
  const onnx::NodeProto *proto;
  std::string name;  // the file's, or OPERATOR_INDEX
  int64_t opset = 0; // of the domain ai.onnx; 0: the model's
};

struct NodeList {
  std::vector<NamedNode> nodes;
  std::deque<onnx::NodeProto> made; // nodes that are not in the file
};

using NodeProtos = google::protobuf::RepeatedPtrField<onnx::NodeProto>;

/// Appends the nodes of `protos` to `list`, in their order, each under a name of its own.
void appendNodes(NodeList &list, const NodeProtos &protos);

/// Calls `visit` with the name of every value that `node` reads: its inputs, and what its subgraphs
/// read of the graph around them.
void forEachRead(const onnx::NodeProto &node, llvm::function_ref<void(const std::string &)> visit);

/// Drops the nodes of which no output reaches one of `results`, and sorts the rest so that each
/// node stands behind those whose outputs it reads; nodes in order already keep their places.
/// Linear in nodes and inputs. Fails for a cycle, naming a node of it.
Status orderNodes(NodeList &list, const std::vector<std::string> &results);

} // namespace slp::import_onnx

#endif // LIB_IMPORT_ONNX_NODELIST_H
