//===- slpc.cpp - the compiler driver ---------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Model in, image out; or the IR of any stage. All the work is in lib/Pipeline.
//
//===----------------------------------------------------------------------------------------===//

#include "CompileFlags.h"
#include "CoreRemarks.h"
#include "Diagnostics.h"
#include "Explain.h"
#include "ListParams.h"
#include "Remarks.h"
#include "Summary.h"

#include "runtime/chips/Chip.h"
#include "runtime/image/File.h"
#include "runtime/image/Image.h"
#include "runtime/image/Text.h"
#include "slp/Emit/Emit.h"
#include "slp/Import/ONNX.h"
#include "slp/Pipeline/Precisions.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Support/Timing.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"

#include <limits>

using namespace mlir;
using namespace slp;
namespace cl = llvm::cl;

namespace {

/// Options of slpc alone.
struct DriverFlags {
  explicit DriverFlags(cl::OptionCategory &category)
      : output("o", cl::desc("output file; default: MODEL.slp, or stdout with --stop-after"),
               cl::value_desc("OUT"), cl::cat(category)),
        stopAfter("stop-after", cl::desc(stopAfterText), cl::value_desc("STAGE"),
                  cl::cat(category)),
        emit("emit", cl::desc("what to write: image, asm (as slp-dis prints it) or mlir"),
             cl::value_desc("KIND"), cl::cat(category)),
        remarks("remarks",
                cl::desc("print decisions whose category matches: precision, tile, cores, ..."),
                cl::value_desc("REGEX"), cl::cat(category)),
        explain("explain",
                cl::desc("print why the tensors of an ONNX node have their formats, and stop"),
                cl::value_desc("NODE"), cl::cat(category)),
        timeReport("time-report", cl::desc("print the time of each pass"), cl::cat(category)),
        listOps("list-ops", cl::desc("print the supported ONNX operators and stop"),
                cl::cat(category)),
        listParams("list-params",
                   cl::desc("print what is trained, frozen or constant, and why, and stop"),
                   cl::cat(category)),
        verbose("v", cl::desc("say what was written"), cl::cat(category)),
        quiet("quiet", cl::desc("warnings and errors only: no notes, no summary of the image"),
              cl::cat(category)) {}

