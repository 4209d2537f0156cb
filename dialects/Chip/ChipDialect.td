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

    Each MAC and vector instruction ([manual](../isa/README.md)) has an op `chip.MNEMONIC`: its operands, in the order of the
    instruction's fields, are buffers; other fields are attributes. `captures` names the train tensor that each written
    operand is a tile of; empty if none.

    ```mlir
    chip.v.relu(%y, %x) {captures = ["relu1"]} : memref<1x8xf32, #chip.space<shared>>, memref<1x8xf32, #chip.space<shared>>
    chip.v.unary(%y, %x) fn = clip a = 0.0 b = 6.0 : memref<8xf32, #chip.space<spm>>, memref<8xf32, #chip.space<spm>>
    ```
  }];
  let useDefaultAttributePrinterParser = 1;
  let extraClassDeclaration = [{
    // Defined beside the ops of each family of instructions.
    void addMacOps();
    void addVectorOps();
    void addNormalizeOps();
    void addMixedOps();
    void addUpdateOps();
    void addMoveOps();
  }];
}

def Chip_SpaceAttr : EnumAttr<Chip_Dialect, Chip_Space, "space"> {
  let assemblyFormat = "`<` $value `>`";
}
def Chip_EngineAttr : EnumAttr<Chip_Dialect, Chip_Engine, "engine"> {
  let assemblyFormat = "`<` $value `>`";
}
def Chip_BankAttr : EnumAttr<Chip_Dialect, Chip_Bank, "bank"> {
  let assemblyFormat = "`<` $value `>`";
}
def Chip_RoleAttr : EnumAttr<Chip_Dialect, Chip_Role, "role"> {
  let assemblyFormat = "`<` $value `>`";
}

/// Long lists of a module: an entry a line.
class Chip_ListAttr<string name, string mnemonic_> : AttrDef<Chip_Dialect, name> {
  let mnemonic = mnemonic_;
  let hasCustomAssemblyFormat = 1;
}

def Chip_TensorsAttr : Chip_ListAttr<"Tensors", "tensors"> {
  let summary = "the types of all train tensors, by name";
  let description = [{
    `slp.tensors` of a module: the shapes that the debug section of the image tells, also of tensors that never lie in DRAM.

    ```mlir
    #chip.tensors<
      "conv1/y" : tensor<4x8x8x8xf32>,
      "loss" : tensor<f32>
    >
    ```
  }];
  let parameters = (ins "::mlir::DictionaryAttr":$types);
}
def Chip_ElidedAttr : Chip_ListAttr<"Elided", "elided"> {
  let summary = "the tensors whose elements are not compared, and why";
  let description = [{
    `slp.elided` of a module, for `slp-verify`: pairs of a name and a reason, in the order of the steps.

    ```mlir
    #chip.elided<
      "conv1.weight" : "the state conv1.weight before the step"
    >
    ```
  }];
  let parameters = (ins "::mlir::ArrayAttr":$pairs);
}

#endif // DIALECTS_CHIP_CHIPDIALECT_TD
