//===- ChipNestOps.td - train ops as loop nests over tiles ------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_CHIP_CHIPNESTOPS_TD
#define DIALECTS_CHIP_CHIPNESTOPS_TD

include "dialects/Chip/ChipDialect.td"
include "dialects/Num/NumDialect.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"

def Chip_NestOp : Op<Chip_Dialect, "nest", [NoTerminator, NoRegionArguments, SingleBlock, IsolatedFromAbove]> {
  let summary = "one train op, or several that are done on its tiles, before it is expanded into loops";
  let description = [{
    The body lists buffers, whose tiles are affine in the nest's loops, and instructions of engines, in the order in which a
    tile goes through them. Reductions are the loops whose tiles run in ascending order inside the others; a buffer that is
    stored, or stays on the chip, is born outside them. How the nest is cut is its `tiling`, which `chip-choose-tiles` gives
    it and `chip-expand-nests` reads.

    - `on_cores`: MAC work, in the scratchpads of all cores; else vector work in the shared buffer;
    - `one_acc_slot`: an accumulator lies in one bank, whose other is in use (`conv.wg` with a chain per image);
    - `may_join_banks`: accumulators as large as both banks are worth a trial;
    - `items_of_point`: work items of the MAC engine besides those of the parallel loops;
    - `fused`: the train ops, besides `op`, that are done on the nest's tiles, in order;
    - `room`: the bytes of the shared buffer that its tiles may take, as in `chip.task`.

    A buffer in the shared buffer of a tensor whose home that is *is* the tensor: the loops of its dimensions are not cut. One in a scratchpad is
    moved from there and back.

    `name`, `op` and `phase` tell the train op for reports. A buffer or instruction that was fused into the nest has its own: `slp.of = [name, op,
    phase]`, which goes on to transfers and machine instructions.

    ```mlir
    chip.nest "" "train.relu" "fp" loops [#chip.loop<"d0" 4>, #chip.loop<"d1" 8 cut_last>] {
      %x = chip.buffer of @x from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [4, 8] load : memref<?x?xf32, #chip.space<shared>>
      %y = chip.buffer of @y from (d0, d1) -> (d0, d1) size (d0, d1) -> (d0, d1) extents [4, 8] store : memref<?x?xf32, #chip.space<shared>>
      chip.v.relu(%y, %x) {captures = ["y"]} : memref<?x?xf32, #chip.space<shared>>, memref<?x?xf32, #chip.space<shared>>
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, StrAttr:$op, StrAttr:$phase, Chip_LoopsAttr:$loops, OptionalAttr<Chip_TilingAttr>:$tiling,
                       UnitAttr:$on_cores, UnitAttr:$one_acc_slot, UnitAttr:$may_join_banks,
                       DefaultValuedAttr<ConfinedAttr<I64Attr, [IntMinValue<1>]>, "1">:$items_of_point,
                       OptionalAttr<StrArrayAttr>:$fused, OptionalAttr<DenseI64ArrayAttr>:$room);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $name $op $phase (`on_cores` $on_cores^)? `loops` $loops (`one_acc_slot` $one_acc_slot^)? (`may_join_banks` $may_join_banks^)?
    (`items_of_point` $items_of_point^)? (`fused` $fused^)? (`room` $room^)? (`tiling` $tiling^)? $body attr-dict
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

def Chip_BufferOp : Op<Chip_Dialect, "buffer", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "tiles of a logical tensor, in a nest";
  let description = [{
    `from` maps the coordinates of the loops to the first coordinate of a tile, `size` the sizes of their tiles to those of
    the buffer's; each result of both is a multiple of one loop plus a number. What lies outside [0, `extents`) is padding;
    the dimensions that `clipped` lists have tiles that are not larger than that.

    With `of` the logical tensor is one in DRAM, or a view of it: with `strides` (elements) in each dimension, the first element
    at `first`, counted as in `chip.view`. Without `strides` it has the tensor's elements in their order. It is
    filled by `load` and written back by `store`. Without `of` it stays on the chip. A `total` gathers from all tiles, and is
    stored when the nest is done. `on_chip` says that the tensor's home is the shared buffer. `rounding` and `stream` are as in `chip.alloc`.
  }];
  let arguments = (ins OptionalAttr<FlatSymbolRefAttr>:$tensor, OptionalAttr<DenseI64ArrayAttr>:$strides,
                       DefaultValuedAttr<I64Attr, "0">:$first, AffineMapAttr:$origin, AffineMapAttr:$size,
                       DenseI64ArrayAttr:$extents, OptionalAttr<DenseI64ArrayAttr>:$clipped, UnitAttr:$load, UnitAttr:$store,
                       UnitAttr:$total, UnitAttr:$on_chip, OptionalAttr<Num_RoundingAttr>:$rounding, OptionalAttr<I64Attr>:$stream);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = [{
    (`of` $tensor^)? (`strides` $strides^)? (`first` $first^)? `from` custom<Map>($origin) `size` custom<Map>($size) `extents` $extents
    (`clipped` $clipped^)? (`load` $load^)? (`store` $store^)? (`total` $total^)? (`on_chip` $on_chip^)? attr-dict `:` type($result)
  }];
  let hasVerifier = 1;
}

#endif // DIALECTS_CHIP_CHIPNESTOPS_TD
