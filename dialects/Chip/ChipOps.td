//===- ChipOps.td - the ops of the chip dialect -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_CHIP_CHIPOPS_TD
#define DIALECTS_CHIP_CHIPOPS_TD

include "dialects/Chip/ChipDialect.td"
include "dialects/Num/NumDialect.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Chip_Op<string mnemonic, list<Trait> traits = []> : Op<Chip_Dialect, mnemonic, traits>;

def Chip_TensorOp : Chip_Op<"tensor", [Symbol]> {
  let summary = "a named tensor that nests hand to each other";
  let description = [{
    `home` is the memory that holds it between nests, that of its type; `layout` the order of its elements there. They are given by
    `chip-choose-layouts`, and by `chip-choose-homes` to what stays on the chip: a temporary, or, with role copy, a state or compute copy over steps, which
    `copy_of` names: in the shared buffer, row-major, in no compressed format ([decision 0043](../decisions/0043-homes.md)). The type's shape is logical: a layout of blocks has its channels in dimension 1, `blocks8x8`
    output channels in dimension 0 and input channels in dimension 1 ([decision 0042](../decisions/0042-layouts.md)). `init` is the train state's initial value; `address` (bytes in its home) is given
    with the home in the shared buffer, in DRAM by `chip-place-buffers`.
    `copy_of` is the state whose compute copy a tensor of role copy is.

    ```mlir
    chip.tensor @"conv1/y" : memref<4x8x8x8xf32, #chip.space<dram>> home <dram> layout <row_major> {role = #chip.role<temp>}
    chip.tensor @"fc1/y" : memref<4x8xf32, #chip.space<shared>> home <shared> layout <row_major> {address = 1024 : i64, role = #chip.role<temp>}
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<AnyStaticShapeMemRef>:$type, Chip_RoleAttr:$role,
                       OptionalAttr<AnyAttr>:$init, OptionalAttr<AnyAttr>:$init_rounding, OptionalAttr<I64Attr>:$address,
                       OptionalAttr<FlatSymbolRefAttr>:$copy_of, OptionalAttr<Chip_SpaceAttr>:$home, OptionalAttr<Chip_LayoutAttr>:$layout);
  let assemblyFormat = "$sym_name `:` $type (`home` $home^)? (`layout` $layout^)? attr-dict";
  let hasVerifier = 1;
}

def Chip_ViewOp : Chip_Op<"view", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a DRAM tensor under another shape and order of dimensions";
  let description = [{
    The type's shape and strides say which elements are meant: in numbers of elements, from the tensor's first, in row-major
    order of its shape, however the tensor lies. A view that the tensor's layout cannot address is refused: one that begins or
    ends inside a block of channels, or that makes one dimension of channels and others.

    ```mlir
    %v = chip.view @w : memref<8x4xf32, strided<[1, 8]>, #chip.space<dram>>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$tensor);
  let results = (outs AnyStaticShapeMemRef:$result);
  let assemblyFormat = "$tensor attr-dict `:` type($result)";
}

def Chip_RegionOp : Chip_Op<"region", [NoTerminator, NoRegionArguments, SingleBlock]> {
  let summary = "tasks between two fences";
  let description = [{
    All engines are idle before and behind a region, and nothing but semaphores orders its tasks: an engine begins with the next
    task when it is done with its work in this one. The cores of a region are those of its task with the most. A task that
    stands in no region has fences of its own.

    ```mlir
    chip.region {
      chip.task "conv1" "train.conv" "fp" cores(16) { }
      chip.task "relu1" "train.relu" "fp" cores(1) { }
    }
    ```
  }];
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$body attr-dict";
  let hasVerifier = 1;
}

def Chip_TaskOp : Chip_Op<"task", [NoTerminator, NoRegionArguments, SingleBlock]> {
  let summary = "one loop nest of one train op";
  let description = [{
    `cores` cores take part: core c adds c times the core stride of each
    buffer to its coordinates. `phase` and `op` tell the train op for reports.

    With `groups` work is split over the cores in two dimensions. Cores c = g * (cores / groups) + i, of which g is the
    group, add i times the core stride and g times the group stride of each buffer.

    `room` [begin, end) are the bytes of the shared buffer that the task's own buffers may take, all of them if it is absent: elsewhere may
    be what stays there from task to task.

    ```mlir
    chip.task "conv1" "train.conv" "fp" cores(16) groups(4) { }
    ```
  }];
  let arguments = (ins StrAttr:$name, StrAttr:$op, StrAttr:$phase, ConfinedAttr<I64Attr, [IntMinValue<1>, IntMaxValue<64>]>:$cores,
                       DefaultValuedAttr<ConfinedAttr<I64Attr, [IntMinValue<1>, IntMaxValue<6>]>, "1">:$groups,
                       OptionalAttr<DenseI64ArrayAttr>:$room);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$name $op $phase `cores` `(` $cores `)` (`groups` `(` $groups^ `)`)? (`room` $room^)? $body attr-dict";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    int64_t getCoresOfGroup() { return int64_t(getCores() / getGroups()); }
  }];
}

