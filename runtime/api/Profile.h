//===- Profile.h - what each tensor would lose in each format ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// `slp-sim --profile`: listens to the training steps of a session, measures every tensor where it
// still has more precision than the format in question, and writes JSON (docs/fidelity.md), from
// which `slpc --profile-use` chooses formats.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_API_PROFILE_H
#define RUNTIME_API_PROFILE_H

#include "runtime/chips/Chip.h"
#include "runtime/exec/Machine.h"

#include <nlohmann/json.hpp>

#include <map>

namespace slp::api {

/// Values stored in one format, against themselves: sums over elements, in double precision.
struct FormatLoss {
  num::Events events;
  double squaresError = 0, squares = 0; ///< of the differences, of the values

  void add(const num::Format &format, num::Rounding rounding, const std::vector<float> &values);
  /// Root mean square of the error over that of the values; 0 if all are zero.
  double error() const;
};

class Profile : public exec::Capturer {
public:
  /// The chip and the image outlive the profile. A chip that rounds stochastically is measured to
  /// nearest even.
  Profile(const chip::Chip &chip, const image::Image &image);

  /// Values of the run that is going on. Partial sums are overwritten by what follows them.
  void captured(const image::Capture &what, uint64_t pc, const std::vector<int64_t> &linear,
                const std::vector<float> &values) override;
  /// Measures what has been captured since the last call, inputs and states of the image included.
  /// Call after each run of `accumulate` and `step`.
  Status endRun(const exec::Machine &machine);

  nlohmann::ordered_json json() const;
  /// Writes json() to `path`, whole or not at all.
  Status write(const std::string &path) const;

private:
  struct Source {
    std::string node, phase, kind;
    std::string format; ///< in which the values were taken
    int bits = 0;       ///< its width; only narrower formats are measured
  };
  struct Tensor {
    Source source;
    uint64_t elements = 0, zeros = 0;
    float smallest = 0, largest = 0; ///< magnitudes that are not zero
    std::map<std::string, FormatLoss> losses;
  };
  struct Values {
    Source source;
    std::vector<float> elements;
  };
  /// Width and name of what a capture or a tensor holds; width 0: no number that is rounded.
  void setFormat(Source &source, mach::Format format, bool isAccumulator) const;
  void measure(const std::string &name, const Source &source, const std::vector<float> &values);

  const chip::Chip &chip;
  const image::Image &image;
  std::vector<std::pair<std::string, num::Format>> formats; ///< of the chip, by name
  num::Rounding rounding;
  std::map<std::string, Values> run; ///< by captured name
  std::map<std::string, Tensor> tensors;
  int64_t runs = 0;
  double lossScale = 1; ///< after the last run
};

} // namespace slp::api

#endif // RUNTIME_API_PROFILE_H
