//===- Samples.h - what a session is fed with -------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Data from a directory, or made up. Used by the training loop and by slp-verify.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_API_SAMPLES_H
#define RUNTIME_API_SAMPLES_H

#include "runtime/data/Dataset.h"

#include <memory>

namespace slp::api {

/// Samples of one split, one array for each input of the graph.
class Samples {
public:
  virtual ~Samples() = default;
  virtual uint32_t count() const = 0;
  /// Values of `batch` samples of an input, row-major: those that `order` lists from entry `first`
  /// on.
  virtual std::vector<float> gather(size_t input, const std::vector<uint32_t> &order, size_t first,
                                    size_t batch) const = 0;
};

/// One split of the directory `path`; errors as of data::load.
Result<std::unique_ptr<Samples>>
loadSamples(const std::string &path, const std::vector<data::InputSpec> &inputs, data::Split split);

/// Made-up samples: uniform multiples of 1/256 in [0, 1), labels uniform in [0, classes). The value
/// depends only on seed, input, sample and element.
std::unique_ptr<Samples> syntheticSamples(const std::vector<data::InputSpec> &inputs,
                                          uint32_t count, uint32_t seed);

} // namespace slp::api

#endif // RUNTIME_API_SAMPLES_H
