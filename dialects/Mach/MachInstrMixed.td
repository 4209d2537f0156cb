//===- MachInstrMixed.td - element-wise mixing of FP8 and FP16 --------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Fine-grained mixed precision: the definitions are those of docs/numerics.md sections 5 and 9. Thresholds, histograms and
// the control are tensors: run-time state of the program.
//
//===----------------------------------------------------------------------------------------===//

def V_CLASSIFY : Instruction<"v.classify", 0x90, VectorFields<[
    D0<"dst", Writes<"mixed">, "result">, D1<"src", Reads<"real", "dst">, "operand, same coordinates">, D2<"threshold", Reads<"f32", "1">, "1 element">,
    Field<"low", HyperReg, 39, 36, "smaller magnitudes are FP16 too">]>.fields, [Reserved<35, 23>, Reserved<123, 40>]> {
  let summary = "Round each element to FP8 or FP16.";
  let description = [{
    dst = |src| >= threshold or |src| < low ? round to fp16 : round to fp8, elementwise, each kept as an fp16 code. What is
    FP8 in memory follows from the value: see docs/compressed.md.
  }];
  let engine = "vector"; let timingClass = "vector";
  let requires = ["mixed-precision"];
}
def V_HISTOGRAM : Instruction<"v.histogram", 0x91, VectorFields<[
    D0<"dst", Updates<"i32", "1">, "counts (128)">, D1<"src", Reads<"real">, "tile">, VMode], [VFirst]>.fields, [Reserved<35, 18>, Reserved<117, 38>]> {
  let summary = "Count magnitudes, a quarter of a binade each.";
  let description = [{
    dst[b] = dst[b] + elements of src in bin b that are not zero, at most 2^24. Mode zero clears dst at the tile that holds
    the first element of the tensor.
  }];
  let engine = "vector"; let timingClass = "vector";
  let requires = ["mixed-precision"];
}
def V_THRESHOLD : Instruction<"v.threshold", 0x92, VectorFields<[
    D0<"threshold", Updates<"f32", "1">, "1 element">, D1<"histogram", Reads<"i32", "1">, "counts (128)">,
    D2<"control", Reads<"f32", "1">, "4 elements">, Field<"low", HyperReg, 39, 36, "smaller magnitudes are FP16 anyway">]>.fields,
    [Reserved<35, 23>, Reserved<123, 40>]> {
  let summary = "The threshold that makes a target share of the elements FP16.";
  let description = "Of the counted elements, control[0] is the share that should be FP16; see docs/numerics.md section 9.";
  let engine = "vector"; let timingClass = "vector";
  let requires = ["mixed-precision"];
}
def V_SHARE_TARGET : Instruction<"v.share.target", 0x93, VectorFields<[
    D0<"control", Updates<"f32", "1">, "4 elements">, D1<"loss", Reads<"f32", "0">, "one number">,
    Field<"period", HyperReg, 39, 36, "runs between two looks at the loss">,
    Field<"improvement", HyperReg, 43, 40, "share by which the mean loss has to fall">,
    Field<"growth", HyperReg, 47, 44, "factor of the target if it did not">,
    Field<"largest", HyperReg, 51, 48, "limit of the target">]>.fields, [Reserved<35, 18>, Reserved<123, 52>]> {
  let summary = "Raise the target share when the loss no longer falls.";
  let description = "control = (target, sum of losses, best mean, runs); see docs/numerics.md section 9.";
  let engine = "vector"; let timingClass = "vector";
  let requires = ["mixed-precision"];
}
