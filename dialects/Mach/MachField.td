//===- MachField.td - fields of instructions as attributes ------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Fields become attributes whose range is that of the field's bits, in the ops of mach and chip.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_MACH_MACHFIELD_TD
#define DIALECTS_MACH_MACHFIELD_TD

include "dialects/Mach/MachInstr.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/CommonAttrConstraints.td"

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
  Attr attr = !cond(f.isFlag: UnitAttr,
                    !eq(f.kind.kind, "label"): LabelNameAttr,
                    !eq(f.kind.kind, "symbol"): FlatSymbolRefAttr,
                    f.isDefaulted: OptionalAttr<NumberAttr<f>>,
                    true: NumberAttr<f>);
}

/// `acc = d3`, by the kind of the field.
class FieldSyntax<string lookup, Field f> {
  string value = !if(!or(!eq(f.kind.kind, "label"), !eq(f.kind.kind, "symbol")), "$" # f.name,
                     "custom<FieldValue>($" # f.name # ", \"" # lookup # ", " # !cast<string>(f.lo) # ")\")");
  string text = "`" # f.name # "` `=` " # value;
}

#endif // DIALECTS_MACH_MACHFIELD_TD
