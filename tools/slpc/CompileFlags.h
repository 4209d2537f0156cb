//===- CompileFlags.h - the options that slpc and slp-verify have in common -------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// One place for the names, defaults and descriptions of everything that CompileOptions holds. Each
// tool makes one CompileFlags in its main, before it parses the command line.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TOOLS_SLPC_COMPILEFLAGS_H
#define TOOLS_SLPC_COMPILEFLAGS_H

#include "slp/Pipeline/Pipeline.h"
#include "tools/ForeignOptions.h"
#include "tools/slpc/FlagParsers.h"

#include "runtime/api/Version.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

namespace slp {

/// What `TOOL --version` prints. Call before the command line is parsed.
inline void setVersion(const std::string &tool) {
  llvm::cl::SetVersionPrinter(
      [tool](llvm::raw_ostream &os) { os << api::versionOf(tool) << "\n"; });
}

/// Parses the command line. False after one line on stderr, "TOOL: error: ...".
inline bool parseCommandLine(int argc, char **argv, llvm::StringRef tool,
                             llvm::StringRef overview) {
  setVersion(tool.str());
  std::string text;
  llvm::raw_string_ostream os(text);
  if (llvm::cl::ParseCommandLineOptions(argc, argv, overview, &os))
    return true;
  // Values that do not parse have been printed already, on one line.
  llvm::StringRef line = llvm::StringRef(text).split('\n').first;
  line.consume_front(llvm::sys::path::filename(argv[0]));
  line.consume_front(": ");
  line = line.split(".  Try").first.rtrim('!');
  if (!line.empty())
    llvm::errs() << tool << ": error: " << line << "; see " << tool << " --help\n";
  return false;
}

class CompileFlags {
public:
  /// The options appear under `category` in --help.
  explicit CompileFlags(llvm::cl::OptionCategory &category)
      : model(llvm::cl::Positional, llvm::cl::value_desc("MODEL"),
              llvm::cl::desc("MODEL (.onnx, .onnxtxt, .mlir)"), llvm::cl::cat(category)),
        params("params",
               llvm::cl::desc("values of parameters by name: a model, or a folder of NAME.npy and "
                              "NAME.pb; for .mlir: the folder of the model it was made of"),
               llvm::cl::value_desc("FILE.onnx|DIR"), llvm::cl::cat(category)),
        init("init", llvm::cl::desc("fill absent parameters at random: kaiming,SEED"),
             llvm::cl::value_desc("METHOD,SEED"), llvm::cl::init(defaults.init),
             llvm::cl::cat(category)),
        bind(
            "bind",
            llvm::cl::desc("size of a symbolic dimension, or constant value of an input: a number, "
                           "[1,2,3], a .npy or .pb file; may be repeated"),
            llvm::cl::value_desc("NAME=VALUE"), llvm::cl::cat(category)),
        target("target", llvm::cl::desc("chip: lnpu, asu-fp8 or a description's file"),
               llvm::cl::value_desc("NAME|FILE.yaml"), llvm::cl::init(defaults.target),
               llvm::cl::cat(category)),
        batch("batch", llvm::cl::desc("images per step; 0: as the model says"),
              llvm::cl::value_desc("N"), llvm::cl::init(defaults.batch), llvm::cl::cat(category)),
        loss("loss",
             llvm::cl::desc("loss for a graph that carries none: softmax-cross-entropy or mse"),
             llvm::cl::value_desc("NAME"), llvm::cl::init(defaults.loss), llvm::cl::cat(category)),
        lossOutput("loss-output",
                   llvm::cl::desc("the output of one element that is the loss, if several are"),
                   llvm::cl::value_desc("NAME"), llvm::cl::cat(category)),
        logits("logits",
               llvm::cl::desc("the tensor that --loss is added to and that accuracy is of; "
                              "default: the first output, or what the graph's loss is of"),
               llvm::cl::value_desc("NAME"), llvm::cl::cat(category)),
        classAxis("class-axis", llvm::cl::desc("dimension of the logits that counts classes"),
                  llvm::cl::value_desc("N"), llvm::cl::init(1), llvm::cl::cat(category)),
        ignoreIndex("ignore-index",
                    llvm::cl::desc("label that does not count in the loss that --loss adds"),
                    llvm::cl::value_desc("N"), llvm::cl::init(-100), llvm::cl::cat(category)),
        optimizer("optimizer", llvm::cl::desc("sgd, adagrad, adam or adamw"),
                  llvm::cl::value_desc("NAME"), llvm::cl::init(defaults.optimizer),
                  llvm::cl::cat(category)),
        optimizerModel("optimizer-model",
                       llvm::cl::desc("optimizer of a training_model.onnx; default: "
                                      "optimizer_model.onnx beside it"),
                       llvm::cl::value_desc("FILE.onnx"), llvm::cl::cat(category)),
        update("update",
               llvm::cl::desc("the graph's output OUTPUT is the next value of PARAM; may be "
                              "repeated"),
               llvm::cl::value_desc("PARAM=OUTPUT"), llvm::cl::cat(category)),
        untie("untie",
              llvm::cl::desc("parameters that an exporter has merged with others, to be trained "
                             "apart; may be repeated"),
              llvm::cl::value_desc("GLOB"), llvm::cl::cat(category)),
        nesterov("nesterov", llvm::cl::desc("Nesterov's momentum, for sgd"),
                 llvm::cl::cat(category)),
        clipNorm("clip-norm",
                 llvm::cl::desc("clip all gradients together; slp-sim --clip-norm gives the norm"),
                 llvm::cl::cat(category)),
        microBatch("micro-batch",
                   llvm::cl::desc(
                       "images of one run; losses and gradients of a batch's runs are averaged; "
                       "0: the whole batch"),
                   llvm::cl::value_desc("N"), llvm::cl::init(defaults.microBatch),
                   llvm::cl::cat(category)),
        freeze("freeze", llvm::cl::desc("parameters that are not trained; may be repeated"),
               llvm::cl::value_desc("GLOB"), llvm::cl::cat(category)),
        noDecay("no-decay", llvm::cl::desc("parameters without weight decay; may be repeated"),
                llvm::cl::value_desc("GLOB"), llvm::cl::cat(category)),
        lrScale(
            "lr-scale",
            llvm::cl::desc("parameters whose learning rate is multiplied by X; may be repeated"),
            llvm::cl::value_desc("GLOB:X"), llvm::cl::cat(category)),
        precision(
            "precision",
            llvm::cl::desc("fp32 (reference only), fp16, fp8, fgmp, sensitivity, or a policy"),
            llvm::cl::value_desc("NAME|FILE.yaml"), llvm::cl::init(defaults.precision),
            llvm::cl::cat(category)),
        masterWeights("master-weights",
                      llvm::cl::desc("format of master weights and optimizer state: fp8, fp16 or "
                                     "fp32; empty: the precision's own"),
                      llvm::cl::value_desc("NAME"), llvm::cl::init(defaults.masterWeights),
                      llvm::cl::cat(category)),
        lossScale("loss-scale",
                  llvm::cl::desc("static loss scale, a power of two; 0: the precision's own; or "
                                 "dynamic: backs off when gradients saturate and grows back"),
                  llvm::cl::value_desc("X|dynamic[:INITIAL[:INTERVAL]]"),
                  llvm::cl::init(defaults.lossScale), llvm::cl::cat(category)),
        profileUse("profile-use",
                   llvm::cl::desc("what slp-sim --profile measured, for policy sensitivity"),
                   llvm::cl::value_desc("FILE"), llvm::cl::init(defaults.profileUse),
                   llvm::cl::cat(category)),
        sparsity("sparsity",
                 llvm::cl::desc("none; or mechanisms of the chip: zero-skip, channel-gating, "
                                "weight-groups, gradient-skip, with commas between them; or a "
                                "policy's file that names their layers"),
                 llvm::cl::value_desc("NAMES|POLICY.yaml"), llvm::cl::init(defaults.sparsity),
                 llvm::cl::cat(category)),
        skipDivide("skip-divide",
                   llvm::cl::desc("of gradient-skip: sums in the gradients of batch normalization "
                                  "are divided by the elements of all images, or of kept ones"),
                   llvm::cl::value_desc("all|kept"), llvm::cl::init(defaults.skipDivide),
                   llvm::cl::cat(category)),
        cores("cores", llvm::cl::desc("cores used; 0: all"), llvm::cl::value_desc("N"),
              llvm::cl::init(defaults.cores), llvm::cl::cat(category)),
        tileSeed("tile-seed",
                 llvm::cl::desc("draw legal tile sizes and loop orders at random; 0: choose them"),
                 llvm::cl::value_desc("N"), llvm::cl::init(defaults.tileSeed),
                 llvm::cl::cat(category)),
        layouts("layouts",
                llvm::cl::desc("of tensors in DRAM: auto, what saves time; row-major; blocked, all "
                               "that can be; or drawn at random with a seed"),
                llvm::cl::value_desc("auto|row-major|blocked|N"), llvm::cl::init(defaults.layouts),
                llvm::cl::cat(category)),
        fusion(
            "fusion",
            llvm::cl::desc("what is done on tiles where they are made: auto, what saves time; "
                           "all that can be; what drains of MAC ops do alone; or drawn at random "
                           "with a seed"),
            llvm::cl::value_desc("auto|all|drains|N"), llvm::cl::init(defaults.fusion),
            llvm::cl::cat(category)),
        homes(
            "homes",
            llvm::cl::desc("where temporaries are between nests: auto, on the chip where there is "
                           "room; in DRAM; or drawn at random with a seed"),
            llvm::cl::value_desc("auto|dram|N"), llvm::cl::init(defaults.homes),
            llvm::cl::cat(category)),
        regions("regions",
                llvm::cl::desc("fences where they are needed, or behind every nest of loops"),
                llvm::cl::value_desc("joined|single"), llvm::cl::init(defaults.regions),
                llvm::cl::cat(category)),
        dram("dram",
             llvm::cl::desc("whether tensors share bytes of DRAM that are not alive together; "
                            "auto: if they do not fit otherwise"),
             llvm::cl::value_desc("apart|shared|auto"), llvm::cl::init(defaults.dram),
             llvm::cl::cat(category)) {}

