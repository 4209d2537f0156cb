//===- LowerGroups.cpp - weight groups ----------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Loops count groups: a tile of weights is that of their channels. Means and norms stay in the
// shared buffer for what is made of them.
//
//===----------------------------------------------------------------------------------------===//

#include "LowerOp.h"

#include "dialects/Train/GroupPullOp.h"
#include "dialects/Train/GroupRefreshOp.h"
#include "dialects/Train/TrainGroups.h"
#include "dialects/Train/TrainMasks.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;
using chip_ir::Space;

GroupDims slp::loopOverGroups(Nest &nest, ArrayRef<int64_t> shape) {
  static constexpr StringLiteral names[] = {"cob", "cib", "kh", "kw"};
  GroupDims dims;
  for (auto [i, extent] : llvm::enumerate(groupShapeOf(shape))) {
    int loop = nest.addLoop(names[i], extent);
    dims.groups.push_back(NestDim::along(loop, extent));
    dims.weights.push_back(i < 2 ? strideUnits(loop, shape[i], maskChannels)
                                 : NestDim::along(loop, extent));
  }
  nest.loops.back().cutLast = true;
  return dims;
}

/// A buffer of `value`, whose tiles are stored, or, with `load`, loaded.
static unsigned addTile(Nest &nest, const TensorMap &tensors, Value value, ArrayRef<NestDim> dims,
                        bool load) {
  return addBuffer(nest, tensors, value, Space::shared, dims, load, !load);
}

static Nest lowerGroupPull(GroupPullOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  GroupDims dims = loopOverGroups(nest, shapeOf(op.getW()));
  unsigned w = addTile(nest, tensors, op.getW(), dims.weights, true);
  unsigned groups = addTile(nest, tensors, op.getGroups(), dims.groups, true);
  unsigned numbers = addTile(nest, tensors, op.getNumbers(), {NestDim::whole(groupNumbers)}, true);
  unsigned mean = addTile(nest, tensors, op.getMean(), dims.groups, false);
  unsigned norm = addTile(nest, tensors, op.getNorm(), dims.groups, false);
  unsigned pull = addTile(nest, tensors, op.getPull(), dims.groups, false);
  addRun(nest, op, "v.group.sums", {mean, norm}, {w}).results = {op.getMean(), op.getNorm()};
  addRun(nest, op, "v.group.pull", {pull}, {groups, mean, norm, numbers});
  return nest;
}

static Nest lowerGroupRefresh(GroupRefreshOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  GroupDims dims = loopOverGroups(nest, shapeOf(op.getW()));
  unsigned w = addTile(nest, tensors, op.getW(), dims.weights, true);
  unsigned numbers = addTile(nest, tensors, op.getNumbers(), {NestDim::whole(groupNumbers)}, true);
  unsigned groups = addTile(nest, tensors, op.getGroupsOut(), dims.groups, false);
  unsigned mean = addTile(nest, tensors, op.getMeanOut(), dims.groups, false);
  NestBuffer norm = nest.buffers[mean]; // nobody asks for it
  norm.tensor.clear();
  norm.store = false;
  nest.buffers.push_back(std::move(norm));
  unsigned unread = nest.buffers.size() - 1;
  addRun(nest, op, "v.group.sums", {mean, unread}, {w}).results = {op.getMeanOut(), Value()};
  addRun(nest, op, "v.group.mask", {groups}, {mean, numbers});
  return nest;
}

void slp::addGroupLowerings(LoweringTable &table) {
  table.add<GroupPullOp>(lowerGroupPull);
  table.add<GroupRefreshOp>(lowerGroupRefresh);
}
