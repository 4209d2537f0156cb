//===- slp-verify.cpp - compile, simulate, evaluate the reference, compare bits ---------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Exit status 0 if every element of every train tensor agrees, 1 otherwise.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Verify/Verify.h"

#include "runtime/image/Description.h"
#include "runtime/image/File.h"
#include "tools/slpc/CompileFlags.h"
#include "tools/slpc/Diagnostics.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"

using namespace slp;

/// Writes a file whole or not at all; false after an error on stderr.
static bool writeJson(const std::string &path, const llvm::json::Value &json) {
  std::string text = llvm::formatv("{0:2}\n", json);
  Status written = image::writeBytes({text.begin(), text.end()}, path);
  if (!written)
    llvm::errs() << "slp-verify: error: " << written.message() << "\n";
  return bool(written);
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  forgetForeignOptions();
  llvm::cl::OptionCategory category("slp-verify options");
  CompileFlags flags(category);
  verify::Options options;
  llvm::cl::opt<int> steps("steps", llvm::cl::desc("training steps compared"),
                           llvm::cl::value_desc("N"), llvm::cl::init(options.steps),
                           llvm::cl::cat(category));
  llvm::cl::opt<std::string> data("data", llvm::cl::desc("folder of a data set; random if absent"),
                                  llvm::cl::value_desc("PATH"), llvm::cl::cat(category));
  // One flag for each number that some optimizer takes at run time.
  std::vector<std::unique_ptr<llvm::cl::opt<double>>> numbers;
  for (const api::NumberInfo &info : api::knownNumbers())
    if (llvm::StringRef(info.name) != "clip-norm") // that of the compiler, which takes the value
      numbers.push_back(std::make_unique<llvm::cl::opt<double>>(
          llvm::StringRef(info.name), llvm::cl::desc(info.description), llvm::cl::value_desc("X"),
          llvm::cl::cat(category)));
  llvm::cl::opt<uint32_t> seed("seed", llvm::cl::desc("seed of random inputs"),
                               llvm::cl::value_desc("N"), llvm::cl::init(options.seed),
                               llvm::cl::cat(category));
  using verify::GroupMasks;
  llvm::cl::opt<GroupMasks> groups(
      "group-masks", llvm::cl::desc("which weight groups are closed"),
      llvm::cl::init(options.groups), llvm::cl::cat(category),
      llvm::cl::values(
          clEnumValN(GroupMasks::refresh, "refresh", "by refresh: none, then half, and so on"),
          clEnumValN(GroupMasks::open, "open", "none"),
          clEnumValN(GroupMasks::closed, "closed", "all"),
          clEnumValN(GroupMasks::one, "one", "all but one of each layer"),
          clEnumValN(GroupMasks::alternating, "alternating", "every second one"),
          clEnumValN(GroupMasks::random, "random", "drawn with --seed")));
  llvm::cl::opt<int> threads("threads", llvm::cl::desc("threads of the simulator; 0: all"),
                             llvm::cl::value_desc("N"), llvm::cl::init(options.threads),
                             llvm::cl::cat(category));
  Switch checkOrder("check-order",
                    llvm::cl::desc("fail at accesses to memory that no semaphore, fence or queue "
                                   "orders; --check-order=false does not look"),
                    llvm::cl::init(options.checkOrder), llvm::cl::cat(category));
  Switch verbose("v", llvm::cl::desc("list the tensors that are not compared"),
                 llvm::cl::cat(category));
  Switch quiet("quiet",
               llvm::cl::desc("differences, warnings and errors only: no notes, and "
                              "nothing if all agrees"),
               llvm::cl::cat(category));
  llvm::cl::opt<std::string> fidelity(
      "fidelity", llvm::cl::ValueOptional,
      llvm::cl::desc("say how close each tensor is to the fp32 step's; with a file: as JSON too"),
      llvm::cl::value_desc("FILE.json"), llvm::cl::cat(category));
  llvm::cl::HideUnrelatedOptions(category);
  if (!parseCommandLine(argc, argv, "slp-verify",
                        "compare the simulator with the reference, bit by bit\n"))
    return 1;
  if (flags.modelPath().empty()) {
    llvm::errs() << "slp-verify: error: expected a model (.onnx, .onnxtxt or .mlir); see "
                    "slp-verify --help\n";
    return 1;
  }
  options.steps = steps;
  options.data = data;
  for (const auto &number : numbers)
    if (number->getNumOccurrences() != 0)
      options.numbers.emplace_back(number->ArgStr.str(), *number);
  options.seed = seed;
  options.threads = threads;
  options.checkOrder = checkOrder;
  options.groups = groups;
  if (options.steps < 1) {
    llvm::errs() << "slp-verify: error: expected --steps of at least 1, found " << options.steps
                 << "\n";
    return 1;
  }

  CompileOptions compileOptions = flags.options();
  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false); // one line an error
  DiagnosticPrinter printer(context, "slp-verify", flags.modelPath().str(), /*remarks=*/false,
                            /*notes=*/!quiet);
  mlir::OwningOpRef<mlir::ModuleOp> module = readModel(context, flags.modelPath(), compileOptions);
  if (!module || mlir::failed(resumeOptions(*module, compileOptions, CompileFlags::isGiven)))
    return 1;
  Result<chip::Chip> chip = chip::load(compileOptions.target);
  if (!chip) {
    llvm::errs() << "slp-verify: error: " << chip.message() << "\n";
    return 1;
  }
  llvm::StringRef folder = flags.modelFolder();
  bool withFidelity = fidelity.getNumOccurrences() != 0;
  mlir::FailureOr<verify::Program> program =
      verify::compile(std::move(module), compileOptions, *chip, folder, withFidelity);
  if (mlir::failed(program))
    return 1;
  if (withFidelity)
    options.fp32 = *program->fp32;
  // The machine is the one that the image carries, as in slp-sim.
  chip = image::chipOf(program->image);
  if (!chip) {
    llvm::errs() << "slp-verify: error: " << chip.message() << "\n";
    return 1;
  }
  mlir::FailureOr<verify::Report> report =
      verify::compare(*program->train, program->image, *chip, folder, options);
  if (mlir::failed(report))
    return 1;
  if (!quiet || !report->ok())
    verify::print(*report, report->ok() ? llvm::outs() : llvm::errs(), verbose);
  if (!report->ok())
    return 1;
  if (report->fidelity) {
    verify::printFidelity(*report->fidelity, llvm::outs(), verbose);
    verify::printAdvice(verify::adviseLayers(*report->fidelity), compileOptions.precision,
                        chip->has("fp16-mac") ? "fp16" : "fp8x2", llvm::outs());
    llvm::StringRef model = llvm::sys::path::filename(flags.modelPath());
    if (!fidelity.empty() &&
        !writeJson(fidelity, verify::fidelityJson(*report->fidelity, model, chip->name,
                                                  compileOptions.precision)))
      return 1;
  }
  return 0;
}
