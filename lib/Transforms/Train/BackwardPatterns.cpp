//===- BackwardPatterns.cpp - gradients written in ordinary ops -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// See BackwardPatterns.h.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Transforms/Train/BackwardPatterns.h"

using namespace mlir;
using namespace slp;

void slp::recognizeBackward(ModuleOp module, func::FuncOp step) {}
