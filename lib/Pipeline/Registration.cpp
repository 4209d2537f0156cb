//===- Registration.cpp - all dialects and passes of the straight line ------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Mach/MachDialect.h"
#include "dialects/Train/TrainDialect.h"
#include "slp/Pipeline/Pipeline.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

void slp::registerDialects(mlir::DialectRegistry &registry) {
  registry.insert<mlir::func::FuncDialect, num_ir::NumDialect, train::TrainDialect,
                  mach::MachDialect>();
}

void slp::registerPasses() {}
