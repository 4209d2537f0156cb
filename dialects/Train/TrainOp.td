//===- TrainOp.td - what the records of ops are made of ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What each op computes, to the bit, is docs/numerics.md; records give shapes and meanings. Activations are (N, C, ...).
// Each family of ops has one Train<Family>Ops.td, .h and .cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINOP_TD
#define DIALECTS_TRAIN_TRAINOP_TD

include "dialects/Train/TrainDialect.td"
include "dialects/Train/TrainInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Train_FloatTensor : StaticShapeTensorOf<[F32, Num_FloatType, Num_MixedType]>;
def Train_F32Tensor : StaticShapeTensorOf<[F32]>;
def Train_LabelTensor : StaticShapeTensorOf<[I32]>;
def Train_IndexTensor : StaticShapeTensorOf<[I8, I32]>;

class Train_Op<string mnemonic, list<Trait> traits = []> : Op<Train_Dialect, mnemonic, traits>;

/// An op that computes: pure, in a phase, its rounded results by `rounding` (absent for f32 results).
/// `storage` is the StorageClass of its results.
class Train_ComputeOp<string mnemonic, dag args, list<Trait> traits = [], string storage = "activation">
    : Train_Op<mnemonic, !listconcat([Pure, DeclareOpInterfaceMethods<Train_InferShapeInterface>,
                                      Train_StorageInterface], traits)> {
  let arguments = !con(args, (ins DefaultValuedAttr<Train_PhaseAttr, "::slp::train::Phase::fp">:$phase,
                                  OptionalAttr<Num_RoundingAttr>:$rounding));
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = "static ::slp::train::StorageClass storageClass() { return ::slp::train::StorageClass::" # storage # "; }";
}

#endif // DIALECTS_TRAIN_TRAINOP_TD