def Chip_AllocOp : Chip_Op<"alloc", [AttrSizedOperandSegments, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a buffer that holds a tile of a logical tensor";
  let description = [{
    Executing it takes the next of `slots` copies. The tile begins at the logical coordinates `origin` plus the core number
    times `core_stride`, and the group's times `group_stride` (see `chip.task`), which are 0 in the shared buffer; what lies outside [0, `extents`) is padding. `offset` (bytes in its memory) and `slot_bytes` are
    given by `chip-place-buffers`. `rounding` says how results that are stored here are rounded, `stream` which random
    numbers stochastic rounding takes (docs/numerics.md section 7); without them the chip's rounding holds.

    ```mlir
    %x = chip.alloc [%n, %c, %c0, %c0] extents [4, 8, 8, 8] core_stride [1, 0, 0, 0] slots 2 : memref<1x8x8x8xf32, #chip.space<spm>>
    ```

    With `of` it takes no memory: it is the copy of another buffer in the same block that this one has just taken, under
    other coordinates, for instructions that ask for another rank.

    ```mlir
    %z = chip.alloc [%n, %c, %c0] extents [4, 8, 64] core_stride [1, 0, 0] slots 2 of(%x : memref<1x8x8x8xf32, #chip.space<spm>>) : memref<1x8x64xf32, #chip.space<spm>>
    ```

    With `holds` it is a tensor whose home is on the chip, all of it, under the shape of the buffer: it has the tensor's address and one copy.

    ```mlir
    %y = chip.alloc [%c0, %c0] extents [4, 8] core_stride [0, 0] slots 1 holds @"fc1/y" : memref<4x8xf32, #chip.space<shared>>
    ```
  }];
  let arguments = (ins Variadic<Index>:$origin, Optional<AnyStaticShapeMemRef>:$base, DenseI64ArrayAttr:$extents, DenseI64ArrayAttr:$core_stride, I64Attr:$slots,
                       OptionalAttr<I64Attr>:$offset, OptionalAttr<I64Attr>:$slot_bytes,
                       OptionalAttr<Num_RoundingAttr>:$rounding, OptionalAttr<I64Attr>:$stream,
                       OptionalAttr<DenseI64ArrayAttr>:$group_stride, OptionalAttr<FlatSymbolRefAttr>:$holds);
  let results = (outs AnyStaticShapeMemRef:$result);
  let assemblyFormat = "`[` $origin `]` `extents` $extents `core_stride` $core_stride (`group_stride` $group_stride^)? `slots` $slots (`of` `(` $base^ `:` type($base) `)`)? (`holds` $holds^)? attr-dict `:` type($result)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The buffer that has the memory: this one, or the one that it is of.
    AllocOp getOwner();
    /// How far the tile moves in a dimension from one group of cores to the next.
    int64_t groupStrideOf(size_t dim) { return getGroupStride() ? (*getGroupStride())[dim] : 0; }
    /// Whether cores have tiles of their own.
    bool isSplit();
  }];
}

def Chip_LoadOp : Chip_Op<"load"> {
  let summary = "read a buffer's tile from DRAM";
  let description = [{
    Coordinates are the buffer's; outside the extents the buffer gets +0.

    ```mlir
    chip.load %view to %x : memref<4x8xf32, #chip.space<dram>>, memref<1x8xf32, #chip.space<spm>>
    ```
  }];
  let arguments = (ins AnyStaticShapeMemRef:$source, AnyStaticShapeMemRef:$buffer);
  let assemblyFormat = "$source `to` $buffer attr-dict `:` type($source) `,` type($buffer)";
  let hasVerifier = 1;
}

def Chip_StoreOp : Chip_Op<"store"> {
  let summary = "write a buffer's tile to DRAM";
  let description = [{
    Coordinates are the buffer's; elements outside the extents are not written.

    ```mlir
    chip.store %y to %view : memref<1x8xf32, #chip.space<spm>>, memref<4x8xf32, #chip.space<dram>>
    ```
  }];
  let arguments = (ins AnyStaticShapeMemRef:$buffer, AnyStaticShapeMemRef:$target);
  let assemblyFormat = "$buffer `to` $target attr-dict `:` type($buffer) `,` type($target)";
  let hasVerifier = 1;
}

