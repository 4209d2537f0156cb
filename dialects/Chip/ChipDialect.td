//===- ChipDialect.td - the chip dialect ------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_CHIP_CHIPDIALECT_TD
#define DIALECTS_CHIP_CHIPDIALECT_TD

include "dialects/Chip/ChipEnums.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/OpBase.td"

def Chip_Dialect : Dialect {
  let name = "chip";
  let cppNamespace = "::slp::chip_ir";
  let summary = "tiles, memories, transfers and engine work";
  let description = [{
    A step as a list of tasks. A task is a loop nest (`scf.for`) around buffers, transfers and engine work. After `tile`
    it is logical: buffers have shapes and logical coordinates, engines run in program order. After `schedule` buffers have
    addresses and counting semaphores let the engines run at the same time. Tensors in DRAM are symbols; a buffer is a
    memref with a memory space. Nothing here changes what is computed.
  }];
  let useDefaultAttributePrinterParser = 1;
}

def Chip_SpaceAttr : EnumAttr<Chip_Dialect, Chip_Space, "space"> {
  let assemblyFormat = "`<` $value `>`";
}
def Chip_EngineAttr : EnumAttr<Chip_Dialect, Chip_Engine, "engine"> {
  let assemblyFormat = "`<` $value `>`";
}
def Chip_RoleAttr : EnumAttr<Chip_Dialect, Chip_Role, "role"> {
  let assemblyFormat = "`<` $value `>`";
}

#endif // DIALECTS_CHIP_CHIPDIALECT_TD
