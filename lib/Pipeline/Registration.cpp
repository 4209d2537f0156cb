//===- Registration.cpp - all dialects and passes of the straight line ------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Chip/ChipDialect.h"
#include "dialects/Mach/MachDialect.h"
#include "dialects/Train/TrainDialect.h"
#include "slp/Autodiff/Passes.h"
#include "slp/Conversion/Passes.h"
#include "slp/Pipeline/Pipeline.h"
#include "slp/Transforms/Chip/Passes.h"
#include "slp/Transforms/Train/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

void slp::registerDialects(mlir::DialectRegistry &registry) {
  registry.insert<mlir::func::FuncDialect, mlir::scf::SCFDialect, mlir::arith::ArithDialect,
                  mlir::affine::AffineDialect, num_ir::NumDialect, train::TrainDialect,
                  chip_ir::ChipDialect, mach::MachDialect>();
  registerGradients(registry);
}

void slp::registerPasses() {
  registerSlpAutodiffPasses();
  registerSlpTrainPasses();
  registerSlpConversionPasses();
  registerSlpChipPasses();
}
