//===- Verify.h - compare the simulator with the reference, bit by bit ------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Translation validation of one compile: the image that the stages tile to emit made of a train
// module, run by the simulator, must produce every element of every train tensor as lib/Reference
// evaluates it from docs/numerics.md. Called by slp-verify and by the property tests.
//
//===----------------------------------------------------------------------------------------===//

#ifndef SLP_VERIFY_VERIFY_H
#define SLP_VERIFY_VERIFY_H

#include "runtime/api/Hyper.h"
#include "runtime/chips/Chip.h"
#include "runtime/image/Image.h"
#include "slp/Pipeline/Pipeline.h"
#include "slp/Reference/Evaluator.h"
#include "slp/Verify/Fidelity.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/raw_ostream.h"

#include <optional>
#include <string>
#include <vector>

namespace slp::verify {

/// The masks of weight groups before each step: those of @refresh, which opens all before the
/// first, third, ... step and closes half of them before the others, or the same before all steps.
enum class GroupMasks { refresh, open, closed, one, alternating, random };

/// What both sides compute: `steps` runs of @step on successive inputs, then one of @eval. A module
/// without a loss has @eval alone.
struct Options {
  int steps = 3;
  std::string data; // folder of a data set in file order; empty: random inputs and labels
  /// Not null: the inputs of every run, by name, before rounding to the arguments' formats.
  const reference::NamedTensors *inputs = nullptr;
  /// In the place of the image's defaults; the weight decay is 0.0005 unless it is among them.
  std::vector<api::Number> numbers;
  uint32_t seed = 1; // of random inputs
  GroupMasks groups = GroupMasks::refresh;
  int threads = 0;             // of the simulator; 0: all
  uint64_t interleaveSeed = 0; // see exec::Options; tests only
  bool checkOrder = true;      // see exec::Options; not in runs with an interleaveSeed
  /// Not null: the fp32 step to measure the closeness of each step to (Program::fp32).
  mlir::ModuleOp fp32;
};

/// A module as `precision` left it, and the image the later stages made of it.
struct Program {
  mlir::OwningOpRef<mlir::ModuleOp> train;
  image::Image image;
  mlir::OwningOpRef<mlir::ModuleOp> fp32; ///< the same by policy fp32, where that was asked for
};

/// Runs the remaining stages on `module`, keeping a copy of what `precision` gives. `module` must
/// not be past `precision`, and `withFp32` wants one that is before it and has a step. Has reported
/// an error if it fails.
mlir::FailureOr<Program> compile(mlir::OwningOpRef<mlir::ModuleOp> module,
                                 const CompileOptions &options, const chip::Chip &chip,
                                 llvm::StringRef modelFolder, bool withFp32 = false);

/// An element on which the two disagree.
struct Difference {
  std::string where;     // "step 2", "eval", "initial state"
  std::string node;      // ONNX node name
  std::string op, phase; // "train.conv", "fp"; empty for what is read back from memory
  std::string tensor;    // name
  std::vector<int64_t> index;
  int64_t linear = 0; // row-major
  float reference = 0, simulator = 0;
  int64_t count = 0;       // elements of the tensor that differ
  int64_t elements = 0;    // of the tensor
  std::string instruction; // index and text; empty for what is read back from memory
};

struct Report {
  std::string chip;
  int steps = 0;
  bool evaluated = false; // there is an @eval
  int64_t tensors = 0;    // named tensors of @step and @eval, all elements compared
  int64_t states = 0;     // compared at the beginning and after each run
  int64_t stored = 0;     // temporaries and results of @step and @eval, read back after each run
  int64_t elements = 0;   // comparisons in all
  int64_t absent = 0;     // elements of dropped images, which lie nowhere by definition
  std::vector<image::Elided> elided;    // not compared, for a reason a pass recorded
  std::vector<std::string> uncovered;   // not compared, for no reason: a failure
  std::optional<Difference> difference; // the first, in the order of the train ops
  /// If it was asked for.
  std::optional<FidelityReport> fidelity;

  bool ok() const { return !difference && uncovered.empty(); }
};

/// Runs both and compares. `train` is the module of stage `precision` that `image` was made of.
/// Has reported an error if either cannot run.
mlir::FailureOr<Report> compare(mlir::ModuleOp train, const image::Image &image,
                                const chip::Chip &chip, llvm::StringRef modelFolder,
                                const Options &options);

/// Prints the outcome for people: one line on success, the difference or what was not compared on
/// failure. `verbose` adds every elided tensor with its reason.
void print(const Report &report, llvm::raw_ostream &os, bool verbose);

} // namespace slp::verify

#endif // SLP_VERIFY_VERIFY_H
