//===- MachInstrMove.td - elements that change their places -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Vector instructions as those of MachInstrVector.td; the definitions are those of docs/numerics.md section 5.
//
//===----------------------------------------------------------------------------------------===//

def V_COPY : Instruction<"v.copy", 0x80, VectorFields<[
    D0<"dst", Writes<"real">, "result">, D1<"src", Reads<"real", "dst">, "operand, counted from the first element of its tile">,
    Field<"fill", HyperReg, 39, 36, "what stands where the source has no element">]>.fields,
    [Reserved<35, 18>, Reserved<123, 40>]> {
  let summary = "Copy a tile to other coordinates.";
  let description = [{
    Element p of dst, counted in each dimension from the first of its tile, is round(element p of src) where that lies
    inside the extents of src, and round(fill) elsewhere. Ranks are equal. Tile sizes are equal, or the source's is 1:
    then its one element serves the whole dimension.
  }];
  let engine = "vector"; let timingClass = "vector";
}
def V_GATHER : Instruction<"v.gather", 0x81, VectorFields<[
    D0<"dst", Updates<"real", "3">, "result (o, i, r)">, D1<"table", Reads<"real", "3">, "rows to choose from (o, v, r)">, D2<"indices", Reads<"i32", "1">, "(i)">, VMode], [VFirst]>.fields,
    [Reserved<35, 23>, Reserved<117, 38>]> {
  let summary = "Choose rows of a table by index.";
  let description = [{
    dst (o, i, r) = round(table (o, indices[i], r)). A negative index counts from the end of the table. Mode zero: the tile
    of the table that begins at row 0 also makes +0 of what no other tile will choose, and counts an index outside the
    table as invalid, once for each element. Any other tile replaces only what its own rows give.
  }];
  let engine = "vector"; let timingClass = "vector";
}
def V_SCATTER_ADD : Instruction<"v.scatter.add", 0x82, VectorFields<[
    D0<"dst", Writes<"real", "3">, "sums (o, v, r)">, D1<"dy", Reads<"real", "3">, "rows (o, i, r)">, D2<"indices", Reads<"i32", "1">, "(i)">]>.fields, [Reserved<123, 23>]> {
  let summary = "Add rows to those of a table by index.";
  let description = [{
    dst (o, v, r) = round(sum from +0 over i ascending, where indices[i] is v, of dy (o, i, r)), in FP32. A negative index
    counts from the end of the table; one outside the table adds nothing. The tiles of dy and indices hold all i.
  }];
  let engine = "vector"; let timingClass = "vector";
}
