//===- MachInstrVector.td - everything that is not a MAC --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// FP32 inside; the definitions are those of docs/numerics.md section 5. Operands lie in spm, acc or shared. With an
// operand in spm or acc the instruction is done for each core of the mask; otherwise the mask names one core.
// The coordinates of the destination say what is computed; sources must cover what it needs (else a fault).
//
//===----------------------------------------------------------------------------------------===//

class VectorFields<list<Field> fs, list<Field> defaulted = []> {
  list<Field> fields = !listconcat(fs, [Field<"mask", MaskReg, 127, 125, "cores">], defaulted, [
      Flag<"again", 124, "computes known values anew: their roundings count nothing (docs/numerics.md section 2)">]);
}
class D0<string n, Role r, string d> : Operand<n, r, 12, 8, d>;
class D1<string n, Role r, string d> : Operand<n, r, 17, 13, d>;
class D2<string n, Role r, string d> : Operand<n, r, 22, 18, d>;
class D3<string n, Role r, string d> : Operand<n, r, 27, 23, d>;
class D4<string n, Role r, string d> : Operand<n, r, 32, 28, d>;
class D5<string n, Role r, string d> : Operand<n, r, 37, 33, d>;
class D6<string n, Role r, string d> : Operand<n, r, 42, 38, d>;
class D7<string n, Role r, string d> : Operand<n, r, 47, 43, d>;
class D8<string n, Role r, string d> : Operand<n, r, 52, 48, d>;
def VGeom : Field<"geom", GeomReg, 35, 33, "window">;
// Of an instruction that gathers from tile to tile. With a register, and a destination in the shared buffer, the first core
// of the mask starts, and the others go on.
def VFirst : First<123, 118>;
def VMode : Field<"mode", Enum<AccModeEnum>, 37, 36, "zero: start at +0 at the tile that begins image 0 at row 0, else go on from the destination; continue: always go on">;

class Unary<string m, bits<8> op, string rank = "", string elements = "real"> : Instruction<m, op,
    VectorFields<[D0<"dst", Writes<elements, rank>, "result">, D1<"src", Reads<elements, "dst">, "operand, same coordinates">]>.fields, [Reserved<123, 18>]> {
  let engine = "vector"; let timingClass = "vector";
}
class Rows<string m, bits<8> op, string a, string b> : Instruction<m, op,
    VectorFields<[D0<"dst", Writes<"real", "2">, "result">, D1<a, Reads<"real", "2">, "first operand">, D2<b, Reads<"real", "2">, "second operand">]>.fields, [Reserved<123, 23>]> {
  let engine = "vector"; let timingClass = "vector";
}

