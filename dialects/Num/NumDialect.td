//===- NumDialect.td - storage formats and arithmetic attributes ------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// No ops: element types and attributes whose meaning is docs/numerics.md.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_NUM_NUMDIALECT_TD
#define DIALECTS_NUM_NUMDIALECT_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinTypeInterfaces.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def Num_Dialect : Dialect {
  let name = "num";
  let cppNamespace = "::slp::num_ir";
  let summary = "storage formats, rounding and accumulation order";
  let description = [{
    Types and attributes that say how numbers are stored, rounded and accumulated. There are no ops: precision and sparsity
    are properties of other dialects' ops, else every op would double. Builtin floats are used only where they are
    bit-identical (f32). The definitions are docs/numerics.md.
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
}

class Num_Enum<string name, string summary, list<I32EnumAttrCase> cases> : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::slp::num_ir";
  let genSpecializedAttr = 0;
}
def Num_Specials : Num_Enum<"Specials", "what the largest exponent field means", [
    I32EnumAttrCase<"ieee", 0>, I32EnumAttrCase<"none", 1>, I32EnumAttrCase<"reserved", 2>, I32EnumAttrCase<"nan", 3>]>;
def Num_Subnormals : Num_Enum<"Subnormals", "what a zero exponent field means", [
    I32EnumAttrCase<"gradual", 0>, I32EnumAttrCase<"flush", 1>]>;
def Num_Rounding : Num_Enum<"Rounding", "how a real number becomes a representable one", [
    I32EnumAttrCase<"nearest_even", 0>, I32EnumAttrCase<"half_away", 1>, I32EnumAttrCase<"toward_zero", 2>,
    I32EnumAttrCase<"stochastic", 3>]>;

def Num_RoundingAttr : EnumAttr<Num_Dialect, Num_Rounding, "rounding"> {
  let assemblyFormat = "`<` $value `>`";
}

def Num_FloatType : TypeDef<Num_Dialect, "Float", [MemRefElementTypeInterface]> {
  let mnemonic = "float";
  let summary = "a parametric floating-point storage format";
  let description = [{
    One sign bit, `exp` exponent and `man` mantissa bits, `bias`; see docs/numerics.md section 1. With `flush`, rounding
    makes +0 of magnitudes below `flush_below`, an FP32 number; 2^(1 - bias) if it is not given.

    ```mlir
    tensor<32x8x!num.float<5, 2, 15, none, gradual>>
    tensor<8x!num.float<5, 2, 15, none, flush, flush_below = 0.000125>>
    ```
  }];
  let parameters = (ins "unsigned":$exp, "unsigned":$man, "int":$bias,
                        EnumParameter<Num_Specials>:$specials, EnumParameter<Num_Subnormals>:$subnormals,
                        OptionalParameter<"::mlir::FloatAttr">:$flushBelow);
  let assemblyFormat = [{
    `<` $exp `,` $man `,` $bias `,` $specials `,` $subnormals (`,` `flush_below` `=` custom<Threshold>($flushBelow)^)? `>`
  }];
  let builders = [TypeBuilder<(ins "unsigned":$exp, "unsigned":$man, "int":$bias, "Specials":$specials,
                                   "Subnormals":$subnormals), [{
    return $_get($_ctxt, exp, man, bias, specials, subnormals, ::mlir::FloatAttr());
  }]>];
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Storage width in bits: 1 + exp + man.
    unsigned getWidth() const { return 1 + getExp() + getMan(); }
    /// The least magnitude that rounding does not flush to zero; 0 with gradual underflow.
    double getThreshold() const;
    /// The format of a tensor with this shared exponent bias: every value, and the threshold, times 2^-by. Null if
    /// there is none.
    FloatType shifted(int by) const;
  }];
}

def Num_MixedType : TypeDef<Num_Dialect, "Mixed", [MemRefElementTypeInterface]> {
  let mnemonic = "mixed";
  let summary = "elements of two storage formats side by side, zeros coded";
  let description = [{
    Each element is zero, a number of `lo` or a number of `hi`; every number of `lo` is one of `hi`, which has at least as
    many mantissa bits and otherwise the same fields. The class of an element follows from its value: zero; `lo` if `lo`
    holds it; else `hi`. With `lo` = `hi` only zeros are told apart. How such tensors lie in DRAM is docs/compressed.md.

    ```mlir
    tensor<4x8x!num.mixed<<5, 2, 15, reserved, flush>, <5, 10, 15, reserved, gradual>>>
    ```
  }];
  let parameters = (ins "FloatType":$lo, "FloatType":$hi);
  let assemblyFormat = "`<` $lo `,` $hi `>`";
  let genVerifyDecl = 1;
}

def Num_AccumulateAttr : AttrDef<Num_Dialect, "Accumulate"> {
  let mnemonic = "accumulate";
  let summary = "how a MAC op accumulates";
  let description = [{
    `dot` terms form a group; the accumulator has format `format` and is rounded to it by `rounding` after each group (f32:
    after each term, by the fused multiply-add itself); `across` is the format of conv_wg's total over images, or `none` where one
    chain runs through all of them. The order of the terms is the op's own (docs/numerics.md section 4) and a function of `dot` only.

    ```mlir
    #num.accumulate<dot = 8, format = f32, rounding = nearest_even, across = f32>
    ```
  }];
  let parameters = (ins "int64_t":$dot, "::mlir::Type":$format, EnumParameter<Num_Rounding>:$rounding,
                        "::mlir::Type":$across);
  let assemblyFormat = "`<` `dot` `=` $dot `,` `format` `=` $format `,` `rounding` `=` $rounding `,` `across` `=` $across `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Whether conv_wg has a chain for each image, and a total of them.
    bool hasChainPerImage() const;
    /// The format of conv_wg's result.
    ::mlir::Type getWeightGradient() const { return hasChainPerImage() ? getAcross() : getFormat(); }
  }];
}

#endif // DIALECTS_NUM_NUMDIALECT_TD
