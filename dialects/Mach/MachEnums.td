//===- MachEnums.td - named values in instruction fields --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

def EngineEnum : EnumKind<"Engine", ["seq", "load", "store", "mac", "vector", "shared_load", "shared_store"]> {
  let summary = "An engine with an in-order queue. load, store and mac have one queue per core; seq, vector and the two of the shared buffer, shared_load and shared_store, are single.";
}
def BankEnum : EnumKind<"Bank", ["cores", "shared"]> {
  let summary = "Whose semaphores: those of the cores of a mask, one bank each, or those of the shared buffer.";
}
def SpaceEnum : EnumKind<"Space", ["dram", "shared", "spm", "acc"]> {
  let summary = "A memory: external DRAM, the shared buffer, a core's scratchpad, a core's accumulator memory.";
}
def FormatEnum : EnumKind<"Format", [
    "f32", "fp16", "fp8", "i32", "u8", "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "mixed", "coded16", "coded8"]> {
  let summary = "An element format: f32, the chip's own fp16 and fp8 (chip description, numerics section), 32-bit integer labels and window indices, 8-bit window indices; the chip's further formats of at most 8 bits (x0 to x3, one byte) and of more (x4 to x7, two bytes), each in the order of their names; mixed, fp16 codes of which those that fp8 holds take one byte in dram; coded16 and coded8, fp16 and fp8 whose zeros take none (docs/compressed.md).";
}
def LayoutEnum : EnumKind<"Layout", ["row_major", "channels16", "blocks8x8"]> {
  let summary = "How the elements of a tensor lie in dram: row by row; channels in blocks of 16, innermost; weights in blocks of 8 output by 8 input channels (docs/decisions/0042-layouts.md).";
}
def StoreRoundingEnum : EnumKind<"StoreRounding", ["chip", "nearest_even", "half_away", "toward_zero", "stochastic"]> {
  let summary = "How a result is rounded to the format of its tile: as the chip description says, or by one of the modes of docs/numerics.md section 2.";
}
def AccModeEnum : EnumKind<"AccMode", ["zero", "bias", "continue"]> {
  let summary = "What an accumulator holds before the first term of its reduction: +0, or the bias. A tile holds the first term if its reduction coordinates begin at 0, or, with a register `first`, if that holds 0; at any other tile, and in mode continue always, it goes on from what it held.";
}
def SkipEnum : EnumKind<"Skip", ["none", "a", "b"]> {
  let summary = "Which of the two factors of a product is streamed without its zeros: none, the first or the second.";
}
def OptionalEnum : EnumKind<"Optional", ["absent", "present"]> {
  let summary = "Whether an instruction reads its optional operand.";
}
def UnaryFnEnum : EnumKind<"UnaryFn", [
    "affine", "power", "abs", "sign", "floor", "ceil", "round_even", "logical_not", "sqrt", "reciprocal", "exp", "log",
    "tanh", "sigmoid", "erf", "gelu", "gelu_tanh", "hard_sigmoid", "hard_swish", "leaky_relu", "clip", "elu", "celu",
    "softplus", "softsign", "thresholded_relu", "shrink"]> {
  let summary = "A function of one element; docs/numerics.md section 5 defines each, and which of the numbers a and b it takes.";
}
def BinaryFnEnum : EnumKind<"BinaryFn", [
    "add", "sub", "mul", "div", "pow", "max", "min", "prelu", "equal", "less", "less_equal", "logical_and", "logical_or",
    "logical_xor", "relu_grad", "power_grad", "abs_grad", "sqrt_grad", "reciprocal_grad", "tanh_grad", "sigmoid_grad",
    "erf_grad", "gelu_grad", "gelu_tanh_grad", "hard_sigmoid_grad", "hard_swish_grad", "leaky_relu_grad", "clip_grad",
    "elu_grad", "celu_grad", "softplus_grad", "softsign_grad", "thresholded_relu_grad", "shrink_grad", "max_share",
    "prelu_slope", "prelu_grad"]> {
  let summary = "A function of two elements; docs/numerics.md section 5 defines each, and which of the numbers a and b it takes.";
}
