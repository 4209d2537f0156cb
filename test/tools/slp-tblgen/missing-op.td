// An instruction without its op is refused with the line to add, one whose op has another name with the name.
// RUN: not slp-tblgen -check-ops -I %mach_td %s 2>&1 | FileCheck %s
// RUN: slp-tblgen -check -I %mach_td %s

include "MachInstr.td"

class Mach_Op<Instruction i> { Instruction instruction = i; }

def HaltOp : Mach_Op<HALT>;
// CHECK-NOT: HALT has no op
// CHECK: missing-op.td:[[@LINE+1]]:5: error: the op of FENCE must be called 'FenceOp', found 'BarrierOp'
def BarrierOp : Mach_Op<FENCE>;
// CHECK: MachInstrVector.td:{{[0-9:]+}} error: instruction V_RELU has no op: add `def VReluOp : Mach_Op<V_RELU>;` to dialects/Mach/MachVectorOps.td
