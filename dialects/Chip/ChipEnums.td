//===- ChipEnums.td - enums of the chip dialect -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_CHIP_CHIPENUMS_TD
#define DIALECTS_CHIP_CHIPENUMS_TD

include "mlir/IR/EnumAttr.td"

class Chip_Enum<string name, string summary, list<I32EnumAttrCase> cases> : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::slp::chip_ir";
  let genSpecializedAttr = 0;
}
def Chip_Space : Chip_Enum<"Space", "a memory", [
    I32EnumAttrCase<"dram", 0>, I32EnumAttrCase<"shared", 1>, I32EnumAttrCase<"spm", 2>, I32EnumAttrCase<"acc", 3>]>;
def Chip_Engine : Chip_Enum<"Engine", "an engine with an in-order queue", [
    I32EnumAttrCase<"load", 1>, I32EnumAttrCase<"store", 2>, I32EnumAttrCase<"mac", 3>, I32EnumAttrCase<"vector", 4>,
    I32EnumAttrCase<"shared_load", 5>, I32EnumAttrCase<"shared_store", 6>]>;
def Chip_Bank : Chip_Enum<"Bank", "whose semaphores", [I32EnumAttrCase<"cores", 0>, I32EnumAttrCase<"shared", 1>]>;
def Chip_Layout : Chip_Enum<"Layout", "the order of a DRAM tensor's elements", [
    I32EnumAttrCase<"row_major", 0>, I32EnumAttrCase<"channels16", 1>, I32EnumAttrCase<"blocks8x8", 2>]>;
def Chip_Role : Chip_Enum<"Role", "what a DRAM tensor is for", [
    I32EnumAttrCase<"input", 0>, I32EnumAttrCase<"output", 1>, I32EnumAttrCase<"state", 2>, I32EnumAttrCase<"temp", 3>,
    I32EnumAttrCase<"constant", 4>, I32EnumAttrCase<"copy", 5>]>;

#endif // DIALECTS_CHIP_CHIPENUMS_TD