  const std::string stopAfterText = "print the IR after a stage: " + listStages();
  cl::opt<std::string> output, stopAfter, emit, remarks, explain;
  Switch timeReport, listOps, listParams, verbose, quiet;
};

/// MLIR's options that print the IR around passes appear under `category` in --help.
void addPrintingOptions(cl::OptionCategory &category) {
  registerPasses(); // --mlir-print-ir-before=PASS knows their names
  registerAsmPrinterCLOptions();
  registerPassManagerCLOptions();
  for (auto &[name, option] : cl::getRegisteredOptions())
    if (name.starts_with("mlir-"))
      option->addCategory(category);
}

int fail(const Twine &message) {
  llvm::errs() << "slpc: error: " << message << "\n";
  return 1;
}

/// Writes text or an image so that a failure leaves no partial file.
int write(StringRef path, StringRef text) {
  if (path.empty() || path == "-") {
    llvm::outs() << text;
    llvm::outs().flush();
    std::error_code error = llvm::outs().error();
    llvm::outs().clear_error(); // reported here, not when the stream is destroyed
    return error ? fail("cannot write to standard output: " + error.message()) : 0;
  }
  if (Status ok = image::writeBytes({text.begin(), text.end()}, path.str()); !ok)
    return fail(ok.message());
  return 0;
}

std::string printModule(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  OpPrintingFlags flags;
  flags.enableDebugInfo(); // node names are locations; a later run of slpc needs them
  module.print(os, flags);
  os << "\n";
  return text;
}

/// --explain=NODE: runs the stages up to precision and prints what they decided.
int explainNode(ModuleOp module, StringRef node, const CompileOptions &options,
                const chip::Chip &chip) {
  if (stageOf(module) >= Stage::precision)
    return fail("--explain: expected a module of stage differentiate or before, found one of " +
                stringifyStage(stageOf(module)));
  Decisions decisions;
  if (failed(collectDecisions(*module.getContext(), decisions)) ||
      failed(runStages(module, Stage::precision, options, chip)))
    return 1;
  std::string text, error;
  llvm::raw_string_ostream os(text);
  if (!explain(module, node, decisions, os, error))
    return fail("--explain=" + node + ": " + error);
  return write("", text);
}

/// A pattern that fits nothing says so.
void noteUnmatched(StringRef pattern, const RemarkCount &remarks) {
  llvm::errs() << "slpc: warning: --remarks=" << pattern << " matches no remark of this compile, ";
  if (remarks.categories.empty())
    llvm::errs() << "which made none\n";
  else
    llvm::errs() << "which made some of category " << llvm::join(remarks.categories, ", ") << "\n";
}

/// Times the layers of a module of stage `precision` on the cores they get and on fewer, and
/// remarks where fewer are faster. Nothing where it was not asked for and takes long.
std::optional<measure::CoreCounts> compareCores(ModuleOp precise, const CompileOptions &options,
                                                const chip::Chip &chip, bool isAsked) {
  Result<measure::CoreCounts> counts = measure::compareCoreCounts(
      precise, options, chip, isAsked ? std::numeric_limits<int64_t>::max() : quickSteps);
  if (!counts) {
    if (isAsked)
      llvm::errs() << "slpc: warning: layers are not compared on fewer cores: " << counts.message()
                   << "\n";
    return std::nullopt;
  }
  remarkSlowLayers(*precise.getContext(), *counts);
  return counts.take();
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  forgetForeignOptions();
  cl::OptionCategory category("slpc options");
  CompileFlags compile(category);
  DriverFlags driver(category);
  addPrintingOptions(category);
  cl::HideUnrelatedOptions(category);
  if (!parseCommandLine(argc, argv, "slpc",
                        "slpc: ONNX training graphs to images for learning processors\n"))
    return 1;
  if (driver.listOps)
    return write(driver.output, describeONNXSupport(listChipPrecisions()));
  if (compile.modelPath().empty())
    return fail("expected a model (.onnx, .onnxtxt or .mlir); see slpc --help");
  CompileOptions options = compile.options();

  std::optional<Stage> last = Stage::emit;
  if (!driver.stopAfter.empty())
    last = parseStage(driver.stopAfter);
  if (!last)
    return fail("unknown stage '" + driver.stopAfter + "', expected one of " + listStages());
  std::string kind = !driver.emit.empty()   ? driver.emit.getValue()
                     : *last == Stage::emit ? "image"
                                            : "mlir";
  if (kind != "image" && kind != "asm" && kind != "mlir")
    return fail("unknown output kind '" + kind + "', expected image, asm or mlir");
  if (kind == "mlir" && *last == Stage::emit)
    last = Stage::lower;
  if (kind != "mlir" && *last != Stage::emit)
    return fail("--emit=" + kind + " needs all stages, found --stop-after=" + driver.stopAfter);

  DialectRegistry registry;
  registerDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false); // one line per error
  DiagnosticPrinter printer(context, "slpc", compile.modelPath().str(),
                            /*remarks=*/false, /*notes=*/!driver.quiet);
  RemarkCount remarks;
  if (driver.explain.getNumOccurrences() == 0) {
    std::string problem;
    if (failed(printRemarks(context, driver.remarks, remarks, problem)))
      return fail("--remarks=" + driver.remarks + ": " + problem);
  }
  ImportReport report;
  OwningOpRef<ModuleOp> module =
      readModel(context, compile.modelPath(), options, driver.listParams ? &report : nullptr);
  if (!module || failed(resumeOptions(*module, options, CompileFlags::isGiven)))
    return 1;
  if (*last < stageOf(*module))
    return fail(compile.modelPath() + ": expected IR of stage " + stringifyStage(*last) +
                " or before, found stage " + stringifyStage(stageOf(*module)));
  Result<chip::Chip> chip = chip::load(options.target);
  if (!chip)
    return fail(chip.message());

