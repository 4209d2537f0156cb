//===- MachInstrMac.td - multiply-accumulate --------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Operands are tiles in spm, results are tiles in acc. Each core of the mask works on its own slice. The terms of
// an output element come in the order of docs/numerics.md section 4; the chip's numerics section gives the
// accumulator of section 3 and the block: 8 terms, or 16 where dot groups have 16.
//
//===----------------------------------------------------------------------------------------===//

/// A tile of the accumulators, and two that are multiplied.
class MacFields<string sums, string rank, string a, string ad, string ae, string b, string bd, string be> {
  list<Field> fields = [
    Operand<"acc", Updates<sums, rank, "", ["acc"]>, 12, 8, "accumulator tile">,
    Operand<a, Reads<ae, "acc", "", ["spm"]>, 17, 13, ad>,
    Operand<b, Reads<be, "acc", "", ["spm"]>, 22, 18, bd>];
}
/// What an instruction starts from where its mode is bias.
class MacBias<string rank, string d> : Operand<"bias", Reads<"start", rank, "mode=bias", ["shared", "spm"]>, 27, 23, d>;

/// Which operand's zeros take no time; no bit of the result depends on it (docs/timing.md, T7).
class Skip<int h, int l, string d> : Field<"skip", Enum<SkipEnum>, h, l, d> {
  let isDefaulted = true;
  let feature = "zero-skip";
}

/// Whether the operand of a mask is there.
class Masked<string n, int at, string f, string d> : Field<n, Enum<OptionalEnum>, at, at, d> {
  let isDefaulted = true;
  let feature = f;
}
/// A tile whose zeros close: what they stand for takes no part.
class MaskTile<string n, string w, int h, int l, string d> : Operand<n, Reads<"mask", "5", w, ["spm"]>, h, l, d> {
  let isDefaulted = true;
}
/// Terms that convolutions leave out: those of 8 channels of one pixel of their outputs, and those of 8 x 8 channels of one tap.
class ConvMasks {
  list<Field> fields = [
    Masked<"gated", 44, "channel-gating", "whether gate is read">,
    Masked<"grouped", 45, "weight-groups", "whether group is read">,
    MaskTile<"gate", "gated=present", 50, 46, "gate tile (n, g, cob, oy, ox)">,
    MaskTile<"group", "grouped=present", 55, 51, "tile of weight groups (g, cob, cib, kh, kw)">];
  string text = [{
    With `gated` = present the element (n, g, cob, oy, ox) of gate stands for the output channels 8 cob to 8 cob + 7 of one pixel of one
    image; with `grouped` = present the element (g, cob, cib, kh, kw) of group for the weights of output channels 8 cob to 8 cob + 7, input
    channels 8 cib to 8 cib + 7 and one tap. An element that is zero closes: the terms that it stands for are absent, and keep their places
    in dot groups. Extents of the masks in channels are those of the channels over 8, rounded up. With a mask there is one group (g), tiles of channels
    start at multiples of 8, no operand is mixed, and `skip` is none; anything else is a fault, as is a mask that lacks an element.
  }];
}

/// The first factor is the streamed one, whatever its name.
def SkipFirst : Skip<43, 42, "a: the first factor is streamed without its zeros">;

