//===- RandomNest.h - steps of one op, drawn at random ----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Train IR of stage precision for either chip: what the tests of the cost model compile.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TEST_UNIT_ANALYSIS_RANDOMNEST_H
#define TEST_UNIT_ANALYSIS_RANDOMNEST_H

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace slp {

enum class NestKind { convFp, convBp, convWg, matmul, vector };
constexpr NestKind nestKinds[] = {NestKind::convFp, NestKind::convBp, NestKind::convWg,
                                  NestKind::matmul, NestKind::vector};
const char *toString(NestKind kind);

/// A module with a function @step of one op of the kind, and the rounding of its result; vector: a
/// sum, pooling, a bias gradient or an update. Up to `most` elements, about, in a dimension of
/// channels. The same seed gives the same text on any host.
std::string makeRandomNest(NestKind kind, uint32_t seed, const std::string &chip,
                           int64_t most = 48);

} // namespace slp

#endif // TEST_UNIT_ANALYSIS_RANDOMNEST_H
