//===- MachInstrNormalize.td - reductions, normalisation, dropout, losses ---------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Vector instructions as those of MachInstrVector.td. Operands of one instruction have equal ranks; a source whose extent
// is 1 in a dimension serves all coordinates of the destination there.
//
//===----------------------------------------------------------------------------------------===//

def ReduceFunctionEnum : EnumKind<"ReduceFunction", ["sum", "sum_square", "sum_abs", "variance", "max", "min", "prod"]> {
  let summary = "What a reduction gathers: the elements, their squares, their magnitudes, squares of their distance from a second source, the largest, the smallest, the product.";
}
def NMode : Field<"mode", Enum<AccModeEnum>, 49, 48, "zero: begin at the tile that holds the first reduced coordinates, else go on from the destination; continue: always go on">;
def NAxes : Field<"axes", Unsigned, 54, 50, "bit d: dimension d is reduced">;
def NEpsilon : Field<"eps", HyperReg, 58, 55, "added to the variance">;
class Choice<string n, string d> : Field<n, Unsigned, 59, 59, d>;
def Ignore : Field<"ignore", Signed, 91, 60, "label that counts for nothing">;

def V_REDUCE : Instruction<"v.reduce", 0x60, VectorFields<[
    D0<"dst", Updates<"f32", "1 or 2 or 3 or 4 or 5">, "results; extent 1 in reduced dimensions">, D1<"src", Reads<"real", "dst">, "operand">, D2<"mean", Reads<"real", "dst", "fn=variance">, "second source">,
    NMode, NAxes, Field<"fn", Enum<ReduceFunctionEnum>, 58, 55, "what is gathered">], [VFirst]>.fields, [Reserved<47, 23>, Reserved<117, 59>]> {
  let summary = "Reduce dimensions of a tile.";
  let description = "In row-major order of the reduced coordinates; sums over the last dimension go by row_sum in pieces of 4096 elements, see docs/numerics.md. A tile that cuts the last dimension, if it is reduced, begins at a multiple of 4096 and ends at one or at the extent.";
  let engine = "vector"; let timingClass = "vector_reduce";
}
def V_SPREAD : Instruction<"v.spread", 0x61, VectorFields<[
    D0<"dst", Writes<"real">, "result">, D1<"src", Reads<"real", "dst">, "operand">, Field<"divisor", HyperReg, 58, 55, "divisor">]>.fields, [Reserved<54, 18>, Reserved<123, 59>]> {
  let summary = "Divide by a number, and repeat along dimensions.";
  let description = "dst = round(src / divisor).";
  let engine = "vector"; let timingClass = "vector";
}
def V_VARIANCE_GRAD : Instruction<"v.variance.grad", 0x62, VectorFields<[
    D0<"dst", Writes<"real">, "result">, D1<"dy", Reads<"real", "dst">, "error of the variance">, D2<"x", Reads<"real", "dst">, "operand of the variance">, D3<"mean", Reads<"real", "dst">, "its second source">,
    Field<"factor", HyperReg, 58, 55, "2 / n">]>.fields, [Reserved<54, 28>, Reserved<123, 59>]> {
  let summary = "Gradient of a variance.";
  let description = "dst = round(((x - mean) * factor) * dy).";
  let engine = "vector"; let timingClass = "vector";
}
def V_NORMALIZE : Instruction<"v.normalize", 0x63, VectorFields<[
    D0<"dst", Writes<"real">, "result">, D1<"x", Reads<"real", "dst">, "operand">, D2<"mean", Reads<"real", "dst">, "means">, D3<"inverse", Reads<"real", "dst">, "1 / deviation">,
    D4<"scale", Reads<"real", "dst">, "factors">, D5<"bias", Reads<"real", "dst">, "summands">]>.fields,
    [Reserved<123, 38>]> {
  let summary = "Normalise, scale and shift.";
  let description = "dst = round(fma((x - mean) * inverse, scale, bias)).";
  let engine = "vector"; let timingClass = "vector";
}
def V_NORMALIZE_SUMS : Instruction<"v.normalize.sums", 0x64, VectorFields<[
    D0<"dst", Updates<"f32", "1 or 2 or 3 or 4 or 5">, "sums of dy">, D1<"products", Updates<"f32", "dst">, "sums of dy * xhat">,
    D2<"dy", Reads<"real", "dst">, "error">, D3<"x", Reads<"real", "dst">, "operand of the normalisation">,
    D4<"mean", Reads<"real", "dst">, "means">, D5<"inverse", Reads<"real", "dst">, "1 / deviation">, NMode, NAxes], [VFirst]>.fields, [Reserved<47, 38>, Reserved<117, 55>]> {
  let summary = "Sums over the error of a normalisation.";
  let description = "dst = sum of dy, products = sum of dy * ((x - mean) * inverse), in the order of v.reduce. Both destinations have one shape.";
  let engine = "vector"; let timingClass = "vector_reduce";
}
def V_NORMALIZE_GRAD : Instruction<"v.normalize.grad", 0x65, VectorFields<[
    D0<"dst", Writes<"real">, "result">, D1<"dy", Reads<"real", "dst">, "error">, D2<"x", Reads<"real", "dst">, "operand of the normalisation">, D3<"mean", Reads<"real", "dst">, "means">,
    D4<"inverse", Reads<"real", "dst">, "1 / deviation">, D5<"sum", Reads<"real", "dst">, "sums of dy / count">, D6<"products", Reads<"real", "dst">, "sums of dy * xhat / count">,
    D7<"scale", Reads<"real", "dst", "scaled=1">, "factors">, Choice<"scaled", "1: multiply by scale">]>.fields,
    [Reserved<58, 48>, Reserved<123, 60>]> {
  let summary = "Gradient of a normalisation by the statistics of its operand.";
  let description = "dst = round(fma(-((x - mean) * inverse), products, dy - sum) * inverse), times scale before rounding if scaled.";
  let engine = "vector"; let timingClass = "vector";
}
def V_NORMALIZE_FIXED_GRAD : Instruction<"v.normalize.fixed.grad", 0x66, VectorFields<[
    D0<"dst", Writes<"real">, "result">, D1<"dy", Reads<"real", "dst">, "error">, D2<"inverse", Reads<"real", "dst">, "1 / deviation">, D3<"scale", Reads<"real", "dst">, "factors">]>.fields,
    [Reserved<123, 28>]> {
  let summary = "Gradient of a normalisation by fixed statistics.";
  let description = "dst = round((dy * scale) * inverse).";
  let engine = "vector"; let timingClass = "vector";
}
def V_MOVING_AVERAGE : Instruction<"v.moving.average", 0x67, VectorFields<[
    D0<"dst", Writes<"real">, "new average">, D1<"old", Reads<"real", "dst">, "old average">, D2<"src", Reads<"real", "dst">, "new values">,
    Field<"keep", HyperReg, 58, 55, "share of the old average">, Field<"take", HyperReg, 62, 59, "share of the new values">]>.fields,
    [Reserved<54, 23>, Reserved<123, 63>]> {
  let summary = "Move an average towards new values.";
  let description = "dst = round(fma(old, keep, src * take)).";
  let engine = "vector"; let timingClass = "vector";
}
def V_DROPOUT : Instruction<"v.dropout", 0x68, VectorFields<[
    D0<"dst", Writes<"real">, "result">, D1<"src", Reads<"real", "dst">, "operand, same coordinates">,
    HostNumber<"run", 8, 21, 18, "number of the run, a whole number below 2^24">, Field<"factor", HyperReg, 25, 22, "1 / (1 - ratio)">,
    Field<"seed", Unsigned, 57, 26, "of the random numbers">, Field<"stream", Unsigned, 89, 58, "of the random numbers">,
    Field<"threshold", Unsigned, 121, 90, "ratio * 2^32: smaller random numbers drop the element">,
    Field<"ones", Unsigned, 122, 122, "1: the mask itself, as 0 and 1">]>.fields, [Reserved<123, 123>]> {
  let summary = "Drop elements at random.";
  let description = "dst = random number of (seed, stream, row-major index in the extents of dst, run) < threshold ? +0 : round(src * factor), see docs/numerics.md.";
  let engine = "vector"; let timingClass = "vector";
}
def V_FILL : Instruction<"v.fill", 0x69, VectorFields<[
    D0<"dst", Writes<"real">, "result">, Field<"value", HyperReg, 58, 55, "value">]>.fields, [Reserved<54, 13>, Reserved<123, 59>]> {
  let summary = "Set all elements to a number.";
  let description = "dst = round(value).";
  let engine = "vector"; let timingClass = "vector";
}
def V_LOG_SOFTMAX : Unary<"v.log.softmax", 0x6a, "2"> {
  let summary = "Logarithm of softmax over the last dimension.";
  let description = "Tiles hold whole rows (n, c).";
  let timingClass = "vector_row";
}
def V_LOG_SOFTMAX_GRAD : Rows<"v.log.softmax.grad", 0x6b, "dy", "y"> {
  let summary = "Gradient of the logarithm of softmax.";
  let description = "dst = round(dy - exp(y) * row_sum(dy)). Tiles hold whole rows.";
  let timingClass = "vector_row";
}
def V_NLL : Instruction<"v.nll", 0x6c, VectorFields<[
    D0<"dst", Writes<"f32", "1">, "losses (n)">, D1<"shares", Writes<"f32", "1">, "weight of each row (n)">, D2<"x", Reads<"real", "2">, "logarithms of probabilities (n, c)">,
    D3<"labels", Reads<"i32", "1">, "(n)">, D4<"weights", Reads<"real", "1", "weighted=1">, "by class (c)">, Choice<"weighted", "1: by weights">, Ignore]>.fields,
    [Reserved<58, 33>, Reserved<123, 92>]> {
  let summary = "Negative log likelihood, one number per row.";
  let description = "shares = weights[label], or 1 unless weighted, or +0 if the label is `ignore` or no class; dst = -(shares * x[label]), +0 where shares are +0 by the label. Tiles of x hold whole rows, that of weights all classes.";
  let engine = "vector"; let timingClass = "vector_row";
}
def V_NLL_GRAD : Instruction<"v.nll.grad", 0x6d, VectorFields<[
    D0<"dst", Writes<"real", "2">, "result (n, c)">, D1<"dy", Reads<"real", "1">, "errors of the losses (n)">, D2<"labels", Reads<"i32", "1">, "(n)">,
    D3<"weights", Reads<"real", "1", "weighted=1">, "by class (c)">, Choice<"weighted", "1: by weights">, Ignore]>.fields,
    [Reserved<58, 28>, Reserved<123, 92>]> {
  let summary = "Gradient of the negative log likelihood.";
  let description = "dst[label] = round(-(share * dy)), +0 elsewhere. Tiles hold whole rows.";
  let engine = "vector"; let timingClass = "vector_row";
}

