//===- TrainEnums.td - enums of the train dialect ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINENUMS_TD
#define DIALECTS_TRAIN_TRAINENUMS_TD

include "mlir/IR/EnumAttr.td"

def Train_Phase : I32EnumAttr<"Phase", "which part of the step an op belongs to", [
    I32EnumAttrCase<"fp", 0>, I32EnumAttrCase<"bp", 1>, I32EnumAttrCase<"wg", 2>, I32EnumAttrCase<"up", 3>]> {
  let cppNamespace = "::slp::train";
  let genSpecializedAttr = 0;
}

def Train_StorageClass : I32EnumAttr<"StorageClass", "how `precision` finds the format of a result, see docs/numerics.md section 8", [
    I32EnumAttrCase<"accumulator", 0>, I32EnumAttrCase<"activation", 1>, I32EnumAttrCase<"arithmetic", 2>,
    I32EnumAttrCase<"statistic", 3>, I32EnumAttrCase<"same", 4>, I32EnumAttrCase<"state", 5>]> {
  let cppNamespace = "::slp::train";
  let genSpecializedAttr = 0;
}

#endif // DIALECTS_TRAIN_TRAINENUMS_TD