def V_ROUND : Unary<"v.round", 0x40, "", "number"> {
  let summary = "Convert to the format of the destination.";
  let description = [{
    dst = round(src), elementwise. An operand of i32 is converted exactly (its elements are at most 2^24 in magnitude). A
    result of i32 is src without its fraction, 0 for NaN, at most 2^24 in magnitude.
  }];
}
def V_RELU : Unary<"v.relu", 0x41> {
  let summary = "Rectify.";
  let description = "dst = src > 0 ? src : +0, elementwise.";
}
def V_UNARY : Instruction<"v.unary", 0x42, VectorFields<[
    D0<"dst", Writes<"real">, "result">, D1<"src", Reads<"real", "dst">, "operand, same coordinates">, Field<"fn", Enum<UnaryFnEnum>, 33, 28, "function">,
    FunctionNumber<"a", 39, 36, "first number of the function; ignored if it takes none">,
    FunctionNumber<"b", 43, 40, "second number">]>.fields, [Reserved<27, 18>, Reserved<35, 34>, Reserved<123, 44>]> {
  let summary = "Apply a function to each element.";
  let description = "dst = round(fn(src)), elementwise.";
  let engine = "vector"; let timingClass = "vector";
}
def V_BINARY : Instruction<"v.binary", 0x43, VectorFields<[
    D0<"dst", Writes<"real">, "result">, D1<"x", Reads<"real", "dst">, "first operand">, D2<"y", Reads<"real", "dst">, "second operand">,
    Field<"fn", Enum<BinaryFnEnum>, 33, 28, "function">,
    FunctionNumber<"a", 39, 36, "first number of the function; ignored if it takes none">,
    FunctionNumber<"b", 43, 40, "second number">]>.fields, [Reserved<27, 23>, Reserved<35, 34>, Reserved<123, 44>]> {
  let summary = "Apply a function to pairs of elements.";
  let description = "dst = round(fn(x, y)), elementwise. All ranks are equal. An operand whose extent is 1 in a dimension serves all coordinates of it.";
  let engine = "vector"; let timingClass = "vector";
}
def V_SELECT : Instruction<"v.select", 0x44, VectorFields<[
    D0<"dst", Writes<"real">, "result">, D1<"cond", Reads<"real", "dst">, "condition">, D2<"x", Reads<"real", "dst">, "where it is not zero">, D3<"y", Reads<"real", "dst">, "where it is zero">]>.fields,
    [Reserved<123, 28>]> {
  let summary = "Take each element from one of two tiles.";
  let description = "dst = round(cond != 0 ? x : y), elementwise. All ranks are equal. An operand whose extent is 1 in a dimension serves all coordinates of it.";
  let engine = "vector"; let timingClass = "vector";
}
def V_MAX_POOL : Instruction<"v.max.pool", 0x46, VectorFields<[
    D0<"dst", Writes<"real", "4">, "result (n, c, oy, ox)">, D1<"index", Writes<"index", "4">, "result (n, c, oy, ox)">, D2<"src", Reads<"real", "4">, "input (n, c, iy, ix)">, VGeom]>.fields,
    [Reserved<32, 23>, Reserved<123, 36>]> {
  let summary = "Maximum over a window, and which element it was.";
  let description = "index = kh * KW + kw of the first maximum in row-major order. Faults if kh * kw exceeds 256 and the index is u8.";
  let engine = "vector"; let timingClass = "vector_window";
}
def V_MAX_POOL_GRAD : Instruction<"v.max.pool.grad", 0x47, VectorFields<[
    D0<"dst", Writes<"real", "4">, "result (n, c, iy, ix)">, D1<"index", Reads<"index", "4">, "(n, c, oy, ox)">, D2<"dy", Reads<"real", "4">, "error (n, c, oy, ox)">, VGeom]>.fields,
    [Reserved<32, 23>, Reserved<123, 36>]> {
  let summary = "Gradient of the maximum over a window.";
  let description = "dst[iy, ix] = round(sum from +0 over windows in row-major order whose index points here, of dy).";
  let engine = "vector"; let timingClass = "vector_window";
}
def V_MAX_POOL_TAKE : Instruction<"v.max.pool.take", 0x3a, VectorFields<[
    D0<"dst", Writes<"real", "4">, "result (n, c, oy, ox)">, D1<"index", Reads<"index", "4">, "(n, c, oy, ox)">, D2<"src", Reads<"real", "4">, "input (n, c, iy, ix)">, VGeom]>.fields,
    [Reserved<32, 23>, Reserved<123, 36>]> {
  let summary = "The element of each window that an index names.";
  let description = "dst[oy, ox] = round(src[element index[oy, ox] of the window]), +0 for an element in the padding or beyond the window.";
  let engine = "vector"; let timingClass = "vector_window";
}
def V_AVG_POOL : Instruction<"v.avg.pool", 0x48, VectorFields<[
    D0<"dst", Writes<"real", "4">, "result (n, c, oy, ox)">, D1<"src", Reads<"real", "4">, "input (n, c, iy, ix)">, VGeom]>.fields,
    [Reserved<32, 18>, Reserved<123, 36>]> {
  let summary = "Mean over a window.";
  let description = "dst = round(sum / count), see docs/numerics.md.";
  let engine = "vector"; let timingClass = "vector_window";
}
def V_AVG_POOL_GRAD : Instruction<"v.avg.pool.grad", 0x49, VectorFields<[
    D0<"dst", Writes<"real", "4">, "result (n, c, iy, ix)">, D1<"dy", Reads<"real", "4">, "error (n, c, oy, ox)">, VGeom]>.fields,
    [Reserved<32, 18>, Reserved<123, 36>]> {
  let summary = "Gradient of the mean over a window.";
  let description = "dst[iy, ix] = round(sum over windows in row-major order that contain it, of dy / count). Counts follow from the extents of dst.";
  let engine = "vector"; let timingClass = "vector_window";
}
def V_SOFTMAX : Unary<"v.softmax", 0x4a, "2"> {
  let summary = "Softmax over the last dimension.";
  let description = "Tiles hold whole rows (n, c).";
  let timingClass = "vector_row";
}
def V_SOFTMAX_GRAD : Rows<"v.softmax.grad", 0x4b, "dy", "y"> {
  let summary = "Gradient of softmax.";
  let description = "dst = round(y * (dy - row_sum(y * dy))). Tiles hold whole rows.";
  let timingClass = "vector_row";
}
def V_CROSS_ENTROPY : Instruction<"v.cross.entropy", 0x4c, VectorFields<[
    D0<"dst", Writes<"f32", "1">, "losses (n)">, D1<"x", Reads<"real", "2">, "logits (n, c)">,
    D2<"labels", Reads<"i32", "1">, "(n)">]>.fields, [Reserved<123, 23>]> {
  let summary = "Cross entropy of softmax, one number per image.";
  let description = "Tiles of x hold whole rows.";
  let engine = "vector"; let timingClass = "vector_row";
}
def V_CROSS_ENTROPY_GRAD : Instruction<"v.cross.entropy.grad", 0x4d, VectorFields<[
    D0<"dst", Writes<"real", "2">, "result (n, c)">, D1<"x", Reads<"real", "2">, "logits (n, c)">, D2<"labels", Reads<"i32", "1">, "(n)">,
    D3<"lossScale", Reads<"f32", "0", "mode=present">, "multiplies scale">, Field<"mode", Enum<OptionalEnum>, 28, 28, "whether lossScale multiplies scale">,
    Field<"scale", HyperReg, 39, 36, "static loss scale / N">]>.fields, [Reserved<35, 29>, Reserved<123, 40>]> {
  let summary = "Gradient of the cross entropy of softmax.";
  let description = "dst = round((softmax(x) - onehot(label)) * (lossScale * scale)). Tiles hold whole rows.";
  let engine = "vector"; let timingClass = "vector_row";
}
def V_KEEP : Instruction<"v.keep", 0x45, VectorFields<[
    D0<"dst", Writes<"f32", "1">, "mask (n), whole">, D1<"kept", Writes<"i32", "1">, "list (n), whole">, D2<"count", Writes<"i32", "1">, "1 element">,
    D3<"losses", Reads<"f32", "1">, "losses of the images (n), whole">,
    HostNumber<"below", 15, 58, 55, "images of a smaller loss are dropped; 0: none">]>.fields, [Reserved<54, 28>, Reserved<123, 59>]> {
  let summary = "Say which images of a batch are kept, and list them.";
  let description = [{
    dst[i] = below > 0 and losses[i] < below ? 0 : 1; kept = the i whose dst is 1, ascending, and 0 behind them; count = how many they
    are. Faults if `below` is less than 0. Behind a `fence` the sequencer reads kept and count, with bounds (`lds`).
  }];
  let engine = "vector"; let timingClass = "vector_reduce";
  let requires = ["gradient-skip"];
}
def V_MEAN : Instruction<"v.mean", 0x4e, VectorFields<[
    D0<"dst", Writes<"f32", "0 or 1">, "one element">, D1<"src", Reads<"real", "1">, "operand (n), whole">]>.fields, [Reserved<123, 18>]> {
  let summary = "Mean of a vector.";
  let description = "dst = row_sum(src) / n.";
  let engine = "vector"; let timingClass = "vector_reduce";
}
