//===- slp-opt.cpp - run passes on IR of any stage --------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// mlir-opt with our dialects and passes, of which --help tells first, and with diagnostics that say
// what is wrong and where, without the operation: printed, a module is thousands of lines.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Pipeline/Pipeline.h"
#include "tools/ForeignOptions.h"

#include "runtime/api/Version.h"

#include "mlir/Pass/PassRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

/// Prints our passes, the only ones registered so far.
static void printOurPasses() {
  outs() << "SLPC's passes; docs/dialects/passes.md describes each, lib/Pipeline/Pipeline.cpp "
            "orders them:\n\n";
  mlir::printRegisteredPasses();
  outs() << "\nMLIR's passes: slp-opt --list-passes\n\n";
}

int main(int argc, char **argv) {
  slp::forgetForeignOptions();
  cl::SetVersionPrinter([](raw_ostream &os) { os << slp::api::versionOf("slp-opt") << "\n"; });
  mlir::DialectRegistry registry;
  slp::registerDialects(registry);
  slp::registerPasses();
  bool help = llvm::any_of(ArrayRef<char *>(argv, argc).drop_front(), [](StringRef argument) {
    return argument == "--help" || argument == "-help" || argument == "-h";
  });
  if (help)
    printOurPasses();
  mlir::registerTransformsPasses();

  std::string header = mlir::registerCLIOptions("SLPC pass driver\n", registry);
  auto &options = cl::getRegisteredOptions();
  // Every pass is a value of one option.
  if (cl::Option *passes = options.lookup("canonicalize"))
    passes->setHiddenFlag(cl::Hidden);
  if (cl::Option *printOp = options.lookup("mlir-print-op-on-diagnostic"))
    static_cast<cl::opt<bool> *>(printOp)->setInitialValue(false);
  auto [input, output] = mlir::parseCLIOptions(argc, argv, header);
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, input, output, registry));
}
