//===- Pipeline.h - the straight line from an ONNX file to an image ---------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The stages of docs/pipeline.md, in order. The driver's --stop-after, the documents and the tests
// use these names.
//
//===----------------------------------------------------------------------------------------===//

#ifndef SLP_PIPELINE_PIPELINE_H
#define SLP_PIPELINE_PIPELINE_H

#include "slp/Import/ONNX.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace slp {
namespace chip {
struct Chip;
}

/// A point of the straight line; each one's output is valid input of the next.
enum class Stage { import, differentiate, precision, tile, schedule, lower, emit };

llvm::StringRef stringifyStage(Stage stage);
std::optional<Stage> parseStage(llvm::StringRef name);
/// "import, differentiate, ..." for messages.
std::string listStages();

/// Values of --regions: a fence where one is needed, and behind every nest.
constexpr char joinedRegions[] = "joined", singleRegions[] = "single";
/// Values of --fusion: all that can be; or accumulators are rounded, classified and rectified where
/// they drain, and nothing else.
constexpr char fusionOfAll[] = "all";
constexpr char fusionOfDrains[] = "drains";
/// A value of --homes: nothing stays on the chip between nests.
constexpr char homesInDram[] = "dram";

/// What a user chooses. Defaults are the driver's.
struct CompileOptions {
  std::string target = "lnpu";              // shipped chip or YAML file
  std::string loss;                         // "", softmax-cross-entropy, mse
  std::string lossOutput, logits;           // outputs; empty: see ImportOptions
  std::optional<int64_t> classAxis;         // of the logits; absent: 1
  std::optional<int64_t> ignoreIndex;       // label that does not count; absent: every label does
  std::string optimizer = "sgd";            // sgd, adagrad, adam, adamw
  bool nesterov = false;                    // of sgd
  bool clipNorm = false;                    // clip gradients to a norm that is given at run time
  int64_t microBatch = 0;                   // images of one run; 0: all of a step's
  std::vector<std::string> freeze, noDecay; // globs of parameter names
  std::vector<std::string> lrScale;         // GLOB:X
  std::string precision = "fp16";           // fp32, fp16, fp8
  std::string masterWeights;                // fp8, fp16, fp32; empty: the precision's own
  /// A power of two; 0: the policy's default (fp32: 1, fp16: 128, fp8 and fgmp: 1024);
  /// dynamic[:INITIAL[:INTERVAL]].
  std::string lossScale = "0";
  std::string profileUse;              // of policy sensitivity: the file of slp-sim --profile
  int64_t batch = 0;                   // 0: the file's
  std::vector<std::string> binds = {}; // NAME=VALUE: see ImportOptions
  std::string params;                  // file or folder with values of parameters
  std::string init;                    // "", kaiming,SEED
  std::string optimizerModel;          // of artifacts; empty: optimizer_model.onnx beside the model
  std::vector<std::string> updates;    // PARAM=OUTPUT: see ImportOptions
  std::vector<std::string> unties = {}; // globs: see ImportOptions
  bool choosesOptimizer = false;        // `optimizer` comes before what the file says
  std::string sparsity = "none";        // names of mechanisms, or a policy's file
  std::string skipDivide;               // of gradient-skip: all, kept; empty: all
  /// Tile options; tests draw them at random. 0 and empty mean: the tiler chooses.
  int64_t cores = 0;     // cores used, at most the chip's
  uint64_t tileSeed = 0; // non-zero: legal tile sizes and loop orders drawn with this seed
  /// Of tensors in DRAM: row-major; blocked where that is possible; or drawn with this seed.
  std::string layouts = "auto";
  std::string fusion = "auto"; // auto, all, drains, or drawn with this seed: see chip-fuse-nests
  std::string homes = "auto";  // auto, dram, or drawn with this seed: see chip-choose-homes
  std::string regions = joinedRegions;
  std::string dram = "auto"; // apart, shared, auto: see chip-place-buffers
};

/// Reads a model: .onnx and .onnxtxt through the importer, .mlir (any stage) through the parser.
/// Null after an error has been reported through the context's diagnostics. `report` gets what the
/// importer says of each initializer; of .mlir nothing.
mlir::OwningOpRef<mlir::ModuleOp> readModel(mlir::MLIRContext &context, llvm::StringRef path,
                                            const CompileOptions &options,
                                            ImportReport *report = nullptr);

/// The last stage a module has been through (module attribute `slp.stage`), import if it says
/// nothing.
Stage stageOf(mlir::ModuleOp module);

/// For a module that has been through stages already: puts into `options` what those stages were
/// told (module attribute `slp.options`), as nothing can change it now. Fails, with an error for
/// each, if the user chose otherwise by an option `isGiven` ("precision", "loss-scale", ...), or if
/// the chip's description has changed in a way that programs depend on.
mlir::LogicalResult resumeOptions(mlir::ModuleOp module, CompileOptions &options,
                                  llvm::function_ref<bool(llvm::StringRef)> isGiven);

/// Runs the passes of the stages after `stageOf(module)` up to `last` (emit: up to lower; emitImage
/// does the rest). `configure` may add instrumentation to the pass manager.
mlir::LogicalResult runStages(mlir::ModuleOp module, Stage last, const CompileOptions &options,
                              const chip::Chip &chip,
                              llvm::function_ref<void(mlir::PassManager &)> configure = nullptr);

/// Registers every dialect of the straight line.
void registerDialects(mlir::DialectRegistry &registry);
/// Registers every pass, for slp-opt.
void registerPasses();

} // namespace slp

#endif // SLP_PIPELINE_PIPELINE_H
