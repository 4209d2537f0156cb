//===- Passes.td - from one dialect to the next -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef SLP_CONVERSION_PASSES_TD
#define SLP_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertTrainToChip : Pass<"convert-train-to-chip", "::mlir::ModuleOp"> {
  let summary = "tile every train op into a loop nest over chip buffers (stage tile)";
  let description = [{
    Every train op after `precision` becomes one or more `chip.task`s. Tiles begin as the whole op on all cores and are
    halved until they fit the chip's memories twice, so that transfers overlap with compute. Legality follows from the order
    of accumulation: reduction loops run inside all parallel loops, in the order of docs/numerics.md section 4; parallel
    loops may come in any order and one of them is split over the cores. A `train.round` that is the only use of a MAC
    result is done on the tile while it drains, and so is a `train.relu` that is the only use of that. Tensors in DRAM are
    row-major; `train.reshape` is a second view of one.

    Assumes that `train-assign-precision` has run. An op attribute `slp.tile = {order = ["co", "n", ...], sizes = {n = 2}}`
    overrides the choice and is refused where it is illegal. test/Conversion/TrainToChip/conv.mlir is an example.
  }];
  let options = [
    Option<"target", "target", "std::string", "\"lnpu\"", "chip name or description file">,
    Option<"cores", "cores", "int64_t", "0", "cores to use; 0: all. For tests and sweeps">,
    Option<"tileSeed", "tile-seed", "uint64_t", "0", "non-zero: draw legal tiles, orders and splits at random. For tests">];
  let dependentDialects = ["::slp::chip_ir::ChipDialect", "::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect",
                           "::mlir::affine::AffineDialect", "::mlir::func::FuncDialect"];
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
