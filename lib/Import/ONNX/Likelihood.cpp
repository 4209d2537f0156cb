//===- Likelihood.cpp - means over the labels that count --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Likelihood.h"

#include "dialects/Train/AddOp.h"
#include "dialects/Train/DivOp.h"
#include "dialects/Train/LogicalNotOp.h"
#include "dialects/Train/NllOp.h"
#include "dialects/Train/ReduceSumOp.h"
#include "dialects/Train/TrainBuilders.h"

using namespace mlir;
using namespace slp;

Value import_onnx::divisorOf(OpBuilder &b, Location loc, Value shares) {
  NamedAttribute all = train::i64s(b, "axes", {0});
  Value sum = train::createInferred<train::ReduceSumOp>(b, loc, shares, all).getY();
  Value isNothing = train::createInferred<train::LogicalNotOp>(b, loc, sum).getY();
  return train::createInferred<train::AddOp>(b, loc, {sum, isNothing}).getY();
}

Value import_onnx::meanOf(OpBuilder &b, Location loc, train::NllOp likelihood) {
  NamedAttribute all = train::i64s(b, "axes", {0});
  Value sum = train::createInferred<train::ReduceSumOp>(b, loc, likelihood.getLosses(), all).getY();
  Value divisor = divisorOf(b, loc, likelihood.getShares());
  return train::createInferred<train::DivOp>(b, loc, {sum, divisor}).getY();
}
