//===- Fields.h - the table of a chip description's numbers -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Every number of structure, rates, lane operations and energy, once: key, unit, range, member. The
// YAML reader, the hashes and the list of assumptions all walk it, so that a new number cannot be
// forgotten by one of them. Private to runtime/chips.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_CHIPS_FIELDS_H
#define RUNTIME_CHIPS_FIELDS_H

#include "runtime/chips/Chip.h"

#include <cstddef>
#include <cstdint>

namespace slp::chip {

/// Longest description that is read, bytes; ours have less than 10 KB.
inline constexpr size_t maxDescriptionBytes = 1 << 20;

/// What a key accepts besides its type. Bounds are in the member's own unit, inclusive.
struct Range {
  const char *unit; // of the member: "bytes", "Hz", ...
  double min, max;
  bool powerOfTwo = false;
  int64_t multipleOf = 1;               // integers only
  const char *feature = nullptr;        // the key is there if and only if the chip has this feature
  const char *const *choices = nullptr; // a word instead of a number with a unit: its place in here
};

/// What a load balancer does (docs/timing.md, T7), by its number.
inline constexpr const char *balancerChoices[] = {"none", "greedy", "ideal", nullptr};

inline constexpr double kibi = 1024;
inline constexpr double mebi = 1024.0 * 1024;
inline constexpr double gibi = 1024.0 * 1024 * 1024;

/// Calls `visit(key, member, range)` for every number of the section, in the order of the
/// documentation. `Chip` is Chip or const Chip.
template <typename ChipType, typename Visitor> void visitStructure(ChipType &c, Visitor &&visit) {
  auto &s = c.structure;
  visit("cores", s.cores, Range{"cores", 1, 64});
  visit("lines", s.lines, Range{"lines", 1, 1024});
  visit("pes", s.pes, Range{"PEs", 1, 1024});
  visit("scratchpad", s.scratchpadBytes, Range{"bytes", kibi, gibi, false, 64});
  visit("accumulator_bank", s.accBankBytes, Range{"bytes", 256, 8 * mebi, false, 64});
  visit("shared_buffer", s.sharedBytes, Range{"bytes", kibi, 4 * gibi, false, 64});
  visit("dram", s.dramBytes, Range{"bytes", 64 * kibi, 256 * 1024 * gibi, false, 64});
  visit("loop_depth", s.loopDepth, Range{"loops", 8, 64});
  visit("queue_depth", s.queueDepth, Range{"entries", 1, 1024});
}

template <typename ChipType, typename Visitor> void visitRates(ChipType &c, Visitor &&visit) {
  auto &r = c.rates;
  visit("clock", r.clockHz, Range{"Hz", 1e3, 1e11});
  visit("supply", r.supplyVolts, Range{"V", 0.1, 10});
  visit("fp8_macs", r.fp8MacsPerCycle, Range{"MAC/cycle", 1, 1 << 20});
  visit("fp16_macs", r.fp16MacsPerCycle, Range{"MAC/cycle", 1, 1 << 20, false, 1, "fp16-mac"});
  visit("vector_lanes", r.vectorLanes, Range{"lanes", 1, 1 << 16});
  visit("dram_bandwidth", r.dramBytesPerSecond, Range{"B/s", 1e3, 1e15});
  visit("dram_efficiency", r.dramEfficiency, Range{"share", 0.01, 1});
  visit("dram_latency", r.dramLatencySeconds, Range{"s", 0, 1});
  visit("dram_burst", r.dramBurstBytes, Range{"bytes", 1, 4096, true});
  visit("shared_to_core", r.sharedToCoreBytesPerCycle, Range{"B/cycle", 1, 1 << 20});
  visit("core_to_shared", r.coreToSharedBytesPerCycle, Range{"B/cycle", 1, 1 << 20});
  visit("issue", r.issuePerCycle, Range{"instructions/cycle", 1, 64});
  visit("semaphore", r.semaphoreCycles, Range{"cycles", 0, 1 << 20});
  visit("mac_start", r.macStartCycles, Range{"cycles", 0, 1 << 20});
  visit("vector_start", r.vectorStartCycles, Range{"cycles", 0, 1 << 20});
}

/// The timing classes of vector instructions: the keys of rates.vector_cycles.
inline constexpr const char *vectorClasses[] = {"vector", "vector_reduce", "vector_row",
                                                "vector_window"};
inline constexpr Range vectorCyclesRange{"cycles", 0.001, 1e6};

/// No work is free: at least one.
template <typename ChipType, typename Visitor>
void visitLaneOperations(ChipType &c, Visitor &&visit) {
  auto &l = c.laneOperations;
  const Range range{"operations", 1, 1 << 16};
  visit("step", l.step, range);
  visit("random", l.random, range);
  visit("exp", l.exp, range);
  visit("log", l.log, range);
  visit("power", l.power, range);
  visit("tanh", l.tanh, range);
  visit("sigmoid", l.sigmoid, range);
  visit("erf", l.erf, range);
  visit("gelu", l.gelu, range);
  visit("gelu_tanh", l.geluTanh, range);
  visit("elu", l.elu, range);
  visit("celu", l.celu, range);
  visit("softplus", l.softplus, range);
  visit("pow", l.pow, range);
  visit("power_grad", l.powerGrad, range);
  visit("erf_grad", l.erfGrad, range);
  visit("gelu_grad", l.geluGrad, range);
  visit("gelu_tanh_grad", l.geluTanhGrad, range);
  visit("elu_grad", l.eluGrad, range);
  visit("celu_grad", l.celuGrad, range);
  visit("softplus_grad", l.softplusGrad, range);
}

template <typename ChipType, typename Visitor> void visitEnergies(ChipType &c, Visitor &&visit) {
  auto &e = c.energies;
  const double most = 1e9;
  visit("fp8_mac", e.fp8Mac, Range{"pJ", 0, most});
  visit("fp16_mac", e.fp16Mac, Range{"pJ", 0, most, false, 1, "fp16-mac"});
  visit("spm_byte", e.spmByte, Range{"pJ", 0, most});
  visit("acc_byte", e.accByte, Range{"pJ", 0, most});
  visit("shared_byte", e.sharedByte, Range{"pJ", 0, most});
  visit("dram_byte", e.dramByte, Range{"pJ", 0, most});
  visit("vector_op", e.vectorOp, Range{"pJ", 0, most});
  visit("instruction", e.instruction, Range{"pJ", 0, most});
  visit("static", e.staticPerCycle, Range{"pJ/cycle", 0, most});
}

/// Parameters of a chip's own mechanisms: the keys of `mechanisms`, each there if and only if its
/// feature is.
struct Mechanism {
  const char *key; // FEATURE.parameter
  Range range;     // with the feature
  /// Whether the compiler writes the number into programs and initial values, so that another
  /// description cannot replace it.
  bool isCompiled = false;
};
inline constexpr double hugeFactor = 1e6;
inline constexpr Mechanism mechanismTable[] = {
    {"zero-skip.scan_positions", {"positions/cycle", 1, 4096, false, 1, "zero-skip"}},
    {"load-balance.policy", {"policy", 0, 2, false, 1, "load-balance", balancerChoices}},
    {"load-balance.window", {"items", 1, 4096, false, 1, "load-balance"}},
    {"mixed-precision.fp16_share", {"share", 0, 1, false, 1, "mixed-precision"}, true},
    {"mixed-precision.share_limit", {"share", 0, 1, false, 1, "mixed-precision"}, true},
    {"mixed-precision.share_growth", {"times", 1, hugeFactor, false, 1, "mixed-precision"}, true},
    {"mixed-precision.stall_period", {"steps", 1, 16777216, true, 1, "mixed-precision"}, true},
    {"mixed-precision.stall_improvement", {"share", 0, 1, false, 1, "mixed-precision"}, true},
    {"mixed-precision.cost_fp8_fp16", {"times", 0.001, hugeFactor, false, 1, "mixed-precision"}},
    {"mixed-precision.cost_fp16_fp16", {"times", 0.001, hugeFactor, false, 1, "mixed-precision"}},
    {"mixed-precision.threshold_low",
     {"magnitude", 0, hugeFactor, false, 1, "mixed-precision"},
     true},
    {"channel-gating.groups", {"groups", 1, 4096, false, 1, "channel-gating"}, true},
    {"channel-gating.alpha", {"factor", 0, hugeFactor, false, 1, "channel-gating"}, true},
    {"channel-gating.slice", {"channels", 1, 4096, false, 1, "channel-gating"}, true},
    {"channel-gating.tau_target",
     {"threshold", -hugeFactor, hugeFactor, false, 1, "channel-gating"},
     true},
    {"channel-gating.lambda", {"factor", 0, hugeFactor, false, 1, "channel-gating"}, true},
    {"weight-groups.input_channels", {"channels", 1, 4096, false, 1, "weight-groups"}},
    {"weight-groups.output_channels", {"channels", 1, 4096, false, 1, "weight-groups"}},
    {"weight-groups.taps", {"taps", 1, 4096, false, 1, "weight-groups"}},
    {"weight-groups.lambda", {"factor", 0, hugeFactor, false, 1, "weight-groups"}},
    {"weight-groups.percentile", {"share", 0, 1, false, 1, "weight-groups"}},
    {"weight-groups.refresh", {"epochs", 1, 1e6, false, 1, "weight-groups"}},
    {"gradient-skip.theta", {"loss", 0, hugeFactor, false, 1, "gradient-skip"}},
};

/// The features that a chip can have (docs/chip-description.md), and what each needs.
struct Feature {
  const char *name;
  const char *needs; // another feature, or null
};
inline constexpr Feature featureTable[] = {
    {"channel-gating", nullptr},     {"dot8", nullptr},          {"fp16-mac", nullptr},
    {"gradient-skip", nullptr},      {"intra-channel", nullptr}, {"load-balance", "zero-skip"},
    {"mixed-precision", "fp16-mac"}, {"weight-groups", nullptr}, {"zero-skip", nullptr},
};

/// A number or choice of a description, for people.
struct Listed {
  std::string key;   // "rates.clock"
  std::string value; // with its unit
  Provenance from = Provenance::assumed;
};
/// Numerics, then structure, in the order of the documentation.
std::vector<Listed> listStructure(const Chip &chip);
/// Rates, lane operations, then energies, in the order of the documentation.
std::vector<Listed> listRates(const Chip &chip);
/// Parameters of the features that the chip has, by name: those that are compiled in, or the
/// others.
std::vector<Listed> listMechanisms(const Chip &chip, bool areCompiled);

/// The YAML text of a shipped description, or null. Generated at build time from
/// runtime/chips/*.yaml.
struct Shipped {
  const char *name;
  const char *yaml;
};
const Shipped *shippedBegin();
const Shipped *shippedEnd();

} // namespace slp::chip

#endif // RUNTIME_CHIPS_FIELDS_H