  /// What the command line said. Call after parsing it.
  CompileOptions options() const {
    CompileOptions o;
    o.target = target;
    o.batch = batch;
    o.binds.assign(bind.begin(), bind.end());
    o.init = init;
    if (!isModule())
      o.params = params;
    o.loss = loss;
    o.lossOutput = lossOutput;
    o.logits = logits;
    if (classAxis.getNumOccurrences())
      o.classAxis = classAxis;
    if (ignoreIndex.getNumOccurrences())
      o.ignoreIndex = ignoreIndex;
    o.optimizer = optimizer;
    o.optimizerModel = optimizerModel;
    o.updates.assign(update.begin(), update.end());
    o.unties.assign(untie.begin(), untie.end());
    o.choosesOptimizer = optimizer.getNumOccurrences() != 0;
    o.nesterov = nesterov;
    o.clipNorm = clipNorm;
    o.microBatch = microBatch;
    o.freeze.assign(freeze.begin(), freeze.end());
    o.noDecay.assign(noDecay.begin(), noDecay.end());
    o.lrScale.assign(lrScale.begin(), lrScale.end());
    o.precision = precision;
    o.masterWeights = masterWeights;
    o.lossScale = lossScale;
    o.profileUse = profileUse;
    o.sparsity = sparsity;
    o.skipDivide = skipDivide;
    o.cores = cores;
    o.tileSeed = tileSeed;
    o.layouts = layouts;
    o.fusion = fusion;
    o.homes = homes;
    o.regions = regions;
    o.dram = dram;
    return o;
  }
  /// Path of the model; empty if there is none on the command line.
  llvm::StringRef modelPath() const { return model.getValue(); }
  /// Where the files with initial values lie.
  llvm::StringRef modelFolder() const {
    return params.empty() || !isModule() ? llvm::sys::path::parent_path(modelPath())
                                         : params.getValue();
  }
  /// Whether the command line has the option.
  static bool isGiven(llvm::StringRef name) {
    return llvm::cl::getRegisteredOptions().lookup(name)->getNumOccurrences() != 0;
  }

private:
  /// IR, in which every file with values is named already.
  bool isModule() const { return modelPath().ends_with(".mlir"); }

  const CompileOptions defaults;
  llvm::cl::opt<std::string> model, params, init;
  llvm::cl::list<std::string> bind;
  llvm::cl::opt<std::string> target;
  llvm::cl::opt<int64_t> batch;
  llvm::cl::opt<std::string> loss, lossOutput, logits;
  llvm::cl::opt<int64_t> classAxis, ignoreIndex;
  llvm::cl::opt<std::string> optimizer, optimizerModel;
  llvm::cl::list<std::string> update, untie;
  Switch nesterov, clipNorm;
  llvm::cl::opt<int64_t> microBatch;
  llvm::cl::list<std::string> freeze, noDecay, lrScale;
  llvm::cl::opt<std::string> precision, masterWeights, lossScale, profileUse, sparsity, skipDivide;
  llvm::cl::opt<int64_t> cores;
  llvm::cl::opt<uint64_t> tileSeed;
  llvm::cl::opt<std::string> layouts;
  llvm::cl::opt<std::string> fusion;
  llvm::cl::opt<std::string> homes;
  llvm::cl::opt<std::string> regions, dram;
};

} // namespace slp

#endif // TOOLS_SLPC_COMPILEFLAGS_H
