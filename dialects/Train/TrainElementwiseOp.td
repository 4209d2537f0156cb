//===- TrainElementwiseOp.td - what ops computed element by element share ---------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINELEMENTWISEOP_TD
#define DIALECTS_TRAIN_TRAINELEMENTWISEOP_TD

include "dialects/Train/TrainOp.td"

/// An op computed element by element. Operands have one rank; one whose extent is 1 in a dimension serves all
/// coordinates of it (NumPy's broadcasting). `numbers` are names of F32 attributes, in the order of the definition.
class Train_ElementwiseOp<string mnemonic, dag operands, list<string> numbers, string storage>
    : Train_ComputeOp<mnemonic, !con(operands, !dag(ins, !foreach(n, numbers, F32Attr), numbers)),
                      [Train_ElementwiseInterface], storage> {
  let extraClassDeclaration = [{
    static ::slp::train::StorageClass storageClass() { return ::slp::train::StorageClass::}] # storage # [{; }
    ::llvm::SmallVector<float> getNumbers() {
      ::llvm::SmallVector<float> numbers;
      for (::llvm::StringRef name : ::llvm::split("}] # !interleave(numbers, ",") # [{", ','))
        if (auto number = (*this)->getAttrOfType<::mlir::FloatAttr>(name))
          numbers.push_back(number.getValue().convertToFloat());
      return numbers;
    }
  }];
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::inferShapes(::llvm::SmallVectorImpl<::llvm::SmallVector<int64_t>> &shapes) {
      return ::slp::train::inferElementwise(*this, shapes);
    }
  }];
}

class Train_UnaryOp<string mnemonic, string what, string formula, string storage = "arithmetic", list<string> numbers = []>
    : Train_ElementwiseOp<mnemonic, (ins Train_FloatTensor:$x), numbers, storage> {
  let summary = what;
  let description = formula;
  let results = (outs Train_FloatTensor:$y);
}
class Train_BinaryOp<string mnemonic, string what, string formula, string storage = "arithmetic">
    : Train_ElementwiseOp<mnemonic, (ins Train_FloatTensor:$a, Train_FloatTensor:$b), [], storage> {
  let summary = what;
  let description = formula;
  let results = (outs Train_FloatTensor:$y);
}
/// Gradient of a unary op from its operand x or its result y, whichever `from` says.
class Train_UnaryGradOp<string of, string from = "x", string storage = "arithmetic", list<string> numbers = []>
    : Train_ElementwiseOp<of # "_grad", !dag(ins, [Train_FloatTensor, Train_FloatTensor], ["dy", from]), numbers, storage> {
  let summary = "gradient of " # of;
  let description = "dx from dy and the " # !if(!eq(from, "x"), "operand", "result") # " of " # of # ".";
  let results = (outs Train_FloatTensor:$dx);
}

#endif // DIALECTS_TRAIN_TRAINELEMENTWISEOP_TD
