//===- Samples.cpp - what a session is fed with -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/api/Samples.h"

#include "runtime/api/Guard.h"
#include "runtime/num/Random.h"

#include <algorithm>

namespace slp::api {

namespace {
class LoadedSamples : public Samples {
public:
  explicit LoadedSamples(data::Dataset dataset) : dataset(std::move(dataset)) {}
  uint32_t count() const override { return dataset.samples(); }
  std::vector<float> gather(size_t input, const std::vector<uint32_t> &order, size_t first,
                            size_t batch) const override {
    return dataset.gather(input, order, first, batch);
  }

private:
  data::Dataset dataset;
};

class SyntheticSamples : public Samples {
public:
  SyntheticSamples(std::vector<data::InputSpec> inputs, uint32_t samples, uint32_t seed)
      : inputs(std::move(inputs)), samples(samples), seed(seed) {}
  uint32_t count() const override { return samples; }
  std::vector<float> gather(size_t input, const std::vector<uint32_t> &order, size_t first,
                            size_t batch) const override {
    const data::InputSpec &spec = inputs[input];
    uint64_t elements = 1;
    for (int64_t extent : spec.shape)
      elements *= static_cast<uint64_t>(extent);
    // No run draws initial values or rounding of tensors this far out: streams stay apart.
    uint32_t stream = ~static_cast<uint32_t>(input);
    std::vector<float> values;
    values.reserve(elements * batch);
    for (size_t i = 0; i < batch; ++i)
      for (uint64_t e = 0; e < elements; ++e) {
        uint32_t r = num::random(seed, stream, order[first + i] * elements + e);
        int64_t n = std::max<int64_t>(1, spec.classes);
        if (!spec.places.empty()) {
          int64_t places = spec.places[e % spec.places.size()];
          n = spec.classes ? std::min(n, places) : places;
        }
        auto classes = static_cast<uint64_t>(n);
        values.push_back(spec.isLabel ? float((r * classes) >> 32) : float(r >> 24) / 256);
      }
    return values;
  }

private:
  std::vector<data::InputSpec> inputs;
  uint32_t samples, seed;
};
} // namespace

Result<std::unique_ptr<Samples>> loadSamples(const std::string &path,
                                             const std::vector<data::InputSpec> &inputs,
                                             data::Split split) {
  Result<data::Dataset> dataset = guarded(path, [&] { return data::load(path, inputs, split); });
  if (!dataset)
    return dataset.takeError();
  return std::unique_ptr<Samples>(std::make_unique<LoadedSamples>(dataset.take()));
}

std::unique_ptr<Samples> syntheticSamples(const std::vector<data::InputSpec> &inputs,
                                          uint32_t count, uint32_t seed) {
  return std::make_unique<SyntheticSamples>(inputs, count, seed);
}

} // namespace slp::api