// Sums by channel (docs/numerics.md section 5) in two steps: parts, one number for each image, channel and strip of 8
// columns, and their sums. A tensor (n, c, rows..., columns) of rank 3 to 5; of rank 2 it is (columns, c), one image of
// one row. Tiles of it cut the columns at multiples of 8 only, and rows of several planes only between planes. Channels in
// groups, as convolutions have them, (n, group, c, row, column), have parts (n, group, c, strip).
class ChannelParts<string m, bits<8> op, string rank, string parts> : Instruction<m, op,
    VectorFields<[D0<"dst", Updates<"f32", rank>, parts>,
                  D1<"src", Reads<"real", "2 or 3 or 4 or 5">, "operand (n, c, rows..., columns) or (columns, c)">, NMode], [VFirst]>.fields,
    [Reserved<47, 18>, Reserved<117, 50>]> {
  let engine = "vector"; let timingClass = "vector_reduce";
}
def V_CHANNEL_SUMS : ChannelParts<"v.channel.sums", 0x6e, "3 or 4", "parts (n, c, strip) or (n, group, c, strip)"> {
  let summary = "Sum the strips of each channel.";
  let description = "For row ascending: dst = dst + tree8(the strip's columns). A tile that does not hold the first row goes on from dst. Of dst only the strips of the tile of src change.";
}
def V_STATISTICS : ChannelParts<"v.statistics", 0x6f, "4 or 5", "parts (n, c, strip, 3) or (n, group, c, strip, 3): the first element, and the sums of the differences from it and of their squares"> {
  let summary = "Sums of the strips of each channel for its mean and variance.";
  let description = "k = the strip's first element; for row ascending, with d = src - k: the second part = itself + tree8(d), the third = itself + tree8(d * d). A tile that does not hold the first row goes on from dst.";
}
def V_NORMALIZE_CHANNEL_SUMS : Instruction<"v.normalize.channel.sums", 0x70, VectorFields<[
    D0<"dst", Updates<"f32", "3 or 4">, "parts of the sums of dy, as those of v.channel.sums">, D1<"products", Updates<"f32", "dst">, "parts of the sums of dy * xhat">,
    D2<"dy", Reads<"real", "2 or 3 or 4 or 5">, "error">, D3<"x", Reads<"real", "dy">, "operand of the normalisation">,
    D4<"mean", Reads<"real", "dy">, "means">, D5<"inverse", Reads<"real", "dy">, "1 / deviation">, NMode], [VFirst]>.fields,
    [Reserved<47, 38>, Reserved<117, 50>]> {
  let summary = "Sums of the strips of each channel over the error of a normalisation.";
  let description = "v.channel.sums of dy and of dy * ((x - mean) * inverse). Both destinations have one shape, dy and x another.";
  let engine = "vector"; let timingClass = "vector_reduce";
}
def V_CHANNEL_JOIN : Instruction<"v.channel.join", 0x71, VectorFields<[
    D0<"dst", Updates<"f32", "1">, "sums (c)">, D1<"parts", Reads<"f32", "3">, "parts (n, c, strip)">, NMode], [VFirst]>.fields, [Reserved<47, 18>, Reserved<117, 50>]> {
  let summary = "Add the parts of each channel.";
  let description = "For image, then strip ascending: dst = dst + parts. A tile that does not hold the first part goes on from dst. A tile of several images holds all strips.";
  let engine = "vector"; let timingClass = "vector_reduce";
}
def V_STATISTICS_JOIN : Instruction<"v.statistics.join", 0x72, VectorFields<[
    D0<"mean", Updates<"f32", "1">, "means (c)">, D1<"var", Updates<"f32", "1">, "variances (c); until the last part sums of squares">,
    D2<"parts", Reads<"f32", "4">, "parts (n, c, strip, 3)">,
    NMode, Field<"rows", Unsigned, 81, 50, "rows of an image">, Field<"columns", Unsigned, 105, 82, "columns of a row">], [VFirst]>.fields,
    [Reserved<47, 23>, Reserved<117, 106>]> {
  let summary = "Mean and variance of the parts of each channel.";
  let description = "For image, then strip ascending: the parts are combined as docs/numerics.md section 5 says, statistics. A tile that does not hold the first part goes on from mean and var; behind the last part var is divided by the number of elements. A tile of several images holds all strips.";
  let engine = "vector"; let timingClass = "vector_reduce";
}
def V_INVERSE_DEVIATION : Instruction<"v.inverse.deviation", 0x73, VectorFields<[
    D0<"dst", Writes<"real">, "result">, D1<"var", Reads<"real", "dst">, "variances, same coordinates">, NEpsilon]>.fields, [Reserved<54, 18>, Reserved<123, 59>]> {
  let summary = "What a normalisation multiplies by.";
  let description = "dst = round(1 / sqrt(var + epsilon)), the sum, the root and the quotient rounded each.";
  let engine = "vector"; let timingClass = "vector";
}
