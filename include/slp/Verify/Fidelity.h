//===- Fidelity.h - how close a low-precision step is to the fp32 one -------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The measures of `slp-verify --fidelity` and their outcome as a table and as JSON, whose fields
// docs/fidelity.md lists. Called by slp-verify; measured by lib/Verify/FidelityMeter.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef SLP_VERIFY_FIDELITY_H
#define SLP_VERIFY_FIDELITY_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdint>
#include <string>
#include <vector>

namespace slp::verify {

/// Sums over the elements of a tensor, in double precision and in index order.
struct Closeness {
  int64_t elements = 0;
  double dot = 0, squaresExact = 0, squaresLow = 0, squaresError = 0;
  int64_t nonZero = 0;   ///< fp32 values that are not zero
  int64_t underflow = 0; ///< of these, low-precision values that are zero
  int64_t overflow = 0;  ///< low-precision values of the largest magnitude of their format

  /// Adds elements: `exact` are fp32's, `low` as stored, `scale` times too large. `largest` is the
  /// largest finite value of the format of `low`; infinite for fp32. Both of one size.
  void add(llvm::ArrayRef<float> exact, llvm::ArrayRef<float> low, double scale, double largest);

  /// -1 to 1; 1 if both are zero throughout, 0 if one is.
  double cosine() const;
  /// 2-norm of the difference over that of the fp32 tensor; infinite if only that one is zero.
  double relativeError() const;
  /// Shares of 0 to 1: underflow of the values that are not zero, overflow of all.
  double underflowShare() const;
  double overflowShare() const;
};

/// What a multiplication reads.
struct FidelityOperand {
  std::string kind;      ///< key of a policy's layer: activations, errors, weights
  bool isNarrow = false; ///< the chip, or a split in two, has more bits for it
};

/// One tensor in one step, over all of the step's micro-batches.
struct FidelityRow {
  int step = 0;       ///< from 1
  std::string tensor; ///< name in the image
  std::string node;   ///< ONNX node
  std::string phase;  ///< fp, bp, wg
  std::string op;     ///< train.conv
  std::string format; ///< element type as IR prints it
  Closeness closeness;
  /// Zero but for rounding, by construction, so that its measures say nothing: the gradient of a
  /// bias before a normalization by the batch's own statistics.
  bool isNoise = false;
  std::vector<std::string> reads;        ///< tensors of the report that the op computes it from
  std::vector<FidelityOperand> operands; ///< of a multiplication
};

struct FidelityReport {
  std::vector<FidelityRow> rows;      ///< by step, in the order of execution
  std::vector<std::string> unmatched; ///< fp32 tensors without a counterpart, sorted
};

/// The part of a row's relative error that its operands do not have: errors add up as squares.
/// Infinite where the row's is. `report` is the one that has the row.
double ownError(const FidelityReport &report, const FidelityRow &row);

/// A line a layer in forward order, each phase by its worst tensor and step; then what is noise,
/// and what was not measured. Layers that do not multiply are left out unless they lose something
/// themselves. `verbose`: then every tensor of every step, in the order of execution, too.
void printFidelity(const FidelityReport &report, llvm::raw_ostream &os, bool verbose);

/// A layer to widen, and the kinds of its operands.
struct LayerAdvice {
  std::string node;
  std::vector<std::string> kinds;
  std::string phase; ///< where it loses most by itself
  double error = 0;  ///< how much
};

/// The layers that stand out: in a phase, those whose own error is at least 5 % and half as much
/// again as the phase's median; if there is none of these, the one whose is largest, at least 5 %.
/// Only operands that can be wider. In forward order.
std::vector<LayerAdvice> adviseLayers(const FidelityReport &report);

/// The advice as a policy's file, or as what to add to one. `policy`: as --precision gave it.
/// `wider`: the format to advise.
void printAdvice(llvm::ArrayRef<LayerAdvice> advice, llvm::StringRef policy, llvm::StringRef wider,
                 llvm::raw_ostream &os);

/// The outcome with the schema of docs/fidelity.md. `model` is a file name, without folder.
llvm::json::Value fidelityJson(const FidelityReport &report, llvm::StringRef model,
                               llvm::StringRef chip, llvm::StringRef policy);

} // namespace slp::verify

#endif // SLP_VERIFY_FIDELITY_H
