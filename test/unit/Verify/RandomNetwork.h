//===- RandomNetwork.h - small networks drawn at random ---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Train IR of stage import, as the importer would make it of a small convolutional network: what
// the property tests compile.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TEST_UNIT_VERIFY_RANDOMNETWORK_H
#define TEST_UNIT_VERIFY_RANDOMNETWORK_H

#include "slp/Pipeline/Pipeline.h"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace slp {

/// `plain` networks stay what they are when new layers come: for tests that need one with certain
/// features. `wide` ones begin with two convolutions or three, whose channels are multiples of 16:
/// channel gating in two chunks has something to gate.
enum class Layers { plain, all, wide };

struct RandomNetwork {
  std::string ir;             // names `fileName` for every initial value
  std::vector<float> weights; // contents of that file
};

/// Convolutions (strides, pads on each side, dilations, groups), pooling, residual sums, dense
/// layers and a cross entropy; a few thousand weights; with Layers::all also whatever else there is
/// an op for. The same seed gives the same network on any host.
RandomNetwork makeRandomNetwork(uint32_t seed, const std::string &fileName,
                                Layers layers = Layers::all);

/// Draws how such a network is trained: optimizer, clipping, micro-batches, loss scale.
void drawTraining(std::mt19937 &random, CompileOptions &options);

} // namespace slp

#endif // TEST_UNIT_VERIFY_RANDOMNETWORK_H
