//===- SparsityPolicy.cpp - which mechanisms of sparsity a program uses -----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Pipeline/SparsityPolicy.h"

#include "lib/Transforms/Train/PolicyFile.h"

#include "llvm/Support/GlobPattern.h"

using namespace mlir;
using namespace slp;

namespace {
struct SparsityFile {
  std::vector<std::string> mechanisms;
  std::optional<GatedLayers> channelGating;
  std::optional<MaskedLayers> weightGroups;
};
} // namespace

/// What is wrong with names of layers; empty: nothing.
static std::string checkLayers(const std::vector<std::string> &layers) {
  for (const std::string &layer : layers)
    if (llvm::Expected<llvm::GlobPattern> glob = llvm::GlobPattern::create(layer); !glob)
      return "layer \"" + layer + "\" is no pattern: " + llvm::toString(glob.takeError());
  return layers.empty() ? "expected names of layers" : "";
}

namespace llvm::yaml {
template <> struct MappingTraits<slp::MaskedLayers> {
  static void mapping(IO &io, slp::MaskedLayers &masked) {
    io.mapRequired("layers", masked.layers);
  }
  static std::string validate(IO &, slp::MaskedLayers &masked) {
    return checkLayers(masked.layers);
  }
};
template <> struct MappingTraits<slp::GatedLayers> {
  static void mapping(IO &io, slp::GatedLayers &gated) {
    io.mapOptional("layers", gated.layers);
    io.mapOptional("groups", gated.groups);
    io.mapOptional("threshold", gated.threshold);
  }
  static std::string validate(IO &, slp::GatedLayers &gated) {
    bool isEmpty = gated.layers.empty() && !gated.groups && !gated.threshold;
    return isEmpty || !gated.layers.empty() ? checkLayers(gated.layers) : "";
  }
};
template <> struct MappingTraits<SparsityFile> {
  static void mapping(IO &io, SparsityFile &file) {
    io.mapRequired("mechanisms", file.mechanisms);
    io.mapOptional("channel-gating", file.channelGating);
    io.mapOptional("weight-groups", file.weightGroups);
  }
};
} // namespace llvm::yaml

/// Adds a mechanism. False: it is unknown, or there already.
static bool add(StringRef name, SparsityPolicy &policy) {
  auto addTo = [](auto &field) {
    bool isNew = !field;
    field.emplace();
    return isNew;
  };
  if (name == "channel-gating")
    return addTo(policy.channelGating);
  if (name == "weight-groups")
    return addTo(policy.weightGroups);
  bool *flag = name == "zero-skip"       ? &policy.zeroSkip
               : name == "gradient-skip" ? &policy.gradientSkip
                                         : nullptr;
  return flag && !std::exchange(*flag, true);
}

static constexpr StringLiteral expected =
    "expected each of zero-skip, channel-gating, weight-groups and gradient-skip once at most";

static FailureOr<SparsityPolicy> readPolicy(StringRef path,
                                            function_ref<InFlightDiagnostic()> emitError) {
  static constexpr StringLiteral what = "sparsity policy";
  auto error = [&] { return emitError() << what << " " << printable(path) << ": "; };
  FailureOr<SparsityFile> read = readPolicyFile<SparsityFile>(what, path, emitError);
  if (failed(read))
    return failure();
  SparsityFile &file = *read;
  SparsityPolicy policy;
  for (const std::string &name : file.mechanisms)
    if (!add(name, policy))
      return error() << "mechanism " << printable(name) << ", " << expected;
  auto takeLayers = [&](auto &layers, auto &given, StringRef name) -> LogicalResult {
    if (given && !layers)
      return error() << "layers for " << name << ", which is not among the mechanisms";
    if (given)
      layers = std::move(given);
    return success();
  };
  if (failed(takeLayers(policy.channelGating, file.channelGating, "channel-gating")) ||
      failed(takeLayers(policy.weightGroups, file.weightGroups, "weight-groups")))
    return failure();
  return policy;
}

FailureOr<SparsityPolicy> slp::loadSparsity(StringRef text,
                                            function_ref<InFlightDiagnostic()> emitError) {
  if (text.ends_with(".yaml") || text.ends_with(".yml"))
    return readPolicy(text, emitError);
  SparsityPolicy policy;
  if (text == "none")
    return policy;
  SmallVector<StringRef> names;
  text.split(names, ',');
  for (StringRef name : names)
    if (!add(name, policy))
      return emitError() << "sparsity '" << printable(text) << "': " << expected
                         << ", none, or a policy's file (.yaml)";
  return policy;
}

LogicalResult slp::checkSparsity(const SparsityPolicy &policy, const chip::Chip &chip,
                                 function_ref<InFlightDiagnostic()> emitError) {
  std::pair<bool, StringRef> used[] = {{policy.zeroSkip, "zero-skip"},
                                       {policy.channelGating.has_value(), "channel-gating"},
                                       {policy.weightGroups.has_value(), "weight-groups"},
                                       {policy.gradientSkip, "gradient-skip"}};
  for (auto [isUsed, name] : used)
    if (isUsed && !chip.has(name.str()))
      return emitError() << "sparsity '" << name << "' needs a feature that chip " << chip.name
                         << " lacks";
  return success();
}
