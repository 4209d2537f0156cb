//===- MachInstrSequencer.td - scalars, loops, descriptors, semaphores -------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

def HALT : Instruction<"halt", 0x01, [], [Reserved<127, 8>]> {
  let summary = "End the program.";
  let description = "Waits until every queue is empty, then stops. Faults if a semaphore is not zero or a loop is open.";
  let engine = "seq"; let timingClass = "control";
}
def FENCE : Instruction<"fence", 0x02, [], [Reserved<127, 8>]> {
  let summary = "Wait until every queue is empty.";
  let description = "The sequencer issues nothing until all engines of all cores are idle and all their stores are in memory.";
  let engine = "seq"; let timingClass = "control";
}
def LI : Instruction<"li", 0x03, [
    Field<"rd", ScalarReg, 13, 8, "destination">,
    Field<"imm", Signed, 77, 14, "value">], [Reserved<127, 78>]> {
  let summary = "Load an immediate into a scalar register.";
  let description = "rd = imm. Writing r0 has no effect.";
  let engine = "seq"; let timingClass = "scalar";
}
def MADD : Instruction<"madd", 0x04, [
    Field<"rd", ScalarReg, 13, 8, "destination">,
    Field<"ra", ScalarReg, 19, 14, "multiplicand">,
    Field<"mul", Signed, 51, 20, "factor">,
    Field<"rb", ScalarReg, 57, 52, "addend">,
    Field<"imm", Signed, 89, 58, "constant addend">], [Reserved<127, 90>]> {
  let summary = "Scalar multiply-add, enough for any affine address.";
  let description = "rd = ra * mul + rb + imm in 64-bit two's complement.";
  let engine = "seq"; let timingClass = "scalar";
}
def LDS : Instruction<"lds", 0x05, [
    Field<"rd", ScalarReg, 13, 8, "destination">,
    Operand<"src", Reads<"i32", "", "", ["dram", "shared"]>, 18, 14, "one element">,
    Field<"bound", Unsigned, 50, 19, "what the value must lie below; 0: it may be any">], [Reserved<127, 51>]> {
  let summary = "Load one 32-bit integer from memory into a scalar register.";
  let description = "Reads the element at the descriptor's origin on core 0, format i32, from dram or shared, sign-extended. With a bound other than 0 it faults unless 0 <= value < bound, so that what was proved of a trip count or a coordinate holds. Order it behind its producer with `fence`. Makes trip counts and branches data-dependent.";
  let engine = "seq"; let timingClass = "scalar_load";
}
def LOOP : Instruction<"loop", 0x06, [
    Field<"rd", ScalarReg, 13, 8, "induction register">,
    Field<"step", Signed, 45, 14, "added after each iteration">,
    Field<"trip", Unsigned, 77, 46, "number of iterations">,
    Field<"end", Label, 101, 78, "first instruction after the body">], [Reserved<127, 102>]> {
  let summary = "Hardware loop with a constant trip count.";
  let description = "rd = 0; the body (the instructions up to `end`) runs `trip` times and rd grows by `step` after each. A trip of 0 skips the body. Loops nest to the chip's depth (at least 8) and must close in order; `end` must lie ahead.";
  let engine = "seq"; let timingClass = "loop";
}
def LOOPR : Instruction<"loopr", 0x07, [
    Field<"rd", ScalarReg, 13, 8, "induction register">,
    Field<"step", Signed, 45, 14, "added after each iteration">,
    Field<"rt", ScalarReg, 51, 46, "register holding the number of iterations">,
    Field<"end", Label, 101, 78, "first instruction after the body">], [Reserved<77, 52>, Reserved<127, 102>]> {
  let summary = "Hardware loop with a trip count from a register.";
  let description = "As `loop`, with the trip count read from rt when the loop starts; a value below 1 skips the body.";
  let engine = "seq"; let timingClass = "loop";
}
def BZ : Instruction<"bz", 0x08, [
    Field<"rs", ScalarReg, 13, 8, "tested register">,
    Field<"target", Label, 37, 14, "where to go on">], [Reserved<127, 38>]> {
  let summary = "Branch forward if a scalar register is zero.";
  let description = "Goes on at `target` if rs = 0. The target lies ahead, in the same loop body. A target equal to the end of the body ends the iteration: the next one begins, or the loop is left after the last.";
  let engine = "seq"; let timingClass = "control";
}
def MASK : Instruction<"mask", 0x09, [
    Field<"md", MaskReg, 10, 8, "destination">,
    Field<"cores", Unsigned, 74, 11, "bit c stands for core c">], [Reserved<127, 75>]> {
  let summary = "Load a core mask.";
  let description = "md = cores. Faults if a bit names a core the chip lacks.";
  let engine = "seq"; let timingClass = "scalar";
}
def HYPER : Instruction<"hyper", 0x0a, [
    Field<"hd", HyperReg, 11, 8, "destination">,
    Field<"bits", Unsigned, 43, 12, "FP32 bit pattern">], [Reserved<127, 44>]> {
  let summary = "Load an FP32 run-time number.";
  let description = "hd = bits, finite. h0 (learning rate), h1 (momentum) and h2 (weight decay) are set by the host before a step.";
  let engine = "seq"; let timingClass = "scalar";
}
def GEOM : Instruction<"geom", 0x0b, [
    Field<"gd", GeomReg, 10, 8, "destination">,
    Field<"kh", Unsigned, 22, 11, "kernel rows">,
    Field<"kw", Unsigned, 34, 23, "kernel columns">,
    Field<"sh", Unsigned, 46, 35, "row stride, at least 1">,
    Field<"sw", Unsigned, 58, 47, "column stride, at least 1">,
    Field<"pt", Unsigned, 70, 59, "padding above, elements">,
    Field<"pl", Unsigned, 82, 71, "padding on the left, elements">,
    Field<"dh", Unsigned, 90, 83, "row dilation, at least 1">,
    Field<"dw", Unsigned, 98, 91, "column dilation, at least 1">,
    Field<"countPad", Unsigned, 99, 99, "1: an average divides by the elements of the window within the input and its padding, 0: within the input">,
    Field<"pb", Unsigned, 111, 100, "padding below, elements; read where countPad is 1">,
    Field<"pr", Unsigned, 123, 112, "padding on the right, elements; read where countPad is 1">], [Reserved<127, 124>]> {
  let summary = "Load the geometry of a sliding window.";
  let description = "Output row oy reads input rows oy * sh - pt + i * dh for i in [0, kh); columns alike. How far windows reach below and on the right follows from the output's extents.";
  let engine = "seq"; let timingClass = "scalar";
}
def DESC : Instruction<"desc", 0x0c, [
    Field<"dd", DescReg, 12, 8, "destination">,
    Field<"src", TableSymbol, 44, 13, "entry of the image's descriptor table">,
    Field<"slot", ScalarReg, 50, 45, "which copy of the buffer">], [Reserved<127, 51>]> {
  let summary = "Load a descriptor.";
  let description = "dd = table[src] with slot = slot mod slots, so that a register that counts tiles names the copy, and a descriptor can be loaded anew inside a loop. Faults beyond the table's end, and below 0.";
  let engine = "seq"; let timingClass = "descriptor";
}
def ORG : Instruction<"org", 0x0d, [
    Field<"dd", DescReg, 12, 8, "descriptor">,
    Field<"dim", Unsigned, 15, 13, "dimension, 0 to 4">,
    Field<"rs", ScalarReg, 21, 16, "coordinate">,
    Field<"imm", Signed, 53, 22, "added to it">], [Reserved<127, 54>]> {
  let summary = "Move a tile: set one coordinate of its origin.";
  let description = "dd.origin[dim] = rs + imm. Faults if the value does not fit 24 bits.";
  let engine = "seq"; let timingClass = "scalar";
}
def ROT : Instruction<"rot", 0x0e, [
    Field<"dd", DescReg, 12, 8, "descriptor">], [Reserved<127, 13>]> {
  let summary = "Advance a buffer to its next copy.";
  let description = "dd.slot = (dd.slot + 1) mod dd.slots.";
  let engine = "seq"; let timingClass = "scalar";
}
def STAMP : Instruction<"stamp", 0x0f, [
    Field<"dd", DescReg, 12, 8, "destination">,
    Field<"src", DescReg, 17, 13, "source">], [Reserved<127, 18>]> {
  let summary = "Give a buffer the logical coordinates of another tile.";
  let description = "Copies origin and core stride of all dimensions, and the extents, from src to dd. Format, memory, base, tile sizes and strides stay. Ranks must agree.";
  let engine = "seq"; let timingClass = "scalar";
}
def WAIT : Instruction<"wait", 0x10, [
    Field<"engine", Enum<EngineEnum>, 10, 8, "whose queue waits">,
    Field<"sem", Semaphore, 16, 11, "semaphore">,
    Field<"count", Unsigned, 24, 17, "how much to take">,
    Field<"mask", MaskReg, 27, 25, "cores whose semaphore is meant; not read in bank shared">,
    Field<"bank", Enum<BankEnum>, 28, 28, "whose semaphores">], [Reserved<127, 29>]> {
  let summary = "Hold a queue until a semaphore has enough, then take it.";
  let description = [{
    Bank cores: for each core in the mask: when semaphore[core][sem] >= count, subtract count and let the queue go on. load, store
    and mac: each core's queue waits for its own. vector, shared_load, shared_store: the one queue waits for all of them.
    Bank shared: the same with the one semaphore of the shared buffer's bank; only vector, shared_load and shared_store
    reach it. seq cannot wait.
  }];
  let engine = "any"; let timingClass = "semaphore";
}
def SIGNAL : Instruction<"signal", 0x11, [
    Field<"engine", Enum<EngineEnum>, 10, 8, "behind whose work">,
    Field<"sem", Semaphore, 16, 11, "semaphore">,
    Field<"count", Unsigned, 24, 17, "how much to give">,
    Field<"mask", MaskReg, 27, 25, "cores whose semaphore is meant; not read in bank shared">,
    Field<"bank", Enum<BankEnum>, 28, 28, "whose semaphores">], [Reserved<127, 29>]> {
  let summary = "Add to a semaphore when the queue's earlier work is done.";
  let description = [{
    Bank cores: for each core in the mask: when everything queued earlier on that engine (of that core) has finished,
    semaphore[core][sem] += count. Bank shared: the one semaphore of the shared buffer's bank, which only vector,
    shared_load and shared_store reach. Faults above 255.
  }];
  let engine = "any"; let timingClass = "semaphore";
}
