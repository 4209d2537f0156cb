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
    A step as a list of nests, then of tasks. After `tile` a step is nests (`chip.nest`): named loops, buffers whose tiles are
    affine in them, instructions of engines, and a tiling; passes rewrite it by fusing nests and setting attributes. Stage
    `schedule` expands each into a task: a loop nest (`scf.for`) around buffers, transfers and engine work, in which buffers
    have addresses and counting semaphores let the engines run at the same time. Tensors in DRAM are symbols; a buffer is a
    memref with a memory space. Nothing here changes what is computed.

    Each MAC and vector instruction ([manual](../isa/README.md)) has an op `chip.MNEMONIC`: its operands, in the order of the
    instruction's fields, are buffers; other fields are attributes. `captures` names the train tensor that each written
    operand is a tile of; empty if none. In a nest `iterates` lists the loops, by number, that it iterates; all if it is
    absent. It stands in the innermost of them, behind the loops inside, or with `in_front` in front of these; a loop around
    that one repeats it.

    ```mlir
    chip.v.relu(%y, %x) {captures = ["relu1"]} : memref<1x8xf32, #chip.space<shared>>, memref<1x8xf32, #chip.space<shared>>
    chip.v.unary(%y, %x) fn = clip a = 0.0 b = 6.0 : memref<8xf32, #chip.space<spm>>, memref<8xf32, #chip.space<spm>>
    ```
  }];
  let useDefaultAttributePrinterParser = 1;
  let extraClassDeclaration = [{
    void addNestOps();
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
def Chip_LayoutAttr : EnumAttr<Chip_Dialect, Chip_Layout, "layout"> {
  let assemblyFormat = "`<` $value `>`";
}
def Chip_RoleAttr : EnumAttr<Chip_Dialect, Chip_Role, "role"> {
  let assemblyFormat = "`<` $value `>`";
}

def Chip_LoopAttr : AttrDef<Chip_Dialect, "Loop"> {
  let mnemonic = "loop";
  let summary = "a loop of a nest, over a logical dimension";
  let description = [{
    A name, for tile options, remarks and errors, and the number of coordinates; then, where they are not the default:

    - `reduction`: its tiles run in ascending order inside all parallel loops;
    - `granule N`: a tile smaller than the extent is a multiple of N;
    - `whole_unless L`: it is cut only where loop number L has tiles of 1;
    - `cut_last`: neighbours along it are neighbours in DRAM, so that cutting it makes short bursts;
    - `exact`: tiles divide the extent: what lies beyond belongs to others;
    - `on_pes`: a line of PEs takes as many of its coordinates at once as it has PEs (docs/timing.md, T7);
    - `columns N`: a line takes up to N neighbours at once, and fewer take less.

    ```mlir
    #chip.loop<"ci" 64 reduction granule 8>
    ```
  }];
  let parameters = (ins StringRefParameter<>:$name, "int64_t":$extent, "bool":$reduction, "int64_t":$granule,
                        "int64_t":$whole_unless, "bool":$cut_last, "bool":$exact, "bool":$on_pes, "int64_t":$columns);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}
def Chip_LoopsAttr : TypedArrayAttrBase<Chip_LoopAttr, "loops of a nest">;

def Chip_TilingAttr : AttrDef<Chip_Dialect, "Tiling"> {
  let mnemonic = "tiling";
  let summary = "how a nest is cut into tiles";
  let description = [{
    `sizes`: coordinates of a tile, by loop, on one core; `order`: the loops, outermost first; `split`: the loop whose
    neighbouring tiles go to different cores, if there is one; `cores`; `slots`: copies of buffers that are transferred;
    `acc_slots`: of accumulators, if not fewer: 2, one in each bank, or 1, in both.

    ```mlir
    #chip.tiling<sizes = [1, 8, 16], order = [1, 0, 2], split = 1, cores = 16, slots = 2, acc_slots = 2>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$sizes, ArrayRefParameter<"int64_t">:$order,
                        "std::optional<int64_t>":$split, "int64_t":$cores, "int64_t":$slots, "int64_t":$acc_slots);
  let hasCustomAssemblyFormat = 1;
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
