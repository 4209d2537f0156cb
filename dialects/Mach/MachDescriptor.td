//===- MachDescriptor.td - tensor tiles in memory ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

class DimWord<int i> : DescriptorWord<"dim" # i, [
  Field<"extent" # i, Unsigned, 23, 0, "logical extent of the tensor in this dimension, elements">,
  Field<"tile" # i, Unsigned, 47, 24, "size of the tile before clipping, elements">,
  Field<"stride" # i, Signed, 79, 48, "distance of neighbours in memory, bytes; negative: a larger coordinate has a lower address">,
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
    Field<"stream", Unsigned, 120, 97, "random numbers of the tensor, for stochastic rounding; in dram, of a compressed tensor: elements between its first and base">], [Reserved<127, 121>]>,
  DimWord<0>, DimWord<1>, DimWord<2>, DimWord<3>, DimWord<4>]> {
  let summary = "A tile of a logical tensor of up to five dimensions.";
  let description = [{
    A descriptor names logical coordinates and where their elements are. On core c the tile covers, in dimension d, the
    coordinates [o, o + tile_d) with o = origin_d + c * coreStride_d, clipped to [0, extent_d).
    In `dram` the element at logical coordinate x is at base + sum(x_d * stride_d). In the other memories it is at
    base + slot * slotBytes + sum((x_d - o_d) * stride_d): only the tile is stored. Dimensions at or beyond `rank` have
    extent 1, tile 1, origin 0 and core stride 0. `slot` is state of the register, not of the record: set by `desc`, advanced by `rot`.
    Engines clip to the extents and treat what lies outside as padding, so that no edge needs code of its own.
    DRAM addresses have 48 bits; the other memories are addressed from 0, per core for `spm` and `acc`.
    Rounding and stream are read where a vector instruction stores (docs/numerics.md sections 2 and 7); `chip` is the chip
    description's rounding. In `acc`, rounding is `chip`, and bias and stream are 0: the accumulator's format is the chip's.
    The bias of f32 and of integers is 0. Source and destination of a transfer have the same format and bias.
    A compressed tile in `dram` is addressed as if it had one code an element and no gaps; its blocks are found by that.
    The addresses of `acc` cover both banks: bank 1 begins where bank 0 ends, at the chip's `accumulator_bank` bytes.
  }];
}
