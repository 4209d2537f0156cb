//===- MachInstrTransfer.td - transfers between memories --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Each has its engine and its two memories. Bits are copied, never converted. What lies in the shared buffer is one tile
// for all cores: its descriptor is read as on core 0, and must have no core stride.
//
//===----------------------------------------------------------------------------------------===//

def LD : Instruction<"ld", 0x20, [
    Operand<"dst", Writes<"stored", "", "", ["spm"]>, 12, 8, "the buffers">,
    Operand<"src", Reads<"stored", "dst", "", ["dram"]>, 17, 13, "the tensor">,
    Field<"mask", MaskReg, 20, 18, "cores that receive">], [Reserved<127, 21>]> {
  let summary = "Load a tile from DRAM into scratchpads.";
  let description = [{
    First stamps dst with src (see `stamp`), then copies, for each core in the mask, the elements of its tile that lie inside
    the extents; the rest of the buffer is filled with +0. Tile sizes, formats and biases of both must agree. If the source has no
    core stride, the tile is read once and multicast. DRAM bytes count each run of neighbouring elements rounded out to bursts; of
    channels in blocks (`layout`) it moves whole blocks, though the tile holds a part of one.
  }];
  let engine = "load"; let timingClass = "transfer";
}
def ST : Instruction<"st", 0x21, [
    Operand<"dst", Updates<"stored", "", "", ["dram"]>, 12, 8, "the tensor">,
    Operand<"src", Reads<"stored", "dst", "", ["spm"]>, 17, 13, "the buffers">,
    Field<"mask", MaskReg, 20, 18, "cores that send">], [Reserved<127, 21>]> {
  let summary = "Store a tile from scratchpads to DRAM.";
  let description = [{
    First stamps dst with src, then copies, for each core in the mask, the elements of src's tile that lie inside the
    extents, and leaves all other bytes as they are. Formats and biases must agree. DRAM bytes count as for `ld`.

    In a compressed format (docs/compressed.md) it rewrites every block that holds an element of a tile: it reads those that
    it does not replace, then writes the bitmaps, then the payloads, of all their elements, and nothing holds a block
    meanwhile. Several cores take turns: the store begins when it is first in the store queues of all of them, and each core
    reads when the one before has written.
  }];
  let engine = "store"; let timingClass = "transfer";
}
def LD_SHARED : Instruction<"ld.shared", 0x22, [
    Operand<"dst", Writes<"stored", "", "", ["shared"]>, 12, 8, "the buffer">,
    Operand<"src", Reads<"stored", "dst", "", ["dram"]>, 17, 13, "the tensor">], [Reserved<127, 18>]> {
  let summary = "Load a tile from DRAM into the shared buffer.";
  let description = "As `ld`, for the one tile of the shared buffer.";
  let engine = "shared_load"; let timingClass = "transfer";
}
def ST_SHARED : Instruction<"st.shared", 0x23, [
    Operand<"dst", Updates<"stored", "", "", ["dram"]>, 12, 8, "the tensor">,
    Operand<"src", Reads<"stored", "dst", "", ["shared"]>, 17, 13, "the buffer">], [Reserved<127, 18>]> {
  let summary = "Store a tile from the shared buffer to DRAM.";
  let description = "As `st`, for the one tile of the shared buffer.";
  let engine = "shared_store"; let timingClass = "transfer";
}
def MV_LOAD : Instruction<"mv.load", 0x24, [
    Operand<"dst", Writes<"stored", "", "", ["spm"]>, 12, 8, "the buffers">,
    Operand<"src", Reads<"stored", "dst", "", ["shared"]>, 17, 13, "the shared buffer">,
    Field<"mask", MaskReg, 20, 18, "cores that receive">], [Reserved<127, 21>]> {
  let summary = "Move elements from the shared buffer into scratchpads.";
  let description = [{
    dst keeps its coordinates, which `org` sets. For each core in the mask it gets, of src's tile, which may be larger, the
    elements of the same coordinates; its elements outside the extents become +0. Faults if one inside the extents is not in src's tile.
    Ranks, extents, formats and biases of both must agree. If dst has no core stride, the elements are read once and multicast.
    Takes the transport, not DRAM.
  }];
  let engine = "load"; let timingClass = "transfer";
}
def MV_STORE : Instruction<"mv.store", 0x25, [
    Operand<"dst", Updates<"stored", "", "", ["shared"]>, 12, 8, "the shared buffer">,
    Operand<"src", Reads<"stored", "dst", "", ["spm"]>, 17, 13, "the buffers">,
    Field<"mask", MaskReg, 20, 18, "cores that send">], [Reserved<127, 21>]> {
  let summary = "Move elements from scratchpads into the shared buffer.";
  let description = [{
    dst keeps its coordinates. For each core in the mask, the elements of src's tile that lie inside the extents go where
    dst's tile, which may be larger, has the same coordinates; all other bytes stay as they are. Faults if one of them is not in dst's
    tile. Ranks, extents, formats and biases of both must agree. Cores are not ordered with each other: which of two writes of one
    element is the last is not defined. Takes the transport, not DRAM.
  }];
  let engine = "store"; let timingClass = "transfer";
}
