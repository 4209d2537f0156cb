//===- MachOps.td - mach ops, computed from the instruction set -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Fields become attributes whose range is that of the field's bits. Whoever adds an instruction to MachInstr*.td adds
// one line at the end of this file; slp-tblgen says which if it is missing.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_MACH_MACHOPS_TD
#define DIALECTS_MACH_MACHOPS_TD

include "dialects/Mach/MachDialect.td"
include "dialects/Mach/MachInstr.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/CommonAttrConstraints.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"

//===----------------------------------------------------------------------------------------===//
// Fields as attributes
//===----------------------------------------------------------------------------------------===//

class FieldWidth<Field f> { int value = !add(!sub(f.hi, f.lo), 1); }

/// The condition under which the field can hold `$_self`.
class FieldPredicate<Field f> {
  string value = "::llvm::cast<::mlir::IntegerAttr>($_self).getInt()";
  string width = !cast<string>(FieldWidth<f>.value);
  string predicate = !cond(
      !eq(f.kind.kind, "signed"): "::llvm::isInt<" # width # ">(" # value # ")",
      !eq(f.kind.kind, "unsigned"): "::llvm::isUInt<" # width # ">(" # value # ")",
      // A call, so that a new value leaves what is generated here as it is.
      !eq(f.kind.kind, "enum"): "::slp::mach::is" # f.kind.cppType # "(static_cast<uint64_t>(" # value # "))",
      true: value # " >= 0 && " # value # " < " # !cast<string>(f.kind.count));
  string what = !cond(
      !eq(f.kind.kind, "signed"): "that fits in " # width # " bits with its sign",
      !eq(f.kind.kind, "unsigned"): "that fits in " # width # " bits",
      !eq(f.kind.kind, "register"): "that numbers one of " # !cast<string>(f.kind.count) # " registers",
      true: "that numbers a value of " # f.kind.cppType);
}

/// A number in an I64Attr; accessors and builders speak the type of the instruction's struct.
class NumberAttr<Field f> : ConfinedAttr<I64Attr, [
    AttrConstraint<CPred<FieldPredicate<f>.predicate>, FieldPredicate<f>.what>]> {
  string type = !if(!eq(f.kind.kind, "enum"), "::slp::mach::", "") # f.kind.cppType;
  let returnType = type;
  let convertFromStorage = "static_cast<" # type # ">($_self.getInt())";
  let constBuilderCall = "$_builder.getI64IntegerAttr(static_cast<int64_t>($0))";
}

/// The name of a `mach.label` of the same program.
def LabelNameAttr : ConfinedAttr<StrAttr, [
    AttrConstraint<CPred<"!::llvm::cast<::mlir::StringAttr>($_self).empty()">, "that names a label">]>;

class FieldAttr<Field f> {
  Attr attr = !cond(!eq(f.kind.kind, "label"): LabelNameAttr,
                    !eq(f.kind.kind, "symbol"): FlatSymbolRefAttr,
                    true: NumberAttr<f>);
}

/// `acc = d3`, by the kind of the field.
class FieldSyntax<string lookup, Field f> {
  string value = !if(!or(!eq(f.kind.kind, "label"), !eq(f.kind.kind, "symbol")), "$" # f.name,
                     "custom<FieldValue>($" # f.name # ", \"" # lookup # ", " # !cast<string>(f.lo) # ")\")");
  string text = "`" # f.name # "` `=` " # value;
}

//===----------------------------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------------------------===//

/// Marks instructions and checks their `slp.` attributes.
def InstructionTrait : NativeOpTrait<"InstructionTrait"> { let cppNamespace = "::slp::mach"; }

class HasSymbolField<Instruction i> {
  bit value = !not(!empty(!filter(f, i.fields, !eq(f.kind.kind, "symbol"))));
}

class Mach_Op<Instruction i> : Op<Mach_Dialect, i.mnemonic, !listconcat(
    [InstructionTrait, HasParent<"ProgramOp">],
    !if(HasSymbolField<i>.value, [DeclareOpInterfaceMethods<SymbolUserOpInterface>], []<Trait>))> {
  Instruction instruction = i; // read by slp-tblgen
  let summary = i.summary;
  let description = i.description;
  let arguments = !dag(ins, !foreach(f, i.fields, FieldAttr<f>.attr), !foreach(f, i.fields, f.name));
  let assemblyFormat = !interleave(
      !foreach(f, i.fields, FieldSyntax<"instructionField(" # !cast<string>(!cast<int>(i.opcode)), f>.text), " `,` ") # " attr-dict";
}

//===----------------------------------------------------------------------------------------===//
// What surrounds the instructions
//===----------------------------------------------------------------------------------------===//

def ProgramOp : Op<Mach_Dialect, "program", [Symbol, IsolatedFromAbove, SingleBlock, NoTerminator, NoRegionArguments]> {
  let summary = "The instructions from one entry point on.";
  let description = [{
    Holds instructions and labels, in the order of memory. Its name is the entry point's: `init`, `step`, `eval`.

    ```mlir
    mach.program @step {
      mach.loop rd = r1, step = 1, trip = 4, end = "done"
      mach.rot dd = d0
      mach.label "done"
      mach.halt
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

def LabelOp : Op<Mach_Dialect, "label", [HasParent<"ProgramOp">]> {
  let summary = "A place in the program.";
  let description = "Names the instruction that follows; takes no room. `mach.label \"L0\"`";
  let arguments = (ins StrAttr:$name);
  let assemblyFormat = "$name attr-dict";
}

def HeadField {
  Field space = TensorTile.words[0].fields[0];
  Field format = TensorTile.words[0].fields[1];
}
class HeadSyntax<Field f> { string text = FieldSyntax<"descriptorField(0", f>.text; }

def DescriptorOp : Op<Mach_Dialect, "descriptor", [Symbol]> {
  let summary = "An entry of the image's descriptor table.";
  let description = [{
    All fields of a `TensorTile` (docs/isa/TensorTile.md). The table is in the order of these ops. Arrays have one number
    per dimension, five in all; beyond the rank extent and tile are 1, origin and coreStride 0.

    ```mlir
    mach.descriptor @x.0 space = dram, format = fp8, rank = 1, slots = 1, slotBytes = 0, base = 4096,
      rounding = chip, bias = 0, stream = 0, extent = [8, 1, 1, 1, 1], tile = [8, 1, 1, 1, 1], stride = [1, 0, 0, 0, 0], origin = [0, 0, 0, 0, 0],
      coreStride = [0, 0, 0, 0, 0]
    ```
  }];
  list<Field> fields = TensorTile.words[0].fields;
  list<string> arrays = ["extent", "tile", "stride", "origin", "coreStride"];
  let arguments = !con((ins SymbolNameAttr:$sym_name),
                       !dag(ins, !foreach(f, fields, FieldAttr<f>.attr), !foreach(f, fields, f.name)),
                       !dag(ins, !foreach(a, arrays, DenseI64ArrayAttr), arrays));
  let assemblyFormat = "$sym_name " # !interleave(!foreach(f, fields, HeadSyntax<f>.text), " `,` ") # " `,` "
      # !interleave(!foreach(a, arrays, "`" # a # "` `=` $" # a), " `,` ") # " attr-dict";
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name, "const ::slp::mach::TensorTile &":$tile)>];
  let extraClassDeclaration = [{
    /// The record as the runtime knows it. The op must have verified.
    ::slp::mach::TensorTile getTensorTile();
  }];
  let hasVerifier = 1;
}

def TensorRoleAttr : ConfinedAttr<StrAttr, [AttrConstraint<
    CPred<"::llvm::is_contained({\"input\", \"output\", \"state\", \"temp\", \"constant\"}, ::llvm::cast<::mlir::StringAttr>($_self).getValue())">,
    "that is input, output, state, temp or constant">]>;

def TensorOp : Op<Mach_Dialect, "tensor", [Symbol]> {
  let summary = "A named tensor in DRAM.";
  let description = [{
    `address` and `bytes` say where it lies, `strides` (bytes, one per dimension; row-major without gaps if absent) how.
    `bias` is its shared exponent bias, 0 if absent.
    Its name is the ONNX name, or NODE/result for temporaries. `init` is the train state's initial value, `init_rounding` how
    emit converts it; only state has them.

    ```mlir
    mach.tensor @"conv1/weight" "state" fp16 [8, 4, 3, 3] at 4096 size 576
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TensorRoleAttr:$role, NumberAttr<HeadField.format>:$format,
                       DenseI64ArrayAttr:$shape, I64Attr:$address, I64Attr:$bytes,
                       OptionalAttr<DenseI64ArrayAttr>:$strides, OptionalAttr<AnyAttr>:$init,
                       OptionalAttr<AnyAttr>:$init_rounding,
                       ConfinedAttr<OptionalAttr<I64Attr>, [IntMinValue<-128>, IntMaxValue<127>]>:$bias);
  let assemblyFormat = "$sym_name $role custom<FieldValue>($format, \"descriptorField(0, " # !cast<string>(HeadField.format.lo)
      # ")\") $shape `at` $address `size` $bytes (`strides` $strides^)? (`bias` $bias^)? attr-dict";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------------------------===//
// One line per instruction
//===----------------------------------------------------------------------------------------===//

def HaltOp : Mach_Op<HALT>;
def FenceOp : Mach_Op<FENCE>;
def LiOp : Mach_Op<LI>;
def MaddOp : Mach_Op<MADD>;
def LdsOp : Mach_Op<LDS>;
def LoopOp : Mach_Op<LOOP>;
def LooprOp : Mach_Op<LOOPR>;
def BzOp : Mach_Op<BZ>;
def MaskOp : Mach_Op<MASK>;
def HyperOp : Mach_Op<HYPER>;
def GeomOp : Mach_Op<GEOM>;
def DescOp : Mach_Op<DESC>;
def OrgOp : Mach_Op<ORG>;
def RotOp : Mach_Op<ROT>;
def StampOp : Mach_Op<STAMP>;
def WaitOp : Mach_Op<WAIT>;
def SignalOp : Mach_Op<SIGNAL>;
def LdOp : Mach_Op<LD>;
def StOp : Mach_Op<ST>;
def ConvFpOp : Mach_Op<CONV_FP>;
def ConvBpOp : Mach_Op<CONV_BP>;
def ConvWgOp : Mach_Op<CONV_WG>;
def MatmulOp : Mach_Op<MATMUL>;
def VRoundOp : Mach_Op<V_ROUND>;
def VReluOp : Mach_Op<V_RELU>;
def VUnaryOp : Mach_Op<V_UNARY>;
def VBinaryOp : Mach_Op<V_BINARY>;
def VSelectOp : Mach_Op<V_SELECT>;
def VBiasGradOp : Mach_Op<V_BIAS_GRAD>;
def VMaxPoolOp : Mach_Op<V_MAX_POOL>;
def VMaxPoolGradOp : Mach_Op<V_MAX_POOL_GRAD>;
def VMaxPoolTakeOp : Mach_Op<V_MAX_POOL_TAKE>;
def VAvgPoolOp : Mach_Op<V_AVG_POOL>;
def VAvgPoolGradOp : Mach_Op<V_AVG_POOL_GRAD>;
def VSoftmaxOp : Mach_Op<V_SOFTMAX>;
def VSoftmaxGradOp : Mach_Op<V_SOFTMAX_GRAD>;
def VCrossEntropyOp : Mach_Op<V_CROSS_ENTROPY>;
def VCrossEntropyGradOp : Mach_Op<V_CROSS_ENTROPY_GRAD>;
def VMeanOp : Mach_Op<V_MEAN>;
def VSgdOp : Mach_Op<V_SGD>;
def VReduceOp : Mach_Op<V_REDUCE>;
def VSpreadOp : Mach_Op<V_SPREAD>;
def VVarianceGradOp : Mach_Op<V_VARIANCE_GRAD>;
def VNormalizeOp : Mach_Op<V_NORMALIZE>;
def VNormalizeSumsOp : Mach_Op<V_NORMALIZE_SUMS>;
def VNormalizeGradOp : Mach_Op<V_NORMALIZE_GRAD>;
def VNormalizeFixedGradOp : Mach_Op<V_NORMALIZE_FIXED_GRAD>;
def VMovingAverageOp : Mach_Op<V_MOVING_AVERAGE>;
def VDropoutOp : Mach_Op<V_DROPOUT>;
def VFillOp : Mach_Op<V_FILL>;
def VLogSoftmaxOp : Mach_Op<V_LOG_SOFTMAX>;
def VLogSoftmaxGradOp : Mach_Op<V_LOG_SOFTMAX_GRAD>;
def VNllOp : Mach_Op<V_NLL>;
def VNllGradOp : Mach_Op<V_NLL_GRAD>;
def VSgdNesterovOp : Mach_Op<V_SGD_NESTEROV>;
def VAdagradOp : Mach_Op<V_ADAGRAD>;
def VAdamOp : Mach_Op<V_ADAM>;
def VAdamwOp : Mach_Op<V_ADAMW>;
def VAdamwLastOp : Mach_Op<V_ADAMW_LAST>;
def VClassifyOp : Mach_Op<V_CLASSIFY>;
def VHistogramOp : Mach_Op<V_HISTOGRAM>;
def VThresholdOp : Mach_Op<V_THRESHOLD>;
def VShareTargetOp : Mach_Op<V_SHARE_TARGET>;
def VDrainOp : Mach_Op<V_DRAIN>;
def VSquareSumOp : Mach_Op<V_SQUARE_SUM>;
def VClipFactorOp : Mach_Op<V_CLIP_FACTOR>;
def VClearSaturationsOp : Mach_Op<V_CLEAR_SATURATIONS>;
def VSaturationsOp : Mach_Op<V_SATURATIONS>;
def VLossScaleOp : Mach_Op<V_LOSS_SCALE>;
def VPreviewAdagradOp : Mach_Op<V_PREVIEW_ADAGRAD>;
def VPreviewMomentumOp : Mach_Op<V_PREVIEW_MOMENTUM>;
def VPreviewNesterovOp : Mach_Op<V_PREVIEW_NESTEROV>;
def VPreviewAdamOp : Mach_Op<V_PREVIEW_ADAM>;
def VCopyOp : Mach_Op<V_COPY>;
def VGatherOp : Mach_Op<V_GATHER>;
def VScatterAddOp : Mach_Op<V_SCATTER_ADD>;

#endif // DIALECTS_MACH_MACHOPS_TD
