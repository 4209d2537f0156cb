//===- InitialValues.h - the first values of a state ------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Weights never become IR: a train.state names bytes of the model file. `emit` and the reference
// read them here, one state at a time.
//
//===----------------------------------------------------------------------------------------===//

#ifndef SLP_EMIT_INITIALVALUES_H
#define SLP_EMIT_INITIALVALUES_H

#include "dialects/Train/TrainDialect.h"

#include <vector>

namespace slp::train {
struct State;
}

namespace slp {

/// XXH3 64 of `bytes`: the checksum of #train.file.
uint64_t checksumOf(llvm::StringRef bytes);

/// The f32 values of attribute `init` (#train.file, #train.random, dense f32, or null for zero) for
/// a tensor of `type`, row-major, one per element, not yet rounded to the state's format.
/// `modelFolder` is where paths of #train.file start; empty means the working directory. Fails,
/// with an error at `loc` naming `name`, if the file is missing or shorter than expected, the
/// length does not fit the type, or the bytes have changed since import.
mlir::FailureOr<std::vector<float>> readInitialValues(mlir::Location loc, llvm::StringRef name,
                                                      mlir::RankedTensorType type,
                                                      mlir::Attribute init,
                                                      llvm::StringRef modelFolder);

/// The same for a state.
mlir::FailureOr<std::vector<float>> readInitialValues(const train::State &state,
                                                      llvm::StringRef modelFolder);

} // namespace slp

#endif // SLP_EMIT_INITIALVALUES_H
