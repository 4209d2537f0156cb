//===- Names.cpp - names that no user gave ----------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Names.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace slp;
using llvm::StringRef;

/// Takes a number from the end of `text`; false if there is none.
static bool dropNumber(StringRef &text) {
  StringRef rest = text.rtrim("0123456789");
  bool isNumbered = rest.size() != text.size();
  text = rest;
  return isNumbered;
}

/// An operator's name, perhaps numbered: "Mul", "Mul_3".
static bool isOperator(StringRef text) {
  StringRef name = text;
  if (dropNumber(name) && !name.consume_back("_"))
    name = text; // the number belongs to the name: ReduceL2
  return !name.empty() && llvm::isUpper(name.front()) && llvm::all_of(name, llvm::isAlnum);
}

/// The operator in "SCOPE/OP_output_0", or empty.
static StringRef outputOf(StringRef last) {
  size_t at = last.rfind("_output_");
  if (at == StringRef::npos)
    return "";
  StringRef number = last.drop_front(at + 8);
  bool isOutput = !number.empty() && llvm::all_of(number, llvm::isDigit);
  return isOutput && isOperator(last.take_front(at)) ? last.take_front(at) : StringRef();
}

bool import_onnx::isConstantName(StringRef name) {
  StringRef last = name.substr(name.rfind('/') + 1);
  // PyTorch: the output of node "Constant" or "Constant_3".
  StringRef op = outputOf(last);
  if (op == "Constant" || op.starts_with("Constant_"))
    return true;
  // TensorFlow: node "Const" or "Const_3", output 0.
  last.consume_back(":0");
  StringRef number = last;
  if (number.consume_front("Const") &&
      (number.empty() || (number.consume_front("_") && llvm::all_of(number, llvm::isDigit))))
    return true;
  // tf2onnx, and ONNX Runtime's sharing of constants.
  return last.starts_with("const_fold_opt__") ||
         (last.starts_with("ortshared_") && last.contains("_token_"));
}

bool import_onnx::isGeneratedName(StringRef name) {
  if (name.empty())
    return false;
  if (isConstantName(name) || llvm::all_of(name, llvm::isDigit)) // PyTorch until 1.11: numbers
    return true;
  StringRef rest = name;
  if (rest.consume_front("onnx::")) // PyTorch: "onnx::Mul_12", read by a Mul
    return isOperator(rest);
  size_t slash = name.rfind('/');
  StringRef last = name.substr(slash + 1);
  if (!outputOf(last).empty())
    return true;
  // TensorFlow: the number in `x + 1` is input y of node "SCOPE/add".
  last.consume_back(":0");
  if (slash != StringRef::npos && (last == "x" || last == "y"))
    return true;
  // torch.export: val_12; literals of torch.tensor: lifted_tensor_0, _tensor_constant0. tf2onnx:
  // new_shape__12.
  rest = name;
  bool isNumbered = dropNumber(rest);
  rest.consume_front("c_");
  return isNumbered && (rest == "val_" || rest == "_val_" || rest == "lifted_tensor_" ||
                        rest == "_tensor_constant" || rest.ends_with("__"));
}

bool import_onnx::isBufferName(StringRef name) {
  StringRef last = name.substr(name.find_last_of("./") + 1);
  constexpr llvm::StringLiteral known[] = {"cos_cached", "inv_freq",   "masked_bias",
                                           "pos_weight", "sin_cached", "tril"};
  return last.ends_with("mask") || llvm::is_contained(known, last);
}

std::string import_onnx::quoteNames(llvm::ArrayRef<std::string> names) {
  constexpr size_t most = 8;
  std::string text;
  for (const std::string &name : names.take_front(most))
    text += (text.empty() ? "\"" : ", \"") + name + "\"";
  if (names.size() > most)
    text += " and " + std::to_string(names.size() - most) + " more";
  return text;
}
