//===- PrecisionPolicy.cpp - what a user asks of the formats ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Transforms/Train/PrecisionPolicy.h"

#include "lib/Transforms/Train/PolicyFile.h"

#include "llvm/Support/GlobPattern.h"

using namespace mlir;
using namespace slp;

namespace {
/// What a file says: the policy, and the words that stand for several of its fields.
struct PolicyFile {
  PrecisionPolicy policy;
  std::string base;
};
} // namespace

LLVM_YAML_IS_SEQUENCE_VECTOR(slp::LayerRule)

namespace llvm::yaml {
template <> struct MappingTraits<slp::LayerRule> {
  static void mapping(IO &io, slp::LayerRule &rule) {
    io.mapRequired("name", rule.name);
    io.mapOptional("activations", rule.formats.activations);
    io.mapOptional("errors", rule.formats.errors);
    io.mapOptional("weights", rule.formats.weights);
  }
  static std::string validate(IO &, slp::LayerRule &rule) {
    if (Expected<GlobPattern> glob = GlobPattern::create(rule.name); !glob)
      return "layer \"" + rule.name + "\" is no pattern: " + toString(glob.takeError());
    if (rule.formats.activations.empty() && rule.formats.errors.empty() &&
        rule.formats.weights.empty())
      return "layer \"" + rule.name + "\" gives no format, expected activations, errors or weights";
    return "";
  }
};
template <> struct MappingTraits<slp::SensitivityLimits> {
  static void mapping(IO &io, slp::SensitivityLimits &limits) {
    io.mapOptional("error", limits.error);
    io.mapOptional("underflow", limits.underflow);
    io.mapOptional("overflow", limits.overflow);
  }
};
template <> struct MappingTraits<PolicyFile> {
  static void mapping(IO &io, PolicyFile &file) {
    slp::PrecisionPolicy &p = file.policy;
    io.mapRequired("base", file.base);
    io.mapOptional("activations", p.base.activations);
    io.mapOptional("errors", p.base.errors);
    io.mapOptional("weights", p.base.weights);
    io.mapOptional("first", p.first);
    io.mapOptional("last", p.last);
    io.mapOptional("loss", p.loss);
    io.mapOptional("arithmetic", p.arithmetic);
    io.mapOptional("between", p.between);
    io.mapOptional("master", p.master);
    io.mapOptional("optimizer", p.optimizer);
    io.mapOptional("statistics", p.statistics);
    io.mapOptional("update_rounding", p.updateRounding);
    io.mapOptional("layers", p.layers);
    io.mapOptional("loss_scale", p.lossScale);
    io.mapOptional("coded", p.coded);
    io.mapOptional("share", p.share);
    io.mapOptional("adapt", p.adapt);
    io.mapOptional("sensitivity", p.limits);
  }
  static std::string validate(IO &, PolicyFile &file) {
    if (file.policy.share && !(*file.policy.share >= 0 && *file.policy.share <= 1))
      return "expected a share of 0 to 1";
    const slp::SensitivityLimits &limits = file.policy.limits;
    for (double limit : {limits.error, limits.underflow, limits.overflow})
      if (!(limit >= 0 && limit <= 1))
        return "expected limits of 0 to 1 in sensitivity";
    return "";
  }
};
} // namespace llvm::yaml

const LayerRule *PrecisionPolicy::ruleFor(StringRef layer) const {
  for (const LayerRule &rule : layers)
    if (llvm::cantFail(llvm::GlobPattern::create(rule.name)).match(layer))
      return &rule;
  return nullptr;
}

/// What the name of a policy stands for in fields that nobody has set.
static void applyBase(StringRef base, PrecisionPolicy &policy) {
  auto fill = [](std::string &field, StringRef value) {
    if (field.empty())
      field = value.str();
  };
  bool isMixed = base == "fgmp";
  policy.isSensitive = base == "sensitivity";
  StringRef narrow = policy.isSensitive ? StringRef("fp8") : base;
  fill(policy.base.activations, isMixed ? "mixed" : narrow);
  fill(policy.base.errors, isMixed ? "mixed" : narrow);
  fill(policy.base.weights, isMixed ? "fp8" : narrow);
  fill(policy.optimizer, policy.master);
  if (isMixed) {
    fill(policy.first, "fp16");
    fill(policy.last, "fp16");
  }
}

static FailureOr<PrecisionPolicy> readPolicy(StringRef path,
                                             llvm::function_ref<InFlightDiagnostic()> emitError) {
  FailureOr<PolicyFile> file = readPolicyFile<PolicyFile>("precision policy", path, emitError);
  if (failed(file))
    return failure();
  file->policy.name = path.str();
  applyBase(file->base, file->policy);
  return file->policy;
}

FailureOr<PrecisionPolicy> slp::loadPolicy(StringRef nameOrPath,
                                           llvm::function_ref<InFlightDiagnostic()> emitError) {
  if (nameOrPath.ends_with(".yaml") || nameOrPath.ends_with(".yml"))
    return readPolicy(nameOrPath, emitError);
  static constexpr StringLiteral names[] = {"fp32", "fp16", "fp8", "fgmp", "sensitivity"};
  if (!llvm::is_contained(names, nameOrPath))
    return emitError() << "precision " << printable(nameOrPath) << " is not supported, expected "
                       << "fp32, fp16, fp8, fgmp, sensitivity or a policy's file (.yaml)";
  PrecisionPolicy policy;
  policy.name = nameOrPath.str();
  applyBase(nameOrPath, policy);
  return policy;
}
