//===- MutateModel.h - another model, one step away -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TEST_FUZZ_MUTATEMODEL_H
#define TEST_FUZZ_MUTATEMODEL_H

#include <cstdint>
#include <string>

namespace slp::fuzz {

/// Changes up to three fields, chosen by `seed`, of the ONNX model in `bytes`: a number becomes
/// one that is often mishandled, a name one that the model has elsewhere, a list loses, repeats or
/// swaps elements. False, and `bytes` as before, if they are no model.
bool mutateModel(std::string &bytes, uint32_t seed);

} // namespace slp::fuzz

#endif // TEST_FUZZ_MUTATEMODEL_H
