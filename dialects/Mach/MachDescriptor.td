//===- MachDescriptor.td - tensor tiles in memory ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

/// A field that may only be other than 0 in dram.
class OfLayout<string n, FieldKind k, int h, int l, string d> : Field<n, k, h, l, d> { let isDefaulted = true; }

class DimWord<int i> : DescriptorWord<"dim" # i, [
  Field<"extent" # i, Unsigned, 23, 0, "logical extent of the tensor in this dimension, elements">,
  Field<"tile" # i, Unsigned, 47, 24, "size of the tile before clipping, elements">,
  Field<"stride" # i, Signed, 79, 48, "distance of neighbours in memory, bytes; negative: a larger coordinate has a lower address; of channels that a layout blocks: of neighbouring blocks">,
  Field<"origin" # i, Signed, 103, 80, "logical coordinate of the tile's first element; may be negative or beyond the extent">,
  Field<"coreStride" # i, Signed, 127, 104, "added to the origin once per core number, elements">], []>;

def TensorTile : Descriptor<"TensorTile", [
  DescriptorWord<"head", [
    Field<"space", Enum<SpaceEnum>, 1, 0, "memory">,
    Field<"format", Enum<FormatEnum>, 6, 2, "element format">,
    Field<"rank", Unsigned, 9, 7, "number of dimensions, 0 to 5">,
    Field<"slots", Unsigned, 13, 10, "number of rotating copies, at least 1">,
    Field<"slotBytes", Unsigned, 37, 14, "distance of the copies, bytes">,
    Field<"base", Unsigned, 85, 38, "address of the first copy, bytes, within the space">,
    Field<"rounding", Enum<StoreRoundingEnum>, 88, 86, "how a result that is stored here is rounded">,
    Field<"bias", Signed, 96, 89, "shared exponent bias: added to that of the format; every value is times 2^-bias">,
    Field<"stream", Unsigned, 120, 97, "random numbers of the tensor, for stochastic rounding; in dram, of a compressed tensor: elements between its first and base">,
    OfLayout<"layout", Enum<LayoutEnum>, 123, 121, "how the elements of the tensor lie">,
    OfLayout<"channel", Unsigned, 126, 124, "of a layout but row_major: the dimension of channels, of weights that of output channels">,
    Flag<"grouped", 127, "the dimension before `channel` counts groups of as many channels as that has">], []>,
  DimWord<0>, DimWord<1>, DimWord<2>, DimWord<3>, DimWord<4>]> {
  let summary = "A tile of a logical tensor of up to five dimensions.";
  let description = [{
    A descriptor names logical coordinates and where their elements are. On core c the tile covers, in dimension d, the
    coordinates [o, o + tile_d) with o = origin_d + c * coreStride_d, clipped to [0, extent_d).
    In `dram` the element at logical coordinate x is at base + sum(x_d * stride_d), unless `layout` says otherwise. In the other memories it is at
    base + slot * slotBytes + sum((x_d - o_d) * stride_d): only the tile is stored. Dimensions at or beyond `rank` have
    extent 1, tile 1, origin 0 and core stride 0. `slot` is state of the register, not of the record: set by `desc`, advanced by `rot`.
    Engines clip to the extents and treat what lies outside as padding, so that no edge needs code of its own.
    DRAM addresses have 48 bits; the other memories are addressed from 0, per core for `spm` and `acc`.
    Rounding and stream are read where a vector instruction stores (docs/numerics.md sections 2 and 7); `chip` is the chip
    description's rounding. In `acc`, rounding is `chip`, and bias and stream are 0: the accumulator's format is the chip's.
    The bias of f32 and of integers is 0. Source and destination of a transfer have the same format and bias.
    A compressed tile in `dram` is addressed as if it had one code an element and no gaps; its blocks are found by that.
    With the layout `channels16` the channels that `channel` names lie in blocks of 16, which are innermost: k = x_channel, or
    x_(channel-1) * extent_channel + x_channel with `grouped`, adds floor(k / 16) * stride_channel and k mod 16 elements, in place of what
    these dimensions would add. With `blocks8x8` k counts output channels and i = x_in input channels, in being the dimension behind
    `channel`, or before it if that is the last: they add floor(k / 8) * stride_channel + floor(i / 8) * stride_in and
    (k mod 8) * 8 + i mod 8 elements. The last block is padded; its padding is 0. base is that of a block, blocks are at least their
    size apart, and a tensor or a view of it ends with its last channel or between two blocks. `stride_(channel-1)` is 0 with
    `grouped`. The other memories have row_major alone.
    The addresses of `acc` cover both banks: bank 1 begins where bank 0 ends, at the chip's `accumulator_bank` bytes.
  }];
}
