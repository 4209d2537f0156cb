//===- slp-opt.cpp - run passes on IR of any stage --------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Pipeline/Pipeline.h"

#include "runtime/api/Version.h"

#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

int main(int argc, char **argv) {
  llvm::cl::SetVersionPrinter(
      [](llvm::raw_ostream &os) { os << slp::api::versionOf("slp-opt") << "\n"; });
  mlir::DialectRegistry registry;
  slp::registerDialects(registry);
  slp::registerPasses();
  mlir::registerTransformsPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "SLPC pass driver\n", registry));
}
