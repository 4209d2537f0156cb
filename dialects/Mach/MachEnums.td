//===- MachEnums.td - named values in instruction fields --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

def EngineEnum : EnumKind<"Engine", ["seq", "load", "store", "mac", "vector"]> {
  let summary = "An engine with an in-order queue. load, store and mac have one queue per core; seq and vector are single.";
}
def SpaceEnum : EnumKind<"Space", ["dram", "shared", "spm", "acc"]> {
  let summary = "A memory: external DRAM, the shared buffer, a core's scratchpad, a core's accumulator memory.";
}
def FormatEnum : EnumKind<"Format", ["f32", "fp16", "fp8", "i32", "u8"]> {
  let summary = "An element format: f32, the chip's own fp16 and fp8 (chip description, numerics section), 32-bit integer labels and window indices, 8-bit window indices.";
}
def AccModeEnum : EnumKind<"AccMode", ["zero", "bias", "continue"]> {
  let summary = "What an accumulator holds before the first term of its reduction: +0, or the bias. A tile holds the first term if its reduction coordinates begin at 0; at any other tile, and in mode continue always, it goes on from what it held.";
}
