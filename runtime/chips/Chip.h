//===- Chip.h - a chip description ------------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What runtime/chips/*.yaml says, as a value. The compiler asks it for sizes and features, exec for
// numerics, timing for rates, energy for picojoules. Every number carries where it comes from; a
// report prints the tags it rests on.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_CHIPS_CHIP_H
#define RUNTIME_CHIPS_CHIP_H

#include "runtime/api/Result.h"
#include "runtime/num/Format.h"
#include "runtime/num/Round.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace slp::chip {

/// Where a number comes from (reference: the confidence tags of the chip dossier).
enum class Provenance { quoted, derived, recalled, assumed };
std::string_view toString(Provenance p);

/// A number with its provenance; converts to the number.
template <typename T> struct Sourced {
  T value{};
  Provenance provenance = Provenance::assumed;
  operator const T &() const { return value; }
};

/// A storage format besides fp8 and fp16.
struct NamedFormat {
  std::string name;
  num::Format format;
};

/// How conv.wg goes from one image to the next: chains are added to a total in one of two formats,
/// or one chain runs through all images.
enum class AcrossImages { f32, fp16, none };

/// Decides bits (docs/numerics.md). Part of the numerics hash.
struct Numerics {
  num::Format fp8, fp16;
  std::vector<NamedFormat>
      formats; // further ones, ascending names; at most 4 of each size in bytes
  num::Rounding rounding = num::Rounding::nearestEven; // of every store to such a format
  int dot = 8;                                         // terms per dot group: 1, 8 or 16
  bool accumulateFp16 = false; // false: f32 accumulator; true: fp16, rounded after each dot group
  AcrossImages across = AcrossImages::f32;
  std::map<std::string, Provenance>
      provenance; // by key: fp8, fp16, formats.NAME, rounding, dot, accumulate, across

  /// fp8, fp16, or a further format; null if the chip has none of that name.
  const num::Format *formatNamed(std::string_view name) const;
  /// Further format number `index` of those that take `bytes` bytes; null beyond the last.
  const num::Format *furtherFormat(size_t index, int bytes) const;
  /// Terms of a block of channels or pixels: tiles of a reduction begin at multiples of it.
  int block() const { return dot > 8 ? dot : 8; }
  /// Whether conv.wg has a chain for each image, and a total of them.
  bool hasChainPerImage() const { return across != AcrossImages::none; }
  /// Whether the result of conv.wg is fp16, else f32.
  bool weightGradientFp16() const {
    return hasChainPerImage() ? across == AcrossImages::fp16 : accumulateFp16;
  }
  /// Rounding inside accumulators: `rounding`, but never stochastic (docs/numerics.md section 3).
  num::Rounding accumulatorRounding() const {
    return rounding == num::Rounding::stochastic ? num::Rounding::nearestEven : rounding;
  }
};

/// Sizes. Part of the structure hash: programs depend on them.
struct Structure {
  Sourced<int> cores;               // 1 to 64
  Sourced<int> lines;               // of PEs in the MAC array of a core
  Sourced<int> pes;                 // of a line, each with an output of its own
  Sourced<int64_t> scratchpadBytes; // per core, spm
  Sourced<int64_t>
      accBankBytes; // per core and bank; there are two banks, bank 1 starts at accBankBytes
  Sourced<int64_t> sharedBytes; // shared buffer
  Sourced<int64_t> dramBytes;   // external memory
  Sourced<int> loopDepth;       // hardware loops, at least 8
  Sourced<int> queueDepth;      // entries of each engine's queue
};

/// Operations of a lane of the vector unit, per element, for what vector instructions are made of.
/// Functions are named as in the instruction set; those that are not here take steps.
struct LaneOperations {
  Sourced<int> step;   // an addition, multiplication, division, root, comparison, move or rounding
  Sourced<int> random; // a number of the generator
  Sourced<int> exp, log, power, tanh, sigmoid, erf, gelu, geluTanh, elu, celu, softplus;
  Sourced<int> pow, powerGrad, erfGrad, geluGrad, geluTanhGrad, eluGrad, celuGrad, softplusGrad;
};