  if (driver.listParams) {
    if (stageOf(*module) >= Stage::differentiate)
      return fail("--list-params: expected a model, or a module of stage import, found one of " +
                  stringifyStage(stageOf(*module)));
    if (failed(runStages(*module, Stage::differentiate, options, *chip)))
      return 1;
    return write(driver.output, listParams(*module, report, options));
  }
  if (kind != "mlir")
    for (const std::string &line : chip::warnings(*chip))
      emitWarning(UnknownLoc::get(&context)) << "chip " << chip->name << ": " << line;

  if (driver.explain.getNumOccurrences() != 0)
    return explainNode(*module, driver.explain, options, *chip);

  DefaultTimingManager timing;
  timing.setEnabled(driver.timeReport);
  TimingScope scope = timing.getRootScope();
  bool isConfigured = true;
  auto configure = [&](PassManager &pm) {
    pm.enableTiming(scope);
    isConfigured = succeeded(applyPassManagerCLOptions(pm)); // reports why not
  };
  auto runTo = [&](Stage stage) {
    return success(succeeded(runStages(*module, stage, options, *chip, configure)) && isConfigured);
  };
  // What is trained is seen best before formats and tiles.
  Stage graph = std::min(*last, Stage::differentiate);
  if (stageOf(*module) < graph && failed(runTo(graph)))
    return 1;
  std::optional<Trained> trained = countTrained(*module);
  bool asksForCores = wantsRemarks(driver.remarks, coreRemarks);
  bool hasWord = asksForCores || (!driver.quiet && *last == Stage::emit);
  // Drawn tiles say nothing of the chip.
  OwningOpRef<ModuleOp> precise;
  if (hasWord && stageOf(*module) <= Stage::precision && *last >= Stage::tile &&
      options.tileSeed == 0) {
    if (failed(runTo(Stage::precision)))
      return 1;
    precise = module->clone();
  }
  if (failed(runTo(*last)))
    return 1;
  std::optional<measure::CoreCounts> coreCounts;
  if (precise) {
    TimingScope comparing = scope.nest("compare numbers of cores");
    coreCounts = compareCores(*precise, options, *chip, asksForCores);
  }
  if (!driver.remarks.empty() && remarks.printed == 0 && !(asksForCores && coreCounts))
    noteUnmatched(driver.remarks, remarks);
  if (kind == "mlir")
    return write(driver.output, printModule(*module));

  FailureOr<image::Image> image = emitImage(*module, *chip, compile.modelFolder());
  if (failed(image))
    return 1;
  if (kind == "asm")
    return write(driver.output, image::printText(*image));
  SmallString<128> output(driver.output);
  if (output.empty()) {
    output = llvm::sys::path::filename(compile.modelPath());
    llvm::sys::path::replace_extension(output, "slp");
  }
  Result<std::vector<uint8_t>> bytes = image::serialize(*image);
  if (!bytes)
    return fail(bytes.message());
  if (write(output, StringRef(reinterpret_cast<const char *>(bytes->data()), bytes->size())))
    return 1;
  std::string name = "slpc: " + output.str().str();
  if (trained && trained->parameters == 0 && !image->contract.loss.empty())
    emitWarning(UnknownLoc::get(&context))
        << "the step computes a loss and trains no parameter"
        << (options.freeze.empty() ? ": none gets a gradient from it"
                                   : ": --freeze leaves none that gets a gradient from it");
  if (!driver.quiet) {
    printSummary(name, *image, *chip, trained, llvm::errs());
    if (coreCounts)
      noteSlowLayers(*coreCounts, *chip, asksForCores, llvm::errs());
  }
  if (driver.verbose)
    llvm::errs() << "slpc: wrote " << output << ": " << image->text.size() << " instructions, "
                 << image->descriptors.size() << " descriptors, " << image->tensors.size()
                 << " tensors\n";
  return 0;
}
