//===- MachInstrTransfer.td - load and store DMA ----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

def LD : Instruction<"ld", 0x20, [
    Operand<"dst", Writes<"stored", "", "", ["shared", "spm"]>, 12, 8, "the buffer">,
    Operand<"src", Reads<"stored", "dst", "", ["dram"]>, 17, 13, "the tensor">,
    Field<"mask", MaskReg, 20, 18, "cores that receive">], [Reserved<127, 21>]> {
  let summary = "Load a tile from DRAM.";
  let description = [{
    First stamps dst with src (see `stamp`), then copies, for each core in the mask, the elements of its tile that lie inside
    the extents; the rest of the buffer is filled with +0. Tile sizes and formats of both must agree. If the source has no
    core stride, the tile is read once and multicast. `dst` in shared: the mask must name one core.
    DRAM bytes count each run of neighbouring elements rounded out to bursts.
  }];
  let engine = "load"; let timingClass = "transfer";
}
def ST : Instruction<"st", 0x21, [
    Operand<"dst", Updates<"stored", "", "", ["dram"]>, 12, 8, "the tensor">,
    Operand<"src", Reads<"stored", "dst", "", ["shared", "spm"]>, 17, 13, "the buffer">,
    Field<"mask", MaskReg, 20, 18, "cores that send">], [Reserved<127, 21>]> {
  let summary = "Store a tile to DRAM.";
  let description = [{
    First stamps dst with src, then copies, for each core in the mask, the elements of src's tile that lie inside the
    extents, and leaves all other bytes as they are. Formats must agree. DRAM bytes count as for `ld`.

    In a compressed format (docs/compressed.md) it rewrites every block that holds an element of a tile: it reads those that
    it does not replace, then writes the bitmaps, then the payloads, of all their elements, and nothing holds a block
    meanwhile. Several cores take turns: the store begins when it is first in the store queues of all of them, and each core
    reads when the one before has written.
  }];
  let engine = "store"; let timingClass = "transfer";
}