/// Rates. `slp-sim --chip` may replace them without recompiling, and lane operations too.
struct Rates {
  Sourced<double> clockHz;
  Sourced<double> supplyVolts;
  Sourced<int> fp8MacsPerCycle;       // per core, dense
  Sourced<int> fp16MacsPerCycle;      // per core, dense; 0 without the feature fp16-mac
  Sourced<int> vectorLanes;           // FP32 operations per cycle, whole chip
  Sourced<double> dramBytesPerSecond; // peak
  Sourced<double> dramEfficiency;     // attainable share of the peak
  Sourced<double> dramLatencySeconds;
  Sourced<int> dramBurstBytes;
  Sourced<int> sharedToCoreBytesPerCycle; // multicast counts once
  Sourced<int> coreToSharedBytesPerCycle;
  Sourced<int> issuePerCycle;     // instructions the sequencer issues
  Sourced<int> semaphoreCycles;   // latency of one wait or signal
  Sourced<int> macStartCycles;    // fixed cost of one MAC instruction
  Sourced<int> vectorStartCycles; // fixed cost of one vector instruction
  std::map<std::string, Sourced<double>>
      vectorCyclesPerElement; // by timing class: of a lane, per lane operation
};

/// Energies, in pJ at the description's supply and clock.
struct Energies {
  Sourced<double> fp8Mac, fp16Mac; // per multiply-accumulate, arithmetic only
  Sourced<double> spmByte, accByte, sharedByte, dramByte; // per byte read or written
  Sourced<double> vectorOp;                               // per lane operation
  Sourced<double> instruction;                            // per instruction issued
  Sourced<double> staticPerCycle;                         // whole chip
};

/// What is said of the chip, to compare results with. Nothing is computed from it.
struct Published {
  double value = 0;
  std::string unit;
  Provenance provenance = Provenance::assumed;
  std::string note; // conditions; may be empty
};

struct Chip {
  std::string name;               // "lnpu"
  std::string title;              // one line for people
  std::set<std::string> features; // names in featureTable (Fields.h)
  Numerics numerics;
  Structure structure;
  Rates rates;
  LaneOperations laneOperations;
  Energies energies;
  std::map<std::string, Sourced<double>>
      mechanisms; // "FEATURE.parameter", for the features the chip has
  std::map<std::string, Published> published;
  /// The YAML text that gives this description again without any other file: the bases are merged
  /// in, comments left out. As it was parsed, whatever has been assigned to the members since.
  std::string description;

  /// Multiply-accumulates of one PE per cycle on operands of 8 bits, or of 16. 0: it has none.
  int peRate(bool fp16) const {
    return (fp16 ? rates.fp16MacsPerCycle : rates.fp8MacsPerCycle) /
           (structure.lines * structure.pes);
  }
  bool has(std::string_view feature) const { return features.count(std::string(feature)) != 0; }
  /// FNV-1a 64 over a canonical text of the structure, features and numerics: an image must match
  /// it.
  uint64_t structureHash() const;
  /// The same over rates, lane operations, energies and the other parameters: printed in reports,
  /// free to differ.
  uint64_t ratesHash() const;
  /// "name = value unit [tag]" for every number of the description that is not `quoted`, for the
  /// foot of a report. `published` is no number that anything rests on.
  std::vector<std::string> assumptions() const;
};

/// A number that two descriptions disagree on.
struct Difference {
  std::string key;      // "rates.clock"
  std::string from, to; // with units; "none" where one does not have it
};
/// Where the structure hashes of two chips differ: features, numerics, structure, and parameters of
/// mechanisms that are compiled in.
std::vector<Difference> structureDifferences(const Chip &from, const Chip &to);
/// Where their rates hashes differ: rates, lane operations, energies and the other parameters.
std::vector<Difference> ratesDifferences(const Chip &from, const Chip &to);
/// "rates.clock 200 MHz, now 100 MHz; ...": at most `limit` of them, then "and 12 more".
std::string describe(const std::vector<Difference> &differences, size_t limit = 4);

/// What a user should know of the numbers of a description that is valid: one line each. Energies
/// are taken as they stand, so a supply or clock that they were not found for is named.
std::vector<std::string> warnings(const Chip &chip);

/// Reads and checks a description. `nameOrPath` is a shipped name ("lnpu", "asu-fp8") or a path to
/// a YAML file. Errors name the file, the key, the value and the accepted range; an unknown name
/// lists the shipped ones.
Result<Chip> load(const std::string &nameOrPath);
/// Parses YAML text; `where` stands for the file name in messages.
Result<Chip> parse(const std::string &yaml, const std::string &where);
/// Names of the shipped descriptions, ascending.
std::vector<std::string> shippedNames();

} // namespace slp::chip

#endif // RUNTIME_CHIPS_CHIP_H
