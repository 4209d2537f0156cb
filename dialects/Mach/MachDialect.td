//===- MachDialect.td - the mach dialect ------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_MACH_MACHDIALECT_TD
#define DIALECTS_MACH_MACHDIALECT_TD

include "mlir/IR/OpBase.td"

def Mach_Dialect : Dialect {
  let name = "mach";
  let cppNamespace = "::slp::mach";
  let summary = "one op per machine instruction";
  let description = [{
    The last level before the image. Registers, addresses and semaphores are numbers; nothing has SSA values. The ops are
    computed from the records of `MachInstr.td`, which also give the encoder, the simulator's structs and `docs/isa`.

    A module holds `mach.tensor` and `mach.descriptor` ops and one `mach.program` per entry point. Every instruction may
    carry `slp.node` (the ONNX node it works for), `slp.phase` (fp, bp, wg or up) and `slp.tensor` (the train tensor that
    its destination is a tile of; an array of strings if it has several destinations), from which emit writes the debug
    section.
  }];
  let extraClassDeclaration = [{
    /// Registers the ops of a family: defined in Mach<Family>Ops.cpp.
    void addProgramOps();
    void addSequencerOps();
    void addTransferOps();
    void addMacOps();
    void addVectorOps();
    void addNormalizeOps();
    void addMixedOps();
    void addUpdateOps();
    void addMoveOps();
  }];
}

#endif // DIALECTS_MACH_MACHDIALECT_TD