def CONV_FP : Instruction<"conv.fp", 0x30, !listconcat(MacFields<"accumulator", "5", "x", "input tile (n, g, ci, iy, ix)", "factor", "w", "weight tile (g, co, ci, kh, kw)", "weight">.fields, [
    MacBias<"2 or 5", "bias tile (g, co), or (n, g, co, oy, ox)">,
    Field<"geom", GeomReg, 30, 28, "window">,
    Field<"mask", MaskReg, 33, 31, "cores">,
    Field<"mode", Enum<AccModeEnum>, 35, 34, "first value of the accumulators">, First<41, 36>, SkipFirst], ConvMasks<>.fields), [Reserved<127, 56>]> {
  let summary = "Convolution, forward.";
  let description = [{
    acc (n, g, co, oy, ox) += sum over the ci of the input tile, and all taps, of x[n, g, ci, oy*sh-pt+kh*dh, ox*sw-pl+kw*dw]
    * w[g, co, ci, kh, kw]. Logical coordinates of all tiles decide what meets what. Inputs outside the extents are padding:
    absent, neither work nor sparsity. An input inside the extents but outside the tile is a fault, as is a ci tile that
    does not start at a multiple of the chip's block, which is 8 terms, or 16 where dot groups have 16, or that lacks a ci of a
    group with fewer than 8, whose dot groups take terms of several taps.
    Operands are in formats of the chip: those of more than 8 bits need `fp16-mac`; a chip with `zero-skip` refuses those
    with Inf or NaN. In mode bias the first value of each output is that of its channel, or with a bias of five dimensions its own.
    An output whose gate is closed takes no terms: it stays what it starts from, or what it held.
  }] # ConvMasks<>.text;
  let engine = "mac"; let timingClass = "mac";
}
def CONV_BP : Instruction<"conv.bp", 0x31, !listconcat(MacFields<"accumulator", "5", "dy", "error tile (n, g, co, oy, ox)", "factor", "w", "weight tile (g, co, ci, kh, kw)", "weight">.fields, [
    Field<"geom", GeomReg, 30, 28, "window">,
    Field<"mask", MaskReg, 33, 31, "cores">,
    Field<"mode", Enum<AccModeEnum>, 35, 34, "zero or continue">, First<41, 36>, SkipFirst], ConvMasks<>.fields), [Reserved<27, 23>, Reserved<127, 56>]> {
  let summary = "Convolution, gradient of the input.";
  let description = [{
    acc (n, g, ci, iy, ix) += sum over the co of the error tile and all taps of dy[n, g, co, oy, ox] * w[g, co, ci, kh, kw],
    where oy*sh-pt+kh*dh = iy and ox*sw-pl+kw*dw = ix. Strides are handled by skipping taps, never by inserted zeros.
    Faults as for `conv.fp`, with co in the place of ci. An error whose gate is closed has no terms.
  }] # ConvMasks<>.text;
  let engine = "mac"; let timingClass = "mac";
}
def CONV_WG : Instruction<"conv.wg", 0x32, !listconcat(MacFields<"total", "5", "x", "input tile (n, g, ci, iy, ix)", "factor", "dy", "error tile (n, g, co, oy, ox)", "factor">.fields, [
    Field<"geom", GeomReg, 30, 28, "window">,
    Field<"mask", MaskReg, 33, 31, "cores">,
    Field<"mode", Enum<AccModeEnum>, 35, 34, "zero (before the first image) or continue">, First<41, 36>,
    Skip<43, 42, "the operand that is streamed without its zeros: a is x, b is dy">], ConvMasks<>.fields), [Reserved<27, 23>, Reserved<127, 56>]> {
  let summary = "Convolution, gradient of the weights.";
  let description = [{
    acc (g, co, ci, kh, kw) takes dy[n, g, co, oy, ox] * x[n, g, ci, iy, ix] over the images of the error tile in order, and in
    each over the output pixels of the tile in row-major order, in the chip's dot groups of consecutive pixels of the image. A
    tile of several images must hold whole images; a tile of part of an image must hold whole output rows, whose first pixel is
    a multiple of the chip's block if accumulators are fp16. x and dy cover the same images.
    Where the chip's `across` is none, acc is the one chain through all images, in the accumulator's format, and may lie anywhere
    in both banks. Mode zero starts it at +0 at the tile that begins image 0.
    Otherwise acc, which lies in accumulator bank 0, is the total over images, in the format of `across`. The chain of the
    current image lies at the same offset in bank 1, in the accumulator's format, its elements as far apart as those of the
    total, or as many times farther as they are wider. It starts at +0 if the tile holds the image's first row, and is added to
    the total if the tile holds the image's last row. Mode zero starts the total at +0 at the tile that begins image 0.
    An error whose gate is closed has no terms. A weight whose group is closed has none at all: it is +0 where mode zero starts its sum, and
    stays as it was elsewhere; a chain of its own without terms is +0 and changes no total.
  }] # ConvMasks<>.text;
  let engine = "mac"; let timingClass = "mac";
}
def MATMUL : Instruction<"matmul", 0x33, !listconcat(MacFields<"accumulator", "2 or 3", "a", "tile (m, k) or (batch, m, k)", "factor", "b", "tile (k, n) or (batch, k, n)", "factor">.fields, [
    MacBias<"1", "bias tile (n)">,
    Field<"mask", MaskReg, 33, 31, "cores">,
    Field<"mode", Enum<AccModeEnum>, 35, 34, "first value of the accumulators">, First<41, 36>, SkipFirst]), [Reserved<30, 28>, Reserved<127, 44>]> {
  let summary = "Matrix product, any phase.";
  let description = [{
    acc (m, n) += sum over the k of the tile a of a[m, k] * b[k, n], k ascending in the chip's dot groups. Transposed
    operands are descriptors with exchanged strides. The k tile must start at a multiple of the chip's block; both tiles
    cover the same k. With tiles of rank 3 the leading dimension counts products that have nothing to do with each other: acc (batch, m, n) += a[batch, m, k]
    * b[batch, k, n]. All three tiles have one rank; the bias is (n) in either case.
  }];
  let engine = "mac"; let timingClass = "mac";
}
def ZERO : Instruction<"zero", 0x34, [
    Operand<"acc", Writes<"sum", "", "", ["acc"]>, 12, 8, "accumulator tile">,
    Field<"mask", MaskReg, 15, 13, "cores">], [Reserved<127, 16>]> {
  let summary = "Set sums to +0.";
  let description = [{
    acc = +0 for the elements of the tile inside the extents: what a sum of no terms is, where the terms come from a list that may be
    empty. The tile is in the accumulator's format or that of weight gradients. No multiplication.
  }];
  let engine = "mac"; let timingClass = "mac";
}