def Chip_MoveOp : Chip_Op<"move"> {
  let summary = "move elements between the shared buffer and the scratchpads";
  let description = [{
    Both buffers keep their coordinates, and meet where these are equal. To a scratchpad: the target is filled from the
    source's tile, which may be larger, and gets +0 outside the extents. To the shared buffer: the source's elements inside
    the extents go into the target's tile, which may be larger; the rest of it stays. Extents are equal.

    ```mlir
    chip.move %s to %x : memref<4x8xf32, #chip.space<shared>>, memref<1x8xf32, #chip.space<spm>>
    ```
  }];
  let arguments = (ins AnyStaticShapeMemRef:$source, AnyStaticShapeMemRef:$target);
  let assemblyFormat = "$source `to` $target attr-dict `:` type($source) `,` type($target)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// load to a scratchpad, store to the shared buffer.
    Engine getEngine();
  }];
}

class Chip_ReadOp<string mnemonic> : Chip_Op<mnemonic> {
  let results = (outs Index:$result);
  let hasVerifier = 1;
}

def Chip_CountOp : Chip_ReadOp<"count"> {
  let summary = "how often a loop runs, read from DRAM";
  let description = [{
    The sequencer reads the i32 element at `origin` when it comes here: no store of the same task or region may write the tensor. The
    value is 0 to `most`; the machine stops at another. It is the upper bound of `scf.for` from 0 by 1, or tested by
    `chip.if`.

    ```mlir
    %n = chip.count %kept[%c0] most 8 : memref<1xi32, #chip.space<dram>>
    ```
  }];
  let arguments = (ins AnyStaticShapeMemRef:$source, Variadic<Index>:$origin, ConfinedAttr<I64Attr, [IntMinValue<1>, IntMaxValue<2147483647>]>:$most);
  let assemblyFormat = "$source `[` $origin `]` `most` $most attr-dict `:` type($source)";
  let extraClassDeclaration = [{
    /// What the value lies below.
    int64_t getBound() { return int64_t(getMost()) + 1; }
  }];
}

def Chip_ElementOp : Chip_ReadOp<"element"> {
  let summary = "a coordinate, read from DRAM";
  let description = [{
    As `chip.count`; the value lies in [0, `below`). A buffer that begins there is taken to reach the whole dimension, for
    nothing is known of two values.

    ```mlir
    %image = chip.element %list[%i] below 8 : memref<8xi32, #chip.space<dram>>
    ```
  }];
  let arguments = (ins AnyStaticShapeMemRef:$source, Variadic<Index>:$origin, ConfinedAttr<I64Attr, [IntMinValue<1>, IntMaxValue<2147483647>]>:$below);
  let assemblyFormat = "$source `[` $origin `]` `below` $below attr-dict `:` type($source)";
  let extraClassDeclaration = [{
    /// What the value lies below.
    int64_t getBound() { return int64_t(getBelow()); }
  }];
}

def Chip_IfOp : Chip_Op<"if", [NoTerminator, NoRegionArguments, SingleBlock]> {
  let summary = "what runs if a number is not 0, and what else";
  let description = [{
    The number is a `chip.count`, a `chip.element` or a loop's variable. The sequencer decides for all cores when it comes
    here.

    ```mlir
    chip.if %n { } else { }
    ```
  }];
  let arguments = (ins Index:$condition);
  let regions = (region SizedRegion<1>:$then, MaxSizedRegion<1>:$otherwise);
  let assemblyFormat = "$condition $then (`else` $otherwise^)? attr-dict";
  let hasVerifier = 1;
}

class Chip_SemaphoreOp<string mnemonic> : Chip_Op<mnemonic> {
  let arguments = (ins Chip_EngineAttr:$engine, ConfinedAttr<I64Attr, [IntMinValue<0>, IntMaxValue<63>]>:$semaphore,
                       ConfinedAttr<I64Attr, [IntMinValue<1>, IntMaxValue<255>]>:$count,
                       DefaultValuedAttr<Chip_BankAttr, "::slp::chip_ir::Bank::cores">:$bank, UnitAttr:$across);
  let assemblyFormat = "$engine $semaphore `by` $count (`bank` $bank^)? (`across` $across^)? attr-dict";
  let hasVerifier = 1;
}

def Chip_WaitOp : Chip_SemaphoreOp<"wait"> {
  let summary = "hold an engine's queue until a semaphore has enough, then take it";
  let description = [{
    Bank cores, which is meant where none stands: on each core of the task for itself; engines with one queue wait for all
    of them. Bank shared: the one semaphore of the shared buffer's bank, for engines with one queue alone. `across`: on each core of
    the region, not of the task: what goes from task to task.

    ```mlir
    chip.wait <mac> 3 by 1
    chip.wait <vector> 3 by 1 bank <shared>
    ```
  }];
}

def Chip_SignalOp : Chip_SemaphoreOp<"signal"> {
  let summary = "add to a semaphore when the engine's earlier work is done";
  let description = [{
    On each core of the task, or in the shared buffer's bank, as for `chip.wait`.

    ```mlir
    chip.signal <load> 3 by 1
    ```
  }];
}

#endif // DIALECTS_CHIP_CHIPOPS_TD
