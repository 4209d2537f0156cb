//===- MachProgramOps.td - what surrounds the instructions ------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_MACH_MACHPROGRAMOPS_TD
#define DIALECTS_MACH_MACHPROGRAMOPS_TD

include "dialects/Mach/MachOp.td"

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
  Field layout = TensorTile.words[0].fields[9];
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
  list<Field> given = !filter(f, fields, !not(f.isDefaulted));
  list<Field> defaulted = !filter(f, fields, f.isDefaulted);
  list<string> arrays = ["extent", "tile", "stride", "origin", "coreStride"];
  let arguments = !con((ins SymbolNameAttr:$sym_name),
                       !dag(ins, !foreach(f, fields, FieldAttr<f>.attr), !foreach(f, fields, f.name)),
                       !dag(ins, !foreach(a, arrays, DenseI64ArrayAttr), arrays));
  let assemblyFormat = "$sym_name " # !interleave(!foreach(f, given, HeadSyntax<f>.text), " `,` ")
      # !interleave(!foreach(f, defaulted, DefaultedSyntax<"descriptorField(0", f>.text), " ") # " `,` "
      # !interleave(!foreach(a, arrays, "`" # a # "` `=` $" # a), " `,` ") # " attr-dict";
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name, "const ::slp::mach::TensorTile &":$tile)>];
  let extraClassDeclaration = [{
    /// The record as the runtime knows it. The op must have verified.
    ::slp::mach::TensorTile getTensorTile();
  }];
  let hasVerifier = 1;
}

def TensorRoleAttr : ConfinedAttr<StrAttr, [AttrConstraint<
    CPred<"::llvm::is_contained({\"input\", \"output\", \"state\", \"temp\", \"constant\", \"copy\"}, ::llvm::cast<::mlir::StringAttr>($_self).getValue())">,
    "that is input, output, state, temp, constant or copy">]>;

def TensorOp : Op<Mach_Dialect, "tensor", [Symbol]> {
  let summary = "A named tensor in DRAM.";
  let description = [{
    `address` and `bytes` say where it lies, `layout` and `strides` (bytes, one per dimension; those of the layout without gaps if
    absent) how.
    `bias` is its shared exponent bias, 0 if absent.
    Its name is the ONNX name, or NODE/result for temporaries. `init` is the train state's initial value, `init_rounding` how
    emit converts it; only state has them. `copy_of` is the state whose compute copy a tensor of role copy is, `init_rounding`
    how the machine makes it.

    ```mlir
    mach.tensor @"conv1/weight" "state" fp16 [8, 4, 3, 3] at 4096 size 576
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TensorRoleAttr:$role, NumberAttr<HeadField.format>:$format,
                       DenseI64ArrayAttr:$shape, I64Attr:$address, I64Attr:$bytes,
                       OptionalAttr<DenseI64ArrayAttr>:$strides, OptionalAttr<AnyAttr>:$init,
                       OptionalAttr<AnyAttr>:$init_rounding, OptionalAttr<FlatSymbolRefAttr>:$copy_of,
                       ConfinedAttr<OptionalAttr<I64Attr>, [IntMinValue<-128>, IntMaxValue<127>]>:$bias,
                       OptionalAttr<NumberAttr<HeadField.layout>>:$layout);
  let assemblyFormat = "$sym_name $role custom<FieldValue>($format, \"descriptorField(0, " # !cast<string>(HeadField.format.lo)
      # ")\") $shape `at` $address `size` $bytes (`strides` $strides^)? (`bias` $bias^)?"
      # DefaultedSyntax<"descriptorField(0", HeadField.layout>.text # " attr-dict";
  let hasVerifier = 1;
}

#endif // DIALECTS_MACH_MACHPROGRAMOPS_TD
