//===- Passes.td - from one dialect to the next -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef SLP_CONVERSION_PASSES_TD
#define SLP_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertTrainToChip : Pass<"convert-train-to-chip", "::mlir::ModuleOp"> {
  let summary = "make a nest over chip buffers of every train op (stage tile)";
  let description = [{
    Every train op after `precision` becomes one or more `chip.nest`s without a tiling: loops, buffers as affine functions of
    them, and instructions, in the order of accumulation of docs/numerics.md section 4. Every result is a tensor in DRAM,
    row-major; `train.reshape` is a second view of one. Rounding and random stream of a buffer are those of the train result
    that it holds a tile of. An op attribute `slp.tile` goes to the op's nests (`chip-choose-tiles`).

    Assumes that `train-assign-precision` and `train-name-tensors` have run.
    test/Conversion/TrainToChip/nests.mlir is an example.
  }];
  let options = [Option<"target", "target", "std::string", "\"lnpu\"", "chip name or description file">];
  let dependentDialects = ["::slp::chip_ir::ChipDialect", "::mlir::func::FuncDialect"];
}

def ConvertChipToMach : Pass<"convert-chip-to-mach", "::mlir::ModuleOp"> {
  let summary = "turn scheduled tasks into machine instructions (stage lower)";
  let description = [{
    Loops become hardware loops, affine coordinates scalar arithmetic, buffers and views descriptors in the table. Scalar
    and descriptor registers are given out anew in each task. Assumes that `chip-place-buffers` and
    `chip-insert-semaphores` have run. test/Conversion/ChipToMach/conv.mlir is an example.
  }];
  let dependentDialects = ["::slp::mach::MachDialect"];
}

#endif // SLP_CONVERSION_PASSES_TD
